"""One rank of torch.distributed, a process by itself: it writes the vitals of all ranks to FOLDER/RANK.vitals."""

from pathlib import Path

import pytest
import torch
import torch.distributed as dist
from torch import nn

from excite.torch import watch


def main(folder: Path, rank: int, ranks: int) -> None:
    dist.init_process_group("gloo", init_method=f"file://{folder / 'meeting'}", rank=rank, world_size=ranks)
    torch.manual_seed(0)
    layers = [nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 1)]
    model = nn.Sequential(*layers)
    x = torch.randn(240, 8)
    with watch(model, every=1) as handle:
        model(x.chunk(ranks)[rank])
        handle.all_reduce().save(folder / f"{rank}.vitals")
    # Of different models nothing is merged, and every rank is told.
    other = nn.Sequential(nn.Linear(8, 4 + rank), nn.Tanh())
    with watch(other, every=1) as handle:
        other(x)
        with pytest.raises(ValueError, match="cannot be merged"):
            handle.all_reduce()
    dist.destroy_process_group()
