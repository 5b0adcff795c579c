"""``aiqyn labels``: what was read in files, as JSON and as pictures with every line marked; read in a child."""

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from rich.console import Console
from rich.text import Text

from pipelines.errors import ExitCode
from pipelines.inventory import with_sidecars
from pipelines.lexicon_config import load_lexicon_texts
from pipelines.marks import one_line, place_of
from pipelines.profile import load_profile
from transforms.beside.gather import gather
from transforms.examine.pool import ChildPool, Examined
from transforms.examine.settings import ExamineSettings, FaceSearch
from transforms.labels.look_messages import LookRead
from transforms.marks.found import MarksFound
from transforms.marks.mark import Mark
from transforms.marks.settings import MarkReading
from transforms.outcomes import Outcome

_LAYERS = {"visible_label", "caption"}
_NOTHING = "No label was found in the frames looked at. It may stand elsewhere, or have been missed: docs/labels.md."
_READ, _LABEL = (90, 200, 90), (255, 60, 60)


def run_labels(files: Sequence[Path], lexicon: Sequence[Path], *, output: Path | None, as_json: bool) -> ExitCode:
    """Reads files and prints their labels; ``INCOMPLETE`` where one could not be read.

    Args:
        files: Pictures and videos.
        lexicon: Further files of phrases.
        output: Folder for the pictures with every line marked, or None.
        as_json: Whether the answer is JSON, with all lines that were read.
    """
    found = list(_read(files, load_lexicon_texts(lexicon)))
    facts = [_facts(file, examined, beside, output) for file, examined, beside in found]
    if as_json:
        print(json.dumps(facts, ensure_ascii=False, indent=2))  # noqa: T201
    else:
        console = Console(highlight=False)
        for (_, examined, beside), told in zip(found, facts, strict=True):
            _print(console, told, [*_marks(examined), *beside.marks])
    return ExitCode.COMPLETE if all(_is_complete(one, beside) for _, one, beside in found) else ExitCode.INCOMPLETE


def _read(files: Sequence[Path], lexicon: tuple[str, ...]) -> Iterator[tuple[Path, Examined, MarksFound]]:
    profile = load_profile("default")
    settings = ExamineSettings(
        profile.sampling,
        profile.limits,
        (),
        FaceSearch(enabled=False),
        MarkReading(watermarks=False),
        labels=profile.labels,
        lexicon=lexicon,
        show_readings=True,
    )
    with closing(ChildPool(settings, 1)) as pool:
        for file in files:
            (place,) = with_sidecars(str(file), [place_of(file.absolute())])
            texts, notes = gather(place.beside, pool.opener)
            beside = pool.read_beside(texts) if texts else MarksFound((), ())
            yield file, pool.examine(place), MarksFound(beside.marks, (*notes, *beside.layers))


def _marks(examined: Examined) -> list[Mark]:
    return [mark for mark in examined.examination.marks if mark.layer in _LAYERS]


def _is_complete(examined: Examined, beside: MarksFound) -> bool:
    notes = (*examined.examination.layers, *beside.layers)
    return examined.examination.outcome is Outcome.EXAMINED and not any(note.layer in _LAYERS for note in notes)


def _facts(file: Path, examined: Examined, beside: MarksFound, output: Path | None) -> dict[str, Any]:
    found = examined.examination
    return {
        "file": str(file),
        "media_type": found.media_type,
        "outcome": found.outcome,
        "reason": found.reason,
        "detail": found.detail,
        "not_read": [asdict(note) for note in (*found.layers, *beside.layers) if note.layer in _LAYERS],
        "labels": [_mark_facts(mark) for mark in (*_marks(examined), *beside.marks)],
        "pictures": [_look_facts(file, number, look, output) for number, look in enumerate(examined.looks, 1)],
    }


def _mark_facts(mark: Mark) -> dict[str, Any]:
    row = asdict(mark)
    shown = row.pop("shown") or {}
    return row | {"class": row.pop("mark_class")} | {name: value for name, value in shown.items() if value is not None}


