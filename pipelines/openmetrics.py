"""OpenMetrics text, of the part that Prometheus' older text format reads as well.

node_exporter's textfile collector reads the older format: there the types ``info``, ``stateset`` and ``unknown`` are an
error that costs the whole file, as timestamps are. So there are gauges and counters, without times.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Labels = Mapping[str, str]
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


@dataclass(frozen=True, slots=True)
class Family:
    """One metric.

    Attributes:
        name: Without the ``_total`` of a counter; it ends with the unit where there is one.
        kind: Whether it may fall.
        help: One line for people.
        samples: Labels and value of each.
        unit: Base unit: ``seconds``, ``bytes``, or nothing.
    """

    name: str
    kind: Literal["gauge", "counter"]
    help: str
    samples: Sequence[tuple[Labels, float]]
    unit: str = ""


def render(families: Iterable[Family]) -> str:
    """The text of all families that have samples.

    Raises:
        ValueError: A name, a unit or a pair of samples is against the format.
    """
    lines, seen = [], set()
    for family in families:
        if not family.samples:
            continue
        if family.name in seen:
            raise ValueError(f"two metrics are called {family.name}")
        seen.add(family.name)
        lines += _lines(family)
    return "\n".join([*lines, "# EOF", ""])


def _lines(family: Family) -> list[str]:
    if not _NAME.fullmatch(family.name) or family.name.endswith("_total"):
        raise ValueError(f"no name of a metric: {family.name}")
    if family.unit and not family.name.endswith(f"_{family.unit}"):
        raise ValueError(f"{family.name} does not end with its unit {family.unit}")
    series = [_labels(labels) for labels, _ in family.samples]
    if len(set(series)) < len(series):
        raise ValueError(f"two samples of {family.name} have the same labels")
    name = f"{family.name}_total" if family.kind == "counter" else family.name
    return [
        f"# TYPE {family.name} {family.kind}",
        *([f"# UNIT {family.name} {family.unit}"] if family.unit else []),
        f"# HELP {family.name} {family.help.translate(_ESCAPES)}",
        *(f"{name}{labels} {_number(value)}" for labels, (_, value) in zip(series, family.samples, strict=True)),
    ]


def _labels(labels: Labels) -> str:
    if wrong := [name for name in labels if not _LABEL.fullmatch(name) or name.startswith("__")]:
        raise ValueError(f"no name of a label: {wrong[0]}")
    pairs = (f'{name}="{_utf8(value).translate(_ESCAPES)}"' for name, value in sorted(labels.items()))
    return f"{{{','.join(pairs)}}}" if labels else ""


def _utf8(text: str) -> str:
    """Names of files may hold bytes that are no UTF-8: these are written as escapes."""
    return text.encode("utf-8", "backslashreplace").decode()


def _number(value: float) -> str:
    if math.isfinite(value):
        return repr(value)
    return "NaN" if math.isnan(value) else f"{value:+}".title()
