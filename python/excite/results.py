"""What was found, as data: for notebooks, for pandas, for other programs."""

from __future__ import annotations

import dataclasses
import html
import json
import textwrap
from collections.abc import Sequence
from typing import Any


@dataclasses.dataclass(frozen=True)
class Evidence:
    """A figure behind a finding; `unit` is None where it is of the whole."""

    quantity: str
    unit: int | None
    value: float


@dataclasses.dataclass(frozen=True)
class Part:
    """Units of a finding with one cause, and how sure it is."""

    cause: str
    grade: str
    units: list[int]


@dataclasses.dataclass(frozen=True)
class Finding:
    """Something that a rule found. `excite check --explain RULE` tells more of a rule."""

    rule: str
    layer: str | None
    units: list[int]
    of: int
    severity: str
    grade: str
    samples: int
    summary: str
    evidence: list[Evidence]
    cause: str
    parts: list[Part]
    remedy: str

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Finding:
        """From the JSON of the program."""
        evidence = [Evidence(**_known(Evidence, figure)) for figure in data["evidence"]]
        parts = [Part(**_known(Part, part)) for part in data["parts"]]
        return cls(**_known(cls, {**data, "evidence": evidence, "parts": parts}))


@dataclasses.dataclass(frozen=True)
class Group:
    """Findings or facts of one rule in several layers, in words: of the worst of them."""

    rule: str
    title: str
    severity: str
    grade: str
    samples: int
    layers: list[str]
    summary: str
    remedy: str

    def __str__(self) -> str:
        what = f"{self.title} ({self.rule}): {self.summary} [{self.grade}, N = {self.samples}]"
        return "\n".join([_wrapped(what, f"{self.severity:<8}"), _wrapped(f"→ {self.remedy}", " " * 8)])


@dataclasses.dataclass(frozen=True)
class LayerFigures:
    """The vitals of a layer in figures, None where one is not known; lists have the units that were found so."""

    name: str
    function: str
    role: str
    units: int
    samples: int
    values: int
    nan: int
    infinite: int
    not_positive: float | None
    dead: list[int]
    dead_bound: float | None
    saturated_low: float | None
    saturated_high: float | None
    saturated: list[int]
    saturated_units: int | None
    saturation_measure: float | None
    always_on: list[int]
    z_mean: float | None
    z_std: float | None
    mean: float
    std: float
    min: float
    max: float
    gamma: float
    dormant: list[int]
    clipped: list[int]
    not_finite: list[int]
    capped: float | None
    integer_bits: int
    gate: float | None


@dataclasses.dataclass(frozen=True)
class Diagnosis:
    """The figures of all layers in depth order, and what they mean.

    `health` is sound, look_at_this, broken, learnt_nothing or cannot_tell; `headline` says why. `findings` are what is
    wrong, the worst first; `facts` are no faults. `groups` are both in words, those of one rule together. `not_seen`
    has what could not be looked at, with the reason.
    """

    model: str
    samples: int
    random_data: bool
    stage: str
    health: str
    headline: str
    layers: list[LayerFigures]
    groups: list[Group]
    findings: list[Finding]
    facts: list[Finding]
    not_seen: dict[str, str] = dataclasses.field(default_factory=dict)
    #: The JSON that it was read from.
    record: str = dataclasses.field(default="", repr=False, compare=False)

    @classmethod
    def from_json(cls, text: str) -> Diagnosis:
        """From the JSON of the program."""
        data = json.loads(text)
        known = {
            **data,
            "layers": [LayerFigures(**_known(LayerFigures, layer)) for layer in data["layers"]],
            "groups": [Group(**_known(Group, group)) for group in data["groups"]],
            "findings": [Finding.from_dict(finding) for finding in data["findings"]],
            "facts": [Finding.from_dict(fact) for fact in data["facts"]],
            "not_seen": {one["name"]: one["why"] for one in data.get("not_seen", [])},
            "record": text,
        }
        return cls(**_known(cls, known))

    @property
    def is_sound(self) -> bool:
        """Whether nothing need be done."""
        return self.health == "sound"

    def to_json(self) -> str:
        """The JSON of the program."""
        return self.record

    @property
    def is_healthy(self) -> bool | None:
        """Whether nothing need be done; None where that cannot be said, as where nothing was seen."""
        return None if self.health == "cannot_tell" else self.is_sound

    def to_pandas(self) -> Any:
        """A DataFrame with a row for each layer."""
        return _frame(self.layers)

    def findings_to_pandas(self) -> Any:
        """A DataFrame with a row for each finding and each fact."""
        return _frame([*self.findings, *self.facts])

    def __str__(self) -> str:
        lines = [_wrapped(self.headline), f"{self.model}:", *map(str, self.groups)]
        return "\n".join([*lines, *map(_wrapped, not_looked_at(self.not_seen))])

    def _repr_html_(self) -> str:
        found = [[g.severity, f"{g.title}: {g.summary}", g.remedy] for g in self.groups]
        layers = [
            [layer.name, layer.function, layer.units, len(layer.dead), layer.saturated_units, f"{layer.mean:.3g}"]
            for layer in self.layers
        ]
        said = "".join(f"<p>{html.escape(line)}</p>" for line in [self.headline, *not_looked_at(self.not_seen)])
        return (
            f"<p><b>{html.escape(self.model)}</b></p>{said}"
            + _table(["severity", "what was found", "what to do"], found)
            + _table(["layer", "function", "units", "dead", "saturated", "mean"], layers)
        )


