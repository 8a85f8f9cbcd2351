"""The facts that are known of the tensors of a pass."""

from __future__ import annotations

import dataclasses
import weakref
from collections.abc import Iterator, Mapping
from typing import Any

import torch


@dataclasses.dataclass(eq=False)
class Place:
    """A call of an activation that was handed over."""

    name: str
    function: str
    bit: int


@dataclasses.dataclass(slots=True, eq=False)
class Tag:
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
    place: Place | None = None
    node: Any = None
    constant: float | None = None
    is_input: bool = False


NOTHING = Tag(None)


class Tags:
    """The tags of tensors, as long as these live."""

    def __init__(self) -> None:
        self._tags: dict[int, Tag] = {}

    def of(self, tensor: Any) -> Tag:
        """The tag of a tensor; `NOTHING` where nothing is known."""
        tag = self._tags.get(id(tensor))
        return tag if tag is not None and tag.tensor() is tensor else NOTHING

    def set(self, tensor: Any, **known: Any) -> Tag:
        """Give a tensor a new tag."""
        tag = self._tags[id(tensor)] = Tag(weakref.ref(tensor), **known)
        return tag

    def clear(self) -> None:
        """Forget all."""
        self._tags.clear()


def shapes(tensor: torch.Tensor) -> tuple[Any, ...]:
    """Its size, and that of the part of it that is here."""
    local = getattr(tensor, "_local_tensor", tensor)
    return (tensor.shape, local.shape)


def version(tensor: torch.Tensor) -> int:
    """How often a tensor was overwritten."""
    try:
        return int(tensor._version)
    except RuntimeError:
        # Tensors of inference mode keep no count.
        return 0


def tensors_in(values: Any, depth: int = 4) -> Iterator[torch.Tensor]:
    """The tensors in nested tuples, lists, mappings and dataclasses."""
    if isinstance(values, torch.Tensor):
        yield values
    elif depth > 0:
        if isinstance(values, Mapping):
            values = list(values.values())
        elif dataclasses.is_dataclass(values) and not isinstance(values, type):
            values = [getattr(values, field.name) for field in dataclasses.fields(values)]
        if isinstance(values, (tuple, list)):
            for value in values:
                yield from tensors_in(value, depth - 1)
