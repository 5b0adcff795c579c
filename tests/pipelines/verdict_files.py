"""Real files of every kind that a policy tells apart, and what a context table says of some of them."""

import io
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import av
from PIL import Image, PngImagePlugin

from examples.media import declared, labelled, pictures

sys.path.insert(0, str(Path(__file__).parents[1] / "transforms" / "marks"))
from c2pa_corpus import action, manifest, signed, tampered

AI: Final = "trainedAlgorithmicMedia"
PART: Final = "compositeWithTrainedAlgorithmicMedia"
WARNING: Final = "Создано с помощью ИИ"
ELEMENTS: Final = "AI生成"
AIGC: Final = {"Label": "1", "ContentProducer": "001191110000000000000001", "ProduceID": "sample-0001"}


def photograph(name: str = "coffee", side: int = 480) -> Image.Image:
    return pictures.photograph(name, side)


def with_warning(label: str = WARNING, name: str = "coffee", share: float = 0.09, side: int = 480) -> Image.Image:
    """A photograph on which a label stands."""
    with Image.open(io.BytesIO(labelled.with_label(photograph(name, side), label, share=share))) as picture:
        return picture.convert("RGB")


def with_aigc(picture: Image.Image, copies: int = 1) -> bytes:
    """A PNG that carries China's label, once or several times."""
    info = PngImagePlugin.PngInfo()
    for number in range(copies):
        info.add_text("AIGC" if number == 0 else "UserComment", json.dumps({"AIGC": AIGC} if number else AIGC))
    stream = io.BytesIO()
    picture.save(stream, "PNG", pnginfo=info)
    return stream.getvalue()


def film(label: str = "", **metadata: str) -> bytes:
    """An MP4 of six seconds, a label on its first two if one is given, with metadata."""
    with tempfile.TemporaryDirectory() as folder:
        plain, told = Path(folder) / "plain.mp4", Path(folder) / "told.mp4"
        labelled.film_with_label_at_its_start(plain, photograph(), label or " ")
        options = {"movflags": "use_metadata_tags", "fflags": "+bitexact"}
        with av.open(str(plain)) as source, av.open(str(told), "w", options=options) as target:
            target.metadata.update(metadata)
            stream = target.add_stream_from_template(source.streams.video[0])
            for packet in source.demux(source.streams.video[0]):
                if packet.dts is not None:
                    packet.stream = stream
                    target.mux(packet)
        return told.read_bytes()


def signed_jpeg(picture: Image.Image, *actions: dict[str, Any]) -> bytes:
    return signed(pictures.jpeg(picture), "image/jpeg", manifest(*actions) if actions else None)


def tampered_jpeg() -> bytes:
    unsigned = pictures.jpeg(photograph())
    return tampered(signed(unsigned, "image/jpeg"), unsigned)


FILES: Final[dict[str, Callable[[], bytes]]] = {
    "photograph.jpg": lambda: pictures.jpeg(photograph()),
    "marked.jpg": lambda: declared.with_source_type(photograph(), AI),
    "marked, labelled.jpg": lambda: declared.with_source_type(with_warning(), AI),
    "labelled.jpg": lambda: labelled.with_label(photograph(), WARNING, share=0.09),
    "marked, captioned.jpg": lambda: declared.with_source_type(photograph("rocket"), AI),
    "marked, published before.jpg": lambda: declared.with_source_type(photograph("cat"), AI),
    "marked, offered.jpg": lambda: declared.with_source_type(with_warning(name="cat"), AI),
    "partly.jpg": lambda: declared.with_source_type(photograph(), PART),
    "of a person.jpg": lambda: declared.with_source_type(with_warning(name="astronaut", share=0.05), AI),
    "trace.png": lambda: declared.with_parameters(photograph()),
    "watermark.png": lambda: declared.with_watermark(photograph()),
    "signed.jpg": lambda: signed_jpeg(photograph()),
    "signed, labelled.jpg": lambda: signed_jpeg(with_warning()),
    "tampered.jpg": tampered_jpeg,
    "signed capture.jpg": lambda: signed_jpeg(photograph(), action("c2pa.created", "digitalCapture")),
    "aigc.png": lambda: with_aigc(photograph()),
    "aigc, labelled.png": lambda: with_aigc(with_warning(ELEMENTS)),
    "aigc twice, labelled.png": lambda: with_aigc(with_warning(ELEMENTS), copies=2),
    "aigc, small label.png": lambda: with_aigc(with_warning(ELEMENTS, name="rocket", share=0.03, side=960)),
    "aigc, bare label.png": lambda: with_aigc(with_warning("AI-generated")),
    "aigc, labelled film.mp4": lambda: film(ELEMENTS, AIGC=json.dumps(AIGC)),
    "aigc film.mp4": lambda: film(AIGC=json.dumps(AIGC)),
    "cut off.jpg": lambda: declared.with_source_type(photograph(), AI)[:9_000],
    "empty.jpg": lambda: b"",
    "notes.txt": lambda: b"Nothing to see.",
}

CONTEXT: Final = (
    {"uri": "marked, captioned.jpg", "caption": "Сурет ЖИ арқылы жасалған", "published_at": "2026-10-01"},
    {"uri": "marked, published before.jpg", "published_at": "2024-12-31"},
    {"uri": "marked, offered.jpg", "presented_as_product": "yes", "published_at": "2026-10-01", "publisher": "Qala TV"},
)
