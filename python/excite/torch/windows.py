"""The vitals of a model under training over time: of all that was seen, and of what was seen since the last look."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from excite.torch.gathering import Edges, Fetched, OnDevice, fetched
from excite.torch.mode import Call
from excite.vitals import Vitals

#: The samples of a window from which on it speaks for itself: as many as tell a dead unit from a rare one.
ENOUGH = 300
_TINY = 1e-38


@dataclasses.dataclass
class Gone:
    """Units of a layer that were alive once and are dead now, with the steps between which the first and last died."""

    layer: str
    units: list[int]
    alive_at: int
    silent_at: int


class Windows:
    """Vitals that forget: what units did early in the training does not hide that they are dead now."""

    def __init__(self, model: str) -> None:
        #: Of all windows that are over, of the last of them, and of the one that is open.
        self.past, self.last, self.open = Vitals(model), Vitals(model), Vitals(model)
        #: Of the first one.
        self.first: Vitals | None = None
        self.functions: dict[str, str] = {}
        #: Of each unit the last step in which it was alive, and the first after it in which it was silent; −1: none.
        self.silent: dict[str, npt.NDArray[np.int64]] = {}
        self._devices: dict[str, OnDevice] = {}
        self._gradients: list[tuple[str, torch.Tensor]] = []
        self._steps: list[tuple[str, torch.Tensor, torch.Tensor]] = []
        #: What goes into layers and the network, which is fetched with the rest.
        self.inputs: list[Any] = []

    def _all(self) -> list[Vitals]:
        return [self.past, self.last, self.open, *([] if self.first is None else [self.first])]

    def add_layer(self, name: str, function: str, units: int) -> None:
        """A layer that was not seen before."""
        for vitals in self._all():
            vitals.add_layer(name, function, units)
        self.functions[name] = function
        self.silent[name] = np.full((2, units), -1, dtype=np.int64)

    def set_role(self, layer: str, role: str) -> None:
        """Say what a layer is there for."""
        for vitals in self._all():
            vitals.set_role(layer, role)

    def update(self, call: Call, step: int) -> None:
        """Add a call of an activation function."""
        z, a = _local(call.z), _local(call.a)
        units = z.shape[call.axis]
        if call.name not in self.functions:
            self.add_layer(call.name, call.function, units)
        elif units != self.past.units(call.name):
            known = self.past.units(call.name)
            raise ValueError(f"it has {known} units in one pass and {units} in another: only the first is looked at")
        if z.device.type == "cpu" and type(z) in (torch.Tensor, torch.nn.Parameter):
            place, _ = self.open._layer(call.name)
            (pre, positions), (post, _) = _laid_out(z, call.axis), _laid_out(a, call.axis)
            samples = z.shape[0] if call.samples is None else call.samples
            alive: Any = self.open._native.update(place, pre, post, positions, samples, True)
            self._note(call.name, alive, step)
            return
        if call.compute is None:
            raise ValueError(f"the function is not to be had on {z.device}")
        layer = self._devices.get(call.name)
        if layer is None or layer.device != z.device:
            if layer is not None:
                # The model has moved.
                self.settle()
            layer = self._devices[call.name] = OnDevice(Edges.of(call.function), units, z.device)
        layer.update(z, a, call.axis, call.samples, call.compute, step)

    def _note(self, name: str, shown: bytes, step: int) -> None:
        last, since = self.silent[name]
        if 0 not in shown:
            last.fill(step)
            since.fill(-1)
            return
        alive = np.frombuffer(shown, dtype=np.uint8) != 0
        last[alive] = step
        since[alive] = -1
        since[~alive & (since < 0)] = step

    def add_gradient(self, layer: str, norm: torch.Tensor, same_sign: torch.Tensor) -> None:
        """Add the norm of a gradient, and the share of its rows that has one sign, where they are."""
        self._gradients.append((layer, torch.stack([norm, same_sign]).detach()))

    def add_step(self, layer: str, step: torch.Tensor, size: torch.Tensor) -> None:
        """Add the norms of a step of the weights and of the weights, where they are."""
        self._steps.append((layer, step, size))

    def settle(self) -> None:
        """Fetch what devices have summed up: one transfer of all."""
        layers = [(name, layer) for name, layer in self._devices.items() if layer.samples]
        inputs = [one for one in self.inputs if one.is_new]
        gradients, self._gradients = self._gradients, []
        steps, self._steps = self._steps, []
        parts = [part for _, layer in layers for part in layer.parts()]
        tensors = [*parts, *(figures for _, figures in gradients), *(one.sums for one in inputs)]
        tensors += [norm for _, *norms in steps for norm in norms]
        if not tensors:
            return
        arrays = iter(fetched(tensors))
        for name, layer in layers:
            one = Fetched(layer, [next(arrays) for _ in layer.parts()])
            place, _ = self.open._layer(name)
            self.open._native.absorb(place, one.figures, one.histogram, one.samples)
            self.silent[name] = one.silent
            layer.reset()
        for name, _ in gradients:
            norm, same_sign = next(arrays)
            place, _ = self.open._layer(name)
            self.open._native.add_gradient(place, norm, None if np.isnan(same_sign) else same_sign)
        for one_input in inputs:
            one_input.fetch(next(arrays))
        for name, *_ in steps:
            step, size = float(next(arrays)), float(next(arrays))
            if size > 0:
                self.open.update_step(name, step / size)

    def look(self) -> None:
        """Close the window, if enough was seen in it."""
        self.settle()
        if self.samples(self.open) >= ENOUGH:
            if self.first is None:
                self.first = _joined(self.open)
            self.past.merge(self.open)
            self.last, self.open = self.open, self.open.fresh()

    def samples(self, vitals: Vitals) -> int:
        """The number of samples in it."""
        return int(vitals._native.samples())

    def whole(self) -> Vitals:
        """Of all that was seen."""
        self.settle()
        return _joined(self.past, self.open)

    def recent(self) -> Vitals:
        """Of the open window, or with the last one where little was seen in it."""
        self.settle()
        return _joined(self.open) if self.samples(self.open) >= ENOUGH else _joined(self.last, self.open)

    def beginning(self) -> Vitals:
        """Of the first window."""
        return self.first if self.first is not None else self.recent()

    def gone(self, recent: Vitals) -> list[Gone]:
        """The units that died while the model was watched, layer by layer."""
        found = []
        for place, name in enumerate(recent.layers):
            last, since = self.silent[name]
            units = [unit for unit in recent._native.dead(place) if last[unit] >= 0 and since[unit] >= 0]
            if units:
                found.append(Gone(name, units, int(last[units].min()), int(since[units].max())))
        return found


def _joined(*parts: Vitals) -> Vitals:
    joined = parts[-1].fresh()
    for part in parts:
        joined.merge(part)
    return joined


def _local(tensor: torch.Tensor) -> torch.Tensor:
    """Of a tensor that is spread over processes the part that is here."""
    to_local: Any = getattr(tensor, "to_local", None)
    return to_local() if callable(to_local) else tensor


def _laid_out(tensor: torch.Tensor, axis: int) -> tuple[npt.NDArray[np.float32], int]:
    """The values laid out [samples, units, positions], and the number of positions."""
    if axis == tensor.dim() - 1:
        return _numpy(tensor.contiguous()), 1
    tensor = tensor if axis == 1 else tensor.movedim(axis, 1)
    return _numpy(tensor.contiguous()), math.prod(tensor.shape[2:])


def _numpy(tensor: torch.Tensor) -> npt.NDArray[np.float32]:
    values = tensor.float()
    if tensor.dtype == torch.float64:
        # Numbers too small for f32 are not 0.
        values = torch.where((values == 0) & (tensor != 0), torch.copysign(torch.tensor(_TINY), tensor.float()), values)
    array: npt.NDArray[np.float32] = values.numpy()
    return array
