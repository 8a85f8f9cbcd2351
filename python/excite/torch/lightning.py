"""`watch` as a callback of Lightning: `Trainer(callbacks=[WatchCallback(probe=batch)])`."""

from __future__ import annotations

import multiprocessing
import pickle
import tempfile
import uuid
from pathlib import Path
from typing import Any

try:
    from lightning.pytorch import Callback
except ImportError:
    # The same, under the name that it had before.
    from pytorch_lightning import Callback

import torch

from excite.results import Diagnosis
from excite.torch.report import Report
from excite.torch.watching import Watch, scalars, watch


class WatchCallback(Callback):
    """Watches the model while it is fitted; `report()` tells what was found, during and after.

    The whole module is watched, whichever of its parts the training step calls; `module` is the name of a part to watch
    alone. Of several optimisers each trains its own parameters; `optimizer` is the number of the one whose steps count.
    `options` are those of `watch`. At each look the shares of dead and saturated units are logged where the trainer
    logs.
    """

    def __init__(self, module: str = "", *, optimizer: int | None = None, **options: Any) -> None:
        super().__init__()
        self.module, self.optimizer, self.options = module, optimizer, options
        self.handle: Watch | None = None
        self._report: Report | None = None
        self._file = Path(tempfile.gettempdir()) / f"excite-{uuid.uuid4()}.report"

    def report(self) -> Report:
        """What was found so far. Raises ValueError before fit()."""
        if self.handle is not None:
            return self.handle.report()
        if self._file.exists():
            self._report = pickle.loads(self._file.read_bytes())
            self._file.unlink()
        if self._report is not None:
            return self._report
        raise ValueError("nothing has been watched yet: call fit() first")

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Begin."""
        callback = self.options.get("callback")

        def log(step: int, diagnosis: Diagnosis) -> None:
            for logger in trainer.loggers:
                logger.log_metrics(scalars(diagnosis), step)
            if callback is not None:
                callback(step, diagnosis)

        part = pl_module.get_submodule(self.module)
        self._close()
        self.handle = watch(part, self._optimizer_of(trainer, part), **{**self.options, "callback": log})
        # The training step calls what it wants to, and seldom the module itself.
        self.handle.watch_parts()

    def _optimizer_of(self, trainer: Any, part: torch.nn.Module) -> torch.optim.Optimizer | None:
        """The optimiser that trains most of a part, if no other was named."""
        optimizers = [getattr(one, "optimizer", one) for one in trainer.optimizers]
        if not optimizers:
            return None
        if self.optimizer is not None:
            chosen: torch.optim.Optimizer = optimizers[self.optimizer]
            return chosen
        own = {id(parameter) for parameter in part.parameters()}

        def trained(one: torch.optim.Optimizer) -> int:
            return sum(id(parameter) in own for group in one.param_groups for parameter in group["params"])

        return max(optimizers, key=trained)

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        """End: what was found stays."""
        self._close()
        # Nothing of a callback comes back from a process that was spawned.
        if self.handle is not None and multiprocessing.parent_process() is not None and trainer.is_global_zero:
            self._file.write_bytes(pickle.dumps(self.handle.report()))

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        """End."""
        self._close()

    def _close(self) -> None:
        if self.handle is not None:
            self.handle.close()
