"""Writes the golden vectors: what the kernels of released libraries give, code for code.

    python3.11 -m venv venv
    venv/bin/pip install ai-edge-litert==2.3.0 flatbuffers==25.12.19 onnx==1.23.2 onnxruntime==1.32.0 torch==2.15.0 \
        tflite-micro==0.dev20261023182759
    venv/bin/python generate.py            # or: generate.py tflite onnx
    CMSIS_NN=FOLDER venv/bin/python generate.py cmsis-nn cmsis-nn-single   # from a checkout at 99f736a, with cc

One file per profile: raw deflate of records. A record is a line of text,

    FUNCTION TYPE INPUT_SCALE INPUT_ZERO_POINT OUTPUT_SCALE OUTPUT_ZERO_POINT KIND

with scales as the bits of an f32 in hexadecimal, and then, after its newline, what KIND says:

    all          the output for every code from the lowest up: bytes, or for 16 bits the differences modulo 2^16, little-endian
    crc          the CRC-32, little-endian, of the output of each 256 codes in turn, as little-endian 16-bit numbers
    rows=N,LEN   N rows of inputs, and then N rows of outputs, plain
"""

import struct
import sys
import zlib
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
TYPES = {"int8": np.int8, "uint8": np.uint8, "int16": np.int16, "uint16": np.uint16}
SCALES = 32


class Records:
    """The records of one profile."""

    def __init__(self, profile):
        self.profile, self.parts, self.seen = profile, [], {}

    def add(self, function, kind, quantisations, outputs, inputs=None):
        (si, zi), (so, zo) = quantisations
        bits = [struct.pack(">f", np.float32(s)).hex() for s in (si, so)]
        outputs = np.ascontiguousarray(outputs).astype(TYPES[kind]).reshape(-1)
        if inputs is not None:
            how = f"rows={inputs.shape[0]},{inputs.shape[1]}"
            data = inputs.tobytes() + outputs.tobytes()
        elif outputs.itemsize == 1:
            how, data = "all", outputs.tobytes()
        elif self.seen.setdefault((function, kind), 0) < 2:
            how = "all"
            data = np.diff(outputs.view(np.uint16), prepend=np.uint16(0)).astype("<u2").tobytes()
        else:
            how = "crc"
            data = b"".join(struct.pack("<I", zlib.crc32(part.tobytes())) for part in outputs.reshape(-1, 256))
        self.seen[function, kind] = self.seen.get((function, kind), 0) + 1
        self.parts.append(f"{function} {kind} {bits[0]} {zi} {bits[1]} {zo} {how}\n".encode() + data)

    def write(self):
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        data = packer.compress(b"".join(self.parts)) + packer.flush()
        (HERE / f"{self.profile}.deflate").write_bytes(data)
        print(f"{self.profile}: {len(self.parts)} records, {len(data)} bytes")


def codes(kind):
    info = np.iinfo(TYPES[kind])
    return np.arange(info.min, info.max + 1).astype(TYPES[kind])


def zero_points(random, kind, symmetric):
    info = np.iinfo(TYPES[kind])
    return 0 if symmetric else int(random.integers(info.min, info.max + 1))


def quantisations(function, kind, forced=None, symmetric=False, seed=0):
    """SCALES pairs of input and output quantisation: inputs that span from ±0.5 to ±60, some of them powers of two; outputs from a
    third to three times as fine, or as the library forces them."""
    random = np.random.default_rng([seed, *function.encode(), *kind.encode()])
    span = 2.0 ** (8 * TYPES[kind]().itemsize - 1)
    for i in range(SCALES):
        reach = np.exp(random.uniform(np.log(0.5), np.log(60.0)))
        if i % 4 == 0:
            reach = 2.0 ** np.round(np.log2(reach))
        si = np.float32(reach / span)
        so = np.float32(si * np.exp(random.uniform(np.log(1 / 3), np.log(3.0)))) if i % 5 else si
        input = (si, zero_points(random, kind, symmetric))
        output = (so, zero_points(random, kind, symmetric))
        yield input, (forced or output)


def softmax_rows(kind, seed):
    """Rows of several shapes: random, nearly equal, one far above the others."""
    random = np.random.default_rng([seed, *kind.encode()])
    info = np.iinfo(TYPES[kind])
    rows = random.integers(info.min, info.max + 1, (4, 100))
    rows[1] = random.integers(0, 4, 100)
    rows[2] = info.min
    rows[2, 7] = info.max
    return rows.astype(TYPES[kind])


