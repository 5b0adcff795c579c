"""An estimate as people and machines read it: the figures, and what they rest on."""

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from pipelines.estimate.measure import Measured
from pipelines.estimate.ratio import CONFIDENCE
from pipelines.estimate.resources import Cost
from pipelines.estimate.terms import Terms

_PARTS = {
    "examine": "decoding, faces, marks, labels",
    "model": "networks of the detectors",
    "places": "hashing, rows, verdicts",
    "segments": "starting children, commits",
    "start": "loading libraries and networks, once for each host",
    "listing": "listing and planning: measured whole, not from the sample",
}


@dataclass(frozen=True, slots=True)
class Told:
    """An estimate with all that it rests on.

    Attributes:
        inputs: Places that were listed.
        unchanged: Of these, those that the store knows and a scan would leave.
        gone: Places that would only be recorded as gone.
    """

    cost: Cost
    measured: Measured
    terms: Terms
    seed: int
    inputs: int
    unchanged: int
    gone: int


def facts_of(told: Told) -> dict[str, Any]:
    """For machines; bytes, hours and seconds as the keys say."""
    cost, measured = told.cost, told.measured
    return {
        "inputs": told.inputs,
        "unchanged": told.unchanged,
        "gone": told.gone,
        "due": cost.places,
        "due_bytes": cost.bytes,
        "segments": cost.segments,
        "sample": {
            "places": cost.sampled,
            "seed": told.seed,
            "cpu_seconds": _r(measured.cpu_seconds),
            "wall_seconds": _r(measured.wall_seconds),
            "cores": measured.cores,
            "busy_cores": _r(measured.busy_cores),
            "duplicates": cost.duplicates,
        },
        "strata": [
            {
                "kind": one.stratum.kind.value,
                "size": one.stratum.size,
                "places": one.places,
                "bytes": one.bytes,
                "sampled": one.sampled,
                "estimated_by": "bytes" if one.expansion.is_ratio else "places",
                "examine_seconds": _r(one.examine_seconds),
                "model_seconds": _r(one.model_seconds),
                "standard_error_seconds": _finite(math.sqrt(one.expansion.variance)),
            }
            for one in cost.strata
        ],
        "core_hours": {
            "confidence": CONFIDENCE,
            **{name: _r(value) for name, value in asdict(cost.core_hours).items()},
        },
        "core_hours_by_cause": {name: _r(value) for name, value in cost.parts.items()},
        "overhead_seconds": {name: _r(value) for name, value in asdict(measured.overheads).items()},
        "store_bytes_each": {name: _r(value) for name, value in asdict(measured.store).items()},
        "memory_bytes": {
            "peak_of_sample": measured.peak.bytes,
            "driver": measured.peak.own_bytes,
            "largest_child": measured.peak.child_bytes,
            "host": cost.host_memory_bytes,
        },
        "time": {name: _r(value) for name, value in asdict(cost.time).items()},
        "store_bytes": round(cost.store_bytes),
        "read_bytes": cost.read_bytes,
        "video_hours": _r(cost.video_hours),
        "failed_share": _r(cost.failed_share),
        "terms": asdict(told.terms),
        "money": {name: _r(value) for name, value in cost.money.items()},
        "remarks": list(remarks(told)),
    }


def _r(value: Any) -> Any:
    """Six significant digits: more would be of the machine's mood."""
    return float(f"{value:.6g}") if isinstance(value, float) else value


def _finite(value: float) -> float | None:
    return None if math.isinf(value) else _r(value)


def remarks(told: Told) -> Iterator[str]:
    """What the figures rest on, and what they leave out."""
    cost, measured, terms = told.cost, told.measured, told.terms
    if cost.sampled == cost.places:
        yield f"All {cost.places:,} places were examined: nothing was drawn, and the interval has no width."
    else:
        yield (
            f"{cost.sampled:,} of {cost.places:,} places were drawn and really examined (seed {told.seed}); the others "
            f"were listed, not opened. The interval is of {CONFIDENCE:.0%} and holds for the draw alone: not for "
            "another machine, nor for the load on this one."
        )
    if cost.core_hours.low is None:
        yield "Of a stratum one place was drawn, which tells no spread: there is no interval. Raise --sample."
    yield (
        f"The sample kept {measured.busy_cores:.1f} of {measured.cores} cores busy. Hours of the clock assume that "
        f"{terms.efficiency:.0%} of the cores are (--efficiency), and that hosts do not wait for disk or network."
    )
    if measured.overheads.place == 0.0:
        yield (
            "What networks and segments take, measured apart, came to more than the whole scan left for them: other "
            "work disturbed it. Hashing and rows count as nothing; ask again when the machine is quiet."
        )
    if cost.duplicates:
        yield (
            f"{cost.duplicates} places of the sample have a content that lies in it elsewhere, too; it was examined "
            "once. A sample finds few of an archive's duplicates: the true cost is lower by the others."
        )
    else:
        yield "No content lay twice in the sample. Those of the archive that do are examined once, and cost less."
    if terms.gpus:
        yield (
            f"That a GPU does the networks' work of {terms.gpu_speedup:g} cores is what you said; it was not measured. "
            f"The sample was scored on processors. Then the {cost.time.bound_by.upper()} holds the work up."
        )
    yield "Bytes of files are counted once. A scan reads each twice, to hash and to examine it, also over a network."


def short(value: float) -> str:
    """Three digits that count, and no fraction from 100 on."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def print_cost(told: Told, console: Console) -> None:
    """For people."""
    cost = told.cost
    table = Table("kind", "size", title="What is due, and what of it was examined")
    for name in ("places", "GB", "sampled", "core-seconds each", "core-hours"):
        table.add_column(name, justify="right")
    for one in cost.strata:
        table.add_row(
            one.stratum.kind.value,
            one.stratum.size,
            f"{one.places:,}",
            short(one.bytes / 1e9),
            f"{one.sampled:,}",
            short(one.seconds / one.places),
            short(one.seconds / 3600),
        )
    console.print(table)
    causes = Table("core-hours", "of")
    causes.columns[0].justify = "right"
    for name, value in cost.parts.items():
        causes.add_row(short(value), _PARTS[name])
    console.print(causes)
    for name, line in _lines(told):
        console.print(f"{name:<18} {line}", soft_wrap=True)
    for remark in remarks(told):
        console.print(f"* {remark}", soft_wrap=True)


def _lines(told: Told) -> Iterator[tuple[str, str]]:
    cost, terms = told.cost, told.terms
    low, high = cost.core_hours.low, cost.core_hours.high
    between = "" if low is None or high is None else f" ({short(low)} to {short(high)})"
    hosts = f"{terms.hosts} × {terms.cores} cores" + (f", {terms.gpus} GPUs each" if terms.gpus else "")
    yield "Core-hours", f"{short(cost.core_hours.total)}{between}"
    yield "Hours", f"{short(cost.time.hours)} on {hosts}; bound by {cost.time.bound_by.upper()}"
    yield "Memory of a host", f"{short(cost.host_memory_bytes / 1e9)} GB"
    yield "Store", f"{short(cost.store_bytes / 1e9)} GB"
    yield "Files", f"{short(cost.read_bytes / 1e9)} GB"
    yield "Video", f"{short(cost.video_hours)} hours"
    yield "Not examinable", f"{cost.failed_share:.1%} of the places"
    for name, value in cost.money.items():
        yield f"Money, {name.replace('_', ' a ')}", f"{value:,.2f}"
    if told.unchanged or told.gone:
        yield "Not counted", f"{told.unchanged:,} places unchanged, {told.gone:,} gone"
