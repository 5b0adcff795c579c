"""What a camera or an editor wrote about itself: marks of their own, never proof that a camera took the item.

Anyone can write these fields; they are kept because they contradict a trace of AI where both are there.
"""

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from transforms.marks.mark import Mark, MarkClass, Says
from transforms.marks.meaning.generators import NamedProperty
from transforms.marks.meaning.marking import mark_of
from transforms.marks.meaning.rules import EditorRule

_MAKE = ("make", "manufacturer", "©mak", "cameramanufacturer", "comandroidmanufacturer")
_MODEL = ("model", "©mod", "cameramodelname", "comandroidmodel", "modelname", "goprofirmware")
_MAKE_OR_MODEL = frozenset(_MAKE + _MODEL)
_IS_MODEL_OF_CAMERA = frozenset(_MODEL) - {"model", "modelname"} | {"comapplequicktimemodel"}
"""Models that need no make beside them; a bare ``model`` of a film may be that of a generator."""
_ENCODERS = frozenset({"handlername", "compressorname", "encoder", "©too", "©enc", "©fmt"})
_CAMERA_ENCODER = re.compile(r"\s{0,4}(?:GoPro|DJI)(?![a-z])")
_LENS = ("lensmodel", "lens", "lensmake", "lensinfo", "lensid")
_EXPOSURE = (
    ("exposuretime", "shutterspeedvalue"),
    ("fnumber", "aperturevalue"),
    ("isospeedratings", "photographicsensitivity", "iso"),
)
_LAYERS = ("exif", "xmp", "container")
_TIFF, _EXIF = "http://ns.adobe.com/tiff/1.0/", "http://ns.adobe.com/exif/1.0/"
_LENS_NAMESPACES = frozenset({"http://ns.adobe.com/exif/1.0/aux/", "http://cipa.jp/exif/1.0/", _EXIF})
_CAMERA_NAMESPACES = frozenset({_TIFF, _EXIF, *_LENS_NAMESPACES})
_MAKER_NOTES = re.compile(r"present, (\d{1,10}) bytes(?:, (.{1,40}))?")
"""How ``exif`` tells of maker notes, whose data it does not read."""
_FEWEST_MAKER_NOTE_BYTES = 32
_MOST_CHARACTERS = 100
_MOST_SOFTWARE_CHARACTERS = 500


def read_camera(file: Sequence[NamedProperty], claimed: AbstractSet[int]) -> list[tuple[int, Mark]]:
    """The camera's marks of a file, at most one of each kind for a layer, each with the index of its first property.

    Args:
        file: All properties.
        claimed: Indices of those that a generator claims. Ideogram writes a ``Make`` and ComfyUI a ``Model``; what
            stands beside them in their layer names no camera either.
    """
    marks: list[tuple[int, Mark]] = []
    for layer in _LAYERS:
        indexed = [
            (index, named) for index, named in enumerate(file) if named.prop.layer == layer and _is_of_camera(named)
        ]
        free = [(index, named) for index, named in indexed if index not in claimed]
        if not any(index in claimed and not _MAKE_OR_MODEL.isdisjoint(named.names) for index, named in indexed):
            marks += _joined(_make_and_model(free, layer), "camera.make_model")
        lenses = [one for name in _LENS if (one := _first(free, (name,)))][:1]
        marks += _joined(lenses, "camera.lens")
        exposure = [one for names in _EXPOSURE if (one := _first(free, names))]
        if len(exposure) >= 2:
            marks += _joined(exposure, "camera.exposure", named=True)
        marks += _maker_notes(free)
    return marks


def read_editor(named: NamedProperty, software_names: frozenset[str], editors: Sequence[EditorRule]) -> Mark | None:
    """The mark of a program that wrote the file and generates nothing; it may have removed other marks."""
    if software_names.isdisjoint(named.names):
        return None
    value = named.prop.value[:_MOST_SOFTWARE_CHARACTERS]
    editor = next((editor for editor in editors if editor.regex.search(value)), None)
    if editor is None:
        return None
    shown = value if len(value) <= _MOST_CHARACTERS else editor.product
    return mark_of(
        named.prop, "software.editor", Says.UNKNOWN, MarkClass.IMPLICIT, {"product": editor.product}, shown=shown
    )


def _is_of_camera(named: NamedProperty) -> bool:
    prop = named.prop
    if not prop.value or ("/" in prop.name and prop.layer == "xmp"):
        return False
    return prop.layer != "xmp" or prop.namespace in _CAMERA_NAMESPACES


def _first(file: Sequence[tuple[int, NamedProperty]], names: tuple[str, ...]) -> tuple[int, NamedProperty] | None:
    fitting = (
        one for one in file if len(one[1].prop.value) <= _MOST_CHARACTERS and not set(names).isdisjoint(one[1].names)
    )
    return next(fitting, None)


def _make_and_model(file: Sequence[tuple[int, NamedProperty]], layer: str) -> list[tuple[int, NamedProperty]]:
    """The first make and the first model; else, of a film, the first name of its encoder that is a camera's."""
    make, model = _first(file, _MAKE), _first(file, _MODEL)
    if layer == "container" and make is None:
        if model is not None and not _IS_MODEL_OF_CAMERA.isdisjoint(model[1].names):
            return [model]
        encoders = (one for one in file if not _ENCODERS.isdisjoint(one[1].names))
        return [one for one in encoders if _CAMERA_ENCODER.match(one[1].prop.value)][:1]
    return [one for one in (make, model) if one]


def _joined(parts: list[tuple[int, NamedProperty]], kind: str, *, named: bool = False) -> list[tuple[int, Mark]]:
    if not parts:
        return []
    index, first = min(parts, key=lambda part: part[0])
    texts = [f"{part.prop.name}={part.prop.value}" if named else part.prop.value for _, part in parts]
    shown = "; ".join(texts) if named else " ".join(texts)
    return [(index, mark_of(first.prop, kind, Says.CAPTURE, MarkClass.DECLARED, shown=shown))]


def _maker_notes(file: Sequence[tuple[int, NamedProperty]]) -> list[tuple[int, Mark]]:
    for index, named in file:
        told = _MAKER_NOTES.match(named.prop.value) if "makernote" in named.names else None
        if told is not None and int(told[1]) >= _FEWEST_MAKER_NOTE_BYTES:
            facts = {"bytes": told[1]} | ({"maker": told[2]} if told[2] else {})
            return [(index, mark_of(named.prop, "camera.maker_notes", Says.CAPTURE, MarkClass.DECLARED, facts))]
    return []
