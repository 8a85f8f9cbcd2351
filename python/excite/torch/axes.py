"""Along which axis of a tensor its units lie: what each function of PyTorch does to that axis.

An axis counts from the end, −1 the last one, so that a leading axis more or less does not change it. None means that it
is not known.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from excite.torch.expressions import ELEMENTWISE
from excite.torch.tags import NOTHING, Tag, Tags

#: The axis of the units after layers with weights, by the names of their functions.
OF_LAYERS = {
    **{f"conv{kind}{n}d": -(n + 1) for n in (1, 2, 3) for kind in ("", "_transpose", "_tbc")},
    "linear": -1,
    "bilinear": -1,
    "addmm": -1,
    "embedding": -1,
    "embedding_bag": -1,
    "multi_head_attention_forward": -1,
}
#: Normalisation keeps the axis of what comes in; by itself it works on this one.
OF_NORMS: dict[str, Callable[[int], int | None]] = {
    **dict.fromkeys(("batch_norm", "instance_norm", "group_norm", "native_group_norm"), lambda dims: 1 - dims),
    **dict.fromkeys(("layer_norm", "rms_norm", "native_layer_norm"), lambda _: -1),
}

_Size = Sequence[int]
_Rule = Callable[[int, _Size, _Size, tuple[Any, ...], dict[str, Any]], "int | None"]


def after(
    name: str, axis: int, before: _Size, now: _Size, arguments: tuple[Any, ...], keywords: dict[str, Any]
) -> int | None:
    """The axis in the result of a function, of size `now`, where it was `axis` in its argument of size `before`."""
    rule = RULES.get(name)
    if rule is not None:
        found = rule(axis, before, now, arguments, keywords)
    elif len(now) == len(before):
        # Pools, slices by names that are not known here: an axis that kept its size.
        found = axis
    else:
        found = None
    if found is None or len(now) < -found:
        return None
    kept_size = now[found] == before[axis] or name in _RESIZED
    return found if kept_size else None


def of_result(
    name: str,
    arguments: tuple[Any, ...],
    keywords: dict[str, Any],
    result: torch.Tensor,
    known: list[tuple[torch.Tensor, Tag]],
    tags: Tags,
) -> tuple[int | None, Tag | None]:
    """The axis of the units in the result of a function, if known, and the tensor that the result comes from.

    `known` are the arguments that something is known of, with their tags.
    """
    if name in OF_LAYERS:
        return OF_LAYERS[name], None
    first = arguments[0] if arguments else None
    if isinstance(first, (list, tuple)):
        first = next((one for one in first if tags.of(one).axis is not None), None)
    if name in ("matmul", "mm", "bmm", "einsum", "__matmul__"):
        return _of_product(name, arguments, tags), tags.of(first) if known else None
    if name == "scaled_dot_product_attention" and len(arguments) > 2:
        return tags.of(arguments[2]).axis, None
    if name in OF_NORMS:
        axis = tags.of(first).axis
        return (axis if axis is not None else OF_NORMS[name](result.dim())), tags.of(first)
    rest = arguments[1:] if arguments and not isinstance(arguments[0], (int, str)) else arguments
    found = []
    for one, tag in known:
        if tag.axis is None or one.dim() < -tag.axis:
            continue
        if one.shape == result.shape and name not in RULES:
            found.append(tag.axis)
        elif name in ELEMENTWISE and -tag.axis <= result.dim() and result.shape[tag.axis] == one.shape[tag.axis]:
            # Broadcast.
            found.append(tag.axis)
        elif one is first or name not in ELEMENTWISE:
            axis = after(name, tag.axis, one.shape, result.shape, rest, keywords)
            if axis is not None:
                found.append(axis)
    same = len(set(found)) == 1
    return (found[0] if same else None), None


def _of_product(name: str, arguments: tuple[Any, ...], tags: Tags) -> int | None:
    if name == "einsum" or len(arguments) < 2:
        return None
    weights = arguments[1]
    if isinstance(arguments[0], torch.nn.Parameter) and arguments[0].dim() >= 2:
        return -2
    if isinstance(weights, torch.nn.Parameter) or tags.of(weights) is NOTHING:
        return -1 if isinstance(weights, torch.Tensor) and weights.dim() >= 2 else None
    return -1 if tags.of(weights).axis == -1 else None


def _dims(before: _Size, arguments: tuple[Any, ...], keywords: dict[str, Any], key: str = "dim") -> list[int] | None:
    """The axes that a call names, from the end."""
    given = keywords.get(key, arguments if len(arguments) > 1 else arguments[0] if arguments else None)
    given = [given] if isinstance(given, int) else given
    if given is None or not all(isinstance(one, int) for one in given):
        return None
    return [one if one < 0 else one - len(before) for one in given]


def _transposed(
    axis: int, before: _Size, now: _Size, arguments: tuple[Any, ...], keywords: dict[str, Any]
) -> int | None:
    one = keywords.get("dim0", keywords.get("axis0", arguments[0] if arguments else None))
    other = keywords.get("dim1", keywords.get("axis1", arguments[1] if len(arguments) > 1 else None))
    if not isinstance(one, int) or not isinstance(other, int):
        return None
    one, other = (dim if dim < 0 else dim - len(before) for dim in (one, other))
    return {one: other, other: one}.get(axis, axis)


def _permuted(axis: int, before: _Size, now: _Size, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> int | None:
    dims = _dims(before, _flat(arguments), keywords, "dims")
    return dims.index(axis) - len(dims) if dims is not None and axis in dims else None


def _moved(axis: int, before: _Size, now: _Size, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> int | None:
    source = keywords.get("source", arguments[0] if arguments else None)
    target = keywords.get("destination", arguments[1] if len(arguments) > 1 else None)
    source, target = ([one] if isinstance(one, int) else one for one in (source, target))
    if source is None or target is None:
        return None
    places: list[int | None] = [None] * len(before)
    for one, other in zip(source, target, strict=True):
        places[other] = one % len(before)
    rest = iter([dim for dim in range(len(before)) if dim not in places])
    order = [next(rest) if place is None else place for place in places]
    return order.index(axis + len(before)) - len(before)


def _flipped(axis: int, before: _Size, *_: Any) -> int | None:
    return {-1: -2, -2: -1}.get(axis, axis) if len(before) > 1 else axis


def _reshaped(axis: int, before: _Size, now: _Size, *_: Any) -> int | None:
    """By the sizes before and behind it; of an axis that was merged with others the merged one has the units."""
    place = axis + len(before)
    leading = _product(before[:place])
    for index in range(len(now)):
        ahead = _product(now[:index])
        if ahead == leading and now[index] == before[place]:
            return index - len(now)
    return None


def _indexed(axis: int, before: _Size, now: _Size, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> int | None:
    """Slices, numbers and new axes; other tensors than masks of leading axes leave it unknown."""
    index = arguments[0] if arguments else keywords.get("indices")
    index = index if isinstance(index, tuple) else (index,)
    taken = sum(
        one.dim() if isinstance(one, torch.Tensor) and one.dtype == torch.bool else int(one is not None)
        for one in index
        if one is not Ellipsis
    )
    full = slice(None)
    spread = [full] * (len(before) - taken)
    at = next((place for place, one in enumerate(index) if one is Ellipsis), len(index))
    parts = [*index[:at], *spread, *index[at + 1 :]]
    source = 0
    result: list[int | None] = []
    for part in parts:
        if part is None:
            result.append(None)
        elif isinstance(part, slice):
            result.append(source)
            source += 1
        elif isinstance(part, torch.Tensor) and part.dtype == torch.bool:
            # Tokens picked by a mask: the axes of the mask become one.
            result.append(None)
            source += part.dim()
        elif isinstance(part, torch.Tensor):
            result.extend([None] * part.dim())
            source += 1
        else:
            source += 1
    place = axis + len(before)
    return result.index(place) - len(result) if place in result and len(result) == len(now) else None


def _reduced(axis: int, before: _Size, now: _Size, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> int | None:
    if len(now) == len(before):
        return axis if now[axis] == before[axis] else None
    given = keywords.get("dim", keywords.get("axis", arguments[0] if arguments else None))
    dims = _dims(before, (given,), {})
    if dims is None or axis in dims:
        return None
    # Axes behind it that are gone bring it nearer to the end.
    return axis + sum(1 for dim in dims if dim > axis)


def _stacked(axis: int, before: _Size, now: _Size, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> int | None:
    dim = keywords.get("dim", arguments[0] if arguments and isinstance(arguments[0], int) else 0)
    new = dim if dim < 0 else dim - len(now)
    return axis - 1 if new > axis else axis


def _concatenated(axis: int, *_: Any) -> int | None:
    return axis


def _shuffled(*_: Any) -> int | None:
    return -3


def _product(sizes: _Size) -> int:
    result = 1
    for size in sizes:
        result *= int(size)
    return result


def _flat(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(arguments[0]) if len(arguments) == 1 and isinstance(arguments[0], (tuple, list)) else arguments


#: Of these the size along the axis may change.
_RESIZED = {"cat", "concat", "concatenate", "pixel_shuffle", "pixel_unshuffle", "chunk", "split", "tensor_split"}
_RESIZED |= {"__getitem__", "narrow"}
#: What functions do to the axis, by their names.
RULES: dict[str, _Rule] = {
    **dict.fromkeys(("transpose", "swapaxes", "swapdims"), _transposed),
    "permute": _permuted,
    **dict.fromkeys(("movedim", "moveaxis"), _moved),
    **dict.fromkeys(("t", "T", "mT", "H", "mH", "adjoint"), _flipped),
    **dict.fromkeys(("view", "reshape", "flatten", "unflatten", "squeeze", "unsqueeze", "reshape_as"), _reshaped),
    **dict.fromkeys(("view_as", "expand", "expand_as", "broadcast_to", "ravel"), _reshaped),
    **dict.fromkeys(("__getitem__",), _indexed),
    **dict.fromkeys(("select", "unbind"), lambda axis, before, now, *rest: _reduced(axis, before, now, *rest)),
    **dict.fromkeys(("mean", "sum", "amax", "amin", "max", "min", "logsumexp", "prod", "std", "var", "norm"), _reduced),
    "stack": _stacked,
    **dict.fromkeys(("cat", "concat", "concatenate", "chunk", "split", "tensor_split", "narrow"), _concatenated),
    **dict.fromkeys(("pixel_shuffle", "pixel_unshuffle"), _shuffled),
}
