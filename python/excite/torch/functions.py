"""The functions of the catalogue as modules of PyTorch, by the names and with the arguments of `torch.nn`."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import torch
from torch.overrides import handle_torch_function, has_torch_function_unary

from excite import _native
from excite.torch.operators import applied, applied_along, parameters_of


def activate(x: torch.Tensor, name: str, parameters: Sequence[float], *, inplace: bool = False) -> torch.Tensor:
    """y = f(x), with the parameters of f in their order. Function modes see the call."""
    if has_torch_function_unary(x):
        y: torch.Tensor = handle_torch_function(activate, (x,), x, name, parameters, inplace=inplace)
        return y
    _check(x)
    if x.device.type in ("cpu", "meta"):
        # The derivative needs the input afterwards.
        kept = x.clone() if inplace and x.requires_grad else x
        y = applied(kept, name, list(parameters))
    else:
        y = _elsewhere(name, parameters, x.device)(x)
    return x.copy_(y) if inplace else y


def _check(x: torch.Tensor) -> None:
    if not x.is_floating_point():
        raise TypeError(f"the tensor holds {x.dtype}: the functions take floats of 16, 32 and 64 bits")


class Activation(torch.nn.Module):
    """A function of the catalogue by its name, with its parameters; `inplace` writes the result over the input.

    It is differentiated up to four times, and works under vmap, torch.func, torch.compile and torch.export. excite
    computes in the memory of the CPU; on other devices PyTorch's own function is called, where there is one.

    Raises ValueError for a name that is not known and for parameters out of range, TypeError for a parameter that the
    function lacks.

    >>> import torch
    >>> from excite.torch import Activation
    >>> Activation("swish", beta=2.0)(torch.tensor([0.0, 1.0]))
    tensor([0.0000, 0.8808])
    """

    def __init__(self, name: str, *, inplace: bool = False, **parameters: float) -> None:
        super().__init__()
        if name not in _NAMES:
            raise ValueError(f"there is no function `{name}`: choose one of {', '.join(_NAMES)}")
        getattr(_native, name)(0.0, **parameters)
        self.name, self.inplace = name, inplace
        known = inspect.signature(getattr(_native, name)).parameters
        self._names = parameters_of(name)
        for parameter in self._names:
            setattr(self, parameter, float(parameters.get(parameter, known[parameter].default)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """y = f(x)."""
        values = [getattr(self, parameter) for parameter in self._names]
        return activate(x, self.name, values, inplace=self.inplace)

    def called(self) -> str:
        """The function with its parameters, as the catalogue reads it: `leaky_relu(0.2)`."""
        values = ", ".join(str(getattr(self, parameter)) for parameter in self._names)
        return f"{self.name}({values})" if values else self.name

    def extra_repr(self) -> str:
        """The parameters."""
        given = [f"{parameter}={getattr(self, parameter)}" for parameter in self._names]
        name = [repr(self.name)] if type(self) is Activation else []
        return ", ".join(name + given + ["inplace=True"] * self.inplace)


class GELU(Activation):
    """x·Φ(x), or with `approximate="tanh"` its approximation by tanh, as `torch.nn.GELU`."""

    def __init__(self, approximate: str = "none") -> None:
        if approximate not in ("none", "tanh"):
            raise ValueError(f"approximate must be 'none' or 'tanh', not {approximate!r}")
        super().__init__("gelu" if approximate == "none" else "gelu_tanh")
        self.approximate = approximate

    def extra_repr(self) -> str:
        """Which of the two."""
        return f"approximate={self.approximate!r}"


class RReLU(Activation):
    """x above 0 and a·x below, as `torch.nn.RReLU`: in training a is random, by PyTorch's generator, then the mean."""

    def __init__(self, lower: float = 1 / 8, upper: float = 1 / 3, inplace: bool = False) -> None:
        super().__init__("rrelu", lower=lower, upper=upper, inplace=inplace)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """y = f(x)."""
        if self.training:
            y: torch.Tensor = torch.nn.functional.rrelu(x, self.lower, self.upper, True, self.inplace)
            return y
        return super().forward(x)


class PReLU(torch.nn.PReLU):
    """x above 0 and w·x below, where w is learned, for all units or for each: `torch.nn.PReLU` itself.

    Of one product there is nothing that could be rounded better.
    """


class Identity(torch.nn.Identity):
    """x: `torch.nn.Identity` itself, which takes any arguments."""


class Softmax(torch.nn.Module):
    """eˣ / Σeˣ along an axis, as `torch.nn.Softmax`; `name` may be log_softmax, softmin or sparsemax.

    Raises ValueError for a function that does not work along an axis.
    """

    def __init__(self, dim: int = -1, name: str = "softmax", *, axis: int | None = None, **parameters: float) -> None:
        super().__init__()
        if "axis" not in inspect.signature(getattr(_native, name, len)).parameters:
            raise ValueError(f"`{name}` does not work along an axis: choose softmax, log_softmax, softmin or sparsemax")
        getattr(_native, name)([0.0], **parameters)
        known = inspect.signature(getattr(_native, name)).parameters
        self.dim, self.function = dim if axis is None else axis, name
        self._values = [float(parameters.get(one, known[one].default)) for one in parameters_of(name)]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """y = f(x) along the axis."""
        _check(x)
        if x.device.type not in ("cpu", "meta"):
            theirs = getattr(torch.nn.functional, self.function, None)
            if theirs is None:
                raise TypeError(_nowhere(x.device, self.function))
            y: torch.Tensor = theirs(x / self._values[0], self.dim)
            return y
        return applied_along(x, self.function, self.dim, self._values)

    def extra_repr(self) -> str:
        """The axis."""
        return f"dim={self.dim}"


