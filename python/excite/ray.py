"""`compare` and `check` on the workers of a Ray cluster, with the results of one machine.

import excite.ray

result = excite.ray.compare(x, y)
diagnosis = excite.ray.check("model.onnx", dataset)

Every worker needs this package. A task whose worker dies is run again.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from excite import program
from excite.program import Comparison
from excite.results import Diagnosis

try:
    import ray
except ImportError:
    raise ImportError("excite.ray needs Ray: pip install ray") from None

# How often a task is run again whose worker died. What the program refuses is not tried again.
_RETRIES = 3
# For how many seconds the tasks are told to stop, if the cluster does not answer.
_PATIENCE = 10


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
    """`excite.compare` with every run, of one function at one learning rate with one seed, as a task of its own.

    The result is the same but for the times. Finished runs are kept in `out` at once: after Ctrl-C or an error the
    same call goes on from there. With `--save-networks` in `options` the networks are trained once more, here.
    Raises ProgramError if the data or the plan make no sense.
    """
    plan = ["--seeds", str(seeds), "--epochs", str(epochs)]
    # Only the first look at what is there may do away with it.
    kept = [option for option in options if option not in ("--fresh", "--no-resume")]
    named = program.activation_arguments(activations)
    folder = ["--out", os.fspath(out)]
    started: set[str] = set()
    functions: dict[Any, str] = {}
    with program.data_arguments(x, y) as data, _stopped_at_the_end() as stop:
        content = ray.put(Path(data[0]).read_bytes() if data else None)

        def start_next(arguments: Sequence[str]) -> None:
            for run in program.run(["compare", *data, *plan, *arguments, *folder, "--next-runs"]).splitlines():
                if run in started:
                    raise RuntimeError("the workers have another version of excite: install the same one on all")
                started.add(run)
                functions[_train.remote(content, [*plan, *kept], run, stop)] = json.loads(run)["function"]

        start_next([*named, *options])
        while functions:
            (task,), _ = ray.wait(list(functions))
            with Path(out, "journal.jsonl").open("ab") as file:
                file.write(ray.get(task))
            function = functions.pop(task)
            # Which runs are next, as those at the chosen learning rate, follows from all of the function's.
            if function not in functions.values():
                start_next([*program.activation_arguments([function]), *kept])
        text = program.run(["compare", *data, *plan, *named, *kept, *folder, "--json"])
    return Comparison.from_json(text, out)


def check(
    model: str | os.PathLike[str],
    shards: Any,
    *,
    options: Sequence[str] = (),
    merge_options: Sequence[str] = (),
) -> Diagnosis:
    """`excite.check` with every shard of the data as a task of its own; their vitals are merged.

    `shards` are a `ray.data.Dataset` whose columns are the inputs of the model, taken by its blocks; or a sequence of
    what `excite.check` takes, an array, or arrays by the names of the inputs, or a file or folder as the workers see
    it; or of references to such. The model goes to the workers, and has to be one file. `options` are those of
    `excite check` about inputs, `merge_options` those of `excite merge` about what is written, as
    `["--html", "report.html"]`. Raises OSError if the model cannot be read, ProgramError if it cannot be run.
    """
    content, name = ray.put(Path(model).read_bytes()), Path(model).name
    parts: Iterable[Any] = shards.to_numpy_refs() if hasattr(shards, "to_numpy_refs") else shards
    with _stopped_at_the_end() as stop:
        tasks = [_gather.remote(content, name, part, list(options), stop) for part in parts]
        gathered = [vitals for vitals in ray.get(tasks) if vitals is not None]
    if not gathered:
        raise ValueError("there are no shards with samples to check")
    with tempfile.TemporaryDirectory() as folder:
        files = [f"{folder}/{index}.vitals" for index in range(len(gathered))]
        for file, vitals in zip(files, gathered, strict=True):
            Path(file).write_bytes(vitals)
        told = ["--model", os.fspath(model), "--json", "--fail-on", "never", *merge_options]
        return Diagnosis.from_json(program.run(["merge", *files, *told]))


class _Stop:
    """An actor that tells the tasks whether they are to stop.

    `ray.cancel` would not do: it does not wake a worker that waits for a program, and where a task comes to its end
    just then, Ray 2.60 ends the process that cancels ("Tried to complete task that was not pending").
    """

    def __init__(self) -> None:
        self._is_set = False

    def set(self) -> None:
        self._is_set = True

    def is_set(self) -> bool:
        return self._is_set


def _run(arguments: list[str], written: Path, stop: Any) -> bytes | None:
    """Runs the program, and takes the file that it has written; None if it is to stop before."""
    try:
        program.run(arguments, lambda: bool(ray.get(stop.is_set.remote())))
    except program.StoppedError:
        return None
    return written.read_bytes()


@ray.remote(max_retries=_RETRIES)
def _train(content: bytes | None, arguments: list[str], run: str, stop: Any) -> bytes | None:
    """The journal of one run; None if it was stopped."""
    with tempfile.TemporaryDirectory() as folder:
        data = [] if content is None else [f"{folder}/data.npz"]
        for file in data:
            Path(file).write_bytes(content or b"")
        asked = ["compare", *data, *arguments, "--out", folder, "--train-run", run]
        return _run(asked, Path(folder, "journal.jsonl"), stop)


@ray.remote(max_retries=_RETRIES)
def _gather(content: bytes, name: str, shard: Any, options: list[str], stop: Any) -> bytes | None:
    """The vitals of one shard; None if it has no samples, as blocks of a dataset may, or it was stopped."""
    arrays = list(shard.values()) if isinstance(shard, Mapping) else [shard]
    if all(isinstance(array, np.ndarray) and array.size == 0 for array in arrays):
        return None
    with tempfile.TemporaryDirectory() as folder, program.input_arguments(shard) as given:
        model, vitals = Path(folder, name), Path(folder, "shard.vitals")
        model.write_bytes(content)
        written = ["--vitals", str(vitals), "--json", "--fail-on", "never"]
        return _run(["check", str(model), *given, *options, *written], vitals, stop)


@contextlib.contextmanager
def _stopped_at_the_end() -> Iterator[Any]:
    """What stops the tasks it is given to when the block ends, by Ctrl-C too; raises what failed in a task as it is."""
    stop: Any = ray.remote(num_cpus=0, max_restarts=-1, max_task_retries=-1)(_Stop).remote()
    try:
        yield stop
    except ray.exceptions.RayTaskError as error:
        raise error.cause from None
    finally:
        ray.wait([stop.set.remote()], timeout=_PATIENCE)
