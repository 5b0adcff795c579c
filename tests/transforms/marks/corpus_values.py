"""Every serialisation of the marks of XMP, EXIF, IPTC and C2PA, as bytes that any container may hold."""

import json
import struct
from typing import Final

from tests.transforms.marks.containers import box_files as boxed
from tests.transforms.marks.containers import still_files as still

TERM: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
LABEL: Final = json.dumps({"Label": "1", "ContentProducer": "001191310000", "ProduceID": "a1", "ReservedCode1": ""})
WRAPPED_LABEL: Final = json.dumps({"AIGC": json.loads(LABEL)})
PARAMETERS: Final = (
    "a red fox, снег\nNegative prompt: blur\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 42, Size: 64x64"
)
PROMPT: Final = json.dumps({"3": {"class_type": "KSampler", "inputs": {"seed": 42, "steps": 20}}})
WORKFLOW: Final = json.dumps({"nodes": [{"id": 3, "type": "KSampler"}], "links": []})
INVOKE: Final = json.dumps({"app_version": "5.0.0", "generation_mode": "txt2img", "seed": 42})
NOVELAI: Final = json.dumps({"steps": 28, "sampler": "k_euler", "seed": 42, "uc": "lowres"})
COMMENT: Final = "Бейне ЖИ көмегімен жасалған"
SIGNATURE: Final = "Signature: c2lnbmF0dXJlIG9mIGFuIGV4YW1wbGU="
ARTIST: Final = "0b7e5bd8-9d2c-4a35-8f6a-2f1c43d1a001"

_DESCRIPTION: Final = bytes.fromhex("6332706100110010800000aa00389b71") + b"\x03c2pa\0"
STORE: Final = boxed.box(b"jumb", boxed.box(b"jumd", _DESCRIPTION), boxed.box(b"free", bytes(8)))
"""A C2PA manifest store without a manifest."""

_NAMESPACES: Final = {
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "TC260": "http://www.tc260.org.cn/ns/AIGC/1.0/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "xmpMM": "http://ns.adobe.com/xap/1.0/mm/",
    "stEvt": "http://ns.adobe.com/xap/1.0/sType/ResourceEvent#",
    "xmpNote": "http://ns.adobe.com/xmp/note/",
}
_ESCAPES: Final = {"&": "&amp;", "<": "&lt;", '"': "&quot;"}


def packet(*, attributes: str = "", elements: str = "", prefixes: dict[str, str] | None = None) -> bytes:
    """An XMP packet of properties as attributes, as elements, or both; ``prefixes`` renames prefixes."""
    renamed = prefixes or {}
    declared = " ".join(f'xmlns:{renamed.get(prefix, prefix)}="{uri}"' for prefix, uri in _NAMESPACES.items())
    for prefix, other in renamed.items():
        attributes, elements = (text.replace(f"{prefix}:", f"{other}:") for text in (attributes, elements))
    body = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" {declared} {attributes}>{elements}</rdf:Description></rdf:RDF></x:xmpmeta>'
    )
    return f'<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>{body}<?xpacket end="w"?>'.encode()


def escaped(text: str) -> str:
    """Text as XML has it in an attribute."""
    return "".join(_ESCAPES.get(character, character) for character in text)


