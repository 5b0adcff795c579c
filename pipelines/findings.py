"""What verdicts amount to: counts, what is new since an earlier scan, and whether that fails a run."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from rich.console import Console
from rich.table import Table

from pipelines.errors import UsageError
from pipelines.parts import in_parts
from pipelines.scan_part import WHOLE, ScanPart
from pipelines.store import Store
from pipelines.tables import bounded, connect
from transforms.policy.codes import VerdictOutcome

_KEYED = {
    "items": """
        SELECT segment_id, uri, member_path, source, content_sha256, outcome, hash(uri, member_path) AS key FROM items
    """,
    "verdicts": """
        SELECT segment_id, uri, member_path, content_sha256, policy, outcome, suppressed_by, sequence,
               hash(uri, member_path) AS key
        FROM verdicts
    """,
}
_BEFORE = """
INSERT INTO before
SELECT policy, max_by(outcome, sequence), max_by(md5_number(coalesce(content_sha256, uri)), sequence)
FROM verdicts WHERE sequence <= $until
GROUP BY uri, member_path, policy
"""
_NOW = """
INSERT INTO now
WITH verdict AS (
    SELECT segment_id, uri, member_path, policy,
           max_by(CASE WHEN suppressed_by IS NULL THEN outcome ELSE '' END, sequence) AS outcome
    FROM verdicts WHERE list_contains($policies, policy) GROUP BY ALL
)
SELECT verdict.policy, verdict.outcome,
       CASE WHEN $with_things THEN md5_number(coalesce(item.content_sha256, item.uri)) END AS thing, count(*) AS places
FROM verdict JOIN places_latest AS item ON item.segment_id = verdict.segment_id AND item.uri = verdict.uri
    AND item.member_path IS NOT DISTINCT FROM verdict.member_path
WHERE verdict.outcome <> '' AND item.outcome <> 'gone' AND {is_in_part}
  AND ($sources IS NULL OR item.uri IN (SELECT uri FROM named) OR list_contains($sources, source)
      OR len(list_filter($sources, lambda one: item.uri = one OR starts_with(item.uri, rtrim(one, '/') || '/'))) > 0)
GROUP BY ALL
"""
_NEW = """
SELECT policy, outcome, sum(places)
FROM now ANTI JOIN before USING (policy, outcome, thing)
GROUP BY ALL
"""

MEANINGS = {
    "disclosed": "What the policy asks for was found.",
    "partly_disclosed": "A part of it was found, or it falls short; the reasons say of what.",
    "not_disclosed": "AI-made, as the file itself says or shows; the disclosure was not found in the file.",
    "review": "A detector suspects it, or what was found contradicts itself: a person has to look.",
    "out_of_scope": "No sign of AI was found, or the rule does not hold. Not a statement that a person made it.",
    "not_assessable": "Too little could be examined, or nothing is sure enough, to say anything.",
}
"""By outcome, one line for people."""


NOTHING_NAMED = pa.table({"uri": pa.array([], pa.string())})


@dataclass(frozen=True, slots=True)
class Findings:
    """Verdicts that nobody answers for, by policy and outcome; with a baseline only those that it did not have."""

    counts: Counter[tuple[str, str]]
    baseline: str | None = None

    def fail(self, outcomes: Sequence[VerdictOutcome]) -> bool:
        """Whether there is one with one of these outcomes."""
        return any(number for (_, outcome), number in self.counts.items() if outcome in outcomes)


@dataclass(frozen=True, slots=True)
class Baseline:
    """A scan whose verdicts are known already, and the last commit of them."""

    scan_id: str
    until: int


def find_baseline(store: Store, scan_id: str | None) -> Baseline | None:
    """Looks it up; to be called before work that it would be too late for.

    Raises:
        UsageError: There is no such scan, or it recorded no verdicts.
    """
    if scan_id is None:
        return None
    with connect(store, asked="scans") as tables:
        told = tables.execute("SELECT verdicts FROM scans WHERE scan_id = $scan", {"scan": scan_id}).fetchone()
        if told is not None and told[0] is not None:
            return Baseline(scan_id, int(told[0]))
        sql = "SELECT scan_id FROM scans WHERE verdicts IS NOT NULL ORDER BY started_at DESC LIMIT 5"
        known = ", ".join(one for (one,) in tables.execute(sql).fetchall()) or "none yet"
    raise UsageError(f"There is no scan {scan_id} that ended with verdicts. Scans that did: {known}.")


def find(
    store: Store,
    policies: Sequence[str],
    *,
    sources: Sequence[str] | None = None,
    named: pa.Table = NOTHING_NAMED,
    part: ScanPart = WHOLE,
    baseline: Baseline | None = None,
) -> Findings:
    """Counts the verdicts that hold now.

    Args:
        store: Where.
        policies: Whose, by id.
        sources: Only of places below them; None: of all.
        named: Of these places, too, column ``uri``.
        part: Of all of these, those of a part.
        baseline: The same outcome of the same content that it had is not counted.
    """
    parameters = {
        "policies": list(policies),
        "sources": None if sources is None else list(sources),
        "with_things": baseline is not None,
    }
    with bounded(store, asked="items verdicts places_latest") as tables:
        tables.register("named", named)
        tables.execute("CREATE TEMP TABLE before (policy VARCHAR, outcome VARCHAR, thing UHUGEINT)")
        tables.execute("CREATE TEMP TABLE now (policy VARCHAR, outcome VARCHAR, thing UHUGEINT, places BIGINT)")
        for _ in in_parts(tables, _KEYED):
            if baseline is not None:
                tables.execute(_BEFORE, {"until": baseline.until})
            tables.execute(_NOW.format(is_in_part=part.condition("item.uri")), parameters)
        found = tables.execute(_NEW).fetchall()
    counts = Counter({(policy, outcome): int(places) for policy, outcome, places in found})
    return Findings(counts, baseline.scan_id if baseline else None)


def parse_outcomes(told: str) -> tuple[VerdictOutcome, ...]:
    """Outcomes parted by commas.

    Raises:
        UsageError: One is none.
    """
    names = [name.strip() for name in told.split(",") if name.strip()]
    try:
        return tuple(VerdictOutcome(name) for name in names)
    except ValueError as error:
        known = ", ".join(outcome.value for outcome in VerdictOutcome)
        raise UsageError(f"--fail-on takes outcomes parted by commas, of these: {known}.") from error


def as_facts(findings: Findings) -> list[dict[str, Any]]:
    """For machines."""
    return [
        {"policy": policy, "outcome": outcome, "items": number}
        for (policy, outcome), number in sorted(findings.counts.items())
    ]


def print_findings(findings: Findings, console: Console) -> None:
    """What each policy makes of the places, and what that means."""
    new = f", new since scan {findings.baseline}" if findings.baseline else ""
    table = Table(title=f"Disclosure found in the files and the texts beside them{new}")
    table.add_column("policy")
    table.add_column("outcome")
    table.add_column("items", justify="right")
    table.add_column("meaning")
    for (policy, outcome), number in sorted(findings.counts.items()):
        table.add_row(policy, outcome, str(number), MEANINGS[outcome])
    console.print(table)
