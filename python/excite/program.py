"""The program `excite`, which the package brings along, and its commands as functions."""

from __future__ import annotations

import contextlib
import dataclasses
import html
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from excite._arrays import as_array
from excite.results import Diagnosis, Quantisation, import_pandas

# What a model is run on: an array, or arrays by the names of the model's inputs, or a file or folder.
Inputs: TypeAlias = "npt.ArrayLike | Mapping[str, npt.ArrayLike] | str | os.PathLike[str] | None"

# How often, in seconds, a program that may be stopped is looked after.
_LOOKS_EVERY = 0.2


class ProgramError(RuntimeError):
    """The program refused, and says why; `code` is what it exited with."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code

    def __reduce__(self) -> tuple[Any, ...]:
        return ProgramError, (str(self), self.code)


class StoppedError(RuntimeError):
    """The program was ended, as nobody waits for what it does."""


def path() -> str:
    """Where the program is. Raises FileNotFoundError if it is not installed."""
    name = "excite" + (sysconfig.get_config_var("EXE") or "")
    folders = [sysconfig.get_path("scripts"), sysconfig.get_path("scripts", f"{os.name}_user")]
    # As pip install --target and --prefix have it.
    package = Path(__file__).resolve().parent
    folders += [str(package.parent / "bin"), *(str(parent / "bin") for parent in package.parents[3:4])]
    for folder in folders:
        if (found := Path(folder) / name).is_file():
            return str(found)
    if found_elsewhere := shutil.which(name):
        return found_elsewhere
    raise FileNotFoundError(f"the program excite is in none of {', '.join(folders)}: install the package anew")


def main() -> int:
    """Run the program with the arguments of this process, as `python -m excite` does."""
    return subprocess.run([path(), *sys.argv[1:]], check=False).returncode


def check(
    model: str | os.PathLike[str],
    inputs: Inputs = None,
    *,
    options: Sequence[str] = (),
) -> Diagnosis:
    """What is wrong with the activations of an ONNX model.

    `inputs` are an array, or arrays by the names of the model's inputs, or a file or folder; without them the model
    runs on random numbers, which say little. `options` are more of those of `excite check`. Raises ProgramError if
    the model cannot be run.
    """
    arguments = ["check", os.fspath(model), "--json", "--fail-on", "never", *options]
    with input_arguments(inputs) as given:
        return Diagnosis.from_json(run([*arguments, *given]))


def quantise(
    model: str | os.PathLike[str],
    inputs: Inputs = None,
    *,
    bits: Sequence[int] = (8,),
    options: Sequence[str] = (),
) -> Quantisation:
    """Fixed-point formats and scales for the activations of an ONNX model, and what they cost.

    `inputs` are as for `check`; `bits` are from 4 to 16; `options` are more of those of `excite quantise`. Raises
    ProgramError if the model cannot be run or the bits make no sense.
    """
    widths = ",".join(str(width) for width in bits)
    arguments = ["quantise", os.fspath(model), "--json", "--bits", widths, *options]
    with input_arguments(inputs) as given:
        return Quantisation.from_json(run([*arguments, *given]))


@contextlib.contextmanager
def input_arguments(inputs: Inputs) -> Iterator[list[str]]:
    """The arguments by which the program reads `inputs`; arrays lie in a file that is gone afterwards."""
    if inputs is None:
        yield []
    elif isinstance(inputs, (str, os.PathLike)):
        yield ["--input", os.fspath(inputs)]
    else:
        with tempfile.TemporaryDirectory() as folder:
            if isinstance(inputs, Mapping):
                file = f"{folder}/inputs.npz"
                np.savez(file, allow_pickle=False, **{name: np.asarray(values) for name, values in inputs.items()})
            else:
                file = f"{folder}/inputs.npy"
                array = np.asarray(inputs)
                if array.dtype == object:
                    raise TypeError("inputs must be an array of numbers, or arrays by the names of the model's inputs")
                np.save(file, array, allow_pickle=False)
            yield ["--input", file]


@dataclasses.dataclass(frozen=True)
class Comparison:
    """What `compare` found: a row for each function with its figures, and the verdict."""

    verdict: str
    activations: list[dict[str, Any]]
    report: str
    data: dict[str, Any]

    @classmethod
    def from_json(cls, text: str, out: str | os.PathLike[str]) -> Comparison:
        """From the JSON of the program, whose report is in the folder `out`."""
        result = json.loads(text)
        return cls(result["verdict"], result["activations"], os.path.join(out, "report.html"), result["data"])

    def to_pandas(self) -> Any:
        """A DataFrame with a row for each function."""
        return import_pandas().DataFrame(self.activations)

    def __str__(self) -> str:
        return self.verdict

    def _repr_html_(self) -> str:
        names = ", ".join(str(row.get("name")) for row in self.activations)
        return f"<p>{html.escape(self.verdict)}</p><p>{html.escape(names)}</p>"


def compare(
    x: npt.ArrayLike | None = None,
    y: npt.ArrayLike | None = None,
    *,
    activations: Sequence[str] = ("sigmoid", "tanh", "relu", "relu6"),
    seeds: int = 3,
    epochs: int = 30,
    out: str | os.PathLike[str] = "excite-out",
    options: Sequence[str] = (),
) -> Comparison:
    """Train the same network with each function on the samples `x` and targets `y`, and compare.

    Without them on the digits that the program carries. The report is `out`/report.html; `options` are more of those of
    `excite compare`. Raises ProgramError if the data or the plan make no sense.
    """
    arguments = [*activation_arguments(activations), "--seeds", str(seeds), "--epochs", str(epochs), *options]
    with data_arguments(x, y) as data:
        text = run(["compare", *data, *arguments, "--out", os.fspath(out), "--json"])
    return Comparison.from_json(text, out)


def activation_arguments(activations: Sequence[str]) -> list[str]:
    """The arguments that name functions: one for each, for a comma would part a function with two parameters."""
    return [argument for name in activations for argument in ("--activations", name)]


@contextlib.contextmanager
def data_arguments(x: npt.ArrayLike | None, y: npt.ArrayLike | None) -> Iterator[list[str]]:
    """The arguments by which `excite compare` reads samples and targets, from a file that is gone afterwards."""
    if (x is None) != (y is None):
        raise TypeError("compare() takes x and y, or neither")
    if x is None or y is None:
        yield []
        return
    targets = np.asarray(y)
    if targets.dtype == object:
        raise TypeError("y must be an array of numbers")
    with tempfile.TemporaryDirectory() as folder:
        file = f"{folder}/data.npz"
        np.savez(file, allow_pickle=False, x=as_array(x, "x"), y=targets)
        yield [file]


def run(arguments: Sequence[str], is_stopped: Callable[[], bool] | None = None) -> str:
    """What the program prints.

    Raises ProgramError with what it says if it could not do it, StoppedError if it was ended as `is_stopped` said.
    """
    command = [path(), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8") as process:
        try:
            printed, said = _communicate(process, is_stopped)
        except BaseException:
            process.kill()
            raise
    if process.returncode != 0:
        said = said.strip().removeprefix("error: ")
        raise ProgramError(said or f"excite exited with {process.returncode}", process.returncode)
    return printed


def _communicate(process: subprocess.Popen[str], is_stopped: Callable[[], bool] | None) -> tuple[str, str]:
    """What the process prints, and what it says of errors."""
    if is_stopped is None:
        return process.communicate()
    while not is_stopped():
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.communicate(timeout=_LOOKS_EVERY)
    raise StoppedError
