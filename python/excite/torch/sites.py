"""Where a model applies an activation function: each place by its name, with what goes in and what comes out."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

#: What PyTorch calls the functions, as F.name, torch.name or Tensor.name, also with `_` for in place; and ours for it.
_NAMES = {
    "celu": "celu",
    "elu": "elu",
    "gelu": "gelu",
    "hardshrink": "hard_shrink",
    "hardsigmoid": "hard_sigmoid",
    "hardswish": "hard_swish",
    "hardtanh": "hard_tanh",
    "leaky_relu": "leaky_relu",
    "logsigmoid": "log_sigmoid",
    "mish": "mish",
    "relu": "relu",
    "relu6": "relu6",
    "selu": "selu",
    "sigmoid": "sigmoid",
    "silu": "silu",
    "softplus": "softplus",
    "softshrink": "soft_shrink",
    "softsign": "softsign",
    "tanh": "tanh",
    "tanhshrink": "tanh_shrink",
}
#: The arguments after the input that are parameters of ours, in order.
_PARAMETERS = {
    "celu": ["alpha"],
    "elu": ["alpha"],
    "leaky_relu": ["negative_slope"],
    "hardtanh": ["min_val", "max_val"],
    "hardshrink": ["lambd"],
    "softshrink": ["lambd"],
    "softplus": ["beta", "threshold"],
}
#: Layers whose outputs have their units along the second axis.
_CHANNELS = (
    torch.nn.modules.conv._ConvNd,
    torch.nn.modules.batchnorm._NormBase,
    torch.nn.GroupNorm,
)


def _functions() -> dict[Callable[..., Any], str]:
    """Every function of PyTorch that is an activation function, with its name there."""
    found: dict[Callable[..., Any], str] = {}
    for name in _NAMES:
        for owner in (torch.nn.functional, torch, torch.Tensor, torch._C._nn):
            for spelled in (name, f"{name}_"):
                function = getattr(owner, spelled, None)
                if callable(function):
                    found[function] = name
    return found


_FUNCTIONS = _functions()


@dataclasses.dataclass
class Call:
    """A call of an activation function in a forward pass."""

    name: str
    function: str
    z: torch.Tensor
    a: torch.Tensor
    axis: int
    #: The layer whose output goes in, if it is one with weights.
    producer: str | None
    #: The modules that were entered before that layer.
    upstream: frozenset[str]

    def units(self) -> int:
        """The number of units."""
        return int(self.z.shape[self.axis])


class Tracer:
    """Follows a model through forward passes, and hands over each call of an activation function.

    Modules are followed by hooks and calls by PyTorch's function modes, so that modules, functions and methods of
    tensors are found alike; both do nothing but while a pass is traced.
    """

    def __init__(self, model: torch.nn.Module, axes: dict[str, int]) -> None:
        self.names = {module: name for name, module in model.named_modules()}
        self.model, self.axes = model, axes
        self._hooks: list[Any] = []
        self._take: Callable[[Call], None] | None = None
        self._take_inputs: Callable[[str, torch.Tensor], None] | None = None
        self._last: torch.nn.Module | None = None
        self._stack: list[str] = []
        self._entered: list[str] = []
        self._seen: dict[str, int] = {}
        self._producer: tuple[torch.nn.Module, torch.Tensor, frozenset[str]] | None = None
        for module in model.modules():
            self._hooks.append(module.register_forward_pre_hook(self._enter))
            self._hooks.append(module.register_forward_hook(self._leave, always_call=True))

    def close(self) -> None:
        """Take the hooks out of the model."""
        for hook in self._hooks:
            hook.remove()
        self._hooks.clear()

    def start(
        self, take: Callable[[Call], None], take_inputs: Callable[[str, torch.Tensor], None] | None = None
    ) -> _Mode:
        """Begin to trace a pass; the mode that is returned must be entered for its time.

        `take` gets each call, `take_inputs` what goes into each linear layer: [rows, inputs].
        """
        self._take, self._take_inputs = take, take_inputs
        self._stack, self._entered, self._seen, self._producer = [], [], {}, None
        return _Mode(self)

    def stop(self) -> None:
        """The pass is over."""
        self._take, self._producer = None, None

    def _enter(self, module: torch.nn.Module, _inputs: Any) -> None:
        if self._take is not None:
            self._stack.append(self.names[module])
            self._entered.append(self.names[module])

    def _leave(self, module: torch.nn.Module, inputs: Any, output: Any) -> None:
        if self._take is None or not self._stack:
            return
        self._stack.pop()
        weight = getattr(module, "weight", None)
        if isinstance(weight, torch.Tensor) and isinstance(output, torch.Tensor) and not any(module.children()):
            name = self.names[module]
            if self._take_inputs is not None and isinstance(module, torch.nn.Linear) and inputs:
                self._take_inputs(name, inputs[0].detach().flatten(0, -2).float())
            # Normalisation scales what the layer before it gives: the weights are that layer's.
            before = self._producer
            if weight.dim() >= 2 or before is None:
                self._producer = (module, output, frozenset(n for n in self._entered if n != name))
            else:
                self._producer = (before[0], output, before[2])
            self._last = module

    def called(self, function: str, z: torch.Tensor, a: torch.Tensor) -> None:
        """An activation function was called in the pass."""
        if self._take is None or not z.is_floating_point() or z.dim() == 0:
            return
        place = self._stack[-1] if self._stack else ""
        kind = function.split("(")[0]
        module = self.model.get_submodule(place)
        # A module of one function is a place by itself; others may hold several.
        base = (
            place if place and not any(module.children()) and _is_activation(module) else f"{place}.{kind}".strip(".")
        )
        count = self._seen[base] = self._seen.get(base, 0) + 1
        name = base if count == 1 else f"{base}#{count}"
        producer, upstream, axis = None, frozenset[str](), None
        if self._producer is not None and self._producer[1].shape == z.shape:
            producer, upstream = self.names[self._producer[0]], self._producer[2]
            axis = 1 if isinstance(self._last, _CHANNELS) else -1
        axis = self.axes.get(name, axis if axis is not None else 1 if z.dim() != 3 else -1)
        axis = axis if z.dim() > 1 else 0
        assert self._take is not None
        self._take(Call(name, function, z, a, axis % z.dim(), producer, upstream))


def _is_activation(module: torch.nn.Module) -> bool:
    return type(module).__module__ in ("torch.nn.modules.activation", "excite.torch")


class _Mode(TorchFunctionMode):
    """Sees each call of a function of PyTorch."""

    def __init__(self, tracer: Tracer) -> None:
        super().__init__()
        self.tracer = tracer

    def __torch_function__(
        self,
        function: Callable[..., Any],
        kinds: Iterable[type],
        arguments: tuple[Any, ...] = (),
        keywords: dict[str, Any] | None = None,
    ) -> Any:
        keywords = keywords or {}
        name = _FUNCTIONS.get(function) if isinstance(function, _KINDS) else None
        if name is None:
            return function(*arguments, **keywords)
        z = arguments[0] if arguments else keywords["input"]
        overwrites = keywords.get("inplace", False) or function.__name__.endswith("_") or True in arguments[1:]
        before = z.detach()
        if overwrites:
            before = before.clone()
        a = function(*arguments, **keywords)
        self.tracer.called(_spelled(name, arguments[1:], keywords), before, a.detach())
        return a


#: Not all that is called so is hashable.
_KINDS = tuple({type(function) for function in _FUNCTIONS})


def _spelled(name: str, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> str:
    """The function as the catalogue reads it: `leaky_relu(0.2)`."""
    ours = _NAMES[name]
    if name == "gelu" and keywords.get("approximate") == "tanh":
        return "gelu_tanh"
    wanted = _PARAMETERS.get(name, [])
    given = dict(zip(wanted, (value for value in arguments if not isinstance(value, bool)), strict=False))
    given.update({key: value for key, value in keywords.items() if key in wanted})
    if not given:
        return ours
    # Ours are in the same order, under names of their own.
    defaults = {"negative_slope": 0.01, "alpha": 1.0, "lambd": 0.5, "beta": 1.0, "threshold": 20.0}
    defaults |= {"min_val": -1.0, "max_val": 1.0}
    return f"{ours}({', '.join(str(float(given.get(key, defaults[key]))) for key in wanted)})"
