"""`watch` names the same first cause of a broken network as `excite compare` and `excite check` do."""

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

from excite.torch import watch  # noqa: E402

CLASSES, FEATURES, TRAIN, TEST = 10, 64, 1500, 360
GAINS = {nn.ReLU: 2**0.5, nn.Tanh: 5 / 3, nn.Sigmoid: 1.0}


def data(shuffled=False):
    """Ten clusters that overlap a little, standardised."""
    torch.manual_seed(7)
    centres = torch.randn(CLASSES, FEATURES) * 0.6
    y = torch.randint(CLASSES, (TRAIN + TEST,))
    x = centres[y] + torch.randn(TRAIN + TEST, FEATURES)
    x = (x - x.mean(0)) / x.std(0)
    if shuffled:
        y = y[torch.randperm(len(y))]
    return x, y


def network(function, depth, gain=1.0, bias=0.0, outputs=CLASSES):
    """Layers of 64 with the gain of their function, or a multiple of it."""
    torch.manual_seed(3)
    layers = []
    for _ in range(depth):
        layer = nn.Linear(FEATURES, FEATURES)
        nn.init.normal_(layer.weight, std=gain * GAINS[function] / FEATURES**0.5)
        nn.init.constant_(layer.bias, bias)
        layers += [layer, function()]
    return nn.Sequential(*layers, nn.Linear(FEATURES, outputs))


def judged(model, x, y, rate=0.03, epochs=6, told=True, momentum=0.0):
    optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=momentum)
    train, test = slice(0, TRAIN), slice(TRAIN, None)
    is_regression = y.is_floating_point()
    with watch(model, optimizer, every=3, probe=x[:200], look_every=20) as handle:
        for _ in range(epochs):
            for rows in torch.randperm(TRAIN).split(32):
                optimizer.zero_grad()
                z = model(x[rows])
                loss = F.mse_loss(z[:, 0], y[rows]) if is_regression else F.cross_entropy(z, y[rows])
                loss.backward()
                optimizer.step()
                handle.loss(loss)
            with torch.no_grad():
                model.eval()
                if told and not is_regression:
                    errors = [float((model(x[part]).argmax(1) != y[part]).float().mean()) for part in (train, test)]
                    handle.errors(train_error=errors[0], test_error=errors[1], classes=CLASSES, test_samples=TEST)
                model.train()
    return handle.report()


def raw(x):
    """As they come from a sensor: around 1,000."""
    return x * 120 + 1100


BROKEN = {
    "8 layers of sigmoid": (
        lambda x, y: judged(network(nn.Sigmoid, 8), x, y),
        ("learnt_nothing", "vanishing-gradient", "function"),
    ),
    "bias -4": (
        lambda x, y: judged(network(nn.ReLU, 2, bias=-4.0), x, y, rate=0.003),
        ("learnt_nothing", "dead-units", "bias"),
    ),
    "rate 1": (lambda x, y: judged(network(nn.ReLU, 4), x, y, rate=1.0), (None, "dead-units", "learning_rate")),
    "rate 3": (
        lambda x, y: judged(network(nn.ReLU, 2), x, y, rate=3.0),
        ("learnt_nothing", "dead-units", "learning_rate"),
    ),
    "rate 0.3 with momentum": (
        lambda x, y: judged(network(nn.ReLU, 4), x, y, rate=0.3, momentum=0.9),
        (None, "dead-units", "learning_rate"),
    ),
    "raw inputs, ReLU": (
        lambda x, y: judged(network(nn.ReLU, 2), raw(x), y),
        ("learnt_nothing", "dead-units", "data"),
    ),
    "raw inputs, tanh": (
        lambda x, y: judged(network(nn.Tanh, 2), raw(x), y),
        (None, ("dead-units", "saturated-units"), "data"),
    ),
    "tanh with 4 times its gain": (
        lambda x, y: judged(network(nn.Tanh, 3, gain=4.0), x, y, rate=0.01),
        (None, "saturated-units", "initialisation"),
    ),
    "8 layers of ReLU with a tenth of the gain": (
        lambda x, y: judged(network(nn.ReLU, 8, gain=0.1), x, y),
        ("learnt_nothing", "vanishing-gradient", "initialisation"),
    ),
    "inputs that overflow": (
        lambda x, y: judged(network(nn.ReLU, 2), x * 1e20, y),
        ("broken", "diverged", "data"),
    ),
    "shuffled labels": (
        lambda x, y: judged(network(nn.ReLU, 2), *data(shuffled=True), rate=0.1, epochs=25),
        ("learnt_nothing", "learnt-nothing", "data"),
    ),
    "targets of 1e6": (
        lambda x, y: judged(network(nn.ReLU, 2, outputs=1), x, 1e6 * x[:, 0], told=False),
        ("broken", ("diverged", "dead-units"), "learning_rate"),
    ),
}


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


def constant_feature(x):
    x = x.clone()
    x[:, 5] = 1.0
    return x


SOUND = {
    "relu": lambda x, y: judged(network(nn.ReLU, 2), x, y),
    "tanh": lambda x, y: judged(network(nn.Tanh, 2), x, y),
    "4 layers of relu": lambda x, y: judged(network(nn.ReLU, 4), x, y),
    "a constant feature": lambda x, y: judged(network(nn.ReLU, 2), constant_feature(x), y),
    "PyTorch's own start": lambda x, y: judged(
        nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10)), x, y, rate=0.05
    ),
    "nothing told": lambda x, y: judged(network(nn.ReLU, 2), x, y, told=False),
}


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
