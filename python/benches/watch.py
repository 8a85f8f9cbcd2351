"""Prints what `watch` adds to a training step of a ResNet-18, an MLP and a small GPT-2, on one core.

Stretches of steps that are watched, that are watched with no pass looked at, and that are not watched take turns. It is
the processor's time, which what else runs on the machine changes least: the median over the turns, and the range.

Usage: python benches/watch.py [TURNS] [NAME …]
"""

from __future__ import annotations

import itertools
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn import functional

import excite
from excite.torch import passes, watch

#: Passes after which the default sampling is less frequent.
FIRST = passes.FIRST


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


def resnet18() -> tuple[nn.Module, Callable[[nn.Module], torch.Tensor]]:
    """ResNet-18 on pictures of 32 × 32, batch 32."""
    widths = [64, 64, 64, 128, 128, 256, 256, 512, 512]
    pairs = itertools.pairwise(widths)
    blocks = [Block(before, after, 1 if before == after else 2) for before, after in pairs]
    stem = [nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True)]
    model = nn.Sequential(*stem, *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10))
    x, y = torch.randn(32, 3, 32, 32), torch.randint(10, (32,))
    return model, lambda model: functional.cross_entropy(model(x), y)


def mlp() -> tuple[nn.Module, Callable[[nn.Module], torch.Tensor]]:
    """Six layers of 64, batch 64."""
    layers = [layer for _ in range(6) for layer in (nn.Linear(64, 64), nn.ReLU())]
    x, y = torch.randn(64, 64), torch.randint(10, (64,))
    return nn.Sequential(*layers, nn.Linear(64, 10)), lambda model: functional.cross_entropy(model(x), y)


class Attention(nn.Module):
    """A block of a decoder."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.one, self.two = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, 4, batch_first=True)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Attention, and a layer of GELU as GPT-2 has it."""
        h = self.one(x)
        mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1])
        x = x + self.attention(h, h, h, attn_mask=mask, need_weights=False)[0]
        h = self.up(self.two(x))
        h = 0.5 * h * (1.0 + torch.tanh(0.7978845608 * (h + 0.044715 * torch.pow(h, 3.0))))
        y: torch.Tensor = x + self.down(h)
        return y


def gpt2() -> tuple[nn.Module, Callable[[nn.Module], torch.Tensor]]:
    """Four layers of 128, 64 words, batch 8."""
    model = nn.Sequential(nn.Embedding(500, 128), *(Attention(128) for _ in range(4)), nn.Linear(128, 500))
    words = torch.randint(500, (8, 65))
    return model, lambda model: functional.cross_entropy(model(words[:, :-1]).flatten(0, 1), words[:, 1:].flatten())


#: With the steps of a stretch. For those of ResNet-18 the first passes are no more than a stretch.
MODELS: dict[str, tuple[Any, int]] = {"ResNet-18": (resnet18, 40), "MLP": (mlp, 400), "GPT-2": (gpt2, 80)}


def measured(name: str, turns: int) -> None:
    """Measure one model, and print."""
    make, steps = MODELS[name]

    def training() -> tuple[nn.Module, torch.optim.Optimizer, Callable[[int], float]]:
        torch.manual_seed(0)
        model, loss = make()
        optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)

        def run(steps: int) -> float:
            start = time.process_time()
            for _ in range(steps):
                optimizer.zero_grad()
                loss(model).backward()
                optimizer.step()
            return time.process_time() - start

        return model, optimizer, run

    def watched(every: int | None, first: int) -> Callable[[int], float]:
        """One that has been watched for so many passes."""
        model, optimizer, run = training()
        watch(model, optimizer, every=every)
        run(first)
        return run

    def start(steps: int) -> float:
        model, optimizer, run = training()
        with watch(model, optimizer):
            return run(steps)

    kinds: dict[str, Callable[[int], float]] = {
        "not watched": training()[2],
        f"the first {FIRST} passes": start,
        f"after {FIRST} passes": watched(None, FIRST),
        "no pass looked at": watched(10**9, 1),
    }
    for kind in kinds.values():
        kind(steps)
    times: dict[str, list[float]] = {kind: [] for kind in kinds}
    for turn in range(turns):
        # In turns too which of them comes first.
        order = list(kinds)[turn % len(kinds) :] + list(kinds)[: turn % len(kinds)]
        for kind in order:
            times[kind].append(kinds[kind](steps))
    for kind in list(kinds)[1:]:
        added = [100 * (one / plain - 1) for one, plain in zip(times[kind], times["not watched"], strict=True)]
        middle = statistics.median(added)
        print(
            f"{name}: {kind}: {middle:+.1f} % (median of {turns}; {min(added):+.1f} to {max(added):+.1f} %)", flush=True
        )


def main(turns: int, names: list[str]) -> None:
    """Measure and print."""
    torch.set_num_threads(1)
    excite.set_threads(1)
    for name in names or MODELS:
        measured(name, turns)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 9, sys.argv[2:])
