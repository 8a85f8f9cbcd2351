"""Activation functions for neural networks: fast, accurate to 1 ULP, the same bits on every machine.

Every function takes whatever is like an array, of any shape and strides, and ``out=``; its gradient is the name with
``_grad``.

>>> import numpy as np
>>> import excite
>>> excite.relu6(np.array([-1.0, 3.0, 8.0], dtype=np.float32))
array([0., 3., 6.], dtype=float32)
>>> excite.sigmoid_grad(0.0)
np.float64(0.25)
>>> excite.softmax([[1.0, 1.0], [3.0, 3.0]], axis=0).shape
(2, 2)
"""

from excite import _native
from excite._native import *  # noqa: F403 - the names are those of the catalogue, and the stubs list them
from excite.errors import TaskError
from excite.results import (
    Comparison,
    Diagnosis,
    Evidence,
    Finding,
    Group,
    LayerFigures,
    Proposal,
    Quantisation,
)
from excite.tasks import check, compare, merge, quantise
from excite.vitals import Vitals

__all__ = [
    *(name for name in _native.__all__ if name not in _native.INTERNAL),
    "Comparison",
    "Diagnosis",
    "Evidence",
    "Finding",
    "Group",
    "LayerFigures",
    "Proposal",
    "Quantisation",
    "TaskError",
    "Vitals",
    "check",
    "compare",
    "merge",
    "quantise",
]
