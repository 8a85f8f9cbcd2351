"""A watch never harms the training: what it cannot look at is named in the report, once, and the pass goes on."""

import contextlib
import copy
import io
import threading

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812
from torch.overrides import _get_current_function_mode_stack  # noqa: E402

from excite.torch import watch  # noqa: E402


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)
    yield
    assert _get_current_function_mode_stack() == []


def mlp(function=nn.ReLU):
    return nn.Sequential(nn.Linear(8, 16), function(), nn.Linear(16, 16), function(), nn.Linear(16, 1))


def names(handle):
    return {layer.name: layer for layer in handle.report().diagnosis.layers}


@pytest.mark.parametrize("slopes", [1, 6])
def test_a_prelu_of_one_slope_or_of_many(slopes):
    model = nn.Sequential(nn.Linear(8, 6), nn.PReLU(slopes), nn.Linear(6, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    x = torch.randn(40, 8)
    with watch(model, optimizer, every=1, probe=x, look_every=1) as handle:
        for _ in range(3):
            optimizer.zero_grad()
            model(x).square().mean().backward()
            optimizer.step()
    (layer,) = handle.report().diagnosis.layers
    assert (layer.name, layer.units, layer.samples) == ("1", 6, 120)
    assert layer.function.startswith("prelu") and handle.report().diagnosis.not_seen == {}


def test_a_prelu_of_many_slopes_over_channels():
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.PReLU(8))
    with watch(model, every=1) as handle:
        model(torch.randn(2, 3, 9, 9))
    assert names(handle)["1"].units == 8


def test_empty_batches_and_experts():
    class Experts(nn.Module):
        def __init__(self):
            super().__init__()
            self.experts = nn.ModuleList(nn.Sequential(nn.Linear(8, 4), nn.ReLU()) for _ in range(3))

        def forward(self, x):
            to = torch.arange(len(x)) % 2  # the third gets none
            y = torch.zeros(len(x), 4)
            for index, expert in enumerate(self.experts):
                y[to == index] = expert(x[to == index])
            return y

    model = Experts()
    with watch(model, every=1) as handle:
        model(torch.randn(10, 8))
        model(torch.empty(0, 8))
    assert {name: layer.samples for name, layer in names(handle).items()} == {"experts.0.1": 5, "experts.1.1": 5}


def test_a_sample_without_a_batch():
    model = mlp()
    with watch(model, every=1) as handle:
        model(torch.randn(8))
    assert {name: (layer.units, layer.samples) for name, layer in names(handle).items()} == {
        "1": (16, 1),
        "3": (16, 1),
    }


def test_transforms_of_functions():
    model = mlp(nn.Tanh)
    parameters = dict(model.named_parameters())
    x = torch.randn(5, 8)

    def loss(parameters, row):
        return torch.func.functional_call(model, parameters, row.unsqueeze(0)).square().mean()

    with watch(model, every=1) as handle:
        vmapped = torch.func.vmap(model)(x)
        torch.func.grad(loss)(parameters, x[0])
        per_sample = torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0))(parameters, x)
        model(x)
    torch.testing.assert_close(vmapped, model(x))
    assert per_sample["0.weight"].shape == (5, 16, 8)
    assert "passes under torch.func" in handle.report().diagnosis.not_seen
    assert names(handle)["1"].samples == 5


