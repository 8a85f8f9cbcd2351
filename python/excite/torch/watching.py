"""`watch`: the vitals of a model under training, and the fate of its units."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
import warnings
import weakref
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

import torch
import torch.distributed

from excite.results import Diagnosis, not_looked_at
from excite.torch.collecting import Collector
from excite.torch.deaths import DeathWatch, Event
from excite.torch.mode import Mode
from excite.torch.passes import Passes
from excite.torch.report import Look, Report
from excite.torch.selection import Patterns, Selection, check_axes
from excite.torch.sites import Tracer
from excite.torch.training import Training
from excite.torch.windows import Gone, Windows
from excite.vitals import Vitals, _incoming

#: Called with the number of the step and the diagnosis so far.
Callback = Callable[[int, Diagnosis], None]


class Watch:
    """What `watch` returns: a context, or a handle to be closed."""

    def __init__(
        self,
        model: torch.nn.Module,
        optimizer: torch.optim.Optimizer | None,
        *,
        every: int | None,
        probe: Any,
        look_every: int,
        axes: dict[str, int],
        include: Patterns,
        exclude: Patterns,
        name: str | None,
        callback: Callback | None,
    ) -> None:
        # A compiled model is called through a wrapper; its layers are those of the model within.
        inner = getattr(model, "_orig_mod", model)
        self.model, self.optimizer = inner, optimizer
        self.every, self.look_every, self.callback = every, look_every, callback
        self.step = 0
        self.closed = False
        self._called = model
        self._name = name or type(inner).__name__
        self._windows = Windows(self._name)
        self._tracer = Tracer(inner, axes)
        self._tracer.selects = Selection(inner, include, exclude).has
        self._looks: list[Look] = []
        self._training = Training(inner, optimizer, self._windows)
        self._collector = Collector(self._tracer, self._windows, self._training)
        self._passes = Passes(self._tracer, every, self._start, self._end)
        self._is_sampled = False
        self._has_probe = probe is not None
        self._deaths: DeathWatch | None = None
        self._hooks: list[Any] = []
        if probe is not None:
            self._deaths = DeathWatch(self._tracer, probe, self._training.rate_of)
            if not self._deaths.layers:
                raise ValueError(_none_found(inner, self._tracer.not_seen))
        self._passes.hook(model)
        if type(inner).forward is torch.nn.Module.forward:
            self._passes.hook_parts()
        if optimizer is not None:
            self._hooks.append(optimizer.register_step_pre_hook(self._before_step))
            self._hooks.append(optimizer.register_step_post_hook(self._after_step))

    @property
    def vitals(self) -> Vitals:
        """The vitals of all that was seen."""
        return self._windows.whole()

    @property
    def passes(self) -> int:
        """The number of passes in training."""
        return self._passes.trained

    def watch_parts(self) -> None:
        """See the calls of the parts of the model too: for models that are seldom called themselves."""
        self._passes.hook_parts()

    def loss(self, value: Any) -> None:
        """Tell the loss of a step, a number or a tensor: whether it falls is evidence that nothing else gives.

        It is not read at once, so that no device is waited for.
        """
        try:
            self._training.loss(value)
        except Exception as error:
            self._tracer.leave_out("the loss", error)

    def errors(
        self,
        *,
        train_error: float,
        test_error: float | None = None,
        classes: int = 0,
        chance: float | None = None,
        test_samples: int = 0,
    ) -> None:
        """Tell the errors of an epoch: of `classes` the share that is wrong, else relative to guessing the mean.

        `chance` is the error of guessing, by default that of equally frequent classes.
        """
        known = self._training.known
        known["classes"], known["train_error"] = classes, float(train_error)
        known["chance"] = chance if chance is not None else 1 - 1 / classes if classes else 1.0
        known["lowest_train_error"] = min(known.get("lowest_train_error", float("inf")), float(train_error))
        if test_error is not None:
            known["lowest_test_error"] = min(known.get("lowest_test_error", float("inf")), float(test_error))
            known["test_samples"] = test_samples
        known["epochs"] = known.get("epochs", 0) + 1

    def report(self) -> Report:
        """What was found so far."""
        events = [] if self._deaths is None else list(self._deaths.events)
        recent = self._windows.recent()
        return Report(self._diagnosis(recent), events, self.step, list(self._looks), recent)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the vitals, which `excite merge` joins with those of other processes."""
        self.vitals.save(path)

    def all_reduce(self, group: Any = None) -> Vitals:
        """The vitals of all ranks of torch.distributed together, the same on each.

        Raises ValueError on each of them if they watch different models, and if the handle is closed.
        """
        self._check_open()
        if not torch.distributed.is_initialized():
            raise RuntimeError("torch.distributed is not initialised: call init_process_group() first")
        gathered: list[Any] = [None] * torch.distributed.get_world_size(group)
        torch.distributed.all_gather_object(gathered, self.vitals.to_bytes(), group=group)
        merged = Vitals.from_bytes(gathered[0])
        for content in gathered[1:]:
            merged.merge(Vitals.from_bytes(content))
        return merged

    def close(self) -> None:
        """Take everything out of the model; what was found stays."""
        if not self.closed:
            self.closed = True
            self._passes.close()
            for hook in self._hooks:
                hook.remove()
            self._tracer.close()
            if _WATCHED.get(self.model, _no_watch)() is self:
                del _WATCHED[self.model]

    def __enter__(self) -> Watch:
        self._check_open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __deepcopy__(self, memo: dict[int, Any]) -> None:
        """A copy of a model is not watched."""

    def _check_open(self) -> None:
        if self.closed:
            raise ValueError("the watch is closed: call watch(model) again")

    # During the training. Nothing of it may raise.

    def _start(self, one: Any, number: int) -> Mode:
        if self.optimizer is None and number % self.look_every == 0 and number > 0:
            self._look(number)
        if one.arguments:
            self._training.take_input(one.arguments[0])
        step = self.step if self.optimizer is not None else self._passes.trained
        return self._collector.start(step, batch=one.batch, within=one.frame, inputs=one.inputs)

    def _end(self, _output: Any) -> None:
        self._is_sampled = True
        self._windows.open.add_run()

    def _before_step(self, *_: Any) -> None:
        if self._is_sampled:
            try:
                self._training.before_step()
            except Exception as error:
                self._tracer.leave_out("the gradients", error)

    def _after_step(self, *_: Any) -> None:
        self.step += 1
        try:
            self._passes.step()
            if self._is_sampled:
                self._is_sampled = False
                self._training.after_step()
        except Exception as error:
            self._tracer.leave_out("the updates", error)
        if self.step % self.look_every == 0:
            self._look(self.step)

    def _look(self, step: int) -> None:
        if self._deaths is not None and self.optimizer is not None:
            self._passes.is_paused = True
            try:
                self._deaths.look(step)
            except Exception as error:
                self._tracer.leave_out("the probe", error)
            finally:
                self._passes.is_paused = False
        try:
            if self.callback is not None and self._windows.functions:
                self.callback(step, self._diagnosis(self._windows.recent()))
        except Exception as error:
            self._tracer.leave_out("the callback", error)
        try:
            if self._windows.functions:
                self._looks.append(Look.at(self._windows.recent(), step))
            self._windows.look()
        except Exception as error:
            self._tracer.leave_out("the look", error)

    # What it comes to.

    def _diagnosis(self, recent: Vitals) -> Diagnosis:
        not_seen = {**recurrent(self.model), **self._tracer.not_seen}
        gone = self._windows.gone(recent)
        deaths = [dataclasses.asdict(one) for one in gone] + self._killed(gone)
        evidence: dict[str, Any] = {"in_training": True, "deaths": deaths, "not_looked_at": len(not_seen)}
        why = self._why_nothing()
        if why is not None:
            evidence["nothing_seen"] = why
        if self.optimizer is not None and self._windows.samples(recent):
            evidence["training"] = {**self._training.figures(recent), **self._units(recent, gone)}
            evidence["training"]["diverged"] |= self._has_diverged(recent)
        given = [_incoming(layer) for layer in self._training.incoming(recent)]
        start = self._windows.beginning()._native
        text = recent._native.diagnosis(given, json.dumps(evidence, allow_nan=False), start)
        if self._windows.functions:
            never = set(self._tracer.axes) - {*self._windows.functions, *not_seen}
            not_seen |= dict.fromkeys(sorted(never), "axes names it, and no such call was seen")
        return dataclasses.replace(Diagnosis.from_json(text), not_seen=not_seen)

    def _killed(self, gone: list[Gone]) -> list[dict[str, Any]]:
        """The units of other layers that died on the probe, and did not come back."""
        if self._deaths is None:
            return []
        known = {one.layer for one in gone}
        killed: dict[str, list[Event]] = {}
        for (layer, _), event in self._deaths.dead().items():
            if event.event == "killed" and layer not in known:
                killed.setdefault(layer, []).append(event)
        return [
            {
                "layer": layer,
                "units": sorted(event.unit for event in events),
                "alive_at": min(event.step for event in events) - self.look_every,
                "silent_at": max(event.step for event in events),
            }
            for layer, events in killed.items()
        ]

    def _units(self, recent: Vitals, gone: list[Gone]) -> dict[str, int]:
        """How many hidden units there are, how many were born dead, and how many died."""
        hidden = [name for name in recent.layers if self._collector.roles.get(name, "hidden") == "hidden"]
        units = sum(recent.units(name) for name in hidden)
        # On a few samples many units are silent.
        if self._windows.samples(recent) < _FEW and (self._deaths is None or self._deaths.samples < _FEW):
            return {"units": units, "born_dead": 0, "died": 0}
        dead = sum(len(recent._native.dead(place)) for place, name in enumerate(recent.layers) if name in hidden)
        died = sum(len(one.units) for one in gone if one.layer in hidden)
        found = {"units": units, "born_dead": dead - died, "died": died}
        if self._deaths is not None and self._deaths.samples >= _FEW:
            events = [event for (layer, _), event in self._deaths.dead().items() if layer in hidden]
            born = sum(1 for event in events if event.event == "born dead")
            found["born_dead"] = max(found["born_dead"], born)
            found["died"] = max(died, len(events) - born)
        return found

    def _has_diverged(self, recent: Vitals) -> bool:
        return any(recent._native.not_finite(place) > 0 for place in range(len(recent.layers)))

    def _why_nothing(self) -> str | None:
        """Why nothing was seen of what was to be looked at; None where something was."""
        passes = self._passes
        if passes.looked_at == 0:
            if passes.evaluated and not passes.trained:
                return "the model was in evaluation mode: call model.train()"
            if passes.trained == 0 and "torch._dynamo" in sys.modules:
                unseen = "the model was not called, or runs compiled without an optimizer"
                return f"no values reached any of the layers: {unseen}"
            if passes.trained == 0 and self.step == 0:
                return "no values reached any of the layers: the model was not called"
            if not self._tracer.not_seen:
                return "the model was not called itself: watch the part that is"
            return "no pass could be looked at"
        if not self._windows.functions:
            return "no activation function that excite knows was called"
        if self._has_probe and self.optimizer is None:
            return "units are followed on the probe by the steps of an optimizer, and none was given"
        return None


