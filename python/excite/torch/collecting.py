"""Puts the values that a tracer hands over where they belong: into vitals, inputs of layers, and roles."""

from __future__ import annotations

from typing import Any

from excite.torch.mode import Call, Mode
from excite.torch.sites import Tracer
from excite.torch.training import Training
from excite.torch.windows import Windows


class Collector:
    """Takes what a tracer hands over. Nothing of it raises: what cannot be taken is named by the tracer."""

    def __init__(self, tracer: Tracer, windows: Windows, training: Training) -> None:
        self.tracer, self.windows, self.training = tracer, windows, training
        #: The names of all calls that were handed over.
        self.called: set[str] = set()
        #: The roles that turned out, by the names of layers.
        self.roles: dict[str, str] = {}
        self._step = 0

    def start(self, step: int, **of_the_pass: Any) -> Mode:
        """Begin to look at a pass, after that many steps; the rest as for `Tracer.start`."""
        self._step = step
        return self.tracer.start(self._take, self.training.take_inputs, self._take_role, **of_the_pass)

    def _take(self, call: Call) -> None:
        try:
            self.called.add(call.name)
            self.windows.update(call, self._step)
            if call.producer is not None:
                self.training.producers.setdefault(call.name, call.producer)
        except Exception as error:
            self.tracer.leave_out(call.name, str(error) if isinstance(error, ValueError) else error)

    def _take_role(self, layer: str, role: str) -> None:
        if layer not in self.roles and layer in self.windows.functions:
            self.roles[layer] = role
            self.windows.set_role(layer, role)
