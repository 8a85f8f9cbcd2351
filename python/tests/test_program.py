"""The program that the package brings along, and its commands as functions."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import excite
from excite import program

MODELS = Path(__file__).parents[2] / "crates" / "excite-onnx" / "tests" / "models"


def test_the_program_runs_by_name_and_as_a_module(tmp_path, monkeypatch):
    # Elsewhere: -m would take the package's sources in this folder, which have no native module.
    monkeypatch.chdir(tmp_path)
    by_name = subprocess.run([program.path(), "list"], capture_output=True, check=True)
    as_module = subprocess.run([sys.executable, "-m", "excite", "list"], capture_output=True, check=True)
    assert by_name.stdout == as_module.stdout and b"sigmoid" in by_name.stdout
    refused = subprocess.run([sys.executable, "-m", "excite", "no-such"], capture_output=True, check=False)
    assert refused.returncode == 2


def test_check_finds_what_the_command_finds():
    found = excite.check(MODELS / "nmp.onnx")
    assert found.random_data and len(found.layers) > 3 and found.findings
    with np.load(MODELS / "nmp.chords.npz") as file:
        inputs = dict(file)
    of_arrays = excite.check(MODELS / "nmp.onnx", inputs)
    of_file = excite.check(MODELS / "nmp.onnx", MODELS / "nmp.chords.npz")
    assert of_arrays == of_file and not of_file.random_data
    assert not of_file.is_healthy or all(finding.severity == "note" for finding in of_file.findings)
    for told in (str(found), found._repr_html_()):
        assert "random numbers" in told and found.groups[0].remedy.split()[0] in told
    assert "random numbers" not in str(of_file)
    assert sum(len(group.layers) for group in found.groups) == sum(one.layer is not None for one in found.findings)


def test_the_vitals_of_the_command_tell_what_check_tells(tmp_path):
    file = tmp_path / "nmp.vitals"
    options = ["--vitals", str(file), "--fail-on", "never", "--json"]
    program.run(["check", str(MODELS / "nmp.onnx"), "--input", str(MODELS / "nmp.chords.npz"), *options])
    of_vitals = excite.Vitals.load(file).diagnosis()
    of_check = excite.check(MODELS / "nmp.onnx", MODELS / "nmp.chords.npz")
    assert of_vitals.layers == of_check.layers
    assert any(layer.dormant or layer.always_on for layer in of_check.layers)


def test_check_refuses_what_the_command_refuses():
    with pytest.raises(excite.ProgramError, match=r"no-such\.onnx"):
        excite.check("no-such.onnx")
    with pytest.raises(TypeError, match="inputs must be"):
        excite.check(MODELS / "nmp.onnx", np.array([None]))


def test_quantise_proposes_what_the_command_proposes():
    found = excite.quantise(MODELS / "nmp.onnx", MODELS / "nmp.chords.npz", bits=[4, 8])
    assert {proposal.bits for proposal in found.proposals} == {4, 8} and not found.random_data
    best = found.best(8)
    assert [proposal.layer for proposal in best] == list(dict.fromkeys(p.layer for p in found.proposals))
    assert all(proposal.scale > 0 and proposal.q_format.startswith(("UQ", "Q")) for proposal in best)
    ratios = [proposal.decibels for proposal in best if proposal.decibels is not None]
    assert ratios and min(ratios) > 20
    assert found.verdict in str(found) and best[0].layer in found._repr_html_()
    with pytest.raises(excite.ProgramError, match="bits"):
        excite.quantise(MODELS / "nmp.onnx", bits=[99])


def test_compare_trains_and_tells(tmp_path):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(120, 3))
    y = (x[:, 0] > 0).astype(np.int64)
    result = excite.compare(
        x, y, activations=["relu", "leaky_relu(0.2)"], seeds=1, epochs=2, out=tmp_path, options=["--lr", "0.1"]
    )
    assert [row["name"] for row in result.activations] == ["relu", "leaky_relu(0.2)"]
    assert result.verdict and result.data["train"] == 96
    assert Path(result.report).is_file()
    with pytest.raises(TypeError, match="x and y, or neither"):
        excite.compare(x)
    with pytest.raises(excite.ProgramError, match="rulu"):
        excite.compare(activations=["rulu"], out=tmp_path)


@pytest.mark.parametrize(("module", "name"), [("ray", "Ray"), ("torch", "PyTorch")])
def test_what_is_missing_is_named_with_how_to_install_it(module, name, tmp_path):
    code = f"import sys; sys.modules['{module}'] = None; import excite.{module}"
    # Elsewhere than here, where the sources would be imported instead of what is installed.
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.stderr.endswith(f"ImportError: excite.{module} needs {name}: pip install {module}\n")
