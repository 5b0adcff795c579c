"""What a scan has to do: the inventory against what the store holds, cut into segments of even cost."""

import hashlib
import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa

import configs
from pipelines.compare import KEYS, Inventory, Retries, compared
from pipelines.due import SCHEMA, Due, DueItems
from pipelines.held import HeldPlaces
from pipelines.inputs import Inputs, Scope
from pipelines.inventory import beginning
from pipelines.store import Store
from pipelines.tables import connect
from transforms.beside.notes import is_of_the_place
from transforms.examine.face_model import FACE_MODEL_SHA256
from transforms.labels.lexicon import LEXICON_FILES
from transforms.labels.networks import DIGESTS
from transforms.marks.c2pa_store import TOOL as C2PA_TOOL
from transforms.marks.meaning.rule_files import FILES as RULE_FILES
from transforms.outcomes import FLEETING, Outcome, Reason
from transforms.records import DetectorScore, Examination, LayerNote, Place

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from transforms.examine.settings import ExamineSettings
    from transforms.records import DetectorInfo

LAYER_VERSIONS = {"frames": 2, "faces": 1, "marks": 1, "watermark": 1, "caption": 1, "labels": 4}
"""Raise a layer's number when it may give other rows for the same bytes: what it examined is then due again."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a scan found: ``inputs`` were listed, ``unchanged`` keep the rows they have, ``due`` get new ones.

    ``left_out`` counts what filters left out, by why; it is not among the inputs.
    """

    inputs: int
    unchanged: int
    due: DueItems
    left_out: dict[str, int] = field(default_factory=dict)


def examination_digest(settings: "ExamineSettings", detectors: "Sequence[DetectorInfo]") -> str:
    """What decides whether stored results still hold for given bytes: detectors, sampling, limits, layer versions."""
    told = settings.to_json()
    del told["stills"], told["show_manifests"]  # for people to look at: they change no row
    basis = {
        "settings": told,
        "detectors": [detector.digest for detector in detectors],
        "layers": LAYER_VERSIONS,
        "face_model": FACE_MODEL_SHA256 if settings.faces.enabled else None,
        "marks": [C2PA_TOOL, _rules_digest()] if settings.marks.enabled else None,
        "labels": sorted(DIGESTS.items()) if settings.labels.enabled else None,
        "lexicon": _lexicon_digest() if settings.marks.enabled or settings.labels.enabled else None,
    }
    return hashlib.sha256(json.dumps(basis, sort_keys=True).encode()).hexdigest()


def _rules_digest() -> str:
    """SHA-256 of the rules that decide what marks say; what they mean in words changes no row."""
    names = sorted(set(RULE_FILES) - {"meanings.yaml"})
    return hashlib.sha256(b"\0".join((configs.ROOT / "marks" / name).read_bytes() for name in names)).hexdigest()


def _lexicon_digest() -> str:
    """SHA-256 of the words of labels that the project ships; those that an analyst adds are among the settings."""
    files = ((configs.ROOT / "lexicon" / name).read_bytes() for name in sorted(LEXICON_FILES))
    return hashlib.sha256(b"\0".join(files)).hexdigest()


def make_plan(
    store: Store,
    scope: Scope,
    inputs: Inputs,
    examination: str,
    *,
    retry_failed: bool = False,
    skips_near_duplicates: bool = False,
) -> Plan:
    """Compares the inventory with the store.

    A place is due when it is new, differs in size or time from its last row, has other text beside it, was last
    examined under another ``examination``, changed while it was, or is to be tried again as ``retry_failed`` asks: what
    failed, also for one detector or a text beside it alone, and what a decoder was missing for. What an earlier scan
    skipped is due unless ``skips_near_duplicates``. A place that a source covers, or a manifest names, and that was not
    listed is due as gone, unless it lies in a folder that could not be read, or in a container that could not be listed
    to its end, or is none that the filters let pass. One that a manifest names and that was never seen there is due as
    such. Only places of the scope's part are looked at.
    """
    found = Inventory(
        listed=inputs.places.table,
        absent=HeldPlaces(inputs.absent).table,
        named=inputs.named,
        left_out=_keys(inputs.left_out.whys),
        roots=[beginning(source) for source in scope.sources],
        part=scope.part,
    )
    retries = Retries(retry_failed, not skips_near_duplicates)
    with compared(store, found, examination, retries) as (tables, count):
        due = _table(tables, _DUE).cast(SCHEMA)
        vanished = _table(tables, _VANISHED)
    gone = _looked_for(vanished, scope, inputs).cast(SCHEMA)
    return Plan(count, count - len(due), DueItems(pa.concat_tables([due, gone])), inputs.left_out.counts)


def _looked_for(vanished: pa.Table, scope: Scope, inputs: Inputs) -> pa.Table:
    """Of places that were not found those that would have been if they were there."""
    unlisted = tuple(inputs.places.unlisted)

    def is_one(uri: str, member_path: str | None, size_bytes: int | None, mtime_ns: int | None, is_named: bool) -> bool:
        place = Place("", uri, uri, size_bytes, mtime_ns, member_path)
        return not place.address.startswith(unlisted) and scope.looks_at(place, is_named=is_named)

    rows = _rows(vanished, "uri", "member_path", "size_bytes", "mtime_ns", "is_named")
    are = pa.array(itertools.starmap(is_one, rows), pa.bool_())
    return vanished.filter(are).drop_columns(["is_named"])


