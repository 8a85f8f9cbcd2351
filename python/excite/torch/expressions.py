"""Which function of the catalogue a chain of calls computes.

`0.5 * x * (1 + torch.tanh(…))` is a GELU, and `x * (x > 0)` a ReLU.
Calls that work element by element on one tensor make an expression of it. What an expression is, is found by its values
on a grid, and not by how it is spelled.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import torch

from excite import _native

#: What nn.ReLU6 calls.
_BY_ANOTHER_NAME = {"hard_tanh(0.0, 6.0)": "relu6"}
#: Names of functions that are in no module of PyTorch.
_SHORT = {"expit": "sigmoid", "logsigmoid": "log_sigmoid"}


@dataclasses.dataclass(frozen=True)
class _Spelling:
    """A function of the catalogue with what its module in PyTorch takes, in the order of ours: the defaults by name."""

    ours: str
    parameters: dict[str, Any]

    def call(self, arguments: Sequence[Any], keywords: dict[str, Any]) -> str:
        """The function with what a call gave after the input, as the catalogue reads it: `leaky_relu(0.2)`."""
        if keywords.get("approximate", "none") != "none":
            return f"{self.ours}_{keywords['approximate']}"
        given = dict(zip(self.parameters, (value for value in arguments if not isinstance(value, bool)), strict=False))
        given.update({key: value for key, value in keywords.items() if key in self.parameters})
        if not given:
            return self.ours
        values = (self.parameters | given).values()
        # A parameter learned for each channel counts by its mean.
        numbers = (_number(value, default) for value, default in zip(values, self.parameters.values(), strict=False))
        called = f"{self.ours}({', '.join(map(str, numbers))})"
        return _BY_ANOTHER_NAME.get(called, called)


def _number(value: Any, default: Any) -> float:
    if not isinstance(value, torch.Tensor):
        return float(value)
    # Reading it elsewhere would wait for the device.
    return float(value.detach().mean()) if value.device.type == "cpu" else float(default)


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
    found.update({short: found[name] for short, name in _SHORT.items() if name in found})
    # The spelling of PyTorch's C functions, where it differs.
    found["log_sigmoid"] = found.get("logsigmoid", _Spelling("log_sigmoid", {}))
    return found


SPELLINGS = _spellings()
#: Views of the same values in another type.
CASTS = {"float", "half", "double", "bfloat16", "to", "type", "type_as", "contiguous", "clone", "detach"}
_COMPARISONS = {"gt", "ge", "lt", "le", "greater", "greater_equal", "less", "less_equal"}
_LINEAR = {"add", "sub", "subtract", "rsub", "neg", "negative"}
_ARITHMETIC = {"mul", "multiply", "div", "divide", "true_divide", "rdiv", "rtruediv", "reciprocal", "pow", "rpow"}
_CURVES = {"square", "sqrt", "rsqrt", "exp", "exp2", "expm1", "log", "log1p", "log2", "logaddexp", "erf", "erfc", "abs"}
_CURVES |= {"absolute", "sign", "sgn", "clamp", "clip", "clamp_min", "clamp_max", "maximum", "minimum", "where", "sin"}
_CURVES |= {"cos", "atan", "arctan", "heaviside", "masked_fill", "max", "min", "reciprocal"}
#: What works element by element.
ELEMENTWISE = {*SPELLINGS, *CASTS, *_COMPARISONS, *_LINEAR, *_ARITHMETIC, *_CURVES}
#: Constant tensors, by the functions that make them.
CONSTANTS = {"zeros": 0.0, "zeros_like": 0.0, "new_zeros": 0.0, "ones": 1.0, "ones_like": 1.0, "new_ones": 1.0}
#: Functions of the catalogue that are used for much else: as activations only behind a layer with weights.
_FOR_MUCH = ("sine", "exponential")
#: The most calls of an expression in which other than spelled functions are looked for.
_LONGEST = 24
#: The most expressions whose meaning is kept: parameters that are learned make new ones.
_KEPT = 2048


class Root:
    """A tensor that expressions begin with."""

    __slots__ = ("nodes", "tag", "tensor", "version", "z")

    def __init__(self, tensor: torch.Tensor, z: torch.Tensor, tag: Any, version: int) -> None:
        #: Its values, which are kept where the tensor is overwritten; it is another tensor then, by its version.
        self.z, self.tensor, self.version = z, tensor, version
        #: What was known of the tensor.
        self.tag = tag
        self.nodes: list[Node] = []


class Node:
    """A call in an expression. Arguments are nodes, the root, and numbers."""

    __slots__ = ("a", "arguments", "function", "keywords", "kind", "root", "spelled", "tag", "where")

    def __init__(
        self,
        root: Root,
        kind: str,
        function: Callable[..., Any],
        arguments: list[Any],
        keywords: dict[str, Any],
        where: Any,
    ) -> None:
        self.root, self.kind, self.function, self.where = root, kind, function, where
        self.arguments, self.keywords = arguments, keywords
        self.a: torch.Tensor | None = None
        #: The facts known of its result.
        self.tag: Any = None
        self.spelled: str | None = None
        if kind in SPELLINGS:
            given = [one for one in arguments[1:] if not isinstance(one, (Node, Root))]
            self.spelled = SPELLINGS[kind].call(given, keywords)

    def signature(self, places: dict[int, int]) -> tuple[Any, ...]:
        """What it computes, with other nodes by their places."""

        def of(one: Any) -> Any:
            if isinstance(one, (Node, Root)):
                return places.get(id(one), -1)
            return "tensor" if isinstance(one, torch.Tensor) else repr(one)

        named = [(key, of(one)) for key, one in self.keywords.items()]
        return (self.kind, self.spelled, *map(of, self.arguments), *named)


@dataclasses.dataclass(frozen=True)
class Meaning:
    """An activation function within an expression: from a node, or the root where it is None, to another."""

    source: int | None
    last: int
    function: str


_MEANINGS: dict[tuple[Any, ...], list[Meaning]] = {}


def meanings(nodes: list[Node], has_producer: bool) -> list[Meaning]:
    """The activation functions in the calls of one root, in the order in which they are computed."""
    if len(nodes) == 1 and nodes[0].spelled is not None:
        return [Meaning(None, 0, nodes[0].spelled)]
    places = {id(node): place for place, node in enumerate(nodes)}
    key = (has_producer, *(node.signature(places) for node in nodes))
    if key not in _MEANINGS:
        if len(_MEANINGS) >= _KEPT:
            _MEANINGS.clear()
        _MEANINGS[key] = _found(nodes, places, has_producer)
    return _MEANINGS[key]


def _found(nodes: list[Node], places: dict[int, int], has_producer: bool) -> list[Meaning]:
    taken: set[int] = set()
    found: list[Meaning] = []
    for last in reversed(range(len(nodes))):
        node = nodes[last]
        if last in taken or node.kind in CASTS or node.kind in _COMPARISONS:
            continue
        meaning, inside = None, set[int]()
        # A spelled function means itself, whatever it is called on.
        if node.spelled is None and len(nodes) <= _LONGEST:
            meaning, inside = _of(nodes, places, last)
        if meaning is not None and (has_producer or meaning.function.split("(")[0] not in _FOR_MUCH):
            found.append(meaning)
            taken |= inside
        elif node.spelled is not None:
            source = places.get(id(node.arguments[0]))
            found.append(Meaning(source, last, node.spelled))
            taken.add(last)
    return found[::-1]


def _of(nodes: list[Node], places: dict[int, int], last: int) -> tuple[Meaning | None, set[int]]:
    """The function up to a node, from as far back as it makes one."""
    sources: list[int | None] = [None, *range(last)]
    for source in sources:
        inside = _between(nodes, places, source, last)
        if inside is None or all(nodes[place].kind in _LINEAR | CASTS for place in inside):
            continue
        name = _function(nodes, source, last)
        if name is not None:
            return Meaning(source, last, name), inside
    return None, set()


def _between(nodes: list[Node], places: dict[int, int], source: int | None, last: int) -> set[int] | None:
    """The nodes from a source, which is left out, to the last; None where the last also hangs on something else."""
    inside: set[int] = set()
    left = [last]
    reached = False
    while left:
        place = left.pop()
        if place in inside:
            continue
        inside.add(place)
        for one in (*nodes[place].arguments, *nodes[place].keywords.values()):
            if isinstance(one, Root):
                if source is not None:
                    return None
                reached = True
            elif isinstance(one, Node):
                if places[id(one)] == source:
                    reached = True
                else:
                    left.append(places[id(one)])
    return inside if reached else None


def _function(nodes: list[Node], source: int | None, last: int) -> str | None:
    start: Any = nodes[last].root if source is None else nodes[source]

    def curve(z: list[float]) -> list[float]:
        grid = torch.tensor(z, dtype=torch.float64)
        known: dict[int, Any] = {id(start): grid}
        values = _value(nodes[last], known, grid)
        return [float(value) for value in torch.broadcast_to(values.double(), grid.shape).tolist()]

    with torch.no_grad(), torch._C.DisableTorchFunction(), torch.device("cpu"):
        name: str | None = _native.function_of_curve(curve)
    # A leaky ReLU of −1 is the absolute value.
    if name is not None and name.startswith("leaky_relu(") and not -0.5 <= float(name[11:-1]) < 1.0:
        return None
    return name


def compute(nodes: list[Node], meaning: Meaning) -> Callable[[torch.Tensor], Any]:
    """The function of an activation, of tensors."""
    last = nodes[meaning.last]
    start: Any = last.root if meaning.source is None else nodes[meaning.source]
    return lambda z: _value(last, {id(start): z}, z)


def _value(node: Any, known: dict[int, Any], grid: torch.Tensor) -> Any:
    if id(node) in known:
        return known[id(node)]
    if not isinstance(node, Node):
        return node
    arguments = [_value(one, known, grid) for one in node.arguments]
    keywords = {key: _value(one, known, grid) for key, one in node.keywords.items() if key not in ("inplace", "out")}
    if node.kind in CASTS:
        known[id(node)] = arguments[0]
    else:
        # What was overwritten in the model is not here, and numbers stand where tensors are wanted.
        arguments = [one.clone() if isinstance(one, torch.Tensor) else one for one in arguments]
        known[id(node)] = _call(node, arguments, keywords)
    return known[id(node)]


def _call(node: Node, arguments: list[Any], keywords: dict[str, Any]) -> Any:
    if node.kind in ("maximum", "minimum", "where", "logaddexp", "heaviside", "max", "min"):
        numbers = (int, float)
        arguments = [
            torch.tensor(float(one), dtype=torch.float64)
            if isinstance(one, numbers) and not isinstance(one, bool)
            else one
            for one in arguments
        ]
    return node.function(*arguments, **keywords)


def name_of(function: Callable[..., Any]) -> str:
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
