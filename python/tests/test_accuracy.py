"""The accuracy of results: by keyword, and for a block of code."""

import threading

import numpy as np
import pytest

import excite

X = np.linspace(-30, 30, 100_001, dtype=np.float32)


def spread(function, accuracy):
    """The largest distance of float32 results from normal ones in float64, in units in the last place."""
    exact = function(X.astype(np.float64))
    normal = np.abs(exact) >= np.finfo(np.float32).smallest_normal
    found, exact = function(X, accuracy=accuracy).astype(np.float64)[normal], exact[normal]
    return (np.abs(found - exact) / np.spacing(np.abs(exact).astype(np.float32)).astype(np.float64)).max()


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "gelu", "silu", "softplus", "mish", "elu", "log_sigmoid"])
def test_each_accuracy_keeps_its_bound(name):
    function = getattr(excite, name)
    assert spread(function, "exact") <= 0.5001
    assert spread(function, "stated") <= 1.0
    assert 1.0 < spread(function, "fast") <= 4.0


def test_a_with_sets_the_accuracy_of_calls_that_name_none():
    fast, stated = excite.gelu(X, accuracy="fast"), excite.gelu(X)
    assert not np.array_equal(fast, stated)
    with excite.accuracy("fast"):
        assert np.array_equal(excite.gelu(X), fast)
        assert np.array_equal(excite.gelu(X, accuracy="stated"), stated)
        with excite.accuracy("stated"):
            assert np.array_equal(excite.gelu(X), stated)
        assert np.array_equal(excite.gelu(X), fast)
    assert np.array_equal(excite.gelu(X), stated)


def test_a_with_ends_where_an_error_leaves_it_and_may_be_used_again():
    chosen = excite.accuracy("fast")
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), chosen, chosen:
            raise ZeroDivisionError
    assert np.array_equal(excite.gelu(X), excite.gelu(X, accuracy="stated"))


def test_a_with_is_for_its_thread():
    found = []
    with excite.accuracy("fast"):
        thread = threading.Thread(target=lambda: found.append(excite.gelu(X)))
        thread.start()
        thread.join()
    assert np.array_equal(found[0], excite.gelu(X))


def test_gradients_and_rows_take_it_too():
    assert not np.array_equal(excite.gelu_grad(X, accuracy="fast"), excite.gelu_grad(X))
    assert excite.softmax(X, accuracy="fast").shape == X.shape


@pytest.mark.parametrize("call", [lambda wrong: excite.accuracy(wrong), lambda wrong: excite.relu(X, accuracy=wrong)])
def test_what_is_no_accuracy_is_refused(call):
    with pytest.raises(ValueError, match="accuracy must be 'exact', 'stated' or 'fast', not 'rough'"):
        call("rough")
    with pytest.raises(TypeError, match="accuracy must be the name of one, not int"):
        call(3)
