"""`watch` on models with faults in known units, and on healthy ones: the suite of docs/diagnosis.md for PyTorch.

Inputs and weights are bounded, so that which units are dead or saturated is known from how the models are made; after
the oversized step, from the pre-activations themselves.
"""

import dataclasses

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

from excite.torch import watch  # noqa: E402

SAMPLES, INPUTS, UNITS = 1000, 16, 32
OVERSIZED_AT = 20


@dataclasses.dataclass
class Planted:
    """A model with what is wrong with its units: (layer, unit) with the cause."""

    model: nn.Module
    x: torch.Tensor
    dead: dict = dataclasses.field(default_factory=dict)
    saturated: dict = dataclasses.field(default_factory=dict)


def linear(inputs, outputs, gain=2**0.5):
    """A layer with uniform weights of Kaiming's spread, within ±gain·√3/√inputs, and biases of 0."""
    layer = nn.Linear(inputs, outputs)
    with torch.no_grad():
        nn.init.uniform_(layer.weight, -gain * (3 / inputs) ** 0.5, gain * (3 / inputs) ** 0.5)
        layer.bias.zero_()
    return layer


def two_layers(function, gain=2**0.5):
    model = nn.Sequential(linear(INPUTS, UNITS, gain), function(), linear(UNITS, UNITS, gain), function())
    return Planted(model, standard_inputs())


def standard_inputs():
    return (torch.rand(SAMPLES, INPUTS) * 2 - 1) * 3**0.5


def of(layer, units, cause):
    return {(layer, unit): cause for unit in units}


def turn(layer, negative):
    """Make the weights of those units negative, and all others positive."""
    sign = torch.ones(UNITS, 1)
    sign[negative] = -1
    layer.weight.copy_(sign * layer.weight.abs())


def initial_bias():
    """z − b is within ±17."""
    planted, units = two_layers(nn.ReLU), [1, 4, 7, 15, 30]
    planted.model[0].bias[units] = -20
    planted.dead = of("1", units, "bias")
    return planted


def off_centre_inputs():
    planted, units = two_layers(nn.ReLU), [0, 2, 5, 8, 13, 21, 31]
    planted.x = torch.rand(SAMPLES, INPUTS) * 255
    turn(planted.model[0], units)
    turn(planted.model[2], [])
    planted.dead = of("1", units, "off_centre_inputs")
    return planted


def upstream_shift():
    planted, units = two_layers(nn.ReLU), [3, 6, 9, 12]
    planted.model[0].bias.fill_(20)
    turn(planted.model[2], units)
    planted.dead = of("3", units, "off_centre_inputs")
    return planted


def dead_layer_before():
    planted = two_layers(nn.ReLU)
    planted.model[0].bias.fill_(-20)
    planted.model[2].bias.fill_(0.1)
    planted.model[2].bias[:16] = -0.1
    planted.dead = of("1", range(UNITS), "bias") | of("3", range(16), "no_input")
    return planted


def saturating_gain():
    """|z| has a standard deviation of over 200 where tanh is flat beyond 2.2."""
    planted, units = two_layers(nn.Tanh, 5 / 3), [0, 3, 11, 17, 18, 25]
    planted.model[0].weight[units] *= 200
    planted.saturated = of("1", units, "spread")
    return planted


def saturating_bias():
    """z is within ±5.1 of biases of ±10: sigmoid is flat beyond 4.4."""
    planted, units = two_layers(nn.Sigmoid), [2, 9, 20, 27]
    planted.model[0].weight.mul_(0.3)
    planted.model[0].bias[units] = torch.tensor([10.0, -10, 10, -10])
    planted.saturated = of("1", units, "shift")
    return planted


FAULTS = [
    initial_bias,
    off_centre_inputs,
    upstream_shift,
    dead_layer_before,
    saturating_gain,
    saturating_bias,
]


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(3)


def found(diagnosis, rule):
    """The units that a rule found, with the cause; each in one finding."""
    units = [
        ((finding.layer, unit), part.cause)
        for finding in [*diagnosis.findings, *diagnosis.facts]
        if finding.rule == rule
        for part in finding.parts
        for unit in part.units
    ]
    assert len(units) == len(dict(units))
    return dict(units)


