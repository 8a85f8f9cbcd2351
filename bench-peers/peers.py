#!/usr/bin/env python3
"""A Python library as a contender: `peers.py LIBRARY`, driven by lines on stdin, one line of JSON in answer to each.

    prepare FUNCTION forward|backward FILE    whether the library has the function; FILE holds the f32 input
    time N                                    the seconds that N repeats take
    result FILE                               the last result goes to FILE, as f32

A library is a class: its constructor imports it, `version` names it, and `make(function, backward, arrays)` gives something to call,
or None where it lacks the function. Adding one is that class and its name in Rust.
"""

import ctypes
import glob
import importlib.metadata
import json
import os
import sys
import time

import numpy as np

ROW = 1024
PAGE = 4096


def array(n, offset):
    """f32 numbers from a given offset in a page on: input and output at the same offset alias in the store buffer."""
    storage = np.empty(n + 2 * PAGE // 4, np.float32)
    first = (offset - storage.ctypes.data) % PAGE // 4
    return storage[first : first + n]


class Arrays:
    """The input, the gradient that comes in, and where the result goes."""

    def __init__(self, file, function):
        x = np.fromfile(file, np.float32)
        shape = (-1, ROW) if "softmax" in function else (-1,)
        self.x, self.dy, self.y = (array(x.size, offset).reshape(shape) for offset in (0, 1024, 2048))
        self.x[...] = x.reshape(shape)
        self.dy[...] = x[::-1].reshape(shape)
        self.y[...] = 0


class NumPy:
    version = np.__version__

    def make(self, function, backward, arrays):
        x, y, one, zero = arrays.x, arrays.y, np.float32(1), np.float32(0)

        def exp_minus():
            np.negative(x, out=y)
            np.exp(y, out=y)
            np.add(y, one, out=y)

        def rows(x):
            np.subtract(x, x.max(axis=1, keepdims=True), out=y)
            np.exp(y, out=y)
            np.divide(y, y.sum(axis=1, keepdims=True), out=y)

        forward = {
            "sigmoid": lambda: (exp_minus(), np.divide(one, y, out=y)),
            "silu": lambda: (exp_minus(), np.divide(x, y, out=y)),
            "tanh": lambda: np.tanh(x, out=y),
            "exponential": lambda: np.exp(x, out=y),
            "sine": lambda: np.sin(x, out=y),
            "relu": lambda: np.maximum(x, zero, out=y),
            "relu6": lambda: np.clip(x, zero, np.float32(6), out=y),
            "hard_tanh": lambda: np.clip(x, np.float32(-1), one, out=y),
            "softplus": lambda: np.logaddexp(x, zero, out=y),
            "softmax": lambda: rows(x),
        }
        return None if backward else forward.get(function)


class SciPy:
    def __init__(self):
        import scipy
        import scipy.special

        self.special, self.version = scipy.special, scipy.__version__

    def make(self, function, backward, arrays):
        x, y, s = arrays.x, arrays.y, self.special
        forward = {
            "sigmoid": lambda: s.expit(x, out=y),
            "gelu": lambda: (s.ndtr(x, out=y), np.multiply(x, y, out=y)),
            "silu": lambda: (s.expit(x, out=y), np.multiply(x, y, out=y)),
            "log_sigmoid": lambda: s.log_expit(x, out=y),
        }
        return None if backward else forward.get(function)


class PyTorch:
    def __init__(self):
        import torch

        torch.set_num_threads(1)
        torch.set_grad_enabled(False)
        self.torch, self.version = torch, torch.__version__.split("+")[0]

    def make(self, function, backward, arrays):
        t, a = self.torch, self.torch.ops.aten
        x, dy, y = (t.from_numpy(one) for one in (arrays.x, arrays.dy, arrays.y))
        # SELU and CELU are calls of ELU in PyTorch; relu.out allocates and copies, clamp_min is the kernel of ReLU that does not.
        scale, alpha = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717
        forward = {
            "sigmoid": lambda: a.sigmoid.out(x, out=y),
            "tanh": lambda: a.tanh.out(x, out=y),
            "relu": lambda: a.clamp_min.out(x, 0, out=y),
            "relu6": lambda: a.hardtanh.out(x, 0, 6, out=y),
            "hard_tanh": lambda: a.hardtanh.out(x, -1, 1, out=y),
            "leaky_relu": lambda: a.leaky_relu.out(x, 0.01, out=y),
            "elu": lambda: a.elu.out(x, 1, out=y),
            "celu": lambda: a.elu.out(x, 1, 1, 1, out=y),
            "selu": lambda: a.elu.out(x, alpha, scale, out=y),
            "gelu": lambda: a.gelu.out(x, out=y),
            "gelu_tanh": lambda: a.gelu.out(x, approximate="tanh", out=y),
            "silu": lambda: a.silu.out(x, out=y),
            "mish": lambda: a.mish.out(x, out=y),
            "softplus": lambda: a.softplus.out(x, 1, 20, out=y),
            "log_sigmoid": lambda: a.log_sigmoid.out(x, out=y),
            "hard_swish": lambda: a.hardswish.out(x, out=y),
            "hard_sigmoid": lambda: a.hardsigmoid.out(x, out=y),
            "hard_shrink": lambda: a.hardshrink.out(x, 0.5, out=y),
            "soft_shrink": lambda: a.softshrink.out(x, 0.5, out=y),
            "threshold": lambda: a.threshold.out(x, 0, 0, out=y),
            "exponential": lambda: a.exp.out(x, out=y),
            "sine": lambda: a.sin.out(x, out=y),
            "softmax": lambda: a._softmax.out(x, 1, False, out=y),
            "log_softmax": lambda: a._log_softmax.out(x, 1, False, out=y),
        }
        if not backward:
            return forward.get(function)
        if function in ("sigmoid", "tanh", "softmax", "log_softmax"):
            forward[function]()
            x.copy_(y)
        buffer = a.log_sigmoid_forward(x)[1] if function == "log_sigmoid" else None
        # Mish and hard-swish allocate: they have no variant that writes into an existing output at full speed.
        kernels = {
            "sigmoid": lambda: a.sigmoid_backward.grad_input(dy, x, grad_input=y),
            "tanh": lambda: a.tanh_backward.grad_input(dy, x, grad_input=y),
            "relu": lambda: a.threshold_backward.grad_input(dy, x, 0, grad_input=y),
            "relu6": lambda: a.hardtanh_backward.grad_input(dy, x, 0, 6, grad_input=y),
            "hard_tanh": lambda: a.hardtanh_backward.grad_input(dy, x, -1, 1, grad_input=y),
            "leaky_relu": lambda: a.leaky_relu_backward.grad_input(dy, x, 0.01, False, grad_input=y),
            "elu": lambda: a.elu_backward.grad_input(dy, 1, 1, 1, False, x, grad_input=y),
            "celu": lambda: a.elu_backward.grad_input(dy, 1, 1, 1, False, x, grad_input=y),
            "selu": lambda: a.elu_backward.grad_input(dy, alpha, scale, 1, False, x, grad_input=y),
            "gelu": lambda: a.gelu_backward.grad_input(dy, x, grad_input=y),
            "gelu_tanh": lambda: a.gelu_backward.grad_input(dy, x, approximate="tanh", grad_input=y),
            "silu": lambda: a.silu_backward.grad_input(dy, x, grad_input=y),
            "mish": lambda: self.keep(a.mish_backward(dy, x), arrays),
            "softplus": lambda: a.softplus_backward.grad_input(dy, x, 1, 20, grad_input=y),
            "log_sigmoid": lambda: a.log_sigmoid_backward.grad_input(dy, x, buffer, grad_input=y),
            "hard_swish": lambda: self.keep(a.hardswish_backward(dy, x), arrays),
            "hard_sigmoid": lambda: a.hardsigmoid_backward.grad_input(dy, x, grad_input=y),
            "hard_shrink": lambda: a.hardshrink_backward.grad_input(dy, x, 0.5, grad_input=y),
            "soft_shrink": lambda: a.softshrink_backward.grad_input(dy, x, 0.5, grad_input=y),
            "softmax": lambda: a._softmax_backward_data.out(dy, x, 1, t.float32, grad_input=y),
            "log_softmax": lambda: a._log_softmax_backward_data.out(dy, x, 1, t.float32, out=y),
        }
        return kernels.get(function)

    def keep(self, result, arrays):
        arrays.y = result.numpy()


class OnnxRuntime:
    def __init__(self):
        import onnx
        import onnxruntime

        self.onnx, self.runtime, self.version = onnx, onnxruntime, onnxruntime.__version__

    def make(self, function, backward, arrays):
        microsoft = "com.microsoft"
        operators = {
            "sigmoid": ("Sigmoid", {}),
            "tanh": ("Tanh", {}),
            "relu": ("Relu", {}),
            "relu6": ("Clip", {"limits": (0.0, 6.0)}),
            "hard_tanh": ("Clip", {"limits": (-1.0, 1.0)}),
            "leaky_relu": ("LeakyRelu", {"alpha": 0.01}),
            "elu": ("Elu", {"alpha": 1.0}),
            "selu": ("Selu", {}),
            "celu": ("Celu", {"alpha": 1.0}),
            "gelu": ("Gelu", {}),
            "gelu_tanh": ("Gelu", {"approximate": "tanh"}),
            "silu": ("QuickGelu", {"alpha": 1.0, "domain": microsoft}),
            "mish": ("Mish", {}),
            "softplus": ("Softplus", {}),
            "softsign": ("Softsign", {}),
            "hard_swish": ("HardSwish", {}),
            "hard_sigmoid": ("HardSigmoid", {"alpha": 1 / 6, "beta": 0.5}),
            "exponential": ("Exp", {}),
            "sine": ("Sin", {}),
            "softmax": ("Softmax", {"axis": 1}),
            "log_softmax": ("LogSoftmax", {"axis": 1}),
        }
        if backward or function not in operators:
            return None
        operator, attributes = operators[function]
        limits = attributes.pop("limits", ())
        h, x, y = self.onnx.helper, arrays.x, arrays.y
        float32 = self.onnx.TensorProto.FLOAT
        bounds = [h.make_tensor(name, float32, [], [value]) for name, value in zip(("low", "high"), limits)]
        node = h.make_node(operator, ["x"] + [bound.name for bound in bounds], ["y"], **attributes)
        values = [h.make_tensor_value_info(name, float32, x.shape) for name in "xy"]
        graph = h.make_graph([node], "graph", values[:1], values[1:], bounds)
        opsets = [h.make_opsetid("", 22), h.make_opsetid(microsoft, 1)]
        model = h.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString()
        options = self.runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        session = self.runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        binding = session.io_binding()
        binding.bind_input("x", "cpu", 0, np.float32, x.shape, x.ctypes.data)
        binding.bind_output("y", "cpu", 0, np.float32, y.shape, y.ctypes.data)
        return lambda: session.run_with_iobinding(binding)


class LiteRT:
    """Models of one operator, which its default delegate, XNNPACK, takes. Input and output are the interpreter's own."""

    def __init__(self):
        import flatbuffers
        import tflite
        from ai_edge_litert.interpreter import Interpreter

        self.flatbuffers, self.tflite, self.interpreter = flatbuffers, tflite, Interpreter
        self.version = importlib.metadata.version("ai-edge-litert")

    def make(self, function, backward, arrays):
        f = self.tflite
        operators = {
            "sigmoid": ("LOGISTIC", None, {}),
            "tanh": ("TANH", None, {}),
            "relu": ("RELU", None, {}),
            "relu6": ("RELU6", None, {}),
            "leaky_relu": ("LEAKY_RELU", "LeakyRelu", {"Alpha": 0.01}),
            "elu": ("ELU", None, {}),
            "gelu": ("GELU", "Gelu", {"Approximate": False}),
            "gelu_tanh": ("GELU", "Gelu", {"Approximate": True}),
            "hard_swish": ("HARD_SWISH", None, {}),
            "exponential": ("EXP", None, {}),
            "sine": ("SIN", None, {}),
            "softmax": ("SOFTMAX", "Softmax", {"Beta": 1.0}),
            "log_softmax": ("LOG_SOFTMAX", None, {}),
        }
        if backward or function not in operators:
            return None
        operator, options, fields = operators[function]
        model = self.model(getattr(f.BuiltinOperator, operator), options, fields, arrays.x.shape)
        interpreter = self.interpreter(model_content=model, num_threads=1)
        interpreter.allocate_tensors()
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], arrays.x)
        output = interpreter.get_output_details()[0]["index"]

        def result():
            arrays.y = interpreter.get_tensor(output)

        arrays.fetch = result
        return interpreter.invoke

    def model(self, code, options, fields, shape):
        f, b = self.tflite, self.flatbuffers.Builder(1024)

        def table(kind, **values):
            getattr(f, kind + "Start")(b)
            for name, value in values.items():
                getattr(f, kind + "Add" + name)(b, value)
            return getattr(f, kind + "End")(b)

        def vector(values, prepend):
            b.StartVector(4, len(values), 4)
            for value in reversed(values):
                prepend(value)
            return b.EndVector()

        def numbers(values):
            return vector(values, b.PrependInt32)

        def tables(*values):
            return vector(values, b.PrependUOffsetTRelative)

        def tensor(name):
            name, dimensions = b.CreateString(name), numbers(shape)
            return table("Tensor", Shape=dimensions, Type=f.TensorType.FLOAT32, Buffer=0, Name=name)

        tensors = tables(tensor("x"), tensor("y"))
        chosen = {}
        if options:
            chosen["BuiltinOptions"] = table(options + "Options", **fields)
            chosen["BuiltinOptionsType"] = getattr(f.BuiltinOptions, options + "Options")
        ends = {"Inputs": numbers([0]), "Outputs": numbers([1])}
        operators = tables(table("Operator", OpcodeIndex=0, **ends, **chosen))
        ends = {"Inputs": numbers([0]), "Outputs": numbers([1])}
        graphs = tables(table("SubGraph", Tensors=tensors, Operators=operators, **ends))
        codes = tables(table("OperatorCode", DeprecatedBuiltinCode=min(code, 127), BuiltinCode=code, Version=1))
        buffers = tables(table("Buffer"))
        b.Finish(table("Model", Version=3, OperatorCodes=codes, Subgraphs=graphs, Buffers=buffers), b"TFL3")
        return bytes(b.Output())


