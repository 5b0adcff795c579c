"""What reading a file's marks gives."""

from dataclasses import dataclass

from transforms.marks.mark import Mark
from transforms.records import LayerNote


@dataclass(frozen=True, slots=True)
class MarksFound:
    """The marks of one file, and what could not be read: nothing that was left out passes for absent."""

    marks: tuple[Mark, ...]
    layers: tuple[LayerNote, ...]