#: The samples under which nothing is concluded from units that were silent.
_FEW = 30


def _no_watch() -> None:
    return None


_WATCHED: weakref.WeakKeyDictionary[torch.nn.Module, Any] = weakref.WeakKeyDictionary()


def watch(
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer | None = None,
    *,
    every: int | None = None,
    probe: torch.Tensor | Sequence[Any] | None = None,
    look_every: int = 100,
    axes: dict[str, int] | None = None,
    include: Patterns = None,
    exclude: Patterns = None,
    name: str | None = None,
    callback: Callback | None = None,
) -> Watch:
    """Watch the activations of a model under training.

    The values of one of `every` forward passes in training mode are taken in; by default one of 10 of the first 200
    passes, and one of 40 of those after them. With the `optimizer`, gradients and
    updates are too; with a `probe`, a batch of inputs, the fate of each unit on it is followed: it is looked at every
    `look_every` steps, and where a unit has died, the part of the update that killed it is found out. `axes` has the
    axis of the units by the names of layers, where it is not the one that the layer before tells. `include` and
    `exclude` choose modules by their names or by patterns (`"layer4.*"`): a module stands for
    all that is in it. `callback` is called at each look.

    The model may be on any device and compiled. Nothing of a watch raises within a pass or a step: what cannot be
    looked at is named in the report.

    Raises TypeError for an object that is no model, or is scripted; ValueError for a probe that reaches no activation,
    and for modules and `axes` of places that are not in the model. A model that is watched already gets the new watch.
    """
    if not isinstance(model, torch.nn.Module):
        raise TypeError(f"model must be a torch.nn.Module, not {type(model).__name__}")
    if any(isinstance(module, torch.jit.ScriptModule) for module in model.modules()):
        raise TypeError("a scripted model runs without the calls that are watched: watch the model it was made from")
    if (every is not None and every < 1) or look_every < 1:
        raise ValueError("every and look_every must be at least 1")
    inner = getattr(model, "_orig_mod", model)
    check_axes(inner, axes or {})
    Selection(inner, include, exclude)
    before = _WATCHED.get(inner, _no_watch)()
    if before is not None:
        warnings.warn("the model was watched already: that watch is closed, and this one takes its place", stacklevel=2)
        before.close()
    handle = Watch(
        model,
        optimizer,
        every=every,
        probe=probe,
        look_every=look_every,
        axes=axes or {},
        include=include,
        exclude=exclude,
        name=name,
        callback=callback,
    )
    _WATCHED[inner] = weakref.ref(handle)
    return handle


