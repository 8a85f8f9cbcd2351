"""Compiled, wrapped and sharded models under a watch."""

import multiprocessing

import pytest

torch = pytest.importorskip("torch")

import ranks  # noqa: E402
from torch import nn  # noqa: E402

from excite.torch import watch  # noqa: E402

pytestmark = pytest.mark.skipif(not hasattr(torch.compiler, "set_stance"), reason="this PyTorch cannot run uncompiled")


class Backend:
    """Runs graphs as they are, and counts them."""

    def __init__(self):
        self.graphs = []

    def __call__(self, graph, inputs):
        self.graphs.append(len(graph.graph.nodes))
        return graph


@pytest.fixture(autouse=True)
def fresh():
    torch.manual_seed(0)
    torch._dynamo.reset()
    yield
    assert torch._dynamo.eval_frame._stance.stance == "default"


def mlp():
    return nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 1))


def train(called, optimizer, steps):
    for _ in range(steps):
        optimizer.zero_grad()
        called(torch.randn(20, 8)).square().mean().backward()
        optimizer.step()


def graphs_of(steps=20):
    backend, model = Backend(), mlp()
    train(torch.compile(model, backend=backend, fullgraph=True), torch.optim.SGD(model.parameters(), lr=0.01), steps)
    return backend.graphs


def test_a_compiled_model_is_watched_and_stays_compiled():
    plain = graphs_of()
    backend, model = Backend(), mlp()
    compiled = torch.compile(model, backend=backend, fullgraph=True)
    torch._dynamo.reset()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with watch(compiled, optimizer, every=4) as handle:
        train(compiled, optimizer, 20)
    diagnosis = handle.report().diagnosis
    assert [(layer.name, layer.samples) for layer in diagnosis.layers] == [("1", 100), ("3", 100)]
    assert diagnosis.not_seen == {}
    assert backend.graphs == plain


@pytest.mark.parametrize("in_place", [False, True])
def test_a_model_that_is_compiled_after_the_watch_began(in_place):
    plain = graphs_of()
    torch._dynamo.reset()
    backend, model = Backend(), mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with watch(model, optimizer, every=4) as handle:
        called = model
        if in_place:
            model.compile(backend=backend, fullgraph=True)
        else:
            called = torch.compile(model, backend=backend, fullgraph=True)
        train(called, optimizer, 21)
    assert [layer.name for layer in handle.report().diagnosis.layers] == ["1", "3"]
    assert handle.report().diagnosis.samples == 100
    assert backend.graphs == plain


def test_without_an_optimizer_it_is_said_that_nothing_was_seen():
    model = mlp()
    with watch(model, every=1) as handle:
        torch.compile(model, backend=Backend())(torch.randn(20, 8))
    diagnosis = handle.report().diagnosis
    assert diagnosis.is_healthy is None and "runs compiled" in diagnosis.headline


@pytest.mark.parametrize("in_place", [False, True])
def test_parts_that_are_compiled(in_place):
    backend = Backend()
    model = nn.Sequential(mlp(), nn.Tanh(), nn.Linear(1, 1))
    if in_place:
        model[0].compile(backend=backend, fullgraph=True)
    else:
        model[0] = torch.compile(model[0], backend=backend, fullgraph=True)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with watch(model, optimizer, every=5) as handle:
        train(model, optimizer, 20)
    diagnosis = handle.report().diagnosis
    names = [layer.name.replace("_orig_mod.", "") for layer in diagnosis.layers]
    assert names == ["0.1", "0.3", "1"] and {layer.samples for layer in diagnosis.layers} == {80}
    assert len(backend.graphs) == 1


def test_what_is_compiled_learns_the_same():
    def weights(watched):
        torch._dynamo.reset()
        torch.manual_seed(1)
        model = mlp()
        compiled = torch.compile(model, backend="aot_eager")
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        if watched:
            with watch(compiled, optimizer, every=3):
                train(compiled, optimizer, 10)
        else:
            train(compiled, optimizer, 10)
        return model.state_dict()

    for one, other in zip(weights(True).values(), weights(False).values(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-7)


def test_data_parallel_and_its_kin_are_named_by_the_model_within():
    model = nn.DataParallel(mlp())
    with watch(model, every=1) as handle:
        model(torch.randn(10, 8))
    assert [layer.name for layer in handle.report().diagnosis.layers] == ["module.1", "module.3"]


START = multiprocessing.get_context(
    "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
)
START.set_forkserver_preload(["torch.distributed", "excite.torch"])


@pytest.mark.parametrize("how", ["ddp", "fsdp", "tensor_parallel"])
def test_models_on_several_ranks(how, tmp_path):
    workers = [START.Process(target=ranks.train, args=(tmp_path, rank, 2, how)) for rank in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(300)
    assert [worker.exitcode for worker in workers] == [0, 0]
