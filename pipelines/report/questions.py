"""Asks a store for the facts of a report; every answer is bounded, and so is the memory that they need."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pipelines.case import ask, config_of
from pipelines.errors import UsageError
from pipelines.policy_config import DEFAULT, LoadedPolicy, load_policy
from pipelines.report.facts import BINS, Candidate, Detector, Facts, Gap, Group, Layer, ScanRow, Totals

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MOST_GROUPS = 20
MOST_SCANS = 24
_LAYERS = ("frames", "marks", "c2pa", "watermark", "visible_label", "caption", "faces")
_SCAN_COLUMNS = (
    "scan_id, status, started_at, finished_at, sources, inputs, unchanged, examined, failed, not_checked, gone"
)

# The views stand on these two, so that they then tell what one scan recorded, and what was judged until it ended.
_AS_OF = (
    "CREATE TEMP VIEW items AS SELECT * FROM memory.main.items WHERE scan_id = '{scan}'",
    "CREATE TEMP VIEW verdicts AS SELECT * FROM memory.main.verdicts WHERE {judged}",
)
_NOW = """
CREATE TEMP TABLE now AS
SELECT item.*, verdict.outcome AS verdict, synthesis, suppressed_by, as_of, verdict.review,
       evidence
FROM (
    SELECT segment_id, uri, coalesce(member_path, '') AS member, content_sha256, duplicate_of, source, publisher,
           media_type, size_bytes, outcome, reason, detail, layers, depicts_person, examination,
           [{detector: one.detector, digest: one.digest, level: one.level, score: one.calibrated} FOR one IN scores]
               AS scores
    FROM items_latest
) AS item
LEFT JOIN (SELECT * FROM verdicts_latest WHERE policy = $policy) AS verdict
    ON verdict.segment_id = item.segment_id AND verdict.uri = item.uri
    AND coalesce(verdict.member_path, '') = item.member
"""
_ITEMS = "(SELECT * FROM now WHERE outcome <> 'gone' AND reason IS DISTINCT FROM 'container')"
_ASIDE = "reason IN ('not_media', 'near_duplicate')"
_TOTALS = f"""
SELECT count(*) FILTER (is_item) AS items, count(*) FILTER (is_item AND outcome = 'examined') AS examined,
       count(*) FILTER (is_item AND outcome <> 'examined' AND NOT {_ASIDE}) AS gaps,
       count(*) FILTER (is_item AND {_ASIDE}) AS aside,
       count(*) FILTER (outcome <> 'gone' AND reason = 'container') AS containers,
       count(*) FILTER (outcome = 'gone') AS gone,
       count(DISTINCT content_sha256) FILTER (is_item) AS contents,
       coalesce(sum(size_bytes) FILTER (is_item), 0)::BIGINT AS size_bytes,
       count(*) FILTER (is_item AND outcome = 'examined' AND media_type LIKE 'video/%') AS videos,
       count(*) FILTER (is_item AND suppressed_by IS NOT NULL) AS suppressed,
       count(*) FILTER (is_item AND review IS NOT NULL) AS decided
FROM (SELECT *, outcome <> 'gone' AND reason IS DISTINCT FROM 'container' AS is_item FROM now)
"""
_GAPS = f"""
SELECT outcome, reason, NOT {_ASIDE} AS is_gap, count(*) AS items,
       min(concat_ws('!/', uri, nullif(member, ''))) AS example,
       arg_min(detail, concat_ws('!/', uri, nullif(member, ''))) AS detail
FROM {_ITEMS} WHERE outcome <> 'examined' GROUP BY ALL ORDER BY is_gap DESC, items DESC, reason
"""
_NOTES = f"""
SELECT note.layer AS layer, note.status AS status, count(*) AS items
FROM (SELECT unnest(list_distinct([{{layer: one.layer, status: one.status}} FOR one IN layers])) AS note
      FROM {_ITEMS} WHERE outcome = 'examined')
GROUP BY ALL ORDER BY ALL
"""
_NOTED = f"""
SELECT layer, count(*) AS items
FROM (SELECT unnest(list_distinct([one.layer FOR one IN layers])) AS layer FROM {_ITEMS} WHERE outcome = 'examined')
GROUP BY ALL
"""
_ANSWERS = f"""
SELECT answer.detector AS detector, answer.digest AS digest, answer.level AS level,
       CASE WHEN answer.score IS NOT NULL THEN least(floor(answer.score * {BINS}), {BINS - 1})::INTEGER END AS bin,
       outcome = 'examined' AS is_examined, count(*) AS items
