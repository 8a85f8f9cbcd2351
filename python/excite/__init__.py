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

Results are within 1 ULP; ``accuracy="fast"`` is faster and within 4, and ``accuracy="exact"`` rounds float32 correctly:

>>> excite.tanh([0.0], accuracy="fast").tolist()
[0.0]
"""

import textwrap

from excite import _native
from excite._native import *  # noqa: F403 - the names are those of the catalogue, and the stubs list them
from excite._native import accuracy, get_threads, set_threads
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

__version__ = _native.VERSION

# What help() shows in full, and what `from excite import *` brings. All other names are listed below its text.
__all__ = ["accuracy", "check", "compare", "get_threads", "merge", "quantise", "set_threads"]

_FUNCTIONS = [name for name in _native.__all__ if name not in {*_native.INTERNAL, *__all__}]
_CLASSES = [
    Vitals,
    Diagnosis,
    LayerFigures,
    Finding,
    Group,
    Evidence,
    Quantisation,
    Proposal,
    Comparison,
    TaskError,
]


def _listed(names: list[str]) -> str:
    return textwrap.fill(", ".join(names), 100, initial_indent="    ", subsequent_indent="    ")


__doc__ = f"""{__doc__}
Functions, of which `help(excite.gelu)` tells more; all but the last four work element by element:

{_listed([name for name in _FUNCTIONS if not name.endswith("_grad")])}

Classes:

{_listed([one.__name__ for one in _CLASSES])}

Modules: excite.torch (modules of PyTorch, a watch over training, a check of trained models), excite.ray.
"""
