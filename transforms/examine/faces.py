"""Finds people's faces in a frame: boxes and counts; no crop, landmark or embedding outlives a call."""

import hashlib
from dataclasses import dataclass

import cv2
import numpy as np

from transforms.detect.preprocess import shrink
from transforms.examine.face_model import FACE_MODEL_SHA256
from transforms.examine.frames import Pixels
from transforms.work import did

MIN_CONFIDENCE = 0.8
MAX_FACES = 32
_SHORT_SIDE, _LONG_SIDE = 320, 1280
_OVERLAP, _CANDIDATES = 0.3, 1000
_MARGIN, _WIDEST_MARGIN = 1.6, 3.2


class FaceModelError(Exception):
    """The bytes are not the network that this module's figures were measured with."""


@dataclass(frozen=True, slots=True)
class Face:
    """A face's box in pixels of the frame as decoded, inside the frame, and how sure the network is.

    Attributes:
        x: Left edge.
        y: Top edge.
        width: At least 1.
        height: At least 1.
        confidence: ``MIN_CONFIDENCE`` to 1, rounded to four digits; a rank, not a probability.
    """

    x: int
    y: int
    width: int
    height: int
    confidence: float


@dataclass(frozen=True, slots=True)
class Faces:
    """What one frame shows: at most ``MAX_FACES`` boxes, surest first, and the ``count`` of all that were found."""

    boxes: tuple[Face, ...]
    count: int


class FaceFinder:
    """YuNet (Wu et al. 2023) through OpenCV: one network for all frames, one frame at a time, no files, no state.

    Measured on frames of 512 pixels, as they are / at half size / as JPEG 75: a face is found in 100 / 100 / 100 % of
    100 FFHQ and 100 StyleGAN2 faces, and in 94 / 93 / 94 % of 293 portraits, whose others are turned away, dark or
    cut off. In 154 pictures of objects and pets without people 5 % show a "face" (dogs, toy figures), and so do about
    2 % of 400 ImageNet pictures (dogs, monkeys, a vending machine). From a confidence of 0.9 on it is 82 % of the
    portraits, none of the objects, and of ImageNet one doll: ask for 0.9 where a false face costs more than a missed
    one. A smaller threshold of 0.5 would find 98 % of the portraits and a "face" in 22 % of the objects.
    """

    def __init__(self, model: bytes) -> None:
        """Loads the network: 3 ms, a few megabytes.

        Args:
            model: What ``read_face_model`` read.

        Raises:
            FaceModelError: It is another file.
        """
        digest = hashlib.sha256(model).hexdigest()
        if digest != FACE_MODEL_SHA256:
            raise FaceModelError(
                f"The face model's SHA-256 is {digest}; it must be {FACE_MODEL_SHA256}. Install Aiqyn again."
            )
        buffer, nothing = np.frombuffer(model, np.uint8), np.empty(0, np.uint8)
        self._network = cv2.FaceDetectorYN.create(
            "onnx", buffer, nothing, (_SHORT_SIDE, _SHORT_SIDE), MIN_CONFIDENCE, _OVERLAP, _CANDIDATES
        )

    def find(self, rgb: Pixels, frame_size: tuple[int, int] | None = None) -> Faces:
        """Finds the faces of one frame.

        The frame is shrunk to a short side of 320 pixels (and a long one of 1280), so a call costs 5 to 6 ms on one
        core for a square frame and about 9 for 16:9, besides the shrinking; decoding 512 pixels of JPEG costs 1.4 ms.
        A face is seen from about 10 pixels there: 1/30 of the short side. The same pixels give the same boxes,
        whatever was asked before.

        Args:
            rgb: The frame, uint8 (H, W, 3), with H and W at least 1; or a copy of it that was shrunk already.
            frame_size: Height and width, in pixels, of the frame as decoded, where ``rgb`` is a shrunken copy.

        Returns:
            The faces, surest first.

        Raises:
            ValueError: The array is not a non-empty uint8 (H, W, 3) picture.
        """
        if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3 or 0 in rgb.shape:
            raise ValueError(f"a frame must be uint8 (H, W, 3) with H, W >= 1; this one is {rgb.dtype} {rgb.shape}")
        height, width = frame_size or rgb.shape[:2]
        short, long = sorted(rgb.shape[:2])
        small = shrink(rgb, max(1, min(_SHORT_SIDE, short * _LONG_SIDE // long)))
        did("face_searches")
        did("face_pixels", small.shape[0] * small.shape[1])
        # The network remembers the last size it was told.
        self._network.setInputSize((small.shape[1], small.shape[0]))
        rows = self._network.detect(cv2.cvtColor(small, cv2.COLOR_RGB2BGR))[1]
        if rows is None:
            return Faces((), 0)
        scales = (width / small.shape[1], height / small.shape[0])
        found = [_face(row, scales, width, height) for row in np.asarray(rows, np.float64)]
        faces = sorted((face for face in found if face), key=lambda face: (-face.confidence, face.y, face.x))
        return Faces(tuple(faces[:MAX_FACES]), len(faces))


def face_view(rgb: Pixels, face: Face, size: int) -> Pixels | None:
    """Cuts a square view around a face, to be scored like any other view and then dropped.

    The square is 1.6 times the box's longer side. Nothing is ever enlarged, since interpolation looks like generation
    to a detector: a square smaller than the view is widened to it, up to 3.2 times the face, and a larger one is
    averaged down. Beyond the frame's borders the picture is continued by reflection.

    Args:
        rgb: The frame in which the face was found, uint8 (H, W, 3).
        face: Its box, in pixels of that frame.
        size: Side of the view, in pixels.

    Returns:
        uint8 (size, size, 3), or None where the box's longer side is below ``size / 3.2`` pixels.
    """
    longer = max(face.width, face.height)
    if longer * _WIDEST_MARGIN < size:
        return None
    side = max(size, round(longer * _MARGIN))
    rows = _reflected(2 * face.y + face.height, side, rgb.shape[0])
    columns = _reflected(2 * face.x + face.width, side, rgb.shape[1])
    square = rgb[np.ix_(rows, columns)]
    if side == size:
        return square
    return np.asarray(cv2.resize(square, (size, size), interpolation=cv2.INTER_AREA), np.uint8)


def _face(row: np.ndarray, scales: tuple[float, float], width: int, height: int) -> Face | None:
    """One row of the network (box, ten landmark coordinates, score) in pixels of the frame; None outside of it."""
    left, top = row[0] * scales[0], row[1] * scales[1]
    right, bottom = left + row[2] * scales[0], top + row[3] * scales[1]
    x0, x1 = (min(max(round(edge), 0), width) for edge in (left, right))
    y0, y1 = (min(max(round(edge), 0), height) for edge in (top, bottom))
    if x1 <= x0 or y1 <= y0:
        return None
    return Face(x0, y0, x1 - x0, y1 - y0, round(float(row[14]), 4))


def _reflected(twice_centre: int, side: int, length: int) -> np.ndarray:
    """Indices of ``side`` pixels around a centre, folded back into ``range(length)`` at its ends."""
    period = max(1, 2 * (length - 1))
    folded = (np.arange(side) + (twice_centre - side) // 2) % period
    return np.minimum(folded, period - folded).clip(max=length - 1)