# --- TensorFlow Lite and TensorFlow Lite Micro: a model of one operator.

def flatbuffer(op, kind, shape, quantisations, version, options=None):
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    types = {"int8": schema.TensorType.INT8, "uint8": schema.TensorType.UINT8, "int16": schema.TensorType.INT16}

    def tensor(name, scale, zero_point):
        t = schema.TensorT()
        t.name, t.shape, t.type, t.buffer = name, list(shape), types[kind], 0
        t.quantization = schema.QuantizationParametersT()
        t.quantization.scale, t.quantization.zeroPoint = [float(scale)], [int(zero_point)]
        return t

    operator = schema.OperatorT()
    operator.opcodeIndex, operator.inputs, operator.outputs = 0, [0], [1]
    if options:
        name, fields = options
        operator.builtinOptionsType = getattr(schema.BuiltinOptions, name)
        operator.builtinOptions = getattr(schema, name + "T")()
        for field, value in fields.items():
            setattr(operator.builtinOptions, field, value)
    graph = schema.SubGraphT()
    graph.tensors = [tensor("x", *quantisations[0]), tensor("y", *quantisations[1])]
    graph.inputs, graph.outputs, graph.operators, graph.name = [0], [1], [operator], "g"
    code = schema.OperatorCodeT()
    code.builtinCode = getattr(schema.BuiltinOperator, op)
    code.deprecatedBuiltinCode, code.version = min(code.builtinCode, 127), version
    model = schema.ModelT()
    model.version, model.operatorCodes, model.subgraphs, model.buffers = 3, [code], [graph], [schema.BufferT()]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def run_tflite(model, x, op):
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    # The reference resolver has no ELU.
    resolver = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES if op == "ELU" else OpResolverType.BUILTIN_REF
    runner = Interpreter(model_content=model, experimental_op_resolver_type=resolver)
    runner.allocate_tensors()
    runner.set_tensor(runner.get_input_details()[0]["index"], x)
    runner.invoke()
    return runner.get_tensor(runner.get_output_details()[0]["index"])


def run_litert(model, x, _):
    """What a program gets that asks for nothing: the built-in kernels, and XNNPACK's where it has them."""
    from ai_edge_litert.interpreter import Interpreter

    runner = Interpreter(model_content=model, num_threads=1)
    runner.allocate_tensors()
    runner.set_tensor(runner.get_input_details()[0]["index"], x)
    runner.invoke()
    return runner.get_tensor(runner.get_output_details()[0]["index"])


def run_tflm(model, x, _):
    from tflite_micro.python.tflite_micro import runtime

    runner = runtime.Interpreter.from_bytes(model, arena_size=1 << 20)
    runner.set_input(x, 0)
    runner.invoke()
    return runner.get_output(0)


LOGISTIC = {"int8": (np.float32(1 / 256), -128), "uint8": (np.float32(1 / 256), 0), "int16": (np.float32(1 / 32768), 0)}
TANH = {"int8": (np.float32(1 / 128), 0), "uint8": (np.float32(1 / 128), 128), "int16": (np.float32(1 / 32768), 0)}

# Function, operator, options, the version of the operator for each type, forced output.
TFLITE = [
    ("sigmoid", "LOGISTIC", None, {"int8": 2, "uint8": 1, "int16": 3}, LOGISTIC),
    ("tanh", "TANH", None, {"int8": 2, "uint8": 1, "int16": 3}, TANH),
    ("relu", "RELU", None, {"int8": 2, "uint8": 1, "int16": 3}, {}),
    ("relu6", "RELU6", None, {"int8": 2, "uint8": 1, "int16": 3}, {}),
    ("hard_tanh", "RELU_N1_TO_1", None, {"int8": 1, "uint8": 1}, {}),
    ("relu_n(1)", "RELU_0_TO_1", None, {"int8": 1, "uint8": 1}, {}),
    ("leaky_relu(0.1)", "LEAKY_RELU", ("LeakyReluOptions", {"alpha": 0.1}), {"int8": 2, "uint8": 1, "int16": 2}, {}),
    ("hard_swish", "HARD_SWISH", None, {"int8": 1, "uint8": 1}, {}),
    ("elu", "ELU", None, {"int8": 1}, {}),
    ("gelu", "GELU", ("GeluOptions", {"approximate": False}), {"int8": 2, "uint8": 2, "int16": 2}, {}),
    ("gelu_tanh", "GELU", ("GeluOptions", {"approximate": True}), {"int8": 2, "uint8": 2, "int16": 2}, {}),
]


