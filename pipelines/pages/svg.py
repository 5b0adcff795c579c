"""A sheet to draw SVG on: no script, no network, and every text escaped by the XML writer."""

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass, field

Place = tuple[float, float]


@dataclass(frozen=True)
class Frame:
    """Maps shares or other values to a rectangle of the sheet.

    Attributes:
        left: Of the rectangle, in units of the sheet.
        top: Of the rectangle.
        width: Of the rectangle.
        height: Of the rectangle.
        x_end: The value at its right edge; 0 is at the left one.
        y_end: The value at its top edge; 0 is at the bottom.
    """

    left: float
    top: float
    width: float
    height: float
    x_end: float = 1.0
    y_end: float = 1.0

    def x(self, value: float) -> float:
        """Where a value lies from left to right; values beyond the edges lie on them."""
        return self.left + self.width * min(1.0, max(0.0, value / self.x_end))

    def y(self, value: float) -> float:
        """Where a value lies from top to bottom."""
        return self.top + self.height * (1.0 - min(1.0, max(0.0, value / self.y_end)))


@dataclass
class Sheet:
    """One picture, `width` by `height` units, with a title and a description for those who cannot see it."""

    ident: str
    title: str
    description: str
    width: float
    height: float
    _root: ET.Element = field(init=False)

    def __post_init__(self) -> None:
        names = {"role": "img", "aria-labelledby": f"{self.ident}-title {self.ident}-text"}
        # The namespace is implied in HTML, and leaving it out keeps the page free of any address.
        self._root = ET.Element("svg", {"viewBox": f"0 0 {_short(self.width)} {_short(self.height)}", **names})
        ET.SubElement(self._root, "title", {"id": f"{self.ident}-title"}).text = self.title
        ET.SubElement(self._root, "desc", {"id": f"{self.ident}-text"}).text = self.description

    def line(self, start: Place, end: Place, kind: str) -> None:
        """A straight line; `kind` is its CSS class."""
        (x1, y1), (x2, y2) = start, end
        self._add("line", kind, x1=x1, y1=y1, x2=x2, y2=y2)

    def polyline(self, places: Sequence[Place], kind: str) -> None:
        """A line through several places."""
        points = " ".join(f"{_short(x)},{_short(y)}" for x, y in places)
        ET.SubElement(self._root, "polyline", {"class": kind, "points": points})

    def polygon(self, places: Sequence[Place], kind: str) -> None:
        """A filled outline."""
        points = " ".join(f"{_short(x)},{_short(y)}" for x, y in places)
        ET.SubElement(self._root, "polygon", {"class": kind, "points": points})

    def rect(self, corner: Place, width: float, height: float, kind: str, *, tip: str = "") -> None:
        """A rectangle, with what a pointer that rests on it shows."""
        _tip(self._add("rect", kind, x=corner[0], y=corner[1], width=width, height=height), tip)

    def circle(self, centre: Place, radius: float, kind: str, *, tip: str = "") -> None:
        """A disc, with what a pointer that rests on it shows."""
        _tip(self._add("circle", kind, cx=centre[0], cy=centre[1], r=radius), tip)

    def text(self, place: Place, words: str, kind: str = "", *, anchor: str = "start") -> None:
        """Words at a place; `anchor` says which end of them lies there: `start`, `middle` or `end`."""
        element = self._add("text", kind, x=place[0], y=place[1])
        element.set("text-anchor", anchor)
        element.text = words

    def markup(self) -> str:
        """The picture as markup to stand in an HTML page."""
        return ET.tostring(self._root, encoding="unicode")

    def document(self, style: str) -> str:
        """The picture as a file of its own.

        Args:
            style: CSS of its classes.
        """
        root = ET.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", **self._root.attrib})
        ET.SubElement(root, "style").text = style
        root.extend(self._root)
        return f"{ET.tostring(root, encoding='unicode')}\n"

    def _add(self, tag: str, kind: str, **numbers: float) -> ET.Element:
        attributes = {name: _short(number) for name, number in numbers.items()}
        return ET.SubElement(self._root, tag, {"class": kind, **attributes} if kind else attributes)


def _tip(element: ET.Element, words: str) -> None:
    if words:
        ET.SubElement(element, "title").text = words


def _short(number: float) -> str:
    return f"{number:.1f}".rstrip("0").rstrip(".")
