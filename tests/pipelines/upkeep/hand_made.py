"""A sound store made by hand, without a scan: two segments, an archive with members, a file that broke, verdicts."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from pipelines.store import Store
from transforms.part_files import write_part

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
DETECTORS = [{"name": "d", "version": "1", "digest": "0" * 8}]


def item(segment: str, uri: str, **facts: Any) -> dict[str, Any]:
    score = {"detector": "d", "digest": "0" * 8, "raw": 1.5, "calibrated": 0.75, "level": "none"}
    return {
        "scan_id": f"scan-{segment}",
        "segment_id": segment,
        "uri": uri,
        "content_sha256": sha256(f"{uri} {facts.get('member_path')}".encode()).hexdigest(),
        "size_bytes": 100,
        "mtime_ns": 7,
        "outcome": "examined",
        "examination": "e",
        "examined_at": NOON,
        "score": 0.75,
        "scores": [score],
        "layers": [],
    } | facts


def part(store: Store, table: str, folder: str, rows: Iterable[dict[str, Any]]) -> dict[str, Any]:
    return asdict(write_part(str(store.root), table, folder, list(rows)))


def add_segment(store: Store, segment: str, items: list[dict[str, Any]]) -> None:
    """Commits a segment as a scan does: a frame and a mark for each item that was examined."""
    examined = [one for one in items if one["outcome"] == "examined"]
    shared = [{name: one[name] for name in ("scan_id", "segment_id", "content_sha256")} for one in examined]
    frames = [one | {"frame_index": 0, "detector": "d", "detector_digest": "0" * 8, "score": 0.5} for one in shared]
    marks = [
        one | {"layer": "xmp", "kind": "k", "says": "ai", "facts": {"a": "б"}, "examination": "e"} for one in shared
    ]
    rows = {"items": items, "frames": frames, "marks": marks}
    parts = [part(store, table, segment, own) for table, own in rows.items() if own]
    manifest = {
        "scan_id": items[0]["scan_id"],
        "segment_id": segment,
        "examination": "e",
        "started_at": NOON.isoformat(),
        "segment": {"detectors": DETECTORS, "reused": 0},
        "parts": parts,
    }
    store.commit_segment(manifest)


def add_verdicts(store: Store, items: list[dict[str, Any]], policy: str = "kz", judgement: str = "j" * 32) -> None:
    shared = {
        "policy": policy,
        "as_of": date(2026, 11, 1),
        "outcome": "out_of_scope",
        "sequence": store.version("verdicts") + 1,
    }
    names = ("scan_id", "segment_id", "content_sha256", "uri", "member_path")
    rows = [{name: one.get(name) for name in names} | shared for one in items]
    store.commit_parts("verdicts", judgement, [part(store, "verdicts", judgement, rows)])


def build_store(root: Path) -> Store:
    store = Store.create(root)
    for scan in ("scan-one", "scan-two"):
        store.record_scan({"scan_id": scan, "status": "running", "recorded_at": NOON})
    first = [item("one", "/архив қ/film.mp4"), item("one", "/архив қ/a b.png")]
    container = item("two", "/архив қ/all.zip", outcome="not_checked", reason="container", members=2, scores=[])
    members = [item("two", "/архив қ/all.zip", member_path=f"{name}.jpg") for name in ("x", "y")]
    broken = item("two", "/архив қ/film.mp4", outcome="failed", reason="truncated", scores=None, score=None)
    add_segment(store, "one", first)
    add_segment(store, "two", [container, *members, broken])
    add_verdicts(store, [first[1], *members, broken])
    one, other = (member["content_sha256"] for member in members)
    near = {"scan_id": "scan-two", "content_sha256": one, "duplicate_of": other, "sequence": 1, "marked_at": NOON}
    store.commit_parts("near_duplicates", "near", [part(store, "near_duplicates", "near", [near])])
    review = {"review_id": "r", "content_sha256": one, "policy": "kz", "decision": "not_ai", "reviewer": "ann"}
    decided = part(store, "reviews", "r", [review | {"sequence": 1, "decided_at": NOON}])
    store.commit_parts("reviews", "r", [decided])
    for scan in ("scan-one", "scan-two"):
        store.record_scan(
            {"scan_id": scan, "status": "complete", "recorded_at": NOON, "verdicts": store.version("verdicts")}
        )
    return store
