"""Where a model applies an activation function: each place by its name, with what goes in and what comes out."""

from __future__ import annotations

import dataclasses
import inspect
import weakref
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from excite import _native
from excite.torch.functions import activate

#: Layers whose outputs have their units along the second axis.
_CHANNELS = (
    torch.nn.modules.conv._ConvNd,
    torch.nn.modules.batchnorm._NormBase,
    torch.nn.GroupNorm,
)


#: What nn.ReLU6 calls.
_BY_ANOTHER_NAME = {"hard_tanh(0.0, 6.0)": "relu6"}


@dataclasses.dataclass(frozen=True)
class _Spelling:
    """A function of the catalogue with what its module in PyTorch takes, in the order of ours: the defaults by name."""

    ours: str
    parameters: dict[str, Any]

    def call(self, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> str:
        """The function with what a call gave after the input, as the catalogue reads it: `leaky_relu(0.2)`."""
        if keywords.get("approximate", "none") != "none":
            return f"{self.ours}_{keywords['approximate']}"
        given = dict(zip(self.parameters, (value for value in arguments if not isinstance(value, bool)), strict=False))
        given.update({key: value for key, value in keywords.items() if key in self.parameters})
        if not given:
            return self.ours
        values = (self.parameters | given).values()
        # A parameter learned for each channel counts by its mean.
        numbers = (float(value.detach().mean() if isinstance(value, torch.Tensor) else value) for value in values)
        called = f"{self.ours}({', '.join(map(str, numbers))})"
        return _BY_ANOTHER_NAME.get(called, called)


def _spellings() -> dict[str, _Spelling]:
    """Every function of the catalogue that PyTorch has a module for, by its name in torch.nn.functional."""
    functional = {name.replace("_", ""): name for name in dir(torch.nn.functional) if name.strip("_") == name}
    found = {}
    for ours, path in _native.PYTORCH.items():
        module = getattr(torch.nn, path.removeprefix("torch.nn."), None)
        name = functional.get(module.__name__.lower()) if isinstance(module, type) else None
        if name is None or module is None:
            continue
        given = inspect.signature(module).parameters.values()
        parameters = {one.name: one.default for one in given if not isinstance(one.default, bool | str | None)}
        # The weights of a PReLU are learned: a call is given them.
        found[name] = _Spelling(ours, {"weight": 0.25} if module is torch.nn.PReLU else parameters)
    return found


def _functions(names: Iterable[str]) -> dict[Callable[..., Any], str]:
    """Those functions as F.name, torch.name and Tensor.name, also with `_` for in place."""
    found: dict[Callable[..., Any], str] = {}
    for name in names:
        for owner in (torch.nn.functional, torch, torch.Tensor, torch._C._nn):
            for spelled in (name, f"{name}_"):
                function = getattr(owner, spelled, None)
                if callable(function):
                    found[function] = name
    return found


class _Ours:
    """The call of a module of this package, which is given the function's name and parameters."""

    @staticmethod
    def call(arguments: tuple[Any, ...], keywords: dict[str, Any]) -> str:
        """As for a function of PyTorch."""
        name, parameters = arguments
        return f"{name}({', '.join(map(str, parameters))})" if parameters else name


_SPELLINGS: dict[str, Any] = {**_spellings(), "activate": _Ours}
_FUNCTIONS = {**_functions(_SPELLINGS), activate: "activate"}
#: a · sigmoid(b), with a and b the halves of the input.
_GLU = _functions(["glu"])
_PRODUCTS = _functions(["mul", "multiply", "__mul__", "__rmul__", "__imul__"])
_VIEWS = _functions(["view", "reshape", "unsqueeze", "squeeze", "flatten", "expand", "expand_as"])
#: Not all that is called is hashable.
_KINDS = tuple({type(function) for function in (*_FUNCTIONS, *_GLU, *_PRODUCTS, *_VIEWS)})
#: Functions with two ends: at the end of a model they answer, and lie at an end where the model is sure.
_ANSWERS = ("sigmoid", "hard_sigmoid", "tanh", "hard_tanh")


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
        #: Whether a call is handed over, by its name.
        self.selects: Callable[[str], bool] = lambda name: True
        self._hooks: list[Any] = []
        self._take: Callable[[Call], None] | None = None
        self._take_inputs: Callable[[str, torch.Tensor], None] | None = None
        self._take_role: Callable[[str, str], None] | None = None
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
        self,
        take: Callable[[Call], None],
        take_inputs: Callable[[str, torch.Tensor], None] | None = None,
        take_role: Callable[[str, str], None] | None = None,
    ) -> Mode:
        """Begin to trace a pass; the mode that is returned must be entered for its time.

        `take` gets each call, `take_inputs` what goes into each linear layer: [rows, inputs]; `take_role` gets the
        calls that turn out to be a gate or the output, by their names.
        """
        self._take, self._take_inputs, self._take_role = take, take_inputs, take_role
        self._stack, self._entered, self._seen, self._producer = [], [], {}, None
        return Mode(self)

    def stop(self) -> None:
        """The pass is over."""
        self._take, self._producer = None, None

    def is_there_for(self, name: str, role: str) -> None:
        """The call of that name is a gate or the output."""
        if self._take_role is not None and self.selects(name):
            self._take_role(name, role)

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

    def called(self, kind: str, function: str, z: torch.Tensor, a: torch.Tensor, axis: int | None) -> str | None:
        """An activation function was called; `kind` names the call where no module does. Its name, if it is taken."""
        if self._take is None or not z.is_floating_point() or z.dim() == 0:
            return None
        place = self._stack[-1] if self._stack else ""
        module = self.model.get_submodule(place)
        # A module of one function is a place by itself; others may hold several.
        base = (
            place if place and not any(module.children()) and _is_activation(module) else f"{place}.{kind}".strip(".")
        )
        count = self._seen[base] = self._seen.get(base, 0) + 1
        name = base if count == 1 else f"{base}#{count}"
        producer, upstream = None, frozenset[str]()
        if self._producer is not None and self._producer[1].shape == z.shape:
            producer, upstream = self.names[self._producer[0]], self._producer[2]
            axis = 1 if isinstance(self._last, _CHANNELS) else -1
        axis = self.axes.get(name, axis if axis is not None else 1 if z.dim() != 3 else -1)
        if z.dim() == 1 and producer is None:
            # What was squeezed or summed up has a number for each sample.
            z, a, axis = z.unsqueeze(1), a.unsqueeze(1), 1
        axis = axis if z.dim() > 1 else 0
        if not self.selects(name):
            return name
        assert self._take is not None
        self._take(Call(name, function, z, a, axis % z.dim(), producer, upstream))
        return name


