"""The tasks: check, merge, quantise and compare, in this process; and the program, which runs in it too."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import excite

MODELS = Path(__file__).parents[2] / "crates" / "excite-onnx" / "tests" / "models"
SMALL = {"hidden": [8], "seeds": 1, "epochs": 2, "lr": 0.1}


@pytest.fixture
def samples():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(120, 3))
    return x, (x[:, 0] > 0).astype(np.int64)


def test_the_program_runs_by_name_and_as_a_module(tmp_path):
    # Elsewhere: -m would take the package's sources in this folder, which have no native module.
    def run(*command):
        return subprocess.run([*command], capture_output=True, check=False, cwd=tmp_path)

    by_name = run(Path(sys.executable).with_name("excite"), "list")
    as_module = run(sys.executable, "-m", "excite", "list")
    assert by_name.returncode == 0
    assert by_name.stdout == as_module.stdout
    assert b"sigmoid" in by_name.stdout
    assert run(sys.executable, "-m", "excite", "no-such").returncode == 2


def test_no_module_starts_a_process():
    sources = Path(excite.__file__).parent.rglob("*.py")
    assert not [path for path in sources if "subprocess" in path.read_text(encoding="utf-8")]


def test_check_finds_the_same_in_arrays_and_files():
    found = excite.check(MODELS / "nmp.onnx")
    assert found.random_data and len(found.layers) > 3 and found.facts
    with np.load(MODELS / "nmp.chords.npz") as file:
        inputs = dict(file)
    of_arrays = excite.check(MODELS / "nmp.onnx", inputs)
    of_file = excite.check(MODELS / "nmp.onnx", MODELS / "nmp.chords.npz")
    assert of_arrays == of_file and not of_file.random_data
    (alone,) = inputs.values()
    assert excite.check(MODELS / "nmp.onnx", alone) == of_file
    assert of_file.is_sound and of_file.headline.startswith("Looks sound") and not of_file.findings
    for shown in (str(found), found._repr_html_()):
        assert "random numbers" in shown and found.groups[0].remedy.split()[0] in shown
    assert "random numbers" not in str(of_file)
    with_layers = [one for one in [*found.findings, *found.facts] if one.layer is not None]
    assert sum(len(group.layers) for group in found.groups) == len(with_layers)


def test_files_are_written_where_they_are_asked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    of_check = excite.check(MODELS / "nmp.onnx", MODELS / "nmp.chords.npz")
    excite.quantise(MODELS / "nmp.onnx", MODELS / "nmp.chords.npz", simulate=False)
    assert not os.listdir()
    excite.check(MODELS / "nmp.onnx", MODELS / "nmp.chords.npz", html="report.html", vitals="nmp.vitals")
    assert "</html>" in Path("report.html").read_text(encoding="utf-8")
    of_vitals = excite.Vitals.load("nmp.vitals").diagnosis()
    assert of_vitals.layers == of_check.layers
    assert any(layer.dormant or layer.always_on for layer in of_check.layers)
    merged = excite.merge(["nmp.vitals", "nmp.vitals"], model=MODELS / "nmp.onnx")
    assert merged.samples == 2 * of_check.samples


def test_what_cannot_be_done_is_refused():
    with pytest.raises(FileNotFoundError, match=r"no-such\.onnx"):
        excite.check("no-such.onnx")
    with pytest.raises(FileNotFoundError, match=r"no-such\.npz"):
        excite.check(MODELS / "nmp.onnx", "no-such.npz")
    with pytest.raises(TypeError, match="inputs must be"):
        excite.check(MODELS / "nmp.onnx", np.array([None]))
    with pytest.raises(excite.TaskError, match="no-such"):
        excite.check(MODELS / "nmp.onnx", {"no-such": np.zeros((1, 2), np.float32)})
    with pytest.raises(ValueError, match="does not have"):
        excite.check(MODELS / "nmp.onnx", unit_axis={"no-such": 1})


def test_quantise_proposes_formats_and_scales():
    found = excite.quantise(MODELS / "nmp.onnx", MODELS / "nmp.chords.npz", bits=[4, 8])
    assert {proposal.bits for proposal in found.proposals} == {4, 8} and not found.random_data
    best = found.best(8)
    assert [proposal.layer for proposal in best] == list(dict.fromkeys(p.layer for p in found.proposals))
    assert all(proposal.scale > 0 and proposal.q_format.startswith(("UQ", "Q")) for proposal in best)
    ratios = [proposal.decibels for proposal in best if proposal.decibels is not None]
    assert ratios and min(ratios) > 20
    assert found.headline in str(found) and best[0].layer in found._repr_html_()
    for bits in ([99], [-1], []):
        with pytest.raises(ValueError, match="bits"):
            excite.quantise(MODELS / "nmp.onnx", bits=bits)


def test_quantise_recommends_a_format_for_each_layer(tmp_path):
    files = {name: tmp_path / name for name in ("model.onnx", "formats.toml", "overrides.json")}
    given = {f"write_{path.stem}": path for path in files.values()}
    data = (MODELS / "nmp.onnx", MODELS / "nmp.chords.npz")
    found = excite.quantise(*data, samples=2, budget="snr=30dB", **given)
    assert found.recommended["is_enough"] and found.recommended["signal_to_noise"] >= 30
    assert {layer["layer"] for layer in found.recommended["layers"]} == {one["layer"] for one in found.sensitivity}
    shares = [one["share"] for one in found.sensitivity]
    assert shares == sorted(shares, reverse=True) and sum(shares) == pytest.approx(1)
    assert excite.check(files["model.onnx"], data[1], samples=1).layers
    again = excite.quantise(*data, samples=2, given=files["formats.toml"], sensitivity=False)
    assert again.recommended["outputs"] == found.recommended["outputs"] and again.sensitivity == []
    overrides = json.loads(files["overrides.json"].read_text(encoding="utf-8"))
    assert len(overrides) == len(found.recommended["layers"])
    with pytest.raises(ValueError, match="a budget is"):
        excite.quantise(*data, budget="25dB")
    with pytest.raises(ValueError, match="simulate"):
        excite.quantise(*data, simulate=False, budget="snr=25dB")


def test_compare_trains_and_writes_nothing(samples, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = excite.compare(*samples, activations=["relu", "leaky_relu(0.2)"], **SMALL)
    assert [row["name"] for row in result.activations] == ["relu", "leaky_relu(0.2)"]
    assert result.headline and result.complete and result.data["train"] == 96
    assert result.report is None and not os.listdir()
    with pytest.raises(TypeError, match="x and y, or neither"):
        excite.compare(samples[0])
    with pytest.raises(ValueError, match="rulu"):
        excite.compare(activations=["rulu"])
    for wrong in ({"network": "rnn"}, {"init": "no"}, {"optimizer": "no"}, {"momentum": 1.0}, {"test_share": 1.0}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            excite.compare(*samples, **wrong)
    with pytest.raises(excite.TaskError, match="inputs"):
        excite.compare(samples[0], samples[1][:-1])


def test_compare_goes_on_in_its_folder(samples, tmp_path):
    out = tmp_path / "out"
    first = excite.compare(*samples, activations=["relu"], out=out, save_networks=tmp_path / "nets", **SMALL)
    assert Path(first.report).is_file() and (tmp_path / "nets" / "relu-seed1.onnx").is_file()
    again = excite.compare(*samples, activations=["relu"], out=out, **SMALL)
    assert again.activations == first.activations
    anew = excite.compare(*samples, activations=["relu"], out=out, fresh=True, **SMALL)
    assert anew.activations != first.activations


def test_progress_is_shown():
    heard = []
    excite.check(MODELS / "nmp.onnx", progress=lambda done, total, note: heard.append((done, total)))
    assert heard[-1][0] == heard[-1][1] == 16
    with pytest.raises(ZeroDivisionError):
        excite.check(MODELS / "nmp.onnx", progress=lambda done, total, note: 1 / 0)


@pytest.fixture
def interruptible():
    """Python does not listen for Ctrl-C where it is started in the background, as by CI."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_stops_within_a_second_and_others_run_meanwhile(samples):
    beats, pressed = [], []

    def press():
        end = time.monotonic() + 1
        while time.monotonic() < end:
            beats.append(1)
            time.sleep(0.01)
        pressed.append(time.monotonic())
        signal.raise_signal(signal.SIGINT)

    threading.Thread(target=press).start()
    with pytest.raises(KeyboardInterrupt):
        excite.compare(*samples, activations=["relu"], **{**SMALL, "epochs": 10_000_000})
    assert time.monotonic() - pressed[0] < 1
    # The interpreter was free.
    assert len(beats) > 20


@pytest.mark.parametrize(("module", "name"), [("ray", "Ray"), ("torch", "PyTorch")])
def test_what_is_missing_is_named_with_how_to_install_it(module, name, tmp_path):
    code = f"import sys; sys.modules['{module}'] = None; import excite.{module}"
    # Elsewhere than here, where the sources would be imported instead of what is installed.
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.stderr.endswith(f"ImportError: excite.{module} needs {name}: pip install {module}\n")


def test_help_is_short_and_lists_all(capsys):
    import pydoc

    shown = pydoc.plain(pydoc.render_doc(excite))
    assert len(shown.splitlines()) < 200
    for name in ("gelu", "sparsemax", "Vitals", "check(", "excite.torch"):
        assert name in shown
    assert re.fullmatch(r"\d+\.\d+\.\d+.*", excite.__version__)
    assert excite.gelu_grad(0.0) == 0.5
