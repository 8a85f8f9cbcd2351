"""The modules of excite.torch: the names and arguments of torch.nn, derivatives, and PyTorch's transformations."""

import copy
import inspect
import pickle

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch._subclasses.fake_tensor import FakeTensorMode  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

import excite  # noqa: E402
import excite.torch  # noqa: E402
from excite.torch import functions, operators, watch  # noqa: E402

# Off the kinks of all functions.
POINTS = [-2.37, -1.21, -0.63, 0.217, 0.731, 1.83, 4.17]
ROWS = {"softmax": torch.softmax, "log_softmax": torch.log_softmax, "softmin": F.softmin}
#: Those that torch.nn has too, with arguments that are not the defaults.
SHARED = {
    "CELU": (1.5,),
    "ELU": (0.7,),
    "GELU": ("tanh",),
    "Hardshrink": (0.3,),
    "Hardsigmoid": (),
    "Hardswish": (),
    "Hardtanh": (-2.0, 3.0),
    "LeakyReLU": (0.2,),
    "LogSigmoid": (),
    "Mish": (),
    "PReLU": (1, 0.1),
    "RReLU": (0.1, 0.4),
    "ReLU": (),
    "ReLU6": (),
    "SELU": (),
    "SiLU": (),
    "Sigmoid": (),
    "Softplus": (2.0, 10.0),
    "Softshrink": (0.3,),
    "Softsign": (),
    "Tanh": (),
    "Tanhshrink": (),
    "Threshold": (0.1, 0.0),
}


def points(**options):
    return torch.tensor(POINTS, dtype=torch.float64, **options)


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


