"""The custody log: what happened to a content's rows, when, by which program or person, oldest first."""

from collections.abc import Iterator
from typing import Any

from pipelines.evidence.rows import ContentRows, Row

Event = dict[str, Any]


def custody(rows: ContentRows) -> list[Event]:
    """Every event that the rows tell of; each has ``at`` (ISO 8601, UTC), ``what``, ``by`` and ``detail``."""
    return sorted([*_examined(rows), *_judged(rows), *_decided(rows)], key=lambda event: (event["at"], event["what"]))


def _examined(rows: ContentRows) -> Iterator[Event]:
    segments = {segment["segment_id"]: segment for segment in rows.tables["segments"]}
    for item in rows.tables["items"]:
        segment = segments[item["segment_id"]]
        yield {
            "at": segment["committed_at"],
            "what": "recorded",
            "by": f"aiqyn {segment['versions'].get('aiqyn')}, scan {item['scan_id']}",
            "detail": {
                "place": _place(item),
                "outcome": item["outcome"],
                "reason": item["reason"],
                "examined_at": item["examined_at"],
                "examination": item["examination"],
                "segment": item["segment_id"],
            },
        }


def _judged(rows: ContentRows) -> Iterator[Event]:
    for verdict in rows.tables["verdicts"]:
        yield {
            "at": verdict["judged_at"],
            "what": "judged",
            "by": f"policy {verdict['policy']}, sha256 {verdict['policy_sha256']}",
            "detail": {
                "place": _place(verdict),
                "as_of": verdict["as_of"],
                "outcome": verdict["outcome"],
                "suppressed_by": verdict["suppressed_by"],
                "judgement": verdict["judgement"],
            },
        }


def _decided(rows: ContentRows) -> Iterator[Event]:
    for review in rows.tables["reviews"]:
        yield {
            "at": review["decided_at"],
            "what": "decided",
            "by": review["reviewer"],
            "detail": {
                "policy": review["policy"],
                "decision": review["decision"],
                "note": review["note"],
                "on_verdict": review["verdict_outcome"],
                "judgement": review["judgement"],
                "review": review["review_id"],
            },
        }


def _place(row: Row) -> str:
    return "!/".join(filter(None, [row["uri"], row["member_path"]]))
