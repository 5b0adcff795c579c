"""The leg ``row`` beyond scores: every layer of the default profile, and our whole rows in Parquet files."""

import hashlib
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from transforms.assemble import assemble
from transforms.conclude import Answers
from transforms.examine.content import examine_content
from transforms.examine.face_model import read_face_model
from transforms.examine.faces import FaceFinder
from transforms.examine.settings import ExamineSettings
from transforms.labels.layer import LabelLayer
from transforms.labels.lexicon import read_lexicon
from transforms.labels.networks import read_networks
from transforms.labels.reader import LabelReader
from transforms.marks.meaning.rule_files import read_rules
from transforms.marks.read import read_marks
from transforms.part_files import write_part
from transforms.records import Examination, FrameFacts, Place, Reference, SegmentSpec

_ROWS_OF_PART: Final = 500


def with_layers(settings: ExamineSettings) -> Callable[..., Examination]:
    """`examine_content` with faces, marks and labels, as an examiner child has it."""
    lexicon = read_lexicon()
    marks = partial(
        read_marks, reading=settings.marks, trust=settings.trust, rules=replace(read_rules(), lexicon=lexicon)
    )
    labels = LabelLayer(LabelReader(read_networks(), lexicon, settings.labels.lines), settings.labels)
    return partial(examine_content, finder=FaceFinder(read_face_model()), read_marks=marks, labels=labels)


class AuditRows:
    """Rows of one worker on their way to its part files, in a folder per table."""

    def __init__(self, folder: Path) -> None:
        self._spec = SegmentSpec("sides", uuid.uuid4().hex, str(folder), "", datetime.now(UTC))
        self._tables: dict[str, list[dict[str, Any]]] = {"items": [], "frames": [], "marks": []}

    def add(self, path: Path, examination: Examination, frames: Sequence[FrameFacts], answers: Answers) -> None:
        """Keeps the rows of one file, and writes when there are enough."""
        rows = assemble(_reference(path), examination, frames, [answers], self._spec)
        for table, kept in self._tables.items():
            kept.extend(getattr(rows, table))
        if len(self._tables["items"]) >= _ROWS_OF_PART:
            self.write()

    def write(self) -> None:
        """Writes what is kept."""
        for table, kept in self._tables.items():
            if kept:
                write_part(self._spec.store, table, self._spec.segment_id, kept)
                kept.clear()


def _reference(path: Path) -> Reference:
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    found = path.stat()
    place = Place(str(path.parent), str(path), str(path), found.st_size, found.st_mtime_ns)
    return Reference(sha256, (place,), sha256)
