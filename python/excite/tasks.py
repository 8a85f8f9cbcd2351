"""The tasks of excite: check, merge, quantise and compare.

All run in this process, show their progress, end within a second of Ctrl-C, and write only the files asked for.
"""

from __future__ import annotations

import dataclasses
import importlib.util
import io
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from excite import _native
from excite._arrays import as_array
from excite._progress import Progress, Shown
from excite.results import Comparison, Diagnosis, Quantisation

FilePath: TypeAlias = "str | os.PathLike[str]"
# What a model is run on: an array, or arrays by the names of the model's inputs, or a file or folder.
Inputs: TypeAlias = "npt.ArrayLike | Mapping[str, npt.ArrayLike] | FilePath | None"
# The axis that holds the units, of all layers or by their names.
UnitAxis: TypeAlias = "int | Mapping[str, int] | None"
# A number for each colour, or one for all.
Colours: TypeAlias = "float | tuple[float, float, float]"

# The functions that are compared unless others are named.
COMPARED = ("sigmoid", "tanh", "relu", "relu6")


def check(
    model: FilePath,
    inputs: Inputs = None,
    *,
    samples: int | None = None,
    batch: int = 8,
    seed: int = 0,
    sizes: Mapping[str, int] | None = None,
    mean: Colours = 0.0,
    std: Colours = 1.0,
    resize: tuple[int, int] | None = None,
    shape: Sequence[int] | None = None,
    dtype: str = "float32",
    unit_axis: UnitAxis = None,
    engine: str = "auto",
    ablate: bool = False,
    baseline: FilePath | None = None,
    html: FilePath | None = None,
    vitals: FilePath | None = None,
    progress: Shown = None,
) -> Diagnosis:
    """What is wrong with the activations of an ONNX model.

    `inputs` are an array, or arrays by the names of the model's inputs, or a file or folder; without them the model
    runs on random numbers of `seed`, which say little, in `sizes` where it leaves one open. At most `samples` are used,
    `batch` of them at once. Colours of pictures are from 0 to 1; `mean` is subtracted from them, and they are divided
    by `std`; `resize` is their height and width. Files of raw numbers need `shape`, whose first size of 0 is as many as
    there are, and `dtype`. `unit_axis` is for a model whose graph does not show which axis holds the units. `engine` is
    "auto" (ONNX Runtime where the package `onnxruntime` is installed), "embedded" or "onnxruntime". `ablate` sets dead
    and dormant units to 0 to see what changes in the outputs, which takes two more runs for each. Findings of
    `baseline`, the JSON of an earlier check, are left out. `html` and `vitals` are files to write. `progress` is False
    for none, or a function of the steps done, all steps, and a note.

    Raises ValueError for options that make no sense, FileNotFoundError for a file that is not there, and TaskError if
    the model cannot be run.
    """
    data = _data(inputs, seed, sizes, mean, std, resize, shape, dtype).limited(samples, batch)
    opened = _open(model, unit_axis, engine)
    with Progress(progress) as shown:
        checked = _native.check_model(opened, data, _path(baseline), ablate, shown)
    _write(html, checked.html)
    if vitals is not None:
        checked.vitals().save(os.fspath(vitals))
    return Diagnosis.from_json(checked.json())


def merge(files: Sequence[FilePath], *, model: FilePath | None = None, html: FilePath | None = None) -> Diagnosis:
    """What files of vitals of one model show together, as `check` and `Vitals.save` write them.

    `model` is the model that they are of: its weights show why dead units are dead. `html` is a file to write.
    """
    merged = _native.merge_files([os.fspath(file) for file in files], _path(model))
    _write(html, merged.html)
    return Diagnosis.from_json(merged.json())


def measure(
    content: bytes,
    name: str,
    inputs: Inputs,
    watch: Callable[[int, int, str, list[str]], None],
    *,
    samples: int | None = None,
    batch: int = 8,
    mean: Colours = 0.0,
    std: Colours = 1.0,
    resize: tuple[int, int] | None = None,
    shape: Sequence[int] | None = None,
    dtype: str = "float32",
    unit_axis: UnitAxis = None,
) -> bytes:
    """The vitals of a model that is given as bytes, as `Vitals.from_bytes` reads them: for workers elsewhere."""
    data = _data(inputs, 0, None, mean, std, resize, shape, dtype).limited(samples, batch)
    opened = _native.NativeModel.from_bytes(content, name, _unit_axes(unit_axis))
    vitals: bytes = _native.check_model(opened, data, None, False, watch).vitals().to_bytes()
    return vitals


