"""Files with a warning for people: in their pixels, in the pixels of a part of a film, or in a text beside them."""

import io
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import cv2
import numpy as np
from PIL import Image

from transforms.examine.frames import Pixels

CAPTION: Final = "Осень в горах.\nИзображение создано с помощью нейросети.\n".encode("cp1251")
"""As an old editor would save it beside a picture."""
_FILM_SECONDS, _LABEL_SECONDS, _RATE = 6, 2, 12


def with_label(picture: Image.Image, label: str, *, share: float = 0.06) -> bytes:
    """A JPEG with white, outlined letters at the bottom, their em a share of the short side."""
    stream = io.BytesIO()
    Image.fromarray(_written(np.asarray(picture.convert("RGB")), label, share)).save(stream, "JPEG", quality=88)
    return stream.getvalue()


def film_with_label_at_its_start(path: Path, scene: Image.Image, label: str) -> None:
    """An MP4 of six seconds over which a view wanders; the label stands on the first two."""
    wide = np.asarray(scene.convert("RGB").resize((960, 360)))
    with av.open(str(path), "w", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream("mpeg4", rate=Fraction(_RATE), options={"threads": "1", "flags": "+bitexact"})
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = 640, 360, "yuv420p", 2_000_000
        for number in range(_FILM_SECONDS * _RATE):
            frame = np.ascontiguousarray(wide[:, 4 * number : 4 * number + 640])
            if number < _LABEL_SECONDS * _RATE:
                frame = _written(frame, label, 0.09)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode(None))


def _written(rgb: Pixels, label: str, share: float) -> Pixels:
    height, width = rgb.shape[:2]
    em = round(share * min(height, width))
    mask = np.zeros((height, width), np.uint8)
    cv2.putText(mask, label, (em, height - em), (255,), cv2.FontFace("sans"), em, 500)
    side = 2 * max(1, em // 14) + 1
    outline = cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))[..., None] / 255.0
    letters = mask[..., None] / 255.0
    return (rgb * (1 - outline) * (1 - letters) + 255 * letters).round().astype(np.uint8)
