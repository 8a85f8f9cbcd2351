"""excite's functions as operators of PyTorch, `torch.ops.excite`, and how they are differentiated.

An operator says what shape its result has, for torch.compile and torch.export, and how it works on a batch, for vmap.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
from typing import Any

import torch
from torch.utils._python_dispatch import is_in_torch_dispatch_mode

from excite import _native

#: The highest derivative that the native half has.
_HIGHEST = 4


def _elementwise(x: torch.Tensor, name: str, parameters: list[float]) -> torch.Tensor:
    """y = f(x)."""
    y = torch.empty_like(x, memory_format=torch.contiguous_format)
    getattr(_native, name)(x, out=y, **_by_name(name, parameters))
    return y


def _derivative(x: torch.Tensor, dy: torch.Tensor, name: str, parameters: list[float], order: int) -> torch.Tensor:
    """dx = dy · f'(x) for order 1, dy · f''(x) for 2, and so on."""
    dx = torch.empty_like(x, memory_format=torch.contiguous_format)
    keywords = _by_name(name, parameters)
    if order == 1:
        getattr(_native, f"{name}_grad")(x, dy, out=dx, **keywords)
    elif order <= _HIGHEST:
        _native.derivative(name, order, x, dy, dx, keywords)
    else:
        raise NotImplementedError(
            f"{name} is differentiated {_HIGHEST} times at most, not {order} times: use the function of torch.nn"
        )
    return dx


elementwise = torch.library.custom_op("excite::elementwise", _elementwise, mutates_args=(), device_types="cpu")
derivative = torch.library.custom_op("excite::derivative", _derivative, mutates_args=(), device_types="cpu")


def _is_plain(x: torch.Tensor) -> bool:
    """Whether a tensor has values of its own, and nobody traces: then there is no need to go by the operator."""
    is_wrapped = torch._C._functorch.is_functorch_wrapped_tensor(x)
    return type(x) in (torch.Tensor, torch.nn.Parameter) and not is_wrapped and not is_in_torch_dispatch_mode()


@torch.library.custom_op("excite::along_axis", mutates_args=(), device_types="cpu")
def along_axis(x: torch.Tensor, name: str, axis: int, parameters: list[float]) -> torch.Tensor:
    """y = f(x) for softmax and similar functions."""
    y = torch.empty_like(x, memory_format=torch.contiguous_format)
    getattr(_native, name)(x, axis, out=y, **_by_name(name, parameters))
    return y


@torch.library.custom_op("excite::along_axis_derivative", mutates_args=(), device_types="cpu")
def along_axis_derivative(
    y: torch.Tensor, dy: torch.Tensor, name: str, axis: int, parameters: list[float]
) -> torch.Tensor:
    """dx from y = f(x) and dy."""
    dx = torch.empty_like(y, memory_format=torch.contiguous_format)
    getattr(_native, f"{name}_grad")(dy=dy, axis=axis, y=y, out=dx, **_by_name(name, parameters))
    return dx


@functools.cache
def parameters_of(name: str) -> tuple[str, ...]:
    """The names of the parameters of a function."""
    given = inspect.signature(getattr(_native, name)).parameters.values()
    return tuple(one.name for one in given if isinstance(one.default, float))


def _by_name(name: str, parameters: list[float]) -> dict[str, float]:
    return dict(zip(parameters_of(name), parameters, strict=True))


def _like_first(x: torch.Tensor, *_: Any) -> torch.Tensor:
    return torch.empty_like(x, memory_format=torch.contiguous_format)


for _operator in (elementwise, derivative, along_axis, along_axis_derivative):
    _operator.register_fake(_like_first)


