"""Every form of piece becomes properties."""

import struct
from io import BytesIO

import pytest

from transforms.marks.pieces import Budget, Form, Limits, Piece, Property
from transforms.marks.properties import read_properties

XMP = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:xmp="http://ns.adobe.com/xap/1.0/">'
    '<rdf:Description xmp:CreatorTool="Firefly"/></rdf:RDF>'
)
XMP_NAMESPACE = "http://ns.adobe.com/xap/1.0/"
TIFF = b"II*\0\x08\0\0\0" + struct.pack("<H", 1) + struct.pack("<HHI4s", 0x0131, 2, 4, b"GIMP") + bytes(4)
IIM = b"\x1c\2\x6e\0\2AI"


@pytest.mark.parametrize(
    ("piece", "expected"),
    [
        pytest.param(
            Piece(Form.TEXT, "png_text", "tEXt", "parameters", " Steps: 20\0\n", 33),
            [Property("png_text", "", "parameters", "Steps: 20", "tEXt/parameters", 33)],
            id="text",
        ),
        pytest.param(
            Piece(Form.TEXT, "container", "COM", "", "AI", 2),
            [Property("container", "", "", "AI", "COM", 2)],
            id="text without a name",
        ),
        pytest.param(
            Piece(Form.TEXT, "container", "COM", "", "создано".encode("cp1251"), 2),
            [Property("container", "", "", "создано", "COM", 2)],
            id="text as bytes",
        ),
        pytest.param(
            Piece(Form.XMP, "xmp", "APP1", "", XMP.encode(), 2),
            [Property("xmp", XMP_NAMESPACE, "CreatorTool", "Firefly", "APP1 XMP/xmp:CreatorTool", 2)],
            id="XMP",
        ),
        pytest.param(
            Piece(Form.XMP_EXTENDED, "xmp", "APP1", "", XMP, 2),
            [Property("xmp", XMP_NAMESPACE, "CreatorTool", "Firefly", "APP1 XMP/xmp:CreatorTool", 2)],
            id="extended XMP, as text",
        ),
        pytest.param(
            Piece(Form.EXIF, "exif", "eXIf", "", TIFF, 40),
            [Property("exif", "IFD0", "Software", "GIMP", "eXIf/IFD0:Software", 40)],
            id="EXIF",
        ),
        pytest.param(
            Piece(Form.EXIF, "exif", "IFD", "", b"", 4),
            [Property("exif", "IFD0", "Software", "GIMP", "IFD EXIF/IFD0:Software", 4)],
            id="EXIF in the file itself",
        ),
        pytest.param(
            Piece(Form.IPTC, "iptc", "APP13", "", IIM, 9),
            [Property("iptc", "2", "Credit", "AI", "APP13 IPTC/Credit", 9)],
            id="IPTC",
        ),
        pytest.param(Piece(Form.C2PA, "c2pa", "APP11", "", b"", 9), [], id="C2PA"),
    ],
)
def test_forms(piece: Piece, expected: list[Property]) -> None:
    assert read_properties([piece], BytesIO(b"junk" + TIFF), Budget()) == expected


def test_pieces_in_order_and_on_one_budget() -> None:
    pieces = [
        Piece(Form.XMP, "xmp", "APP1", "", XMP.encode(), 2),
        Piece(Form.EXIF, "exif", "APP1", "", TIFF, 4),
        Piece(Form.TEXT, "container", "COM", "", "AI", 2),
    ]
    file = BytesIO()
    assert [found.value for found in read_properties(pieces, file, Budget())] == ["Firefly", "GIMP", "AI"]
    budget = Budget(Limits(total_bytes=8))
    assert [found.value for found in read_properties(pieces, file, budget)] == ["Firefly", "AI"]
    assert budget.left_out == ["APP1 EXIF/IFD0:Software: all values together are larger than 8 bytes"]
