"""Vitals: what a network's activations look like, as streaming, mergeable statistics."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from excite._arrays import as_array
from excite._native import NativeVitals
from excite.results import Diagnosis


class Vitals:
    """The vitals of a network: its activation layers in depth order, fed batch by batch.

    Layers are added by `add_layer`, fed by `update`, merged with those of other processes by `merge`, and read by
    `diagnosis`. Files are those of the program: `excite merge` joins them too.

    >>> import numpy as np
    >>> from excite import Vitals
    >>> vitals = Vitals("mlp")
    >>> vitals.add_layer("fc1", "relu", units=3)
    >>> vitals.update("fc1", np.array([[-1.0, 2.0, -3.0], [-0.5, -1.0, -2.0]]))
    >>> vitals.diagnosis().layers[0].dead
    [0, 2]
    """

    def __init__(self, model: str) -> None:
        self._native = NativeVitals(model)
        self._units: dict[str, int] = {}
        self._places: dict[str, int] = {}
        self.model = model

    @property
    def layers(self) -> list[str]:
        """The names of the layers, in depth order."""
        return list(self._units)

    def units(self, layer: str) -> int:
        """The number of units of a layer."""
        return self._layer(layer)[1]

    def add_layer(self, name: str, function: str, units: int, role: str = "hidden") -> None:
        """Add a layer; `role` is hidden, gate or output. Raises ValueError for a function that is not known."""
        if units < 1:
            raise ValueError(f"layer `{name}` must have at least one unit, not {units}")
        self._native.add_layer(name, function, units, role)
        self._places[name] = len(self._units)
        self._units[name] = units

    def set_role(self, layer: str, role: str) -> None:
        """Say what a layer is there for, where that was not known when it was added."""
        self._native.set_role(self._layer(layer)[0], role)

    def update(
        self,
        layer: str,
        z: npt.ArrayLike | None = None,
        a: npt.ArrayLike | None = None,
        *,
        axis: int = 1,
        samples: int | None = None,
    ) -> None:
        """Add a batch: pre-activations `z`, activations `a`, or both; units lie along `axis`, samples along the first.

        `samples` is the number of independent samples where it is not the size of the first axis.
        """
        index, units = self._layer(layer)
        pre = None if z is None else _units_second(z, "z", axis)
        post = None if a is None else _units_second(a, "a", axis)
        given = pre if pre is not None else post
        if given is None:
            raise TypeError("z or a must be given")
        if pre is not None and post is not None and pre.shape != post.shape:
            raise ValueError(f"z and a differ in shape: {np.asarray(z).shape} and {np.asarray(a).shape}")
        shape = given.shape
        if shape[1] != units:
            raise ValueError(f"layer `{layer}` has {units} units, and there are {shape[1]} along axis {axis}")
        if samples is None:
            whole = np.asarray(a if z is None else z).shape
            samples = whole[0] if len(whole) > 1 else 1
        self._native.update(index, pre, post, shape[2], samples, False)

    def fresh(self) -> Vitals:
        """The same layers, which have seen nothing."""
        return self._of(self._native.fresh(), self.model, self._units)

    def update_gradient(self, layer: str, gradient: npt.ArrayLike) -> None:
        """Add the gradient of the loss by the layer's weights in one step: a row for each unit."""
        index, units = self._layer(layer)
        rows = np.ascontiguousarray(as_array(gradient, "gradient").reshape(units, -1), dtype=np.float32)
        self._native.update_gradient(index, rows, rows.shape[1])

    def update_step(self, layer: str, ratio: float) -> None:
        """Add the norm of a step of the weights over the norm of the weights."""
        self._native.update_step(self._layer(layer)[0], ratio)

    def update_inputs(self, x: npt.ArrayLike, *, axis: int = 1) -> None:
        """Add a batch of what goes into the network; features or channels lie along `axis`."""
        array = _units_second(x, "x", axis)
        self._native.update_inputs(array, array.shape[1], array.shape[2])

    def add_run(self) -> None:
        """Count a run of the network."""
        self._native.add_run()

    def merge(self, other: Vitals) -> None:
        """Add what `other` has seen of the same network. Raises ValueError if it is another; then nothing was added."""
        self._native.merge(other._native)

    def diagnosis(
        self, weights: Sequence[dict[str, Any] | None] | None = None, *, in_training: bool = False
    ) -> Diagnosis:
        """The diagnosis: of a finished network, unless it is `in_training` or gradients were seen.

        `weights` has for each layer None, or a dict of its bias, its weights (a row for each unit, or for each of its
        `rows`, flat), the inputs (a dict of low and high for each) and the input_means: they tell what holds a dead
        unit down.
        """
        given = None if weights is None else [_incoming(layer) for layer in weights]
        return Diagnosis.from_json(self._native.diagnosis(given, json.dumps({"in_training": in_training})))

    def copy(self) -> Vitals:
        """The same, which no longer changes with this."""
        return self._of(self._native.copy(), self.model, self._units)

    def page(self, diagnosis: Diagnosis, training: dict[str, Any] | None = None) -> str:
        """The page of `excite check` for a diagnosis of these vitals: HTML. `training` is what a watch saw of it."""
        page: str = self._native.page(diagnosis.record, list(diagnosis.not_seen.items()), "", training)
        return page

    def units_of(self, diagnosis: Diagnosis) -> list[dict[str, Any]]:
        """Each unit with its layer, the worst that the diagnosis of these vitals found of it, and its activations."""
        names = ("state", "mean", "std", "min", "max")
        return [
            {"layer": layer, "unit": unit, **dict(zip(names, figures, strict=True))}
            for layer, units in zip(self._units, self._native.units(diagnosis.record), strict=True)
            for unit, figures in enumerate(units)
        ]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a file that `excite merge` and `load` read: JSON if the name ends in .json."""
        self._native.save(os.fspath(path))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Vitals:
        """Read a file of `save` or the program. Raises ValueError if it is none, OSError if it cannot be read."""
        with open(path, "rb") as file:
            return cls.from_bytes(file.read())

    def to_bytes(self) -> bytes:
        """As the program's files."""
        content: bytes = self._native.to_bytes()
        return content

    @classmethod
    def from_bytes(cls, content: bytes) -> Vitals:
        """From `to_bytes`, or the JSON of a file."""
        native = NativeVitals.from_bytes(content)
        state = json.loads(native.to_json())
        return cls._of(native, state["model"], {layer["name"]: len(layer["units"]) for layer in state["layers"]})

    @classmethod
    def _of(cls, native: NativeVitals, model: str, units: dict[str, int]) -> Vitals:
        vitals = cls(model)
        vitals._native, vitals._units = native, dict(units)
        vitals._places = {name: place for place, name in enumerate(units)}
        return vitals

    def __reduce__(self) -> tuple[Any, ...]:
        return Vitals.from_bytes, (self.to_bytes(),)

    def __repr__(self) -> str:
        return f"Vitals({self.model!r}, {len(self._units)} layers)"

    def _repr_html_(self) -> str:
        return self.diagnosis()._repr_html_()

    def _layer(self, name: str) -> tuple[int, int]:
        if name not in self._units:
            raise KeyError(f"there is no layer `{name}`: there are {', '.join(self._units) or 'none'}")
        return self._places[name], self._units[name]