def tensorflow(profile, run):
    records = Records(profile)
    skipped = set()
    for function, op, options, versions, forced in TFLITE:
        for kind, version in versions.items():
            x = codes(kind).reshape(1, -1)
            pairs = list(quantisations(function, kind, forced.get(kind), symmetric=kind == "int16"))
            if profile == "litert" and kind == "int16" and function in ("sigmoid", "tanh"):
                # Where its arithmetic is another one.
                pairs += [((np.float32(2.0**-power), 0), forced[kind]) for power in (11, 12)]
            for pair in pairs:
                try:
                    y = run(flatbuffer(op, kind, x.shape, pair, version, options), x, op)
                except (RuntimeError, ValueError, SystemError) as error:
                    skipped.add(f"{function} {kind}: {str(error).splitlines()[0][:150] if str(error) else error!r}")
                    break
                records.add(function, kind, pair, y)
    for kind, version in {"int8": 2, "uint8": 1, "int16": 3}.items():
        for i, pair in enumerate(quantisations("softmax", kind, LOGISTIC[kind], symmetric=kind == "int16")):
            x = softmax_rows(kind, i)
            try:
                y = run(flatbuffer("SOFTMAX", kind, x.shape, pair, version, ("SoftmaxOptions", {"beta": 1.0})), x, "SOFTMAX")
            except (RuntimeError, ValueError, SystemError) as error:
                skipped.add(f"softmax {kind}: {str(error)[:150] or error!r}")
                break
            records.add("softmax", kind, pair, y, inputs=x)
    for what in sorted(skipped):
        print(f"{profile} has not: {what}")
    records.write()


# --- ONNX Runtime: DequantizeLinear, the function, QuantizeLinear; and its own quantised operators.

ONNX = [
    ("sigmoid", "Sigmoid", {}),
    ("tanh", "Tanh", {}),
    ("relu", "Relu", {}),
    ("relu6", "Clip", {"range": (0.0, 6.0)}),
    ("relu_n(2.5)", "Clip", {"range": (0.0, 2.5)}),
    ("leaky_relu(0.1)", "LeakyRelu", {"alpha": 0.1}),
    ("hard_swish", "HardSwish", {}),
    ("hard_sigmoid", "HardSigmoid", {"alpha": 1 / 6, "beta": 0.5}),
    ("elu", "Elu", {}),
    ("gelu", "Gelu", {}),
    ("softmax", "Softmax", {}),
]
# The functions that are exact or all but exact in f32, so that 16 bits can be compared.
ONNX_16_BITS = ("relu", "relu6", "relu_n(2.5)", "leaky_relu(0.1)")


