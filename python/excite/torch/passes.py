"""The forward passes of a model: which of them are looked at, and that nothing of a look outlasts them."""

from __future__ import annotations

import collections
import sys
import threading
from collections.abc import Callable
from typing import Any

import torch
from torch.overrides import _get_current_function_mode_stack, _pop_mode, _push_mode

from excite.torch.frames import frame_of_call, is_on_stack
from excite.torch.mode import Mode
from excite.torch.sites import Tracer
from excite.torch.tags import tensors_in

_DICTS = ("_forward_pre_hooks", "_forward_hooks")
_FLAGS = ("_forward_pre_hooks_with_kwargs", "_forward_hooks_always_called")


#: Most goes wrong early: of that many passes one in ten is looked at, of those after them one in forty.
FIRST = 200
_OFTEN, _SELDOM = 10, 40


def is_sampled(number: int, every: int | None) -> bool:
    """Whether the pass of that number is looked at: one of `every`, which one is as good as random.

    Every tenth would see the same half of what takes turns. None is one of ten at first, later one of forty.
    """
    if every is None:
        number, every = (number, _OFTEN) if number < FIRST else (number - FIRST, _SELDOM)
    block, place = divmod(number, every)
    # Knuth's multiplicative hash. The first pass is always looked at.
    return place == ((block * 0x9E3779B1 & 0xFFFFFFFF) >> 16) % every


class _Held(tuple):  # type: ignore[type-arg]
    """The arguments of a pass, which are held by its frame: they go when that goes, whatever ends it."""

    passes: Passes

    def __del__(self) -> None:
        self.passes.left()


class _Hook:
    """A hook of a model that copies and files of the model are without."""

    def __init__(self, call: Callable[..., Any]) -> None:
        self.call = call

    def __call__(self, *arguments: Any) -> Any:
        # Within a compiled graph nothing is looked at, and nothing breaks it.
        if torch.compiler.is_compiling():
            return None
        return self.call(*arguments)


