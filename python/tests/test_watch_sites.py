"""Which units, functions and roles a watch finds in models as people write them."""

import dataclasses

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812
from torch.utils.checkpoint import checkpoint  # noqa: E402

import excite.torch  # noqa: E402
from excite.torch import passes, watch  # noqa: E402


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def seen(model, *passes, **options):
    with watch(model, every=1, **options) as handle:
        for x in passes:
            model(**x) if isinstance(x, dict) else model(x)
    return handle.report().diagnosis


FUNCTIONS = {
    "0.5 x (1 + tanh(…))": (lambda x: 0.5 * x * (1 + torch.tanh(0.7978845608 * (x + 0.044715 * x**3))), "gelu_tanh"),
    "x σ(1.702 x)": (lambda x: x * torch.sigmoid(1.702 * x), "swish(1.702)"),
    "x σ(x)": (lambda x: x * torch.sigmoid(x), "silu"),
    "x σ(x) in place": (lambda x: x.mul_(torch.sigmoid(x)), "silu"),
    "x tanh(softplus(x))": (lambda x: x * torch.tanh(F.softplus(x)), "mish"),
    "erf": (lambda x: 0.5 * x * (1 + torch.erf(x / 2**0.5)), "gelu"),
    "where": (lambda x: torch.where(x > 0, x, torch.zeros_like(x)), "relu"),
    "where leaky": (lambda x: torch.where(x > 0, x, 0.1 * x), "leaky_relu(0.1)"),
    "where elu": (lambda x: torch.where(x > 0, x, torch.exp(x) - 1), "elu"),
    "clamp": (lambda x: x.clamp(min=0), "relu"),
    "clamp_min": (lambda x: torch.clamp_min(x, 0), "relu"),
    "clamp to 6": (lambda x: torch.clip(x, 0, 6), "relu6"),
    "hard sigmoid": (lambda x: torch.clamp(x / 6 + 0.5, 0, 1), "hard_sigmoid"),
    "maximum": (lambda x: torch.maximum(x, torch.zeros(())), "relu"),
    "max": (lambda x: torch.max(x, torch.tensor(0.0)), "relu"),
    "x (x > 0)": (lambda x: x * (x > 0), "relu"),
    "masked_fill": (lambda x: x.masked_fill(x < 0, 0.0), "relu"),
    "relu²": (lambda x: F.relu(x) ** 2, "squared_relu"),
    "square": (lambda x: torch.square(x.relu()), "squared_relu"),
    "x relu6(x + 3) / 6": (lambda x: x * F.relu6(x + 3) / 6, "hard_swish"),
    "log(1 + exp)": (lambda x: torch.log1p(torch.exp(x)), "softplus"),
    "1 / (1 + exp)": (lambda x: 1 / (1 + torch.exp(-x)), "sigmoid"),
    "two relu": (lambda x: F.relu(x) - 0.2 * F.relu(-x), "leaky_relu(0.2)"),
    "aten": (lambda x: torch.ops.aten.relu(x), "relu"),
    "aten overload": (lambda x: torch.ops.aten.relu.default(x), "relu"),
    "expit": (lambda x: torch.special.expit(x), "sigmoid"),
    "relu_": (lambda x: x.relu_(), "relu"),
    "inplace by position": (lambda x: F.relu(x, True), "relu"),
    "x / (1 + |x|)": (lambda x: x / (1 + x.abs()), "softsign"),
    "softshrink": (F.softshrink, "soft_shrink"),
    "threshold": (lambda x: F.threshold(x, 0.1, 0.0), "threshold(0.1)"),
    "log_sigmoid": (F.logsigmoid, "log_sigmoid"),
    "tanhshrink": (F.tanhshrink, "tanh_shrink"),
    "sin": (torch.sin, "sine"),
    "exp": (torch.exp, "exponential"),
    "snake": (lambda x: x + torch.sin(x) ** 2, "snake"),
    "half precision": (lambda x: torch.tanh(x.bfloat16()).float(), "tanh"),
    "no activation": (lambda x: 2 * x + 1, None),
    "absolute": (torch.abs, None),
}


