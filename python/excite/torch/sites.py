"""Where a model applies an activation function: each place by its name, with what goes in and what comes out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from excite.torch.frames import Where
from excite.torch.mode import Call, Mode


class Tracer:
    """Follows a model through forward passes, and hands over each call of an activation function.

    Calls are followed by PyTorch's function modes, so that modules, functions and methods of tensors are found alike.
    Nothing is put into the model. What cannot be looked at is in `not_seen`, by name, with the reason.
    """

    def __init__(self, model: torch.nn.Module, axes: dict[str, int]) -> None:
        self.model, self.axes = model, axes
        #: Whether a call is handed over, by its name.
        self.selects: Callable[[str], bool] = lambda name: True
        self.names = {module: name for name, module in model.named_modules()}
        self.not_seen: dict[str, str] = {}
        self._owners = {id(value): name.rpartition(".")[0] for name, value in model.named_parameters()}
        self._keys: dict[Any, str] = {}
        self._counts: dict[str, int] = {}
        self._take: Callable[[Call], None] | None = None
        self._take_inputs: Callable[[str, torch.Tensor], None] | None = None
        self._take_role: Callable[[str, str], None] | None = None

    def close(self) -> None:
        """Nothing is left to do."""
        self.stop()

    def start(
        self,
        take: Callable[[Call], None],
        take_inputs: Callable[[str, torch.Tensor], None] | None = None,
        take_role: Callable[[str, str], None] | None = None,
        *,
        batch: int | None = None,
        within: int | None = None,
        inputs: Any = (),
    ) -> Mode:
        """Begin to trace a pass; the mode that is returned must be entered for its time.

        `take` gets each call, `take_inputs` what goes into each linear layer: [rows, inputs]; `take_role` gets the
        calls that turn out to be a gate or the output, by their names. `batch` is the number of samples in the pass,
        and `inputs` what goes into it. Calls that are not made within the frame of that `id` are none of the model's.
        """
        self._take, self._take_inputs, self._take_role = take, take_inputs, take_role
        mode = Mode(self, batch, within)
        mode.begins_with(inputs)
        return mode

    def stop(self) -> None:
        """The pass is over."""
        self._take = None

    def leave_out(self, name: str, why: str | Exception) -> None:
        """Name what cannot be looked at, once."""
        if isinstance(why, Exception):
            text = str(why).strip().split("\n")[0][:160]
            why = f"{type(why).__name__}: {text}" if text else type(why).__name__
        self.not_seen.setdefault(name, why)

    def is_there_for(self, name: str, role: str) -> None:
        """The call of that name is a gate or the output."""
        if self._take_role is not None and self.selects(name):
            self._take_role(name, role)

    def owner(self, parameter: Any) -> str | None:
        """The name of the module that a parameter is of."""
        found = self._owners.get(id(parameter)) if isinstance(parameter, torch.nn.Parameter) else None
        if found is None and isinstance(parameter, torch.nn.Parameter):
            # Parameters that were made or replaced since.
            self._owners = {id(value): name.rpartition(".")[0] for name, value in self.model.named_parameters()}
            found = self._owners.setdefault(id(parameter), "")
        return found

    def name_of(self, where: Where, kind: str, producer: str | None) -> str:
        """The name of a place: that of the module, or of the function within it; a number tells several apart."""
        base = where.modules[0] if where.is_activation else f"{where.modules[0]}.{kind}".strip(".")
        key = (base, where.modules, where.line, producer)
        if key not in self._keys:
            count = self._counts[base] = self._counts.get(base, 0) + 1
            self._keys[key] = base if count == 1 else f"{base}#{count}"
        return self._keys[key]

    def hand_over(self, call: Call) -> None:
        """Give a call to whoever traces."""
        if self._take is not None and self.selects(call.name):
            self._take(call)

    def hand_over_inputs(self, layer: str, rows: torch.Tensor) -> None:
        """Give what goes into a linear layer to whoever traces."""
        if self._take_inputs is not None:
            self._take_inputs(layer, rows)
