"""The networks that find and read text, as the project ships them (``configs/labels/README.md``)."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import configs

FOLDER = configs.ROOT / "labels"
DIGESTS = {
    "finder.onnx": "1a186afec05a7648af08d6c7c930cb429dff9b5bfdcb79e838a43885c419cc03",
    "latin_chinese.onnx": "103914e79d67fc8ef94b6603cadf7ebe12b6c08589fcc8753514ce0b81540a6b",
    "latin_chinese.txt": "c5cbe34ef40c29c4df07ed012bf96569cb69a2d2a01a07027e9f13cb832bd9cd",
    "cyrillic.onnx": "4f37c98398b6a32203b6ff62f2fd804a2bfe3abce4b79128e7f93f0467f4e839",
    "cyrillic.txt": "b4ce61c9dea0eb20c78d66d598be3b260e1aad4e9db9f5fc6de2c6e66239d406",
}
"""SHA-256 of each file: other weights would give other rows."""
_SCRIPTS = ("latin_chinese", "cyrillic")


@dataclass(frozen=True, slots=True)
class ReaderNetwork:
    """A network that reads lines: its bytes, and its characters in the order of its classes."""

    network: bytes
    alphabet: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Networks:
    """One network that finds lines of text and those that read them, each in scripts of its own."""

    finder: bytes
    readers: tuple[ReaderNetwork, ...]


class NetworkMissingError(Exception):
    """A file of the networks is missing or is not the one that is known; the message says which and what to do."""


def read_networks(folder: Path = FOLDER) -> Networks:
    """Reads the networks, whole and checked; imports nothing, so that a child can do it before its door closes.

    Raises:
        NetworkMissingError: A file cannot be read, or is another one.
    """
    contents = {name: _read(folder / name) for name in DIGESTS}
    readers = tuple(
        ReaderNetwork(
            contents[f"{script}.onnx"], tuple(contents[f"{script}.txt"].decode("utf-8").rstrip("\n").split("\n"))
        )
        for script in _SCRIPTS
    )
    return Networks(contents["finder.onnx"], readers)


def _read(file: Path) -> bytes:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise NetworkMissingError(f"{file.name} is missing ({error.strerror}); install aiqyn anew") from error
    if hashlib.sha256(data).hexdigest() != DIGESTS[file.name]:
        raise NetworkMissingError(f"{file.name} is not the one that this version ships; install aiqyn anew")
    return data


def open_session(network: bytes) -> Any:
    """An ``onnxruntime.InferenceSession`` with one thread: children share the cores among them."""
    import onnxruntime  # noqa: PLC0415  (behind the child's door)

    onnxruntime.set_default_logger_severity(4)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])
