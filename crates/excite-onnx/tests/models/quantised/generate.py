"""Writes a small network as the tools of ONNX Runtime quantise it, and in float16, with what ONNX Runtime computes of it.

usage: generate.py (in this folder; needs onnx 1.23.2 and onnxruntime 1.32.0). Of every activation oracle.json has the mean, the least and the
largest of its results, and how many are 0."""

import json

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic, quantize_static
from onnxruntime.transformers.float16 import convert_float_to_float16

rng = np.random.default_rng(19)
X = rng.normal(size=(16, 3, 8, 8)).astype(np.float32)


def network():
    weights = {
        "w1": rng.normal(size=(8, 3, 3, 3)) * 0.3,
        "b1": rng.normal(size=8) * 0.2,
        "w2": rng.normal(size=(6, 8, 3, 3)) * 0.3,
        "b2": rng.normal(size=6) * 0.2,
        "w3": rng.normal(size=(6, 5)),
        "b3": rng.normal(size=5) * 0.1,
        "w4": rng.normal(size=(5, 4)),
        "b4": rng.normal(size=4) * 0.1,
        "low": np.float32(0),
        "high": np.float32(6),
    }
    # Units that can be of no use: silent ones in both ReLUs, one that is always and one that is mostly at the cap of the ReLU6.
    weights["b1"][2], weights["b3"][1] = -20, -20
    weights["b2"][3:5] = 20, 5
    nodes = [
        helper.make_node("Conv", ["x", "w1", "b1"], ["z1"], name="conv1", pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["z1"], ["a1"], name="relu1"),
        helper.make_node("Conv", ["a1", "w2", "b2"], ["z2"], name="conv2", pads=[1, 1, 1, 1]),
        helper.make_node("Clip", ["z2", "low", "high"], ["a2"], name="clip2"),
        helper.make_node("GlobalAveragePool", ["a2"], ["p"], name="pool"),
        helper.make_node("Flatten", ["p"], ["f"], name="flatten"),
        helper.make_node("Gemm", ["f", "w3", "b3"], ["z3"], name="gemm3"),
        helper.make_node("Relu", ["z3"], ["a3"], name="relu3"),
        helper.make_node("MatMul", ["a3", "w4"], ["m4"], name="matmul4"),
        helper.make_node("Add", ["m4", "b4"], ["z4"], name="add4"),
        helper.make_node("Sigmoid", ["z4"], ["y"], name="sigmoid4"),
    ]
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3, 8, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 4])],
        [numpy_helper.from_array(np.asarray(value, np.float32), name) for name, value in weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


class Reader(CalibrationDataReader):
    def __init__(self):
        self.batches = iter([{"x": X[:8]}, {"x": X[8:]}])

    def get_next(self):
        return next(self.batches, None)


def floats(graph, tensor, values):
    """The values, dequantised where the graph quantises them."""
    if values.dtype.kind == "f":
        return values.astype(np.float64)
    constants = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    maker = next(node for node in graph.node if tensor in node.output)
    scale, zero = (constants[name] for name in maker.input[{"QuantizeLinear": slice(1, 3), "QLinearConv": slice(6, 8), "QGemm": slice(7, 9), "QLinearSigmoid": slice(3, 5)}[maker.op_type]])
    return (values.astype(np.float64) - zero) * float(scale)


def results(graph):
    """The tensors that hold the results of the four activations, by what makes them."""
    found = []
    for node in graph.node:
        after = [other for other in graph.node if node.output[0] in other.input]
        quantised = next((other.output[0] for other in after if other.op_type == "QuantizeLinear"), None)
        clips = {"Relu", "Clip", "Sigmoid", "QLinearSigmoid"}
        if node.op_type in clips:
            found.append(quantised or node.output[0])
        elif node.op_type in ("Conv", "Gemm") and quantised and not any(other.op_type in clips for other in after):
            found.append(quantised)
        elif node.op_type in ("QLinearConv", "QGemm") and not any(other.op_type in clips for other in after):
            found.append(node.output[0])
    return found


def expected(path):
    model = onnx.load(path)
    names = results(model.graph)
    del model.graph.output[:]
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = ort.InferenceSession(model.SerializeToString(), options)
    x = X.astype(np.float16) if session.get_inputs()[0].type == "tensor(float16)" else X
    activations = []
    for name, values in zip(names, session.run(names, {"x": x}), strict=True):
        values = floats(model.graph, name, values)
        figures = {"mean": values.mean(), "min": values.min(), "max": values.max(), "zeros": int((values == 0).sum())}
        activations.append({"tensor": name, "values": values.size, **figures})
    return activations


def main():
    model = network()
    onnx.save(model, "float.onnx")
    quantize_dynamic("float.onnx", "dynamic.onnx", weight_type=QuantType.QUInt8)
    for name, form in (("qdq", QuantFormat.QDQ), ("qoperator", QuantFormat.QOperator)):
        quantize_static("float.onnx", f"{name}.onnx", Reader(), quant_format=form, per_channel=True)
    onnx.save(convert_float_to_float16(model), "float16.onnx")
    np.savez("x.npz", x=X)
    oracle = {name: expected(f"{name}.onnx") for name in ("float", "dynamic", "qdq", "qoperator", "float16")}
    with open("oracle.json", "w", encoding="utf-8") as file:
        json.dump(oracle, file, indent=1)


main()
