"""Values, gradients, types, layouts and outputs of the functions."""

import doctest
import inspect
import threading

import ml_dtypes
import numpy as np
import pytest

import excite
from excite import _native

ROWS = ["softmax", "log_softmax", "softmin", "sparsemax"]
NAMES = [name for name in _native.__all__ if f"{name}_grad" in _native.__all__]
ELEMENTS = [name for name in NAMES if name not in ROWS]
DTYPES = [np.float16, np.float32, np.float64, ml_dtypes.bfloat16]


def test_the_whole_catalogue_is_there_with_gradients():
    assert len(ELEMENTS) >= 35
    assert set(ROWS) <= set(NAMES)
    assert {"sigmoid", "relu6", "gelu_tanh", "snake"} <= set(ELEMENTS)


@pytest.mark.parametrize("name", [*NAMES, *(f"{name}_grad" for name in NAMES)])
def test_docstrings_have_examples_that_hold(name):
    function = getattr(excite, name)
    text = inspect.getdoc(function)
    test = doctest.DocTestParser().get_doctest(text, {}, name, None, 0)
    assert test.examples
    runner = doctest.DocTestRunner(verbose=False)
    assert runner.run(test).failed == 0
    assert "out" in inspect.signature(function).parameters


@pytest.mark.parametrize("module", [excite, excite.vitals, excite.tasks, excite.results])
def test_modules_have_examples_that_hold(module):
    assert doctest.testmod(module).failed == 0


def test_values_are_those_of_plain_formulas():
    x = np.linspace(-8, 8, 1001)
    np.testing.assert_allclose(excite.sigmoid(x), 1 / (1 + np.exp(-x)), rtol=1e-14)
    np.testing.assert_allclose(excite.tanh(x), np.tanh(x), rtol=1e-14)
    np.testing.assert_allclose(excite.softplus(x), np.logaddexp(x, 0), rtol=1e-13)
    np.testing.assert_array_equal(excite.relu(x), np.maximum(x, 0))
    np.testing.assert_array_equal(excite.leaky_relu(x, negative_slope=0.25), np.where(x > 0, x, 0.25 * x))
    shifted = np.exp(x - x.max())
    np.testing.assert_allclose(excite.softmax(x), shifted / shifted.sum(), rtol=1e-12)


@pytest.mark.parametrize("name", ELEMENTS)
def test_gradients_are_differences(name):
    function, gradient = getattr(excite, name), getattr(excite, f"{name}_grad")
    x = np.array([-2.37, -1.21, -0.63, 0.217, 0.731, 1.83, 4.17])
    step = 1e-6
    differences = (function(x + step) - function(x - step)) / (2 * step)
    np.testing.assert_allclose(gradient(x), differences, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(gradient(x, np.full(7, 3.0)), 3 * gradient(x), rtol=1e-14, atol=0)
    np.testing.assert_allclose(gradient(x, 3), 3 * gradient(x), rtol=1e-14, atol=0)


@pytest.mark.parametrize("name", ROWS)
def test_gradients_along_an_axis_are_differences(name):
    function, gradient = getattr(excite, name), getattr(excite, f"{name}_grad")
    x = np.random.default_rng(0).normal(size=(3, 4, 2))
    dy = np.random.default_rng(1).normal(size=(3, 4, 2))
    for axis in (0, 1, -1):
        found = gradient(x, dy, axis)
        step = 1e-6
        wanted = np.empty_like(x)
        for place in np.ndindex(x.shape):
            moved = np.zeros_like(x)
            moved[place] = step
            change = function(x + moved, axis) - function(x - moved, axis)
            wanted[place] = (change * dy).sum() / (2 * step)
        np.testing.assert_allclose(found, wanted, atol=1e-7)
        np.testing.assert_array_equal(gradient(dy=dy, axis=axis, y=function(x, axis)), found)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NAMES)
def test_types_stay_and_layouts_do_not_matter(name, dtype):
    function = getattr(excite, name)
    x = np.random.default_rng(0).normal(size=(6, 5, 4)).astype(dtype)
    wanted = function(x)
    assert wanted.dtype == dtype
    for same in (np.asfortranarray(x), np.repeat(x, 2, axis=1)[:, ::2], x[::-1].copy()[::-1], x.transpose(2, 0, 1)):
        back = same.transpose(1, 2, 0) if same.shape != x.shape else same
        np.testing.assert_array_equal(function(back).astype(np.float64), wanted.astype(np.float64))


