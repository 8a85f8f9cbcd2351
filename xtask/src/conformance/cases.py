"""Writes ONNX's own node tests to a folder: usage: cases.py FOLDER. Each case is a folder with model.onnx, input_0.pb ..., output_0.npy ..., whose numbers are
float64, and tolerance, of each output the relative and the absolute one, and operator; one with inputs or outputs that are no tensors of numbers has the file `skipped` instead, which says why."""

import pathlib
import sys
import warnings

import numpy as np
from onnx import TensorProto, numpy_helper

warnings.filterwarnings("ignore")
# Building the cases draws numbers.
np.random.seed(0)

from onnx.backend.test.case.node import collect_testcases  # noqa: E402


def tensors(values, infos):
    """The values as tensors; or why they are none."""
    found = []
    for value, info in zip(values, infos, strict=False):
        if not info.type.HasField("tensor_type"):
            return f"{info.name} is a {info.type.WhichOneof('value').removesuffix('_type')}, no tensor"
        if info.type.tensor_type.elem_type == TensorProto.STRING:
            return f"{info.name} is a tensor of strings"
        if value is None:
            return f"{info.name} is an optional value"
        if isinstance(value, TensorProto):
            value = numpy_helper.to_array(value)
        if np.iscomplexobj(value):
            return f"{info.name} is a tensor of complex numbers"
        found.append(np.asarray(value))
    return found


def tolerance(case, value):
    """The case's own, but for integers, which are exact, or one step off where a number was rounded to 8 bits; float16, of which two units in the last place are within 2e-3; and sums that
    cancel, whose error is one of their terms."""
    quantises = any(node.op_type in ("QuantizeLinear", "DynamicQuantizeLinear") for node in case.model.graph.node)
    if quantises and value.dtype in (np.int8, np.uint8):
        return "0 1"
    if np.issubdtype(value.dtype, np.integer) or value.dtype == bool:
        return "0 0"
    numbers = np.abs(value.astype(np.float64))
    largest = numbers[np.isfinite(numbers)].max(initial=0.0)
    relative = case.rtol if value.dtype in (np.float32, np.float64) else max(case.rtol, 2e-3)
    return f"{relative} {max(case.atol, 1e-6 * largest)}"


def main():
    out = pathlib.Path(sys.argv[1])
    for case in collect_testcases(None):
        folder = out / case.name
        folder.mkdir(parents=True)
        model = case.model
        if model is None or not case.data_sets:
            (folder / "skipped").write_text("it has no model or no data")
            continue
        if any(node.op_type.startswith("Random") or node.op_type in ("Bernoulli", "Multinomial") for node in model.graph.node):
            (folder / "skipped").write_text("its results are random")
            continue
        # The operator of the case, or of the function that it is the spelling of.
        operators = [node.op_type for node in model.graph.node if node.op_type not in ("Constant", "Cast", "CastLike", "Identity")]
        operator = operators[0] if len(operators) == 1 else case.name.removeprefix("test_").split("_")[0]
        (folder / "operator").write_text(operator or "Identity")
        given, expected = (tensors(*pair) for pair in zip(case.data_sets[0], (model.graph.input, model.graph.output), strict=True))
        why = next((found for found in (given, expected) if isinstance(found, str)), None)
        if why:
            (folder / "skipped").write_text(why)
            continue
        (folder / "model.onnx").write_bytes(model.SerializeToString())
        (folder / "tolerance").write_text("\n".join(tolerance(case, value) for value in expected))
        for index, value in enumerate(given):
            tensor = numpy_helper.from_array(value, model.graph.input[index].name)
            (folder / f"input_{index}.pb").write_bytes(tensor.SerializeToString())
        for index, value in enumerate(expected):
            np.save(folder / f"output_{index}.npy", value.astype(np.float64))


main()
