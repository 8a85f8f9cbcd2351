"""`excite.torch.check`: what is wrong with a trained model, as it is."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

import excite  # noqa: E402
from excite.torch import check  # noqa: E402


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


class Net(nn.Module):
    """A convolution with normalisation, a gate, dropout, and a sigmoid at the end."""

    def __init__(self):
        super().__init__()
        self.conv, self.norm, self.act = nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU()
        self.gate, self.drop = nn.Linear(8, 8), nn.Dropout(0.5)
        self.fc, self.head = nn.Linear(8, 16), nn.Linear(16, 1)

    def forward(self, x):
        x = self.act(self.norm(self.conv(x))).mean((2, 3))
        x = x * torch.sigmoid(self.gate(x))
        return torch.sigmoid(self.head(F.relu(self.fc(self.drop(x)))))


@pytest.fixture
def net():
    model = Net()
    with torch.no_grad():
        model.norm.bias[[2, 5]] = -100.0
        model.fc.bias.fill_(0.5)
        model.fc.bias[3] = -100.0
    return model


def pictures(count=400):
    return torch.randn(count, 3, 6, 6, generator=torch.Generator().manual_seed(1))


def loader(x):
    labels = torch.zeros(len(x), dtype=torch.int64)
    return torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, labels), batch_size=64)


def test_dead_units_are_found_by_their_real_names_and_the_model_is_left_as_it_was(net):
    net.drop.eval()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    modes = {name: module.training for name, module in net.named_modules()}
    found = check(net, loader(pictures()))
    layers = {layer.name: layer for layer in found.layers}
    assert {name: (layer.function, layer.role, layer.units) for name, layer in layers.items()} == {
        "act": ("relu", "hidden", 8),
        "sigmoid": ("sigmoid", "gate", 8),
        "relu": ("relu", "hidden", 16),
        next(name for name in layers if name.startswith("sigmoid#")): ("sigmoid", "output", 1),
    }
    assert (layers["act"].dead, layers["relu"].dead, found.samples, found.stage) == ([2, 5], [3], 400, "finished")
    assert {name: module.training for name, module in net.named_modules()} == modes
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert all(parameter.grad is None for parameter in net.parameters())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in net.modules())


def test_it_is_the_diagnosis_of_the_export(net, tmp_path):
    pytest.importorskip("onnx")
    net.eval()
    x, path = pictures(), tmp_path / "net.onnx"
    torch.onnx.export(net, (x[:2],), path, dynamo=False, input_names=["x"], dynamic_axes={"x": {0: "n"}})
    ours, theirs = check(net, x), excite.check(path, x.numpy(), progress=False)
    assert ours.health == theirs.health
    for mine, other in zip(ours.layers, theirs.layers, strict=True):
        assert (mine.function, mine.role, mine.dead, mine.samples) == (
            other.function,
            other.role,
            other.dead,
            other.samples,
        )
        assert mine.not_positive == pytest.approx(other.not_positive, abs=1e-3)
    # Of what holds a unit down the module may know more: its inputs are seen too.
    found = [
        [(one.rule, one.severity, one.units, one.of) for one in [*each.findings, *each.facts]]
        for each in (ours, theirs)
    ]
    assert found[0] == found[1] and found[0]


def test_data_are_loaders_tensors_dicts_and_what_forward_makes_of_them(net):
    x = pictures()
    right = [layer.dead for layer in check(net, x).layers]
    assert [layer.dead for layer in check(net, loader(x)).layers] == right
    assert [layer.dead for layer in check(net, x.split(50)).layers] == right
    assert [layer.dead for layer in check(net, {"x": x}).layers] == right
    assert [layer.dead for layer in check(net, x.numpy()).layers] == right
    scaled = check(net, loader(x * 255), forward=lambda model, batch: model(batch[0] / 255))
    assert [layer.dead for layer in scaled.layers] == right
    assert check(net, loader(x), batches=2).samples == 128


def test_outputs_in_tuples_and_dicts_are_outputs():
    class Headed(nn.Module):
        def __init__(self, kind):
            super().__init__()
            self.net, self.kind = nn.Linear(4, 3), kind

        def forward(self, x):
            y = torch.sigmoid(self.net(x))
            return {"tuple": (x, y), "dict": {"logits": y}, "tensor": y}[self.kind]

    for kind in ("tuple", "dict", "tensor"):
        assert check(Headed(kind), torch.randn(50, 4)).layers[0].role == "output"


def test_a_model_may_be_in_bfloat16_and_compiled():
    model = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 2))
    with torch.no_grad():
        model[0].bias[1] = -100.0
    x = torch.randn(400, 4)
    compiled = torch.compile(model, backend="eager")
    compiled(x)
    assert check(compiled, x).layers[0].dead == [1]
    part = nn.Sequential(torch.compile(model, backend="eager"), nn.Tanh())
    assert [layer.dead for layer in check(part, x).layers] == [[1], []]
    assert check(model.bfloat16(), x.bfloat16()).layers[0].dead == [1]


def test_modules_are_chosen_by_name_and_pattern(net):
    x = pictures(20)
    assert [layer.name for layer in check(net, x, include="act").layers] == ["act"]
    assert "act" not in [layer.name for layer in check(net, x, exclude=["a?t"]).layers]
    with pytest.raises(ValueError, match="exclude: no module is named `acte`: did you mean `act`"):
        check(net, x, exclude="acte")
    with pytest.raises(ValueError, match=r"axes names `nowhere\.relu`, and there is no such place"):
        check(net, x, axes={"nowhere.relu": 1})
    with pytest.raises(ValueError, match="axes: no layer is named `tanh`: there are act"):
        check(net, x, axes={"tanh": 1})
    with pytest.raises(ValueError, match=r"axes\['act'\] is 7, and the layer has 4 axes"):
        check(net, x, axes={"act": 7})
    assert check(net, x, axes={"act": 3}).layers[0].units == 6


def test_what_cannot_be_checked_is_refused_in_a_sentence(net):
    with pytest.raises(TypeError, match=r"must be a torch\.nn\.Module, not str"):
        check("net.onnx", pictures(2))
    with pytest.raises(ValueError, match="no batches"):
        check(net, [])
    with pytest.raises(TypeError, match="a DataLoader, a tensor, a dict of tensors or an iterable of batches, not int"):
        check(net, 3)
    with pytest.raises(ValueError, match="batches must be at least 1, not 0"):
        check(net, pictures(2), batches=0)
    with pytest.raises(ValueError, match="no activation function was called in Linear"):
        check(nn.Linear(2, 2), torch.zeros(3, 2))
    net.train()
    with pytest.raises(RuntimeError):
        check(net, torch.zeros(2, 5))
    assert net.training and net.drop.training
    with pytest.raises(TypeError, match=r"excite\.torch\.check\(model, data\)"):
        excite.check(net, np.zeros((2, 3, 6, 6)))
    with pytest.raises(TypeError, match="path of an ONNX file, not bytes"):
        excite.check(b"model")


def test_progress_and_the_page(net, tmp_path):
    told, page = [], tmp_path / "report.html"
    check(net, loader(pictures()), html=page, progress=lambda done, total, note: told.append((done, total)))
    assert told[0] == (0, 7) and told[-1] == (6, 7)
    text = page.read_text(encoding="utf-8")
    assert "2 of 8 units" in text and "act" in text


def test_recurrent_layers_and_widths_that_vary_are_said_not_to_be_seen():
    class Varying(nn.Module):
        def __init__(self):
            super().__init__()
            self.gru = nn.GRU(4, 3, batch_first=True)

        def forward(self, x):
            self.gru(x[:, None])
            return torch.relu(x[:, : x.shape[0]])

    found = check(Varying(), [torch.randn(4, 4), torch.randn(3, 4)])
    assert set(found.not_seen) == {"gru", "relu"}
    assert found.layers[0].samples == 4
