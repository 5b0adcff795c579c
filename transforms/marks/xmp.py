"""XMP packets read into properties: ISO 16684-1 (RDF/XML as XMP uses it), by namespace URI, standard library only.

Safety rests on three things, so no further package is needed: a document type declaration ends the reading, and without
one XML has no entities to expand and nothing external to fetch; names, depth and counts are bounded; the packet is
parsed in one pass. Namespaces are resolved here rather than by expat, which would end at the first prefix that a
careless writer did not declare.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import Enum
from xml.parsers import expat

from transforms.marks.charsets import clean
from transforms.marks.namespaces import PREFIXES, RDF, WELL_KNOWN, XML
from transforms.marks.pieces import Budget, Property

MOST_ITEMS = 1000
"""Of one array. Photoshop is known to write ``DocumentAncestors`` of a hundred thousand."""

MOST_NAME_CHARACTERS = 200
"""Of a property's name or a namespace; longer ones, repeated in every path below them, would multiply."""

_MOST_ATTRIBUTES = 50_000
"""Of one element; a packet of 4 MiB has room for half a million."""

_PASSED_OF_AN_ELEMENT = 16
"""How many elements or attributes that are passed over count as one that is read."""

_LEVELS_OF_XML = 4
"""A structure in an array takes four elements: property, ``rdf:Seq``, ``rdf:li``, ``rdf:Description``."""