def test_sparse_gradients():
    model = nn.Sequential(nn.Embedding(20, 8, sparse=True), nn.ReLU(), nn.Linear(8, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with watch(model, optimizer, every=1) as handle:
        for _ in range(3):
            optimizer.zero_grad()
            model(torch.randint(20, (6, 5))).square().mean().backward()
            optimizer.step()
    assert handle.report().steps == 3 and names(handle)["1"].units == 8


class Shared(nn.Module):
    """One function for blocks of other widths, of which some are left out."""

    def __init__(self, widths):
        super().__init__()
        self.blocks = nn.ModuleList(nn.Linear(8, width) for width in widths)
        self.act, self.out = nn.ReLU(), nn.ModuleList(nn.Linear(width, 8) for width in widths)

    def forward(self, x, left_out):
        for index, (block, out) in enumerate(zip(self.blocks, self.out, strict=True)):
            if index != left_out:
                x = x + out(self.act(block(x)))
        return x


@pytest.mark.parametrize("widths", [(12, 8, 10), (12, 12, 12)])
def test_shared_activations_keep_to_their_place(widths):
    model = Shared(widths)
    with torch.no_grad():
        model.blocks[1].bias.fill_(-1e4)
    with watch(model, every=1) as handle:
        for left_out in (None, 0, 1, 2, 0):
            model(torch.randn(30, 8), left_out)
    layers = names(handle)
    assert [layer.units for layer in layers.values()] == list(widths)
    assert [len(layer.dead) for layer in layers.values()] == [0, widths[1], 0]
    assert [layer.samples for layer in layers.values()] == [90, 120, 120]


def test_widths_that_change_are_named_and_the_training_goes_on():
    class Net(nn.Module):
        def forward(self, x):
            return torch.relu(x)

    model = Net()
    with watch(model, every=1) as handle:
        model(torch.randn(5, 4))
        assert model(torch.randn(5, 6)).shape == (5, 6)
    assert "4 units in one pass and 6 in another" in handle.report().diagnosis.not_seen["relu"]


def test_threads_on_one_model():
    model = mlp()
    failed = []

    def work():
        try:
            for _ in range(30):
                model(torch.randn(4, 8)).sum().backward()
        except Exception as error:
            failed.append(error)

    with watch(model, every=1) as handle:
        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failed == []
    assert 0 < handle.report().diagnosis.samples <= 360


def test_a_dictionary_as_probe():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = mlp()

        def forward(self, x=None, mask=None):
            return {"y": self.net(x * mask)}

    model, batch = Net(), {"x": torch.randn(40, 8), "mask": torch.ones(40, 8)}
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with watch(model, optimizer, every=1, probe=batch, look_every=1) as handle:
        model(**batch)["y"].sum().backward()
        optimizer.step()
        with torch.no_grad():
            model.net[0].bias[3] = -1e4
        optimizer.step()
    assert [(event.layer, event.unit) for event in handle.report().of("killed")] == [("net.1", 3)]


def test_ctrl_c_leaves_nothing_behind():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.stop = nn.Linear(8, 8), False

        def forward(self, x):
            y = torch.relu(self.a(x))
            if self.stop:
                raise KeyboardInterrupt
            return y

    model = Net()
    handle = watch(model, every=1)
    model.stop = True
    with contextlib.suppress(KeyboardInterrupt):
        model(torch.randn(3, 8))
    assert _get_current_function_mode_stack() == []
    torch.tanh(torch.randn(3))
    model.stop = False
    # A traceback that is kept, as notebooks do, holds the pass: calls outside of it are no layers all the same.
    model.stop = True
    with pytest.raises(KeyboardInterrupt) as kept:
        model(torch.randn(3, 8))
    F.gelu(torch.randn(3))
    model.stop = False
    model(torch.randn(5, 8))
    assert set(names(handle)) == {"relu"}
    handle.close()
    del kept


def test_an_error_in_the_model_is_the_users_own():
    model = mlp()
    with watch(model, every=1) as handle:
        with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
            model(torch.zeros(1, 3))
        model(torch.randn(4, 8))
    assert names(handle)["1"].samples == 4


def test_copies_and_files_carry_no_watch():
    model = mlp()
    model.register_forward_pre_hook(_mine)
    handle = watch(model, every=1)
    model(torch.randn(3, 8))
    twin = copy.deepcopy(model)
    file = io.BytesIO()
    torch.save(model, file)
    assert b"excite" not in file.getvalue()
    file.seek(0)
    loaded = torch.load(file, weights_only=False)
    for other in (twin, loaded):
        assert list(other._forward_pre_hooks.values()) == [_mine] and not other._forward_hooks
        assert not other._forward_pre_hooks_with_kwargs and not other._forward_hooks_always_called
        other.train()(torch.randn(3, 8))
    assert handle.report().diagnosis.samples == 3
    handle.close()
    assert list(model._forward_pre_hooks.values()) == [_mine] and "__getstate__" not in model.__dict__


def _mine(_module, _inputs):
    return None


def test_a_model_that_is_watched_twice_has_the_later_watch():
    model = mlp()
    first = watch(model, every=1)
    with pytest.warns(UserWarning, match="watched already"):
        second = watch(model, every=1)
    model(torch.randn(3, 8))
    assert (first.report().diagnosis.samples, second.report().diagnosis.samples) == (0, 3)
    first.close()
    model(torch.randn(3, 8))
    assert second.report().diagnosis.samples == 6
    second.close()
    assert not model._forward_pre_hooks and not model._forward_hooks


def test_a_callback_that_fails_is_named():
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with watch(model, optimizer, every=1, look_every=1, callback=lambda step, diagnosis: 1 / 0) as handle:
        for _ in range(2):
            model(torch.randn(3, 8)).sum().backward()
            optimizer.step()
    assert handle.report().diagnosis.not_seen == {"the callback": "ZeroDivisionError: division by zero"}
    assert handle.report().steps == 2


def test_numbers_too_small_for_f32_are_not_zero():
    model = nn.Sequential(nn.Linear(4, 4), nn.ReLU()).double()
    with torch.no_grad():
        model[0].weight.copy_(torch.eye(4))
        model[0].bias.zero_()
    with watch(model, every=1) as handle:
        model(torch.full((40, 4), 1e-60, dtype=torch.float64))
    assert names(handle)["1"].dead == [] and names(handle)["1"].not_positive == 0


def test_one_model_within_another_is_looked_at_once():
    class Recursive(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Linear(4, 4)

        def forward(self, x, depth=2):
            return torch.relu(self.a(x)) if depth == 0 else self(x, depth - 1)

    model = Recursive()
    with watch(model, every=1) as handle:
        model(torch.randn(7, 4))
    assert (handle.passes, handle.report().diagnosis.samples) == (1, 7)
