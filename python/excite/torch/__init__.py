"""Activation functions as modules of PyTorch, and `watch`, which finds what goes wrong in a model under training.

from excite.torch import watch

with watch(model, optimizer, probe=batch) as handle:
    train()
print(handle.report())
"""

from typing import Any

try:
    import torch as _  # noqa: F401 - a clear word if it is not there
except ModuleNotFoundError:
    raise ImportError("excite.torch needs PyTorch: pip install torch") from None

from excite.torch.deaths import Event
from excite.torch.functions import MODULES, Activation, Softmax
from excite.torch.watching import Report, Watch, scalars, tensorboard, watch

__all__ = ["MODULES", "Activation", "Event", "Report", "Softmax", "Watch", "scalars", "tensorboard", "watch"]


def __getattr__(name: str) -> Any:
    """A module of the catalogue: `excite.torch.Sigmoid`, `excite.torch.LeakyRelu`."""
    if name in MODULES:
        return MODULES[name]
    raise AttributeError(f"module 'excite.torch' has no attribute {name!r}")
