"""What a watch has found, as text, page, picture, table and JSON."""

from __future__ import annotations

import dataclasses
import html
import json
import math
import os
from pathlib import Path
from typing import Any, NamedTuple

from excite.results import Diagnosis, import_pandas
from excite.torch.deaths import Event
from excite.vitals import Vitals


class LayerLook(NamedTuple):
    """A layer at a look, None where something is not known.

    The shares of its units that are dead and saturated, the norm of the gradient by its weights, and that of an update
    over that of the weights.
    """

    dead: float | None = None
    saturated: float | None = None
    gradient: float | None = None
    update: float | None = None


@dataclasses.dataclass(frozen=True)
class Look:
    """The layers after a step, by their names."""

    step: int
    layers: dict[str, LayerLook]

    @classmethod
    def at(cls, vitals: Vitals, step: int) -> Look:
        """What vitals show after a step."""
        return cls(step, {name: LayerLook(*figures) for name, figures in vitals._native.curves()})


@dataclasses.dataclass(frozen=True)
class Report:
    """What a watch has found: the diagnosis, what happened to units on the probe, and the layers at each look.

    In a notebook it shows itself. `to_html` writes a page, `to_json` all of it as data, `to_pandas` tables.
    """

    diagnosis: Diagnosis
    events: list[Event]
    steps: int
    looks: list[Look] = dataclasses.field(default_factory=list)
    #: What the diagnosis is of.
    vitals: Vitals | None = dataclasses.field(default=None, repr=False, compare=False)

    def of(self, event: str) -> list[Event]:
        """The events of a kind: `born dead`, `killed` or `revived`."""
        return [one for one in self.events if one.event == event]

    def to_html(self, path: str | os.PathLike[str]) -> None:
        """Write the page of `excite check`, with when units died and the layers over the steps: one file."""
        training = {
            "steps": self.steps,
            "events": [dataclasses.asdict(event) for event in self.events],
            "looks": [dataclasses.asdict(look) for look in self.looks],
        }
        vitals = Vitals(self.diagnosis.model) if self.vitals is None else self.vitals
        Path(path).write_text(vitals.page(self.diagnosis, training), encoding="utf-8")

    def to_json(self) -> str:
        """All of it as JSON: diagnosis, steps, events and looks. Numbers that are not finite are null."""
        found = {
            "diagnosis": {**json.loads(self.diagnosis.to_json()), "not_seen": self.diagnosis.not_seen},
            "steps": self.steps,
            "events": [dataclasses.asdict(event) for event in self.events],
            "looks": [
                {"step": look.step, "layers": {name: layer._asdict() for name, layer in look.layers.items()}}
                for look in self.looks
            ],
        }
        return json.dumps(_finite(found), allow_nan=False)

    def to_pandas(self, rows: str = "layers") -> Any:
        """A DataFrame with a row for each of the `layers`, `units`, `events` or `looks` (of each layer).

        Raises ValueError for another word, ImportError without pandas.
        """
        if rows == "layers":
            return self.diagnosis.to_pandas()
        if rows == "units":
            found = [] if self.vitals is None else self.vitals.units_of(self.diagnosis)
        elif rows == "events":
            found = [dataclasses.asdict(event) for event in self.events]
        elif rows == "looks":
            found = [
                {"step": look.step, "layer": name, **layer._asdict()}
                for look in self.looks
                for name, layer in look.layers.items()
            ]
        else:
            raise ValueError(f"rows must be layers, units, events or looks, not {rows!r}")
        return import_pandas().DataFrame(found)

    def __str__(self) -> str:
        return "\n".join([str(self.diagnosis), *map(str, self.events)])

    def _repr_html_(self) -> str:
        shown = "".join(f"<li>{html.escape(str(event))}</li>" for event in self.events[:20])
        more = f"<li>… and {len(self.events) - 20} more</li>" if len(self.events) > 20 else ""
        events = f"<ul>{shown}{more}</ul>" if shown else ""
        return self.diagnosis._repr_html_() + picture(self.diagnosis, self.looks) + events


#: The most layers and looks that the picture shows.
_ROWS, _COLUMNS = 24, 60


def picture(diagnosis: Diagnosis, looks: list[Look]) -> str:
    """The share of dead units of each layer, at each look or at the end, as an SVG: the redder, the more are dead."""
    end = {layer.name: LayerLook(len(layer.dead) / max(layer.units, 1)) for layer in diagnosis.layers}
    columns = looks[:: math.ceil(len(looks) / _COLUMNS)] if len(looks) > 1 else [Look(0, end)]
    layers = diagnosis.layers
    if len(layers) > _ROWS:
        worst = sorted(layers, key=lambda layer: -len(layer.dead) / max(layer.units, 1))[:_ROWS]
        layers = [layer for layer in layers if layer in worst]
    if not layers:
        return ""
    width, height = 300 / len(columns), 14
    parts = []
    for row, layer in enumerate(layers):
        y = row * height
        name = html.escape(layer.name if len(layer.name) <= 28 else f"…{layer.name[-27:]}")
        parts.append(f'<text x="196" y="{y + 11}" text-anchor="end">{name}</text>')
        for column, look in enumerate(columns):
            dead = look.layers.get(layer.name, LayerLook()).dead
            fill = "none" if dead is None else "#c3202f"
            opacity = 0.06 if dead is None else 0.06 + 0.94 * dead
            share = "not known" if dead is None else f"{dead:.0%} dead"
            parts.append(
                f'<rect x="{200 + column * width:.1f}" y="{y + 1}" width="{width + 0.1:.1f}" height="{height - 2}" '
                f'fill="{fill}" fill-opacity="{opacity:.2f}"><title>{name}, step {look.step}: {share}</title></rect>'
            )
    text = f"dead units by layer, steps {columns[0].step} to {columns[-1].step}" if len(columns) > 1 else "dead units"
    size = len(layers) * height + 18
    return (
        f'<svg role="img" aria-label="{text}" width="510" height="{size}" viewBox="0 0 510 {size}" '
        f'style="font:11px sans-serif" fill="currentColor">{"".join(parts)}'
        f'<text x="350" y="{size - 4}" text-anchor="middle">{text}</text></svg>'
    )


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(one) for one in value]
    return value