FROM (SELECT unnest(scores) AS answer, outcome FROM {_ITEMS}) GROUP BY ALL ORDER BY ALL
"""
# Where an item lies below what was named as its source: the first folder there, else the source itself.
_SOURCE = """
CASE WHEN starts_with(uri, rtrim(source, '/') || '/') THEN
    CASE WHEN contains(substr(uri, length(rtrim(source, '/')) + 2), '/')
        THEN rtrim(source, '/') || '/' || split_part(substr(uri, length(rtrim(source, '/')) + 2), '/', 1)
        ELSE source END
ELSE regexp_extract(uri, '^([a-z][a-z0-9+.-]*://[^/]+(/[^/]+)?|(/[^/]+){0,3})/', 1) END
"""
_GROUPED = """
SELECT name, verdict, items, examined, sum(items) OVER (PARTITION BY name)::BIGINT AS all_items
FROM (
    SELECT coalesce({name}, '') AS name, CASE WHEN suppressed_by IS NULL THEN verdict END AS verdict,
           count(*) AS items, count(*) FILTER (outcome = 'examined') AS examined
    FROM {items} AS item GROUP BY ALL
)
ORDER BY all_items DESC, name, verdict
"""
_MOST_ROWS = 50_000
"""Of groups that are looked at before the largest are known: what a report names of more is among the rest."""
_GENERATOR = "coalesce(nullif(coalesce(mark.facts['generator'], mark.facts['model']), ''), mark.kind)"
_GENERATED = f"""
CREATE TEMP TABLE generated AS
SELECT DISTINCT item.segment_id, item.uri, item.member, item.outcome, item.verdict, item.suppressed_by,
       left({_GENERATOR}, 200) AS generator
FROM {_ITEMS} AS item JOIN marks_latest AS mark
    ON mark.content_sha256 IS NOT DISTINCT FROM item.content_sha256 AND mark.examination = item.examination
    AND (mark.place_uri IS NULL OR (mark.place_uri = item.uri AND coalesce(mark.place_member_path, '') = item.member))
WHERE mark.says IN ('ai', 'ai_part')
"""
_SCAN_VERDICTS = """
SELECT scan_id, outcome, count(*) AS items
FROM (
    SELECT scan_id, max_by(CASE WHEN suppressed_by IS NULL THEN outcome END, sequence) AS outcome
    FROM verdicts WHERE policy = $policy AND list_contains($scans, scan_id)
    GROUP BY scan_id, segment_id, uri, member_path
)
WHERE outcome IS NOT NULL GROUP BY ALL
"""
# As the view review_queue has it, of one policy, and of what a report is about.
_CANDIDATES = f"""
CREATE TEMP TABLE candidates AS
WITH shown AS (
    SELECT *, list_max([one.score FOR one IN scores]) AS best,
           verdict IN ('review', 'not_disclosed') AND suppressed_by IS NULL
               AND (review IS NULL OR review IN ('unsure', 'disputed')) AS waits
    FROM {_ITEMS}
    WHERE content_sha256 IS NOT NULL AND (verdict IN ('review', 'not_disclosed', 'partly_disclosed', 'disclosed'))
), contents AS (
    SELECT content_sha256, coalesce(max(duplicate_of), content_sha256) AS representative, count(*) AS places,
           bool_or(waits) AS waits, min_by(verdict, NOT waits) AS verdict, min_by(synthesis, NOT waits) AS synthesis,
           any_value(suppressed_by) AS suppressed_by, any_value(review) AS review, max(best) AS best,
           max(chance(synthesis, evidence, best)) AS chance
    FROM shown GROUP BY content_sha256
)
SELECT *, (sum(places) OVER (PARTITION BY representative))::BIGINT - places AS alike,
       CASE WHEN waits THEN chance * (places + alike) END AS value
FROM contents
"""
_LISTED = """
SELECT content_sha256, verdict, synthesis, places, alike, value, suppressed_by, review FROM candidates
WHERE waits = $waits
ORDER BY value DESC NULLS LAST, list_position(['not_disclosed', 'review', 'partly_disclosed', 'disclosed'], verdict),
         best DESC NULLS LAST, content_sha256
