"""What a report of a watch shows: page, picture, JSON and tables."""

import json
import pickle
import re

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from excite.torch import watch  # noqa: E402


@pytest.fixture(scope="module")
def report():
    """Of a training in which three units of a layer die by their bias at step 5."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 12), nn.ReLU(), nn.Linear(12, 6), nn.Tanh(), nn.Linear(6, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    x = torch.randn(300, 4)
    with watch(model, optimizer, every=1, probe=x, look_every=1) as handle:
        for step in range(10):
            if step == 4:
                with torch.no_grad():
                    model[0].bias[:3] = -1e4
            optimizer.zero_grad()
            model(x).square().mean().backward()
            optimizer.step()
    return handle.report()


def test_looks_have_what_was_seen_of_each_layer(report):
    assert [look.step for look in report.looks] == list(range(1, 11))
    last = report.looks[-1].layers
    assert set(last) == {"1", "3"}
    assert all(layer.gradient > 0 and layer.update > 0 for layer in last.values())


def test_the_page_has_the_deaths_and_the_curves(report, tmp_path):
    path = tmp_path / "report.html"
    report.to_html(path)
    text = path.read_text(encoding="utf-8")
    for shown in ("Deaths step by step", "by its own bias", "dead units", "gradient norm", "update-to-weight ratio"):
        assert shown in text
    assert "3 of 18 are dead at the end" in text
    # One file, which loads nothing.
    assert not re.search(r'(src|href)="https?:', text)


def test_json_is_all_of_it(report):
    found = json.loads(report.to_json())
    assert (found["steps"], len(found["events"]), len(found["looks"])) == (10, len(report.events), 10)
    killed = [event for event in found["events"] if event["event"] == "killed"]
    assert {(event["layer"], event["unit"], event["step"], event["cause"]) for event in killed} == {
        ("1", unit, 5, "own bias") for unit in range(3)
    }
    assert found["diagnosis"]["layers"][0]["name"] == "1"
    assert found["looks"][0]["layers"]["1"]["update"] > 0


def test_tables(report):
    pandas = pytest.importorskip("pandas")
    assert len(report.to_pandas()) == len(report.to_pandas("layers")) == 2
    units = report.to_pandas("units")
    assert len(units) == 18 and list(units.columns) == ["layer", "unit", "state", "mean", "std", "min", "max"]
    assert (units[units.layer == "3"].state != "dead").all()
    events, looks = report.to_pandas("events"), report.to_pandas("looks")
    assert isinstance(events, pandas.DataFrame) and len(events) == 3 and set(events.event) == {"killed"}
    assert len(looks) == 20 and looks.gradient.notna().all()
    with pytest.raises(ValueError, match="layers, units, events or looks, not 'unit'"):
        report.to_pandas("unit")


def test_in_a_notebook_there_is_a_picture(report):
    shown = report._repr_html_()
    assert shown.count("<rect") == 20 and "dead units by layer, steps 1 to 10" in shown
    assert shown.count("<li>") == 3
    import xml.etree.ElementTree as ET

    ET.fromstring(re.search(r"<svg.*</svg>", shown)[0])


def test_it_is_pickled(report, tmp_path):
    other = pickle.loads(pickle.dumps(report))
    assert other == report
    other.to_html(tmp_path / "other.html")


def test_modules_are_chosen_by_name_and_pattern():
    model = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Sequential(nn.Linear(4, 4), nn.Sigmoid(), nn.Tanh()))

    def seen(**options):
        with watch(model, every=1, **options) as handle:
            model(torch.randn(20, 4))
        return [layer.name for layer in handle.report().diagnosis.layers]

    assert seen(include="2") == ["2.1", "2.2"]
    assert seen(include=["1", "2.2"]) == ["1", "2.2"]
    assert seen(exclude="2.*") == ["1"]
    with pytest.raises(ValueError, match="include: no module is named `head`"):
        watch(model, include="head")
    with pytest.raises(ValueError, match="axes"):
        watch(model, axes={"head.relu": 1})
    with watch(model, every=1, axes={"tanh": 1}) as handle:
        model(torch.randn(20, 4))
    assert "no such call was seen" in handle.report().diagnosis.not_seen["tanh"]