def _keep(ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
    x, *ctx.call = inputs
    ctx.save_for_backward(x)


def _keep_output(ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
    ctx.call = inputs[1:]
    ctx.save_for_backward(output)


# What a compiler differentiates, once: it does not know the functions below, which do more.
elementwise.register_autograd(
    lambda ctx, dy: (derivative(*ctx.saved_tensors, dy, *ctx.call, 1), None, None), setup_context=_keep
)
along_axis.register_autograd(
    lambda ctx, dy: (along_axis_derivative(*ctx.saved_tensors, dy, *ctx.call), None, None, None),
    setup_context=_keep_output,
)


@dataclasses.dataclass(frozen=True)
class _Call:
    """All arguments but tensors, as one object: PyTorch would ask for the tangent of each number in a list."""

    name: str
    parameters: list[float]
    #: Of the derivative, or the axis.
    number: int = 0


class _Elementwise(torch.autograd.Function):
    """y = f(x)."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: torch.Tensor, call: _Call) -> torch.Tensor:
        function = _elementwise if _is_plain(x) else elementwise
        return function(x, call.name, call.parameters)

    @staticmethod
    def setup_context(context: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
        x, context.call = inputs
        context.save_for_backward(x)
        context.save_for_forward(x)

    @staticmethod
    def backward(context: Any, dy: torch.Tensor) -> tuple[Any, ...]:
        (x,) = context.saved_tensors
        return _differentiated(x, dy, context.call, 1), None

    @staticmethod
    def jvp(context: Any, dx: torch.Tensor, _: None) -> torch.Tensor:
        (x,) = context.saved_tensors
        return _differentiated(x, dx, context.call, 1)


class _Derivative(torch.autograd.Function):
    """dx = dy · f'(x), or with a higher derivative in its place: by dy it is linear, and by x the next one."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: torch.Tensor, dy: torch.Tensor, call: _Call) -> torch.Tensor:
        function = _derivative if _is_plain(x) and _is_plain(dy) else derivative
        return function(x, dy, call.name, call.parameters, call.number)

    @staticmethod
    def setup_context(context: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
        x, dy, context.call = inputs
        context.save_for_backward(x, dy)
        context.save_for_forward(x, dy)

    @staticmethod
    def backward(context: Any, upstream: torch.Tensor) -> tuple[Any, ...]:
        x, dy = context.saved_tensors
        call, (needs_x, needs_dy, _) = context.call, context.needs_input_grad
        by_x = _differentiated(x, upstream * dy, call, call.number + 1) if needs_x else None
        return by_x, _differentiated(x, upstream, call, call.number) if needs_dy else None, None

    @staticmethod
    def jvp(context: Any, dx: torch.Tensor, ddy: torch.Tensor, _: None) -> torch.Tensor:
        x, dy = context.saved_tensors
        call = context.call
        return _differentiated(x, dx * dy, call, call.number + 1) + _differentiated(x, ddy, call, call.number)


class _AlongAxis(torch.autograd.Function):
    """Softmax and similar functions."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: torch.Tensor, call: _Call) -> torch.Tensor:
        return along_axis(x, call.name, call.number, call.parameters)

    @staticmethod
    def setup_context(context: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
        context.call = inputs[1]
        context.save_for_backward(output)
        context.save_for_forward(output)

    @staticmethod
    def backward(context: Any, dy: torch.Tensor) -> tuple[Any, ...]:
        (y,) = context.saved_tensors
        return _AlongAxisDerivative.apply(y, dy, context.call), None

    @staticmethod
    def jvp(context: Any, dx: torch.Tensor, _: None) -> torch.Tensor:
        (y,) = context.saved_tensors
        return _transposed(y, dx, context.call)


class _AlongAxisDerivative(torch.autograd.Function):
    """dx from y and dy: by both it is differentiated in operations that PyTorch differentiates further."""

    generate_vmap_rule = True

    @staticmethod
    def forward(y: torch.Tensor, dy: torch.Tensor, call: _Call) -> torch.Tensor:
        return along_axis_derivative(y, dy, call.name, call.number, call.parameters)

    @staticmethod
    def setup_context(context: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
        y, dy, context.call = inputs
        context.save_for_backward(y, dy)
        context.save_for_forward(y, dy)

    @staticmethod
    def backward(context: Any, upstream: torch.Tensor) -> tuple[Any, ...]:
        y, dy = context.saved_tensors
        return _by_output(y, dy, upstream, context.call), _transposed(y, upstream, context.call), None

    @staticmethod
    def jvp(context: Any, along_y: torch.Tensor, along_dy: torch.Tensor, _: None) -> torch.Tensor:
        y, dy = context.saved_tensors
        call = context.call
        by_dy = _AlongAxisDerivative.apply(y, along_dy, call)
        return _by_output_forward(y, dy, along_y, call) + by_dy


def _by_output(y: torch.Tensor, dy: torch.Tensor, upstream: torch.Tensor, call: _Call) -> torch.Tensor:
    """The gradient of dx by y."""
    axis, (temperature,) = call.number, call.parameters
    if call.name == "log_softmax":
        # dx = dy − eʸ·Σdy
        return -upstream * y.exp() * dy.sum(axis, keepdim=True) / temperature
    if call.name == "sparsemax":
        # The support does not move.
        return torch.zeros_like(y)
    # dx = ±y·(dy − Σ y·dy)
    by_y = upstream * (dy - (y * dy).sum(axis, keepdim=True)) - dy * (upstream * y).sum(axis, keepdim=True)
    return (-by_y if call.name == "softmin" else by_y) / temperature


def _by_output_forward(y: torch.Tensor, dy: torch.Tensor, along: torch.Tensor, call: _Call) -> torch.Tensor:
    """How dx changes where y changes by `along`."""
    axis, (temperature,) = call.number, call.parameters
    if call.name == "log_softmax":
        return -along * y.exp() * dy.sum(axis, keepdim=True) / temperature
    if call.name == "sparsemax":
        return torch.zeros_like(y)
    change = along * (dy - (y * dy).sum(axis, keepdim=True)) - y * (along * dy).sum(axis, keepdim=True)
    return (-change if call.name == "softmin" else change) / temperature


def _transposed(y: torch.Tensor, dx: torch.Tensor, call: _Call) -> torch.Tensor:
    """The derivative the other way round, from dx to dy, which for all but log_softmax is the same."""
    if call.name == "log_softmax":
        return (dx - (dx * y.exp()).sum(call.number, keepdim=True)) / call.parameters[0]
    found: torch.Tensor = _AlongAxisDerivative.apply(y, dx, call)
    return found


def _differentiated(x: torch.Tensor, dy: torch.Tensor, call: _Call, order: int) -> torch.Tensor:
    """dy · f'(x) or a higher derivative, differentiated by both."""
    dx: torch.Tensor = _Derivative.apply(x, dy, _Call(call.name, call.parameters, order))
    return dx


# It saves a part of the time of a call: PyTorch asks for it each time.
for _function in (_Elementwise, _Derivative, _AlongAxis, _AlongAxisDerivative):
    _function.forward.__signature__ = inspect.signature(_function.forward)  # type: ignore[union-attr]


def applied(x: torch.Tensor, name: str, parameters: list[float]) -> torch.Tensor:
    """y = f(x), differentiated by x."""
    if torch.compiler.is_compiling():
        return elementwise(x, name, parameters)
    y: torch.Tensor = _Elementwise.apply(x, _Call(name, parameters))
    return y


def applied_along(x: torch.Tensor, name: str, axis: int, parameters: list[float]) -> torch.Tensor:
    """y = f(x) for softmax and similar functions, differentiated by x."""
    if torch.compiler.is_compiling():
        return along_axis(x, name, axis, parameters)
    y: torch.Tensor = _AlongAxis.apply(x, _Call(name, parameters, axis))
    return y


def _first(size: int, dimension: int | None, tensor: torch.Tensor) -> torch.Tensor:
    """With the batch of vmap along the first axis."""
    return tensor.expand(size, *tensor.shape) if dimension is None else tensor.movedim(dimension, 0)


def _past(axis: int) -> int:
    """An axis where another was put first."""
    return axis + 1 if axis >= 0 else axis


@elementwise.register_vmap
def _(info: Any, dimensions: Any, x: torch.Tensor, *call: Any) -> tuple[torch.Tensor, int]:
    return elementwise(x, *call), dimensions[0]


@derivative.register_vmap
def _(info: Any, dimensions: Any, x: torch.Tensor, dy: torch.Tensor, *call: Any) -> tuple[torch.Tensor, int]:
    x, dy = _first(info.batch_size, dimensions[0], x), _first(info.batch_size, dimensions[1], dy)
    return derivative(x, dy, *call), 0


@along_axis.register_vmap
def _(info: Any, dimensions: Any, x: torch.Tensor, name: str, axis: int, parameters: Any) -> tuple[torch.Tensor, int]:
    return along_axis(_first(info.batch_size, dimensions[0], x), name, _past(axis), parameters), 0


@along_axis_derivative.register_vmap
def _(
    info: Any, dimensions: Any, y: torch.Tensor, dy: torch.Tensor, name: str, axis: int, parameters: Any
) -> tuple[torch.Tensor, int]:
    y, dy = _first(info.batch_size, dimensions[0], y), _first(info.batch_size, dimensions[1], dy)
    return along_axis_derivative(y, dy, name, _past(axis), parameters), 0