LIMIT $most
"""


def read_facts(
    tables: "DuckDBPyConnection",
    store: str,
    policy: str | None,
    scan: str | None,
    most: int,
    detectors: Sequence[str] = (),
) -> Facts:
    """The facts of a report; afterwards the tables tell what the report is about.

    Args:
        tables: Of ``tables.bounded``; not used for anything else.
        store: How people call it.
        policy: Name or file of a policy; None: kz, or the only one that the store was judged under.
        scan: Only what this scan recorded, as of its end; None: what is known now.
        most: Contents that are listed one by one.
        detectors: Names or folders of packages in which error rates may stand, beside those that ship.

    Raises:
        UsageError: There is no such scan or policy, or nothing was judged under it.
    """
    if scan is not None:
        _restrict(tables, scan)
    loaded = _policy(tables, policy)
    named = {"policy": loaded.policy.id}
    tables.execute(_NOW, named)
    tables.execute(_GENERATED)
    tables.execute(_CANDIDATES)
    (totals,) = ask(tables, _TOTALS)
    scans = _scans(tables, loaded.policy.id, scan)
    ((scans_in_all,),) = tables.execute("SELECT count(*) FROM scans").fetchall()
    ((waiting,),) = tables.execute("SELECT count(*) FROM candidates WHERE waits").fetchall()
    listed = [Candidate(**row) for row in ask(tables, _LISTED, {"waits": True, "most": most})]
    settled = [Candidate(**row) for row in ask(tables, _LISTED, {"waits": False, "most": most - len(listed)})]
    ((first, last),) = tables.execute("SELECT min(as_of), max(as_of) FROM now WHERE outcome <> 'gone'").fetchall()
    return Facts(
        store=store,
        scan=next((one for one in scans if one.scan_id == scan), None) if scan else None,
        policy=loaded,
        judged=(first, last) if first else None,
        totals=Totals(**totals),
        verdicts=_counts(tables, "verdict", "suppressed_by IS NULL AND verdict IS NOT NULL"),
        synthesis=_counts(tables, "synthesis", "synthesis IS NOT NULL"),
        gaps=tuple(Gap(**row) for row in ask(tables, _GAPS)),
        layers=_layers(tables, totals["examined"]),
        detectors=_detectors(tables, detectors),
        sources=_groups(tables, _SOURCE),
        publishers=_groups(tables, "publisher"),
        media_types=_groups(tables, "media_type"),
        generators=_groups(tables, "generator", "generated"),
        scans=scans,
        scans_in_all=scans_in_all,
        waiting=tuple(listed),
        waiting_in_all=waiting,
        settled=tuple(settled),
    )


def _restrict(tables: "DuckDBPyConnection", scan: str) -> None:
    found = tables.execute("SELECT verdicts FROM scans WHERE scan_id = $scan", {"scan": scan}).fetchone()
    if found is None:
        rows = tables.execute("SELECT scan_id FROM scans ORDER BY started_at DESC LIMIT 5").fetchall()
        known = ", ".join(one for (one,) in rows) or "none yet"
        raise UsageError(f"There is no scan {scan} in the store. The last ones: {known}.")
    judged = "true" if found[0] is None else f"sequence <= {int(found[0])}"
    for statement in _AS_OF:
        tables.execute(statement.format(scan=scan.replace("'", "''"), judged=judged))


def _policy(tables: "DuckDBPyConnection", asked: str | None) -> LoadedPolicy:
    """The policy that was asked for; else the default one, or the only one there is."""
    rows = tables.execute("SELECT DISTINCT policy FROM verdicts_latest ORDER BY policy").fetchall()
    there = [name for (name,) in rows]
    if asked is None and there and DEFAULT not in there:
        if len(there) > 1:
            raise UsageError(f"The store was judged under several policies. Name one: --policy {there[0]}")
        asked = there[0]
    loaded = load_policy(asked or DEFAULT)
    if there and loaded.policy.id not in there:
        raise UsageError(
            f"Nothing was judged under the policy {loaded.policy.id} there. Those of the store: {', '.join(there)}. "
            f"Judge it first: aiqyn judge --store STORE --policy {asked or DEFAULT}"
        )
    return loaded


def _counts(tables: "DuckDBPyConnection", column: str, condition: str) -> dict[str, int]:
    sql = f"SELECT {column}, count(*) FROM {_ITEMS} WHERE {condition} GROUP BY ALL ORDER BY ALL"
    return dict(tables.execute(sql).fetchall())


def _layers(tables: "DuckDBPyConnection", examined: int) -> tuple[Layer, ...]:
    noted = dict(tables.execute(_NOTED).fetchall())
    notes: dict[str, dict[str, int]] = {}
    for layer, status, items in tables.execute(_NOTES).fetchall():
        notes.setdefault(layer, {})[status] = items
    answered = Counter[str]()
    for row in ask(tables, _ANSWERS):
        answered[f"detector:{row['detector']}"] += row["items"] if row["is_examined"] and row["bin"] is not None else 0
    sql = f"SELECT count(*) FROM {_ITEMS} WHERE outcome = 'examined' AND depicts_person IS NOT NULL"
    ((faces,),) = tables.execute(sql).fetchall()
    told = {**answered, "faces": faces}
    names = [*_LAYERS, *sorted((answered.keys() | noted.keys()) - set(_LAYERS))]
    return tuple(
        Layer(name, told.get(name, examined - noted.get(name, 0)), notes.get(name, {}), name in told) for name in names
    )


def _detectors(tables: "DuckDBPyConnection", packages: Sequence[str]) -> tuple[Detector, ...]:
    levels: dict[tuple[str, str], Counter[str]] = {}
    bins: dict[tuple[str, str], list[int]] = {}
    for row in ask(tables, _ANSWERS):
        key = (row["detector"], row["digest"])
        levels.setdefault(key, Counter())[row["level"]] += row["items"]
        own = bins.setdefault(key, [0] * BINS)
        if row["bin"] is not None:
            own[row["bin"]] += row["items"]
    # Where detectors or their versions changed over time, those that most items have an answer of.
    most = sorted(levels, key=lambda key: (-levels[key].total(), key))[:6]
    return tuple(
        Detector(name, digest, _config(name, digest, packages), dict(levels[name, digest]), tuple(bins[name, digest]))
        for name, digest in most
    )


def _config(name: str, digest: str, packages: Sequence[str]) -> Any:
    return next(filter(None, (config_of(place, digest) for place in (name, *packages))), None)


def _groups(tables: "DuckDBPyConnection", name: str, items: str = _ITEMS) -> tuple[Group, ...]:
    """The largest groups, and one of all others together."""
    counts: dict[str, tuple[Counter[str], Counter[str]]] = {}
    for row in ask(tables, f"{_GROUPED.format(name=name, items=items)} LIMIT {_MOST_ROWS}"):
        key = row["name"] if row["name"] in counts or len(counts) < MOST_GROUPS else None
        totals, verdicts = counts.setdefault(key, (Counter(), Counter()))  # type: ignore[arg-type]
        totals += Counter(items=row["items"], examined=row["examined"])
        if row["verdict"] is not None:
            verdicts[row["verdict"]] += row["items"]
    return tuple(
        Group(key, totals["items"], totals["examined"], dict(verdicts)) for key, (totals, verdicts) in counts.items()
    )


def _scans(tables: "DuckDBPyConnection", policy: str, until: str | None) -> tuple[ScanRow, ...]:
    """The last scans until one of them, the oldest first."""
    condition = "started_at <= (SELECT max(started_at) FROM scans WHERE scan_id = $until)" if until else "true"
    sql = f"SELECT {_SCAN_COLUMNS} FROM scans WHERE {condition} ORDER BY started_at DESC, scan_id LIMIT {MOST_SCANS}"
    rows = ask(tables, sql, {"until": until} if until else {})
    verdicts: dict[str, dict[str, int]] = {}
    asked: Mapping[str, Any] = {"policy": policy, "scans": [row["scan_id"] for row in rows]}
    for row in ask(tables, _SCAN_VERDICTS, asked):
        verdicts.setdefault(row["scan_id"], {})[row["outcome"]] = row["items"]
    return tuple(
        ScanRow(**(row | {"sources": tuple(row["sources"] or ())}), verdicts=verdicts.get(row["scan_id"], {}))
        for row in reversed(rows)
    )
