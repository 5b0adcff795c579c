"""What examining each content took: lines of JSON that workers add to one file, for ``aiqyn estimate``."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from transforms.records import Place


@dataclass(frozen=True, slots=True)
class ContentCost:
    """What one content took.

    Attributes:
        places: Address and path inside a container of every place where it lies, as rows have them.
        cpu_seconds: Processor time of the examiner children.
        inputs: What the networks were given of it, by the index of the detector.
    """

    places: tuple[tuple[str, str | None], ...]
    cpu_seconds: float
    inputs: dict[int, int]


def note_cost(file: str, places: tuple[Place, ...], cpu_seconds: float, inputs: Mapping[int, int]) -> None:
    """Adds a line; one write, so that lines of several workers do not mix."""
    told = {
        "places": [(place.uri, place.member_path) for place in places],
        "cpu_seconds": cpu_seconds,
        "inputs": dict(inputs),
    }
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(descriptor, f"{json.dumps(told)}\n".encode())
    finally:
        os.close(descriptor)


def read_costs(file: Path) -> Iterator[ContentCost]:
    """What was noted; nothing where no content was examined."""
    if not file.exists():
        return
    for line in file.read_text("utf-8").splitlines():
        told = json.loads(line)
        places = tuple((uri, member) for uri, member in told["places"])
        yield ContentCost(places, told["cpu_seconds"], {int(index): n for index, n in told["inputs"].items()})