class With(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.before, self.function, self.after = nn.Linear(8, 6), function, nn.Linear(6, 2)

    def forward(self, x):
        return self.after(self.function(self.before(x)))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_are_found_as_they_are_computed(name):
    function, expected = FUNCTIONS[name]
    model, x = With(function), torch.randn(50, 8)
    diagnosis = seen(model, x)
    assert diagnosis.not_seen == {}
    if expected is None:
        assert diagnosis.layers == [] and diagnosis.health == "cannot_tell"
        return
    (layer,) = diagnosis.layers
    found = layer.function.replace("threshold=", "")
    assert (found, layer.role, layer.units, layer.samples) == (expected, "hidden", 6, 50)
    z = model.before(x).detach()
    tolerance = 1e-2 if "half" in name else 1e-6
    assert layer.z_mean == pytest.approx(float(z.double().mean()), abs=tolerance)
    assert layer.mean == pytest.approx(float(function(z.clone()).double().mean()), abs=tolerance)


@pytest.mark.parametrize("name", ["Relu", "Gelu", "LeakyRelu"])
def test_modules_of_this_package_are_seen(name):
    module = getattr(excite.torch, name)()
    diagnosis = seen(nn.Sequential(nn.Conv2d(3, 6, 3), module, nn.Conv2d(6, 2, 1)), torch.randn(4, 3, 9, 7))
    assert [(layer.name, layer.units, layer.samples) for layer in diagnosis.layers] == [("1", 6, 4)]


class Norm(nn.Module):
    """Normalisation over channels that are not the last, by hand."""

    def __init__(self, channels):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(channels)), nn.Parameter(torch.zeros(channels))

    def forward(self, x):
        x = (x - x.mean(1, keepdim=True)) / (x.var(1, keepdim=True) + 1e-6).sqrt()
        shape = (1, -1, *[1] * (x.dim() - 2))
        return x * self.weight.view(shape) + self.bias.view(shape)


class Frozen(nn.Module):
    """As torchvision.ops.FrozenBatchNorm2d."""

    def __init__(self, channels):
        super().__init__()
        for name, value in (("weight", 1.0), ("bias", 0.0), ("running_mean", 0.0), ("running_var", 1.0)):
            self.register_buffer(name, torch.full((channels,), value))

    def forward(self, x):
        scale = self.weight.reshape(1, -1, 1, 1) * (self.running_var.reshape(1, -1, 1, 1) + 1e-5).rsqrt()
        return x * scale + (self.bias.reshape(1, -1, 1, 1) - self.running_mean.reshape(1, -1, 1, 1) * scale)


class Do(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def weight_norm(module):
    return nn.utils.parametrizations.weight_norm(module)


def lastly(norm):
    return [Do(lambda x: x.permute(0, 2, 3, 1)), norm, Do(lambda x: x.permute(0, 3, 1, 2))]


SOUND, PICTURE = torch.randn(4, 3, 30), torch.randn(2, 3, 9, 11)
AXES = {
    "conv and BatchNorm": ([nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8)], PICTURE, 8),
    "FrozenBatchNorm2d": ([nn.Conv2d(3, 8, 3), Frozen(8)], PICTURE, 8),
    "a norm by hand": ([nn.Conv2d(3, 8, 3), Norm(8)], PICTURE, 8),
    "LayerNorm of channels": ([nn.Conv2d(3, 8, 3), *lastly(nn.LayerNorm(8))], PICTURE, 8),
    "GroupNorm": ([nn.Conv2d(3, 8, 3), nn.GroupNorm(2, 8)], PICTURE, 8),
    "channels last": ([nn.Conv2d(3, 8, 3).to(memory_format=torch.channels_last)], PICTURE, 8),
    "transposed": ([nn.ConvTranspose2d(3, 8, 3)], PICTURE, 8),
    "pool": ([nn.Conv2d(3, 8, 3), nn.MaxPool2d(2)], PICTURE, 8),
    "pool in 1-D": ([nn.Conv1d(3, 8, 3), nn.MaxPool1d(2)], SOUND, 8),
    "chomp": ([nn.Conv1d(3, 8, 3, padding=2), Do(lambda x: x[:, :, :-2].contiguous())], SOUND, 8),
    "chunk": ([nn.Conv1d(3, 16, 3), Do(lambda x: x.chunk(2, dim=1)[0])], SOUND, 8),
    "split": ([nn.Conv1d(3, 16, 3), Do(lambda x: x.split(8, 1)[1])], SOUND, 8),
    "weight_norm": ([weight_norm(nn.Conv1d(3, 8, 3))], SOUND, 8),
    "weight_norm and chomp": ([weight_norm(nn.Conv1d(3, 8, 3)), Do(lambda x: x[..., 1:])], SOUND, 8),
    "pre-activation": ([nn.Conv1d(3, 8, 3), nn.BatchNorm1d(8)], SOUND, 8),
    "without a batch": ([nn.Conv2d(3, 8, 3)], torch.randn(3, 9, 11), 8),
    "pixel shuffle": ([nn.Conv2d(3, 32, 3), nn.PixelShuffle(2)], PICTURE, 8),
    "cat": ([nn.Conv2d(3, 4, 3), Do(lambda x: torch.cat([x, x], 1))], PICTURE, 8),
    "transpose": ([nn.Linear(30, 8), Do(lambda x: x.transpose(1, 2))], SOUND, 8),
    "movedim": ([nn.Conv2d(3, 8, 3), Do(lambda x: x.movedim(1, -1))], PICTURE, 8),
    "words": ([nn.Linear(30, 8), nn.LayerNorm(8)], SOUND, 8),
    "slice of words": ([nn.Linear(30, 8), Do(lambda x: x[:, 1:])], SOUND, 8),
    "first word": ([nn.Linear(30, 8), Do(lambda x: x[:, 0])], SOUND, 8),
    "words flattened": ([nn.Linear(30, 8), Do(lambda x: x.view(-1, 8))], SOUND, 8),
    "NHWC after a slice": ([nn.Linear(11, 8), Do(lambda x: x[:, :, 1:])], PICTURE, 8),
    "mean over positions": ([nn.Conv2d(3, 8, 3), Do(lambda x: x.mean((2, 3)))], PICTURE, 8),
    "flattened features": ([nn.Conv2d(3, 2, (9, 8)), nn.Flatten()], PICTURE, 8),
    "dropout": ([nn.Conv1d(3, 8, 3), nn.Dropout1d(0.1)], SOUND, 8),
    "residual": ([nn.Conv2d(3, 8, 3, padding=1), Do(lambda x: x + torch.roll(x, 1, 2))], PICTURE, 8),
    "upsampled": ([nn.Conv2d(3, 8, 3), nn.Upsample(scale_factor=2)], PICTURE, 8),
    "padded": ([nn.Conv1d(3, 8, 3), Do(lambda x: F.pad(x, (2, 0)))], SOUND, 8),
    "the function's own consumer": ([], PICTURE, 3),
}


