"""A case: what a store knows of one item, with what was judged of it; all that an explanation is made from."""

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from pipelines.errors import UsageError
from pipelines.inventory import normalise
from pipelines.policy_config import DEFAULT, LoadedPolicy, load_policy
from transforms import outcomes
from transforms.containers.entries import SEPARATOR
from transforms.detect.package import AnswerConfig, DetectorError, load_any
from transforms.outcomes import Outcome
from transforms.policy.codes import Code, DateBasis, Scope, Status, Synthesis, VerdictOutcome
from transforms.policy.facts import MarkFact
from transforms.policy.policy import Policy
from transforms.policy.verdict import Reason, Verdict
from transforms.records import LayerNote, address_of

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Row = dict[str, Any]
_HASH = re.compile(r"[0-9a-f]{8,64}")
_SPEAKING = ("ai", "ai_part", "not_ai", "capture", "unknown")


@dataclass(frozen=True, slots=True)
class FoundMark:
    """A mark, and where it was found."""

    fact: MarkFact
    locator: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a detector answered; ``config`` is its package's where that very version is at hand, else None."""

    detector: str
    digest: str
    level: str
    score: float | None
    config: AnswerConfig | None = None


@dataclass(frozen=True, slots=True)
class Ruling:
    """A verdict, the places that it is about, and by whom it is suppressed."""

    verdict: Verdict
    places: tuple[str, ...]
    suppressed_by: str | None = None


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a reviewer says now of the item under a policy.

    Attributes:
        note: Why, in the reviewer's words, or None.
    """

    reviewer: str
    decision: str
    decided_at: datetime
    note: str | None = None


@dataclass(frozen=True, slots=True)
class PolicyCase:
    """What one policy makes of the item.

    Attributes:
        name: The policy's id.
        policy: Its text, or None where it is not at hand.
        is_changed: Whether that text is not the one that was applied.
        sha256: Digest of what was applied; of the text where nothing was.
        rulings: One, several where places differ in the text beside them, none where nothing was judged.
        decision: What the reviewers say together, as in the view ``decisions``; None where nobody decided.
        opinions: What each of them says, the last one last.
    """

    name: str
    policy: Policy | None
    is_changed: bool
    sha256: str
    rulings: tuple[Ruling, ...]
    decision: str | None = None
    opinions: tuple[Opinion, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """One content in all its places; a place whose bytes could not be read is a case of its own.

    Attributes:
        places: Where it lies, the one that was asked for first.
        outcome: As in ``items``, like all that follow.
        marks: Those that speak of AI first.
    """

    places: tuple[str, ...]
    content_sha256: str | None
    outcome: str
    reason: str | None = None
    detail: str | None = None
    media_type: str | None = None
    width: int | None = None
    height: int | None = None
    duration_ms: float | None = None
    frames_examined: int = 0
    depicts_person: bool | None = None
    faces_max: int | None = None
    layers: tuple[LayerNote, ...] = ()
    answers: tuple[Answer, ...] = ()
    marks: tuple[FoundMark, ...] = ()
    policies: tuple[PolicyCase, ...] = ()

    @property
    def is_video(self) -> bool:
        """Whether time plays a part."""
        return (self.media_type or "").startswith("video/")


def find_case(
    tables: "DuckDBPyConnection", item: str, policies: Sequence[LoadedPolicy], detectors: Sequence[str]
) -> Case:
    """The case of an item of a store.

    Args:
        tables: Of the store.
        item: An address, or the hash of a content or its beginning.
        policies: Whose verdicts; none: all there are.
        detectors: Names or folders of packages in which error rates may stand, beside those that ship.

    Raises:
        UsageError: There is no such item, or several.
    """
    return case_of(tables, _rows_of(tables, item), policies, detectors)


def case_of(
    tables: "DuckDBPyConnection", rows: Sequence[Row], policies: Sequence[LoadedPolicy], detectors: Sequence[str]
) -> Case:
    """As ``find_case``, of rows that are at hand.

    Args:
        tables: Of the store.
        rows: Of ``items_latest``: every place of one content, the one to be named first; at least one.
        policies: As for ``find_case``.
        detectors: Likewise.
    """
    row = rows[0]
    keys = [(one["uri"], one["member_path"]) for one in rows]
    return Case(
        places=tuple(place_name(one) for one in rows),
        content_sha256=row["content_sha256"],
        outcome=row["outcome"],
        reason=row["reason"],
        detail=row["detail"],
        media_type=row["media_type"],
        width=row["width"],
        height=row["height"],
        duration_ms=row["duration_ms"],
        frames_examined=row["frames_examined"] or 0,
        depicts_person=row["depicts_person"],
        faces_max=row["faces_max"],
        layers=_layers(rows),
        answers=tuple(_answer(one, detectors) for one in row["scores"] or ()),
        marks=_marks(_of_places(tables, "item_marks", keys)),
        policies=()
        if row["outcome"] == Outcome.GONE or row["reason"] == outcomes.Reason.CONTAINER
        else _with_opinions(
            _policy_cases(_in_order(_of_places(tables, "verdicts_latest", keys), keys), policies),
            _of_content(tables, "decisions", row["content_sha256"]),
            _of_content(tables, "reviews_latest", row["content_sha256"]),
        ),
    )


def place_name(row: Mapping[str, Any]) -> str:
    """A place as people name it: its address, and the path within where it lies in a container."""
    return address_of(row["uri"], row["member_path"])


def _rows_of(tables: "DuckDBPyConnection", item: str) -> list[Row]:
    """The rows of all places of the item, the one that was asked for first."""
    addresses = [item, normalise(item)]
    sql = "SELECT * FROM items_latest WHERE list_contains($addresses, concat_ws($separator, uri, member_path))"
    asked = ask(tables, sql, {"addresses": addresses, "separator": SEPARATOR})
    prefix = item.lower()
    if not asked and _HASH.fullmatch(prefix):
        sql = "SELECT * FROM items_latest WHERE starts_with(content_sha256, $prefix) AND outcome <> 'gone'"
        asked = ask(tables, sql, {"prefix": prefix})
    if not asked:
        raise UsageError(
            f"The store knows nothing of {item}. Name an address as in items_latest.uri, or at least 8 digits of a "
            "content_sha256; a file that was never scanned is explained without --store."
        )
    if len({one["content_sha256"] or place_name(one) for one in asked}) > 1:
        hashes = ", ".join(sorted({one["content_sha256"][:16] for one in asked if one["content_sha256"]})[:5])
        raise UsageError(f"{item} stands for several items. Name one by more digits of its hash: {hashes}")
    first = min(asked, key=place_name)
    if first["content_sha256"] is None or first["outcome"] == Outcome.GONE:
        return [first]
    sql = "SELECT * FROM items_latest WHERE content_sha256 = $sha256 AND outcome <> 'gone'"
    every = ask(tables, sql, {"sha256": first["content_sha256"]})
    return sorted(every, key=lambda one: (place_name(one) != place_name(first), place_name(one)))


def _of_places(tables: "DuckDBPyConnection", view: str, keys: Sequence[tuple[str, str | None]]) -> list[Row]:
    sql = f"SELECT * FROM {view} WHERE uri IN (SELECT unnest($uris))"
    rows = ask(tables, sql, {"uris": [uri for uri, _ in keys]})
    return [row for row in rows if (row["uri"], row["member_path"]) in keys]


def _of_content(tables: "DuckDBPyConnection", view: str, content_sha256: str | None) -> list[Row]:
    sql = f"SELECT * FROM {view} WHERE content_sha256 = $sha256 ORDER BY decided_at"
    return ask(tables, sql, {"sha256": content_sha256})


def _in_order(rows: Sequence[Row], keys: Sequence[tuple[str, str | None]]) -> list[Row]:
    return sorted(rows, key=lambda row: keys.index((row["uri"], row["member_path"])))


def ask(tables: "DuckDBPyConnection", sql: str, parameters: Mapping[str, Any] | None = None) -> list[Row]:
    """The rows of an answer, by the names of their columns."""
    result = tables.execute(sql, dict(parameters or {}))
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def _layers(rows: Sequence[Row]) -> tuple[LayerNote, ...]:
    notes = (LayerNote(**note) for row in rows for note in row["layers"] or ())
    return tuple(dict.fromkeys(notes))


def _answer(score: Row, detectors: Sequence[str]) -> Answer:
    detector, digest = score["detector"], score["digest"]
    found = (config_of(place, digest) for place in (detector, *detectors))
    return Answer(detector, digest, score["level"], score["calibrated"], next(filter(None, found), None))


@functools.lru_cache(maxsize=64)
def config_of(place: str, digest: str) -> AnswerConfig | None:
    """What a package says, if it is there and the very one that answered.

    Args:
        place: Its name, or its folder.
        digest: As rows have it.
    """
    try:
        package = load_any(place)
    except DetectorError:
        return None
    return package.config if package.digest == digest else None


def _marks(rows: Sequence[Row]) -> tuple[FoundMark, ...]:
    found = {row["mark_id"]: FoundMark(_mark_fact(row), row["locator"] or "") for row in rows}
    return tuple(
        sorted(found.values(), key=lambda mark: (_SPEAKING.index(mark.fact.says), mark.fact.kind, mark.locator))
    )


def _mark_fact(row: Row) -> MarkFact:
    same = ("mark_id", "layer", "kind", "says", "integrity", "signer_trust", "language", "exactness", "height_ratio")
    more = ("contrast", "first_ms", "shown_ms", "value", "beside")
    return MarkFact(mark_class=row["class"], facts=row["facts"] or {}, **{name: row[name] for name in (*same, *more)})


def _policy_cases(rows: Sequence[Row], policies: Sequence[LoadedPolicy]) -> tuple[PolicyCase, ...]:
    asked = {one.policy.id: one for one in policies}
    names = list(asked) or sorted({row["policy"] for row in rows}) or [DEFAULT]
    return tuple(_policy_case(name, asked.get(name), [row for row in rows if row["policy"] == name]) for name in names)


def _policy_case(name: str, loaded: LoadedPolicy | None, rows: Sequence[Row]) -> PolicyCase:
    """The policy's text is the one that was named, else the one that ships, if it is the one that was applied."""
    applied = rows[0]["policy_sha256"] if rows else None
    if loaded is None:
        try:
            loaded = load_policy(name)
        except UsageError:
            return PolicyCase(name, None, is_changed=False, sha256=applied or "", rulings=_rulings(rows))
    is_changed = applied is not None and applied != loaded.sha256
    return PolicyCase(name, loaded.policy, is_changed, applied or loaded.sha256, _rulings(rows))