class Jax:
    """Allocates its result: there is no other way."""

    def __init__(self):
        import jax

        self.jax, self.version = jax, jax.__version__

    def make(self, function, backward, arrays):
        jax, n = self.jax, self.jax.nn
        forward = {
            "exponential": jax.numpy.exp,
            "sine": jax.numpy.sin,
            "tanh": jax.numpy.tanh,
            "relu": lambda x: jax.numpy.maximum(x, 0),
            "gelu": lambda x: n.gelu(x, approximate=False),
            "gelu_tanh": lambda x: n.gelu(x, approximate=True),
            "softsign": n.soft_sign,
            **{name: getattr(n, name) for name in "sigmoid relu6 leaky_relu elu selu celu silu mish softplus".split()},
            **{name: getattr(n, name) for name in "log_sigmoid hard_swish hard_sigmoid hard_tanh".split()},
            **{name: getattr(n, name) for name in "squareplus softmax log_softmax".split()},
        }
        if backward or function not in forward:
            return None
        compiled, x = jax.jit(forward[function]), jax.device_put(arrays.x)

        def run():
            arrays.y = None
            arrays.y = compiled(x)
            arrays.y.block_until_ready()

        return run


class Mkl:
    """Intel's VML, high accuracy: the functions that it has by themselves."""

    def __init__(self):
        library = glob.glob(os.path.join(sys.prefix, "lib", "libmkl_rt.so*"))
        if not library:
            raise ImportError("no libmkl_rt.so in the environment")
        self.library = ctypes.CDLL(library[0])
        self.version = importlib.metadata.version("mkl")

    def make(self, function, backward, arrays):
        names = {"tanh": "vmsTanh", "exponential": "vmsExp", "sine": "vmsSin"}
        if backward or function not in names:
            return None
        kernel, high_accuracy = getattr(self.library, names[function]), ctypes.c_int64(2)
        n = ctypes.c_int(arrays.x.size)
        x, y = (ctypes.c_void_p(one.ctypes.data) for one in (arrays.x, arrays.y))
        return lambda: kernel(n, x, y, high_accuracy)