@pytest.mark.parametrize("name", AXES)
def test_units_lie_along_the_axis_of_the_layer_before(name):
    before, x, units = AXES[name]
    after = [nn.Conv2d(3, 2, 1)] if name == "the function's own consumer" else []
    diagnosis = seen(nn.Sequential(*before, nn.ReLU(), *after), x)
    assert [layer.units for layer in diagnosis.layers] == [units], diagnosis.not_seen
    assert diagnosis.layers[0].name == str(len(before))


def test_dead_channels_are_found_behind_a_frozen_norm_whatever_the_size():
    model = nn.Sequential(nn.Conv2d(3, 8, 3), Frozen(8), nn.ReLU(inplace=True))
    model[1].bias[[2, 5]] = -1e4
    (layer,) = seen(model, torch.randn(4, 3, 24, 24), torch.randn(4, 3, 32, 20)).layers
    assert (layer.units, layer.dead, layer.samples) == (8, [2, 5], 8)


def test_an_axis_that_is_not_known_is_said_and_not_guessed():
    model = nn.Sequential(nn.ReLU())
    diagnosis = seen(model, torch.randn(4, 3, 5, 7))
    assert diagnosis.layers == [] and diagnosis.health == "cannot_tell"
    assert "axis of [4, 3, 5, 7]" in diagnosis.not_seen["0"] and "axes={'0': axis}" in diagnosis.not_seen["0"]
    (layer,) = seen(model, torch.randn(4, 3, 5, 7), axes={"0": 2}).layers
    assert layer.units == 5
    assert "has 4 axes" in seen(model, torch.randn(4, 3, 5, 7), axes={"0": 7}).not_seen["0"]


