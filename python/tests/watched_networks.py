"""Networks in training, sound ones and ones with a known fault, as `watch` judges them.

Run as a program it prints a line of JSON for each: its name, the rules and the cause of which one is right (none for a
sound network), the rule and cause that are named first, and the headline. `cargo xtask diagnosis --networks` reads it.
"""

import json

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

from excite.torch import watch

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


def constant_feature(x):
    x = x.clone()
    x[:, 5] = 1.0
    return x


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


SOUND = {
    "relu": lambda x, y: judged(network(nn.ReLU, 2), x, y),
    "tanh": lambda x, y: judged(network(nn.Tanh, 2), x, y),
    "4 layers of relu": lambda x, y: judged(network(nn.ReLU, 4), x, y),
    "a constant feature": lambda x, y: judged(network(nn.ReLU, 2), constant_feature(x), y),
    "PyTorch's own start": lambda x, y: judged(
        nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10)), x, y, rate=0.05
    ),
    "no errors given": lambda x, y: judged(network(nn.ReLU, 2), x, y, told=False),
}


def main():
    """Judge all of them."""
    torch.set_num_threads(1)
    for name, run in SOUND.items():
        show(name, run, [], None)
    for name, (run, (_, rules, cause)) in BROKEN.items():
        show(name, run, [rules] if isinstance(rules, str) else list(rules), cause)


def show(name, run, rules, cause):
    torch.manual_seed(5)
    diagnosis = run(*data()).diagnosis
    first = diagnosis.findings[0] if diagnosis.findings else None
    found = [first.rule, first.cause] if first else None if diagnosis.is_healthy else [diagnosis.health, None]
    line = {"name": name, "rules": rules, "cause": cause, "found": found, "headline": diagnosis.headline}
    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
