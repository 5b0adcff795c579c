"""Reads a line of text: a small network names a character, or none, for every few columns of the line.

The networks are PP-OCRv6's tiny recogniser (PaddleOCR, Apache-2.0), trained further on lines over photographs: one in
Chinese and Latin, one, with Cyrillic in place of Chinese, in Kazakh, Russian and Latin. Their output is read greedily
(Graves et al., *Connectionist Temporal Classification*, 2006): repeats count once, blanks not at all.
"""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from transforms.examine.frames import Pixels
from transforms.work import did

_HEIGHT, _WIDEST, _NARROWEST, _STEP = 48, 1600, 32, 16
_LIKELY_SPACE = 0.1


class LineRecogniser:
    """Holds one network.

    Args:
        session: An ``onnxruntime.InferenceSession`` of the network.
        alphabet: The characters of its classes from 1 on; class 0 is the blank, the last one the space.
    """

    def __init__(self, session: Any, alphabet: Sequence[str]) -> None:
        self._session = session
        self._input = session.get_inputs()[0].name
        self._characters = ["", *alphabet, " "]

    def read(self, tensor: NDArray[np.float32]) -> tuple[str, float]:
        """The text of one line and the mean probability of its characters, 0 where there is none.

        Args:
            tensor: From ``to_tensor``.
        """
        did("line_readings")
        probabilities = self._session.run(None, {self._input: tensor})[0][0]
        best = probabilities.argmax(-1)
        kept = (best != 0) & np.concatenate([[True], best[1:] != best[:-1]])
        at = np.flatnonzero(kept)
        spaces = np.maximum.reduceat(probabilities[:, -1], at) if len(at) else ()
        text = "".join(
            self._characters[index] + (" " if space >= _LIKELY_SPACE else "")
            for index, space in zip(best[at], spaces, strict=True)
        )
        confidence = float(probabilities.max(-1)[kept].mean()) if kept.any() else 0.0
        return " ".join(text.split()), round(confidence, 4)


def to_tensor(line: Pixels) -> NDArray[np.float32]:
    """A line as the network takes it: 48 rows, BGR, -1 to 1.

    Args:
        line: uint8 (H, W, 3) RGB.

    Returns:
        float32 (1, 3, 48, W').
    """
    height, width = line.shape[:2]
    scaled = min(_WIDEST, max(_NARROWEST, round(width * _HEIGHT / height)))
    method = cv2.INTER_AREA if height > _HEIGHT else cv2.INTER_LINEAR
    small = cv2.resize(line, (scaled, _HEIGHT), interpolation=method)
    padded = np.full((_HEIGHT, -(-scaled // _STEP) * _STEP, 3), 127, np.uint8)
    padded[:, :scaled] = small
    return np.ascontiguousarray(padded[..., ::-1].transpose(2, 0, 1)[None]).astype(np.float32) / 127.5 - 1
