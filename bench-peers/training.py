#!/usr/bin/env python3
"""Times an epoch of excite's training beside PyTorch's, on the same network, data sizes, batches and threads.

    cargo build --release -p excite-lab --example epoch_time
    bench-peers/target/peers/venv/bin/python bench-peers/training.py target/release/examples/epoch_time [DATA]

The two take turns; the medians count. DATA is a folder of images for `excite compare --data`, for the convolutional network.
"""

import statistics
import subprocess
import sys
import time

import torch
from torch import nn

ROUNDS = 5
BATCH = 32
THREADS = 2


def mlp(inputs, outputs):
    return nn.Sequential(nn.Linear(inputs, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, outputs))


def conv(side, outputs):
    pooled = side // 2 // 2
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(32 * pooled * pooled, 64), nn.ReLU(), nn.Linear(64, outputs),
    )  # fmt: skip


def epoch(network, x, y):
    """The milliseconds of one epoch, after a few steps to warm up."""
    descent = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9)
    loss = nn.CrossEntropyLoss()

    def steps(order):
        for samples in order.split(BATCH):
            descent.zero_grad(set_to_none=True)
            loss(network(x[samples]), y[samples]).backward()
            descent.step()

    steps(torch.arange(4 * BATCH))
    start = time.perf_counter()
    steps(torch.randperm(len(x)))
    return 1e3 * (time.perf_counter() - start)


def beside(program, kind, data):
    ours, theirs = [], []
    for _ in range(ROUNDS):
        line = subprocess.run([program, kind, *data], check=True, capture_output=True, text=True).stdout.split()
        samples, milliseconds = int(line[-2]), float(line[-1])
        described = " ".join(line[:-2])
        ours.append(milliseconds)
        side = 28 if data else 8
        inputs = (1, side, side) if kind == "conv" else (side * side,)
        x, y = torch.randn(samples, *inputs), torch.randint(10, (samples,))
        network = conv(side, 10) if kind == "conv" else mlp(side * side, 10)
        theirs.append(epoch(network, x, y))
    ours, theirs = statistics.median(ours), statistics.median(theirs)
    print(f"{described}, {samples} samples: excite {ours:.1f} ms, PyTorch {theirs:.1f} ms an epoch, ratio {ours / theirs:.2f}")


def main():
    program, data = sys.argv[1], sys.argv[2:]
    torch.set_num_threads(THREADS)
    print(f"PyTorch {torch.__version__}, {THREADS} threads")
    beside(program, "mlp", [])
    beside(program, "conv", [])
    if data:
        beside(program, "mlp", data)
        beside(program, "conv", data)


main()
