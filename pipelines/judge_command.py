"""``aiqyn judge``: verdicts under a policy over all that a store knows."""

import logging
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from rich.console import Console

from pipelines.errors import ExitCode, UsageError
from pipelines.findings import as_facts, find, find_baseline, parse_outcomes, print_findings
from pipelines.ignore import read_ignore_file, tell_expired
from pipelines.judge import judge_store
from pipelines.policy_config import load_policies
from pipelines.store import Store

_LOG = logging.getLogger("aiqyn.judge")


def run_judge(
    root: str,
    policies: Sequence[str] | None,
    as_of: str,
    ignore: Path | None,
    baseline: str | None,
    fail_on: str,
    *,
    is_json: bool,
) -> ExitCode:
    """Judges, says what the verdicts amount to, and whether that is a failure.

    Raises:
        UsageError: A policy, the day, the ignore file, the baseline or the store cannot be used.
    """
    outcomes, loaded, ignored = parse_outcomes(fail_on), load_policies(policies), read_ignore_file(ignore)
    day = _day(as_of) if as_of else datetime.now(UTC).date()
    tell_expired(ignored, day)
    Store.open(root)
    store = Store.create(root)  # an earlier version's tables get the columns that they lack
    known = find_baseline(store, baseline)
    with store.locks.whole("judge"):
        judged = judge_store(store, loaded, day, ignored=ignored, is_asked=bool(as_of))
    findings = find(store, [one.policy.id for one in loaded], baseline=known)
    rate = judged.outcomes.total() / max(judged.seconds, 1e-9)
    if is_json:
        facts = {"verdicts": judged.outcomes.total(), "suppressed": judged.suppressed, "as_of": day.isoformat()}
        _LOG.info("judged", extra={"facts": facts | {"findings": as_facts(findings), "baseline": baseline}})
    else:
        console = Console(stderr=True, markup=False)
        print_findings(findings, console)
        console.print(
            f"As of {day.isoformat()}: {judged.outcomes.total():,} new verdicts ({judged.suppressed:,} suppressed) "
            f"in {judged.seconds:.1f} s, {rate:,.0f} a second. Older ones stay in the table."
        )
    return ExitCode.FINDINGS if findings.fail(outcomes) else ExitCode.COMPLETE


def _day(told: str) -> date:
    try:
        return date.fromisoformat(told)
    except ValueError as error:
        raise UsageError(f"--as-of takes a day such as 2026-12-02, and {told} is none.") from error