def test_samples_are_counted_and_not_words():
    class Flattened(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(8, 6), nn.Linear(6, 2)

        def forward(self, x):
            return self.b(torch.relu(self.a(x.reshape(-1, 8)))).view(*x.shape[:2], 2)

    (layer,) = seen(Flattened(), torch.randn(32, 16, 8)).layers
    assert (layer.samples, layer.values) == (32, 512)


def test_a_loop_over_time_is_one_layer():
    class Loop(nn.Module):
        def __init__(self):
            super().__init__()
            self.inputs, self.state = nn.Linear(3, 5), nn.Linear(5, 5)

        def forward(self, x):
            h = torch.zeros(len(x), 5)
            for step in x.unbind(1):
                h = torch.tanh(self.inputs(step) + self.state(h))
            return h

    (layer,) = seen(Loop(), torch.randn(10, 7, 3), torch.randn(10, 4, 3)).layers
    assert (layer.name, layer.units, layer.samples, layer.values) == ("tanh", 5, 20, 110)


@dataclasses.dataclass
class Output:
    logits: torch.Tensor
    hidden: torch.Tensor


class Head(nn.Module):
    def __init__(self, give):
        super().__init__()
        self.a, self.b, self.give = nn.Linear(8, 6), nn.Linear(6, 3), give

    def forward(self, x):
        h = torch.relu(self.a(x))
        return self.give(torch.sigmoid(self.b(h)), h)


@pytest.mark.parametrize(
    "give",
    [
        lambda y, h: y,
        lambda y, h: (h, y),
        lambda y, h: {"logits": y, "hidden": h},
        lambda y, h: Output(y, h),
        lambda y, h: [{"logits": (y.squeeze(1),)}],
    ],
)
def test_an_output_is_found_wherever_the_model_returns_it(give):
    roles = {layer.function: layer.role for layer in seen(Head(give), torch.randn(40, 8)).layers}
    assert roles == {"relu": "hidden", "sigmoid": "output"}


class Gated(nn.Module):
    """Squeeze-and-excite and SwiGLU, with the factors in either order."""

    def __init__(self, swap):
        super().__init__()
        self.a, self.squeeze, self.excite = nn.Linear(8, 6), nn.Linear(6, 2), nn.Linear(2, 6)
        self.value, self.gate, self.out, self.swap = nn.Linear(6, 6), nn.Linear(6, 6), nn.Linear(6, 6), swap

    def forward(self, x):
        h = torch.relu(self.a(x))
        scale = torch.sigmoid(self.excite(F.gelu(self.squeeze(h))))
        h = h * scale if self.swap else scale * h
        return self.out(F.silu(self.gate(h)) * self.value(h))


@pytest.mark.parametrize("swap", [False, True])
@pytest.mark.parametrize("how", ["plain", "no_grad", "reentrant", "not reentrant"])
def test_gates_are_found_with_and_without_gradients(swap, how):
    inner = Gated(swap)

    class Outer(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = inner

        def forward(self, x):
            if how.endswith("reentrant"):
                return checkpoint(self.inner, x, use_reentrant=how == "reentrant")
            return self.inner(x)

    with torch.set_grad_enabled(how != "no_grad"):
        diagnosis = seen(Outer(), torch.randn(40, 8, requires_grad=True))
    roles = {layer.function: layer.role for layer in diagnosis.layers}
    assert roles == {"relu": "hidden", "gelu": "hidden", "sigmoid": "gate", "silu": "gate"}
    assert {layer.samples for layer in diagnosis.layers} == {40}


def test_a_normalisation_by_its_own_response_is_no_gate():
    class Grn(nn.Module):
        """As in ConvNeXt V2."""

        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(8, 6), nn.Linear(6, 2)
            self.gamma, self.beta = nn.Parameter(torch.ones(6)), nn.Parameter(torch.zeros(6))

        def forward(self, x):
            h = F.gelu(self.a(x))
            size = h.norm(dim=1, keepdim=True)
            h = torch.addcmul(self.beta, self.gamma, h * (size / (size.mean(-1, keepdim=True) + 1e-6))) + h
            return self.b(h)

    (layer,) = seen(Grn(), torch.randn(20, 5, 8)).layers
    assert (layer.function, layer.role) == ("gelu", "hidden")


def test_fewer_passes_are_looked_at_once_a_training_is_under_way():
    looked_at = [sum(passes.is_sampled(number, None) for number in range(*part)) for part in [(200,), (200, 1000)]]
    assert looked_at == [20, 20]
    assert passes.is_sampled(0, None)


def test_what_takes_turns_is_seen_in_turn():
    torch.manual_seed(1)
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))
    x = torch.randn(64, 8)
    with watch(model, every=10) as handle:
        for _ in range(200):
            model(x + 100)
            model(x - 100)
    with watch(model, every=1) as whole:
        model(x + 100)
        model(x - 100)
    (layer,) = handle.report().diagnosis.layers
    assert layer.dead == whole.report().diagnosis.layers[0].dead == []
    assert layer.samples == 40 * 64