@pytest.mark.parametrize("fault", FAULTS)
def test_each_planted_unit_is_found_with_its_cause_and_no_other(fault):
    with torch.no_grad():
        planted = fault()
    with watch(planted.model, every=1, probe=planted.x) as handle:
        planted.model(planted.x)
    report = handle.report()
    # Equal sets: precision and recall of 1.
    assert found(report.diagnosis, "dead-units") == planted.dead
    assert found(report.diagnosis, "saturated-units") == planted.saturated
    assert {(event.layer, event.unit) for event in report.of("born dead")} == set(planted.dead)


def test_an_oversized_step_is_told_with_its_rate_and_update():
    """The targets are off by 20 in one step, and the rate is 50 times too large."""
    model = nn.Sequential(linear(INPUTS, UNITS), nn.ReLU(), linear(UNITS, 1))
    x = standard_inputs()
    y = (x[:, :1].sin() + x[:, 1:2] * x[:, 2:3]).detach()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    dead, updates = [set()], [None]
    with watch(model, optimizer, probe=x, look_every=1, every=1) as handle:
        for step in range(1, OVERSIZED_AT + 6):
            is_oversized = step == OVERSIZED_AT
            optimizer.param_groups[0]["lr"] = 0.5 if is_oversized else 0.01
            before = model[0].weight.detach().clone()
            optimizer.zero_grad()
            F.mse_loss(model(x), y - 20 if is_oversized else y).backward()
            optimizer.step()
            updates.append((model[0].weight.detach() - before).norm(dim=1))
            dead.append({unit for unit in range(UNITS) if bool((model[0](x)[:, unit] <= 0).all())})
    assert not dead[OVERSIZED_AT - 1] and dead[OVERSIZED_AT]
    events = handle.report().events
    # What the network is like after that step kills and revives some more in the next ones.
    expected = {("killed", unit, step) for step in range(1, len(dead)) for unit in dead[step] - dead[step - 1]}
    expected |= {("revived", unit, step) for step in range(1, len(dead)) for unit in dead[step - 1] - dead[step]}
    assert {(event.event, event.unit, event.step) for event in events} == expected and len(events) == len(expected)
    killed = [event for event in events if (event.event, event.step) == ("killed", OVERSIZED_AT)]
    assert {event.unit for event in killed} == dead[OVERSIZED_AT]
    for event in killed:
        assert event.learning_rate == 0.5
        assert event.update == pytest.approx(float(updates[OVERSIZED_AT][event.unit]), rel=1e-4)
        assert event.cause in ("own weights", "own bias") and event.push[event.cause] == max(event.push.values())
        assert event.push["upstream"] == 0


def test_a_shift_from_upstream_is_told_as_the_killer():
    """A step on the first layer alone, at a rate that moves its biases by 20."""
    planted, units = two_layers(nn.ReLU), [3, 6, 9, 12]
    with torch.no_grad():
        turn(planted.model[2], units)
        planted.model[2].bias[units] = 60
    optimizer = torch.optim.SGD([planted.model[0].bias], lr=0.0)
    with watch(planted.model, optimizer, probe=planted.x, look_every=1) as handle:
        for rate in (0.0, 20.0):
            optimizer.param_groups[0]["lr"] = rate
            planted.model[0].bias.grad = -torch.ones(UNITS)
            optimizer.step()
    events = handle.report().events
    assert {(event.layer, event.unit, event.event, event.step, event.cause) for event in events} == {
        ("3", unit, "killed", 2, "upstream") for unit in units
    }


def sparse():
    """Each unit fires for about a fifth of the samples."""
    model = nn.Sequential(linear(INPUTS, UNITS), nn.ReLU())
    model[0].bias.copy_(-0.84 * model[0].weight.norm(dim=1))
    return Planted(model, standard_inputs())


