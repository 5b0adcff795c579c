"""Files that declare how they were made, as the programs that make them write it."""

import io
import json
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import numpy as np
from PIL import Image, PngImagePlugin
from PIL.TiffImagePlugin import IFDRational

from examples.media.watermarks import embed
from transforms.marks.watermark import MESSAGES

_SOURCE_TYPE: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_XMP: Final = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
    'Iptc4xmpExt:DigitalSourceType="{}"/></rdf:RDF></x:xmpmeta>'
)


def with_parameters(picture: Image.Image) -> bytes:
    """A PNG with the text that AUTOMATIC1111's web UI leaves in it."""
    info = PngImagePlugin.PngInfo()
    text = (
        "a garden in spring\nNegative prompt: rain\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 42, Model: dream"
    )
    info.add_text("parameters", text)
    return _saved(picture, "PNG", pnginfo=info)


def with_source_type(picture: Image.Image, term: str) -> bytes:
    """A JPEG whose XMP holds a term of IPTC's digital source types."""
    return _saved(picture, "JPEG", quality=90, xmp=_XMP.format(_SOURCE_TYPE + term).encode())


def from_a_camera(picture: Image.Image) -> bytes:
    """A JPEG with the EXIF fields of a camera."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Canon", "Canon EOS R5"
    details = exif.get_ifd(0x8769)
    details[0x829A], details[0x829D], details[0x8827] = IFDRational(1, 250), IFDRational(4, 1), 100
    details[0x9003], details[0xA434] = "2026:03:22 10:15:00", "RF24-105mm F4 L IS USM"
    return _saved(picture, "JPEG", quality=90, exif=exif)


def with_watermark(picture: Image.Image) -> bytes:
    """A PNG with the invisible watermark of Stable Diffusion XL's reference code."""
    message = next(one for one in MESSAGES if one.kind == "watermark.sdxl")
    return _saved(Image.fromarray(embed(np.asarray(picture.convert("RGB")), message.bits)), "PNG")


def video_with_aigc(path: Path, scene: Image.Image) -> None:
    """An MP4 with China's AIGC label (TC260) among its keys."""
    label = {"Label": "1", "ContentProducer": "001191110000000000000001", "ProduceID": "sample-0001"}
    with av.open(str(path), "w", options={"movflags": "use_metadata_tags", "fflags": "+bitexact"}) as container:
        container.metadata["AIGC"] = json.dumps(label)
        stream = container.add_stream("mpeg4", rate=Fraction(12), options={"threads": "1", "flags": "+bitexact"})
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        frame = np.asarray(scene.convert("RGB").resize((320, 240)))
        for shift in range(12):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.roll(frame, shift * 4, 1), format="rgb24")))
        container.mux(stream.encode(None))


def _saved(picture: Image.Image, form: str, **options: object) -> bytes:
    stream = io.BytesIO()
    picture.convert("RGB").save(stream, form, **options)
    return stream.getvalue()
