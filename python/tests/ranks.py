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


def train(folder: Path, rank: int, ranks: int, how: str) -> None:
    """A training in parallel, watched on each rank: counts, gradients and not a word of what failed."""
    dist.init_process_group("gloo", init_method=f"file://{folder / 'meeting'}", rank=rank, world_size=ranks)
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 1))
    with torch.no_grad():
        model[0].bias[5] = -1e4
    called: nn.Module = model
    if how == "ddp":
        called = nn.parallel.DistributedDataParallel(model)
    else:
        mesh = dist.device_mesh.init_device_mesh("cpu", (ranks,))
        if how == "fsdp":
            from torch.distributed.fsdp import fully_shard

            for layer in model:
                if isinstance(layer, nn.Linear):
                    fully_shard(layer, mesh=mesh)
            fully_shard(model, mesh=mesh)
        else:
            from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel, parallelize_module

            parallelize_module(model, mesh, {"0": ColwiseParallel(), "2": RowwiseParallel()})
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with watch(called, optimizer, every=1, look_every=5) as handle:
        for step in range(10):
            torch.manual_seed(100 * step + (rank if how != "tensor_parallel" else 0))
            optimizer.zero_grad()
            called(torch.randn(32, 8)).square().mean().backward()
            optimizer.step()
    report = handle.report()
    layers = report.diagnosis.layers
    prefix = "module." if how == "ddp" else ""
    assert [layer.name for layer in layers] == [f"{prefix}1", f"{prefix}3"], layers
    assert [layer.samples for layer in layers] == [320, 320]
    assert report.steps == 10 and report.diagnosis.not_seen == {}, report.diagnosis.not_seen
    first = layers[0]
    if how == "tensor_parallel":
        # Each rank has its half of the units.
        assert first.units == 8 and (5 in first.dead) == (rank == 0)
    else:
        assert first.units == 16 and 5 in first.dead
    vitals = handle.vitals._native.to_json()
    assert '"gradient_norm":{"count":10' in vitals, vitals[-400:]
    dist.destroy_process_group()