@dataclasses.dataclass(frozen=True)
class Proposal:
    """A range for a layer's outputs by one method at one width, as a scale with a zero point and as a Q format.

    Ratios are of signal to noise in dB; `clipped` is the share of values beyond the range, `codes` the number of codes
    that occur.
    """

    layer: str
    function: str
    bits: int
    method: str
    low: float
    high: float
    scale: float
    zero_point: int
    decibels: float | None
    clipped: float
    codes: int
    q_format: str
    q_decibels: float | None


@dataclasses.dataclass(frozen=True)
class Quantisation:
    """The recommended format of each layer, what it costs the model's outputs, and what each method proposes.

    `recommended` is as in the program's JSON: the format of each layer, and how far the outputs move; None where the
    model was not run with quantised activations. `sensitivity` is the cost of each layer, the costliest first.
    `simulations` are the alternatives: by what the activations were rounded, and how far the outputs moved.
    """

    model: str
    samples: int
    random_data: bool
    headline: str
    recommended: dict[str, Any] | None
    sensitivity: list[dict[str, Any]]
    weights: list[dict[str, Any]]
    verdict: str
    proposals: list[Proposal]
    simulations: list[dict[str, Any]]

    @classmethod
    def from_json(cls, text: str) -> Quantisation:
        """From the JSON of the program."""
        data = json.loads(text)
        proposals = [
            Proposal(
                layer=layer["name"],
                function=layer["function"],
                bits=width["bits"],
                method=proposal["method"],
                low=proposal["low"],
                high=proposal["high"],
                scale=proposal["scale"],
                zero_point=proposal["zero_point"],
                decibels=proposal["affine"]["signal_to_noise"],
                clipped=proposal["affine"]["clipped"],
                codes=proposal["affine"]["codes"],
                q_format=proposal["fixed"]["format"],
                q_decibels=proposal["fixed"]["fit"]["signal_to_noise"],
            )
            for layer in data["layers"]
            for width in layer["widths"]
            for proposal in width["proposals"]
        ]
        return cls(**_known(cls, {**data, "proposals": proposals}))

    def best(self, bits: int) -> list[Proposal]:
        """For each layer the proposal with the highest ratio at that width."""
        found: dict[str, Proposal] = {}
        for proposal in self.proposals:
            known = found.get(proposal.layer)
            if proposal.bits == bits and (known is None or _ratio(proposal) > _ratio(known)):
                found[proposal.layer] = proposal
        return list(found.values())

    def to_pandas(self) -> Any:
        """A DataFrame with a row for each proposal."""
        return _frame(self.proposals)

    def __str__(self) -> str:
        return f"{self.model}, {self.samples} samples\n{self.headline}"

    def _repr_html_(self) -> str:
        widths = sorted({proposal.bits for proposal in self.proposals})
        rows = [
            [
                best.layer,
                best.function,
                bits,
                best.method,
                f"{best.scale:.3g}",
                best.zero_point,
                _decibels(best.decibels),
            ]
            for bits in widths
            for best in self.best(bits)
        ]
        return f"<p><b>{html.escape(self.model)}</b>: {html.escape(self.headline)}</p>" + _table(
            ["layer", "function", "bits", "method", "scale", "zero point", "dB"], rows
        )


@dataclasses.dataclass(frozen=True)
class Comparison:
    """What `compare` found: a row for each function with its figures and its judgement, and a headline.

    `best` is the function that serves the data best, None where there is no clear winner.

    `report` is the path of the report, if one was written. `complete` is false if it was stopped before all runs were
    finished.
    """

    headline: str
    best: str | None
    activations: list[dict[str, Any]]
    data: dict[str, Any]
    complete: bool
    report: str | None = None

    @classmethod
    def from_json(cls, text: str, report: str | None = None) -> Comparison:
        """From the JSON of `excite compare`."""
        result = json.loads(text)
        found = {key: result[key] for key in ("headline", "best", "activations", "data", "complete")}
        return cls(**found, report=report)

    def to_pandas(self) -> Any:
        """A DataFrame with a row for each function."""
        return import_pandas().DataFrame(self.activations)

    def __str__(self) -> str:
        return self.headline

    def _repr_html_(self) -> str:
        names = ", ".join(str(row.get("name")) for row in self.activations)
        return f"<p>{html.escape(self.headline)}</p><p>{html.escape(names)}</p>"


def not_looked_at(not_seen: dict[str, str]) -> list[str]:
    """A line for each, with the reason."""
    return [f"not looked at: {name}: {why}" for name, why in not_seen.items()]


def _wrapped(text: str, head: str = "") -> str:
    """In lines of at most 100 characters; all but the first are indented by the length of the head."""
    return textwrap.fill(head + text, 100, subsequent_indent=" " * len(head), break_on_hyphens=False)


def _ratio(proposal: Proposal) -> float:
    return float("-inf") if proposal.decibels is None else proposal.decibels


def _decibels(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.1f}"


def _known(kind: Any, data: dict[str, Any]) -> dict[str, Any]:
    """The entries that a dataclass has: a later program may tell more."""
    names = {field.name for field in dataclasses.fields(kind)}
    return {name: value for name, value in data.items() if name in names}


def import_pandas() -> Any:
    """The module pandas, which the package needs for tables only."""
    try:
        import pandas
    except ImportError:
        raise ImportError("to_pandas() needs pandas: pip install pandas") from None
    return pandas


def _frame(rows: list[Any]) -> Any:
    return import_pandas().DataFrame([dataclasses.asdict(row) for row in rows])


def _table(head: list[str], rows: Sequence[Sequence[object]]) -> str:
    def line(cells: Sequence[object], tag: str) -> str:
        shown = ("" if cell is None else html.escape(str(cell)) for cell in cells)
        return "<tr>" + "".join(f"<{tag}>{cell}</{tag}>" for cell in shown) + "</tr>"

    return "<table>" + line(head, "th") + "".join(line(row, "td") for row in rows) + "</table>"