def test_a_short_result_is_the_rounded_one_of_f64():
    bits = np.arange(1 << 16, dtype=np.uint16)
    for dtype in (np.float16, ml_dtypes.bfloat16):
        x = bits.view(dtype)
        x = x[np.isfinite(x.astype(np.float64))]
        wanted = excite.tanh(x.astype(np.float64)).astype(dtype)
        # NumPy rounds twice for bfloat16, so that a few are off by one place.
        found = excite.tanh(x)
        assert np.abs(found.view(np.int16).astype(int) - wanted.view(np.int16).astype(int)).max() <= 1


def test_numbers_lists_and_whole_numbers_become_float64():
    assert excite.sigmoid(0) == 0.5
    assert isinstance(excite.sigmoid(0), np.float64)
    assert isinstance(excite.sigmoid(np.float32(0)), np.float32)
    assert excite.relu([[-1, 2], [3, -4]]).tolist() == [[0, 2], [3, 0]]
    assert excite.relu(np.array([True, False])).dtype == np.float64
    assert excite.relu(np.array([-1, 1], dtype=">f4")).tolist() == [0, 1]
    assert excite.relu(np.empty((0, 3))).shape == (0, 3)
    assert np.isnan(excite.relu(np.nan))


def test_out_takes_the_result_and_comes_back():
    x = np.linspace(-1, 1, 12, dtype=np.float32).reshape(3, 4)
    y = np.empty_like(x)
    assert excite.tanh(x, out=y) is y
    assert excite.tanh(x, y) is y
    np.testing.assert_array_equal(y, excite.tanh(x))
    y = np.empty((4, 3), np.float32).T
    excite.tanh(x, y)
    np.testing.assert_array_equal(y, excite.tanh(x))
    in_place = x.copy()
    assert excite.tanh(in_place, in_place) is in_place
    np.testing.assert_array_equal(in_place, excite.tanh(x))
    zero_d = np.array(0.5)
    assert excite.relu(np.array(-1.0), zero_d) is zero_d
    assert zero_d == 0


def test_the_output_stands_in_for_the_input_where_the_slope_follows_from_it():
    x = np.linspace(-3, 3, 50)
    np.testing.assert_array_equal(excite.sigmoid_grad(y=excite.sigmoid(x)), excite.sigmoid_grad(x))
    with pytest.raises(TypeError, match="does not follow from y"):
        excite.gelu_grad(y=x)


def test_long_arrays_on_any_number_of_threads_are_the_same_bits():
    x = np.random.default_rng(0).normal(size=1_500_000).astype(np.float32)
    wanted, slopes = excite.gelu(x[:1000]), excite.sigmoid_grad(x[:1000])
    try:
        for threads in (1, 2, 3, None):
            excite.set_threads(threads)
            assert threads is None or excite.get_threads() == threads
            y = excite.gelu(x)
            np.testing.assert_array_equal(y[:1000], wanted)
            np.testing.assert_array_equal(excite.sigmoid_grad(x)[:1000], slopes)
            np.testing.assert_array_equal(y[-1000:], excite.gelu(x[-1000:]))
    finally:
        excite.set_threads(None)


def test_the_interpreter_runs_on_while_a_long_array_is_worked_through():
    x = np.zeros(20_000_000)
    ticks, done = [], threading.Event()

    def work():
        excite.gelu(x, out=y)
        done.set()

    y = np.empty_like(x)
    thread = threading.Thread(target=work)
    thread.start()
    while not done.is_set():
        ticks.append(None)
    thread.join()
    assert len(ticks) > 100


def test_a_forked_process_has_threads_of_its_own():
    import multiprocessing
    import warnings

    excite.relu(np.zeros(1 << 20))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        process = multiprocessing.get_context("fork").Process(target=excite.relu, args=(np.zeros(1 << 20),))
        process.start()
    process.join(60)
    assert process.exitcode == 0
