"""`watch` names the same first cause of a broken network as `excite compare` and `excite check` do."""

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812
from watched_networks import BROKEN, SOUND, data, network, raw  # noqa: E402

from excite.torch import watch  # noqa: E402


@pytest.mark.parametrize("name", BROKEN)
def test_the_first_cause_is_that_of_compare_and_check(name):
    run, (health, rules, cause) = BROKEN[name]
    diagnosis = run(*data()).diagnosis
    assert diagnosis.findings, diagnosis.headline
    first = diagnosis.findings[0]
    rules = (rules,) if isinstance(rules, str) else rules
    assert first.rule in rules and first.cause == cause, (diagnosis.headline, first.evidence)
    assert diagnosis.health == health if health else diagnosis.health in ("learnt_nothing", "broken", "look_at_this")
    assert diagnosis.is_healthy is False
    assert len(diagnosis.headline.split()) <= 25, diagnosis.headline


@pytest.mark.parametrize("name", SOUND)
def test_nothing_is_found_in_sound_networks(name):
    torch.manual_seed(5)
    diagnosis = SOUND[name](*data()).diagnosis
    assert diagnosis.is_healthy, diagnosis.headline
    assert diagnosis.findings == []


@pytest.mark.parametrize("name", ["8 layers of sigmoid", "rate 1", "raw inputs, ReLU", "inputs that overflow"])
def test_a_probe_and_told_errors_are_not_needed(name):
    """The same rule from vitals, gradients, updates and inputs alone."""
    runs = {
        "8 layers of sigmoid": (network(nn.Sigmoid, 8), data()[0], 0.03, "vanishing-gradient"),
        "rate 1": (network(nn.ReLU, 4), data()[0], 1.0, "dead-units"),
        "raw inputs, ReLU": (network(nn.ReLU, 2), raw(data()[0]), 0.03, "dead-units"),
        "inputs that overflow": (network(nn.ReLU, 2), data()[0] * 1e20, 0.03, "diverged"),
    }
    model, x, rate, rule = runs[name]
    y = data()[1]
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    with watch(model, optimizer, every=3) as handle:
        for step in range(300):
            rows = torch.arange(32) + 32 * (step % 40)
            optimizer.zero_grad()
            F.cross_entropy(model(x[rows]), y[rows]).backward()
            optimizer.step()
    diagnosis = handle.report().diagnosis
    assert diagnosis.findings and diagnosis.findings[0].rule == rule, diagnosis.headline
    assert diagnosis.is_healthy is False
