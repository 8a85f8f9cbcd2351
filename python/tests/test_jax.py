"""Arrays of JAX are read where they lie."""

import numpy as np
import pytest

import excite
from excite._arrays import as_array

jax = pytest.importorskip("jax")
jnp = jax.numpy


@pytest.fixture(autouse=True)
def wide():
    """JAX makes no arrays of float64 unless asked for."""
    with jax.enable_x64(True):
        yield


@pytest.fixture(params=["float16", "bfloat16", "float32", "float64"])
def x(request):
    return jnp.linspace(-3, 3, 1000).reshape(10, 100).astype(request.param)


def test_memory_is_shared(x):
    seen = as_array(x, "x")
    assert seen.ctypes.data == x.unsafe_buffer_pointer()
    assert seen.dtype == x.dtype and seen.shape == x.shape
    assert not seen.flags.writeable, "JAX counts on arrays that do not change"


def test_results_are_those_of_numpy_arrays(x):
    array = np.asarray(x)
    before = array.copy()
    dy = jnp.ones_like(x)
    pairs = [
        (excite.gelu(x), excite.gelu(array)),
        (excite.gelu_grad(x, dy), excite.gelu_grad(array, np.ones_like(array))),
        (excite.softmax(x, axis=0), excite.softmax(array, axis=0)),
    ]
    for found, wanted in pairs:
        assert type(found) is np.ndarray and found.dtype == x.dtype
        np.testing.assert_array_equal(found, wanted)
    np.testing.assert_array_equal(np.asarray(x), before)
    np.testing.assert_allclose(excite.tanh(x).astype(float), jnp.tanh(x).astype(float), rtol=2e-2)


def test_results_go_to_arrays_that_can_be_written_to(x):
    out = np.empty(x.shape, x.dtype)
    assert excite.relu(x, out) is out
    np.testing.assert_array_equal(out, np.asarray(jax.nn.relu(x)))
    with pytest.raises((TypeError, ValueError), match="out"):
        excite.relu(out, x)


def test_a_traced_array_has_no_values_to_take(x):
    with pytest.raises(jax.errors.TracerArrayConversionError):
        jax.jit(excite.relu)(x)
    called = jax.jit(lambda v: jax.pure_callback(excite.relu, jax.ShapeDtypeStruct(v.shape, v.dtype), v))
    np.testing.assert_array_equal(np.asarray(called(x)), excite.relu(x))