def _with_opinions(
    judged: Sequence[PolicyCase], decisions: Sequence[Row], opinions: Sequence[Row]
) -> tuple[PolicyCase, ...]:
    together = {row["policy"]: row["decision"] for row in decisions}
    return tuple(
        replace(
            one,
            decision=together.get(one.name),
            opinions=tuple(
                Opinion(row["reviewer"], row["decision"], row["decided_at"], row["note"])
                for row in opinions
                if row["policy"] == one.name
            ),
        )
        for one in judged
    )


def _rulings(rows: Sequence[Row]) -> tuple[Ruling, ...]:
    places: dict[tuple[Verdict, str | None], list[str]] = {}
    for row in rows:
        places.setdefault((_verdict(row), row["suppressed_by"]), []).append(place_name(row))
    return tuple(Ruling(verdict, tuple(named), by) for (verdict, by), named in places.items())


def _verdict(row: Row) -> Verdict:
    reasons = (
        Reason(Code(one["code"]), one["article"], tuple(one["marks"] or ()), one["detail"])
        for one in row["evidence"] or ()
    )
    as_of: date = row["as_of"]
    return Verdict(
        as_of,
        row["decided_on"],
        DateBasis(row["decided_by"]),
        Synthesis(row["synthesis"]),
        Scope(row["scope"]),
        Status(row["machine_mark"]),
        Status(row["visible_warning"]),
        VerdictOutcome(row["outcome"]),
        tuple(reasons),
    )
