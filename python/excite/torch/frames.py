"""Where in the code of a model a call is made, by the frames on the stack."""

from __future__ import annotations

import dataclasses
import os
import sys
from types import CodeType, FrameType
from typing import Any

import torch

_FOLDERS = (os.path.dirname(torch.__file__), os.path.dirname(os.path.dirname(__file__)))
_CALL_IMPL = torch.nn.Module._call_impl.__code__
_IS_OURS: dict[CodeType, bool] = {}


def is_on_stack(identity: int) -> bool:
    """Whether the frame of that `id` has not returned yet."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if id(frame) == identity:
            return True
        frame = frame.f_back
    return False


def frame_of_call() -> int:
    """The `id` of the frame in which a module is being called."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code is not _CALL_IMPL:
        frame = frame.f_back
    return id(frame)


@dataclasses.dataclass(frozen=True)
class Where:
    """The modules that a call is made in, the innermost first, and the place in the code of the model."""

    modules: tuple[str, ...]
    is_activation: bool
    line: Any


def where(model: torch.nn.Module, names: dict[torch.nn.Module, str], within: int | None) -> Where:
    """Where the model, whose modules have these names, makes the call that is being handled."""
    modules, line = [], None
    innermost: torch.nn.Module | None = None
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        if code is _CALL_IMPL:
            module = frame.f_locals.get("self")
            if module in names:
                innermost = module if innermost is None else innermost
                modules.append(names[module])
            if module is model:
                break
        elif line is None and not _is_ours(code):
            line = (code, frame.f_lasti)
        if id(frame) == within:
            break
        frame = frame.f_back
    is_leaf = innermost is not None and not any(innermost.children()) and _is_activation(innermost)
    return Where(tuple(modules) or ("",), is_leaf, line)


def _is_ours(code: CodeType) -> bool:
    """Whether a function is of PyTorch or of this package, and not of the model."""
    found = _IS_OURS.get(code)
    if found is None:
        found = _IS_OURS[code] = code.co_filename.startswith(_FOLDERS) or code.co_filename.startswith("<")
    return found


def _is_activation(module: torch.nn.Module) -> bool:
    kind = type(module).__module__
    return kind == "torch.nn.modules.activation" or kind.startswith("excite.torch")
