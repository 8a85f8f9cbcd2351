"""Whatever is like an array as an array of floats: for what the native functions do not take as it is."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import numpy.typing as npt

_KEPT = ("float16", "float32", "float64", "bfloat16")


def as_array(x: object, name: str) -> npt.NDArray[Any]:
    """An array of floats of 16, 32 or 64 bits, in the machine's byte order; the memory of `x` if that is one."""
    array = _lent(x)
    if array is None:
        array = _array(x, name)
    dtype = array.dtype
    if dtype.name in _KEPT:
        return array if dtype.isnative else array.astype(dtype.newbyteorder("="))
    if dtype.kind in "biu":
        return array.astype(np.float64)
    raise TypeError(
        f"{name} is an array of {dtype}: the functions take floats of 16, 32 and 64 bits, and whole numbers"
    )


def as_out(out: object) -> npt.NDArray[Any]:
    """The array that results go to: the memory of `out`."""
    array = out if isinstance(out, np.ndarray) else _lent(out)
    if array is None:
        raise TypeError(f"out must be an array or a tensor, not {type(out).__name__}")
    return array


def as_like(other: object, like: npt.NDArray[Any], name: str) -> npt.NDArray[Any]:
    """`other` in the type and the shape of `like`."""
    array = as_array(other, name)
    try:
        return np.broadcast_to(array.astype(like.dtype, copy=False), like.shape)
    except ValueError:
        shapes = f"{name} has the shape {array.shape}: it must be {like.shape}, or broadcast to it"
        raise ValueError(shapes) from None


def _array(x: object, name: str) -> npt.NDArray[Any]:
    try:
        return np.asarray(x)
    except ValueError as error:
        raise ValueError(f"{name} cannot be made an array: {error}") from None


def _lent(x: Any) -> npt.NDArray[Any] | None:
    """The memory of a tensor of another library by DLPack; None if it lends none."""
    # What JAX traces has the first of the two methods of DLPack, and no memory.
    if isinstance(x, (np.ndarray, np.generic)) or not (hasattr(x, "__dlpack__") and hasattr(x, "__dlpack_device__")):
        return None
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(x, torch.Tensor):
        return _of_torch(torch, x)
    kind, _ = x.__dlpack_device__()
    if kind != 1:
        device = getattr(x, "device", "another device")
        raise TypeError(f"the array is on {device}, not in the memory of the CPU: bring it there first")
    try:
        return np.from_dlpack(x)
    except (BufferError, RuntimeError, TypeError):
        # NumPy's DLPack lacks bfloat16, which arrays of JAX hand over by ml_dtypes.
        return None


def _of_torch(torch: Any, x: Any) -> npt.NDArray[Any]:
    """The memory of a tensor of PyTorch."""
    if x.device.type != "cpu":
        raise TypeError(f"the tensor is on {x.device}, not in the memory of the CPU: give tensor.cpu()")
    if x.layout != torch.strided:
        raise TypeError(f"the tensor is {x.layout}: give tensor.to_dense()")
    x = x.detach()
    if x.dtype == torch.bfloat16:
        import ml_dtypes

        bits: npt.NDArray[Any] = x.view(torch.int16).numpy()
        return bits.view(ml_dtypes.bfloat16)
    array: npt.NDArray[Any] = x.numpy()
    return array