def _look_facts(file: Path, number: int, look: LookRead, output: Path | None) -> dict[str, Any]:
    lines = [
        {
            "number": index,
            "text": line.text,
            "confidence": line.confidence,
            "other": [text for text, _ in line.readings if text != line.text],
            **asdict(line.box),
        }
        for index, line in enumerate(look.lines, 1)
    ]
    facts = {"source": look.source, "frames": look.frames, "height": look.rgb.shape[0], "width": look.rgb.shape[1]}
    if output is None:
        return facts | {"lines": lines}
    output.mkdir(parents=True, exist_ok=True)
    picture = output / f"{file.name}.{number}.png"
    picture.write_bytes(annotated(look))
    return facts | {"picture": str(picture), "lines": lines}


def annotated(look: LookRead) -> bytes:
    """The picture as PNG: each line in a green frame, under its number in the JSON and its text; labels in red ones."""
    drawn = np.ascontiguousarray(look.rgb[..., ::-1])
    thick = max(1, min(drawn.shape[:2]) // 400)
    font, em = cv2.FontFace("sans"), 14 * thick
    for number, line in enumerate(look.lines, 1):
        box, text = line.box, f"{number}  {one_line(line.text)}"
        cv2.rectangle(drawn, (box.x, box.y), (box.right, box.bottom), _READ[::-1], thick)
        _, _, width, height = cv2.getTextSize((1, 1), text, (0, 0), font, em, 400)
        left, base = max(0, min(box.x, drawn.shape[1] - width)), box.y - 5 * thick
        base = base if base > height else min(drawn.shape[0] - 2, box.bottom + em + 4 * thick)
        cv2.rectangle(drawn, (left, base - em), (left + width, base + em // 3), (0, 0, 0), cv2.FILLED)
        cv2.putText(drawn, text, (left, base), _READ[::-1], font, em, 400)
    for box, _ in look.found:
        corner = (box.x - 3 * thick, box.y - 3 * thick)
        cv2.rectangle(drawn, corner, (box.right + 3 * thick, box.bottom + 3 * thick), _LABEL[::-1], 2 * thick)
    return bytes(cv2.imencode(".png", drawn)[1])


def _print(console: Console, told: dict[str, Any], marks: Sequence[Mark]) -> None:
    """Texts of a file are printed as texts, never as markup."""
    console.print(Text.assemble((told["file"], "bold"), f"  {told['media_type'] or ''}"))
    if told["reason"] is not None:
        console.print(Text(f"  {told['reason']}: {told['detail']}", "red"))
    for mark in marks:
        says = mark.says.replace("_", " ")
        console.print(Text.assemble("  ", (says, "bold"), f"  {one_line(mark.value or mark.kind)}"))
        console.print(Text(f"    {_how(mark)}", "dim"))
    for note in told["not_read"]:
        console.print(Text(f"  Not read: {note['layer']}, {one_line(note['detail'] or note['status'])}", "red"))
    if not marks and told["outcome"] is Outcome.EXAMINED:
        console.print(Text(f"  {_NOTHING}"))
    for look in told["pictures"]:
        if "picture" in look:
            console.print(Text(f"  {look['picture']}: {len(look['lines'])} lines ({look['source']})", "dim"))


def _how(mark: Mark) -> str:
    """Where a label stands and how it is shown, on one line."""
    shown, parts = mark.shown, [mark.kind, one_line(mark.locator)]
    if shown is not None:
        parts += [one for one in (shown.language, shown.exactness) if one]
        if shown.height_ratio is not None:
            parts.append(f"letters {shown.height_ratio:.1%} of the short side")
        if shown.contrast is not None:
            parts.append(f"contrast {shown.contrast:.0f} of 255")
        if shown.shown_ms is not None:
            parts.append(f"shown for {shown.shown_ms / 1000:.1f} s")
    return ", ".join(parts)