def sure_of_its_answers():
    """The sigmoid at the end is saturated, and is meant to be."""
    model = nn.Sequential(linear(INPUTS, UNITS), nn.ReLU(), linear(UNITS, 4), nn.Sigmoid())
    model[2].weight.mul_(30)
    return Planted(model, standard_inputs())


class Gated(nn.Module):
    """Gates that are nearly always open."""

    def __init__(self):
        super().__init__()
        self.value, self.gate, self.act = linear(INPUTS, UNITS), linear(INPUTS, UNITS), nn.ReLU()
        self.gate.bias.fill_(10)

    def forward(self, x):
        return torch.sigmoid(self.gate(x)) * self.act(self.value(x))


HEALTHY = {
    "ReLU": lambda: two_layers(nn.ReLU),
    "sparse ReLU": sparse,
    "leaky ReLU": lambda: two_layers(nn.LeakyReLU),
    "GELU": lambda: two_layers(nn.GELU),
    "tanh": lambda: two_layers(nn.Tanh, 5 / 3),
    "ReLU6": lambda: two_layers(nn.ReLU6),
    "sigmoid head": sure_of_its_answers,
    "gate": lambda: Planted(Gated(), standard_inputs()),
}


@pytest.mark.parametrize("name", HEALTHY)
def test_nothing_is_found_in_healthy_models(name):
    with torch.no_grad():
        planted = HEALTHY[name]()
    # A few steps of training, so that gradients are seen too: on its own answers, or under a linear layer.
    answers = name == "sigmoid head"
    head = nn.Identity() if answers else nn.Linear(UNITS, 1)
    y = planted.model(planted.x).detach().round() if answers else planted.x[:, :1]
    loss = F.binary_cross_entropy if answers else F.mse_loss
    optimizer = torch.optim.SGD([*planted.model.parameters(), *head.parameters()], lr=1e-3)
    with watch(planted.model, optimizer, every=1, probe=planted.x, look_every=10) as handle:
        for rows, targets in zip(planted.x.split(50), y.split(50), strict=True):
            optimizer.zero_grad()
            loss(head(planted.model(rows)), targets).backward()
            optimizer.step()
    report = handle.report()
    assert report.diagnosis.is_sound, str(report)
    assert report.events == []


def deep(function, depth):
    layers = [layer for _ in range(depth) for layer in (nn.Linear(INPUTS, INPUTS), function())]
    return nn.Sequential(*layers, nn.Linear(INPUTS, 1))


def trained(model, x, steps=20):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    with watch(model, optimizer, every=1) as handle:
        for step in range(steps):
            rows = x[32 * step : 32 * step + 32]
            optimizer.zero_grad()
            F.mse_loss(model(rows), rows[:, :1]).backward()
            optimizer.step()
    diagnosis = handle.report().diagnosis
    return [*diagnosis.findings, *diagnosis.facts]


def test_gradients_of_one_sign_are_found_behind_sigmoid_and_not_behind_tanh():
    same = {f.layer: f for f in trained(deep(nn.Sigmoid, 3), standard_inputs()) if f.rule == "same-sign-gradients"}
    # The first layer has the inputs, which are of both signs.
    assert set(same) == {"3", "5"}
    assert {finding.cause for finding in same.values()} == {"off_centre_inputs"}
    assert "100 % of its inputs always have one sign" in same["3"].summary
    assert "same-sign-gradients" not in {finding.rule for finding in trained(deep(nn.Tanh, 3), standard_inputs())}


@pytest.mark.parametrize(("function", "cause"), [(nn.Sigmoid, "function"), (nn.ReLU, "weights")])
def test_gradients_that_vanish_over_depth_are_found_as_measured(function, cause):
    model = deep(function, 8)
    if cause == "weights":
        with torch.no_grad():
            for layer in model[:-1:2]:
                layer.weight.mul_(0.3)
    (finding,) = (f for f in trained(model, standard_inputs()) if f.rule == "vanishing-gradient")
    assert (finding.grade, finding.cause) == ("measured", cause)
    assert {one.quantity: one.value for one in finding.evidence}["first gradient over the last"] < 1e-3
