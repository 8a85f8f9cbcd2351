"""What is refused, and how: exceptions of the right type with a clear message."""

import numpy as np
import pytest

import excite

X = np.zeros((3, 4), np.float32)


def read_only(array):
    array.flags.writeable = False
    return array


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: excite.relu(), TypeError, r"relu\(\) needs x"),
        (lambda: excite.relu(X, X.copy(), 3), TypeError, "at most 2 positional"),
        (lambda: excite.relu(X, x=X), TypeError, "two values for `x`"),
        (lambda: excite.relu(X, slope=1), TypeError, "unexpected keyword argument `slope`"),
        (lambda: excite.leaky_relu(X, negative_slope="a"), TypeError, "must be a number, not str"),
        (lambda: excite.leaky_relu(X, negative_slope=np.nan), ValueError, "must be from"),
        (lambda: excite.relu("text"), TypeError, "x is an array of <U4"),
        (lambda: excite.relu(np.array([1, None])), TypeError, "x is an array of object"),
        (lambda: excite.relu(1j), TypeError, "complex"),
        (lambda: excite.relu([[1], [1, 2]]), ValueError, "x cannot be made an array"),
        (lambda: excite.relu(X, out=[0.0]), TypeError, "out must be an array or a tensor, not list"),
        (lambda: excite.relu(X, out=np.zeros((3, 4))), TypeError, "out must be an array of float32.*not of float64"),
        (lambda: excite.relu(X, out=np.zeros((4, 3), np.float32)), ValueError, r"out has the shape \[4, 3\]"),
        (lambda: excite.relu(X, out=np.zeros((3, 8), np.float32)[:, ::2]), ValueError, "out must be contiguous"),
        (lambda: excite.relu(X, out=read_only(np.zeros((3, 4), np.float32))), ValueError, "out is read-only"),
        (lambda: excite.relu_grad(X, np.zeros(7)), ValueError, r"dy has the shape \(7,\)"),
        (lambda: excite.relu_grad(X, X, out=X), ValueError, "out overlaps x"),
        (lambda: excite.relu_grad(), TypeError, r"relu_grad\(\) needs x"),
        (lambda: excite.sigmoid_grad(X, y=X), TypeError, "x or y, not both"),
        (lambda: excite.softmax(X, axis=2), ValueError, "axis 2 is out of bounds"),
        (lambda: excite.softmax(X, axis=0.5), TypeError, "axis must be a whole number"),
        (lambda: excite.softmax(1.0), ValueError, "out of bounds for an array of 0 dimensions"),
        (lambda: excite.softmax(X, out=X), ValueError, "out overlaps x"),
        (lambda: excite.softmax_grad(X), TypeError, "needs dy"),
        (lambda: excite.softmax(X, temperature=-1), ValueError, "temperature must be from"),
        (lambda: excite.set_threads(0), ValueError, "from 1 to 4096"),
    ],
)
def test_bad_calls_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_overlapping_memory_is_refused():
    memory = np.zeros(10, np.float32)
    with pytest.raises(ValueError, match="out overlaps x"):
        excite.relu(memory[:8], out=memory[2:])
    with pytest.raises(ValueError, match="out overlaps x"):
        excite.relu(memory[:8], out=np.from_dlpack(memory)[2:].view())
    assert excite.relu(memory[:5], out=memory[5:]).shape == (5,)


def test_unaligned_memory_is_copied_and_refused_as_out():
    memory = np.zeros(17, np.uint8)[1:].view(np.float32)
    memory[:] = [-1, 2, 3, -4]
    assert excite.relu(memory).tolist() == [0, 2, 3, 0]
    with pytest.raises(ValueError, match="out must be contiguous"):
        excite.relu(np.zeros(4, np.float32), out=memory)
