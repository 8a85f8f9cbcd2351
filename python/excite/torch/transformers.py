"""`watch` as a callback of Hugging Face's Trainer: `Trainer(model, callbacks=[WatchCallback()])`."""

from __future__ import annotations

from typing import Any

from transformers import TrainerCallback

from excite.torch.report import Report
from excite.torch.watching import Watch, watch


class WatchCallback(TrainerCallback):
    """Watches the model while it is trained; `report()` tells what was found, during and after.

    `options` are those of `watch`: `callback=tensorboard(writer)` logs.
    """

    def __init__(self, **options: Any) -> None:
        self.options = options
        self.handle: Watch | None = None

    def report(self) -> Report:
        """What was found so far. Raises ValueError before train()."""
        if self.handle is None:
            raise ValueError("nothing has been watched yet: call train() first")
        return self.handle.report()

    def on_train_begin(self, args: Any, state: Any, control: Any, **keywords: Any) -> None:
        """Begin."""
        optimizer = keywords.get("optimizer")
        # Accelerate wraps the optimiser, and calls the hooks of that within.
        self.handle = watch(keywords["model"], getattr(optimizer, "optimizer", optimizer), **self.options)

    def on_train_end(self, args: Any, state: Any, control: Any, **keywords: Any) -> None:
        """End: what was found stays."""
        if self.handle is not None:
            self.handle.close()
