"""Which units die in training, at which step, and of what.

A step changes the pre-activations of a unit by its own weights, by its own bias and by what comes from upstream.
Where a unit has died between two looks at the same samples, the model is run again with only one of the parts
changed, and with all halfway.
"""

from __future__ import annotations

import contextlib
import dataclasses
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch.func import functional_call

from excite.torch.gathering import Edges, inside
from excite.torch.mode import Call
from excite.torch.sites import Tracer


@dataclasses.dataclass(frozen=True)
class Event:
    """What happened to a unit: it was `born dead`, `killed` at a step, or `revived`.

    A killing names its cause, which is the part of the update that pushed the unit furthest (own weights, own bias,
    upstream), how far each part pushed, the learning rate, the size of the update of the unit's weights, and whether it
    would have lived at half the rate.
    """

    layer: str
    unit: int
    event: str
    step: int
    cause: str | None = None
    push: dict[str, float] | None = None
    learning_rate: float | None = None
    update: float | None = None
    survives_half: bool | None = None

    def __str__(self) -> str:
        if self.event != "killed":
            return f"{self.layer}, unit {self.unit}: {self.event}" + (f" at step {self.step}" if self.step else "")
        rate = "" if self.learning_rate is None else f" at a learning rate of {self.learning_rate:g}"
        half = ", and half of it would not have" if self.survives_half else ", and half of it would have too"
        return f"{self.layer}, unit {self.unit}: killed at step {self.step}{rate} by its {self.cause}{half}"


@dataclasses.dataclass
class _Layer:
    """What the units of a layer do on the samples."""

    dead: Any
    least: Any
    most: Any
    call: Call


class DeathWatch:
    """Looks at every unit on the same samples: one is dead while its slope is 0 for all of them."""

    def __init__(self, tracer: Tracer, probe: Any, rate_of: Callable[[Any], float | None]) -> None:
        self.tracer, self.rate_of = tracer, rate_of
        # As the model takes it: by position, or by name.
        self.arguments: tuple[Any, ...] = ()
        self.keywords: dict[str, Any] = {}
        if isinstance(probe, Mapping):
            self.keywords = dict(probe)
        else:
            self.arguments = tuple(probe) if isinstance(probe, (tuple, list)) else (probe,)
        given = [*self.arguments, *self.keywords.values()]
        #: The number of samples, as the first of the inputs tells it.
        self.samples = next((len(one) for one in given if isinstance(one, torch.Tensor) and one.dim() > 0), 0)
        self.events: list[Event] = []
        self.layers = self._look(None)
        self.before = self._parameters()
        for name, layer in self.layers.items():
            self.events += [Event(name, int(unit), "born dead", 0) for unit in np.flatnonzero(layer.dead)]

    def look(self, step: int) -> list[Event]:
        """What has happened since the last look."""
        layers = self._look(None)
        after = self._parameters()
        halfway: dict[str, _Layer] | None = None
        events: list[Event] = []
        for name, now in layers.items():
            was = self.layers.get(name)
            if was is None or was.dead.shape != now.dead.shape:
                continue
            killed = np.flatnonzero(now.dead & ~was.dead)
            if killed.size:
                if halfway is None:
                    halfway = self._look({key: (self.before[key] + value) / 2 for key, value in after.items()})
                events += self._killings(step, name, killed, was, now, halfway[name], after)
            events += [Event(name, int(unit), "revived", step) for unit in np.flatnonzero(was.dead & ~now.dead)]
        self.layers, self.before = layers, after
        self.events += events
        return events

    def _killings(
        self,
        step: int,
        name: str,
        units: Any,
        was: _Layer,
        now: _Layer,
        halfway: _Layer,
        after: dict[str, torch.Tensor],
    ) -> list[Event]:
        producer = now.call.producer
        own = {"own weights": f"{producer}.weight", "own bias": f"{producer}.bias"}

        def with_only(keys: set[str]) -> _Layer:
            mixed = {key: value if key in keys else self.before[key] for key, value in after.items()}
            layers: dict[str, _Layer] = self._look(mixed)
            return layers[name]

        parts = {part: with_only({key}) for part, key in own.items() if key in after}
        parts["upstream"] = with_only({key for key in after if key.rpartition(".")[0] in now.call.upstream})
        weight = after.get(own["own weights"])
        rate = self.rate_of(own["own weights"])
        events = []
        for unit in map(int, units):
            above = now.least[unit] > 0
            push = {
                part: float(layer.least[unit] - was.least[unit] if above else was.most[unit] - layer.most[unit])
                for part, layer in parts.items()
            }
            update = None
            if weight is not None and weight.shape[0] == now.dead.size:
                update = float((weight[unit] - self.before[own["own weights"]][unit]).norm())
            cause = max(push, key=lambda part: push[part])
            events.append(Event(name, unit, "killed", step, cause, push, rate, update, not halfway.dead[unit]))
        return events

    def dead(self) -> dict[tuple[str, int], Event]:
        """The last event of each unit that is dead now."""
        last = {(event.layer, event.unit): event for event in self.events}
        return {unit: event for unit, event in last.items() if event.event != "revived"}

    def _parameters(self) -> dict[str, torch.Tensor]:
        return {name: value.detach().clone() for name, value in self.tracer.model.named_parameters()}

    @torch.no_grad()
    def _look(self, parameters: dict[str, torch.Tensor] | None) -> dict[str, _Layer]:
        """What each layer does on the samples, with other parameters if given."""
        layers: dict[str, _Layer] = {}

        def take(call: Call) -> None:
            layers[call.name] = _of(call)

        model = self.tracer.model
        training = [module for module in model.modules() if module.training]
        # Neither dropout nor the running means of normalisation may tell one look from another.
        model.eval()
        try:
            with _random_numbers_kept(model), self.tracer.start(take):
                if parameters is None:
                    model(*self.arguments, **self.keywords)
                else:
                    functional_call(model, parameters, self.arguments, self.keywords)
        finally:
            self.tracer.stop()
            for module in training:
                module.training = True
        return layers


def _of(call: Call) -> _Layer:
    edges = Edges.of(call.function)
    z = call.z.float().movedim(call.axis, 0).flatten(1)
    is_dead = inside(edges.zero, z).all(1)
    dead, least, most = torch.stack([is_dead.float(), z.amin(1), z.amax(1)]).cpu().numpy()
    small = dataclasses.replace(call, z=call.z[:0], a=call.a[:0], compute=None)
    return _Layer(dead != 0, least, most, small)


@contextlib.contextmanager
def _random_numbers_kept(model: torch.nn.Module) -> Iterator[None]:
    """A look draws no random numbers that the training would have drawn, and runs as the model is written."""
    device = next((parameter.device for parameter in model.parameters()), torch.device("cpu"))
    with contextlib.ExitStack() as stack:
        if device.type == "cpu":
            stack.enter_context(torch.random.fork_rng(devices=[]))
        else:
            stack.enter_context(torch.random.fork_rng(devices=[device.index or 0], device_type=device.type))
        if "torch._dynamo" in sys.modules:
            stack.enter_context(torch.compiler.set_stance("force_eager"))
        yield