def scalars(diagnosis: Diagnosis) -> dict[str, float]:
    """The share of dead and saturated units and the mean activation of each layer, as loggers take them."""
    found = {}
    for layer in diagnosis.layers:
        if layer.saturated_units is not None:
            found[f"excite/{layer.name}/dead"] = len(layer.dead) / layer.units
            found[f"excite/{layer.name}/saturated"] = layer.saturated_units / layer.units
        found[f"excite/{layer.name}/mean"] = layer.mean
    return found


def tensorboard(writer: Any) -> Callback:
    """A callback that writes the `scalars` of each look.

    `writer` is a SummaryWriter of PyTorch, or has its `add_scalar`.
    """

    def write(step: int, diagnosis: Diagnosis) -> None:
        for name, value in scalars(diagnosis).items():
            writer.add_scalar(name, value, step)

    return write


def _none_found(model: torch.nn.Module, not_seen: dict[str, str]) -> str:
    none = f"no activation function was called in {type(model).__name__}: there is nothing to watch"
    return "; ".join([none, *not_looked_at({**recurrent(model), **not_seen})])


def recurrent(model: torch.nn.Module) -> dict[str, str]:
    """The recurrent layers and cells: one call of PyTorch does all that is in them."""
    kinds = (torch.nn.RNNBase, torch.nn.RNNCellBase)
    why = "its functions run inside PyTorch; excite.check() finds those of LSTM and GRU in the model exported to ONNX"
    return {name or type(one).__name__: why for name, one in model.named_modules() if isinstance(one, kinds)}
