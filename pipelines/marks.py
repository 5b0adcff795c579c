"""``aiqyn marks``: what files themselves declare, in plain words or as JSON; read in a child, as in a scan."""

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from pipelines.errors import ExitCode
from pipelines.profile import load_profile
from transforms.examine.pool import ChildPool
from transforms.examine.settings import ExamineSettings, FaceSearch, Sampling
from transforms.labels.settings import LabelReading
from transforms.marks.mark import Mark, Says
from transforms.marks.meaning.rule_files import read_rules
from transforms.marks.meaning.rules import Meaning, Rules
from transforms.marks.settings import MarkReading, Trust
from transforms.outcomes import Outcome
from transforms.records import Examination, Place

_SAYS = {
    Says.AI: ("AI-made", "bold yellow"),
    Says.AI_PART: ("partly AI-made", "bold yellow"),
    Says.NOT_AI: ("not AI-made", "bold"),
    Says.CAPTURE: ("camera", "bold"),
    Says.UNKNOWN: ("says nothing of AI", "bold"),
}
_NOTHING = "No mark found. Marks are lost whenever a file is saved anew, so this says nothing about how it was made."


def run_marks(files: Sequence[Path], trust: Trust, *, keep_prompts: bool, as_json: bool) -> ExitCode:
    """Reads and prints the marks of each file; ``INCOMPLETE`` where one could not be read to its end."""
    rules = read_rules()
    found = list(_read(files, trust, keep_prompts=keep_prompts))
    if as_json:
        print(json.dumps([_facts(file, one, rules) for file, one in found], ensure_ascii=False, indent=2))  # noqa: T201
    else:
        console = Console(highlight=False, soft_wrap=False)
        for file, one in found:
            _print(console, file, one, rules)
    return ExitCode.COMPLETE if all(_is_complete(one) for _, one in found) else ExitCode.INCOMPLETE


def _read(files: Sequence[Path], trust: Trust, *, keep_prompts: bool) -> Iterator[tuple[Path, Examination]]:
    """Only one frame of a video is decoded, and no detector asked."""
    profile = load_profile("default")
    reading = MarkReading(keep_prompts=keep_prompts)
    faces, labels = FaceSearch(enabled=False), LabelReading(enabled=False)
    settings = ExamineSettings(Sampling(1), profile.limits, (), faces, reading, trust, labels)
    with closing(ChildPool(settings, 1)) as pool:
        for file in files:
            yield file, pool.examine(place_of(file)).examination


def place_of(file: Path) -> Place:
    """A single file as a scan would list it."""
    try:
        status = file.stat()
    except OSError:
        return Place(str(file), str(file), str(file), None, None)
    return Place(str(file), str(file), str(file), status.st_size, status.st_mtime_ns)


def _is_complete(found: Examination) -> bool:
    return found.outcome is Outcome.EXAMINED and not any(note.layer in {"marks", "c2pa"} for note in found.layers)


def _facts(file: Path, found: Examination, rules: Rules) -> dict[str, Any]:
    return {
        "file": str(file),
        "media_type": found.media_type,
        "outcome": found.outcome,
        "reason": found.reason,
        "detail": found.detail,
        "not_read": [asdict(note) for note in found.layers],
        "marks": [_mark_facts(mark, rules) for mark in found.marks],
    }


def _mark_facts(mark: Mark, rules: Rules) -> dict[str, Any]:
    row = asdict(mark)
    row["class"] = row.pop("mark_class")
    if row["shown"] is None:
        del row["shown"]
    meaning = rules.meaning_of(mark.kind)
    return row | ({"means": meaning.means, "does_not_mean": meaning.does_not_mean} if meaning else {})


def _print(console: Console, file: Path, found: Examination, rules: Rules) -> None:
    """Texts of a file are printed as texts, never as markup."""
    console.print(Text.assemble((str(file), "bold"), f"  {found.media_type or ''}"))
    if found.reason is not None:
        _line(console, Text(f"{found.reason}: {found.detail}", "red"))
    for mark in found.marks:
        _print_mark(console, mark)
    for note in found.layers:
        _line(console, Text(f"Not read: {note.layer}, {note.status.replace('_', ' ')}: {note.detail}", "red"))
    if not found.marks and found.media_type is not None:
        _line(console, Text(_NOTHING))
    kinds: dict[Meaning, list[str]] = {}
    for mark in found.marks:
        meaning = rules.meaning_of(mark.kind)
        if meaning is not None and mark.kind not in kinds.setdefault(meaning, []):
            kinds[meaning].append(mark.kind)
    for meaning, named in kinds.items():
        _line(console, Text(", ".join(named), "bold"))
        _line(console, Text(f"means: {meaning.means}"), 4)
        _line(console, Text(f"does not mean: {meaning.does_not_mean}"), 4)
    console.print()


def _print_mark(console: Console, mark: Mark) -> None:
    words, style = _SAYS[mark.says]
    _line(console, Text.assemble((words, style), f"  {mark.kind}, {mark.mark_class}, in {one_line(mark.locator)}"))
    if mark.integrity is not None:
        signer = mark.signer_trust or "unknown"
        _line(console, Text(f"signature {mark.integrity.replace('_', ' ')}, signer {signer}"), 4)
    if mark.value:
        _line(console, Text(one_line(mark.value)), 4)
    if mark.facts:
        _line(console, Text("; ".join(f"{name}: {one_line(fact)}" for name, fact in mark.facts.items()), "dim"), 4)


def _line(console: Console, text: Text, indent: int = 2) -> None:
    for line in text.wrap(console, console.width - indent):
        line.rstrip()
        console.print(Text.assemble(" " * indent, line))


def one_line(value: str) -> str:
    """A value without line breaks and control characters, which could rewrite a terminal."""
    return "".join(character if character.isprintable() else " " for character in value)
