"""`excite.ray` on a cluster of two workers: the results of one process, whatever happens to the workers."""

import dataclasses
import os
import pickle
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import excite
from excite import _native

MODELS = Path(__file__).parents[2] / "crates" / "excite-onnx" / "tests" / "models"
TIMES = ("seconds_per_epoch", "activation_share", "vitals_share")


def deadly(armed):
    """What each worker sets up first: the first to train or to check dies of it, as by want of memory."""

    def dying(task):
        def wrapped(*arguments):
            try:
                armed.unlink()
            except FileNotFoundError:
                return task(*arguments)
            (armed.parent / "died").write_text(str(os.getpid()))
            return os.kill(os.getpid(), signal.SIGKILL)

        return wrapped

    def set_up():
        for name in ("train_run", "check_model"):
            setattr(_native, name, dying(getattr(_native, name)))

    return set_up


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    ray = pytest.importorskip("ray")
    armed = tmp_path_factory.mktemp("cluster") / "armed"
    environment = {"worker_process_setup_hook": deadly(armed)}
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, runtime_env=environment)
    yield armed
    ray.shutdown()


@pytest.fixture
def ray(cluster):
    import excite.ray

    return excite.ray


@pytest.fixture
def one_worker_dies(cluster):
    """Arms the cluster; afterwards a worker must have died."""
    died = cluster.parent / "died"
    died.unlink(missing_ok=True)
    cluster.touch()
    yield
    assert int(died.read_text()) != os.getpid()


@pytest.fixture(scope="module")
def samples():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(120, 3))
    return x, (x[:, 0] > 0).astype(np.int64)


@pytest.fixture(scope="module")
def chords():
    """Inputs of the model, four samples, and what is found in them by one process."""
    with np.load(MODELS / "nmp.chords.npz") as file:
        ((name, array),) = file.items()
    whole = np.concatenate([array, array[::-1] * 0.5, array[:, ::-1], -array])
    return name, whole, excite.check(MODELS / "nmp.onnx", {name: whole})


def without_times(value):
    if isinstance(value, dict):
        return {key: without_times(each) for key, each in value.items() if key not in (*TIMES, "time")}
    return [without_times(each) for each in value] if isinstance(value, list) else value


def assert_close(found, wanted):
    """Counts are the same; what is a sum of floats is so to their precision."""
    assert type(found) is type(wanted)
    if isinstance(found, dict):
        assert found.keys() == wanted.keys()
        found, wanted = list(found.values()), list(wanted.values())
    if isinstance(found, list):
        assert len(found) == len(wanted)
        for one, other in zip(found, wanted, strict=True):
            assert_close(one, other)
    elif isinstance(found, float):
        assert found == pytest.approx(wanted, rel=1e-9, abs=1e-12)
    else:
        assert found == wanted


def is_of_the_whole(found, wanted):
    # The JSON says too where the samples came from.
    found, wanted = (dataclasses.asdict(dataclasses.replace(one, record="")) for one in (found, wanted))
    assert_close(found, wanted)
    return True


@pytest.mark.parametrize("options", [{}, {"lr": 0.1}])
def test_compare_is_that_of_one_process(ray, samples, tmp_path, options):
    plan = {"activations": ["relu", "leaky_relu(0.2)"], "seeds": 2, "epochs": 2, "hidden": [8], **options}
    here = excite.compare(*samples, **plan, out=tmp_path / "here")
    apart = ray.compare(*samples, **plan, out=tmp_path / "apart")
    assert without_times(apart.activations) == without_times(here.activations)
    assert apart.headline == here.headline
    assert apart.data == here.data
    assert Path(apart.report).is_file()
    lines = [(tmp_path / place / "journal.jsonl").read_text().splitlines() for place in ("here", "apart")]
    assert len(lines[0]) == len(lines[1]) == len(set(lines[1]))
    # Nothing is trained again, to the last digit of the times; unless that is asked for.
    assert ray.compare(*samples, **plan, out=tmp_path / "apart").activations == apart.activations
    assert ray.compare(*samples, **plan, out=tmp_path / "apart", fresh=True).activations != apart.activations


