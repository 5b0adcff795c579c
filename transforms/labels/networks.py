"""The networks that find and read text, as the project ships them (``configs/labels/README.md``)."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import configs

FOLDER = configs.ROOT / "labels"
DIGESTS = {
    "finder.onnx": "3bf05c2661842f3a4ba411a912ae4507cb91f169d7c75b8667a39bda40ebf861",
    "latin_chinese.onnx": "9ef676d6ed3c88256a2d92c640c44f25b0c40947e111b14b8be8f594091563e6",
    "latin_chinese.txt": "c5cbe34ef40c29c4df07ed012bf96569cb69a2d2a01a07027e9f13cb832bd9cd",
    "cyrillic.onnx": "dec86f70a2a087ec05e4082102ffadfc2d8692724f0ebf87b6017665d8ceb5bf",
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
