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
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from excite import _native, tasks
from excite.results import Comparison, Diagnosis

try:
    import ray
except ImportError:
    raise ImportError("excite.ray needs Ray: pip install ray") from None

# How often a task is run again whose worker died. What excite refuses is not tried again.
_RETRIES = 3
# For how many seconds the tasks are asked to stop, if the cluster does not answer.
_PATIENCE = 10
# How often, in seconds, a task asks whether it is to stop.
_LOOKS_EVERY = 0.2


def compare(
    x: npt.ArrayLike | str | os.PathLike[str] | None = None,
    y: npt.ArrayLike | None = None,
    *,
    activations: Sequence[str] = tasks.COMPARED,
    out: str | os.PathLike[str] | None = None,
    fresh: bool = False,
    html: str | os.PathLike[str] | None = None,
    **options: Any,
) -> Comparison:
    """`excite.compare` with every run, of one function at one learning rate with one seed, as a task of its own.

    `options` are its other arguments; the result is the same but for the times. With `out` finished runs are kept in
    that folder at once: after Ctrl-C or an error the same call goes on from there. With `save_networks` the networks
    are trained once more, here. Raises what `excite.compare` raises.
    """
    asked = tasks.Training.of(activations, **options)
    started: set[str] = set()
    functions: dict[Any, str] = {}
    with contextlib.ExitStack() as stack:
        folder = os.fspath(out) if out is not None else stack.enter_context(tempfile.TemporaryDirectory())
        os.makedirs(folder, exist_ok=True)
        source = tasks.data_source(x, y)
        data, shared = tasks.dataset(source, asked.data), ray.put(source)
        stop = stack.enter_context(_stopped_at_the_end())

        def start_next(names: Sequence[str], restart: bool) -> None:
            plan = {**asked.plan, "activations": list(names)}
            for run in _native.next_runs(data, plan, folder, restart):
                if run in started:
                    raise RuntimeError("the workers have another version of excite: install the same one on all")
                started.add(run)
                functions[_train.remote(shared, asked, run, stop)] = json.loads(run)["function"]

        start_next(asked.plan["activations"], fresh)
        while functions:
            (task,), _ = ray.wait(list(functions))
            with Path(folder, "journal.jsonl").open("ab") as file:
                file.write(ray.get(task))
            function = functions.pop(task)
            # Which runs are next, as those at the chosen learning rate, follows from all of the function's.
            if function not in functions.values():
                start_next([function], False)
        return tasks.run_comparison(data, asked, folder=folder, out=out, html=html, progress=False)


def check(
    model: str | os.PathLike[str],
    shards: Any,
    *,
    html: str | os.PathLike[str] | None = None,
    **options: Any,
) -> Diagnosis:
    """`excite.check` with every shard of the data as a task of its own; their vitals are merged.

    `shards` are a `ray.data.Dataset` whose columns are the inputs of the model, taken by its blocks; or a sequence of
    what `excite.check` takes, an array, or arrays by the names of the inputs, or a file or folder as the workers see
    it; or of references to such. The model goes to the workers, and has to be one file. `options` are those of
    `excite.check` about inputs, and `html` is a file to write. Raises what `excite.check` raises.
    """
    content, name = ray.put(Path(model).read_bytes()), Path(model).name
    parts: Iterable[Any] = shards.to_numpy_refs() if hasattr(shards, "to_numpy_refs") else shards
    with _stopped_at_the_end() as stop:
        started = [_gather.remote(content, name, part, options, stop) for part in parts]
        gathered = [vitals for vitals in ray.get(started) if vitals is not None]
    if not gathered:
        raise ValueError("there are no shards with samples to check")
    with tempfile.TemporaryDirectory() as folder:
        files = [f"{folder}/{index}.vitals" for index in range(len(gathered))]
        for file, vitals in zip(files, gathered, strict=True):
            Path(file).write_bytes(vitals)
        return tasks.merge(files, model=model, html=html)


class _Stop:
    """An actor that tells the tasks whether they are to stop.

    `ray.cancel` would not do: it does not wake a worker that waits for the native half, and where a task comes to its
    end just then, Ray 2.60 ends the process that cancels ("Tried to complete task that was not pending").
    """

    def __init__(self) -> None:
        self._is_set = False

    def set(self) -> None:
        self._is_set = True

    def is_set(self) -> bool:
        return self._is_set


class _StoppedError(Exception):
    """The task was stopped, as nobody waits for what it does."""


class _Watch:
    """The progress of a task, which shows nothing and stops it where the actor says so."""

    def __init__(self, stop: Any) -> None:
        self._stop, self._next = stop, time.monotonic()

    def __call__(self, done: int, total: int, note: str, notices: list[str]) -> None:
        if time.monotonic() >= self._next:
            if ray.get(self._stop.is_set.remote()):
                raise _StoppedError
            self._next = time.monotonic() + _LOOKS_EVERY


@ray.remote(max_retries=_RETRIES)
def _train(source: Any, asked: tasks.Training, run: str, stop: Any) -> bytes | None:
    """The journal of one run; None if it was stopped."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            _native.train_run(tasks.dataset(source, asked.data), asked.plan, run, folder, _Watch(stop))
        except _StoppedError:
            return None
        return Path(folder, "journal.jsonl").read_bytes()


@ray.remote(max_retries=_RETRIES)
def _gather(content: bytes, name: str, shard: Any, options: dict[str, Any], stop: Any) -> bytes | None:
    """The vitals of one shard; None if it has no samples, as blocks of a dataset may, or it was stopped."""
    arrays = list(shard.values()) if isinstance(shard, Mapping) else [shard]
    if all(isinstance(array, np.ndarray) and array.size == 0 for array in arrays):
        return None
    try:
        vitals: bytes = tasks.measure(content, name, shard, _Watch(stop), **options)
    except _StoppedError:
        return None
    return vitals


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
