"""`watch`: the vitals of a model under training, and the fate of its units."""

from __future__ import annotations

import dataclasses
import os
import weakref
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

import torch
import torch.distributed

from excite.results import Diagnosis, not_looked_at
from excite.torch.deaths import DeathWatch
from excite.torch.report import Look, Report
from excite.torch.selection import Patterns, Selection, check_axes
from excite.torch.sites import Call, Mode, Tracer
from excite.vitals import Vitals

#: Called with the number of the step and the diagnosis so far.
Callback = Callable[[int, Diagnosis], None]


class Watch:
    """What `watch` returns: a context, or a handle to be closed."""

    def __init__(
        self,
        model: torch.nn.Module,
        optimizer: torch.optim.Optimizer | None,
        *,
        every: int,
        probe: Any,
        look_every: int,
        axes: dict[str, int],
        include: Patterns,
        exclude: Patterns,
        name: str | None,
        callback: Callback | None,
    ) -> None:
        self.model, self.every, self.look_every, self.callback = model, every, look_every, callback
        self.vitals = Vitals(name or type(model).__name__)
        self.step = 0
        self.passes = 0
        self.closed = False
        self._producers: dict[str, str] = {}
        self._inputs: dict[str, _Inputs] = {}
        self._roles: dict[str, str] = {}
        self._tracing: Mode | None = None
        selection = Selection(model, include, exclude)
        check_axes(model, axes)
        self._tracer = Tracer(model, axes)
        self._tracer.selects = selection.has
        self._rates = _Rates(model, optimizer)
        self._hooks: list[Any] = []
        self._before: dict[str, torch.Tensor] = {}
        self._looks: list[Look] = []
        self._deaths: DeathWatch | None = None
        try:
            if probe is not None:
                inputs = tuple(probe) if isinstance(probe, (tuple, list)) else (probe,)
                self._deaths = DeathWatch(self._tracer, inputs, self._rates.of)
                if not self._deaths.layers:
                    raise ValueError(_none_found(model))
        except BaseException:
            self._tracer.close()
            raise
        self._hooks.append(model.register_forward_pre_hook(self._begin, prepend=True))
        self._hooks.append(model.register_forward_hook(self._end, always_call=True))
        if optimizer is not None:
            self._hooks.append(optimizer.register_step_pre_hook(self._before_step))
            self._hooks.append(optimizer.register_step_post_hook(self._after_step))

    def report(self) -> Report:
        """What was found so far."""
        events = [] if self._deaths is None else list(self._deaths.events)
        diagnosis = self.vitals.diagnosis(self._incoming(), in_training=True)
        diagnosis = dataclasses.replace(diagnosis, not_seen=_not_seen(self.model))
        return Report(diagnosis, events, self.step, list(self._looks), self.vitals.copy())

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
            self._stop()
            for hook in self._hooks:
                hook.remove()
            self._tracer.close()
            _WATCHED.discard(self.model)

    def __enter__(self) -> Watch:
        self._check_open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _check_open(self) -> None:
        if self.closed:
            raise ValueError("the watch is closed: call watch(model) again")

    def _begin(self, _module: Any, _inputs: Any) -> None:
        if not self.model.training or self._tracing is not None:
            return
        sampled = self.passes % self.every == 0
        self.passes += 1
        if sampled:
            mode = self._tracer.start(self._take, self._take_inputs, self._take_role)
            mode.__enter__()
            self._tracing = mode

    def _end(self, _module: Any, _inputs: Any, output: Any) -> None:
        if self._tracing is not None:
            self._tracing.ends_with(output)
            self._stop()
            if not self.vitals.layers:
                raise ValueError(_none_found(self.model))
            self.vitals.add_run()

    def _stop(self) -> None:
        mode, self._tracing = self._tracing, None
        if mode is not None:
            mode.__exit__(None, None, None)
            self._tracer.stop()

    def _take(self, call: Call) -> None:
        if call.z.device.type != "cpu":
            raise TypeError(f"`{call.name}` works on {call.z.device}: models are watched on the CPU")
        if call.name not in self.vitals.layers:
            self.vitals.add_layer(call.name, call.function, call.units())
        if call.producer is not None:
            self._producers[call.name] = call.producer
        z, a = call.z.float(), call.a.float()
        self.vitals.update(call.name, z.numpy(), a.numpy(), axis=call.axis)

    def _take_inputs(self, layer: str, rows: torch.Tensor) -> None:
        if layer in self._inputs:
            self._inputs[layer].add(rows)
        else:
            self._inputs[layer] = _Inputs(rows)

    def _take_role(self, layer: str, role: str) -> None:
        if layer not in self._roles:
            self._roles[layer] = role
            self.vitals.set_role(layer, role)

    def _incoming(self) -> list[dict[str, Any] | None]:
        """The weights that lead into each layer, with what came in, as far as that was seen."""
        weights = self._weights()

        def of_layer(layer: str) -> dict[str, Any] | None:
            producer = self._producers.get(layer, "")
            if layer not in weights or producer not in self._inputs:
                return None
            weight = weights[layer].detach().float()
            bias = getattr(self.model.get_submodule(producer), "bias", None)
            bias = torch.zeros(weight.shape[0]) if bias is None else bias.detach().float()
            inputs = self._inputs[producer]
            # Of a model that has diverged there is nothing to conclude.
            if not all(values.isfinite().all() for values in (weight, bias, inputs.low, inputs.high, inputs.sum)):
                return None
            return {"weights": weight.flatten().tolist(), "bias": bias.tolist(), **inputs.figures()}

        return [of_layer(layer) for layer in self.vitals.layers]

    def _weights(self) -> dict[str, torch.Tensor]:
        """The weights that lead into each layer, where there is a row for each unit."""
        found = {}
        for layer, producer in self._producers.items():
            weight = getattr(self.model.get_submodule(producer), "weight", None)
            if weight is not None and weight.dim() >= 2 and weight.shape[0] == self.vitals.units(layer):
                found[layer] = weight
        return found

    def _before_step(self, *_: Any) -> None:
        if self.step % self.every != 0:
            return
        for layer, weight in self._weights().items():
            if weight.grad is not None:
                self.vitals.update_gradient(layer, weight.grad.float().numpy())
                self._before[layer] = weight.detach().clone()

    def _after_step(self, *_: Any) -> None:
        self.step += 1
        for layer, before in self._before.items():
            after = self._weights()[layer].detach()
            norm = float(before.norm())
            if norm > 0:
                self.vitals.update_step(layer, float((after - before).norm()) / norm)
        self._before.clear()
        if self._deaths is not None and self.step % self.look_every == 0:
            self._deaths.look(self.step)
        if self.step % self.look_every == 0 and self.vitals.layers:
            self._looks.append(Look.at(self.vitals, self.step))
        if self.callback is not None and self.step % self.look_every == 0 and self.vitals.layers:
            self.callback(self.step, self.vitals.diagnosis(in_training=True))


