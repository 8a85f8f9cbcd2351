"""The calls of one pass, as a function mode of PyTorch sees them, and the activations in them."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import torch
from torch.overrides import TorchFunctionMode

from excite.torch import axes as unit_axes
from excite.torch.expressions import CASTS, CONSTANTS, ELEMENTWISE, Node, Root, compute, meanings, name_of
from excite.torch.frames import Where, is_on_stack, where
from excite.torch.functions import activate
from excite.torch.tags import NOTHING, Place, Tag, Tags, shapes, tensors_in, version

if TYPE_CHECKING:
    from excite.torch.sites import Tracer

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


class Mode(TorchFunctionMode):
    """Sees each call of a function of PyTorch, and what becomes of the outputs of activation functions."""

    def __init__(self, tracer: Tracer, batch: int | None, within: int | None) -> None:
        super().__init__()
        self.tracer, self.batch, self.within = tracer, batch, within
        self.is_over = False
        self._tags = Tags()
        self._tag, self._set = self._tags.of, self._tags.set
        self._roots: list[Root] = []
        self._called: list[str] = []
        self._taken: set[str] = set()
        self._bits = 0
        self._moment = 0
        #: The facts known of the output of the latest layer with weights, and its sizes.
        self._latest: tuple[Tag, tuple[Any, ...]] = (NOTHING, ())

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
        for tensor in tensors_in(inputs):
            self._set(tensor, is_input=True)

    def ends_with(self, output: Any) -> None:
        """The pass is over, with that output."""
        try:
            self._flush("", ())
            for tensor in tensors_in(output):
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
        name = name_of(function)
        if name in _IGNORED or self.is_over:
            return function(*arguments, **keywords)
        if self.within is not None and not is_on_stack(self.within):
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

    def _place_of(self, name: str) -> str:
        try:
            return f"{self._where().modules[0]}.{name}".strip(".")
        except Exception:
            return name

    # Facts known of tensors.

    def _tag_or_latest(self, tensor: torch.Tensor) -> Tag:
        """Hooks and functions of autograd hand on what no mode sees: a tensor as large as the latest output is that."""
        tag, (latest, shapes) = self._tag(tensor), self._latest
        is_known = tag.is_input or tag.axis is not None or tag.producer is not None or tag.derived != 0
        return tag if is_known or tensor.shape not in shapes else latest

    def _where(self) -> Where:
        return where(self.tracer.model, self.tracer.names, self.within)

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
                root = Root(start, z.clone() if overwrites else z, self._tag_or_latest(start), version(start))
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
        return root.tensor is tensor and root.version == version(tensor)

    def _constant(self, value: torch.Tensor, tag: Tag) -> float | None:
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
            given = list(tensors_in((arguments, keywords)))
        tags = [(one, self._tag(one)) for one in given]
        known = [(one, tag) for one, tag in tags if tag is not NOTHING and tag.constant is None]
        derived = 0
        for _, tag in known:
            derived |= tag.derived
        owners = [owner for owner in map(self.tracer.owner, given) if owner is not None]
        upstream = frozenset(self._called)
        self._called += [owner for owner in owners if owner not in self._called]
        axis, source = unit_axes.of_result(name, arguments, keywords, result, known, self._tags)
        if name in unit_axes.OF_LAYERS:
            producer = owners[0] if owners and owners[0] else self._parametrised(given)
            if not owners and producer is not None and producer not in self._called:
                self._called.append(producer)
            self._moment += 1
            tag = self._set(result, axis=axis, producer=producer, moment=self._moment, derived=derived)
            tag.upstream = upstream - {producer}
            self._latest = (tag, shapes(result))
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
        first = self._tag(arguments[0]) if arguments and isinstance(arguments[0], torch.Tensor) else NOTHING
        if name in _VIEWS or name in CASTS:
            tag.place = first.place

    def _parametrised(self, given: list[Any]) -> str | None:
        """The module in whose forward a function of a layer was called with weights that were computed."""
        if not any(isinstance(one, torch.Tensor) for one in given[1:]):
            return None
        return self._where().modules[0] or None

    # Activations.

    def _of_excite(self, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """A module of this package was called: with the input, the function's name and its parameters."""
        x, name, parameters = arguments
        z, before = x.detach(), NOTHING
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
        used = self._tag(arguments[0]) if arguments else NOTHING
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
        where: Where,
        function: str,
        z: torch.Tensor,
        a: torch.Tensor,
        before: Tag,
        tag: Tag | None,
        hint: int | None,
        compute: Callable[[torch.Tensor], Any] | None,
        called: str | None = None,
    ) -> Place | None:
        """Hand an activation over, once its name and the axis of its units are known."""
        if not z.is_floating_point() or z.numel() == 0 or z.shape != a.shape:
            return None
        kind = function.split("(")[0]
        name = self.tracer.name_of(where, called or kind, before.producer)
        place = Place(name, kind, 1 << self._bits)
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
        known = Tag(None, axis, before.producer, before.moment, before.upstream, before.derived)
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
            is_computed = known is not NOTHING and (
                known.producer is not None or known.derived or known.axis is not None
            )
            if is_computed and not known.derived & tag.place.bit:
                gates.append(tag.place)
        if len(gates) == 2:
            gates = [place for place in gates if place.function in _GATES][:1] or gates[:1]
        for place in gates:
            self.tracer.is_there_for(place.name, "gate")
