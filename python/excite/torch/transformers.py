"""`watch` as a callback of Hugging Face's Trainer: `Trainer(model, callbacks=[WatchCallback()])`."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

from transformers import TrainerCallback

from excite.results import Diagnosis
from excite.torch.report import Report
from excite.torch.watching import Watch, scalars, watch


class WatchCallback(TrainerCallback):
    """Watches the model while it is trained; `report()` tells what was found, during and after.

    `options` are those of `watch`. At each look the shares of dead and saturated units go into the trainer's log, and
    with it to the loggers of `report_to`.
    """

    def __init__(self, **options: Any) -> None:
        self.options = options
        self.handle: Watch | None = None
        self._scalars: dict[str, float] = {}
        self._trainer: Any = None

    def report(self) -> Report:
        """What was found so far. Raises ValueError before train()."""
        if self.handle is None:
            raise ValueError("nothing has been watched yet: call train() first")
        return self.handle.report()

    def on_train_begin(self, args: Any, state: Any, control: Any, **keywords: Any) -> None:
        """Begin; a training that was interrupted may be going on."""
        if self.handle is not None:
            self.handle.close()
        optimizer = keywords.get("optimizer")
        callback = self.options.get("callback")

        def log(step: int, diagnosis: Diagnosis) -> None:
            self._scalars = scalars(diagnosis)
            if callback is not None:
                callback(step, diagnosis)

        # Accelerate wraps the optimiser, and calls the hooks of that within.
        self._trainer = _trainer()
        inner = getattr(optimizer, "optimizer", optimizer)
        self.handle = watch(keywords["model"], inner, **{**self.options, "callback": log})

    def on_step_end(self, args: Any, state: Any, control: Any, **keywords: Any) -> None:
        """Log the figures of a look."""
        found, self._scalars = self._scalars, {}
        if found and self._trainer is not None:
            self._trainer.log(found)

    def on_train_end(self, args: Any, state: Any, control: Any, **keywords: Any) -> None:
        """End: what was found stays."""
        if self.handle is not None:
            self.handle.close()
        self._trainer = None


def _trainer() -> Any:
    """The trainer that calls: callbacks are not handed it, and its loggers come before them."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        caller = frame.f_locals.get("self")
        if hasattr(caller, "callback_handler") and callable(getattr(caller, "log", None)):
            return caller
        frame = frame.f_back
    return None