def _is_activation(module: torch.nn.Module) -> bool:
    return type(module).__module__ in ("torch.nn.modules.activation", "excite.torch")


class Mode(TorchFunctionMode):
    """Sees each call of a function of PyTorch, and what becomes of the outputs of activation functions."""

    def __init__(self, tracer: Tracer) -> None:
        super().__init__()
        self.tracer = tracer
        # Outputs by identity, with the name and the function of the call.
        self._outputs: dict[int, tuple[weakref.ref[torch.Tensor], str, str]] = {}

    def ends_with(self, output: Any) -> None:
        """The pass is over, with that output."""
        name, function = self._known(output)
        if function in _ANSWERS:
            self.tracer.is_there_for(name, "output")

    def __torch_function__(
        self,
        function: Callable[..., Any],
        kinds: Iterable[type],
        arguments: tuple[Any, ...] = (),
        keywords: dict[str, Any] | None = None,
    ) -> Any:
        keywords = keywords or {}
        if not isinstance(function, _KINDS):
            return function(*arguments, **keywords)
        if function in _GLU:
            return self._glu(function, *arguments, **keywords)
        name = _FUNCTIONS.get(function)
        if name is None:
            return self._other(function, arguments, keywords)
        z = arguments[0] if arguments else keywords["input"]
        overwrites = keywords.get("inplace", False) or function.__name__.endswith("_") or True in arguments[1:]
        before = z.detach()
        if overwrites:
            before = before.clone()
        a = function(*arguments, **keywords)
        called = _SPELLINGS[name].call(arguments[1:], keywords)
        kind = called.split("(")[0]
        place = self.tracer.called(kind, called, before, a.detach(), None)
        if place is not None:
            self._outputs[id(a)] = (weakref.ref(a), place, kind)
        return a

    def _glu(self, function: Callable[..., Any], input: torch.Tensor, dim: int = -1) -> Any:  # noqa: A002 - its name
        gate = input.detach().chunk(2, dim)[1].contiguous()
        place = self.tracer.called("glu", "sigmoid", gate, gate.sigmoid(), dim)
        if place is not None:
            self.tracer.is_there_for(place, "gate")
        return function(input, dim)

    def _other(self, function: Callable[..., Any], arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """A function that is none of activation: it may multiply by an output of one, or show it in another shape."""
        result = function(*arguments, **keywords)
        if function in _PRODUCTS and len(arguments) == 2:
            for activation, other in (arguments, arguments[::-1]):
                # Masks, numbers and scales that are learned gate nothing.
                if self._known(activation)[0] and isinstance(other, torch.Tensor) and other.grad_fn is not None:
                    self.tracer.is_there_for(self._known(activation)[0], "gate")
                    break
        elif function in _VIEWS and arguments and self._known(arguments[0])[0]:
            self._outputs[id(result)] = (weakref.ref(result), *self._known(arguments[0]))
        return result

    def _known(self, tensor: Any) -> tuple[str, str]:
        """The call, by its name and function, that the tensor is the output of; both empty for any other."""
        reference, name, function = self._outputs.get(id(tensor), (None, "", ""))
        return (name, function) if reference is not None and reference() is tensor else ("", "")