def quantise(
    model: FilePath,
    inputs: Inputs = None,
    *,
    bits: Sequence[int] | None = None,
    budget: str | Sequence[str] = (),
    power_of_two: bool = False,
    weights: int | None = None,
    calibrate_bounded: bool = False,
    given: FilePath | None = None,
    cap: float = 6.0,
    formats: Sequence[str] = (),
    simulate: bool = True,
    sensitivity: bool = True,
    labels: npt.ArrayLike | None = None,
    samples: int | None = None,
    batch: int = 8,
    seed: int = 0,
    sizes: Mapping[str, int] | None = None,
    mean: Colours = 0.0,
    std: Colours = 1.0,
    resize: tuple[int, int] | None = None,
    shape: Sequence[int] | None = None,
    dtype: str = "float32",
    unit_axis: UnitAxis = None,
    engine: str = "auto",
    html: FilePath | None = None,
    write_model: FilePath | None = None,
    write_formats: FilePath | None = None,
    write_overrides: FilePath | None = None,
    progress: Shown = None,
) -> Quantisation:
    """A format for each activation of an ONNX model, and what it costs the outputs.

    `bits` are from 4 to 16, and each layer gets the fewest of them that keep the `budget`, as "snr=25dB" or
    "top1=0.5%": by default 8, and 16 where that is too few for 20 dB. `power_of_two` takes Q formats alone; `weights`
    are the bits of the weights, where these are quantised too; `calibrate_bounded` lets the data narrow the range of a
    sigmoid; `given` is a file of formats to use. `cap` is the cap of a ReLU to ask about; `formats` are more Q formats
    to try, as "UQ3.5". Where `simulate` is true the model runs with quantised activations, and with one at a time
    unless `sensitivity` is false; `labels`, the class of each sample, are for its accuracy. `write_model` is a file for
    the quantised model (QDQ), `write_formats` one that `given` reads, `write_overrides` one for ONNX Runtime's
    quantiser.
    The other arguments and the exceptions are those of `check`.
    """
    data = _data(inputs, seed, sizes, mean, std, resize, shape, dtype).limited(samples, batch)
    tables = [8] if bits is None else [int(width) for width in bits]
    if any(width < 0 for width in tables):
        raise ValueError(f"bits must be whole numbers from 4 to 16, not {min(tables)}")
    if not simulate and any((budget, weights is not None, given, write_model, write_formats, write_overrides)):
        raise ValueError("simulate=False leaves the recommended setting unknown: leave out simulate")
    plan = {
        "bits": tables,
        "widths": [8, 16] if bits is None else [],
        "budget": [budget] if isinstance(budget, str) else list(budget),
        "power_of_two": power_of_two,
        "calibrate_bounded": calibrate_bounded,
        "weights": weights,
        "given": _path(given),
        "cap": float(cap),
        "formats": list(formats),
        "simulate": simulate,
        "sensitivity": sensitivity,
        "labels": None if labels is None else np.asarray(labels).astype(np.int64).ravel().tolist(),
    }
    opened = _open(model, unit_axis, engine)
    with Progress(progress) as shown:
        quantised = _native.quantise_model(opened, data, plan, shown)
    _write(html, quantised.html)
    _write(write_formats, quantised.formats)
    _write(write_overrides, quantised.overrides)
    if write_model is not None:
        Path(write_model).write_bytes(quantised.model())
    return Quantisation.from_json(quantised.json())