class LogSoftmax(Softmax):
    """x − ln Σeˣ along an axis, as `torch.nn.LogSoftmax`."""

    def __init__(self, dim: int = -1) -> None:
        super().__init__(dim, "log_softmax")


class Softmin(Softmax):
    """The softmax of −x along an axis, as `torch.nn.Softmin`."""

    def __init__(self, dim: int = -1) -> None:
        super().__init__(dim, "softmin")


class Sparsemax(Softmax):
    """The nearest point of the simplex, along an axis: small entries become 0."""

    def __init__(self, dim: int = -1) -> None:
        super().__init__(dim, "sparsemax")


def _names() -> list[str]:
    """The functions of the catalogue that work element by element."""
    native = [name for name in _native.__all__ if f"{name}_grad" in _native.__all__]
    return [name for name in native if "axis" not in inspect.signature(getattr(_native, name)).parameters]


_NAMES = _names()


def _of_torch(name: str) -> type[torch.nn.Module] | None:
    """The module of torch.nn that is the function."""
    path = _native.PYTORCH.get(name, "")
    found = getattr(torch.nn, path.removeprefix("torch.nn."), None) if path.startswith("torch.nn.") else None
    return found if isinstance(found, type) else None


def _elsewhere(name: str, parameters: Sequence[float], device: torch.device) -> Any:
    """PyTorch's own function, for a device on which excite does not compute."""
    if name == "gelu_tanh":
        return torch.nn.GELU("tanh")
    if name == "prelu":
        return torch.nn.LeakyReLU(*parameters)
    if name == "rrelu":
        return torch.nn.RReLU(*parameters).eval()
    path = _native.PYTORCH.get(name, "")
    module = _of_torch(name)
    if module is not None:
        return module(*parameters)
    if path:
        return getattr(torch, path.removeprefix("torch."))
    raise TypeError(_nowhere(device, name))


def _nowhere(device: torch.device, name: str) -> str:
    return f"the tensor is on {device}, where PyTorch has no {name}: bring it to the CPU"


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def _signature(name: str) -> inspect.Signature:
    """The arguments of the function's module: those of torch.nn where it has one, with its defaults or else ours."""
    module = _of_torch(name)
    native = inspect.signature(getattr(_native, name)).parameters
    ours = [native[one] for one in parameters_of(name)]
    names = [one.name for one in ours]
    either = inspect.Parameter.POSITIONAL_OR_KEYWORD
    if module is not None:
        given = [one for one in inspect.signature(module).parameters.values() if one.kind is either]
        names = [one.name for one in given if not isinstance(one.default, bool | str | None)]
    shown = [
        inspect.Parameter(shown, either, default=one.default, annotation=float)
        for shown, one in zip(names, ours, strict=True)
    ]
    return inspect.Signature([*shown, inspect.Parameter("inplace", either, default=False, annotation=bool)])


def _module(name: str) -> type[Activation]:
    """The module of a function: its arguments go by torch.nn's names and by those of the catalogue."""
    signature = _signature(name)
    ours = dict(zip(signature.parameters, parameters_of(name), strict=False))
    theirs = {our: name for name, our in ours.items()}

    def __init__(self: Activation, *arguments: Any, **keywords: Any) -> None:  # noqa: N807 - it becomes one
        bound = signature.bind(*arguments, **{theirs.get(key, key): value for key, value in keywords.items()})
        inplace = bound.arguments.pop("inplace", False)
        parameters = {ours[key]: value for key, value in bound.arguments.items()}
        Activation.__init__(self, name, inplace=inplace, **parameters)

    module = _of_torch(name)
    title = _camel(name) if module is None else module.__name__
    body = {
        "__init__": __init__,
        "__doc__": getattr(_native, name).__doc__,
        "__module__": "excite.torch",
        "__signature__": signature,
    }
    return type(title, (Activation,), body)


def _modules() -> dict[str, type[torch.nn.Module]]:
    own = {"gelu": GELU, "rrelu": RReLU, "prelu": PReLU, "identity": Identity}
    found: dict[str, type[torch.nn.Module]] = {}
    for name in _NAMES:
        module = own.get(name) or _module(name)
        module.__module__ = "excite.torch"
        found[module.__name__] = module
    return found


#: The module of each function of the catalogue, by its name.
MODULES: dict[str, type[torch.nn.Module]] = _modules()

#: Other names of some of them, from those of the catalogue.
ALIASES: dict[str, type[torch.nn.Module]] = {
    _camel(name): module for name, module in zip(_NAMES, MODULES.values(), strict=True) if _camel(name) not in MODULES
}
