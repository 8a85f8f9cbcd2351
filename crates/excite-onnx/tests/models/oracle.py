"""Counts by ONNX Runtime, for excite-onnx to be compared with.

    pip install onnx onnxruntime numpy
    python oracle.py silero_vad_16k_sequence.onnx silero.noise.npz > silero.oracle.json

Written for Relu, Clip and Sigmoid nodes, and for Erf nodes, whose argument is taken as it is. Units lie along axis 1, but for
LAST, whose tensor goes through a Transpose into a Conv.
"""
import json, sys
import numpy as np, onnx, onnxruntime as ort

LAST = ["/Relu_4_output_0"]
model, files = onnx.load(sys.argv[1]), sys.argv[2:]
nodes = [node for node in model.graph.node if node.op_type in ("Relu", "Clip", "Sigmoid", "Erf")]
taps = sorted({name for node in nodes for name in (node.input[0], node.output[0])})
have = {output.name for output in model.graph.output}
model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in taps if name not in have)
options = ort.SessionOptions()
options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
session = ort.InferenceSession(model.SerializeToString(), options)
seen = {name: [] for name in taps}
for file in files:
    for name, value in zip(taps, session.run(taps, dict(np.load(file)))):
        seen[name].append(value)
rows = []
for node in nodes:
    axis = 2 if node.output[0] in LAST else 1
    z, a = ([np.moveaxis(v, axis, 0).reshape(v.shape[axis], -1) for v in seen[name]] for name in (node.input[0], node.output[0]))
    z, a = np.concatenate(z, 1).astype(np.float64), np.concatenate(a, 1).astype(np.float64)
    rows.append({
        "tensor": node.output[0], "op": node.op_type, "axis": axis, "units": z.shape[0], "samples_per_unit": z.shape[1],
        "never_above_0": int((z.max(1) <= 0).sum()), "share_z_le_0": float((z <= 0).mean()),
        "share_z_ge_6": float((z >= 6).mean()), "z_min": z.min(), "z_max": z.max(), "z_mean": z.mean(), "a_mean": a.mean(),
    })
print(json.dumps(rows, indent=1))
