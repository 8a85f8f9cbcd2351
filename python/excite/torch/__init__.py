"""Activation functions as modules of PyTorch, and `watch`, which finds what goes wrong in a model under training.

from excite.torch import watch

with watch(model, optimizer, probe=batch) as handle:
    train()
print(handle.report())

The modules have the names and arguments of torch.nn: `excite.torch.GELU()`, `excite.torch.LeakyReLU(0.2)`.
"""

import difflib
from typing import Any

try:
    import torch as _  # noqa: F401 - a clear word if it is not there
except ModuleNotFoundError:
    raise ImportError("excite.torch needs PyTorch: pip install torch") from None

from excite.torch.checking import check
from excite.torch.deaths import Event
from excite.torch.functions import ALIASES, MODULES, Activation, LogSoftmax, Softmax, Softmin, Sparsemax
from excite.torch.report import Report
from excite.torch.watching import Watch, scalars, tensorboard, watch

globals().update(ALIASES | MODULES)

__all__ = [
    "MODULES",
    "Activation",
    "Event",
    "LogSoftmax",
    "Report",
    "Softmax",
    "Softmin",
    "Sparsemax",
    "Watch",
    "check",
    "scalars",
    "tensorboard",
    "watch",
    *MODULES,
    *ALIASES,
]


def __getattr__(name: str) -> Any:
    """Raises AttributeError, with the nearest name."""
    near = difflib.get_close_matches(name, __all__, 1)
    hint = f": did you mean `{near[0]}`?" if near else ""
    raise AttributeError(f"module 'excite.torch' has no attribute {name!r}{hint}")