@pytest.mark.usefixtures("one_worker_dies")
def test_compare_loses_nothing_when_a_worker_dies(ray, samples, tmp_path):
    plan = {"activations": ["tanh"], "seeds": 2, "epochs": 2, "hidden": [8], "lr": 0.1}
    apart = ray.compare(*samples, **plan, out=tmp_path / "apart")
    here = excite.compare(*samples, **plan, out=tmp_path / "here")
    assert without_times(apart.activations) == without_times(here.activations)


def test_check_merges_shards_of_any_kind(ray, chords, tmp_path):
    import ray as cluster

    name, whole, wanted = chords
    parts = np.array_split(whole, 2)
    np.savez(tmp_path / "part.npz", **{name: parts[1]})
    none = np.empty((0, *whole.shape[1:]), whole.dtype)
    shards = [{name: parts[0]}, tmp_path / "part.npz", {name: none}]
    found = ray.check(MODELS / "nmp.onnx", shards, html=tmp_path / "report.html")
    assert is_of_the_whole(found, wanted)
    assert "</html>" in (tmp_path / "report.html").read_text()
    assert is_of_the_whole(ray.check(MODELS / "nmp.onnx", [cluster.put({name: whole})]), wanted)
    with pytest.raises(ValueError, match="no shards"):
        ray.check(MODELS / "nmp.onnx", [])


@pytest.mark.usefixtures("one_worker_dies")
def test_check_loses_nothing_when_a_worker_dies(ray, chords):
    name, whole, wanted = chords
    shards = [{name: part} for part in np.array_split(whole, 4)]
    assert is_of_the_whole(ray.check(MODELS / "nmp.onnx", shards), wanted)


def test_check_takes_a_dataset(ray, chords):
    pytest.importorskip("pyarrow")
    import ray.data

    name, whole, wanted = chords
    dataset = ray.data.from_items([{name: sample} for sample in whole]).repartition(3)
    assert is_of_the_whole(excite.ray.check(MODELS / "nmp.onnx", dataset), wanted)


def test_what_is_refused_is_said_in_the_same_words(ray, samples, chords, tmp_path):
    with pytest.raises(ValueError, match="rulu"):
        ray.compare(*samples, activations=["rulu"], out=tmp_path)
    name, whole, _ = chords
    with pytest.raises(excite.TaskError) as here:
        excite.check(MODELS / "nmp.onnx", {"no-such": whole})
    with pytest.raises(excite.TaskError) as apart:
        ray.check(MODELS / "nmp.onnx", [{name: whole}, {"no-such": whole}])
    assert type(apart.value) is excite.TaskError
    assert "no-such" in str(here.value)
    assert "no-such" in str(apart.value) and "Traceback" not in str(apart.value)
    with pytest.raises(OSError, match="absent"):
        ray.check("absent.onnx", [whole])


def test_errors_survive_pickling():
    copy = pickle.loads(pickle.dumps(excite.TaskError("no such file")))
    assert (type(copy), str(copy)) == (excite.TaskError, "no such file")


@pytest.fixture
def interruptible():
    """Python does not listen for Ctrl-C where it is started in the background, as by CI."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_stops_the_workers_and_keeps_what_is_finished(ray, samples, tmp_path):
    # Two short runs, and then endless ones.
    out = tmp_path / "out"
    short = {"activations": ["relu"], "seeds": 2, "out": out, "lr": 0.1, "hidden": [8]}
    ray.compare(*samples, **short, epochs=2)
    finished = (out / "journal.jsonl").read_bytes()

    def press():
        time.sleep(3)
        signal.raise_signal(signal.SIGINT)

    threading.Thread(target=press).start()
    with pytest.raises(KeyboardInterrupt):
        ray.compare(*samples, **short, epochs=10_000_000)
    assert (out / "journal.jsonl").read_bytes().startswith(finished)
    # The workers are free again.
    start = time.monotonic()
    ray.compare(*samples, **{**short, "seeds": 4}, epochs=2)
    assert time.monotonic() - start < 20
