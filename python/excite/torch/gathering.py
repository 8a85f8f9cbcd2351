"""The vitals of a layer counted and summed up by PyTorch's own operations, on whatever device its values are.

All that is counted is decided by comparing values with edges, which are found once for each function by bisection with
excite's own gradient: so counts do not depend on how a device rounds. No operation waits for the device, and no shape
depends on values; `fetched` makes one transfer of all layers.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch.autograd import forward_ad

from excite import _native

_COUNTS = ["z_count", "z_nan", "z_infinite", "a_count", "a_nan", "a_infinite", "slope_count", "slope_nan"]
_COUNTS += ["slope_infinite", "not_positive", "low", "high", "at_cap"]
_KINDS = ("z", "a", "slope")
_SUMS = 8
_SLOTS = 131
#: Every 16th value of a sample goes into the histogram, as in Rust.
_STRIDE = 16
_HUGE = 3.4028234e38
_LEAST = 1.1754944e-38
#: Patterns of f32 between which a change of sides may be missed: 2^15.
_GRID = 1 << 17


def _order(bits: npt.NDArray[np.uint32]) -> npt.NDArray[np.int64]:
    wide = bits.astype(np.int64)
    return np.where(wide < 0x80000000, wide + 0x80000000, 0xFFFFFFFF - wide)


def _number(order: Any) -> npt.NDArray[np.float32]:
    order = np.asarray(order, np.int64)
    bits: npt.NDArray[np.uint32] = np.where(order >= 0x80000000, order - 0x80000000, 0xFFFFFFFF - order).astype(
        np.uint32
    )
    return bits.view(np.float32)


def _intervals(holds: Callable[[npt.NDArray[np.float32]], npt.NDArray[np.bool_]]) -> list[tuple[float, float]]:
    """The closed intervals of f32 in which something holds, exact to the bit."""
    ends = [int(end) for end in _order(np.array([-np.inf, np.inf], dtype=np.float32).view(np.uint32))]
    grid = np.linspace(ends[0], ends[1], _GRID).astype(np.int64)
    held = holds(_number(grid))
    found, start = [], ends[0] if held[0] else None
    for index in np.flatnonzero(held[1:] != held[:-1]):
        low, high, was = grid[index], grid[index + 1], held[index]
        while high - low > 1:
            middle = (low + high) // 2
            if holds(_number([middle]))[0] == was:
                low = middle
            else:
                high = middle
        if was:
            found.append((start, low))
            start = None
        else:
            start = high
    if start is not None:
        found.append((start, ends[1]))
    return [(float(_number([low])[0]), float(_number([high])[0])) for low, high in found]


class Edges:
    """What the values of a function are compared with."""

    def __init__(self, function: str, limits: dict[str, float]) -> None:
        name, keywords = _call(function)
        gradient = getattr(_native, f"{name}_grad")

        def slope(z: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
            found: npt.NDArray[np.float32] = gradient(np.ascontiguousarray(z, np.float32), **keywords)
            return found

        #: Where the gradient is 0, and where it is under 5 % of the largest.
        self.zero = _intervals(lambda z: slope(z) == 0)
        self.flat = _intervals(lambda z: np.abs(slope(z)) < np.float32(limits["slope"]))
        #: The gradient at −∞ and at ∞.
        self.limits = [float(value) for value in slope(np.array([-np.inf, np.inf], dtype=np.float32))]
        self.centre, self.cap, self.middle = limits["centre"], limits["cap"], limits["middle"]

    @classmethod
    def of(cls, function: str) -> Edges:
        """Those of a function, which are found once."""
        if function not in _EDGES:
            vitals = _native.NativeVitals("")
            vitals.add_layer("", function, 1, "hidden")
            _EDGES[function] = cls(function, vitals.limits(0))
        return _EDGES[function]


_EDGES: dict[str, Edges] = {}


def _call(function: str) -> tuple[str, dict[str, float]]:
    """The name of a function in the package, with its parameters: `leaky_relu(0.2)`."""
    name, _, rest = function.partition("(")
    values = [float(value) for value in rest.rstrip(")").split(",")] if rest.rstrip(")") else []
    signature = inspect.signature(getattr(_native, name)).parameters.values()
    names = [parameter.name for parameter in signature if isinstance(parameter.default, float)]
    return name, dict(zip(names, values, strict=False))


def _has_float64(device: torch.device) -> bool:
    try:
        return bool(torch.zeros(1, dtype=torch.float64, device=device).dtype == torch.float64)
    except (TypeError, RuntimeError, NotImplementedError):
        return False


def _size(values: torch.Tensor) -> torch.Tensor:
    return torch.maximum(values, -values)


def inside(intervals: list[tuple[float, float]], values: torch.Tensor) -> torch.Tensor:
    """Whether each value lies in one of the intervals; NaN lies in none."""
    found = torch.zeros_like(values, dtype=torch.bool)
    for low, high in intervals:
        found = found | ((values >= low) & (values <= high))
    return found


def _slope(z: torch.Tensor, compute: Callable[[torch.Tensor], Any]) -> torch.Tensor:
    """The derivative of a function at each value, as PyTorch has it."""
    with torch.inference_mode(False):
        leaf = z.clone()
        try:
            with forward_ad.dual_level():
                values = compute(forward_ad.make_dual(leaf, torch.ones_like(leaf)))
                slope = forward_ad.unpack_dual(values).tangent
                return torch.zeros_like(z) if slope is None else slope.float()
        except (RuntimeError, NotImplementedError):
            # Not every function has a forward derivative, and there may be one within another.
            with torch.enable_grad():
                leaf = z.clone().requires_grad_()
                values = compute(leaf)
                (slope,) = torch.autograd.grad(values, leaf, torch.ones_like(values))
            found: torch.Tensor = slope.float()
            return found


class OnDevice:
    """The sums of one layer since they were last fetched."""

    def __init__(self, edges: Edges, units: int, device: torch.device) -> None:
        self.edges, self.units, self.device = edges, units, device
        self.wide = torch.float64 if _has_float64(device) else torch.float32
        self.silent = torch.full((2, units), -1, dtype=torch.int64, device=device)
        self.reset()

    def reset(self) -> None:
        """Begin again; since when units are silent is kept."""
        kind = {"device": self.device}
        self.samples = 0
        self.counts = torch.zeros(len(_COUNTS), self.units, dtype=torch.int64, **kind)
        #: Of each sum what f32 cannot hold of it too, where there is no f64.
        self.sums = torch.zeros(2, _SUMS, self.units, dtype=self.wide, **kind)
        self.pivots = torch.zeros(len(_KINDS), self.units, dtype=torch.float32, **kind)
        self.ends = torch.full((2 * len(_KINDS), self.units), _HUGE, dtype=torch.float32, **kind)
        self.histogram = torch.zeros(_SLOTS + 1, dtype=torch.int64, **kind)
        self.is_new = True

    @torch.no_grad()
    def update(
        self,
        z: torch.Tensor,
        a: torch.Tensor,
        axis: int,
        samples: int | None,
        compute: Callable[[torch.Tensor], Any],
        step: int,
    ) -> None:
        """Add a batch; `compute` is the function, of a tensor."""
        given = z.detach().float()
        z = given.movedim(axis, 0).flatten(1)
        a = a.detach().float().movedim(axis, 0).flatten(1)
        zero = inside(self.edges.zero, z)
        slope = torch.where(zero, torch.zeros_like(z), _slope(given, compute).movedim(axis, 0).flatten(1))
        # What PyTorch makes of values that are not finite differs from function to function.
        for end, limit in zip((-float("inf"), float("inf")), self.edges.limits, strict=True):
            slope = torch.where(z == end, torch.full_like(z, limit), slope)
        slope = torch.where(z == z, slope, z)
        # Where excite's own gradient is not 0, the device's may have been flushed.
        slope = torch.where((slope == 0) & ~zero & (z == z), torch.full_like(z, _LEAST), slope)
        finite = [(values * 0) == 0 for values in (z, a, slope)]
        self._count(z, a, slope, finite)
        self._sum([z, a, slope], finite)
        is_alive = (~zero & (z == z)).any(1) | (a.amin(1) != a.amax(1))
        last = torch.where(is_alive, torch.full_like(self.silent[0], step), self.silent[0])
        since = torch.where(self.silent[1] < 0, torch.full_like(self.silent[1], step), self.silent[1])
        self.silent = torch.stack([last, torch.where(is_alive, torch.full_like(since, -1), since)])
        self._tally(given, axis)
        self.samples += given.shape[0] if samples is None else samples
        self.is_new = False

    def _count(self, z: torch.Tensor, a: torch.Tensor, slope: torch.Tensor, finite: list[torch.Tensor]) -> None:
        flat = inside(self.edges.flat, z)
        low = flat & (z <= self.edges.centre)
        cap = self.edges.cap
        at_cap = a >= cap if cap == cap else torch.zeros_like(flat)
        masks = []
        for values, is_finite in zip((z, a, slope), finite, strict=True):
            masks += [is_finite, values != values, ~is_finite & (values == values)]
        masks += [z <= 0, low, flat & ~low, at_cap]
        self.counts = self.counts + torch.stack([mask.sum(1) for mask in masks])

    def _sum(self, kinds: list[torch.Tensor], finite: list[torch.Tensor]) -> None:
        sums, pivots, ends = [], [], []
        for index, (values, is_finite) in enumerate(zip(kinds, finite, strict=True)):
            first = torch.where(is_finite[:, 0], values[:, 0], torch.zeros_like(values[:, 0]))
            pivot = first if self.is_new else self.pivots[index]
            off = values.to(self.wide) - pivot.to(self.wide)[:, None]
            off = torch.where(is_finite, off, torch.zeros_like(off))
            sums += [off.sum(1), (off * off).sum(1)]
            pivots.append(pivot)
            huge = torch.full_like(values, _HUGE)
            # The largest as the least of the negative, so that all ends are merged alike.
            ends += [torch.where(is_finite, values, huge).amin(1), torch.where(is_finite, -values, huge).amin(1)]
        a, is_finite = kinds[1].to(self.wide), finite[1]
        nothing = torch.zeros_like(a)
        sums.append(torch.where(is_finite, _size(a), nothing).sum(1))
        sums.append(torch.where(is_finite, _size(a - self.edges.middle), nothing).sum(1))
        self.pivots = torch.stack(pivots)
        self.ends = torch.minimum(self.ends, torch.stack(ends))
        more = torch.stack(sums)
        if self.wide == torch.float64:
            self.sums = torch.stack([self.sums[0] + more, self.sums[1]])
        else:
            # Knuth's two-sum: the sum in f32, and exactly what it leaves out.
            total = self.sums[0] + more
            part = total - self.sums[0]
            rest = (self.sums[0] - (total - part)) + (more - part)
            self.sums = torch.stack([total, self.sums[1] + rest])

    def _tally(self, z: torch.Tensor, axis: int) -> None:
        """Every 16th value of each sample, from one on that depends on a few of its values, as in Rust."""
        is_last = axis == z.dim() - 1
        rows = z.reshape(-1, z.shape[-1]) if is_last else z.movedim(axis, 1).flatten(1)
        n = rows.shape[1]
        picked = rows[:, [0, n // 3, n // 2, n - 1]].contiguous()
        bits = picked.view(torch.int32).to(torch.int64).remainder(1 << 32)
        key = torch.zeros_like(bits[:, 0])
        for index in range(4):
            key = (torch.bitwise_xor(key, bits[:, index]) * 0x9E3779B1).remainder(1 << 32)
        first = key.div(1 << 16, rounding_mode="floor").remainder(_STRIDE)
        at = first[:, None] + _STRIDE * torch.arange(n // _STRIDE + 1, device=z.device)[None]
        values = rows.gather(1, at.clamp(max=n - 1))
        bins = ((values.clamp(-8, 7.999999) * 8).floor()).nan_to_num(0).to(torch.int64) + 65
        slot = torch.where(values < -8, torch.zeros_like(bins), bins)
        slot = torch.where(values >= 8, torch.full_like(bins, _SLOTS - 2), slot)
        slot = torch.where(values != values, torch.full_like(bins, _SLOTS - 1), slot)
        # What lies beyond the end of a sample goes into a slot of its own.
        slot = torch.where(at < n, slot, torch.full_like(bins, _SLOTS)).flatten()
        self.histogram = self.histogram.scatter_add(0, slot, torch.ones_like(slot))

    def parts(self) -> list[torch.Tensor]:
        """All that is to be fetched."""
        return [self.sums, self.pivots, self.ends, self.counts, self.silent, self.histogram]


class Fetched:
    """What was fetched of a layer: the array that the vitals absorb, and since when units are silent."""

    def __init__(self, layer: OnDevice, parts: list[npt.NDArray[Any]]) -> None:
        sums, pivots, ends, counted, silent, histogram = parts
        sums = sums.sum(0)
        counts = dict(zip(_COUNTS, counted, strict=True))
        self.silent = silent.astype(np.int64)
        self.histogram = np.ascontiguousarray(histogram[:_SLOTS], dtype=np.int64)
        self.samples = layer.samples
        figures: dict[str, Any] = {name: count.astype(np.float64) for name, count in counts.items()}
        for index, kind in enumerate(_KINDS):
            n = np.maximum(figures[f"{kind}_count"], 1)
            off, squares = sums[2 * index], sums[2 * index + 1]
            figures[f"{kind}_mean"] = pivots[index] + off / n
            figures[f"{kind}_m2"] = np.maximum(squares - off * off / n, 0)
            figures[f"{kind}_min"], figures[f"{kind}_max"] = ends[2 * index], -ends[2 * index + 1]
        figures["signs"] = figures["z_count"] + figures["z_infinite"]
        figures["size"], figures["from_middle"] = sums[-2], sums[-1]
        self.figures = np.stack([figures[name] for name in _native.PACKED])


def fetched(tensors: Sequence[torch.Tensor]) -> list[npt.NDArray[Any]]:
    """Tensors as arrays of f64, in one transfer for each device (two where it has no f64)."""
    found: list[Any] = [None] * len(tensors)
    for device in dict.fromkeys(tensor.device for tensor in tensors):
        here = [place for place, tensor in enumerate(tensors) if tensor.device == device]
        # Counts under 2^53 are exact in f64.
        kinds: list[tuple[list[int], torch.dtype]] = [(here, torch.float64)]
        if not _has_float64(device):
            real = [place for place in here if tensors[place].is_floating_point()]
            kinds = [(real, torch.float32), ([place for place in here if place not in real], torch.int64)]
        for places, kind in kinds:
            if not places:
                continue
            whole = torch.cat([tensors[place].detach().to(kind).flatten() for place in places]).cpu().double().numpy()
            ends = np.cumsum([tensors[place].numel() for place in places])
            for place, part in zip(places, np.split(whole, ends[:-1]), strict=True):
                found[place] = part.reshape(tensors[place].shape)
    return found
