"""`watch` as a callback of Lightning: `Trainer(callbacks=[WatchCallback(probe=batch)])`."""

from __future__ import annotations

from typing import Any

try:
    from lightning.pytorch import Callback
except ImportError:
    # The same, under the name that it had before.
    from pytorch_lightning import Callback

from excite.results import Diagnosis
from excite.torch.report import Report
from excite.torch.watching import Watch, scalars, watch


class WatchCallback(Callback):
    """Watches the model while it is fitted; `report()` tells what was found, during and after.

    `module` is the name of the part to watch, for modules whose training step calls that part and not themselves.
    `options` are those of `watch`. At each look the shares of dead and saturated units are logged where the trainer
    logs.
    """

    def __init__(self, module: str = "", **options: Any) -> None:
        super().__init__()
        self.module, self.options = module, options
        self.handle: Watch | None = None

    def report(self) -> Report:
        """What was found so far. Raises ValueError before fit()."""
        if self.handle is None:
            raise ValueError("nothing has been watched yet: call fit() first")
        return self.handle.report()

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Begin."""
        callback = self.options.get("callback")

        def log(step: int, diagnosis: Diagnosis) -> None:
            for logger in trainer.loggers:
                logger.log_metrics(scalars(diagnosis), step)
            if callback is not None:
                callback(step, diagnosis)

        optimizer = trainer.optimizers[0] if trainer.optimizers else None
        self.handle = watch(pl_module.get_submodule(self.module), optimizer, **{**self.options, "callback": log})

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        """End: what was found stays."""
        self._close()

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        """End."""
        self._close()

    def _close(self) -> None:
        if self.handle is not None:
            self.handle.close()
