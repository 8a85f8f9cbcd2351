"""Vitals gathered by operations of PyTorch, as they are on every device but the CPU."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch._subclasses.fake_tensor import FakeTensorMode  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

import excite  # noqa: E402
import excite.torch  # noqa: E402
from excite import _native  # noqa: E402
from excite.torch import watch  # noqa: E402
from excite.torch.gathering import Edges, Fetched, OnDevice, fetched  # noqa: E402

FUNCTIONS = {
    "relu": F.relu,
    "relu6": F.relu6,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "gelu": F.gelu,
    "gelu_tanh": lambda z: F.gelu(z, approximate="tanh"),
    "silu": F.silu,
    "mish": F.mish,
    "softplus": F.softplus,
    "hard_swish": F.hardswish,
    "hard_tanh": F.hardtanh,
    "hard_sigmoid": F.hardsigmoid,
    "leaky_relu": F.leaky_relu,
    "leaky_relu(0.2)": lambda z: F.leaky_relu(z, 0.2),
    "elu": F.elu,
    "selu": F.selu,
    "squared_relu": lambda z: F.relu(z) ** 2,
}
SHAPES = [((5, 7, 9, 3), 1), ((40, 7), 1), ((4, 11, 7), 2), ((1, 7), 1)]


def values(shape, finite=False):
    z = torch.randn(*shape) * 6
    flat = z.view(-1)
    z[..., :1] -= 12
    flat[3::31], flat[4::33], flat[4::35] = 0.0, 8.0, -8.0
    if not finite:
        flat[::97], flat[5::89], flat[7::101] = float("nan"), float("inf"), -float("inf")
    return z


def both(name, wide=None, finite=False):
    """The units of a layer as Rust and as PyTorch's operations have them."""
    torch.manual_seed(1)
    here, there = excite.Vitals("m"), excite.Vitals("m")
    for vitals in (here, there):
        vitals.add_layer("l", name, units=7)
    layer = OnDevice(Edges.of(name), 7, torch.device("cpu"))
    if wide is not None:
        layer.wide = wide
        layer.reset()
    call, _, rest = name.partition("(")
    parameters = {"negative_slope": float(rest[:-1])} if rest else {}
    for step, (shape, axis) in enumerate(SHAPES):
        z = values(shape, finite)
        a = torch.from_numpy(getattr(_native, call)(z.numpy(), **parameters))
        here.update("l", z.numpy(), a.numpy(), axis=axis)
        layer.update(z, a, axis, None, FUNCTIONS[name], step)
    one = Fetched(layer, fetched(layer.parts()))
    there._native.absorb(0, one.figures, one.histogram, one.samples)
    return (json.loads(vitals._native.to_json())["layers"][0] for vitals in (here, there))


COUNTS = ["signs", "not_positive", "low", "high", "at_cap"]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_counts_are_those_of_rust(name):
    here, there = both(name)
    assert there["samples"] == here["samples"]
    assert there["histogram"] == here["histogram"]
    for one, other in zip(here["units"], there["units"], strict=True):
        assert [other[count] for count in COUNTS] == [one[count] for count in COUNTS]
        for kind in ("z", "a", "slope"):
            for count in ("count", "nan", "infinite"):
                assert other[kind][count] == one[kind][count], (kind, count)
            tolerance = 1e-6 if kind == "slope" else 1e-15
            size = max(1.0, abs(one[kind]["mean"]))
            assert abs(other[kind]["mean"] - one[kind]["mean"]) <= tolerance * size * 4
            assert other[kind]["m2"] == pytest.approx(one[kind]["m2"], rel=1e-5 if kind == "slope" else 1e-12, abs=1e-9)
        for end in ("min", "max"):
            assert other["z"][end] == one["z"][end] and other["a"][end] == one["a"][end]
        assert other["size"] == pytest.approx(one["size"], rel=1e-14)
        assert other["from_middle"] == pytest.approx(one["from_middle"], rel=1e-14)
        assert (other["slope"]["max"] == 0) == (one["slope"]["max"] == 0)
        assert (other["slope"]["min"] == 0) == (one["slope"]["min"] == 0)


