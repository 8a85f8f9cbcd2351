"""Modules of PyTorch, and what `watch` finds in models under training."""

import multiprocessing

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import ranks  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

import excite  # noqa: E402
import excite.torch  # noqa: E402
from excite.torch import watch  # noqa: E402


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def mlp(function=nn.ReLU, inputs=8, units=16):
    return nn.Sequential(nn.Linear(inputs, units), function(), nn.Linear(units, units), function(), nn.Linear(units, 1))


def train(model, optimizer, x, steps, targets=None):
    for _ in range(steps):
        optimizer.zero_grad()
        y = model(x)
        loss = F.mse_loss(y, torch.zeros_like(y) if targets is None else targets)
        loss.backward()
        optimizer.step()


def test_modules_agree_with_those_of_pytorch():
    x = torch.randn(5, 7, requires_grad=True)
    torch.testing.assert_close(excite.torch.Sigmoid()(x), torch.sigmoid(x))
    torch.testing.assert_close(excite.torch.LeakyRelu(negative_slope=0.2)(x.T), F.leaky_relu(x.T, 0.2))
    for dtype in (torch.float16, torch.bfloat16):
        y = excite.torch.Gelu()(x.to(dtype))
        assert y.dtype == dtype
        torch.testing.assert_close(y, F.gelu(x.float()).to(dtype), rtol=0.02, atol=0.01)
    with pytest.raises(ValueError, match="no function `rulu`"):
        excite.torch.Activation("rulu")
    with pytest.raises(TypeError, match=r"torch\.int64"):
        excite.torch.Relu()(torch.zeros(3, dtype=torch.int64))
    with pytest.raises(TypeError, match="on meta, not in the memory"):
        excite.relu(torch.zeros(3, device="meta"))


def test_tensors_are_lent():
    x, y = torch.linspace(-1, 1, 5), torch.empty(5)
    assert excite.relu(x, out=y) is y
    assert y.tolist() == [0, 0, 0, 0.5, 1]
    with pytest.raises(ValueError, match="out overlaps x"):
        excite.relu(y[:4], out=y[1:])
    assert excite.relu(x.to(torch.bfloat16)).dtype.name == "bfloat16"


