"""The bytes of the face finder's network; imports nothing, so that a child can read them before its door closes."""

from pathlib import Path

import configs

FACE_MODEL_SHA256 = "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4"
_FILE = Path("faces") / "face_detection_yunet_2023mar.onnx"


def read_face_model() -> bytes:
    """Reads YuNet as the project ships it (`configs/faces/README.md`).

    Returns:
        An ONNX file of 232,589 bytes, unchecked: ``FaceFinder`` refuses any but the one it knows.

    Raises:
        OSError: The file is missing: the installation is not complete.
    """
    return (configs.ROOT / _FILE).read_bytes()