def test_where_there_is_no_f64_two_f32_stand_in():
    here, there = both("gelu", wide=torch.float32, finite=True)
    for one, other in zip(here["units"], there["units"], strict=True):
        assert other["z"]["count"] == one["z"]["count"]
        assert other["a"]["mean"] == pytest.approx(one["a"]["mean"], rel=1e-6, abs=1e-6)
        assert other["size"] == pytest.approx(one["size"], rel=1e-6)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_operation_waits_for_the_device_and_no_shape_depends_on_values(name):
    edges = Edges.of(name)
    with FakeTensorMode():
        layer = OnDevice(edges, 7, torch.device("cuda"))
        for shape, axis in SHAPES:
            z = torch.empty(*shape, device="cuda")
            layer.update(z, z, axis, None, FUNCTIONS[name], 0)
        assert layer.counts.device.type == "cuda" and layer.counts.shape[1] == 7


def test_a_model_on_a_device_is_watched_without_a_value_of_it():
    """A pass on a device that is not there: whoever reads a value raises, and would be named."""
    with FakeTensorMode(), torch.device("cuda"):
        layers = [nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6), nn.ReLU(), nn.Flatten(), nn.Linear(216, 4), nn.PReLU(4)]
        model = nn.Sequential(*layers, nn.Linear(4, 2))
        handle = watch(model, every=1, name="fake")
        model(torch.empty(5, 3, 8, 8, device="cuda"))
        assert handle._tracer.not_seen == {}
        assert set(handle._windows._devices) == {"2", "5"}
        handle.close()


def test_nothing_in_the_code_names_a_device():
    folder = Path(excite.torch.__file__).parent
    for path in folder.glob("*.py"):
        text = path.read_text()
        for word in ("cuda", '"mps"', '"xpu"', '"hpu"', "is_cuda"):
            assert word not in text, f"{path.name} names {word}"


SIM = """
import sys, warnings
warnings.filterwarnings("ignore")
import torch
from torch import nn
import sim_device
from excite.torch import watch

def run(device):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 6, 3), nn.ReLU(), nn.Flatten(), nn.Linear(216, 16), nn.Tanh(), nn.Linear(16, 1))
    with torch.no_grad():
        model[0].bias[2] = -1e4
    x = [torch.randn(8, 3, 8, 8) for _ in range(50)]
    model = model.to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0, foreach=False)
    looks = []
    handle = watch(model, optimizer, every=2, look_every=10, callback=lambda step, diagnosis: looks.append(step))
    counted = []
    for step in range(50):
        before = len(sim_device.TRANSFERS)
        optimizer.zero_grad()
        model(x[step].to(device)).square().mean().backward()
        optimizer.step()
        counted.append(len(sim_device.TRANSFERS) - before)
    report = handle.report()
    handle.close()
    return counted, looks, report.diagnosis

_, _, here = run("cpu")
counted, looks, there = run("sim")
assert there.not_seen == {}, there.not_seen
assert looks == [10, 20, 30, 40, 50], looks
# What is transferred is transferred at looks.
assert all(count == 0 for step, count in enumerate(counted, 1) if step % 10), counted
assert max(counted) <= 2, counted  # and the rows of dead units
for one, other in zip(here.layers, there.layers):
    assert (one.name, one.samples, one.dead, one.units) == (other.name, other.samples, other.dead, other.units)
    assert abs(one.mean - other.mean) < 1e-5, (one.mean, other.mean)
    assert abs(one.not_positive - other.not_positive) < 1e-3, (one.not_positive, other.not_positive)
assert there.layers[0].dead == [2]
assert here.health == there.health, (here.headline, there.headline)
print("transfers at looks", max(counted))
"""


def test_a_training_on_a_simulated_device_transfers_at_looks_alone(tmp_path):
    if not hasattr(torch.utils.backend_registration, "_setup_privateuseone_for_python_backend"):
        pytest.skip("this PyTorch has no backends in Python")
    tests = str(Path(__file__).parent)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([tests, *sys.path])}
    command = [sys.executable, "-c", SIM]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
