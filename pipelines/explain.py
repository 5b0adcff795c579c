"""``aiqyn explain``: the story of one item in plain language: what was found, what a policy makes of it, and why."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console
from rich.text import Text

from pipelines.case import Answer, Case, FoundMark, PolicyCase, find_case
from pipelines.errors import ExitCode, UsageError
from pipelines.marks import one_line
from pipelines.policy_config import LoadedPolicy, load_policies
from pipelines.ruling_story import policy_sections
from pipelines.store import Store
from pipelines.story import Section, fact_sections, measured_at
from pipelines.tables import connect
from pipelines.words import Language, Voice, read_voice
from transforms.marks.meaning.rule_files import read_rules
from transforms.outcomes import Outcome

_INDENT = 2


def run_explain(
    item: str,
    store: str | None,
    policies: Sequence[str] | None,
    detectors: Sequence[str],
    language: Language,
    *,
    as_json: bool,
) -> ExitCode:
    """Explains an item; ``INCOMPLETE`` where it could not be examined.

    Args:
        item: A file, or with a store also an address or a content hash in it.
        store: Where it was examined; None: it is examined now, and nothing is kept.
        policies: Whose verdicts; None: those that the store has, or the default one.
        detectors: Names or folders of packages: those that look at a file, and whose error rates are told.
        language: Of the sentences.
        as_json: Whether the answer is for programs.

    Raises:
        UsageError: There is no such item, policy or store.
    """
    chosen = load_policies(policies) if policies else ()
    if store is not None:
        case = _case(Store.open(store), item, chosen, detectors)
    else:
        with TemporaryDirectory(prefix="aiqyn-") as folder:
            scanned = _scanned(item, folder, chosen, detectors)
            case = _case(scanned, _only_address(scanned), chosen, detectors)
    voice = read_voice(language)
    sections = [*fact_sections(case, voice, read_rules()), *policy_sections(case, voice)]
    if as_json:
        print(json.dumps(story_facts(case, sections, voice), ensure_ascii=False, indent=2))  # noqa: T201
    else:
        print_story(Console(highlight=False), case, sections)
    return ExitCode.COMPLETE if case.outcome == Outcome.EXAMINED else ExitCode.INCOMPLETE


def _case(store: Store, item: str, policies: Sequence[LoadedPolicy], detectors: Sequence[str]) -> Case:
    with connect(store) as tables:
        return find_case(tables, item, policies, detectors)


def _scanned(item: str, folder: str, policies: Sequence[LoadedPolicy], detectors: Sequence[str]) -> Store:
    """A file examined into a store of its own, in a folder that the caller removes."""
    from pipelines.scan import Scan
    from pipelines.scan_options import ScanOptions

    if not Path(item).is_file():
        raise UsageError(f"There is no file {item}. Name one, or say with --store where an address or a hash is known.")
    options = ScanOptions([item], folder, detectors=tuple(detectors), policies=tuple(policies))
    Scan(options, Console(stderr=True, quiet=True)).run()
    return Store.open(folder)


def _only_address(store: Store) -> str:
    """Of the one item, which its row need not call as the command line does."""
    with connect(store, asked="items_latest") as tables:
        ((address,),) = tables.execute("SELECT uri FROM items_latest").fetchall()
    return str(address)


def print_story(console: Console, case: Case, sections: Sequence[Section]) -> None:
    """Prints the sections, wrapped to the console; texts of a file are printed as texts, never as markup."""
    console.print(Text(one_line(case.places[0]), "bold"))
    for section in sections:
        console.print()
        _print_line(console, Text(one_line(section.heading), "bold"), 0)
        for line in section.lines:
            style = "bold yellow" if section.name == "outcome" else "dim" if line.depth else ""
            _print_line(console, Text(one_line(line.text), style), _INDENT * (1 + line.depth))


def _print_line(console: Console, text: Text, indent: int) -> None:
    for line in text.wrap(console, console.width - indent):
        line.rstrip()
        console.print(Text.assemble(" " * indent, line))


def story_facts(case: Case, sections: Sequence[Section], voice: Voice) -> dict[str, Any]:
    """The case for programs: words that do not change, and the sentences beside them."""
    item = ("content_sha256", "media_type", "width", "height", "duration_ms", "outcome", "reason", "detail")
    more = ("frames_examined", "depicts_person", "faces_max")
    return {
        "language": voice.words.language,
        "item": {"places": case.places} | {name: getattr(case, name) for name in (*item, *more)},
        "layers": [asdict(note) for note in case.layers],
        "marks": [_mark_facts(mark) for mark in case.marks],
        "detectors": [_answer_facts(answer) for answer in case.answers],
        "verdicts": [verdict for judged in case.policies for verdict in _verdict_facts(judged)],
        "story": [
            {
                "section": section.name,
                "policy": section.policy,
                "heading": section.heading,
                "lines": [asdict(line) for line in section.lines],
            }
            for section in sections
        ],
    }


def _mark_facts(mark: FoundMark) -> dict[str, Any]:
    row = asdict(mark.fact)
    return row | {"class": row.pop("mark_class"), "facts": dict(mark.fact.facts), "locator": mark.locator}


def _answer_facts(answer: Answer) -> dict[str, Any]:
    """Shares, not counts among 1,000; empty where the package is not at hand."""
    config = answer.config
    points = config.operating_points if config else []
    return {
        "detector": answer.detector,
        "digest": answer.digest,
        "level": answer.level,
        "score": answer.score,
        "false_alarms": [
            {"level": one.level, "rate": one.false_alarm_rate, "interval": one.interval, "n": one.n} for one in points
        ],
        "measured": [
            {
                "level": one.level,
                "measured_on": recall.measured_on,
                "recall": recall.value,
                "n_ai": recall.n_ai,
                "false_alarm_rate": alarms.value,
                "n_real": alarms.n_real,
            }
            for one in points
            if config
            for recall, alarms in measured_at(config, one.level)
        ],
    }


def _verdict_facts(judged: PolicyCase) -> list[dict[str, Any]]:
    """A policy under which nothing was judged yet has an entry without an outcome."""
    shared: dict[str, Any] = {
        "policy": judged.name,
        "policy_sha256": judged.sha256,
        "policy_changed": judged.is_changed,
        "review": judged.decision,
        "opinions": [asdict(one) | {"decided_at": one.decided_at.isoformat()} for one in judged.opinions],
    }
    if not judged.rulings:
        return [shared | {"outcome": None, "places": []}]
    return [
        shared | {"places": ruling.places, "suppressed_by": ruling.suppressed_by} | _told(asdict(ruling.verdict))
        for ruling in judged.rulings
    ]


def _told(verdict: dict[str, Any]) -> dict[str, Any]:
    return verdict | {name: verdict[name].isoformat() for name in ("as_of", "decided_on")}
