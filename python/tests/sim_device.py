"""A device `sim` in pure Python, for tests without an accelerator.

Tensors say that they are on sim:0, their data lie in tensors of the CPU out of sight, each transfer to the host
(`.item()`, `.tolist()`, `.cpu()`, `bool()`) is counted, and `.numpy()` raises as on other accelerators.
"""

import torch
from torch.utils._pytree import tree_map
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

_setup_privateuseone_for_python_backend("sim")
#: The operator and the bytes of each transfer to the host.
TRANSFERS = []
# By the address of the storage, which shallow copies (detach, Parameter) share.
_RAW = {}


def _raw(tensor):
    return _RAW[tensor.untyped_storage()._cdata][0]


class SimTensor(torch.Tensor):
    @staticmethod
    def __new__(cls, raw):
        tensor = torch._C._acc.create_empty_tensor(raw.shape, raw.dtype)
        tensor.__class__ = SimTensor
        _RAW[tensor.untyped_storage()._cdata] = (raw, tensor.untyped_storage())
        return tensor

    def __init__(self, raw):
        pass

    def __repr__(self):
        return f"sim{tuple(self.shape)}"


def _is_sim(value):
    return isinstance(value, torch.Tensor) and value.device.type == "sim"


def _fallback(op, *arguments, **keywords):
    """Every operator, on the tensors out of sight."""
    to = keywords.get("device")
    if to is not None and torch.device(to).type != "sim" and any(map(_is_sim, arguments)):
        TRANSFERS.append((op.name(), arguments[0].numel() * arguments[0].element_size()))
        return op(*[_raw(value) if _is_sim(value) else value for value in arguments], **keywords)
    seen = {}

    def unwrapped(value):
        if _is_sim(value):
            raw = _raw(value)
            seen[id(raw)] = value
            return raw
        if isinstance(value, torch.device) and value.type == "sim":
            return torch.device("cpu")
        return value

    arguments, keywords = tree_map(unwrapped, arguments), tree_map(unwrapped, keywords)
    # Numbers that came as tensors of no dimension are handed over as numbers.
    numbers = (int, float)
    arguments = [
        torch.tensor(value)
        if isinstance(value, numbers) and not isinstance(value, bool) and str(given.type) == "Tensor"
        else value
        for value, given in zip(arguments, op._schema.arguments, strict=False)
    ]
    # The wrappers have the strides of contiguous tensors: where the data are not, a view has to copy.
    if op.name() in ("aten::view", "aten::_unsafe_view"):
        out = arguments[0].reshape(arguments[1])
    elif op.name() == "aten::view.dtype":
        out = arguments[0].contiguous().view(arguments[1]).clone()
    else:
        out = op(*arguments, **keywords)
    shared = {_raw(value).untyped_storage().data_ptr() for value in seen.values()}
    out = tree_map(
        lambda value: (
            value.contiguous()
            if isinstance(value, torch.Tensor) and value.untyped_storage().data_ptr() not in shared
            else value
        ),
        out,
    )
    return tree_map(
        lambda value: (
            seen[id(value)] if id(value) in seen else SimTensor(value) if isinstance(value, torch.Tensor) else value
        ),
        out,
    )


def _empty(size, dtype=None, layout=None, device=None, pin_memory=None, memory_format=None):
    return SimTensor(torch.empty(size, dtype=dtype or torch.get_default_dtype()))


def _empty_strided(size, stride, dtype=None, layout=None, device=None, pin_memory=None):
    return SimTensor(torch.empty_strided(size, stride, dtype=dtype or torch.get_default_dtype()))


def _copy_from(source, target, non_blocking=False):
    if target.device.type != "sim":
        TRANSFERS.append(("copy to host", target.numel() * target.element_size()))
        target.copy_(_raw(source))
    elif source.device.type != "sim":
        _raw(target).copy_(source)
    else:
        _raw(target).copy_(_raw(source))
    return target


def _item(tensor):
    TRANSFERS.append(("item", tensor.element_size()))
    return _raw(tensor).item()


def _convolution(x, weight, bias, *rest):
    return SimTensor(torch.ops.aten.convolution(_raw(x), _raw(weight), None if bias is None else _raw(bias), *rest))


def _convolution_backward(gradient, x, weight, stride, padding, dilation, transposed, output, groups, mask):
    sizes = [weight.shape[1] * groups if transposed else weight.shape[0]]
    rest = (stride, padding, dilation, transposed, output, groups, mask)
    found = torch.ops.aten.convolution_backward(_raw(gradient), _raw(x), _raw(weight), sizes, *rest)
    return tuple(None if one is None else SimTensor(one) for one in found)


_all = torch.library.Library("_", "IMPL")
_all.fallback(_fallback, "PrivateUse1")
_aten = torch.library.Library("aten", "IMPL")
for _name, _function in {
    "empty.memory_format": _empty,
    "empty_strided": _empty_strided,
    "_copy_from": _copy_from,
    "_local_scalar_dense": _item,
    "convolution_overrideable": _convolution,
    "convolution_backward_overrideable": _convolution_backward,
}.items():
    _aten.impl(_name, _function, "PrivateUse1")
