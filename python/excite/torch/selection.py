"""Which modules are looked at: by name, or by pattern."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import TypeAlias

import torch

#: The names of modules, or patterns with * and ?.
Patterns: TypeAlias = "str | Iterable[str] | None"


class Selection:
    """The calls within the included modules and outside the excluded ones.

    A name stands for the module with all that is in it. Raises ValueError for a name or pattern that no module has.
    """

    def __init__(self, model: torch.nn.Module, include: Patterns = None, exclude: Patterns = None) -> None:
        self._modules = [name for name, _ in model.named_modules()]
        self._include = None if include is None else self._known("include", include)
        self._exclude = self._known("exclude", exclude or ())

    def has(self, call: str) -> bool:
        """Whether a call is looked at, by its name: that of a module, or of a function behind that of a module."""
        places = _places(call)
        included = self._include is None or any(_fits(self._include, place) for place in places)
        return included and not any(_fits(self._exclude, place) for place in places)

    def _known(self, argument: str, patterns: str | Iterable[str]) -> tuple[str, ...]:
        found = (patterns,) if isinstance(patterns, str) else tuple(patterns)
        for pattern in found:
            if not any(fnmatchcase(name, pattern) for name in self._modules):
                raise ValueError(f"{argument}: no module is named `{pattern}`{_nearest(pattern, self._modules)}")
        return found


def check_axes(model: torch.nn.Module, axes: Mapping[str, int]) -> None:
    """Raise ValueError for an axis of a call that no module of the model can make, and for one that is no number.

    A call goes by the name of a module, or by that of a function behind the name of the module that calls it.
    """
    modules = [name for name, _ in model.named_modules()]
    for name, axis in axes.items():
        place = name.split("#")[0]
        if place not in modules and place.rpartition(".")[0] not in modules:
            raise ValueError(f"axes names `{name}`, and there is no such place in the model{_nearest(name, modules)}")
        if not isinstance(axis, int) or isinstance(axis, bool):
            raise ValueError(f"axes[{name!r}] must be the number of an axis, not {axis!r}")


def _places(call: str) -> list[str]:
    """The names of the modules that a call is in, and its own: `a.b.relu#2` is in `a.b.relu`, `a.b`, `a`, the model."""
    parts = call.split("#")[0].split(".")
    return ["", *(".".join(parts[:end]) for end in range(1, len(parts) + 1))]


def _fits(patterns: tuple[str, ...], place: str) -> bool:
    return any(fnmatchcase(place, pattern) for pattern in patterns)


def _nearest(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), 1)
    return f": did you mean `{near[0]}`?" if near else ""
