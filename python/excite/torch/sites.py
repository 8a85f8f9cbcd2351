"""Where a model applies an activation function: each place by its name, with what goes in and what comes out."""

from __future__ import annotations

import dataclasses
import functools
import os
import sys
import weakref
from collections.abc import Callable, Iterable, Iterator
from types import CodeType, FrameType
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from excite.torch import axes as unit_axes
from excite.torch.expressions import CASTS, CONSTANTS, ELEMENTWISE, Node, Root, compute, meanings
from excite.torch.functions import activate

#: Functions with two ends: at the end of a model they answer, and lie at an end where the model is sure.
_ANSWERS = ("sigmoid", "hard_sigmoid", "tanh", "hard_tanh")
#: Of two activations that are multiplied, these gate the other.
_GATES = ("sigmoid", "hard_sigmoid")
_PRODUCTS = ("mul", "multiply")
_VIEWS = {"view", "reshape", "unsqueeze", "squeeze", "flatten", "expand", "expand_as", "permute", "transpose"}
#: What does not look at values, and ends no expression.
_IGNORED = {"size", "dim", "numel", "stride", "is_floating_point", "is_complex", "element_size", "get_device"}
_IGNORED |= {
    "__len__",
    "requires_grad_",
    "is_contiguous",
    "data_ptr",
    "__hash__",
    "__repr__",
    "ndimension",
    "is_tensor",
}
_FOLDERS = (os.path.dirname(torch.__file__), os.path.dirname(os.path.dirname(__file__)))
_CALL_IMPL = torch.nn.Module._call_impl.__code__
_IS_OURS: dict[CodeType, bool] = {}


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
    #: The layers with parameters that were called before that layer.
    upstream: frozenset[str]
    #: The independent samples in it; 0 in a second call in one pass, None where that is not known.
    samples: int | None = None
    #: The function, of a tensor of PyTorch.
    compute: Callable[[torch.Tensor], Any] | None = None

    def units(self) -> int:
        """The number of units."""
        return int(self.z.shape[self.axis])


@dataclasses.dataclass(eq=False)
class _Place:
    """A call of an activation that was handed over."""

    name: str
    function: str
    bit: int


@dataclasses.dataclass(slots=True, eq=False)
class _Tag:
    """The facts known of a tensor."""

    tensor: Any
    #: The axis of the units, from the end.
    axis: int | None = None
    producer: str | None = None
    #: When the producer was called.
    moment: int = 0
    upstream: frozenset[str] = frozenset()
    #: A bit for each activation that it was made from.
    derived: int = 0
    #: The activation that it is the output of.
    place: _Place | None = None
    node: Any = None
    constant: float | None = None
    is_input: bool = False


_NOTHING = _Tag(None)


