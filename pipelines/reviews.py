"""Decisions of people on what a store knows: appended rows, of which the last one of each person holds."""

import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum

from pipelines.errors import UsageError
from pipelines.store import Store

REVIEWS = "reviews"
MOST_NOTE_CHARACTERS = 4000
MOST_REVIEWER_CHARACTERS = 200


class Decision(StrEnum):
    """What a person decided. ``WITHDRAWN`` takes back what the same person decided before."""

    DISCLOSED = "disclosed"
    NOT_DISCLOSED = "not_disclosed"
    NOT_AI = "not_ai"
    UNSURE = "unsure"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Review:
    """One decision of one person on one content under one policy.

    Attributes:
        note: Why, in the person's words, or None.
        uri: Where the person saw it, with ``member_path``.
        policy_sha256: Of the policy whose verdict the person saw, with the ``judgement`` that made it and its outcome.
    """

    content_sha256: str
    policy: str
    decision: Decision
    reviewer: str
    note: str | None = None
    uri: str | None = None
    member_path: str | None = None
    policy_sha256: str | None = None
    judgement: str | None = None
    verdict_outcome: str | None = None


def record_reviews(store: Store, reviews: Sequence[Review]) -> list[str]:
    """Appends decisions, all or none; a scan may write to the store meanwhile.

    Args:
        store: Not pinned.
        reviews: At least one.

    Returns:
        Their ids.

    Raises:
        UsageError: A decision lacks its reviewer, or a text is too long or no text.
    """
    import pyarrow as pa

    from transforms.schemas import TABLES

    for review in reviews:
        _check(review)
    store.ensure(REVIEWS)
    with store.locks.alone(REVIEWS):
        shared = {"sequence": store.version(REVIEWS) + 1, "decided_at": datetime.now(UTC)}
        rows = [asdict(review) | shared | {"review_id": uuid.uuid4().hex} for review in reviews]
        commit = rows[0]["review_id"]
        part = store.save_part(REVIEWS, commit[:16], pa.Table.from_pylist(rows, TABLES[REVIEWS]))
        store.commit_parts(REVIEWS, commit, [part])
    return [row["review_id"] for row in rows]


def check_reviewer(name: str) -> None:
    """Refuses a name that no decision can carry.

    Raises:
        UsageError: It is empty, too long or no text.
    """
    if not name.strip():
        raise UsageError("A decision must say who decided. Name the reviewer.")
    _check_text("The reviewer's name", name, MOST_REVIEWER_CHARACTERS)


def _check(review: Review) -> None:
    check_reviewer(review.reviewer)
    _check_text("The note", review.note or "", MOST_NOTE_CHARACTERS)


def _check_text(name: str, text: str, most: int) -> None:
    if len(text) > most:
        raise UsageError(f"{name} has {len(text):,} characters; the most is {most:,}. Shorten it.")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise UsageError(f"{name} holds half a character (U+{ord(text[error.start]):04X}). Write it anew.") from error