_PRIVATE = {"SerialNumber", "BodySerialNumber", "LensSerialNumber", "CameraOwnerName", "OwnerName"}
_CAMERA_NAMESPACES = {WELL_KNOWN["exif"], WELL_KNOWN["exifEX"], WELL_KNOWN["aux"]}
_ARRAYS = {"Bag", "Seq", "Alt"}
_NOT_XML = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_XML_DECLARATION = re.compile(r"<\?xml\s[^>]{0,200}\?>")
_ESCAPED_JSON = re.compile(r"[\[{]\s*&(?:quot|#34|#x22);", re.IGNORECASE)
_BYTE_ORDER_MARKS = (
    (b"\xff\xfe\0\0", "utf-32-le"),
    (b"\0\0\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
    (b"\xef\xbb\xbf", "utf-8"),
)


class _Role(Enum):
    """What an element is in RDF, which decides how its children are read."""

    ENVELOPE = "before rdf:RDF"
    GRAPH = "rdf:RDF"
    NODE = "rdf:Description, or a typed node"
    PROPERTY = "a property or an item of an array"
    ARRAY = "rdf:Bag, rdf:Seq, rdf:Alt"
    LITERAL = "XML that is a value"


@dataclass(frozen=True, slots=True)
class _Path:
    """Where a value stands.

    Attributes:
        namespace: URI of the last name.
        name: As ``Property.name`` has it.
        inner: What names of fields below start with: as ``name``, with the index of an item.
        shown: As the locator has it, with prefixes.
        level: Number of names.
    """

    namespace: str = ""
    name: str = ""
    inner: str = ""
    shown: str = ""
    level: int = 0

    def child(self, namespace: str, prefix: str, local: str) -> "_Path":
        """The path of a property of this node, or of a field of this structure."""
        prefix = PREFIXES.get(namespace, prefix)
        name = f"{self.inner}/{local}" if self.inner else local
        shown = f"{prefix}:{local}" if prefix else local
        return _Path(namespace, name, name, f"{self.shown}/{shown}" if self.shown else shown, self.level + 1)

    def item(self, index: int, language: str) -> "_Path":
        """The path of an item of this array, counted from 1; it is shown by its language where it has one."""
        shown = f"{self.shown}[{language or index}]"
        return replace(self, name=self.inner, inner=f"{self.inner}[{index}]", shown=shown)


@dataclass(slots=True)
class _Element:
    """One open element."""

    role: _Role
    path: _Path = field(default_factory=_Path)
    text: list[str] = field(default_factory=list)
    items: int = 0
    declared: list[str] = field(default_factory=list)
    literal: bool = False


@dataclass(frozen=True, slots=True)
class _Name:
    """A qualified name, resolved."""

    namespace: str
    prefix: str
    local: str


class _RefusedError(Exception):
    """The packet has a document type declaration."""


class _EndOfBudgetError(Exception):
    """No more elements may be visited."""


def read_xmp(
    packet: bytes, budget: Budget, *, layer: str = "xmp", where: str = "XMP", offset: int = 0
) -> Iterator[Property]:
    """Reads the properties of an XMP packet.

    Args:
        packet: The packet or bare RDF, with or without wrapper and padding, in UTF-8, UTF-16 or UTF-32.
        budget: Every element and every value spends it. An array's items after the first ``MOST_ITEMS`` are not read.
        layer: Of the properties.
        where: Where the packet lies, the start of the locators: ``APP1 XMP``.
        offset: Of the properties.

    Yields:
        Simple values, items of arrays (one property each, all of the array's name) and fields of structures
        (``History[2]/softwareAgent``, with the namespace of the field) in document order; empty values are none. GPS
        positions, serial numbers and the owner of the camera are told as ``present``, as in EXIF. Of broken XML what
        stands before the fault, and ``budget.left_out`` has a line. Never raises on any bytes.
    """
    reader = _Reader(where, layer, offset, budget)
    parser = expat.ParserCreate("utf-8")
    parser.ordered_attributes = True
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = reader.refuse
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.characters
    try:
        parser.Parse(_xml(packet).encode("utf-8", "replace"), True)
    except _RefusedError:
        budget.leave_out(f"{where}: it declares a document type, which is refused")
    except _EndOfBudgetError:
        pass  # The budget has noted it.
    except expat.ExpatError as error:
        if not reader.complete:
            budget.leave_out(f"{where}: broken XML ({error}); what stands before it was read")
    yield from reader.found


def _xml(packet: bytes) -> str:
    """The packet as text that starts with its first tag, without what XML forbids and NULs or signs may have brought.

    The XML declaration goes too: the bytes are decoded already, and it is often not where XML wants it.
    """
    text = _NOT_XML.sub(" ", _decoded(packet))
    start = max(text.find("<"), 0)
    return _XML_DECLARATION.sub("", text[start : start + 1024], count=1) + text[start + 1024 :]


def _decoded(packet: bytes) -> str:
    """Decodes by the byte-order mark, or by where NULs stand around the first tag."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if packet.startswith(mark):
            return packet[len(mark) :].decode(encoding, "replace")
    first = packet.find(b"<", 0, 1024)
    if first >= 0 and packet[first + 1 : first + 4] == b"\0\0\0":
        return packet.decode("utf-32-be" if first % 4 == 3 else "utf-32-le", "replace")
    if first >= 0 and packet[first + 1 : first + 2] == b"\0":
        return packet.decode("utf-16-be" if first % 2 else "utf-16-le", "replace")
    return packet.decode("utf-8", "replace")


def _declares(attribute: str) -> bool:
    """Whether an attribute declares a namespace."""
    return attribute == "xmlns" or attribute.startswith("xmlns:")


class _Reader:
    """The handlers of one packet's parser, with the stack of open elements between them."""

    def __init__(self, where: str, layer: str, offset: int, budget: Budget) -> None:
        self.found: list[Property] = []
        self.complete = False
        self._where = where
        self._layer = layer
        self._offset = offset
        self._budget = budget
        self._open: list[_Element] = []
        self._scopes: dict[str, list[str]] = {}
        self._skipped = 0
        self._passed = 0

    def refuse(self, *_: object) -> None:
        """A document type declaration begins."""
        raise _RefusedError

    def start(self, tag: str, listed: list[str]) -> None:
        """An element begins; ``listed`` has names and values of its attributes by turns."""
        most = 2 * _MOST_ATTRIBUTES  # names and values
        if self._skipped or not self._wanted():
            self._skipped += 1
            self._pass(1 + len(listed) // 2)
            return
        attributes = list(zip(listed[:most:2], listed[1:most:2], strict=True))
        declared = self._declare(attributes)
        named = [(self._resolve(key, of_attribute=True), value) for key, value in attributes if not _declares(key)]
        element = self._element(self._resolve(tag, of_attribute=False), named)
        if element is None:
            self._undeclare(declared)
            self._skipped = 1
            return
        element.declared = declared
        self._open.append(element)
        if len(listed) > most:
            while self._budget.visit():  # to its end: what is left of them is not read
                pass
            raise _EndOfBudgetError

    def end(self, _: str) -> None:
        """An element ends."""
        if self._skipped:
            self._skipped -= 1
            return
        element = self._open.pop()
        self._undeclare(element.declared)
        self.complete = not self._open
        if element.role is _Role.PROPERTY:
            self._emit(element.path, "".join(element.text))

    def characters(self, text: str) -> None:
        """Text of the innermost open element."""
        if not self._skipped and self._open and self._open[-1].role in {_Role.PROPERTY, _Role.LITERAL}:
            self._open[-1].text.append(text)

    def _pass(self, count: int) -> None:
        """Counts what may be passed over: it has to be stepped through, and a packet may hold a million of it."""
        before = self._passed // _PASSED_OF_AN_ELEMENT
        self._passed += count
        for _ in range(before, self._passed // _PASSED_OF_AN_ELEMENT):
            if not self._budget.visit():
                raise _EndOfBudgetError

    def _wanted(self) -> bool:
        """Whether the element that begins is to be read."""
        parent = self._open[-1] if self._open else None
        if parent is not None and parent.role is _Role.ARRAY and parent.items >= MOST_ITEMS:
            self._budget.leave_out(f"{self._where}/{parent.path.shown}: items after the first {MOST_ITEMS}")
            return False
        if len(self._open) >= _LEVELS_OF_XML * self._budget.limits.depth:
            self._budget.leave_out(f"{self._where}: elements nested deeper than {len(self._open)}")
            return False
        if not self._budget.visit():
            raise _EndOfBudgetError
        return True

    def _declare(self, attributes: list[tuple[str, str]]) -> list[str]:
        """Opens the scopes of an element's ``xmlns`` attributes; returns their prefixes."""
        declared = []
        for name, uri in attributes:
            if _declares(name):
                prefix = name[6:]
                self._scopes.setdefault(prefix, []).append(uri[:MOST_NAME_CHARACTERS])
                declared.append(prefix)
        return declared

    def _undeclare(self, declared: list[str]) -> None:
        for prefix in declared:
            self._scopes[prefix].pop()

    def _resolve(self, name: str, *, of_attribute: bool) -> _Name:
        """The name with its namespace; a prefix that nobody declared has the one it is known for."""
        prefix, _, local = name.rpartition(":")
        if of_attribute and not prefix:
            return _Name("", "", local)
        scopes = self._scopes.get(prefix)
        return _Name(scopes[-1] if scopes else WELL_KNOWN.get(prefix, ""), prefix, local)

    def _element(self, name: _Name, attributes: list[tuple[_Name, str]]) -> _Element | None:
        """What the element is under its parent; None where it is not to be read."""
        parent = self._open[-1] if self._open else _Element(_Role.ENVELOPE)
        match parent.role:
            case _Role.ENVELOPE:
                is_graph = (name.namespace, name.local) == (RDF, "RDF")
                return _Element(_Role.GRAPH if is_graph else _Role.ENVELOPE)
            case _Role.GRAPH:
                return self._node(parent.path, attributes)
            case _Role.NODE:
                path = self._path_of(parent.path, name)
                return None if path is None else self._property(path, attributes)
            case _Role.ARRAY:
                parent.items += 1
                language = next((value for of, value in attributes if (of.namespace, of.local) == (XML, "lang")), "")
                return self._property(parent.path.item(parent.items, language[:35]), attributes)
            case _Role.LITERAL:
                return _Element(_Role.LITERAL, text=parent.text)
            case _Role.PROPERTY if parent.literal:
                return _Element(_Role.LITERAL, text=parent.text)
            case _Role.PROPERTY if name.namespace == RDF and name.local in _ARRAYS:
                return _Element(_Role.ARRAY, parent.path)
            case _Role.PROPERTY:
                return self._node(parent.path, attributes)

    def _node(self, path: _Path, attributes: list[tuple[_Name, str]]) -> _Element:
        """A node of properties, some of which may be its attributes."""
        self._read_attributes(path, attributes)
        return _Element(_Role.NODE, path)

    def _property(self, path: _Path, attributes: list[tuple[_Name, str]]) -> _Element:
        """A property element or item: what its attributes say besides how its content is to be read."""
        parse_type = ""
        for name, value in attributes:
            if name.namespace in {RDF, ""} and name.local == "parseType":
                parse_type = value
            elif name.namespace in {RDF, ""} and name.local == "resource":
                self._emit(path, value)
        self._read_attributes(path, attributes)
        if parse_type == "Resource":
            return _Element(_Role.NODE, path)
        return _Element(_Role.PROPERTY, path, literal=parse_type == "Literal")

    def _read_attributes(self, path: _Path, attributes: list[tuple[_Name, str]]) -> None:
        """Properties, or fields of a structure, that are written as attributes."""
        for name, value in attributes:
            if name.namespace == XML or not name.prefix:
                continue
            if not self._budget.visit():
                raise _EndOfBudgetError
            below = self._path_of(path, name)
            if below is not None:
                self._emit(below, value)

    def _path_of(self, path: _Path, name: _Name) -> _Path | None:
        """The path of a property of the node at ``path``; None where it is none, or too long or deep to be read."""
        if name.namespace == RDF:
            return path if name.local == "value" else None
        if max(len(name.local), len(name.prefix)) > MOST_NAME_CHARACTERS:
            self._budget.leave_out(f"{self._where}: names longer than {MOST_NAME_CHARACTERS} characters")
            return None
        if path.level >= self._budget.limits.depth:
            self._budget.leave_out(f"{self._where}/{path.shown}: structures nested deeper than {path.level}")
            return None
        return path.child(name.namespace, name.prefix, name.local)

    def _emit(self, path: _Path, value: str) -> None:
        """Adds a property, unless it has no value or the budget has no room."""
        value = clean(value)
        if _ESCAPED_JSON.match(value):  # Escaped once more than XML asks for, as some label writers do.
            value = clean(html.unescape(value))
        if value and path.namespace in _CAMERA_NAMESPACES and (path.name in _PRIVATE or path.name.startswith("GPS")):
            value = "present"
        locator = f"{self._where}/{path.shown}"
        if value and path.name and self._budget.take(locator, len(value)):
            self.found.append(Property(self._layer, path.namespace, path.name, value, locator, self._offset))