def _table(tables: "DuckDBPyConnection", query: str) -> pa.Table:
    table: pa.Table = tables.sql(query).to_arrow_table()
    return table


_FACTS = "source, uri, member_path, size_bytes, mtime_ns"
_DUE = f"""
SELECT {_FACTS}, ordinal, etag, whole, coalesce(scan_id, '') AS supersedes, false AS gone,
       NULL::VARCHAR AS content_sha256, why
FROM due ORDER BY uri, ordinal NULLS FIRST, member_path
"""
_VANISHED = f"""
SELECT {_FACTS}, NULL::BIGINT AS ordinal, NULL::VARCHAR AS etag, NULL::VARCHAR AS whole, scan_id AS supersedes,
       true AS gone, content_sha256, 'gone' AS why, is_named
FROM vanished ORDER BY uri, member_path
"""


_BATCH = 10_000


def _rows(table: pa.Table, *columns: str) -> Iterator[tuple[Any, ...]]:
    """Rows of which only some are objects at a time."""
    for batch in table.select(columns).to_batches(max_chunksize=_BATCH):
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _keys(keys: Iterable[tuple[str, str | None]]) -> pa.Table:
    return pa.Table.from_pylist([{"uri": uri, "member_path": member} for uri, member in keys], KEYS)


def cut_segments(due: DueItems, target_seconds: float, max_items: int) -> Iterator[DueItems]:
    """Cuts the work into runs of even cost, in its order.

    Every cut depends only on what lies between it and the one before, so that work left over by a killed scan is cut
    where it was cut before.
    """
    start, seconds = 0, 0.0
    for at, cost in enumerate(due.costs()):
        if at > start and (seconds + cost > target_seconds or at - start == max_items):
            yield due[start:at]
            start, seconds = at, 0.0
        seconds += cost
    if start < len(due):
        yield due[start:]


def segment_id(segment: Iterable[Due], examination: str, config_digest: str, forgotten: int = 0) -> str:
    """Names a piece of work: the same items under the same configuration, over the same stored rows.

    Args:
        segment: The items.
        examination: From ``examination_digest``.
        config_digest: Of the profile.
        forgotten: From ``Store.forgotten``: what was forgotten and is found again is another piece of work.
    """
    keys = sorted(one.item_key for one in segment)
    basis = [keys, examination, config_digest, *([forgotten] if forgotten else [])]
    return hashlib.sha256(json.dumps(basis).encode()).hexdigest()


def known_examinations(
    store: Store, content_hashes: list[str], examination: str, *, retried_by: str | None = None, skips: bool = False
) -> dict[str, Examination]:
    """What the store knows of contents that were examined under the same ``examination``.

    An end that tells of the place, the machine or the moment is no knowledge of the content; nor is what one of the
    detectors failed on.

    Args:
        store: Where to look.
        content_hashes: What to look for.
        examination: From ``examination_digest``.
        retried_by: A scan that tries failed contents again: of these, only what it found itself holds.
        skips: Whether that a content was skipped, since it looks like another, holds.
    """
    if not content_hashes:
        return {}
    with connect(store, asked=_KNOWN) as tables:
        tables.register("wanted", pa.table({"content_sha256": content_hashes}))
        parameters = {
            "examination": examination,
            "fleeting": sorted(FLEETING),
            "retried_by": retried_by,
            "skips": skips,
        }
        result = tables.execute(_KNOWN, parameters)
        names = [column[0] for column in result.description]
        rows = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
    return {row["content_sha256"]: _examination(row) for row in rows}


_KNOWN = """
SELECT items.* FROM items SEMI JOIN wanted USING (content_sha256)
WHERE examination = $examination
  AND outcome <> 'gone'
  AND (reason IS NULL OR reason NOT IN (SELECT unnest($fleeting)))
  AND coalesce(len(list_filter(scores, lambda one: one.level = 'failed')), 0) = 0
  AND ($skips OR reason IS DISTINCT FROM 'near_duplicate')
  AND ($retried_by IS NULL OR outcome <> 'failed' OR scan_id = $retried_by)
QUALIFY row_number() OVER (PARTITION BY content_sha256 ORDER BY examined_at DESC, segment_id) = 1
"""


def _examination(row: dict[str, Any]) -> Examination:
    at: datetime | None = row["examined_at"]
    return Examination(
        outcome=Outcome(row["outcome"]),
        reason=Reason(row["reason"]) if row["reason"] else None,
        scores=tuple(DetectorScore(**score) for score in row["scores"] or ()),
        layers=tuple(LayerNote(**note) for note in row["layers"] or () if not is_of_the_place(LayerNote(**note))),
        examined_at=at,
        **{name: row[name] for name in _COPIED},
    )


_COPIED = (
    "detail",
    "media_type",
    "width",
    "height",
    "duration_ms",
    "perceptual_hash",
    "captured_at",
    "frames_examined",
    "depicts_person",
    "faces_max",
    "duplicate_of",
)
