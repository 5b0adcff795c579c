"""The `.pt2` archive of a `torch.export` program: which records it may hold, read as plain bytes.

`torch.export.load` of torch 2.13 runs code from the file: it unpickles the sample inputs (without limits, once
`weights_only=True` has refused them), custom objects and some weights, it evaluates symbolic sizes with
`sympy.sympify`, which is Python's `eval`, it looks operators up under any name in `torch`, and it loads shared
libraries that lie in the archive. None of that can be switched off, so it is never called: the records that are plain
data, JSON and raw tensors, are read here, and the rest is never opened or is refused.
"""

import json
import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transforms.detect.errors import DetectorError

SUFFIX = ".pt2"
MAX_BYTES = 4 << 30
MAX_RECORDS = 20_000
MAX_JSON_BYTES = 32 << 20

_MODEL = "models/model.json"
_CONFIGS = {"data/weights/": "model_weights_config.json", "data/constants/": "model_constants_config.json"}
# Each is there in every archive. The sample inputs are a pickle: torch writes them always, nobody here opens them.
_PLAIN = {"archive_format", "archive_version", "byteorder", "version", "data/sample_inputs/model.pt", _MODEL}
_TENSOR = re.compile(r"data/(weights/weight|constants/tensor)_\d+")
_UNREAD = (".data/", "extra/")


@dataclass(frozen=True)
class Archive:
    """The records of an archive that was checked.

    Attributes:
        path: The file.
        root: The folder in it that holds all records.
        graph: The program, as JSON.
        payloads: For each tensor's name the record with its bytes and what they mean, as JSON.
        sizes: Bytes of each tensor record.
    """

    path: Path
    root: str
    graph: dict[str, Any]
    payloads: dict[str, tuple[str, dict[str, Any]]]
    sizes: dict[str, int]

    def read(self, records: Iterable[str]) -> dict[str, bytearray]:
        """The bytes of tensor records, each once; they can be written to, as torch wants it.

        Raises:
            DetectorError: `corrupt_program` when the bytes are not those that the archive says they are.
        """
        try:
            with zipfile.ZipFile(self.path) as file:
                return {record: bytearray(file.read(f"{self.root}/{record}")) for record in set(records)}
        except (zipfile.BadZipFile, EOFError) as e:
            raise DetectorError("corrupt_program", f"{self.path}: {e}; export the network again") from e


def open_archive(path: Path) -> Archive:
    """Check an archive and read its JSON; no tensor is read and nothing is unpickled.

    Raises:
        DetectorError: `pickle_refused` when it holds a pickle that would be needed, `unsafe_program` when it holds what
            such an archive has no need of, `corrupt_program` when it is damaged, `program_too_large`.
    """
    try:
        with zipfile.ZipFile(path) as file:
            return _read(path, file)
    except zipfile.BadZipFile as e:
        raise DetectorError("corrupt_program", f"{path} is a damaged archive ({e}); export the network again") from e
    # What else a hostile or damaged record can bring about: all of it means the same.
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError, NotImplementedError, EOFError) as e:
        why = f"{type(e).__name__}: {e}"
        raise DetectorError(
            "corrupt_program", f"{path} lacks a record or holds a damaged one ({why}); export the network again"
        ) from e


def is_archive(path: Path) -> bool:
    """Whether a file begins like a zip archive and says of itself that it is a `.pt2`."""
    if not zipfile.is_zipfile(path):
        return False
    try:
        with zipfile.ZipFile(path) as file:
            names = [i for i in file.infolist() if i.filename.endswith("/archive_format") and i.file_size <= 16]
            return len(names) == 1 and names[0].compress_type == zipfile.ZIP_STORED and file.read(names[0]) == b"pt2"
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, EOFError):
        return False


def _read(path: Path, file: zipfile.ZipFile) -> Archive:
    sizes = _records(path, file)
    root = file.infolist()[0].filename.split("/")[0]
    for record in (_MODEL, *(folder + name for folder, name in _CONFIGS.items())):
        if sizes[record] > MAX_JSON_BYTES:
            raise DetectorError("program_too_large", f"{path}: {record} exceeds {MAX_JSON_BYTES} bytes; refused")
    if (file.read(f"{root}/archive_version").strip(), file.read(f"{root}/byteorder").strip()) != (b"0", b"little"):
        raise DetectorError(
            "corrupt_program", f"{path} is of another archive version or byte order; export it with the torch of aiqyn"
        )
    payloads: dict[str, tuple[str, dict[str, Any]]] = {}
    for folder, name in _CONFIGS.items():
        for tensor, payload in json.loads(file.read(f"{root}/{folder}{name}"))["config"].items():
            payloads[tensor] = (folder + payload["path_name"], _plain_tensor(path, tensor, payload))
    return Archive(path, root, json.loads(file.read(f"{root}/{_MODEL}")), payloads, sizes)


def _records(path: Path, file: zipfile.ZipFile) -> dict[str, int]:
    """Sizes of all records, without the root folder; every other trick of the format is refused."""
    entries = file.infolist()
    total = sum(entry.file_size for entry in entries)
    if len(entries) > MAX_RECORDS or total > MAX_BYTES:
        raise DetectorError(
            "program_too_large",
            f"{path} holds {len(entries)} records of {total} bytes; at most {MAX_RECORDS} and {MAX_BYTES} are read",
        )
    root = entries[0].filename.split("/")[0]
    sizes: dict[str, int] = {}
    for entry in entries:
        name = entry.filename.removeprefix(f"{root}/")
        # torch stores records as they are. Anything else, such as compression or shared bytes, could be a bomb.
        stored = entry.compress_type == zipfile.ZIP_STORED and entry.compress_size == entry.file_size
        odd = (
            entry.flag_bits & 0x1 or entry.filename == name or ".." in name.split("/") or "\\" in name or name in sizes
        )
        if odd or not stored:
            raise DetectorError(
                "unsafe_program",
                f"{path}: record '{entry.filename[:80]}' is encrypted, compressed, twice there or oddly named; "
                "torch.export.save writes no such record, so it is refused",
            )
        _check_name(path, name)
        sizes[name] = entry.file_size
    if total > path.stat().st_size:
        raise DetectorError("unsafe_program", f"{path}: its records overlap; torch.export.save writes no such archive")
    return sizes


def _check_name(path: Path, name: str) -> None:
    allowed = name in _PLAIN or name in {a + b for a, b in _CONFIGS.items()} or name.startswith(_UNREAD)
    if allowed or _TENSOR.fullmatch(name):
        return
    if name.startswith(tuple(_CONFIGS)):
        raise DetectorError(
            "pickle_refused",
            f"{path}: '{name[:80]}' is a pickled object, which can run code when it is read; export a network whose "
            "weights are ordinary tensors, without custom classes",
        )
    raise DetectorError(
        "unsafe_program",
        f"{path}: record '{name[:80]}' is none of a plain exported program (compiled libraries and several models are "
        "refused, too); write it with torch.export.save",
    )


def _plain_tensor(path: Path, tensor: str, payload: dict[str, Any]) -> dict[str, Any]:
    if payload["use_pickle"] or payload["tensor_meta"] is None:
        raise DetectorError(
            "pickle_refused",
            f"{path}: tensor '{tensor}' is a pickle, which can run code when it is read; export a network whose "
            "weights are ordinary tensors, not a tensor subclass such as a quantised one",
        )
    meta: dict[str, Any] = payload["tensor_meta"]
    return meta