class Tracer:
    """Follows a model through forward passes, and hands over each call of an activation function.

    Calls are followed by PyTorch's function modes, so that modules, functions and methods of tensors are found alike.
    Nothing is put into the model. What cannot be looked at is in `not_seen`, by name, with the reason.
    """

    def __init__(self, model: torch.nn.Module, axes: dict[str, int]) -> None:
        self.model, self.axes = model, axes
        #: Whether a call is handed over, by its name.
        self.selects: Callable[[str], bool] = lambda name: True
        self.names = {module: name for name, module in model.named_modules()}
        self.not_seen: dict[str, str] = {}
        self._owners = {id(value): name.rpartition(".")[0] for name, value in model.named_parameters()}
        self._keys: dict[Any, str] = {}
        self._counts: dict[str, int] = {}
        self._take: Callable[[Call], None] | None = None
        self._take_inputs: Callable[[str, torch.Tensor], None] | None = None
        self._take_role: Callable[[str, str], None] | None = None

    def close(self) -> None:
        """Nothing is left to do."""
        self.stop()

    def start(
        self,
        take: Callable[[Call], None],
        take_inputs: Callable[[str, torch.Tensor], None] | None = None,
        take_role: Callable[[str, str], None] | None = None,
        *,
        batch: int | None = None,
        within: int | None = None,
        inputs: Any = (),
    ) -> Mode:
        """Begin to trace a pass; the mode that is returned must be entered for its time.

        `take` gets each call, `take_inputs` what goes into each linear layer: [rows, inputs]; `take_role` gets the
        calls that turn out to be a gate or the output, by their names. `batch` is the number of samples in the pass,
        and `inputs` what goes into it. Calls that are not made within the frame of that `id` are none of the model's.
        """
        self._take, self._take_inputs, self._take_role = take, take_inputs, take_role
        mode = Mode(self, batch, within)
        mode.begins_with(inputs)
        return mode

    def stop(self) -> None:
        """The pass is over."""
        self._take = None

    def leave_out(self, name: str, why: str | Exception) -> None:
        """Name what cannot be looked at, once."""
        if isinstance(why, Exception):
            text = str(why).strip().split("\n")[0][:160]
            why = f"{type(why).__name__}: {text}" if text else type(why).__name__
        self.not_seen.setdefault(name, why)

    def is_there_for(self, name: str, role: str) -> None:
        """The call of that name is a gate or the output."""
        if self._take_role is not None and self.selects(name):
            self._take_role(name, role)

    def owner(self, parameter: Any) -> str | None:
        """The name of the module that a parameter is of."""
        found = self._owners.get(id(parameter)) if isinstance(parameter, torch.nn.Parameter) else None
        if found is None and isinstance(parameter, torch.nn.Parameter):
            # Parameters that were made or replaced since.
            self._owners = {id(value): name.rpartition(".")[0] for name, value in self.model.named_parameters()}
            found = self._owners.setdefault(id(parameter), "")
        return found

    def name_of(self, where: _Where, kind: str, producer: str | None) -> str:
        """The name of a place: that of the module, or of the function within it; a number tells several apart."""
        base = where.modules[0] if where.is_activation else f"{where.modules[0]}.{kind}".strip(".")
        key = (base, where.modules, where.line, producer)
        if key not in self._keys:
            count = self._counts[base] = self._counts.get(base, 0) + 1
            self._keys[key] = base if count == 1 else f"{base}#{count}"
        return self._keys[key]

    def hand_over(self, call: Call) -> None:
        """Give a call to whoever traces."""
        if self._take is not None and self.selects(call.name):
            self._take(call)

    def hand_over_inputs(self, layer: str, rows: torch.Tensor) -> None:
        """Give what goes into a linear layer to whoever traces."""
        if self._take_inputs is not None:
            self._take_inputs(layer, rows)


@dataclasses.dataclass(frozen=True)
class _Where:
    """The modules that a call is made in, the innermost first, and the place in the code of the model."""

    modules: tuple[str, ...]
    is_activation: bool
    line: Any


def _is_ours(code: CodeType) -> bool:
    """Whether a function is of PyTorch or of this package, and not of the model."""
    found = _IS_OURS.get(code)
    if found is None:
        found = _IS_OURS[code] = code.co_filename.startswith(_FOLDERS) or code.co_filename.startswith("<")
    return found


def _is_activation(module: torch.nn.Module) -> bool:
    kind = type(module).__module__
    return kind == "torch.nn.modules.activation" or kind.startswith("excite.torch")