class Passes:
    """Sees the passes of a model, and has some of them traced."""

    def __init__(
        self, tracer: Tracer, every: int | None, start: Callable[[Any, int], Mode], end: Callable[[Any], None]
    ) -> None:
        self.tracer, self.every = tracer, every
        self._start, self._end = start, end
        #: The numbers of passes in training, of others, and of passes that were looked at.
        self.trained = self.evaluated = self.looked_at = 0
        #: Whether the model was called since that was set to False.
        self.was_called = False
        self.is_paused = False
        self._hooked: dict[torch.nn.Module, list[Any]] = {}
        self._lock = threading.Lock()
        self._mode: Mode | None = None
        self._thread: int | None = None
        self._outer: dict[int, int] = {}
        self._stance: Any = None
        self._is_armed = False
        #: Steps before which no pass was seen.
        self._unseen = 0

    def hook(self, module: torch.nn.Module) -> None:
        """See the calls of a module, as passes of the model where they are in no other."""
        if module in self._hooked:
            return
        before, after = _Hook(self._begin), _Hook(self._leave)
        self._hooked[module] = [
            module.register_forward_pre_hook(before, prepend=True, with_kwargs=True),
            module.register_forward_hook(after, always_call=True),
        ]
        # Where copying and pickling look for it first.
        module.__dict__["__getstate__"] = lambda: _state_without_hooks(module)

    def hook_parts(self) -> None:
        """See the calls of parts: the model is not called itself."""
        queue = collections.deque(self.tracer.model.children())
        while queue:
            module = queue.popleft()
            if type(module).forward in (torch.nn.Module.forward, torch.nn.ModuleList.forward):
                queue.extend(module.children())
            else:
                self.hook(module)

    def close(self) -> None:
        """Take everything out of the model."""
        self._stop()
        self._disarm()
        for module, handles in self._hooked.items():
            for handle in handles:
                handle.remove()
            module.__dict__.pop("__getstate__", None)
        self._hooked.clear()

    def step(self) -> None:
        """A step was taken: where no pass was seen before it, the model runs compiled, or by its parts."""
        is_unseen = not self.was_called and self.tracer.model.training and bool(self._hooked)
        if is_unseen and self.trained == 0 and self.evaluated == 0:
            self.hook_parts()
        was_armed = self._is_armed
        self._disarm()
        if (is_unseen or was_armed) and "torch._dynamo" in sys.modules:
            # Perhaps it runs compiled: then the next pass runs as it is written.
            if is_sampled(self._unseen, self.every):
                self._arm()
            self._unseen += 1
        self.was_called = False

    # A pass.

    def _begin(self, module: torch.nn.Module, arguments: Any, keywords: Any) -> Any:
        try:
            return self._begun(module, arguments, keywords)
        except Exception as error:
            self.tracer.leave_out("a pass", error)
            self._stop()
            return None

    def _begun(self, module: torch.nn.Module, arguments: Any, keywords: Any) -> Any:
        if self._is_passed_by(module):
            return None
        if self.is_paused or torch.jit.is_tracing():
            return None
        thread, frame = threading.get_ident(), frame_of_call()
        outer = self._outer.get(thread)
        if outer is not None and outer != frame and is_on_stack(outer):
            # Within another pass.
            return None
        self._outer[thread] = frame
        self.was_called = True
        if self._thread == thread:
            # The last pass was left by an exception that reaches no hook.
            self._stop()
        if not module.training:
            self.evaluated += 1
            return None
        number = self.trained
        self.trained += 1
        if not (self._is_armed or is_sampled(number, self.every)) or not self._lock.acquire(blocking=False):
            return None
        try:
            return self._look(number, thread, frame, arguments, keywords)
        except BaseException:
            self._stop()
            raise

    def _is_passed_by(self, module: torch.nn.Module) -> bool:
        """Whether a pass need only be counted, which most passes of a model that is called as a whole need."""
        number = self.trained
        if len(self._hooked) > 1 or self._thread is not None or self._is_armed or self.is_paused:
            return False
        if not module.training or is_sampled(number, self.every) or torch.jit.is_tracing():
            return False
        self.trained, self.was_called = number + 1, True
        return True

    def _look(self, number: int, thread: int, frame: int, arguments: Any, keywords: Any) -> Any:
        self._thread = thread
        if torch._C._functorch.peek_interpreter_stack() is not None:
            self.tracer.leave_out("passes under torch.func", "vmap and grad of torch.func hide the values")
            self._stop()
            return None
        # Compiled parts of the model run as they are written for this pass.
        if "torch._dynamo" in sys.modules and not self._is_armed:
            self._stance = torch.compiler.set_stance("force_eager")
        batch = next((one.shape[0] for one in tensors_in((arguments, keywords), 3) if one.dim() > 0), None)
        self._mode = self._start(_Pass(batch, frame, arguments, keywords), number)
        self._mode.__enter__()
        held = _Held((arguments, keywords))
        held.passes = self
        return held

    def _leave(self, module: torch.nn.Module, _arguments: Any, output: Any) -> None:
        if not self._outer:
            return
        try:
            thread = threading.get_ident()
            if self._outer.get(thread) != frame_of_call():
                return
            del self._outer[thread]
            if self._thread != thread or self._mode is None:
                return
            self._mode.ends_with(output)
            self._stop()
            self.looked_at += 1
            self._end(output)
        except Exception as error:
            self.tracer.leave_out("a pass", error)
            self._stop()

    def left(self) -> None:
        """The frame of a pass is gone, or has let its arguments go."""
        thread = threading.get_ident()
        outer = self._outer.get(thread)
        if self._thread == thread and (outer is None or not is_on_stack(outer)):
            self._outer.pop(thread, None)
            self._stop()

    def _stop(self) -> None:
        """End the look at a pass, if there is one."""
        mode, self._mode = self._mode, None
        if mode is not None:
            mode.end()
            _take_out(mode)
            self.tracer.stop()
        if not self._is_armed:
            # An armed one stays until the step: whoever runs a compiled model looks at it on the way out.
            self._reset_stance()
        if self._thread is not None:
            self._thread = None
            self._lock.release()

    # Compiled models.

    def _arm(self) -> None:
        self._is_armed = True
        self._stance = torch.compiler.set_stance("force_eager")

    def _disarm(self) -> None:
        if self._is_armed:
            self._is_armed = False
            self._reset_stance()

    def _reset_stance(self) -> None:
        stance, self._stance = self._stance, None
        if stance is not None:
            stance.__exit__(None, None, None)


class _Pass:
    """A pass that is looked at."""

    def __init__(self, batch: int | None, frame: int, arguments: Any, keywords: Any) -> None:
        self.batch, self.frame, self.arguments = batch, frame, arguments
        self.inputs = (arguments, keywords)


def _take_out(mode: Mode) -> None:
    """Take a mode out of the stack, wherever in it it is."""
    above = []
    while mode in _get_current_function_mode_stack():
        top = _pop_mode()
        if top is mode:
            break
        above.append(top)
    for one in reversed(above):
        _push_mode(one)


def _state_without_hooks(module: torch.nn.Module) -> Any:
    """The state of a module for copies and files: all but the hooks of a watch."""
    of_class = getattr(type(module), "__getstate__", None)
    state = of_class(module) if of_class is not None else module.__dict__
    if not isinstance(state, dict):
        return state
    state = dict(state)
    state.pop("__getstate__", None)
    ours = {key for name in _DICTS for key, hook in getattr(module, name).items() if isinstance(hook, _Hook)}
    for name in (*_DICTS, *_FLAGS):
        if name in state:
            kept = [(key, value) for key, value in state[name].items() if key not in ours]
            state[name] = collections.OrderedDict(kept)
    return state
