"""`watch` as a callback of libraries that train."""

import os
import subprocess
import sys

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


def bert(transformers):
    """A tiny BERT, and samples for it."""
    sizes = {"vocab_size": 20, "hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = transformers.BertConfig(**sizes, intermediate_size=12, max_position_embeddings=8, num_labels=2)
    model = transformers.BertForSequenceClassification(config)
    torch.manual_seed(0)
    rows = [{"input_ids": torch.randint(20, (6,)), "labels": i % 2} for i in range(12)]
    return model, rows


def test_the_trainer_of_transformers_trains_watched(tmp_path):
    transformers = pytest.importorskip("transformers")
    pytest.importorskip("accelerate")
    from excite.torch.transformers import WatchCallback

    model, rows = bert(transformers)
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


class Parts(nn.Module):
    """Two parts, of which either may be called."""

    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))


def fitted(module, watching, tmp_path, **options):
    pytorch = pytest.importorskip("lightning.pytorch")
    quiet = {"enable_checkpointing": False, "enable_progress_bar": False, "enable_model_summary": False}
    trainer = pytorch.Trainer(
        accelerator="cpu", max_epochs=2, logger=False, callbacks=watching, default_root_dir=tmp_path, **quiet, **options
    )
    trainer.fit(module, torch.utils.data.DataLoader(torch.utils.data.TensorDataset(*data(40)), batch_size=10))
    return trainer


def test_lightning_sees_whichever_part_the_training_step_calls(tmp_path):
    pytorch = pytest.importorskip("lightning.pytorch")
    from excite.torch.lightning import WatchCallback

    class Model(pytorch.LightningModule):
        def __init__(self):
            super().__init__()
            self.net = Parts().net

        def training_step(self, batch, _):
            return F.mse_loss(self.net(batch[0]), batch[1])

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=0.01)

    model, watching = Model(), WatchCallback(every=1)
    fitted(model, [watching], tmp_path)
    (layer,) = watching.report().diagnosis.layers
    assert (layer.name, layer.samples, watching.report().steps) == ("net.1", 80, 8)
    assert watching.report().diagnosis.is_healthy
    assert not model.net._forward_hooks


def test_lightning_with_two_optimizers_gives_each_part_its_own(tmp_path):
    pytorch = pytest.importorskip("lightning.pytorch")
    from excite.torch.lightning import WatchCallback

    class Gan(pytorch.LightningModule):
        def __init__(self):
            super().__init__()
            self.automatic_optimization = False
            self.G, self.D = Parts().net, Parts().net

        def training_step(self, batch, _):
            for part, optimizer in zip((self.G, self.D), self.optimizers(), strict=True):
                optimizer.zero_grad()
                self.manual_backward(F.mse_loss(part(batch[0]), batch[1]))
                optimizer.step()

        def configure_optimizers(self):
            return [torch.optim.SGD(part.parameters(), lr=rate) for part, rate in ((self.G, 0.01), (self.D, 0.02))]

    model = Gan()
    of_g, of_d = WatchCallback("G", every=1), WatchCallback("D", every=1)
    fitted(model, [of_g, of_d], tmp_path)
    for watching, optimizer in zip((of_g, of_d), model.trainer.optimizers, strict=True):
        assert watching.handle.optimizer is optimizer
        assert (watching.report().steps, watching.report().diagnosis.samples) == (8, 80)


def test_the_trainer_of_transformers_logs_looks_and_goes_on_after_an_interruption(tmp_path):
    transformers = pytest.importorskip("transformers")
    pytest.importorskip("accelerate")
    from excite.torch.transformers import WatchCallback

    model, rows = bert(transformers)

    class Reporter(transformers.TrainerCallback):
        logged: list = []  # noqa: RUF012

        def on_log(self, args, state, control, logs=None, **_):
            self.logged.append((state.global_step, dict(logs)))

    class Interrupt(transformers.TrainerCallback):
        armed = True

        def on_step_end(self, args, state, control, **_):
            if self.armed and state.global_step == 2:
                self.armed = False
                raise KeyboardInterrupt

    probe = {"input_ids": torch.stack([row["input_ids"] for row in rows]), "attention_mask": torch.ones(12, 6)}
    watching = WatchCallback(every=1, look_every=2, probe=probe)
    arguments = transformers.TrainingArguments(
        output_dir=str(tmp_path),
        max_steps=4,
        per_device_train_batch_size=4,
        use_cpu=True,
        report_to=[],
        save_strategy="no",
        disable_tqdm=True,
    )
    callbacks = [Reporter(), watching, Interrupt()]
    trainer = transformers.Trainer(model=model, args=arguments, train_dataset=rows, callbacks=callbacks)
    with pytest.raises(KeyboardInterrupt):
        trainer.train()
    trainer.train()
    assert watching.report().steps == 4
    dead = "excite/bert.encoder.layer.0.intermediate.intermediate_act_fn.gelu/dead"
    steps = [step for step, logs in Reporter.logged if any(key.startswith("excite/") for key in logs)]
    assert steps == [2, 2, 4], (Reporter.logged, dead)
    assert not model._forward_hooks


SPAWNED = """
import lightning.pytorch as pytorch
import torch
from torch import nn

from excite.torch.lightning import WatchCallback


class Model(pytorch.LightningModule):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))

    def training_step(self, batch, _):
        return self.net(batch[0]).square().mean()

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.01)


if __name__ == "__main__":
    torch.manual_seed(0)
    rows = torch.utils.data.TensorDataset(torch.randn(80, 8))
    watching = WatchCallback(every=1)
    quiet = {"enable_checkpointing": False, "enable_progress_bar": False, "enable_model_summary": False}
    parallel = {"accelerator": "cpu", "devices": 2, "strategy": "ddp_spawn", "max_epochs": 2, "logger": False}
    trainer = pytorch.Trainer(callbacks=[watching], **quiet, **parallel)
    trainer.fit(Model(), torch.utils.data.DataLoader(rows, batch_size=10))
    report = watching.report()
    print([(layer.name, layer.samples) for layer in report.diagnosis.layers], report.steps)
"""


def test_the_report_comes_back_from_spawned_processes(tmp_path):
    pytest.importorskip("lightning.pytorch")
    script = tmp_path / "spawned.py"
    script.write_text(SPAWNED)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, "-W", "ignore", str(script)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "[('net.1', 80)] 8" in done.stdout
