"""XMP packets, as text in the test, and the properties read from them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.marks.namespaces import PREFIXES, WELL_KNOWN
from transforms.marks.pieces import Budget, Limits, Property
from transforms.marks.xmp import MOST_ITEMS, read_xmp

DIGITAL_SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/"
NAMESPACES = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in WELL_KNOWN.items() if prefix != "xml")
LABEL = '{"Label":"1","ContentProducer":"001"}'
ESCAPED = LABEL.replace('"', "&quot;")


def rdf(*descriptions: str) -> str:
    """RDF with all well-known namespaces declared."""
    return f"<rdf:RDF {NAMESPACES}>{''.join(descriptions)}</rdf:RDF>"


def described(properties: str = "", attributes: str = "") -> str:
    """RDF of one description."""
    return rdf(f'<rdf:Description rdf:about="" {attributes}>{properties}</rdf:Description>')


def wrapped(content: str, before: str = "") -> str:
    """A whole packet: wrapper, ``x:xmpmeta``, padding."""
    return (
        f'{before}<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        f'{content}</x:xmpmeta>\n{" " * 100}\n<?xpacket end="w"?>'
    )


def read(packet: str | bytes, budget: Budget | None = None) -> list[Property]:
    """The properties of a packet in APP1 at byte 20."""
    data = packet.encode() if isinstance(packet, str) else packet
    return list(read_xmp(data, budget or Budget(), where="APP1 XMP", offset=20))


def named(packet: str | bytes) -> list[tuple[str, str]]:
    """Where each value stands, without the site, and the value."""
    return [(found.locator.removeprefix("APP1 XMP/"), found.value) for found in read(packet)]


FORMS = {
    "attribute": (described(attributes='xmp:CreatorTool="Firefly"'), [("xmp:CreatorTool", "Firefly")]),
    "element": (described("<xmp:CreatorTool>\n Firefly\n</xmp:CreatorTool>"), [("xmp:CreatorTool", "Firefly")]),
    "resource": (
        described(f'<Iptc4xmpExt:DigitalSourceType rdf:resource="{DIGITAL_SOURCE}composite"/>'),
        [("Iptc4xmpExt:DigitalSourceType", DIGITAL_SOURCE + "composite")],
    ),
    "bag": (
        described("<dc:subject><rdf:Bag><rdf:li>AI</rdf:li><rdf:li>көл</rdf:li></rdf:Bag></dc:subject>"),
        [("dc:subject[1]", "AI"), ("dc:subject[2]", "көл")],
    ),
    "alternatives by language": (
        described(
            '<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">by AI</rdf:li><rdf:li xml:lang="kk">ЖИ</rdf:li></rdf:Alt>'
            "</dc:rights>"
        ),
        [("dc:rights[x-default]", "by AI"), ("dc:rights[kk]", "ЖИ")],
    ),
    "structure as parseType": (
        described(
            '<xmpMM:DerivedFrom rdf:parseType="Resource"><stRef:documentID>1</stRef:documentID></xmpMM:DerivedFrom>'
        ),
        [("xmpMM:DerivedFrom/stRef:documentID", "1")],
    ),
    "structure as description": (
        described('<xmpMM:DerivedFrom><rdf:Description stRef:documentID="1"/></xmpMM:DerivedFrom>'),
        [("xmpMM:DerivedFrom/stRef:documentID", "1")],
    ),
    "structure as attributes": (
        described('<xmpMM:DerivedFrom stRef:documentID="1" stRef:alternatePaths="2"/>'),
        [("xmpMM:DerivedFrom/stRef:documentID", "1"), ("xmpMM:DerivedFrom/stRef:alternatePaths", "2")],
    ),
    "structures in an array, three ways": (
        described(
            '<xmpMM:History><rdf:Seq><rdf:li stEvt:softwareAgent="a"/>'
            '<rdf:li rdf:parseType="Resource"><stEvt:softwareAgent>b</stEvt:softwareAgent></rdf:li>'
            "<rdf:li><rdf:Description><stEvt:softwareAgent>c</stEvt:softwareAgent></rdf:Description></rdf:li>"
            "</rdf:Seq></xmpMM:History>"
        ),
        [
            ("xmpMM:History[1]/stEvt:softwareAgent", "a"),
            ("xmpMM:History[2]/stEvt:softwareAgent", "b"),
            ("xmpMM:History[3]/stEvt:softwareAgent", "c"),
        ],
    ),
    "array in a structure in an array": (
        described(
            '<xmpMM:Pantry><rdf:Bag><rdf:li rdf:parseType="Resource"><dc:creator><rdf:Seq><rdf:li>A</rdf:li>'
            "</rdf:Seq></dc:creator></rdf:li></rdf:Bag></xmpMM:Pantry>"
        ),
        [("xmpMM:Pantry[1]/dc:creator[1]", "A")],
    ),
    "value with a qualifier": (
        described(
            '<xmp:Rating rdf:parseType="Resource"><rdf:value>5</rdf:value><xmp:Label>best</xmp:Label></xmp:Rating>'
        ),
        [("xmp:Rating", "5"), ("xmp:Rating/xmp:Label", "best")],
    ),
    "qualified item": (
        described('<dc:subject><rdf:Bag><rdf:li><rdf:Description rdf:value="AI"/></rdf:li></rdf:Bag></dc:subject>'),
        [("dc:subject[1]", "AI")],
    ),
    "typed node": (
        described('<xmpMM:DerivedFrom><stRef:Part stRef:documentID="1"/></xmpMM:DerivedFrom>'),
        [("xmpMM:DerivedFrom/stRef:documentID", "1")],
    ),
    "XML as a value": (
        described('<dc:source rdf:parseType="Literal">made by <b>a <i>model</i></b>.</dc:source>'),
        [("dc:source", "made by a model.")],
    ),
    "character data section": (described("<dc:source><![CDATA[<AI> & co]]></dc:source>"), [("dc:source", "<AI> & co")]),
    "several descriptions": (
        rdf('<rdf:Description xmp:Label="1"/>', '<rdf:Description about="" xmp:Rating="2"/>'),
        [("xmp:Label", "1"), ("xmp:Rating", "2")],
    ),
    "label as escaped attribute": (described(attributes=f'TC260:AIGC="{ESCAPED}"'), [("TC260:AIGC", LABEL)]),
    "label as escaped element": (described(f"<TC260:AIGC>{ESCAPED}</TC260:AIGC>"), [("TC260:AIGC", LABEL)]),
    "label as plain element": (described(f"<TC260:AIGC>{LABEL}</TC260:AIGC>"), [("TC260:AIGC", LABEL)]),
    "label escaped twice": (
        described(f"<TC260:AIGC>{ESCAPED.replace('&', '&amp;')}</TC260:AIGC>"),
        [("TC260:AIGC", LABEL)],
    ),
    "other escapes stay": (described("<dc:source>a &amp;amp; b</dc:source>"), [("dc:source", "a &amp; b")]),
    "empty values": (described("<dc:source/><dc:format> </dc:format>", 'xmp:Label=""'), []),
    "outside of RDF": ("<dc:source>nothing</dc:source>", []),
    "private values": (
        described(
            attributes='exif:GPSLatitude="43,15N" aux:SerialNumber="12" exifEX:CameraOwnerName="Aru" aux:Lens="35"'
        ),
        [
            ("exif:GPSLatitude", "present"),
            ("aux:SerialNumber", "present"),
            ("exifEX:CameraOwnerName", "present"),
            ("aux:Lens", "35"),
        ],
    ),
}


@pytest.mark.parametrize(("content", "expected"), FORMS.values(), ids=FORMS)
def test_forms_of_rdf(content: str, expected: list[tuple[str, str]]) -> None:
    budget = Budget()
    assert named(wrapped(content)) == expected
    assert named(content) == expected  # Bare RDF, without x:xmpmeta.
    assert read(wrapped(content), budget) == read(wrapped(content))
    assert budget.left_out == []


def test_a_property_in_full() -> None:
    history = '<xmpMM:History><rdf:Seq><rdf:li/><rdf:li stEvt:softwareAgent="Firefly"/></rdf:Seq></xmpMM:History>'
    assert read(wrapped(described(history))) == [
        Property(
            layer="xmp",
            namespace="http://ns.adobe.com/xap/1.0/sType/ResourceEvent#",
            name="History[2]/softwareAgent",
            value="Firefly",
            locator="APP1 XMP/xmpMM:History[2]/stEvt:softwareAgent",
            offset=20,
        )
    ]


def test_items_have_the_name_of_their_array() -> None:
    packet = described("<dc:subject><rdf:Bag><rdf:li>a</rdf:li><rdf:li>b</rdf:li></rdf:Bag></dc:subject>")
    assert [found.name for found in read(packet)] == ["subject", "subject"]


@pytest.mark.parametrize(
    ("packet", "namespace", "locator"),
    [
        pytest.param(
            f'<r:RDF xmlns:r="{WELL_KNOWN["rdf"]}">'
            f'<r:Description xmlns:ie="{WELL_KNOWN["Iptc4xmpExt"]}" ie:A="1"/></r:RDF>',
            WELL_KNOWN["Iptc4xmpExt"],
            "APP1 XMP/Iptc4xmpExt:A",
            id="another prefix",
        ),
        pytest.param(
            f'<rdf:RDF xmlns:rdf="{WELL_KNOWN["rdf"]}"><rdf:Description>'
            f'<A xmlns="{WELL_KNOWN["dc"]}">1</A></rdf:Description></rdf:RDF>',
            WELL_KNOWN["dc"],
            "APP1 XMP/dc:A",
            id="default namespace",
        ),
        pytest.param(
            f'<rdf:RDF xmlns:rdf="{WELL_KNOWN["rdf"]}" xmlns:dc="urn:other"><rdf:Description dc:A="1"/></rdf:RDF>',
            "urn:other",
            "APP1 XMP/dc:A",
            id="a well-known prefix of another namespace",
        ),
        pytest.param(
            '<rdf:RDF><rdf:Description TC260:A="1"/></rdf:RDF>',
            WELL_KNOWN["TC260"],
            "APP1 XMP/TC260:A",
            id="undeclared prefixes are the known ones",
        ),
        pytest.param(
            '<rdf:RDF xmlns:p="urn:1"><rdf:Description xmlns:p="urn:2" p:A="1"/></rdf:RDF>',
            "urn:2",
            "APP1 XMP/p:A",
            id="the inner declaration counts",
        ),
    ],
)
def test_namespaces_count_and_prefixes_do_not(packet: str, namespace: str, locator: str) -> None:
    assert [(found.namespace, found.locator, found.value) for found in read(packet)] == [(namespace, locator, "1")]


def test_a_declaration_ends_with_its_element() -> None:
    packet = rdf('<rdf:Description xmlns:p="urn:1" p:A="1"/>', '<rdf:Description p:A="1"/>')
    assert [found.namespace for found in read(packet)] == ["urn:1", ""]


TOOL = described(attributes='xmp:CreatorTool="Қырмызы 画"')


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("before", ["", "\n", '<?xml version="1.0" encoding="UTF-16"?>\n'], ids=["", "line end", "XML"])
def test_encodings(encoding: str, before: str) -> None:
    assert named(wrapped(TOOL, before).encode(encoding)) == [("xmp:CreatorTool", "Қырмызы 画")]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_encodings_without_a_mark(encoding: str) -> None:
    assert named(wrapped(TOOL).encode(encoding)) == [("xmp:CreatorTool", "Қырмызы 画")]


@pytest.mark.parametrize(
    "packet",
    [
        pytest.param(wrapped(TOOL).encode() + b"\0" * 500, id="NULs after it"),
        pytest.param(wrapped(TOOL).encode() + b"\x01\xff\xfe junk <a>", id="junk after it"),
        pytest.param(b"\0\0 junk" + wrapped(TOOL).encode(), id="junk before it"),
        pytest.param(wrapped(TOOL).replace("?>\n", '?><?xml version="1.0"?>\n', 1).encode(), id="late declaration"),
        pytest.param(wrapped(TOOL).replace("<rdf:D", "\x02<rdf:D").encode(), id="a control character"),
    ],
)
def test_what_signs_and_padding_bring(packet: bytes) -> None:
    budget = Budget()
    assert [found.value for found in read(packet, budget)] == ["Қырмызы 画"]
    assert budget.left_out == []


@pytest.mark.parametrize(
    "packet",
    [
        pytest.param(described("<dc:source>a</dc:source><dc:format>unfinished"), id="unfinished value"),
        pytest.param(described("<dc:source>a</dc:source><dc:format>a & b</dc:format>"), id="bare ampersand"),
        pytest.param(described("<dc:source>a</dc:source><dc:format>&nbsp;</dc:format>"), id="entity of HTML"),
        pytest.param(described("<dc:source>a</dc:source></dc:format>"), id="tags that do not match"),
        pytest.param(described("<dc:source>a</dc:source>")[:-20], id="cut"),
    ],
)
def test_broken_xml_is_read_up_to_the_fault(packet: str) -> None:
    budget = Budget()
    assert [found.value for found in read(packet, budget)] == ["a"]
    assert len(budget.left_out) == 1
    assert "broken XML" in budget.left_out[0]


@pytest.mark.parametrize(
    "document_type",
    [
        pytest.param('<!DOCTYPE r [<!ENTITY a "AI"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>', id="internal entities"),
        pytest.param('<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/hostname">]>', id="external entity"),
        pytest.param('<!DOCTYPE r SYSTEM "http://example.com/r.dtd">', id="external subset"),
        pytest.param('<!DOCTYPE r [<!ATTLIST r a CDATA "AI">]>', id="default attribute"),
    ],
)
def test_document_types_are_refused(document_type: str) -> None:
    budget = Budget()
    assert read(document_type + described("<dc:source>&a;</dc:source>"), budget) == []
    assert budget.left_out == ["APP1 XMP: it declares a document type, which is refused"]


@pytest.mark.parametrize(
    ("packet", "limits", "kept", "line"),
    [
        pytest.param(
            described(
                f"<dc:subject><rdf:Bag>{'<rdf:li>a</rdf:li>' * (MOST_ITEMS + 9)}</rdf:Bag></dc:subject>",
                'xmp:Label="b"',
            ),
            Limits(elements=MOST_ITEMS + 10),
            ["b", *"a" * MOST_ITEMS],
            "APP1 XMP/dc:subject: items after the first 1000",
            id="items of an array",
        ),
        pytest.param(
            described("<dc:source>a</dc:source>" * 20),
            Limits(elements=7),
            ["a"] * 4,
            "elements after the first 7",
            id="elements",
        ),
        pytest.param(
            described(attributes=" ".join(f'dc:n{n}="a"' for n in range(20))),
            Limits(elements=7),
            ["a"] * 4,
            "elements after the first 7",
            id="attributes",
        ),
        pytest.param(
            described("<dc:source>aaaaaa</dc:source><dc:format>a</dc:format>"),
            Limits(value_bytes=5),
            ["a"],
            "APP1 XMP/dc:source is larger than 5 bytes",
            id="a value",
        ),
        pytest.param(
            described(
                "<dc:source><rdf:Description>" * 4 + "<dc:source>a</dc:source>" + "</rdf:Description></dc:source>" * 4
            ),
            Limits(depth=4),
            [],
            "APP1 XMP/dc:source/dc:source/dc:source/dc:source: structures nested deeper than 4",
            id="structures",
        ),
        pytest.param(
            "<a>" * 100 + "</a>" * 100,
            Limits(),
            [],
            "APP1 XMP: elements nested deeper than 32",
            id="elements in elements",
        ),
        pytest.param(
            described(f"<dc:{'n' * 201}>a</dc:{'n' * 201}><dc:source>b</dc:source>"),
            Limits(),
            ["b"],
            "APP1 XMP: names longer than 200 characters",
            id="names",
        ),
    ],
)
def test_bounds(packet: str, limits: Limits, kept: list[str], line: str) -> None:
    budget = Budget(limits)
    assert [found.value for found in read(packet, budget)] == kept
    assert budget.left_out == [line]


def test_namespaces_of_one_name_only() -> None:
    assert len(PREFIXES) == len(WELL_KNOWN)


WHOLE = wrapped("".join(content for content, _ in FORMS.values() if content.startswith("<rdf"))).encode()


@settings(max_examples=300)
@given(st.one_of(st.binary(max_size=400), st.text(alphabet="<>/=\"'&;![]?: rdfx\0a", max_size=200).map(str.encode)))
def test_any_bytes_are_read_without_an_error(data: bytes) -> None:
    budget = Budget()
    assert all(found.value for found in read(data, budget))


@settings(max_examples=300)
@given(
    st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), max_size=6),
    st.integers(0, len(WHOLE)),
    st.sampled_from(["utf-8", "utf-16-le", "utf-32-be"]),
)
def test_mutated_packets_are_read_without_an_error(changes: list[tuple[int, int]], end: int, encoding: str) -> None:
    data = bytearray(WHOLE)
    for position, value in changes:
        data[position] = value
    packet = bytes(data[:end]) if encoding == "utf-8" else bytes(data[:end]).decode("utf-8", "replace").encode(encoding)
    for found in read(packet, Budget()):
        assert found.value == found.value.strip()
        assert found.locator.startswith("APP1 XMP/")
