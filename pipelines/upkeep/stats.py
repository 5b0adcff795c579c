"""How much a store holds, and what became of its items."""

from collections.abc import Iterator
from typing import Any

from pipelines.store import Store
from pipelines.tables import bounded
from pipelines.upkeep.files import named_files
from transforms.schemas import TABLES

_DATED = {
    "items": "examined_at",
    "verdicts": "judged_at",
    "near_duplicates": "marked_at",
    "reviews": "decided_at",
    "segments": "committed_at",
    "scans": "recorded_at",
}
"""What dates a row of a table; frames and marks are dated by their segments."""
_OUTCOMES = """
SELECT outcome, reason, count(*) AS items FROM items_latest GROUP BY ALL ORDER BY items DESC, outcome, reason
"""
_SCANS = "SELECT status, count(*) AS scans FROM scans GROUP BY ALL ORDER BY ALL"


def store_stats(store: Store) -> dict[str, Any]:
    """Rows, files, bytes and versions by table, places by outcome and reason, scans by status; for machines.

    Args:
        store: Not pinned.
    """
    now = store.pinned()
    with bounded(now) as tables:

        def ask(sql: str) -> list[dict[str, Any]]:
            result = tables.execute(sql)
            names = [column[0] for column in result.description]
            return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

        facts = {table: _table(now, table) | ask(_span(table))[0] for table in TABLES}
        outcomes, scans = ask(_OUTCOMES), ask(_SCANS)
    items, total = sum(one["items"] for one in outcomes), sum(one["bytes"] for one in facts.values())
    return {
        "tables": facts,
        "bytes": total,
        "items": items,
        "bytes_per_item": round(total / items, 1) if items else None,
        "outcomes": outcomes,
        "scans": scans,
    }


def _table(store: Store, table: str) -> dict[str, Any]:
    files = named_files(store, table)
    return {"files": len(files), "bytes": sum(file.size_bytes for file in files), "versions": store.version(table) + 1}


def _span(table: str) -> str:
    """Rows of a table, and when the oldest and the newest of them were made."""
    if table in _DATED:
        made, source = _DATED[table], f"stored_{table}"
    else:
        made, source = "committed_at", f"stored_{table} LEFT JOIN stored_segments USING (segment_id)"
    bounds = ", ".join(
        f"strftime({bound}({made}), '%Y-%m-%dT%H:%M:%SZ') AS {name}"
        for bound, name in (("min", "oldest"), ("max", "newest"))
    )
    return f"SELECT count(*) AS rows, {bounds} FROM {source}"


def stats_lines(facts: dict[str, Any]) -> Iterator[str]:
    """The same for people."""
    row = "{:<10} {:>13} {:>8} {:>12} {:>9}  {:<20}  {:<20}".format
    yield row("table", "rows", "files", "MB", "versions", "oldest", "newest").rstrip()
    for table, own in facts["tables"].items():
        counts = (f"{own['rows']:,}", f"{own['files']:,}", f"{own['bytes'] / 1e6:,.2f}", f"{own['versions']:,}")
        yield row(table, *counts, own["oldest"] or "–", own["newest"] or "–").rstrip()
    each = f", {facts['bytes_per_item']:,} bytes each" if facts["items"] else ""
    yield f"\n{facts['items']:,} items as they are known now{each}:"
    for one in facts["outcomes"]:
        yield f"{one['items']:>13,}  {one['outcome']}" + (f", {one['reason']}" if one["reason"] else "")
    told = ", ".join(f"{one['scans']:,} {one['status']}" for one in facts["scans"]) or "none"
    yield f"\nScans: {told}."