LIBRARIES = {
    "numpy": NumPy,
    "scipy": SciPy,
    "torch": PyTorch,
    "onnxruntime": OnnxRuntime,
    "litert": LiteRT,
    "jax": Jax,
    "mkl": Mkl,
}


def main():
    # Libraries print; only answers may reach whoever drives this.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    np.seterr(all="ignore")
    # One core, whatever a library takes one thread to be.
    os.sched_setaffinity(0, [max(os.sched_getaffinity(0))])

    def answer(value):
        answers.write(json.dumps(value) + "\n")
        answers.flush()

    try:
        library = LIBRARIES[sys.argv[1]]()
    except Exception as error:
        return answer({"error": str(error).splitlines()[0]})
    answer({"version": library.version})
    run = arrays = None
    for line in sys.stdin:
        command, *arguments = line.rstrip("\n").split("\t")
        if command == "prepare":
            function, direction, file = arguments
            run = arrays = None
            arrays = Arrays(file, function)
            try:
                run = library.make(function, direction == "backward", arrays)
                if run:
                    run()
            except Exception as error:
                print(f"{sys.argv[1]} {function} {direction}: {error}", file=sys.stderr)
                run = None
            answer(run is not None)
        elif command == "time":
            repeats = range(int(arguments[0]))
            start = time.perf_counter()
            for _ in repeats:
                run()
            answer(time.perf_counter() - start)
        elif command == "result":
            run()
            getattr(arrays, "fetch", lambda: None)()
            np.asarray(arrays.y, np.float32).tofile(arguments[0])
            answer(True)


if __name__ == "__main__":
    main()
