"""What a watch knows of a training besides activations: gradients, updates, inputs, rates, and errors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch

from excite.torch.gathering import fetched
from excite.torch.windows import Windows, _local
from excite.vitals import Vitals

#: The most weights that go into one report: rows of dead units, 32 MB in f32.
_MOST_WEIGHTS = 8_000_000


class Inputs:
    """The range, the mean and the spread of each input of a layer, or of a network."""

    def __init__(self, rows: torch.Tensor, with_squares: bool = False) -> None:
        self.count, self.is_new, self.offered = 0, True, 1
        self._fetched: Any = None
        #: Rows of low, −high, sum and, if wanted, sum of squares, on their device.
        self._with_squares = with_squares
        self.sums = self._sums(rows)
        self.count = rows.shape[0]

    def add(self, rows: torch.Tensor) -> None:
        """Add a batch."""
        if rows.shape[1:] != self.sums.shape[1:] or rows.device != self.sums.device:
            return
        more, sums = self._sums(rows), self.sums
        # The largest as the least of the negative.
        self.sums = torch.cat([torch.minimum(sums[:2], more[:2]), sums[2:] + more[2:]])
        self.count, self.is_new = self.count + rows.shape[0], True

    def _sums(self, rows: torch.Tensor) -> torch.Tensor:
        rows = rows.detach()
        low, high = torch.aminmax(rows, dim=0)
        wide = _wide(rows)
        sums = [low.to(wide.dtype), -high.to(wide.dtype), wide.sum(0)]
        return torch.stack([*sums, (wide * wide).sum(0)] if self._with_squares else sums)

    def fetch(self, sums: Any) -> None:
        """Take in what was fetched."""
        low, high, total = sums[0], -sums[1], sums[2]
        with np.errstate(all="ignore"):
            mean = total / self.count
            rest = [np.maximum(sums[3] - total * mean, 0)] if self._with_squares else []
            self._fetched = np.stack([low, high, mean, *rest])
        self.is_new = False

    def fetched(self) -> Any:
        """Rows of low, high, mean and, if wanted, sum of squared deviations, as they were last fetched."""
        return self._fetched


def _wide(rows: torch.Tensor) -> torch.Tensor:
    rows = rows.detach()
    try:
        return rows.double()
    except (TypeError, RuntimeError):
        return rows.float()


class Training:
    """Takes in gradients, updates and inputs, and makes the evidence of a judgement of them."""

    def __init__(self, model: torch.nn.Module, optimizer: torch.optim.Optimizer | None, windows: Windows) -> None:
        self.model, self.optimizer, self.windows = model, optimizer, windows
        self.producers: dict[str, str] = {}
        self.known: dict[str, Any] = {}
        self._of_layers: dict[str, Inputs] = {}
        self._of_model: Inputs | None = None
        self._before: dict[str, torch.Tensor] = {}
        self._losses: list[torch.Tensor] = []
        self._modules: dict[str, torch.nn.Module] = {}
        self._steps = 0
        self._initial = _initial_weights(model)
        self._rate = self.rate()

    # While it runs.

    def take_inputs(self, layer: str, rows: torch.Tensor) -> None:
        """What goes into a linear layer: [rows, inputs]."""
        rows = _local(rows)
        if layer in self._of_layers:
            inputs = self._of_layers[layer]
            inputs.offered += 1
            # Ranges and means settle soon: after the first passes, a quarter of the others is enough.
            if inputs.offered < 8 or inputs.offered % 4 == 0:
                inputs.add(rows)
        else:
            self._of_layers[layer] = Inputs(rows)
            self.windows.inputs.append(self._of_layers[layer])

    def take_input(self, x: Any) -> None:
        """What goes into the network: [samples, features or channels, …]."""
        x = _local(x) if isinstance(x, torch.Tensor) else x
        if not isinstance(x, torch.Tensor) or not x.is_floating_point() or x.dim() < 2 or x.numel() == 0:
            return
        rows = x if x.dim() == 2 else x.movedim(1, -1).flatten(0, -2) if x.dim() > 3 else x.reshape(-1, 1)
        if self._of_model is None:
            self._of_model = Inputs(rows, with_squares=True)
            self.windows.inputs.append(self._of_model)
        else:
            self._of_model.add(rows)

    def before_step(self) -> None:
        """Take in the gradients of a step that is looked at."""
        self._steps += 1
        # Norms change slowly: after the first steps, a third of the others is enough.
        if self._steps > 12 and self._steps % 3:
            return
        weights = self.weights()
        for layer, weight in weights.items():
            gradient = weight.grad
            if gradient is None or gradient.layout != torch.strided:
                continue
            gradient = _local(gradient).detach()
            if gradient.shape[0] == self.windows.past.units(layer) and gradient.device.type == "cpu":
                self.windows.open.update_gradient(layer, gradient.float().numpy())
            elif gradient.numel() > 0:
                rows = gradient.float().flatten(1)
                # The rows that are here stand for all.
                scale = math.sqrt(max(1.0, self.windows.past.units(layer) / gradient.shape[0]))
                self.windows.add_gradient(layer, rows.norm() * scale, _same_sign(rows))
            self._before[layer] = _local(weight).detach().clone()

    def after_step(self) -> None:
        """Take in what the step did to the weights."""
        layers, self._before = self._before, {}
        if not layers:
            return
        weights = self.weights()
        after = [_local(weights[layer]).detach() for layer in layers]
        before = list(layers.values())
        # All at once: there are many small ones.
        steps = torch._foreach_norm(torch._foreach_sub(after, before))
        sizes = torch._foreach_norm(before)
        for layer, step, size in zip(layers, steps, sizes, strict=True):
            self.windows.add_step(layer, step, size)

    def loss(self, value: Any) -> None:
        """The loss of a step, as the user gives it."""
        value = value.detach() if isinstance(value, torch.Tensor) else torch.tensor(float(value))
        self._losses.append(value.float().reshape(()))
        if len(self._losses) >= 256:
            self._settle_losses()

    def _settle_losses(self) -> None:
        losses, self._losses = self._losses, []
        if not losses:
            return
        values = torch.stack(losses).cpu().double().numpy()
        known = self.known
        known["diverged"] = bool(known.get("diverged", False) or not np.isfinite(values).all())
        mean = float(values.mean())
        known.setdefault("first_loss", float(values[: max(1, min(10, len(values) // 4))].mean()))
        known["last_loss"] = mean
        known["lowest_loss"] = min(mean, known.get("lowest_loss", math.inf))
        known["losses"] = known.get("losses", 0) + len(values)

    def weights(self) -> dict[str, Any]:
        """The weights that lead into each layer, where there is a row for each unit."""
        found = {}
        for layer, producer in self.producers.items():
            if layer not in self._modules:
                self._modules[layer] = self.model.get_submodule(producer)
            weight = getattr(self._modules[layer], "weight", None)
            if weight is None or weight.dim() < 2:
                continue
            # Of weights that are spread over processes the whole or the part that is here.
            if self.windows.past.units(layer) in (weight.shape[0], _local(weight).shape[0]):
                found[layer] = weight
        return found

    def rate_of(self, name: str) -> float | None:
        """The learning rate of a parameter; None where no optimiser trains it."""
        wanted = dict(self.model.named_parameters()).get(name)
        for group in self.optimizer.param_groups if self.optimizer is not None else []:
            if any(parameter is wanted for parameter in group["params"]):
                return float(group["lr"])
        return None

    def rate(self) -> float:
        """The highest learning rate now; 0 without an optimiser."""
        groups = self.optimizer.param_groups if self.optimizer is not None else []
        return max((float(group["lr"]) for group in groups), default=0.0)

    # The evidence.

    def incoming(self, recent: Vitals) -> list[dict[str, Any] | None]:
        """The weights that lead into dead units, with what came in, as far as that was seen."""
        weights, left = self.weights(), _MOST_WEIGHTS
        given: list[tuple[str, list[int]] | None] = []
        tensors = []
        for place, layer in enumerate(recent.layers):
            producer, weight = self.producers.get(layer, ""), weights.get(layer)
            inputs = self._of_layers.get(producer)
            if weight is None or inputs is None or inputs.fetched() is None or hasattr(weight, "to_local"):
                given.append(None)
                continue
            rows = recent._native.dead(place)[: left // max(1, weight[0].numel())]
            left -= len(rows) * weight[0].numel()
            given.append((producer, rows))
            if rows:
                bias = getattr(self.model.get_submodule(producer), "bias", None)
                tensors += [weight[rows].flatten(1), weight.new_zeros(weight.shape[0]) if bias is None else bias]
        arrays = iter(fetched(tensors))
        return [
            None if one is None else self._of_rows(*one, arrays, weights[layer].shape[0])
            for layer, one in zip(recent.layers, given, strict=True)
        ]

    def _of_rows(self, producer: str, rows: list[int], arrays: Any, units: int) -> dict[str, Any] | None:
        picked, bias = (next(arrays), next(arrays)) if rows else (np.zeros((0, 0)), np.zeros(units))
        low, high, means = self._of_layers[producer].fetched()
        # Of a model that has diverged there is nothing to conclude.
        if not all(np.isfinite(values).all() for values in (low, high, means, picked, bias)):
            return None
        return {"bias": bias, "rows": rows, "weights": picked, "low": low, "high": high, "input_means": means}

    def set_inputs(self, vitals: Vitals) -> dict[str, float]:
        """Tell the vitals of the inputs of the network; gives their mean, spread and largest size."""
        if self._of_model is None or self._of_model.fetched() is None:
            return {"input_mean": 0.0, "input_std": 1.0, "largest_input": 0.0}
        low, high, mean, squares = self._of_model.fetched()
        count = self._of_model.count
        with np.errstate(all="ignore"):
            if np.isfinite([low, high, mean, squares]).all():
                vitals._native.set_inputs(np.stack([np.full_like(mean, count), mean, squares, low, high], axis=1))
            center = float(mean.mean())
            spread = float(np.sqrt((squares / count + (mean - center) ** 2).mean()))
            largest = float(np.maximum(np.abs(low), np.abs(high)).max())
        return {
            "input_mean": _finite(center),
            "input_std": _finite(spread),
            "largest_input": _finite(largest),
        }

    def figures(self, vitals: Vitals) -> dict[str, Any]:
        """The figures of the training run, without those of its units."""
        self._settle_losses()
        known = self.known
        samples = self.windows.samples(self.windows.past) + self.windows.samples(self.windows.open)
        figures: dict[str, Any] = {
            "classes": 0,
            "chance": 1.0,
            "train_samples": samples,
            "test_samples": 0,
            "train_error": 0.0,
            "lowest_train_error": 0.0,
            "lowest_test_error": 0.0,
            "epochs": 0,
            "diverged": bool(known.get("diverged", False)),
            "learning_rate": max(self._rate, self.rate()),
            "best_learning_rate": None,
            "best_train_error": None,
            **self._start_of(vitals),
            **self.set_inputs(vitals),
        }
        # The loss alone: no better than at the start is no better than guessing.
        if "first_loss" in known and known.get("losses", 0) >= 20 and "epochs" not in known:
            first, last = known["first_loss"], known["last_loss"]
            if math.isfinite(first) and math.isfinite(last) and first > 0:
                lowest = min(known["lowest_loss"], first)
                errors = {"train_error": last, "lowest_train_error": lowest, "lowest_test_error": lowest}
                figures.update(errors, chance=first, epochs=1)
        figures.update({key: value for key, value in known.items() if key in figures and value is not None})
        return figures

    def _start_of(self, vitals: Vitals) -> dict[str, float]:
        """The mean bias and the gain that the hidden layers started with."""
        names = {self.producers[layer] for layer in vitals.layers if layer in self.producers}
        known = [self._initial[name] for name in names if name in self._initial]
        if not known:
            return {"bias": 0.0, "gain": 1.0}
        return {
            "bias": sum(bias for bias, _ in known) / len(known),
            "gain": math.exp(sum(math.log(max(gain, 1e-30)) for _, gain in known) / len(known)),
        }


def _initial_weights(model: torch.nn.Module) -> dict[str, tuple[float, float]]:
    """Of each layer the mean bias and √inputs · standard deviation of its weights, before the first step."""
    try:
        return _initial(model)
    except Exception:
        # Of weights that have no values yet, or none to be had, nothing is said.
        return {}


def _initial(model: torch.nn.Module) -> dict[str, tuple[float, float]]:
    figures, names = [], []
    for name, module in model.named_modules():
        weight, bias = module._parameters.get("weight"), module._parameters.get("bias")
        is_there = isinstance(weight, torch.nn.Parameter) and not isinstance(weight, torch.nn.UninitializedParameter)
        if not is_there or hasattr(weight, "to_local") or weight is None or weight.dim() < 2 or weight.is_meta:
            continue
        if isinstance(module, torch.nn.Embedding) or weight.numel() < 2 or not weight.is_floating_point():
            continue
        inputs = weight[0].numel()
        # Of a large layer a part tells as much.
        spread = weight.detach().flatten()[:100_000].float().std() * math.sqrt(inputs)
        figures.append(torch.stack([bias.detach().float().mean() if bias is not None else spread * 0, spread]))
        names.append(name)
    if not figures:
        return {}
    values = torch.stack([figure.cpu() for figure in figures]).tolist()
    return {name: (bias, gain) for name, (bias, gain) in zip(names, values, strict=True)}


def _same_sign(rows: torch.Tensor) -> torch.Tensor:
    """The mean share of a row's gradients that has the sign of most of them; NaN where there is none."""
    if rows.shape[1] < 2:
        return rows.new_full((), float("nan"))
    positive, negative = (rows > 0).sum(1).float(), (rows < 0).sum(1).float()
    shares = torch.maximum(positive, negative) / (positive + negative)
    has_signs = (positive + negative) > 0
    return torch.where(has_signs, shares, torch.zeros_like(shares)).sum() / has_signs.sum()


def _finite(value: float) -> float:
    return value if math.isfinite(value) else 3e38