class Everything(nn.Module):
    """Each way to call an activation function."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 6, 3, padding=1)
        self.norm = nn.BatchNorm2d(6)
        self.act = nn.ReLU(inplace=True)
        self.head = nn.Linear(6, 5)
        self.gelu = nn.GELU(approximate="tanh")

    def forward(self, x):
        h = self.act(self.norm(self.conv(x)))
        h = F.leaky_relu(h, 0.2) + F.leaky_relu(h, 0.2)
        h = self.act(h - 0.5).mean((2, 3))
        h = self.head(h)
        h.tanh_()
        return self.gelu(torch.sigmoid(h)).relu() + F.hardtanh(h, -2, 2)


def test_every_call_is_found_by_its_name():
    model = Everything()
    with watch(model, every=1) as handle:
        model(torch.randn(4, 3, 5, 5))
    layers = {layer.name: layer for layer in handle.report().diagnosis.layers}
    assert {name: layer.function for name, layer in layers.items()} == {
        "act": "relu",
        "leaky_relu": "leaky_relu(0.2)",
        "leaky_relu#2": "leaky_relu(0.2)",
        "act#2": "relu",
        "tanh": "tanh",
        "sigmoid": "sigmoid",
        "gelu": "gelu_tanh",
        "relu": "relu",
        "hard_tanh": layers["hard_tanh"].function,
    }
    assert layers["hard_tanh"].function.startswith("hard_tanh(") and "-2" in layers["hard_tanh"].function
    assert (layers["act"].units, layers["act"].values, layers["tanh"].units) == (6, 100, 5)
    # Captured before it was overwritten.
    assert layers["act"].not_positive > 0.2
    assert layers["tanh"].z_std != layers["tanh"].std


def test_the_last_axis_of_a_transformer_has_the_units():
    model = nn.TransformerEncoderLayer(8, 2, dim_feedforward=12, batch_first=True, activation="gelu")
    with watch(model, every=1) as handle:
        model(torch.randn(4, 5, 8))
    (layer,) = handle.report().diagnosis.layers
    assert (layer.function, layer.units, layer.values) == ("gelu", 12, 20)


def test_vitals_are_those_of_the_values():
    model = mlp()
    x = torch.randn(200, 8)
    with watch(model, every=1) as handle:
        model(x)
    z = model[0](x).detach()
    layer = handle.report().diagnosis.layers[0]
    assert layer.z_mean == pytest.approx(float(z.double().mean()), abs=1e-6)
    assert layer.not_positive == pytest.approx(float((z <= 0).double().mean()))


def test_planted_deaths_are_told_with_their_step_and_cause():
    model = mlp(inputs=4, units=6)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    x = torch.randn(300, 4)
    with torch.no_grad():
        model[0].bias[5] = -1e4
        model[2].bias.zero_()
        model[2].weight[[0, 2, 4]] = model[2].weight[[0, 2, 4]].abs()
    with watch(model, optimizer, probe=x, look_every=1, every=1) as handle:
        assert ("1", 5) in {(event.layer, event.unit) for event in handle.report().of("born dead")}
        train(model, optimizer, x, 1)
        with torch.no_grad():
            model[2].weight[2] = -1.0
        train(model, optimizer, x, 1)
        with torch.no_grad():
            model[2].bias[4] -= 1e4
        train(model, optimizer, x, 1)
        with torch.no_grad():
            model[2].weight[0] = 1.0
            model[2].bias[0] = -1.0
        train(model, optimizer, x, 1)
        with torch.no_grad():
            model[0].bias[:] = -1e4
        train(model, optimizer, x, 1)
        with torch.no_grad():
            model[0].bias[:] = 0.0
        train(model, optimizer, x, 1)
    killed = {(e.layer, e.unit, e.step): e.cause for e in handle.report().of("killed")}
    assert killed["3", 2, 2] == "own weights"
    assert killed["3", 4, 3] == "own bias"
    assert all(cause == "own bias" for (layer, _, step), cause in killed.items() if layer == "1" and step == 5)
    assert killed["3", 0, 5] == "upstream"
    assert len(handle.report().of("revived")) >= 6


def test_an_oversized_step_kills_and_half_of_it_does_not():
    model = nn.Sequential(nn.Linear(1, 1), nn.ReLU(), nn.Linear(1, 1))
    with torch.no_grad():
        for layer in (model[0], model[2]):
            layer.weight.fill_(1.0)
            layer.bias.zero_()
    # y = 1 and the gradients by w and b are 4: at a rate of 0.15 each falls by 0.6, and z = 1 becomes −0.2.
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4)
    x = torch.ones(1, 1)
    with watch(model, optimizer, probe=x, look_every=1) as handle:
        train(model, optimizer, x, 2, -torch.ones(1, 1))
        optimizer.param_groups[0]["lr"] = 0.15
        train(model, optimizer, x, 2, -torch.ones(1, 1))
    (event,) = handle.report().events
    assert (event.layer, event.unit, event.event, event.step) == ("1", 0, "killed", 3)
    assert event.survives_half and event.learning_rate == 0.15
    assert event.push["own weights"] == pytest.approx(0.6, abs=0.01)
    assert event.push["upstream"] == 0
    assert event.update == pytest.approx(0.6, abs=0.01)
    assert "killed at step 3 at a learning rate of 0.15" in str(event)


def test_gradients_and_updates_are_taken_in_with_accumulation_and_frozen_parameters():
    model = mlp()
    model[2].weight.requires_grad_(False)
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.01)
    x = torch.rand(30, 8)
    with watch(model, optimizer, every=1) as handle:
        for _ in range(3):
            optimizer.zero_grad()
            for part in x.split(10):
                model(part).square().mean().backward()
            optimizer.step()
    report = handle.report()
    assert (report.steps, report.diagnosis.layers[0].samples) == (3, 90)
    state = handle.vitals._native.to_json()
    assert '"gradient_norm":{"count":3' in state and '"gradient_norm":{"count":0' in state


def test_a_model_that_has_diverged_is_reported():
    model = mlp()
    with watch(model, every=1) as handle:
        model(torch.full((3, 8), torch.inf))
        with torch.no_grad():
            model[0].weight.fill_(torch.nan)
        model(torch.randn(3, 8))
    assert "nan-or-infinite" in {finding.rule for finding in handle.report().diagnosis.findings}


def test_mixed_precision_is_watched():
    model = mlp()
    with watch(model, every=1) as handle, torch.autocast("cpu", dtype=torch.bfloat16):
        model(torch.randn(20, 8))
    assert [layer.samples for layer in handle.report().diagnosis.layers] == [20, 20]


def test_sampling_and_evaluation_leave_passes_out():
    model = mlp()
    with watch(model, every=4) as handle:
        for _ in range(8):
            model(torch.randn(5, 8))
        model.eval()
        model(torch.randn(5, 8))
    assert handle.report().diagnosis.samples == 10
    model.train()
    model(torch.randn(5, 8))
    assert handle.report().diagnosis.samples == 10


def test_training_goes_the_same_way_watched_and_not():
    def run(watched):
        torch.manual_seed(1)
        model = nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8), nn.ReLU(inplace=True), nn.Dropout(), nn.Linear(8, 1))
        optimizer = torch.optim.Adam(model.parameters())
        x = torch.randn(32, 8)
        if watched:
            with watch(model, optimizer, probe=x[:8], look_every=2, every=1):
                train(model, optimizer, x, 6)
        else:
            train(model, optimizer, x, 6)
        return model.state_dict()

    for one, other in zip(run(True).values(), run(False).values(), strict=True):
        assert torch.equal(one, other)


def test_callbacks_and_tensorboard_are_told():
    class Writer:
        def __init__(self):
            self.written = []

        def add_scalar(self, name, value, step):
            self.written.append((name, step))

    model, writer = mlp(), Writer()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with watch(model, optimizer, every=1, look_every=2, callback=excite.torch.tensorboard(writer)):
        train(model, optimizer, torch.randn(5, 8), 4)
    assert ("excite/1/dead", 2) in writer.written
    assert ("excite/3/mean", 4) in writer.written


def test_what_cannot_be_watched_is_refused():
    model = mlp()
    with pytest.raises(TypeError, match=r"torch\.nn\.Module, not str"):
        watch("model")
    with pytest.raises(TypeError, match="scripted"):
        watch(torch.jit.trace(model, torch.randn(1, 8)))
    with pytest.raises(ValueError, match="at least 1"):
        watch(model, every=0)
    handle = watch(model)
    with pytest.warns(UserWarning, match="watched already"):
        again = watch(model)
    assert handle.closed and not again.closed
    again.close()
    again.close()
    with pytest.raises(ValueError, match="closed"):
        handle.all_reduce()
    with pytest.raises(ValueError, match="closed"), handle:
        pass
    with pytest.raises(ValueError, match="no such place"):
        watch(mlp(), axes={"7.relu": 1})
    with pytest.raises(ValueError, match="number of an axis"):
        watch(mlp(), axes={"1": "last"})
    with pytest.raises(ValueError, match="no activation function"):
        watch(nn.Linear(3, 3), probe=torch.zeros(1, 3))
    with watch(mlp()) as handle, pytest.raises(RuntimeError, match="not initialised"):
        handle.all_reduce()


def test_recurrent_layers_are_said_not_to_be_seen():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.gru, self.head = nn.GRU(3, 4, batch_first=True), nn.Linear(4, 2)

        def forward(self, x):
            return torch.relu(self.head(self.gru(x)[0][:, -1]))

    model = Net()
    with watch(model, every=1) as handle:
        assert "no values reached any of the layers" in str(handle.report())
        model(torch.randn(5, 6, 3))
    assert list(handle.report().diagnosis.not_seen) == ["gru"]
    assert "not looked at: gru: its functions run inside" in str(handle.report())
    assert list(handle.vitals.layers) == ["relu"]
    cell = nn.LSTMCell(3, 4)
    with watch(cell, every=1) as handle:
        cell(torch.randn(5, 3))
    assert handle.report().diagnosis.health == "cannot_tell"
    assert "no activation function" in handle.report().diagnosis.headline
    assert list(handle.report().diagnosis.not_seen) == ["LSTMCell"]


def test_an_error_in_the_model_leaves_it_unwatched():
    model = mlp()
    with watch(model, every=1) as handle:
        with pytest.raises(RuntimeError):
            model(torch.zeros(1, 3))
        model(torch.randn(4, 8))
    assert handle.report().diagnosis.layers[0].samples == 4
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())


# Processes that begin with PyTorch imported, where the system can fork.
START = multiprocessing.get_context(
    "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
)
START.set_forkserver_preload(["torch.distributed", "excite.torch"])


@pytest.mark.parametrize("count", [2, 4])
def test_ranks_together_are_one_process_on_all_the_data(count, tmp_path):
    workers = [START.Process(target=ranks.main, args=(tmp_path, rank, count)) for rank in range(count)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(300)
    assert [worker.exitcode for worker in workers] == [0] * count
    torch.manual_seed(0)
    model = mlp()
    with watch(model, every=1) as handle:
        model(torch.randn(240, 8))
    for rank in range(count):
        merged = excite.Vitals.load(tmp_path / f"{rank}.vitals").diagnosis()
        for one, whole in zip(merged.layers, handle.vitals.diagnosis().layers, strict=True):
            assert (one.samples, one.dead, one.not_positive) == (whole.samples, whole.dead, whole.not_positive)
            np.testing.assert_allclose([one.mean, one.z_std], [whole.mean, whole.z_std], rtol=1e-6, atol=1e-9)


class Gates(nn.Module):
    """Each way to gate."""

    def __init__(self):
        super().__init__()
        self.both, self.glu, self.value, self.gate = nn.Linear(8, 12), nn.GLU(), nn.Linear(6, 6), nn.Linear(6, 6)
        self.excite = nn.Sequential(nn.Linear(6, 2), nn.ReLU(), nn.Linear(2, 6), nn.Sigmoid())
        self.mask = nn.Parameter(torch.ones(6))

    def forward(self, x):
        h = self.glu(self.both(x)) + F.glu(self.both(x), dim=1)
        h = self.value(h) * F.silu(self.gate(h))
        h = h * self.excite(h)
        h = F.relu(h) * self.mask
        return F.gelu(h).mul(2.0).sum(1).sigmoid()


def test_gates_are_told_from_hidden_layers_and_outputs():
    model, x = Gates(), torch.randn(300, 8)
    with watch(model, every=1, probe=x) as handle:
        model(x)
    layers = {layer.name: layer for layer in handle.report().diagnosis.layers}
    assert {name: (layer.function, layer.role) for name, layer in layers.items()} == {
        "glu": ("sigmoid", "gate"),
        "glu#2": ("sigmoid", "gate"),
        "silu": ("silu", "gate"),
        "excite.1": ("relu", "hidden"),
        "excite.3": ("sigmoid", "gate"),
        "relu": ("relu", "hidden"),
        "gelu": ("gelu", "hidden"),
        "sigmoid": ("sigmoid", "output"),
    }
    # A number for each sample is one unit, however many samples there are.
    assert (layers["sigmoid"].units, layers["sigmoid"].samples) == (1, 300)
    gate = model.both(x).detach()[:, 6:]
    assert (layers["glu"].units, layers["glu"].samples) == (6, 300)
    assert layers["glu"].z_mean == pytest.approx(float(gate.mean()), abs=1e-6)
    assert layers["glu"].mean == pytest.approx(float(gate.sigmoid().mean()), abs=1e-6)


def test_every_module_of_pytorch_that_the_catalogue_knows_is_seen():
    kinds = ["CELU", "ELU", "GELU", "Hardshrink", "Hardsigmoid", "Hardswish", "Hardtanh", "LeakyReLU", "LogSigmoid"]
    kinds += ["Mish", "PReLU", "RReLU", "ReLU", "ReLU6", "SELU", "SiLU", "Sigmoid", "Softplus", "Softshrink"]
    kinds += ["Softsign", "Tanh", "Tanhshrink"]
    modules = [getattr(nn, kind)() for kind in kinds] + [nn.Threshold(0.5, -1.0), nn.Hardtanh(-3, 2)]
    model = nn.Sequential(*modules, nn.Linear(4, 4))
    with watch(model, every=1) as handle:
        model(torch.randn(10, 4))
    found = [layer.function for layer in handle.report().diagnosis.layers]
    called = [one.split("(")[0].replace("_", "") for one in found[: len(kinds)]]
    assert called == [kind.lower() for kind in kinds]
    assert found[-2].startswith("threshold(") and "0.5" in found[-2] and "-1" in found[-2]
    assert found[-1].startswith("hard_tanh(") and "-3" in found[-1]