def run_onnx(op, kind, pair, x, attributes, fused=None):
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    element = getattr(TensorProto, kind.upper())
    constants = []

    def constant(name, value):
        constants.append(numpy_helper.from_array(np.array(value), name))
        return name

    attributes = dict(attributes)
    (si, zi), (so, zo) = pair
    quantised = [
        (constant("si", np.float32(si)), constant("zi", TYPES[kind](zi))),
        (constant("so", np.float32(so)), constant("zo", TYPES[kind](zo))),
    ]
    if fused:
        nodes = [helper.make_node(fused, ["x", *quantised[0], *quantised[1]], ["y"], domain="com.microsoft", **attributes)]
    else:
        bounds = [constant(f"bound{i}", np.float32(b)) for i, b in enumerate(attributes.pop("range", ()))]
        nodes = [
            helper.make_node("DequantizeLinear", ["x", *quantised[0]], ["v"]),
            helper.make_node(op, ["v", *bounds], ["w"], **attributes),
            helper.make_node("QuantizeLinear", ["w", *quantised[1]], ["y"]),
        ]
    info = [helper.make_tensor_value_info(name, element, list(x.shape)) for name in ("x", "y")]
    graph = helper.make_graph(nodes, "g", info[:1], info[1:], constants)
    opsets = [helper.make_opsetid("", 22), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(None, {"x": x})[0]


def onnx():
    records = Records("onnx")
    for function, op, attributes in ONNX:
        for kind in ("int8", "uint8", "int16", "uint16") if function in ONNX_16_BITS else ("int8", "uint8"):
            for i, pair in enumerate(quantisations(function, kind, SOFTMAX_OUTPUT[kind] if function == "softmax" else None)):
                x = softmax_rows(kind, i) if function == "softmax" else codes(kind).reshape(1, -1)
                y = run_onnx(op, kind, pair, x, attributes)
                records.add(function, kind, pair, y, inputs=x if function == "softmax" else None)
    for function, fused, attributes in [
        ("sigmoid", "QLinearSigmoid", {}),
        ("leaky_relu(0.1)", "QLinearLeakyRelu", {"alpha": 0.1}),
    ]:
        for kind in ("int8", "uint8"):
            for pair in quantisations(function, kind, seed=1):
                x = codes(kind).reshape(1, -1)
                records.add(function, kind, pair, run_onnx(None, kind, pair, x, attributes, fused))
    records.write()


SOFTMAX_OUTPUT = {"int8": (np.float32(1 / 256), -128), "uint8": (np.float32(1 / 256), 0)}


# --- PyTorch: the quantised operators of the CPU.

def pytorch():
    import torch
    import torch.nn.functional as F

    torch.backends.quantized.engine = "fbgemm"
    q = torch.ops.quantized
    functions = [
        # Function, what computes it given the output's scale and zero point, whether that is free (else: None forced, "same" kept).
        ("sigmoid", lambda x, s, z: torch.sigmoid(x), False),
        ("sigmoid", lambda x, s, z: q.sigmoid(x, s, z), True),
        ("tanh", lambda x, s, z: torch.tanh(x), False),
        ("relu", lambda x, s, z: torch.relu(x), False),
        ("relu6", lambda x, s, z: q.relu6(x), False),
        ("hard_tanh", lambda x, s, z: F.hardtanh(x), False),
        ("relu_n(2.5)", lambda x, s, z: F.hardtanh(x, 0.0, 2.5), False),
        ("leaky_relu(0.1)", lambda x, s, z: q.leaky_relu(x, 0.1, False, s, z), True),
        ("hard_swish", lambda x, s, z: q.hardswish(x, s, z), True),
        ("hard_sigmoid", lambda x, s, z: F.hardsigmoid(x), False),
        ("elu", lambda x, s, z: q.elu(x, s, z, 1.0), True),
        ("celu(1)", lambda x, s, z: q.celu(x, s, z, 1.0), True),
        ("gelu", lambda x, s, z: F.gelu(x), False),
        ("softmax", lambda x, s, z: q.softmax(x, -1, s, z), True),
    ]
    records = Records("pytorch")
    types = {"int8": torch.int8, "uint8": torch.uint8}
    for function, compute, free in functions:
        for kind in types:
            if kind == "int8" and function == "softmax":
                continue
            for i, (input, output) in enumerate(quantisations(function, kind, seed=int(free))):
                if function == "softmax":
                    output = SOFTMAX_OUTPUT[kind]
                x = softmax_rows(kind, i) if function == "softmax" else codes(kind)
                t = torch._make_per_tensor_quantized_tensor(torch.from_numpy(x), float(input[0]), int(input[1]))
                y = compute(t, float(output[0]), int(output[1]))
                pair = (input, (y.q_scale(), y.q_zero_point()))
                records.add(function, kind, pair, y.int_repr().numpy(), inputs=x if function == "softmax" else None)
    records.write()


# --- CMSIS-NN: its portable C, compiled here.

def library(single):
    """Its functions, called without a device. The tables of softmax are those of its unit tests."""
    import ctypes
    import os
    import subprocess
    import tempfile

    sources = Path(os.environ["CMSIS_NN"])
    names = [
        "ActivationFunctions/arm_relu_q7.c",
        "ActivationFunctions/arm_relu_q15.c",
        "ActivationFunctions/arm_relu6_s8.c",
        "ActivationFunctions/arm_nn_activation_s16.c",
        "NNSupportFunctions/arm_nntables.c",
        "SoftmaxFunctions/arm_nn_softmax_common_s8.c",
        "SoftmaxFunctions/arm_softmax_s8.c",
        "SoftmaxFunctions/arm_softmax_s16.c",
    ]
    target = Path(tempfile.mkdtemp()) / "cmsis.so"
    tables = target.with_name("tables.c")
    headers = sources / "Tests/UnitTest/TestCases/Common/Softmax"
    tables.write_text(
        '#include <stdint.h>\n#define static\n'
        f'#include "{headers}/exp_lut_data.h"\n#include "{headers}/one_by_one_lut_data.h"\n'
    )
    flags = ["-DCMSIS_NN_USE_SINGLE_ROUNDING"] if single else []
    files = [str(sources / "Source" / name) for name in names] + [str(tables)]
    command = ["cc", "-O2", "-shared", "-fPIC", "-w", *flags, "-I", str(sources / "Include"), *files, "-o", str(target)]
    subprocess.run(command, check=True)
    return ctypes.CDLL(str(target))


def multiplier(factor):
    """A factor as a mantissa of 31 bits and a shift, as TensorFlow Lite has it."""
    import math

    fraction, shift = math.frexp(factor)
    mantissa = math.floor(fraction * 2**31 + 0.5)
    return (mantissa // 2, shift + 1) if mantissa == 2**31 else (mantissa, shift)


def cmsis_nn(single):
    import ctypes
    import math

    lib, records = library(single), Records("cmsis-nn-single" if single else "cmsis-nn")
    pointer = lambda array: array.ctypes.data_as(ctypes.c_void_p)
    clamps = [("relu", "int8", lib.arm_relu_q7), ("relu6", "int8", lib.arm_relu6_s8), ("relu", "int16", lib.arm_relu_q15)]
    for function, kind, call in clamps:
        for (scale, _), _ in quantisations(function, kind, symmetric=True):
            x = codes(kind)
            for part in np.array_split(x, 2):
                call(pointer(part), ctypes.c_uint16(part.size))
            records.add(function, kind, ((scale, 0), (scale, 0)), x)
    for function, which in (("sigmoid", 0), ("tanh", 1)):
        for shift in range(-15, 13):
            x, y = codes("int16"), np.zeros(65536, np.int16)
            lib.arm_nn_activation_s16(pointer(x), pointer(y), x.size, shift, which)
            records.add(function, "int16", ((np.float32(2.0 ** (shift - 12)), 0), LOGISTIC["int16"]), y)
    for kind in ("int8", "int16"):
        for i, (input, output) in enumerate(quantisations("softmax", kind, LOGISTIC[kind], symmetric=kind == "int16")):
            for x in (softmax_rows(kind, i), softmax_rows(kind, i)[:, :1].copy()):
                y, (rows, size) = np.zeros_like(x), x.shape
                if kind == "int8":
                    mantissa, shift = multiplier(min(float(input[0]) * 2**26, 2**31 - 1.0))
                    least = -math.floor(31 * 2**26 / 2**shift)
                    lib.arm_softmax_s8(pointer(x), rows, size, mantissa, shift, least, pointer(y))
                else:
                    mantissa, shift = multiplier(float(input[0]) / float(np.float32(10.0 / 65535.0)))
                    tables = (ctypes.c_void_p * 2)(
                        ctypes.addressof(ctypes.c_int16.in_dll(lib, "softmax_s16_exp_lut")),
                        ctypes.addressof(ctypes.c_int16.in_dll(lib, "softmax_s16_one_by_one_lut")),
                    )
                    lib.arm_softmax_s16(pointer(x), rows, size, mantissa, shift, tables, pointer(y))
                records.add("softmax", kind, (input, output), y, inputs=x)
    records.write()


PROFILES = {
    "tflite": lambda: tensorflow("tflite", run_tflite),
    "litert": lambda: tensorflow("litert", run_litert),
    "onnx": onnx,
    "pytorch": pytorch,
    "tflm": lambda: tensorflow("tflm", run_tflm),
    "cmsis-nn": lambda: cmsis_nn(single=False),
    "cmsis-nn-single": lambda: cmsis_nn(single=True),
}

if __name__ == "__main__":
    for profile in sys.argv[1:] or ("tflite", "litert", "onnx", "pytorch", "tflm"):
        PROFILES[profile]()
