"""The speed of the functions beside NumPy, SciPy, PyTorch and JAX, as far as these are installed.

It prints the page docs/performance-python.md, which says how it measures; with --write it writes it.
"""

from __future__ import annotations

import importlib
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

# Before the others start their threads, each of which would take a core of its own.
CORE = max(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
if CORE is not None:
    os.sched_setaffinity(0, {CORE})

import numpy as np  # noqa: E402

import excite  # noqa: E402

PAGE = Path(__file__).parents[2] / "docs" / "performance-python.md"
SIZES = (16, 4096, 262144, 4194304)
ROW = 1024
LIBRARIES = ("numpy", "scipy", "torch", "jax")
# At least so many seconds between two looks at the clock.
SAMPLE = 1e-3
Calls = dict[str, Callable[[], Any]]
# The nanoseconds of a call of excite, and how many times as long each of the others takes.
Row = tuple[float, dict[str, float]]


def module(name: str) -> Any:
    """The module; None if it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


special, torch, jax = module("scipy.special"), module("torch"), module("jax")


def of_numpy(x: Any, y: Any) -> Calls:
    """The formulas as users of NumPy write them, into an array that is there where it takes one pass."""
    rows = {"axis": -1, "keepdims": True}

    def softmax() -> Any:
        shifted = np.exp(x - x.max(**rows))
        return np.divide(shifted, shifted.sum(**rows), out=y)

    return {
        "sigmoid": lambda: 1 / (1 + np.exp(-x)),
        "tanh": lambda: np.tanh(x, y),
        "relu": lambda: np.maximum(x, 0, out=y),
        "relu6": lambda: np.clip(x, 0, 6, out=y),
        "leaky_relu": lambda: np.where(x > 0, x, np.float32(0.01) * x),
        "elu": lambda: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
        "silu": lambda: x / (1 + np.exp(-x)),
        "softplus": lambda: np.logaddexp(x, 0, y),
        "softmax": softmax,
    }


def of_scipy(x: Any, y: Any) -> Calls:
    """Those that are made of functions of SciPy."""
    return {
        "sigmoid": lambda: special.expit(x, y),
        "gelu": lambda: 0.5 * x * (1 + special.erf(x * np.float32(0.5**0.5))),
        "silu": lambda: x * special.expit(x),
        "softmax": lambda: special.softmax(x, axis=-1),
    }


def of_torch(x: Any, y: Any) -> Calls:
    """PyTorch's, into a tensor that is there where it takes one."""
    functional = torch.nn.functional
    t, into = torch.from_numpy(x), torch.from_numpy(y)
    return {
        "sigmoid": lambda: torch.sigmoid(t, out=into),
        "tanh": lambda: torch.tanh(t, out=into),
        "relu": lambda: torch.relu(t),
        "relu6": lambda: functional.relu6(t),
        "leaky_relu": lambda: functional.leaky_relu(t),
        "elu": lambda: functional.elu(t),
        "gelu": lambda: functional.gelu(t),
        "silu": lambda: functional.silu(t),
        "softplus": lambda: functional.softplus(t),
        "softmax": lambda: torch.softmax(t, -1, out=into),
    }


def of_jax(x: Any, _: Any) -> Calls:
    """JAX's, compiled; the results are always new arrays."""
    array = jax.numpy.asarray(x)
    functions = {name: getattr(jax.nn, name) for name in ("sigmoid", "relu", "relu6", "leaky_relu", "elu", "silu")}
    functions |= {name: getattr(jax.nn, name) for name in ("softplus", "softmax")}
    functions |= {"tanh": jax.numpy.tanh, "gelu": lambda values: jax.nn.gelu(values, approximate=False)}
    compiled = {name: jax.jit(function) for name, function in functions.items()}
    return {name: partial(lambda call: call(array).block_until_ready(), call) for name, call in compiled.items()}


def contenders(elements: int) -> dict[str, Calls]:
    """For each function who has it, on the same numbers."""
    x = np.random.default_rng(0).normal(0, 3, elements).astype(np.float32).reshape(-1, min(ROW, elements))
    y = np.empty_like(x)
    libraries = {"numpy": of_numpy(x, y)}
    for name, found, calls in (("scipy", special, of_scipy), ("torch", torch, of_torch), ("jax", jax, of_jax)):
        if found is not None:
            libraries[name] = calls(x, y)
    names = ("sigmoid", "tanh", "relu", "relu6", "leaky_relu", "elu", "gelu", "silu", "softplus", "softmax")
    rows = {}
    for name in names:
        function = getattr(excite, name)
        own = {"excite": partial(function, x, out=y)}
        rows[name] = own | {library: calls[name] for library, calls in libraries.items() if name in calls}
    return rows


def seconds(call: Callable[[], Any], times: int) -> float:
    """The processor's time of one call, of so many: what else runs on the machine changes it least."""
    start = time.process_time()
    for _ in range(times):
        call()
    return (time.process_time() - start) / times


def measure(calls: Calls, rounds: int) -> Row:
    """All take turns, to and fro; a ratio is the median of those of the rounds."""
    times = {}
    for name, call in calls.items():
        seconds(call, 2)
        times[name] = max(1, round(SAMPLE / max(seconds(call, 3), 1e-9)))
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for index in range(rounds):
        order = list(calls) if index % 2 == 0 else list(reversed(calls))
        for name in order:
            taken[name].append(seconds(calls[name], times[name]))
    own = taken.pop("excite")
    ratios = {name: statistics.median(t / o for t, o in zip(all_, own, strict=True)) for name, all_ in taken.items()}
    return statistics.median(own) * 1e9, ratios


def table(rows: dict[str, Row]) -> str:
    """A row for each function."""
    lines = [f"| function | excite | {' | '.join(LIBRARIES)} |", f"|---|---|{'---|' * len(LIBRARIES)}"]
    for function, (nanoseconds, ratios) in rows.items():
        cells = [shown(ratios[name]) if name in ratios else "" for name in LIBRARIES]
        lines.append(f"| {function} | {nanoseconds:,.0f} ns | {' | '.join(cells)} |")
    return "\n".join(lines)


def shown(ratio: float) -> str:
    """Bold where the other is faster."""
    text = f"{ratio:.2f}" if ratio < 10 else f"{ratio:.0f}"
    return f"**{text}**" if ratio < 1 else text


def versions() -> str:
    """What is compared, and on what."""
    found = {"NumPy": np, "SciPy": module("scipy"), "PyTorch": torch, "JAX": jax}
    listed = ", ".join(f"{name} {found.__version__}" for name, found in found.items() if found is not None)
    return f"{listed}; Python {platform.python_version()} on {processor()}, one core"


def processor() -> str:
    """Its name, where the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    fields = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    return f"{fields.get('model name')} (family {fields.get('cpu family')}, model {fields.get('model')})"


def page(results: dict[int, dict[str, Row]]) -> str:
    """The page of these figures."""
    ratios = [(r, f, n, name) for n, rows in results.items() for f, (_, rs) in rows.items() for name, r in rs.items()]
    slower = sorted(each for each in ratios if each[0] < 1)
    listed = "".join(f"- {f} of {n:,} elements: {name} takes {r:.2f} of excite's time\n" for r, f, n, name in slower)
    calls = [nanoseconds for nanoseconds, _ in results[SIZES[0]].values()]
    tables = "\n\n".join(f"## {elements:,} elements\n\n{table(rows)}" for elements, rows in results.items())
    return f"""# Performance of the Python package

```console
$ python python/benches/functions.py --write
```

measures all that stands here, in a minute, and writes this page. [performance.md](performance.md) has the kernels
without Python beside more libraries, and how accurate each is.

{versions()}.

f32, normal numbers with a standard deviation of 3, one core for all that a library starts, the processor's time. All
contenders for a row take turns, to and fro; each turn lasts a millisecond at least. The time of excite is the median,
and a ratio is the median of the other's time over excite's in the same round: above 1 excite is faster; bold where it
is not. excite writes to an array that is there; so do NumPy's and SciPy's single functions and PyTorch's sigmoid, tanh
and softmax; the others make new arrays. JAX is compiled. What a library lacks is written as its users write it: NumPy's
sigmoid is `1 / (1 + np.exp(-x))`. Softmax goes over rows of {ROW:,} at most.

At {SIZES[0]} elements the call is what takes the time: {min(calls):,.0f} to {max(calls):,.0f} ns for excite.

{tables}

## Where others are faster

Of {len(ratios)} ratios {len(slower)} are below 1:

{listed}
Libraries that are faster on long arrays are less accurate, as [the table of accuracy](performance.md#accuracy) has it:
PyTorch's GELU and SiLU lose all digits in the lower tail, its softmax is within 23 units in the last place, NumPy's
tanh within 1.4 and JAX's within 4.2, where excite's is within 0.8. At {SIZES[0]} elements NumPy and SciPy call faster.
"""


def main() -> None:
    """Measure, and print or write."""
    excite.set_threads(1)
    if torch is not None:
        torch.set_num_threads(1)
    results = {}
    for elements in SIZES:
        rounds = 15 if elements == SIZES[-1] else 31
        results[elements] = {name: measure(calls, rounds) for name, calls in contenders(elements).items()}
        print(f"{elements} elements: measured", file=sys.stderr)
    if "--write" in sys.argv[1:]:
        PAGE.write_text(page(results), encoding="utf-8")
    else:
        print(page(results))


if __name__ == "__main__":
    main()
