"""`check`: what is wrong with the activations of a trained model, as it is, without a file between."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch

from excite._progress import Progress, Shown
from excite.results import Diagnosis, not_looked_at
from excite.torch.collecting import Collector
from excite.torch.selection import Patterns, Selection, check_axes
from excite.torch.sites import Tracer
from excite.torch.tags import tensors_in
from excite.torch.training import Training
from excite.torch.watching import recurrent
from excite.torch.windows import Windows


def check(
    model: torch.nn.Module,
    data: Any,
    *,
    batches: int | None = None,
    forward: Callable[[torch.nn.Module, Any], Any] | None = None,
    axes: Mapping[str, int] | None = None,
    include: Patterns = None,
    exclude: Patterns = None,
    name: str | None = None,
    html: str | os.PathLike[str] | None = None,
    progress: Shown = None,
) -> Diagnosis:
    """What is wrong with the activations of a trained model: what `excite.check` finds in its export, in its own names.

    `data` are batches: a DataLoader or another iterable, of which at most `batches` are used; or one batch, as a tensor
    or a dict. Of a batch that is a tuple or list, as (inputs, labels), the first part goes into the model; a dict goes
    in by its keys; `forward` is called with the model and the batch where that is not right. Batches are brought to the
    device of the model.

    The model runs in evaluation mode, and is left as it was; a compiled one runs uncompiled. `axes` has the axis of the
    units by the names of layers. `include` and `exclude` choose modules by name or pattern (`"layer4.*"`). `html` is a
    file to write, and `progress` as for `excite.check`.

    Raises TypeError for an object that is no model, ValueError if there are no batches or no activations, or a name is
    not known.

    >>> import torch
    >>> from excite.torch import check
    >>> model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.ReLU())
    >>> _ = torch.nn.init.constant_(model[0].bias, -100.0)
    >>> check(model, torch.rand(500, 2)).layers[0].dead
    [0, 1]
    """
    if not isinstance(model, torch.nn.Module):
        raise TypeError(f"model must be a torch.nn.Module, not {type(model).__name__}")
    model = getattr(model, "_orig_mod", model)
    if any(isinstance(module, torch.jit.ScriptModule) for module in model.modules()):
        raise TypeError("a scripted model runs without the calls that are looked at: check the model it was made from")
    if batches is not None and batches < 1:
        raise ValueError(f"batches must be at least 1, not {batches}")
    check_axes(model, axes or {})
    given = _batches(data)
    seen = _Seen(model, name or type(model).__name__, dict(axes or {}), Selection(model, include, exclude))
    total = _length(given, batches)
    with Progress(progress) as shown, _evaluating(model):
        for done, batch in enumerate(given):
            if done == batches:
                break
            shown(done, total, "batches", [])
            seen.look(batch, forward)
    return seen.diagnosis(html)


def _batches(data: Any) -> Iterable[Any]:
    if isinstance(data, (torch.Tensor, Mapping)):
        return [data]
    if hasattr(data, "__array_interface__"):
        return [torch.as_tensor(data)]
    if isinstance(data, (str, bytes)) or not isinstance(data, Iterable):
        kinds = "a DataLoader, a tensor, a dict of tensors or an iterable of batches"
        raise TypeError(f"data must be {kinds}, not {type(data).__name__}")
    return data


def _length(data: Iterable[Any], batches: int | None) -> int:
    """How many batches there will be; 0 where nobody knows."""
    try:
        known = len(data)  # type: ignore[arg-type]
    except TypeError:
        return batches or 0
    return min(known, batches) if batches is not None else known


@contextlib.contextmanager
def _evaluating(model: torch.nn.Module) -> Iterator[None]:
    """In evaluation mode and uncompiled; afterwards as before."""
    training = [module for module in model.modules() if module.training]
    set_stance = getattr(torch.compiler, "set_stance", None)
    model.eval()
    try:
        with set_stance("force_eager") if set_stance is not None else contextlib.nullcontext():
            yield
    finally:
        for module in training:
            module.training = True


class _Seen:
    """What the batches showed."""

    def __init__(self, model: torch.nn.Module, name: str, axes: dict[str, int], selection: Selection) -> None:
        self.model = model
        self._axes = axes
        self._windows = Windows(name)
        self._training = Training(model, None, self._windows)
        self._tracer = Tracer(model, axes)
        self._tracer.selects = selection.has
        self._device = next((one.device for one in [*model.parameters(), *model.buffers()]), None)
        self._collector = Collector(self._tracer, self._windows, self._training)
        self._runs = 0

    @torch.no_grad()
    def look(self, batch: Any, forward: Callable[[torch.nn.Module, Any], Any] | None) -> None:
        """Run a batch."""
        if isinstance(batch, (tuple, list)) and forward is None and batch:
            batch = batch[0]
        batch = _to(batch, self._device)
        samples = next((len(one) for one in tensors_in(batch) if one.dim() > 0), None)
        mode = self._collector.start(self._runs, batch=samples)
        try:
            mode.begins_with(batch)
            with mode:
                if forward is not None:
                    output = forward(self.model, batch)
                else:
                    output = self.model(**batch) if isinstance(batch, Mapping) else self.model(batch)
                mode.ends_with(output)
        finally:
            self._tracer.stop()
        self._runs += 1
        self._windows.open.add_run()

    def diagnosis(self, html: str | os.PathLike[str] | None) -> Diagnosis:
        """What all of it means."""
        if self._runs == 0:
            raise ValueError("data has no batches: there is nothing to look at")
        vitals = self._windows.whole()
        not_seen = {**recurrent(self.model), **self._tracer.not_seen}
        unseen = [name for name in self._axes if name not in self._collector.called]
        if unseen:
            name, there = unseen[0], ", ".join(vitals.layers) or "none"
            raise ValueError(not_seen.get(name, f"axes: no layer is named `{name}`: there are {there}"))
        if not vitals.layers:
            none = f"no activation function was called in {vitals.model}"
            raise ValueError("; ".join([none, *not_looked_at(not_seen)]))
        found = vitals.diagnosis(self._training.incoming(vitals))
        found = dataclasses.replace(found, not_seen=not_seen)
        if html is not None:
            Path(html).write_text(vitals.page(found), encoding="utf-8")
        return found


def _to(batch: Any, device: torch.device | None) -> Any:
    """All tensors of a batch on the device."""
    if isinstance(batch, torch.Tensor):
        return batch if device is None else batch.to(device)
    if isinstance(batch, Mapping):
        return {key: _to(value, device) for key, value in batch.items()}
    if isinstance(batch, (tuple, list)):
        return type(batch)(_to(one, device) for one in batch) if type(batch) in (tuple, list) else batch
    if hasattr(batch, "__array_interface__"):
        return _to(torch.as_tensor(batch), device)
    return batch