@dataclasses.dataclass(frozen=True)
class Training:
    """The plan of a training and its data, as the native half takes them."""

    data: dict[str, Any]
    plan: dict[str, Any]
    jobs: int | None
    save_networks: str | None

    @classmethod
    def of(
        cls,
        activations: Sequence[str],
        *,
        seeds: int = 3,
        epochs: int = 30,
        network: str = "mlp",
        hidden: Sequence[int] | None = None,
        init: str = "auto",
        gain: float | None = None,
        bias: float = 0.0,
        until_error: float | None = None,
        optimizer: str = "sgd",
        momentum: float = 0.9,
        lr: float | None = None,
        batch: int = 32,
        class_weights: str = "equal",
        accuracy: str = "stated",
        target: str | int | None = None,
        task: str | None = None,
        standardise: bool = True,
        test_share: float = 0.2,
        split_seed: int = 0,
        jobs: int | None = None,
        save_networks: FilePath | None = None,
    ) -> Training:
        """From the arguments of `compare`."""
        data = {
            "target": None if target is None else str(target),
            "task": task,
            "standardise": standardise,
            "test_share": test_share,
            "split_seed": split_seed,
        }
        plan = {
            "activations": list(activations),
            "seeds": seeds,
            "epochs": epochs,
            "network": network,
            "hidden": None if hidden is None else list(hidden),
            "init": init,
            "gain": gain,
            "bias": bias,
            "until_error": until_error,
            "optimizer": optimizer,
            "momentum": momentum,
            "lr": lr,
            "batch": batch,
            "class_weights": class_weights,
            "accuracy": accuracy,
        }
        return cls(data, plan, jobs, _path(save_networks))


def compare(
    x: npt.ArrayLike | FilePath | None = None,
    y: npt.ArrayLike | None = None,
    *,
    activations: Sequence[str] = COMPARED,
    seeds: int = 3,
    epochs: int = 30,
    network: str = "mlp",
    hidden: Sequence[int] | None = None,
    init: str = "auto",
    gain: float | None = None,
    bias: float = 0.0,
    until_error: float | None = None,
    optimizer: str = "sgd",
    momentum: float = 0.9,
    lr: float | None = None,
    batch: int = 32,
    class_weights: str = "equal",
    accuracy: str = "stated",
    target: str | int | None = None,
    task: str | None = None,
    standardise: bool = True,
    test_share: float = 0.2,
    split_seed: int = 0,
    jobs: int | None = None,
    out: FilePath | None = None,
    fresh: bool = False,
    html: FilePath | None = None,
    save_networks: FilePath | None = None,
    progress: Shown = None,
) -> Comparison:
    """Train the same network with each function on the samples `x` and targets `y`, and compare.

    `x` may be a file or folder with both, as `excite compare` reads it, and without either the digits are used that the
    package carries. `network` is "mlp", with the units of its `hidden` layers, or "conv"; `init` is "auto",
    "kaiming-normal", "kaiming-uniform", "xavier-normal" or "xavier-uniform"; `optimizer` is "sgd" or "adam"; without
    `lr` the best learning rate of each function is found first; runs end at the training error `until_error`;
    `class_weights` are "equal" or "balanced"; `accuracy` of the activation functions is "exact", "stated" or "fast".
    `target` is the column of a CSV file to predict, `task` is
    "classification" or "regression", and a `test_share` of the samples is held out.

    Nothing is written unless it is asked for: `out` is a folder for finished runs, from which the same call goes on
    unless `fresh`, and for report.html; `html` is another file for the report; `save_networks` is a folder for the
    trained networks as ONNX. `progress` is as for `check`.

    Raises ValueError for options that make no sense, and TaskError for data that cannot be trained on.
    """
    asked = Training.of(
        activations,
        seeds=seeds,
        epochs=epochs,
        network=network,
        hidden=hidden,
        init=init,
        gain=gain,
        bias=bias,
        until_error=until_error,
        optimizer=optimizer,
        momentum=momentum,
        lr=lr,
        batch=batch,
        class_weights=class_weights,
        accuracy=accuracy,
        target=target,
        task=task,
        standardise=standardise,
        test_share=test_share,
        split_seed=split_seed,
        jobs=jobs,
        save_networks=save_networks,
    )
    data = dataset(data_source(x, y), asked.data)
    return run_comparison(data, asked, folder=_path(out), fresh=fresh, out=out, html=html, progress=progress)


def run_comparison(
    data: Any,
    asked: Training,
    *,
    folder: str | None,
    out: FilePath | None,
    fresh: bool = False,
    html: FilePath | None,
    progress: Shown,
) -> Comparison:
    """Trains what the journal in `folder` lacks; the report goes to the folder `out` and the file `html`."""
    with Progress(progress) as shown:
        text, page = _native.compare_functions(data, asked.plan, folder, fresh, asked.jobs, asked.save_networks, shown)
    reports = [html, None if out is None else os.path.join(out, "report.html")]
    for report in reports:
        _write(report, lambda: page)
    written = [os.fspath(report) for report in reports if report is not None]
    return Comparison.from_json(text, written[0] if written else None)


