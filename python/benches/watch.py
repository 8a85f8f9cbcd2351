"""Prints what `watch` adds to a training step of a ResNet-18 on pictures of 32 × 32, batch 32, on one core.

Ten steps watched, of which one is sampled, and ten that are not watched take turns. It is the processor's time, which
what else runs on the machine changes least.
"""

from __future__ import annotations

import itertools
import statistics
import sys
import time

import torch
from torch import nn
from torch.nn import functional

import excite
from excite.torch import watch

#: As many as from one sampled step to the next, unless another number is asked for.
STEPS = 10


class Block(nn.Module):
    """A residual block."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True)
        self.short = nn.Identity() if stride == 1 else nn.Conv2d(inputs, outputs, 1, stride, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The sum of both ways."""
        y = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        z: torch.Tensor = self.relu(y + self.short(x))
        return z


def resnet18() -> nn.Sequential:
    """ResNet-18, with the first layer for small pictures."""
    widths = [64, 64, 64, 128, 128, 256, 256, 512, 512]
    pairs = itertools.pairwise(widths)
    blocks = [Block(before, after, 1 if before == after else 2) for before, after in pairs]
    stem = [nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True)]
    return nn.Sequential(*stem, *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10))


def main(pairs: int) -> None:
    """Measure and print."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    excite.set_threads(1)
    model = resnet18()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    x, y = torch.randn(32, 3, 32, 32), torch.randint(10, (32,))

    def steps() -> float:
        start = time.process_time()
        for _ in range(STEPS):
            optimizer.zero_grad()
            functional.cross_entropy(model(x), y).backward()
            optimizer.step()
        return time.process_time() - start

    def watched_steps() -> float:
        with watch(model, optimizer, every=STEPS):
            return steps()

    steps()
    added = []
    for turn in range(pairs):
        # In turns too which of the two comes first.
        first, second = (steps, watched_steps) if turn % 2 == 0 else (watched_steps, steps)
        times = first(), second()
        plain, watched = times if turn % 2 == 0 else times[::-1]
        added.append(100 * (watched / plain - 1))
        print(f"{STEPS} steps take {plain:.2f} s, watched {watched:.2f} s: {added[-1]:+.2f} %", flush=True)
    print(f"with every {STEPS}th step sampled: {statistics.median(added):+.2f} % (median)")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 8)
