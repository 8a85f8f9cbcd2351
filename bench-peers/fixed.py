"""Times kernels of 8 bits beside LiteRT's (XNNPACK where it has one), one thread each:

    cargo build --release -p excite-fixed --example speed
    bench-peers/target/peers/venv/bin/python bench-peers/fixed.py

The virtual environment is the one that bench-peers makes. Both take turns, three times, on codes in no order; medians count. LiteRT's figure
is that of `invoke`, which at 16,384 elements holds a call from Python of some microseconds.
"""

import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "crates/excite-fixed/golden"))
from generate import flatbuffer  # noqa: E402

TURNS = 3
# What the example calls it, LiteRT's operator and its version, and the quantisations of input and output.
ROWS = [
    ("relu6, one quantisation", "RELU6", 2, ((6 / 255, -128), (6 / 255, -128))),
    ("relu6, two quantisations", "RELU6", 2, ((0.1, 3), (6 / 255, -128))),
    ("sigmoid", "LOGISTIC", 2, ((0.05, 3), (1 / 256, -128))),
]
LENGTHS = [1 << 14, 1 << 24]


def litert(op, version, quantisations, length):
    """Nanoseconds an element."""
    model = flatbuffer(op, "int8", (1, length), quantisations, version)
    runner = Interpreter(model_content=model, num_threads=1)
    runner.allocate_tensors()
    x = np.random.default_rng(0).integers(-128, 128, (1, length), dtype=np.int8)
    runner.set_tensor(runner.get_input_details()[0]["index"], x)
    times = []
    repeats = (1 << 22) // length + 1
    for _ in range(9):
        start = time.perf_counter_ns()
        for _ in range(repeats):
            runner.invoke()
        times.append((time.perf_counter_ns() - start) / (repeats * length))
    return statistics.median(times)


def excite():
    """Nanoseconds an element, by what is done and how many elements."""
    lines = subprocess.run([ROOT / "target/release/examples/speed"], capture_output=True, text=True, check=True).stdout
    found = {}
    for line in lines.splitlines():
        name, kind, length, figure = line[:40].strip(), *line[40:].split()[:3]
        if kind == "int8":
            found[name, int(length)] = float(figure)
    return found


ours, theirs = [], []
for _ in range(TURNS):
    ours.append(excite())
    theirs.append({(name, length): litert(op, *rest, length) for name, op, *rest in ROWS for length in LENGTHS})

print("| int8 | elements | excite | LiteRT / excite |\n|---|---|---|---|")
for name, *_ in ROWS:
    for length in LENGTHS:
        here, there = (statistics.median(turn[name, length] for turn in side) for side in (ours, theirs))
        print(f"| {name} | {length:,} | {here:.3f} ns | {there / here:.2f} |")
