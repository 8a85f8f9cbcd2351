"""What a watch says of deaths over time, and of what it did not see."""

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from excite.torch import watch  # noqa: E402


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def mlp(units=16):
    return nn.Sequential(nn.Linear(8, units), nn.ReLU(), nn.Linear(units, 1))


def killed_at(step, units, steps, probe=None, every=10, look_every=100, layers=1, batch=32, told=None):
    """A training in which units of the first layer are killed before a step."""
    hidden = [module for _ in range(layers - 1) for module in (nn.Linear(16, 16), nn.ReLU())]
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), *hidden, nn.Linear(16, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    options = {"callback": lambda s, d: told.append((s, len(d.layers[0].dead)))} if told is not None else {}
    with watch(model, optimizer, probe=probe, every=every, look_every=look_every, **options) as handle:
        for at in range(steps):
            if at == step:
                with torch.no_grad():
                    model[0].bias[:units] = -1e4
            optimizer.zero_grad()
            model(torch.randn(batch, 8)).square().mean().backward()
            optimizer.step()
    return handle


@pytest.mark.parametrize("has_probe", [False, True])
def test_half_a_layer_that_dies_is_the_first_thing_said_with_its_steps(has_probe):
    told = []
    probe = torch.randn(64, 8) if has_probe else None
    handle = killed_at(50, 8, 1000, probe, look_every=250, told=told)
    report = handle.report()
    diagnosis = report.diagnosis
    assert diagnosis.layers[0].dead == list(range(8))
    assert diagnosis.health == "broken" and diagnosis.is_healthy is False
    first = diagnosis.findings[0]
    assert first.rule == "dead-units"
    # Between the last pass that was looked at before, and the first after.
    assert "50 % of the units died between steps 4" in first.summary or "died between steps 4" in first.summary
    alive, silent = (int(word) for word in first.summary.split("steps ")[1].split(";")[0].split(" and ")[:2])
    assert 30 <= alive <= 50 <= silent <= 70
    assert first.summary.split(";")[0] in str(report).replace("\n", " ")
    assert told == [(250, 0), (500, 8), (750, 8), (1000, 8)]
    if has_probe:
        assert [event.unit for event in report.of("killed")] == list(range(8))


def test_a_few_of_many_units_that_die_are_said_of_their_layer():
    handle = killed_at(150, 6, 600, every=2, layers=4)
    diagnosis = handle.report().diagnosis
    finding = next(one for one in [*diagnosis.findings, *diagnosis.facts] if one.rule == "dead-units" and one.layer)
    assert finding.layer == "1" and finding.units == list(range(6))
    assert "6 of 16 units died between steps 1" in finding.summary
    assert diagnosis.health == "look_at_this", diagnosis.headline


def test_units_that_never_lived_did_not_die():
    handle = killed_at(0, 4, 400, every=2)
    (finding,) = (one for one in handle.report().diagnosis.facts if one.rule == "dead-units")
    assert "died" not in finding.summary and finding.units == [0, 1, 2, 3]


def test_the_verdict_follows_the_events_on_the_probe():
    handle = killed_at(5, 8, 20, torch.randn(64, 8), every=1000, look_every=5)
    report = handle.report()
    assert len(report.of("killed")) == 8
    assert report.diagnosis.health == "broken", report.diagnosis.headline
    assert "died between steps 5 and 10" in report.diagnosis.headline


def test_a_unit_that_comes_back_is_not_dead():
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    with watch(model, optimizer, every=1, look_every=20) as handle:
        for step in range(100):
            with torch.no_grad():
                model[0].bias[:8] = -1e4 if 20 <= step < 50 else 0.0
            model(torch.randn(32, 8)).sum().backward()
            optimizer.step()
    assert handle.report().diagnosis.layers[0].dead == []
    assert handle.report().diagnosis.is_healthy
    # Of all that was seen they are alive too.
    assert handle.vitals.diagnosis().layers[0].samples == 3200


def test_the_whole_is_kept_for_merging():
    handle = killed_at(50, 8, 400, every=1, look_every=50)
    assert handle.vitals.diagnosis().layers[0].samples == 12800
    assert handle.vitals.diagnosis().layers[0].dead == []


def said(handle):
    diagnosis = handle.report().diagnosis
    return diagnosis.is_healthy, diagnosis.headline


def test_nothing_seen_is_not_healthy():
    x = torch.randn(40, 8)
    model = mlp().eval()
    with watch(model, every=1) as handle:
        model(x)
    assert said(handle) == (
        None,
        "Cannot tell: nothing was seen, because the model was in evaluation mode: call model.train().",
    )
    with watch(mlp(), every=1) as handle:
        pass
    assert said(handle)[0] is None and "the model was not called" in said(handle)[1]
    model = nn.Linear(8, 1)
    with watch(model, every=1) as handle:
        model(x)
    assert said(handle)[0] is None and "no activation function" in said(handle)[1]
    assert len(said(handle)[1].split()) <= 25


def test_a_probe_without_an_optimizer_was_not_looked_at():
    model = mlp()
    x = torch.randn(400, 8)
    with watch(model, every=1, probe=x) as handle:
        model(x)
    healthy, headline = said(handle)
    assert healthy is None and "steps of an optimizer, and none was given" in headline


def test_parts_that_are_called_by_themselves_are_seen():
    class Gan(nn.Module):
        def __init__(self):
            super().__init__()
            self.G, self.D = mlp(), nn.ModuleDict({"a": mlp(), "b": mlp()})

        def forward(self, x):
            return self.D["a"](self.G(x).expand(-1, 8))

    class Parts(Gan):
        forward = nn.Module.forward

    x = torch.randn(20, 8)
    model = Parts()
    with watch(model, every=1) as handle:
        model.G(x)
        model.D["b"](x)
    assert [layer.name for layer in handle.report().diagnosis.layers] == ["G.1", "D.b.1"]
    model = Gan()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with watch(model, optimizer, every=1) as handle:
        for _ in range(3):
            model.D["a"](x).sum().backward()
            optimizer.step()
    # The first step tells that the model is not called itself.
    assert [(layer.name, layer.samples) for layer in handle.report().diagnosis.layers] == [("D.a.1", 40)]
    with watch(model, every=1) as handle:
        model.D["a"](x)
    assert said(handle)[0] is None
    model = Gan()
    with watch(model, every=1) as handle:
        model(x)
    assert [(layer.name, layer.samples) for layer in handle.report().diagnosis.layers] == [("G.1", 20), ("D.a.1", 20)]


def test_shortcuts_do_not_make_a_gradient_vanish():
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(8, 8), nn.Linear(8, 8)

        def forward(self, x):
            return x + self.b(torch.sigmoid(self.a(x)))

    model = nn.Sequential(*(Block() for _ in range(20)), nn.Linear(8, 1))
    with watch(model, every=1) as handle:
        model(torch.randn(400, 8))
    rules = {finding.rule for finding in handle.report().diagnosis.findings}
    assert "vanishing-gradient" not in rules and handle.report().diagnosis.is_healthy


def test_a_report_on_many_weights_is_quick_and_small():
    import time
    import tracemalloc

    model = nn.Sequential(nn.Linear(4096, 8192, bias=False), nn.ReLU(), nn.Linear(8192, 1))
    with torch.no_grad():
        model[0].weight[:40] = -model[0].weight[:40].abs()
    with watch(model, every=1) as handle:
        model(torch.rand(40, 4096))
    tracemalloc.start()
    start = time.perf_counter()
    report = handle.report()
    seconds, (_, peak) = time.perf_counter() - start, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert set(range(40)) <= set(report.diagnosis.layers[0].dead)
    causes = {
        part.cause for finding in report.diagnosis.facts if finding.rule == "dead-units" for part in finding.parts
    }
    assert "weights" in causes or "off_centre_inputs" in causes
    # 34 million weights: far under what the machine is asked for, even if it is busy.
    assert seconds < 5 and peak < 50e6


def test_a_few_silent_samples_break_nothing():
    model = nn.Sequential(nn.Linear(4, 2), nn.ReLU(), nn.Linear(2, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    x = torch.randn(5, 4)
    with torch.no_grad():
        model[0].bias[0] = -1e4
    with watch(model, optimizer, every=1, probe=x, look_every=1) as handle:
        model(x).sum().backward()
        optimizer.step()
    assert handle.report().diagnosis.is_healthy, handle.report().diagnosis.headline