class Mode(TorchFunctionMode):
    """Sees each call of a function of PyTorch, and what becomes of the outputs of activation functions."""

    def __init__(self, tracer: Tracer, batch: int | None, within: int | None) -> None:
        super().__init__()
        self.tracer, self.batch, self.within = tracer, batch, within
        self.is_over = False
        self._tags: dict[int, _Tag] = {}
        self._roots: list[Root] = []
        self._called: list[str] = []
        self._taken: set[str] = set()
        self._bits = 0
        self._moment = 0
        #: The facts known of the output of the latest layer with weights, and its sizes.
        self._latest: tuple[_Tag, tuple[Any, ...]] = (_NOTHING, ())

    def __exit__(self, *error: Any) -> None:
        if not self.is_over and error[0] is None:
            self.ends_with(None)
        self.end()
        super().__exit__(*error)

    def end(self) -> None:
        """Take no more calls."""
        self.is_over = True
        self._tags.clear()
        self._roots.clear()

    def begins_with(self, inputs: Any) -> None:
        """What goes into the model, which no layer made."""
        for tensor in _tensors(inputs):
            self._set(tensor, is_input=True)

    def ends_with(self, output: Any) -> None:
        """The pass is over, with that output."""
        try:
            self._flush("", ())
            for tensor in _tensors(output):
                place = self._tag(tensor).place
                if place is not None and place.function in _ANSWERS:
                    self.tracer.is_there_for(place.name, "output")
        except Exception as error:
            self.tracer.leave_out("the output", error)

    def __torch_function__(
        self,
        function: Callable[..., Any],
        kinds: Iterable[type],
        arguments: tuple[Any, ...] = (),
        keywords: dict[str, Any] | None = None,
    ) -> Any:
        keywords = keywords or {}
        name = _name_of(function)
        if name in _IGNORED or self.is_over:
            return function(*arguments, **keywords)
        if not self._is_within():
            # The pass was left by an exception that reaches no hook, as Ctrl-C does.
            self.end()
            return function(*arguments, **keywords)
        if function is activate:
            return self._of_excite(arguments, keywords)
        node = None
        try:
            node = self._before(name, function, arguments, keywords)
        except Exception as error:
            self.tracer.leave_out(self._place_of(name), error)
        result = function(*arguments, **keywords)
        try:
            self._after(name, node, arguments, keywords, result)
        except Exception as error:
            self.tracer.leave_out(self._place_of(name), error)
        return result

    def _is_within(self) -> bool:
        if self.within is None:
            return True
        frame: FrameType | None = sys._getframe(2)
        while frame is not None:
            if id(frame) == self.within:
                return True
            frame = frame.f_back
        return False

    def _place_of(self, name: str) -> str:
        try:
            return f"{self._where().modules[0]}.{name}".strip(".")
        except Exception:
            return name

    # Facts known of tensors.

    def _tag(self, tensor: Any) -> _Tag:
        tag = self._tags.get(id(tensor))
        return tag if tag is not None and tag.tensor() is tensor else _NOTHING

    def _tag_or_latest(self, tensor: torch.Tensor) -> _Tag:
        """Hooks and functions of autograd hand on what no mode sees: a tensor as large as the latest output is that."""
        tag, (latest, shapes) = self._tag(tensor), self._latest
        is_known = tag.is_input or tag.axis is not None or tag.producer is not None or tag.derived != 0
        return tag if is_known or tensor.shape not in shapes else latest

    def _set(self, tensor: Any, **known: Any) -> _Tag:
        tag = self._tags[id(tensor)] = _Tag(weakref.ref(tensor), **known)
        return tag

    def _where(self) -> _Where:
        """Where the model makes the call that is being handled."""
        modules, line = [], None
        innermost: torch.nn.Module | None = None
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            code = frame.f_code
            if code is _CALL_IMPL:
                module = frame.f_locals.get("self")
                if module in self.tracer.names:
                    innermost = module if innermost is None else innermost
                    modules.append(self.tracer.names[module])
                if module is self.tracer.model:
                    break
            elif line is None and not _is_ours(code):
                line = (code, frame.f_lasti)
            if id(frame) == self.within:
                break
            frame = frame.f_back
        is_leaf = innermost is not None and not any(innermost.children()) and _is_activation(innermost)
        return _Where(tuple(modules) or ("",), is_leaf, line)

    # Before and after a call.

    def _before(
        self, name: str, function: Callable[..., Any], arguments: tuple[Any, ...], keywords: dict[str, Any]
    ) -> Node | None:
        spelled = getattr(function, "__name__", "")
        overwrites = spelled.endswith("_") and not spelled.endswith("__")
        overwrites = overwrites or keywords.get("inplace") is True or any(one is True for one in arguments[1:])
        is_overwritten = overwrites and self._tag(arguments[0] if arguments else None).node is not None
        if name == "to" and overwrites:
            overwrites = is_overwritten = False
        node = None
        if name in ELEMENTWISE and not is_overwritten:
            node = self._node(name, function, arguments, keywords, overwrites)
        if node is None and name not in CONSTANTS:
            self._flush(name, arguments)
            if name in ELEMENTWISE and (is_overwritten or name not in CASTS):
                # Perhaps it goes on with what has been taken now.
                node = self._node(name, function, arguments, keywords, overwrites)
        return node

    def _node(
        self,
        name: str,
        function: Callable[..., Any],
        arguments: tuple[Any, ...],
        keywords: dict[str, Any],
        overwrites: bool,
    ) -> Node | None:
        """The call as part of an expression of one tensor; None where it is none."""
        if name in ("max", "min") and not (len(arguments) == 2 and isinstance(arguments[1], torch.Tensor)):
            return None
        root: Root | None = None
        start: torch.Tensor | None = None
        given: list[Any] = []
        values = [*arguments, *keywords.values()]
        if not arguments and "input" in keywords:
            arguments, keywords = (keywords["input"],), {k: v for k, v in keywords.items() if k != "input"}
            values = [*arguments, *keywords.values()]
        for value in values:
            if not isinstance(value, torch.Tensor):
                given.append(value)
                continue
            tag = self._tag(value)
            constant = self._constant(value, tag)
            if constant is not None:
                given.append(constant)
            elif tag.node is not None:
                if root is not None and root is not tag.node.root:
                    return None
                if start is not None and start is not value and not self._is_root(tag.node.root, start):
                    return None
                root = tag.node.root
                given.append(tag.node)
            elif name == "prelu" and value is not values[0]:
                given.append(value)
            elif start is None or start is value:
                start = value
                given.append(None)
            else:
                return None
        if start is not None:
            if root is not None and not self._is_root(root, start):
                return None
            root = root or next((one for one in self._roots if self._is_root(one, start)), None)
            if root is None:
                if not start.is_floating_point() or start.dim() == 0:
                    return None
                z = start.detach()
                root = Root(start, z.clone() if overwrites else z, self._tag_or_latest(start), _version(start))
                self._roots.append(root)
            given = [root if values[place] is start else one for place, one in enumerate(given)]
        if root is None:
            return None
        if overwrites and arguments and arguments[0] is root.tensor and root.nodes:
            root.z = root.z.clone()
        node = Node(
            root,
            name,
            function,
            given[: len(arguments)],
            dict(zip(keywords, given[len(arguments) :], strict=True)),
            None if name in CASTS else self._where(),
        )
        root.nodes.append(node)
        return node

    def _is_root(self, root: Root, tensor: torch.Tensor) -> bool:
        return root.tensor is tensor and root.version == _version(tensor)

    def _constant(self, value: torch.Tensor, tag: _Tag) -> float | None:
        if tag.constant is not None:
            return tag.constant
        is_computed = tag.producer is not None or tag.derived or tag.node is not None
        # Reading it elsewhere would wait for the device.
        if value.dim() > 0 or value.device.type != "cpu" or value.is_complex() or is_computed:
            return None
        return float(value.detach())

    def _after(
        self, name: str, node: Node | None, arguments: tuple[Any, ...], keywords: dict[str, Any], result: Any
    ) -> None:
        if node is not None and isinstance(result, torch.Tensor):
            before = node.root.tag
            if result.dtype == torch.bool or result.shape == node.root.z.shape:
                node.a = result.detach()
                tag = self._set(result, axis=before.axis, producer=before.producer, moment=before.moment)
                tag.upstream, tag.derived, tag.node, node.tag = before.upstream, before.derived, node, tag
                if name in CASTS:
                    tag.place = self._tag(arguments[0]).place
                return
            node.root.nodes.remove(node)
        if name in CONSTANTS or name in ("full", "full_like", "new_full"):
            if isinstance(result, torch.Tensor):
                fill = arguments[1] if len(arguments) > 1 else keywords.get("fill_value")
                value = CONSTANTS.get(name, float(fill) if isinstance(fill, (int, float)) else None)
                self._set(result, constant=value)
            return
        if name == "glu":
            self._glu(*arguments, **keywords)
        if name in _PRODUCTS and len(arguments) == 2:
            self._gates(*arguments)
        for index, tensor in enumerate(result if isinstance(result, (tuple, list)) else [result]):
            if isinstance(tensor, torch.Tensor) and (
                index == 0 or name in ("chunk", "split", "unbind", "tensor_split")
            ):
                self._follow(name, arguments, keywords, tensor)

    def _follow(self, name: str, arguments: tuple[Any, ...], keywords: dict[str, Any], result: torch.Tensor) -> None:
        """Note the facts of a result, by what goes in."""
        given = [one for one in arguments if isinstance(one, torch.Tensor)]
        if keywords or len(given) < len(arguments):
            given = list(_tensors((arguments, keywords)))
        tags = [(one, self._tag(one)) for one in given]
        known = [(one, tag) for one, tag in tags if tag is not _NOTHING and tag.constant is None]
        derived = 0
        for _, tag in known:
            derived |= tag.derived
        owners = [owner for owner in map(self.tracer.owner, given) if owner is not None]
        upstream = frozenset(self._called)
        self._called += [owner for owner in owners if owner not in self._called]
        axis, source = self._axis(name, arguments, keywords, result, known)
        if name in unit_axes.OF_LAYERS:
            producer = owners[0] if owners and owners[0] else self._parametrised(given)
            if not owners and producer is not None and producer not in self._called:
                self._called.append(producer)
            self._moment += 1
            tag = self._set(result, axis=axis, producer=producer, moment=self._moment, derived=derived)
            tag.upstream = upstream - {producer}
            self._latest = (tag, _shapes(result))
            if name == "linear" and producer is not None and given:
                x = given[0].detach()
                rows = x.unsqueeze(0) if x.dim() == 1 else x.flatten(0, -2)
                if rows.numel() > 0:
                    self.tracer.hand_over_inputs(producer, rows)
            return
        tag = self._set(result, axis=axis, derived=derived)
        # Of a sum the latest layer with weights is the one that made it.
        source = max((tag for _, tag in known if tag.producer), key=lambda tag: tag.moment, default=source)
        if source is not None:
            tag.producer, tag.moment, tag.upstream = source.producer, source.moment, source.upstream
        first = self._tag(arguments[0]) if arguments and isinstance(arguments[0], torch.Tensor) else _NOTHING
        if name in _VIEWS or name in CASTS:
            tag.place = first.place

    def _parametrised(self, given: list[Any]) -> str | None:
        """The module in whose forward a function of a layer was called with weights that were computed."""
        if not any(isinstance(one, torch.Tensor) for one in given[1:]):
            return None
        return self._where().modules[0] or None

    def _axis(
        self,
        name: str,
        arguments: tuple[Any, ...],
        keywords: dict[str, Any],
        result: torch.Tensor,
        known: list[tuple[torch.Tensor, _Tag]],
    ) -> tuple[int | None, _Tag | None]:
        if name in unit_axes.OF_LAYERS:
            return unit_axes.OF_LAYERS[name], None
        first = arguments[0] if arguments else None
        if isinstance(first, (list, tuple)):
            first = next((one for one in first if self._tag(one).axis is not None), None)
        if name in ("matmul", "mm", "bmm", "einsum", "__matmul__"):
            return self._of_product(name, arguments), self._tag(first) if known else None
        if name == "scaled_dot_product_attention" and len(arguments) > 2:
            return self._tag(arguments[2]).axis, None
        if name in unit_axes.OF_NORMS:
            axis = self._tag(first).axis
            return (axis if axis is not None else unit_axes.OF_NORMS[name](result.dim())), self._tag(first)
        rest = arguments[1:] if arguments and not isinstance(arguments[0], (int, str)) else arguments
        found = []
        for one, tag in known:
            if tag.axis is None or one.dim() < -tag.axis:
                continue
            if one.shape == result.shape and name not in unit_axes.RULES:
                found.append(tag.axis)
            elif name in ELEMENTWISE and -tag.axis <= result.dim() and result.shape[tag.axis] == one.shape[tag.axis]:
                # Broadcast.
                found.append(tag.axis)
            elif one is first or name not in ELEMENTWISE:
                axis = unit_axes.after(name, tag.axis, one.shape, result.shape, rest, keywords)
                if axis is not None:
                    found.append(axis)
        same = len(set(found)) == 1
        return (found[0] if same else None), None

    def _of_product(self, name: str, arguments: tuple[Any, ...]) -> int | None:
        if name == "einsum" or len(arguments) < 2:
            return None
        weights = arguments[1]
        if isinstance(arguments[0], torch.nn.Parameter) and arguments[0].dim() >= 2:
            return -2
        if isinstance(weights, torch.nn.Parameter) or self._tag(weights) is _NOTHING:
            return -1 if isinstance(weights, torch.Tensor) and weights.dim() >= 2 else None
        return -1 if self._tag(weights).axis == -1 else None

    # Activations.

    def _of_excite(self, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """A module of this package was called: with the input, the function's name and its parameters."""
        x, name, parameters = arguments
        z, before = x.detach(), _NOTHING
        try:
            self._flush("", ())
            before = self._tag(x)
            z = z.clone() if keywords.get("inplace") else z
        except Exception as error:
            self.tracer.leave_out(self._place_of(name), error)
        result = activate(*arguments, **keywords)
        try:
            tag = self._set(result, axis=before.axis, producer=before.producer, moment=before.moment)
            tag.upstream, tag.derived = before.upstream, before.derived
            function = f"{name}({', '.join(map(str, parameters))})" if parameters else name
            compute = functools.partial(activate, name=name, parameters=parameters)
            self._activation(self._where(), function, z, result.detach(), before, tag, None, compute)
        except Exception as error:
            self.tracer.leave_out(self._place_of(name), error)
        return result

    def _flush(self, consumer: str, arguments: tuple[Any, ...]) -> None:
        """What was computed element by element is whole: take the activations in it."""
        roots, self._roots = self._roots, []
        for root in roots:
            # A call that raised has no result.
            root.nodes = [node for node in root.nodes if node.tag is not None]
            for node in root.nodes:
                node.tag.node = None
            try:
                if root.nodes:
                    self._take_all(root, consumer, arguments)
            except Exception as error:
                last = root.nodes[-1]
                place = last.where.modules[0] if last.where is not None else ""
                self.tracer.leave_out(f"{place}.{last.kind}".strip("."), error)
            # Nothing is left for the collector of cycles, which would run in the training.
            for node in root.nodes:
                node.tag = node.a = None
                node.arguments = []
            root.nodes = []

    def _take_all(self, root: Root, consumer: str, arguments: tuple[Any, ...]) -> None:
        nodes = root.nodes
        # Where nothing before tells the axis, a layer with weights behind it does.
        used = self._tag(arguments[0]) if arguments else _NOTHING
        hint = unit_axes.OF_LAYERS.get(consumer) if any(node.tag is used for node in nodes) else None
        for meaning in meanings(nodes, root.tag.producer is not None):
            last = nodes[meaning.last]
            z = root.z if meaning.source is None else nodes[meaning.source].a
            if z is None or last.a is None or last.where is None:
                continue
            function = compute(nodes, meaning)
            place = self._activation(last.where, meaning.function, z, last.a, root.tag, last.tag, hint, function)
            for node in nodes[meaning.last + 1 :]:
                # The same values in another type.
                if node.kind in CASTS and node.arguments[0] is last:
                    node.tag.place, node.tag.derived, node.tag.producer = place, last.tag.derived, None

    def _activation(
        self,
        where: _Where,
        function: str,
        z: torch.Tensor,
        a: torch.Tensor,
        before: _Tag,
        tag: _Tag | None,
        hint: int | None,
        compute: Callable[[torch.Tensor], Any] | None,
        called: str | None = None,
    ) -> _Place | None:
        """Hand an activation over, once its name and the axis of its units are known."""
        if not z.is_floating_point() or z.numel() == 0 or z.shape != a.shape:
            return None
        kind = function.split("(")[0]
        name = self.tracer.name_of(where, called or kind, before.producer)
        place = _Place(name, kind, 1 << self._bits)
        self._bits += 1
        if tag is not None:
            tag.place = place
            tag.derived = before.derived | place.bit
            tag.producer = None
        axis = self._units(name, z, before.axis if before.axis is not None else hint)
        if axis is None:
            return place
        if z.dim() == 1:
            z, a, axis = (z.unsqueeze(0), a.unsqueeze(0), 1) if axis == 0 else (z.unsqueeze(1), a.unsqueeze(1), 1)
        rows = z.shape[0] if axis != z.dim() - 1 else z.numel() // max(z.shape[-1], 1)
        samples = None if self.batch is None else max(1, min(self.batch, rows))
        if name in self._taken:
            samples = 0
        self._taken.add(name)
        call = Call(name, function, z, a, axis, before.producer, before.upstream, samples, compute)
        self.tracer.hand_over(call)
        return place

    def _units(self, name: str, z: torch.Tensor, axis: int | None) -> int | None:
        """The axis of the units, from the beginning. None where it is not known, which is said."""
        given = self.tracer.axes.get(name)
        if given is not None:
            if -z.dim() <= given < z.dim():
                return int(given % z.dim())
            self.tracer.leave_out(name, f"axes[{name!r}] is {given}, and the layer has {z.dim()} axes")
            return None
        if axis is not None and -axis <= z.dim():
            return int(axis % z.dim())
        if z.dim() <= 2:
            # A number for each sample; or features behind samples.
            return 1
        why = f"which axis of {list(z.shape)} has its units is not known: give axes={{{name!r}: axis}}"
        self.tracer.leave_out(name, why)
        return None

    def _glu(self, input: torch.Tensor, dim: int = -1) -> None:  # noqa: A002 - its name
        gate = input.detach().chunk(2, dim)[1].contiguous()
        before = self._tag(input)
        axis = dim if dim < 0 else dim - input.dim()
        known = _Tag(None, axis, before.producer, before.moment, before.upstream, before.derived)
        place = self._activation(
            self._where(), "sigmoid", gate, gate.sigmoid(), known, None, None, torch.sigmoid, "glu"
        )
        if place is not None:
            self.tracer.is_there_for(place.name, "gate")

    def _gates(self, one: Any, other: Any) -> None:
        """Of two factors that are computed, an activation gates the other."""
        pairs = [(self._tag(one), other), (self._tag(other), one)]
        gates = []
        for tag, by in pairs:
            if tag.place is None or not isinstance(by, torch.Tensor) or by.dtype == torch.bool:
                continue
            # Masks, numbers and scales that are learned gate nothing, nor does a result of the activation itself.
            known = self._tag(by)
            is_computed = known is not _NOTHING and (
                known.producer is not None or known.derived or known.axis is not None
            )
            if is_computed and not known.derived & tag.place.bit:
                gates.append(tag.place)
        if len(gates) == 2:
            gates = [place for place in gates if place.function in _GATES][:1] or gates[:1]
        for place in gates:
            self.tracer.is_there_for(place.name, "gate")


def _shapes(tensor: torch.Tensor) -> tuple[Any, ...]:
    """Its size, and that of the part of it that is here."""
    local = getattr(tensor, "_local_tensor", tensor)
    return (tensor.shape, local.shape)


def _version(tensor: torch.Tensor) -> int:
    try:
        return int(tensor._version)
    except RuntimeError:
        # Tensors of inference mode keep no count.
        return 0


def _name_of(function: Callable[..., Any]) -> str:
    """The name of a function without what tells in place, out of place and overloads apart."""
    name = getattr(function, "__name__", "")
    if name == "__get__":
        name = getattr(getattr(function, "__self__", None), "__name__", "")
        return name if name in ("T", "mT", "H", "mH") else "size"
    name = name.partition(".")[0].removeprefix("special_")
    if name.startswith("_") and name[1:] in ELEMENTWISE:
        name = name[1:]
    if name.startswith("__") and name.endswith("__"):
        bare = name[2:-2]
        bare = bare[1:] if bare.startswith("i") and bare[1:] in ELEMENTWISE else bare
        if bare in ELEMENTWISE or bare == "matmul":
            return bare
        if bare in ("radd", "rmul"):
            return bare[1:]
        return name
    if name.endswith("_") and not name.endswith("__"):
        return name[:-1]
    return name


def _tensors(values: Any, depth: int = 4) -> Iterator[torch.Tensor]:
    """The tensors in nested tuples, lists, dicts and dataclasses."""
    if isinstance(values, torch.Tensor):
        yield values
    elif depth > 0:
        if isinstance(values, dict):
            values = list(values.values())
        elif dataclasses.is_dataclass(values) and not isinstance(values, type):
            values = [getattr(values, field.name) for field in dataclasses.fields(values)]
        if isinstance(values, (tuple, list)):
            for value in values:
                yield from _tensors(value, depth - 1)