def _incoming(layer: dict[str, Any] | None) -> tuple[Any, ...] | None:
    """The weights that lead into a layer, as the native vitals take them."""
    if layer is None:
        return None
    bias = np.ascontiguousarray(layer["bias"], dtype=np.float32)
    rows = list(layer.get("rows", range(len(bias))))
    weights = np.ascontiguousarray(layer["weights"], dtype=np.float32).reshape(len(rows), -1 if rows else 0)
    # The ranges one by one, or all at once.
    low, high = (layer[end] if end in layer else [one[end] for one in layer["inputs"]] for end in ("low", "high"))
    means = layer.get("input_means", [])
    return bias, rows, weights, *(np.ascontiguousarray(one, dtype=np.float64) for one in (low, high, means))


def _units_second(values: npt.ArrayLike, name: str, axis: int) -> npt.NDArray[np.float32]:
    """In the layout [samples, units, positions], contiguous, in f32."""
    array = as_array(values, name)
    if not -array.ndim <= axis < array.ndim:
        raise ValueError(f"{name} has {array.ndim} dimensions: there is no axis {axis} of units")
    if axis % array.ndim == array.ndim - 1:
        array = array.reshape(-1, array.shape[-1], 1)
    else:
        array = np.moveaxis(array, axis, 1)
        array = array.reshape(array.shape[0], array.shape[1], -1)
    return np.ascontiguousarray(array, dtype=np.float32)