class _Inputs:
    """The range and the mean of each input of a layer."""

    def __init__(self, rows: torch.Tensor) -> None:
        self.count, self.sum = rows.shape[0], rows.double().sum(0)
        self.low, self.high = rows.amin(0), rows.amax(0)

    def add(self, rows: torch.Tensor) -> None:
        """Add a batch."""
        self.count += rows.shape[0]
        self.sum += rows.double().sum(0)
        self.low, self.high = torch.minimum(self.low, rows.amin(0)), torch.maximum(self.high, rows.amax(0))

    def figures(self) -> dict[str, Any]:
        """As the diagnosis takes them."""
        ranges = zip(self.low.tolist(), self.high.tolist(), strict=True)
        inputs = [{"low": low, "high": high} for low, high in ranges]
        return {"inputs": inputs, "input_means": (self.sum / self.count).tolist()}


class _Rates:
    """The learning rate of each parameter."""

    def __init__(self, model: torch.nn.Module, optimizer: torch.optim.Optimizer | None) -> None:
        self.model, self.optimizer = model, optimizer

    def of(self, name: str) -> float | None:
        """The rate now; None where no optimiser trains the parameter."""
        wanted = dict(self.model.named_parameters()).get(name)
        for group in self.optimizer.param_groups if self.optimizer is not None else []:
            if any(parameter is wanted for parameter in group["params"]):
                return float(group["lr"])
        return None


_WATCHED: weakref.WeakSet[torch.nn.Module] = weakref.WeakSet()


def watch(
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer | None = None,
    *,
    every: int = 10,
    probe: torch.Tensor | Sequence[Any] | None = None,
    look_every: int = 100,
    axes: dict[str, int] | None = None,
    include: Patterns = None,
    exclude: Patterns = None,
    name: str | None = None,
    callback: Callback | None = None,
) -> Watch:
    """Watch the activations of a model under training.

    The values of every `every`-th forward pass in training mode are taken in. With the `optimizer`, gradients and
    updates are too; with a `probe`, a batch of inputs, the fate of each unit on it is followed: it is looked at every
    `look_every` steps, and where a unit has died, the part of the update that killed it is found out. `axes` has the
    axis of the units by the names of layers, where it is not the one that the layer before tells. `include` and
    `exclude` choose what is watched, by the names of modules or patterns of them (`"layer4.*"`): a module stands for
    all that is in it. `callback` is called at each look.

    Raises TypeError for an object that is no model, a compiled model, or one that is not on the CPU; ValueError for one
    that is watched already, or, in its first pass, has no activations.
    """
    if not isinstance(model, torch.nn.Module):
        raise TypeError(f"model must be a torch.nn.Module, not {type(model).__name__}")
    if hasattr(model, "_orig_mod") or getattr(model, "_compiled_call_impl", None) is not None:
        raise TypeError(
            "a compiled model runs without the calls that are watched: watch it before torch.compile, uncompiled"
        )
    if any(isinstance(module, torch.jit.ScriptModule) for module in model.modules()):
        raise TypeError("a scripted model runs without the calls that are watched: watch the model it was made from")
    for parameter in model.parameters():
        if parameter.device.type != "cpu":
            raise TypeError(f"the model is on {parameter.device}: models are watched on the CPU")
    if every < 1 or look_every < 1:
        raise ValueError("every and look_every must be at least 1")
    if model in _WATCHED:
        raise ValueError("the model is watched already: close that watch first")
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
    _WATCHED.add(model)
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


def _none_found(model: torch.nn.Module) -> str:
    none = f"no activation function was called in {type(model).__name__}: there is nothing to watch"
    return "; ".join([none, *not_looked_at(_not_seen(model))])


def _not_seen(model: torch.nn.Module) -> dict[str, str]:
    """The recurrent layers and cells: one call of PyTorch does all that is in them."""
    kinds = (torch.nn.RNNBase, torch.nn.RNNCellBase)
    why = "its functions run inside PyTorch; excite.check() finds those of LSTM and GRU in the model exported to ONNX"
    return {name or type(one).__name__: why for name, one in model.named_modules() if isinstance(one, kinds)}
