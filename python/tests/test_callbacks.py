"""`watch` as a callback of libraries that train."""

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812


def data(rows):
    torch.manual_seed(0)
    x = torch.randn(rows, 8)
    return x, x[:, :1]


def test_lightning_trains_watched(tmp_path):
    pytorch = pytest.importorskip("lightning.pytorch")
    from excite.torch.lightning import WatchCallback

    class Model(pytorch.LightningModule):
        def __init__(self):
            super().__init__()
            self.net = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))

        def training_step(self, batch, _):
            return F.mse_loss(self.net(batch[0]), batch[1])

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=0.01)

    class Logger(pytorch.loggers.logger.DummyLogger):
        def __init__(self):
            super().__init__()
            self.logged = {}

        def log_metrics(self, metrics, step):
            self.logged.setdefault(step, {}).update(metrics)

    logger, model, told = Logger(), Model(), []
    with torch.no_grad():
        model.net[0].bias[3] = -1e4
    watching = WatchCallback(
        "net", every=1, look_every=2, probe=data(40)[0], callback=lambda step, diagnosis: told.append(step)
    )
    with pytest.raises(ValueError, match="call fit"):
        watching.report()
    trainer = pytorch.Trainer(
        accelerator="cpu",
        max_epochs=2,
        logger=logger,
        callbacks=[watching],
        default_root_dir=tmp_path,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(model, torch.utils.data.DataLoader(torch.utils.data.TensorDataset(*data(40)), batch_size=10))
    report = watching.report()
    assert (report.steps, report.diagnosis.samples, told) == (8, 80, [2, 4, 6, 8])
    assert [event.unit for event in report.of("born dead")] == [3]
    assert logger.logged[2]["excite/1/dead"] >= 1 / 16
    assert not model.net._forward_hooks


def test_the_trainer_of_transformers_trains_watched(tmp_path):
    transformers = pytest.importorskip("transformers")
    pytest.importorskip("accelerate")
    from excite.torch.transformers import WatchCallback

    sizes = {"vocab_size": 20, "hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = transformers.BertConfig(**sizes, intermediate_size=12, max_position_embeddings=8, num_labels=2)
    model = transformers.BertForSequenceClassification(config)
    torch.manual_seed(0)
    rows = [{"input_ids": torch.randint(20, (6,)), "labels": i % 2} for i in range(12)]
    watching = WatchCallback(every=1)
    with pytest.raises(ValueError, match="call train"):
        watching.report()
    arguments = transformers.TrainingArguments(
        output_dir=str(tmp_path),
        max_steps=3,
        per_device_train_batch_size=4,
        use_cpu=True,
        report_to=[],
        save_strategy="no",
        disable_tqdm=True,
    )
    transformers.Trainer(model=model, args=arguments, train_dataset=rows, callbacks=[watching]).train()
    report = watching.report()
    assert report.steps == 3
    functions = {layer.name: layer.function for layer in report.diagnosis.layers}
    assert functions.pop("bert.pooler.activation") == "tanh"
    assert list(functions.values()) == ["gelu", "gelu"] and all("intermediate" in name for name in functions)
    assert not model._forward_hooks