@pytest.mark.parametrize("name", sorted(excite.torch.MODULES))
def test_derivatives_of_two_orders_are_right_both_ways(name):
    module = excite.torch.MODULES[name]().double().eval()
    x = points(requires_grad=True)
    assert torch.autograd.gradcheck(module, (x,), check_forward_ad=True)
    assert torch.autograd.gradgradcheck(module, (x,), check_fwd_over_rev=name not in ("PReLU",))


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "softmin", "sparsemax"])
@pytest.mark.parametrize("temperature", [1.0, 0.7])
def test_those_along_an_axis_are_differentiated_twice_too(name, temperature):
    module = excite.torch.Softmax(1, name, temperature=temperature)
    x = torch.randn(3, 4, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(module, (x,), check_forward_ad=True)
    assert torch.autograd.gradgradcheck(module, (x,), check_fwd_over_rev=True)


@pytest.mark.parametrize(("name", "arguments"), SHARED.items())
def test_names_positional_arguments_and_values_are_those_of_torch_nn(name, arguments):
    theirs, ours = getattr(nn, name)(*arguments).eval(), getattr(excite.torch, name)(*arguments).eval()
    x = torch.linspace(-4, 4, 101)
    torch.testing.assert_close(ours(x), theirs(x), rtol=2e-6, atol=2e-7)
    given = [one for one in inspect.signature(theirs.__class__).parameters if one not in ("args", "kwargs")]
    mine = inspect.signature(ours.__class__).parameters
    # The last two of Hardtanh are deprecated.
    assert all(one in mine for one in given if one not in ("min_value", "max_value"))


def test_all_of_torch_nn_are_there_and_the_old_names_too():
    names = dir(excite.torch)
    assert set(SHARED) | {"Identity", "LogSoftmax", "Softmax", "Softmin", "Sparsemax", "Swish", "Snake"} <= set(names)
    for old in ("Relu", "LeakyRelu", "Gelu", "HardTanh", "Prelu", "LogSigmoid", "SoftShrink", "GeluTanh", "Silu"):
        assert old in names and issubclass(getattr(excite.torch, old), nn.Module)
    assert excite.torch.Relu is excite.torch.ReLU
    assert excite.torch.SoftShrink(lambda_=0.2).lambda_ == excite.torch.Softshrink(lambd=0.2).lambda_ == 0.2
    assert repr(excite.torch.LeakyReLU(0.2, inplace=True)) == "LeakyReLU(negative_slope=0.2, inplace=True)"
    with pytest.raises(AttributeError, match=r"'LeakyRELU': did you mean `LeakyReLU`\?"):
        excite.torch.LeakyRELU  # noqa: B018
    with pytest.raises(TypeError, match="too many positional"):
        excite.torch.ReLU(False, 1)
    with pytest.raises(ValueError, match="approximate must be"):
        excite.torch.GELU("erf")


def test_a_gradient_penalty_reaches_the_weights():
    def penalty(activation):
        w = torch.linspace(-1, 1, 16, dtype=torch.float64).reshape(4, 4).requires_grad_()
        x = torch.randn(8, 4, dtype=torch.float64, requires_grad=True, generator=torch.Generator().manual_seed(1))
        (gradient,) = torch.autograd.grad(activation(x @ w).sum(), x, create_graph=True)
        return torch.autograd.grad(((gradient.norm(dim=1) - 1) ** 2).mean(), w)[0]

    torch.testing.assert_close(penalty(excite.torch.Tanh()), penalty(torch.tanh))


def test_a_hessian_is_that_of_pytorch():
    x = points()
    right = torch.func.hessian(lambda x: F.gelu(x).sum())(x)
    ours = excite.torch.GELU()
    torch.testing.assert_close(torch.func.hessian(lambda x: ours(x).sum())(x), right)
    torch.testing.assert_close(torch.autograd.functional.hessian(lambda x: ours(x).sum(), x), right)


def test_there_are_four_derivatives_and_no_fifth():
    x = points(requires_grad=True)
    for function, right in ((excite.torch.Tanh(), torch.tanh), (excite.torch.Softplus(), F.softplus)):
        mine, theirs = function(x), right(x)
        for _ in range(4):
            mine, theirs = (torch.autograd.grad(y.sum(), x, create_graph=True)[0] for y in (mine, theirs))
            torch.testing.assert_close(mine, theirs)
        with pytest.raises(NotImplementedError, match="differentiated 4 times at most, not 5 times"):
            torch.autograd.grad(mine.sum(), x)


def test_vmap_and_per_sample_gradients():
    gelu, x = excite.torch.GELU(), torch.randn(5, 3, 4)
    for axis in range(3):
        torch.testing.assert_close(torch.vmap(gelu, in_dims=axis, out_dims=axis)(x), gelu(x))
    for name, function in ROWS.items():
        torch.testing.assert_close(torch.vmap(excite.torch.Softmax(0, name))(x), function(x, 1))
    model = nn.Sequential(nn.Linear(4, 6), excite.torch.SiLU(), nn.Linear(6, 2), excite.torch.LogSoftmax())
    like = nn.Sequential(model[0], nn.SiLU(), model[2], nn.LogSoftmax(-1))
    parameters = dict(model.named_parameters())

    def per_sample(model):
        def loss(parameters, x):
            return torch.func.functional_call(model, parameters, (x,)).square().sum()

        return torch.vmap(torch.func.grad(loss), in_dims=(None, 0))(parameters, x[:, 0])

    for name, gradient in per_sample(model).items():
        torch.testing.assert_close(gradient, per_sample(like)[name])


def model_with_all_kinds():
    return nn.Sequential(
        nn.Linear(4, 5),
        excite.torch.GELU(),
        nn.Linear(5, 5),
        excite.torch.LeakyReLU(0.2),
        excite.torch.PReLU(5),
        excite.torch.Softmax(-1),
    )


def test_a_compiled_model_is_one_graph():
    model, x = model_with_all_kinds(), torch.randn(8, 4)
    model(x).square().sum().backward()
    right = [parameter.grad.clone() for parameter in model.parameters()]
    model.zero_grad()
    y = torch.compile(model, fullgraph=True, backend="aot_eager")(x)
    y.square().sum().backward()
    torch.testing.assert_close(y, model(x))
    for parameter, gradient in zip(model.parameters(), right, strict=True):
        torch.testing.assert_close(parameter.grad, gradient)


@pytest.mark.parametrize("strict", [False, True])
def test_a_model_is_exported(strict):
    model, x = model_with_all_kinds(), torch.randn(8, 4)
    exported = torch.export.export(model, (x,), strict=strict)
    torch.testing.assert_close(exported.module()(x), model(x))


def test_in_place_is_in_place_and_has_the_same_gradients():
    x = torch.tensor([-1.0, 2.0])
    assert excite.torch.ReLU(inplace=True)(x) is x and x.tolist() == [0, 2]
    first, last, batch = nn.Linear(4, 5), nn.Linear(5, 1), torch.randn(8, 4)
    gradients = []
    for inner in ([excite.torch.ReLU(True), excite.torch.SiLU(True)], [nn.ReLU(), nn.SiLU()]):
        first.zero_grad()
        nn.Sequential(first, *inner, last)(batch).sum().backward()
        gradients.append(first.weight.grad.clone())
    torch.testing.assert_close(*gradients)


def test_the_slope_of_prelu_is_learned():
    module = excite.torch.PReLU(3, init=0.1)
    assert [parameter.shape for parameter in module.parameters()] == [(3,)]
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    module(-torch.ones(2, 3)).sum().backward()
    optimizer.step()
    torch.testing.assert_close(module.weight.detach(), torch.full((3,), 0.3))


def test_rrelu_is_random_in_training_only():
    module, x = excite.torch.RReLU(0.1, 0.4), -torch.ones(100)
    assert module(x).unique().numel() > 50
    torch.testing.assert_close(module.eval()(x), torch.full((100,), -0.25))


def test_modules_are_copied_and_pickled():
    model = model_with_all_kinds()
    x = torch.randn(3, 4)
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert torch.equal(other(x), model(x))
    assert set(model.state_dict()) == {"0.weight", "0.bias", "2.weight", "2.bias", "4.weight"}


@pytest.mark.parametrize("name", sorted(SHARED))
def test_on_another_device_they_are_those_of_pytorch(name):
    module = getattr(excite.torch, name)(*SHARED[name]).eval()
    with FakeTensorMode(allow_non_fake_inputs=True):
        x = torch.empty(3, 4, device="cuda")
        if name != "PReLU":  # its weight is on the CPU
            assert module(x).device.type == "cuda"
        with pytest.raises(TypeError, match="on cuda:0, where PyTorch has no snake"):
            excite.torch.Snake()(x)
        assert excite.torch.LogSoftmax()(x).device.type == "cuda"
        with pytest.raises(TypeError, match="on cuda:0, where PyTorch has no sparsemax"):
            excite.torch.Sparsemax()(x)


def test_elsewhere_the_function_is_the_same():
    x = torch.linspace(-4, 4, 101)
    for name in functions._NAMES:
        if name not in ("identity", "rrelu") and name in excite._native.PYTORCH:
            values = [getattr(excite.torch.Activation(name), one) for one in operators.parameters_of(name)]
            right = excite.torch.Activation(name)(x)
            torch.testing.assert_close(functions._elsewhere(name, values, x.device)(x), right, rtol=2e-6, atol=1e-6)


@pytest.mark.parametrize("inplace", [False, True])
def test_a_watch_sees_them(inplace):
    model = nn.Sequential(
        nn.Linear(4, 6),
        excite.torch.ReLU(inplace=inplace),
        nn.Linear(6, 6),
        excite.torch.LeakyReLU(0.2, inplace=inplace),
        excite.torch.PReLU(),
    )
    with watch(model, every=1) as handle:
        model(torch.randn(50, 4))
    layers = handle.report().diagnosis.layers
    assert [(layer.name, layer.function) for layer in layers] == [
        ("1", "relu"),
        ("3", "leaky_relu(0.2)"),
        ("4", "prelu"),
    ]
    assert 0.1 < layers[0].not_positive < 0.9
