"""Labels in the subtitles that a video carries within itself."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import BinaryIO, Final

from transforms.beside.cues import plain_cue
from transforms.beside.labels import marks_of_passages
from transforms.beside.notes import SUBTITLES_KIND
from transforms.beside.passages import Passage
from transforms.marks.containers.box_subtitles import mp4_cues
from transforms.marks.containers.ebml_subtitles import matroska_cues
from transforms.marks.mark import Mark
from transforms.marks.meaning.rules import Rules
from transforms.marks.pieces import Budget, Limits

_LIMITS: Final = Limits(value_bytes=1 << 16, total_bytes=1 << 20, elements=60_000)
_MOST_CUES: Final = 2000
_READERS: Final[dict[str, Callable[[BinaryIO, int, Budget], Iterator[Passage]]]] = {
    "video/mp4": mp4_cues,
    "video/quicktime": mp4_cues,
    "video/webm": matroska_cues,
    "video/x-matroska": matroska_cues,
}
_TOLD: Final = ("moov/trak[", "Track ", "texts after", "elements after")
"""How lines begin that are of subtitles alone; what else is broken in the file, its walk has told already."""


def subtitle_cues(file: BinaryIO, media_type: str, size: int, budget: Budget) -> Iterator[Passage]:
    """The texts of the subtitle tracks of a video, the first 2,000 of them, without tags.

    Args:
        file: Open and seekable; it is left anywhere.
        media_type: As ``examine.sniff`` tells it.
        size: Of the file, in bytes.
        budget: Spent by what is read.
    """
    if media_type not in _READERS:
        return
    count = 0
    for cue in _READERS[media_type](file, size, budget):
        text = plain_cue(cue.text)
        if not text:
            continue
        count += 1
        if count > _MOST_CUES:
            budget.leave_out(f"texts after the first {_MOST_CUES:,}")
            return
        yield replace(cue, text=text)


def read_subtitles(file: BinaryIO, media_type: str, size: int, rules: Rules) -> tuple[list[Mark], list[str]]:
    """The marks of labels in a video's subtitles, and a line for each thing that was not read.

    Raises:
        OSError: The file cannot be read; no bytes in it are an error.
    """
    budget = Budget(_LIMITS)
    cues = subtitle_cues(file, media_type, size, budget)
    marks = marks_of_passages(cues, SUBTITLES_KIND, rules.lexicon, rules)
    lines = [line for line in budget.left_out if line.startswith(_TOLD)]
    return marks, [line if line.startswith("moov") else f"subtitles: {line}" for line in lines]