def data_source(x: npt.ArrayLike | FilePath | None, y: npt.ArrayLike | None) -> str | tuple[bytes, bytes] | None:
    """What the data are: a path, two .npy files in memory, or None for the digits."""
    if isinstance(x, (str, os.PathLike)):
        if y is not None:
            raise TypeError("compare() takes a file alone: the targets are in it")
        return os.fspath(x)
    if (x is None) != (y is None):
        raise TypeError("compare() takes x and y, or neither")
    if x is None or y is None:
        return None
    targets = np.asarray(y)
    if targets.dtype == object:
        raise TypeError("y must be an array of numbers")
    return _npy(as_array(x, "x")), _npy(targets)


def dataset(source: str | tuple[bytes, bytes] | None, options: dict[str, Any]) -> Any:
    """The data of `data_source`, read and split."""
    if source is None:
        return _native.NativeDataset.digits(options)
    if isinstance(source, str):
        return _native.NativeDataset.open(source, options)
    return _native.NativeDataset.arrays("the arrays", *source, options)


def _npy(array: npt.NDArray[Any]) -> bytes:
    content = io.BytesIO()
    np.lib.format.write_array(content, np.ascontiguousarray(array), allow_pickle=False)
    return content.getvalue()


def _path(path: FilePath | None) -> str | None:
    return None if path is None else os.fspath(path)


def _write(path: FilePath | None, page: Callable[[], str]) -> None:
    if path is not None:
        Path(path).write_text(page(), encoding="utf-8")


def _open(model: FilePath, unit_axis: UnitAxis, engine: str) -> _native.NativeModel:
    """The model, for an engine; ONNX Runtime's library is that of the package of this process."""
    if not isinstance(model, (str, os.PathLike)):
        kind = type(model)
        is_module = any(base.__module__ == "torch.nn.modules.module" for base in kind.__mro__)
        hint = ": excite.torch.check(model, data) checks a module of PyTorch as it is" if is_module else ""
        raise TypeError(f"model must be the path of an ONNX file, not {kind.__name__}{hint}")
    package = importlib.util.find_spec("onnxruntime") if engine != "embedded" else None
    folders = package.submodule_search_locations if package is not None else None
    library = os.path.join(folders[0], "capi") if folders else None
    return _native.NativeModel.open(os.fspath(model), _unit_axes(unit_axis), engine, library)


def _unit_axes(unit_axis: UnitAxis) -> list[tuple[str | None, int]]:
    if unit_axis is None:
        return []
    return list(unit_axis.items()) if isinstance(unit_axis, Mapping) else [(None, unit_axis)]


def _data(
    inputs: Inputs,
    seed: int,
    sizes: Mapping[str, int] | None,
    mean: Colours,
    std: Colours,
    resize: tuple[int, int] | None,
    shape: Sequence[int] | None,
    dtype: str,
) -> Any:
    if inputs is None:
        return _native.NativeData.random(seed, dict(sizes or {}))
    if isinstance(inputs, (str, os.PathLike)):
        raw = None if shape is None else ([int(size) for size in shape], dtype)
        return _native.NativeData.files([os.fspath(inputs)], (_colours(mean), _colours(std), resize), raw)
    if isinstance(inputs, Mapping):
        return _native.NativeData.arrays("the arrays", [(name, _numbers(array)) for name, array in inputs.items()])
    return _native.NativeData.arrays("the array", [("", _numbers(inputs))])


def _colours(colours: Colours) -> tuple[float, ...]:
    return (float(colours),) * 3 if isinstance(colours, (int, float)) else tuple(map(float, colours))


def _numbers(values: npt.ArrayLike) -> npt.NDArray[Any]:
    """A contiguous array of one of the types that models take."""
    array = np.asarray(values)
    kind, name = array.dtype.kind, array.dtype.name
    wanted: Any
    if kind == "f" or name == "bfloat16":
        wanted = np.float64 if array.dtype.itemsize >= 8 else np.float32
    elif name in ("int8", "uint8"):
        wanted = array.dtype
    elif kind == "b":
        wanted = np.uint8
    elif kind in "iu":
        if name == "uint64" and array.size > 0 and array.max() > np.iinfo(np.int64).max:
            raise TypeError("inputs hold integers beyond 2^63: give them as int64")
        wanted = np.int64
    else:
        raise TypeError("inputs must be an array of numbers, or arrays by the names of the model's inputs")
    return np.ascontiguousarray(array, dtype=wanted)
