"""What a report tells: small facts, however large the store is that they are asked of."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from pipelines.policy_config import LoadedPolicy
from transforms.detect.config import AnswerConfig

VERDICTS = ("not_disclosed", "partly_disclosed", "disclosed", "review", "not_assessable", "out_of_scope")
"""Outcomes of verdicts in the order in which a reader looks for them."""
BINS = 20
"""Of the histogram of scores, from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Totals:
    """How many places there are of each kind.

    Attributes:
        items: Places, but for containers and what is gone.
        examined: Of these: decoded, and put to the detectors.
        gaps: Of these: should have been examined and could not be.
        aside: Of these: not to be examined, since they are no media or were to be skipped.
        containers: Archives; their members are items.
        gone: Places that were there earlier.
        contents: Different bytes among the items.
        size_bytes: Of the items.
        videos: Of the examined.
        suppressed: Verdicts that an ignore file covers; they are in no other count of verdicts.
        decided: Items of which people decided.
    """

    items: int
    examined: int
    gaps: int
    aside: int
    containers: int
    gone: int
    contents: int
    size_bytes: int
    videos: int
    suppressed: int
    decided: int


@dataclass(frozen=True, slots=True)
class Gap:
    """Why items were not examined.

    Attributes:
        is_gap: Whether they should have been.
        example: A place; ``detail`` is of it.
    """

    outcome: str
    reason: str
    is_gap: bool
    items: int
    example: str
    detail: str | None


@dataclass(frozen=True, slots=True)
class Layer:
    """How far a layer of the examination came with the examined items.

    Attributes:
        whole: Items of which it noted nothing; of detectors and faces: that have an answer.
        notes: Items by what was noted.
        is_told: Whether ``whole`` says that it was done: else it may have been off in the profile.
    """

    name: str
    whole: int
    notes: Mapping[str, int]
    is_told: bool


@dataclass(frozen=True, slots=True)
class Detector:
    """What a detector said of the items.

    Attributes:
        config: Its package's statement, where that very version is at hand.
        levels: Items by level.
        bins: Items by calibrated score.
    """

    name: str
    digest: str
    config: AnswerConfig | None
    levels: Mapping[str, int]
    bins: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Items that share a source, publisher, type or generator; ``name`` is None for the rest, "" where none is told."""

    name: str | None
    items: int
    examined: int
    verdicts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ScanRow:
    """A scan, and the verdicts on what it recorded."""

    scan_id: str
    status: str
    started_at: datetime
    finished_at: datetime | None
    sources: tuple[str, ...]
    inputs: int | None
    unchanged: int | None
    examined: int | None
    failed: int | None
    not_checked: int | None
    gone: int | None
    verdicts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A content to be looked at.

    Attributes:
        places: How many places hold it.
        alike: Places of pictures that look the same.
        value: Of a decision: the chance that AI made it, times the places that it settles; None if it waits for none.
        suppressed_by: The ignore file's words, where it covers the verdict.
        review: What people decided.
    """

    content_sha256: str
    verdict: str
    synthesis: str
    places: int
    alike: int
    value: float | None
    suppressed_by: str | None
    review: str | None


@dataclass(frozen=True, slots=True)
class Facts:
    """All of a report but its single items.

    Attributes:
        scan: The one that it is about; None: all that is known now.
        judged: First and last day for which it was judged; None where nothing was.
        scans: The last ones, oldest first; ``scans_in_all`` counts the others, too.
        waiting: Contents that wait for a person, most valuable first; ``waiting_in_all`` counts the others, too.
        settled: Further contents that show a sign of AI.
    """

    store: str
    scan: ScanRow | None
    policy: LoadedPolicy
    judged: tuple[date, date] | None
    totals: Totals
    verdicts: Mapping[str, int]
    synthesis: Mapping[str, int]
    gaps: tuple[Gap, ...]
    layers: tuple[Layer, ...]
    detectors: tuple[Detector, ...]
    sources: tuple[Group, ...]
    publishers: tuple[Group, ...]
    media_types: tuple[Group, ...]
    generators: tuple[Group, ...]
    scans: tuple[ScanRow, ...]
    scans_in_all: int
    waiting: tuple[Candidate, ...]
    waiting_in_all: int
    settled: tuple[Candidate, ...]
