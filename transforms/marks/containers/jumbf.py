"""JUMBF superboxes (ISO/IEC 19566-5) in files of boxes: which of them holds C2PA manifests."""

from typing import BinaryIO, Final

from transforms.marks.containers.boxes import Box
from transforms.marks.containers.reading import read_at

_C2PA: Final = bytes.fromhex("6332706100110010800000aa00389b71")  # the type of a C2PA manifest store (C2PA 2.2, 11.1.4)


def is_store(file: BinaryIO, box: Box) -> bool:
    """Whether a ``jumb`` box is a manifest store: its first box, which describes it, begins with the type."""
    description = read_at(file, box.start, min(24, box.size))
    return description[4:8] == b"jumd" and description[8:] == _C2PA
