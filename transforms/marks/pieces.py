"""What lies where in a file: raw pieces out of a container, and the single properties read from them.

A walker (``containers``) yields pieces; ``xmp``, ``exif`` and ``iptc`` turn them into properties; what a property means
is decided elsewhere (``meaning``). Nothing here judges.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import BinaryIO, Protocol


class Form(StrEnum):
    """How the bytes of a piece are to be read."""

    TEXT = "text"
    XMP = "xmp"
    XMP_EXTENDED = "xmp_extended"
    EXIF = "exif"
    IPTC = "iptc"
    C2PA = "c2pa"


@dataclass(frozen=True, slots=True)
class Piece:
    r"""One piece of metadata as the container holds it.

    Attributes:
        form: How ``data`` is to be read.
        layer: Which part of the file it belongs to, the ``layer`` of the rows it may lead to: ``png_text``,
            ``container`` (keys, tags and comments of any container), or that of the form (``xmp``, ``exif``, ``iptc``,
            ``c2pa``).
        site: Where in the container, for people and for a second examiner: ``APP1``, ``iTXt``,
            ``moov/udta/meta/ilst``, ``Tags/Tag/SimpleTag``.
        name: The key of a text (``parameters``, ``©cmt``, ``COMMENT``); empty where there is none.
        data: For ``TEXT`` the decoded text, else bytes: an XMP packet, a TIFF structure without the ``Exif\0\0``
            before it, IIM datasets; empty for ``C2PA``, of which only the presence is told.
        offset: Of the piece's container element in the file, in bytes.
    """

    form: Form
    layer: str
    site: str
    name: str
    data: str | bytes
    offset: int


@dataclass(frozen=True, slots=True)
class Property:
    """One named value.

    Attributes:
        layer: As in ``Piece``.
        namespace: Namespace URI in XMP, IFD (``IFD0``, ``Exif``, ``GPS``, ``IFD1``) in EXIF, ``2`` (the record) in
            IPTC, else empty.
        name: Local name of the XMP property, of a field of a structure with the path before it
            (``History[2]/softwareAgent``); EXIF tag name (``UserComment``); IIM dataset name; key of a text.
        value: Decoded, without surrounding white space and NULs.
        locator: ``site`` and name, as a row shows it: ``APP1 XMP/Iptc4xmpExt:DigitalSourceType``.
        offset: As in ``Piece``.
    """

    layer: str
    namespace: str
    name: str
    value: str
    locator: str
    offset: int


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a walk, counted on what it produces; beyond them a walk goes on and says what it left out.

    Attributes:
        value_bytes: Of one value, inflated.
        total_bytes: Of all values of a file together.
        elements: Boxes, chunks, segments, tags of a file that are visited.
        depth: Of nested boxes, elements and structures.
    """

    value_bytes: int = 4 << 20
    total_bytes: int = 16 << 20
    elements: int = 20_000
    depth: int = 8


@dataclass(slots=True)
class Budget:
    """What a walk may still spend, and what it had to leave out.

    Attributes:
        limits: The bounds.
        left_out: One short line for each kind of thing that was not read, for people: ``zTXt 'workflow' is larger
            than 4 MiB``.
    """

    limits: Limits = field(default_factory=Limits)
    left_out: list[str] = field(default_factory=list)
    _bytes: int = 0
    _elements: int = 0

    def visit(self) -> bool:
        """Counts one element; False where the walk must end."""
        self._elements += 1
        if self._elements == self.limits.elements + 1:
            self.leave_out(f"elements after the first {self.limits.elements}")
        return self._elements <= self.limits.elements

    def take(self, what: str, size_bytes: int) -> bool:
        """Counts a value of that size; False, and a line in ``left_out``, where it is too large to be read."""
        if size_bytes > self.limits.value_bytes:
            self.leave_out(f"{what} is larger than {self.limits.value_bytes} bytes")
            return False
        if self._bytes + size_bytes > self.limits.total_bytes:
            self.leave_out(f"{what}: all values together are larger than {self.limits.total_bytes} bytes")
            return False
        self._bytes += size_bytes
        return True

    def leave_out(self, line: str) -> None:
        """Notes what was not read; the list stays short whatever a file does."""
        if len(self.left_out) < 20 and line not in self.left_out:
            self.left_out.append(line)


class Walker(Protocol):
    """A container walker: yields pieces in file order, seeks over media data, never raises on any bytes."""

    def __call__(self, file: BinaryIO, size: int, budget: Budget) -> Iterator[Piece]:
        """Walks ``file``, open and seekable, of ``size`` bytes; spends ``budget``."""
        ...
