"""The functions of the catalogue as modules of PyTorch, with gradients, for tensors in the memory of the CPU."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import torch

from excite import _native


class _Elementwise(torch.autograd.Function):
    """y = f(x), with dx = dy · f'(x)."""

    @staticmethod
    def forward(context: Any, x: torch.Tensor, name: str, parameters: dict[str, float]) -> torch.Tensor:
        context.save_for_backward(x)
        context.call = (name, parameters)
        y = torch.empty_like(x, memory_format=torch.contiguous_format)
        getattr(_native, name)(x, out=y, **parameters)
        return y

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(context: Any, dy: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        (x,) = context.saved_tensors
        name, parameters = context.call
        dx = torch.empty_like(x, memory_format=torch.contiguous_format)
        getattr(_native, f"{name}_grad")(x, dy, out=dx, **parameters)
        return dx, None, None


class _AlongAxis(torch.autograd.Function):
    """Softmax and similar functions."""

    @staticmethod
    def forward(context: Any, x: torch.Tensor, name: str, axis: int, parameters: dict[str, float]) -> torch.Tensor:
        y = torch.empty_like(x, memory_format=torch.contiguous_format)
        getattr(_native, name)(x, axis, out=y, **parameters)
        context.save_for_backward(y)
        context.call = (name, axis, parameters)
        return y

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(context: Any, dy: torch.Tensor) -> tuple[torch.Tensor, None, None, None]:
        (y,) = context.saved_tensors
        name, axis, parameters = context.call
        dx = torch.empty_like(y)
        getattr(_native, f"{name}_grad")(dy=dy, axis=axis, y=y, out=dx, **parameters)
        return dx, None, None, None


def _check(x: torch.Tensor) -> None:
    if not x.is_floating_point():
        raise TypeError(f"the tensor holds {x.dtype}: the functions take floats of 16, 32 and 64 bits")


class Activation(torch.nn.Module):
    """A function of the catalogue by its name, with its parameters.

    Its gradient is exact; there is no second one. Raises ValueError for a name that is not known.
    """

    def __init__(self, name: str, **parameters: float) -> None:
        super().__init__()
        function: Callable[..., Any] | None = getattr(_native, name, None)
        if function is None or f"{name}_grad" not in _native.__all__:
            raise ValueError(f"there is no function `{name}`: choose one of {', '.join(_names())}")
        function(0.0, **parameters)
        self.name = name
        self.parameters_ = parameters

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """y = f(x)."""
        _check(x)
        y: torch.Tensor = _Elementwise.apply(x, self.name, self.parameters_)
        return y

    def extra_repr(self) -> str:
        """The parameters."""
        return ", ".join(f"{name}={value}" for name, value in self.parameters_.items())


class Softmax(torch.nn.Module):
    """softmax, log_softmax, softmin or sparsemax along an axis."""

    def __init__(self, axis: int = -1, name: str = "softmax", **parameters: float) -> None:
        super().__init__()
        if "axis" not in inspect.signature(getattr(_native, name, len)).parameters:
            raise ValueError(f"`{name}` does not work along an axis: choose softmax, log_softmax, softmin or sparsemax")
        self.axis, self.name, self.parameters_ = axis, name, parameters

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """y = f(x) along the axis."""
        _check(x)
        y: torch.Tensor = _AlongAxis.apply(x, self.name, self.axis, self.parameters_)
        return y


def _names() -> list[str]:
    """The functions of the catalogue that work element by element."""
    native = [name for name in _native.__all__ if f"{name}_grad" in _native.__all__]
    return [name for name in native if "axis" not in inspect.signature(getattr(_native, name)).parameters]


def _module(name: str) -> type[Activation]:
    def __init__(self: Activation, **parameters: float) -> None:  # noqa: N807 - it becomes one
        Activation.__init__(self, name, **parameters)

    title = "".join(part.capitalize() for part in name.split("_"))
    body = {"__init__": __init__, "__doc__": getattr(_native, name).__doc__, "__module__": "excite.torch"}
    return type(title, (Activation,), body)


#: The module of each function of the catalogue, by its name.
MODULES: dict[str, type[Activation]] = {module.__name__: module for module in map(_module, _names())}