def packets() -> dict[str, bytes]:
    """Every serialisation of the marks in XMP, by name."""
    term_attribute = f'Iptc4xmpExt:DigitalSourceType="{TERM}"'
    term_element = f"<Iptc4xmpExt:DigitalSourceType>{TERM}</Iptc4xmpExt:DigitalSourceType>"
    resource = f'<Iptc4xmpExt:DigitalSourceType rdf:resource="{TERM}"/>'
    label_attribute = f'TC260:AIGC="{escaped(LABEL)}"'
    label_element = f"<TC260:AIGC>{escaped(LABEL)}</TC260:AIGC>"
    history = (
        '<xmpMM:History><rdf:Seq><rdf:li stEvt:action="created" stEvt:softwareAgent="Adobe Firefly"/>'
        '<rdf:li rdf:parseType="Resource"><stEvt:action>saved</stEvt:action>'
        "<stEvt:softwareAgent>Adobe Photoshop 26</stEvt:softwareAgent></rdf:li></rdf:Seq></xmpMM:History>"
    )
    texts = (
        f'<dc:description><rdf:Alt><rdf:li xml:lang="x-default">{COMMENT}</rdf:li></rdf:Alt></dc:description>'
        "<dc:subject><rdf:Bag><rdf:li>AI generated</rdf:li><rdf:li>нейросеть</rdf:li></rdf:Bag></dc:subject>"
        "<dc:creator><rdf:Seq><rdf:li>Midjourney</rdf:li></rdf:Seq></dc:creator>"
        '<dc:title><rdf:Alt><rdf:li xml:lang="x-default">AI</rdf:li><rdf:li xml:lang="kk">ЖИ</rdf:li></rdf:Alt>'
        "</dc:title>"
        '<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">AI Generated Content</rdf:li></rdf:Alt></dc:rights>'
    )
    system = (
        'Iptc4xmpExt:AISystemUsed="Sora" Iptc4xmpExt:AISystemVersionUsed="2" Iptc4xmpExt:AIPromptWriterName="A. Editor"'
        ' Iptc4xmpExt:AIPromptInformation="a red fox" dcterms:provenance="https://example.com/manifest.c2pa"'
    )
    return {
        "term attribute": packet(attributes=term_attribute),
        "term element": packet(elements=term_element),
        "term resource": packet(elements=resource),
        "term other prefix": packet(attributes=term_attribute, prefixes={"Iptc4xmpExt": "ie"}),
        "label attribute": packet(attributes=label_attribute),
        "label element": packet(elements=label_element),
        "label other prefix": packet(elements=label_element, prefixes={"TC260": "cn"}),
        "credit": packet(attributes='photoshop:Credit="Made with Google AI" xmp:CreatorTool="Imagen 4"'),
        "history": packet(elements=history),
        "texts": packet(elements=texts),
        "system": packet(attributes=system),
        "utf-16": b"\xfe\xff" + packet(elements=term_element).decode().encode("utf-16-be"),
    }


def exif(order: str = "<") -> dict[str, bytes]:
    """Every serialisation of the marks in EXIF, by name: TIFF structures in one byte order."""
    encoding, other = ("utf-16-le", "utf-16-be")[:: 1 if order == "<" else -1]
    latin = PARAMETERS.replace("снег", "snow").encode()
    windows = [(tag, f"{COMMENT} {tag}\0".encode("utf-16-le")) for tag in range(0x9C9B, 0x9CA0)]
    return {
        "comment ascii": _exif_comment(b"ASCII\0\0\0" + latin, order),
        "comment unicode": _exif_comment(b"UNICODE\0" + PARAMETERS.encode(encoding), order),
        "comment other order": _exif_comment(b"UNICODE\0" + PARAMETERS.encode(other), order),
        "comment label": _exif_comment(b"ASCII\0\0\0" + WRAPPED_LABEL.encode(), order),
        "signature": exif_texts([(0x010E, SIGNATURE), (0x013B, ARTIST)], order),
        "make": exif_texts([(0x010F, "Ideogram AI"), (0x0110, "Model 3"), (0x0131, "Ideogram")], order),
        "prompt": exif_texts([(0x010E, f"Workflow:{WORKFLOW}"), (0x010F, f"Prompt:{PROMPT}")], order),
        "windows": exif_texts([(0x8298, "Example AI"), *windows], order),
    }


def exif_texts(values: list[tuple[int, str | bytes]], order: str = "<") -> bytes:
    """A TIFF structure of texts, and of bytes, under rising tags of IFD0."""
    entries = [
        (tag, 1, len(value), value) if isinstance(value, bytes) else (tag, 2, len(value) + 1, f"{value}\0".encode())
        for tag, value in values
    ]
    return still.tiff(entries, order=order)


def _exif_comment(comment: bytes, order: str) -> bytes:
    """A TIFF structure whose EXIF IFD holds a user comment."""
    start = len(still.tiff([(0x8769, 4, 1, bytes(4))], order=order))
    structure = still.tiff([(0x8769, 4, 1, struct.pack(f"{order}I", start))], order=order)
    entry = struct.pack(f"{order}HHHII", 1, 0x9286, 7, len(comment), start + 18)
    return structure + entry + bytes(4) + comment


def iim(texts: dict[int, str]) -> bytes:
    """IIM datasets of record 2 in UTF-8."""
    values = [(1, 90, b"\x1b%G"), *((2, number, text.encode()) for number, text in texts.items())]
    return b"".join(struct.pack(">BBBH", 0x1C, record, number, len(value)) + value for record, number, value in values)
