"""What the program prints with --json fits the published schemas."""

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

ROOT = Path(__file__).parents[2]
MODELS = ROOT / "crates" / "excite-onnx" / "tests" / "models"
CHECK = ["check", str(MODELS / "nmp.onnx"), "--input", str(MODELS / "nmp.chords.npz"), "--fail-on", "never"]
PLAN = ["--epochs", "2", "--seeds", "1", "--hidden", "8", "--activations", "relu,tanh"]
SCALES = ["--function", "hard_swish", "--input-scale", "0.05", "--output-scale", "0.03"]


@pytest.mark.parametrize(
    ("schema", "arguments"),
    [
        ("check", CHECK),
        ("quantise", ["quantise", *CHECK[1:4]]),
        ("quantise-converted", ["quantise", str(ROOT / "crates/excite-tasks/tests/models/small.tflite")]),
        ("quantise-diff", ["quantise", "--diff", "tflite,onnx", *SCALES]),
        ("compare", ["compare", *PLAN, "--lr", "0.1"]),
        # It diverges, and the losses are null.
        ("compare", ["compare", *PLAN, "--lr", "1e9", "--out", "diverged"]),
        ("lab", ["lab", "sigmoid-squashes", "--function", "relu,tanh", "--quick"]),
        ("lab", ["lab", "zig-zag", "--quick", "--seeds", "1"]),
    ],
)
def test_the_json_of_a_command_fits_its_schema(schema, arguments, tmp_path):
    command = [sys.executable, "-m", "excite", *arguments, "--json"]
    printed = subprocess.run(command, capture_output=True, check=True, cwd=tmp_path).stdout
    validator = jsonschema.Draft202012Validator(json.loads((ROOT / "docs" / "schemas" / f"{schema}.json").read_text()))
    record = json.loads(printed)
    validator.validate(record)
    # The schema is not one that anything fits.
    key = "codes" if schema == "quantise-diff" else "version"
    assert not validator.is_valid({**record, key: "many"})
