"""What verdicts amount to: counts, what is new since an earlier scan, and whether that fails a run."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from pipelines.errors import UsageError
from pipelines.store import Store
from pipelines.tables import bounded
from transforms.policy.codes import VerdictOutcome

_NOW = """
WITH verdict AS (
    SELECT md5_number(concat_ws(chr(31), segment_id, uri, member_path)) AS place, policy,
           max_by(CASE WHEN suppressed_by IS NULL THEN outcome ELSE '' END, sequence) AS outcome
    FROM verdicts WHERE list_contains($policies, policy) GROUP BY ALL
),
item AS (
    SELECT md5_number(concat_ws(chr(31), segment_id, uri, member_path)) AS place,
           md5_number(coalesce(content_sha256, uri)) AS thing
    FROM items_latest
    WHERE outcome <> 'gone' AND ($sources IS NULL OR list_contains($sources, source) OR len(list_filter($sources,
        lambda one: uri = one OR starts_with(uri, rtrim(one, '/') || '/'))) > 0)
)
SELECT verdict.policy, verdict.outcome, count(*) AS places
FROM verdict JOIN item USING (place)
WHERE verdict.outcome <> '' AND NOT EXISTS (
    SELECT 1 FROM before
    WHERE before.policy = verdict.policy AND before.outcome = verdict.outcome AND before.thing = item.thing
)
GROUP BY ALL
"""
_BEFORE = """
CREATE TEMP TABLE before AS
SELECT DISTINCT policy, outcome, thing FROM (
    SELECT policy, max_by(outcome, sequence) AS outcome,
           max_by(md5_number(coalesce(content_sha256, uri)), sequence) AS thing
    FROM verdicts WHERE sequence <= $until
    GROUP BY md5_number(concat_ws(chr(31), uri, member_path)), policy
)
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


@dataclass(frozen=True, slots=True)
class Findings:
    """Verdicts that nobody answers for, by policy and outcome; with a baseline only those that it did not have."""

    counts: Counter[tuple[str, str]]
    baseline: str | None = None

    def fail(self, outcomes: Sequence[VerdictOutcome]) -> bool:
        """Whether there is one with one of these outcomes."""
        return any(number for (_, outcome), number in self.counts.items() if outcome in outcomes)


def find(
    store: Store, policies: Sequence[str], *, sources: Sequence[str] | None = None, baseline: str | None = None
) -> Findings:
    """Counts the verdicts that hold now.

    Args:
        store: Where.
        policies: Whose, by id.
        sources: Only of places below them; None: of all.
        baseline: Scan whose verdicts are known already: the same outcome of the same content is not counted.

    Raises:
        UsageError: There is no such scan, or it recorded no verdicts.
    """
    parameters = {"policies": list(policies), "sources": None if sources is None else list(sources)}
    with bounded(store) as tables:
        tables.execute(_BEFORE, {"until": _end_of(tables, baseline) if baseline else -1})
        found = tables.execute(_NOW, parameters).fetchall()
    return Findings(Counter({(policy, outcome): places for policy, outcome, places in found}), baseline)


def _end_of(tables: Any, scan_id: str) -> int:
    row = tables.execute("SELECT verdicts FROM scans WHERE scan_id = $scan", {"scan": scan_id}).fetchone()
    if row is None or row[0] is None:
        sql = "SELECT scan_id FROM scans WHERE verdicts IS NOT NULL ORDER BY started_at DESC"
        ended = tables.execute(sql).fetchall()
        known = ", ".join(one for (one,) in ended[:5]) or "none yet"
        raise UsageError(f"There is no scan {scan_id} that ended with verdicts. Scans that did: {known}.")
    return int(row[0])


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
