"""Prints the speed of the functions beside NumPy, SciPy, PyTorch and JAX, as far as these are installed.

One thread, f32, normal inputs with a standard deviation of 3, into an output that is there; where the other allocates
its own, that is in its time.
Each figure is the best of repeats that take turns, so that what else runs on the machine slows all alike.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import excite

SIZES = (16, 4096, 262144, 4194304)
Peers = dict[str, Callable[[], Any]]


def module(name: str) -> Any:
    """The module; None if it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


special, torch, jax = module("scipy.special"), module("torch"), module("jax")


def peers(x: Any, y: Any) -> dict[str, Peers]:
    """For each function, who has it."""
    found: dict[str, Peers] = {
        "sigmoid": {"excite": lambda: excite.sigmoid(x, y), "numpy": lambda: 1 / (1 + np.exp(-x))},
        "tanh": {"excite": lambda: excite.tanh(x, y), "numpy": lambda: np.tanh(x, y)},
        "relu": {"excite": lambda: excite.relu(x, y), "numpy": lambda: np.maximum(x, 0, out=y)},
        "gelu": {"excite": lambda: excite.gelu(x, y)},
        "softplus": {"excite": lambda: excite.softplus(x, y), "numpy": lambda: np.logaddexp(x, 0, y)},
        "softmax": {"excite": lambda: excite.softmax(x, out=y)},
    }
    if special is not None:
        found["sigmoid"]["scipy"] = lambda: special.expit(x, y)
        found["gelu"]["scipy"] = lambda: 0.5 * x * (1 + special.erf(x * np.float32(0.5**0.5)))
        found["softmax"]["scipy"] = lambda: special.softmax(x)
    if torch is not None:
        t, into = torch.from_numpy(x), torch.from_numpy(y)
        found["sigmoid"]["torch"] = lambda: torch.sigmoid(t, out=into)
        found["tanh"]["torch"] = lambda: torch.tanh(t, out=into)
        found["relu"]["torch"] = lambda: torch.relu(t)
        found["gelu"]["torch"] = lambda: torch.nn.functional.gelu(t)
        found["softplus"]["torch"] = lambda: torch.nn.functional.softplus(t)
        found["softmax"]["torch"] = lambda: torch.softmax(t, 0, out=into)
    if jax is not None:
        j = jax.numpy.asarray(x)
        for name in found:
            function = jax.jit(getattr(jax.nn, name, jax.numpy.tanh))
            found[name]["jax"] = lambda function=function: function(j).block_until_ready()
    return found


def measure(calls: Peers, elements: int) -> dict[str, float]:
    """The seconds of a call of each."""
    best = dict.fromkeys(calls, float("inf"))
    inner = max(1, 20_000 // elements)
    for _ in range(max(15, min(200, 4_000_000 // elements))):
        for name, call in calls.items():
            start = time.perf_counter()
            for _ in range(inner):
                call()
            best[name] = min(best[name], (time.perf_counter() - start) / inner)
    return best


def main() -> None:
    """Measure and print."""
    excite.set_threads(1)
    if torch is not None:
        torch.set_num_threads(1)
    names = ["excite", "numpy", "scipy", "torch", "jax"]
    for elements in SIZES:
        print(f"\n{elements} elements: nanoseconds of a call, and how many times as fast excite is\n")
        print(f"| function | {' | '.join(names)} |\n|---|{'---|' * len(names)}")
        x = np.random.default_rng(0).normal(0, 3, elements).astype(np.float32)
        for function, calls in peers(x, np.empty_like(x)).items():
            best = measure(calls, elements)
            cells = []
            for name in names:
                ratio = "" if name == "excite" or name not in best else f" ({best[name] / best['excite']:.1f}×)"
                cells.append(f"{best[name] * 1e9:.0f}{ratio}" if name in best else "")
            print(f"| {function} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
