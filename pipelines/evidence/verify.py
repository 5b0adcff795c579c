"""``aiqyn verify``: whether a package is whole, and whether its rows follow from the original file."""

import csv
import hashlib
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console

from pipelines.errors import UsageError
from pipelines.evidence.archive import check_sums, opened
from pipelines.evidence.compare import differences
from pipelines.evidence.package import PACKAGE, read_facts
from pipelines.evidence.rows import ContentRows, Row, rows_about
from pipelines.policy_config import LoadedPolicy, load_policy
from pipelines.store import Store
from pipelines.tables import connect
from transforms.beside.context import COLUMNS
from transforms.outcomes import Outcome

_MOST_JSON_BYTES = 1 << 30
_COMPARED = ("places", "items", "frames", "marks", "verdicts_latest")


@dataclass(frozen=True, slots=True)
class Means:
    """With what the original is examined anew; as for a scan."""

    detectors: tuple[str, ...]
    profile: str = "default"
    trust_lists: tuple[Path, ...] = ()
    trust_anchors: tuple[Path, ...] = ()
    lexicon: tuple[Path, ...] = ()


@dataclass(slots=True)
class Verified:
    """What a check found.

    Attributes:
        content_sha256: Which content the package is about.
        sums_sha256: SHA-256 of its list of sums.
        problems: What is wrong with the package or the original, a line each: it is not to be relied on.
        differences: What came out otherwise under the very same examination, a line each.
        open: What could not be checked, a line each.
        confirmed: What was checked and holds, a line each.
    """

    content_sha256: str = ""
    sums_sha256: str = ""
    problems: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    confirmed: list[str] = field(default_factory=list)

    @property
    def is_refuted(self) -> bool:
        """Whether anything does not hold."""
        return bool(self.problems or self.differences)


def verify(path: Path, original: Path | None, means: Means) -> Verified:
    """Checks a package; with the original, examines that anew and compares the rows.

    Args:
        path: The package.
        original: The file that it is about, or None.
        means: Of the new examination.

    Raises:
        UsageError: One of them cannot be read, or is none.
    """
    with opened(path) as package:
        found = Verified()
        found.sums_sha256, found.problems = check_sums(package)
        if found.problems:
            return found
        found.confirmed.append(f"All {len(package.namelist()) - 1} files are as {path.name} lists them.")
        facts = read_facts(_read(package, PACKAGE))
        found.content_sha256 = facts["content_sha256"]
        rows = {name: json.loads(_read(package, f"rows/{name}.json")) for name in _COMPARED}
        texts = {sha256: _read(package, name) for sha256, name in facts["policies"].items()}
    if original is None:
        found.open.append("Whether the rows follow from the file: name it with --original.")
        return found
    if not _is_original(original, found):
        return found
    with TemporaryDirectory(prefix="aiqyn-") as folder:
        _compare(rows, texts, original, means, Path(folder), found)
    return found


def _read(package: zipfile.ZipFile, name: str) -> bytes:
    try:
        if package.getinfo(name).file_size > _MOST_JSON_BYTES:
            raise UsageError(f"{name} in the package is larger than any that aiqyn writes.")
    except KeyError as error:
        raise UsageError(f"The package holds no {name}: it was not written by this version of aiqyn.") from error
    return package.read(name)


def _is_original(original: Path, found: Verified) -> bool:
    try:
        with original.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UsageError(f"{original} cannot be read: {error.strerror}.") from error
    if digest != found.content_sha256:
        found.problems.append(f"{original} is another file: its SHA-256 is {digest}")
        return False
    found.confirmed.append(f"{original} has the hash that the package is about.")
    return True


def _compare(
    rows: Mapping[str, list[Row]],
    texts: Mapping[str, bytes],
    original: Path,
    means: Means,
    folder: Path,
    found: Verified,
) -> None:
    """Examines the original as the first place was, and compares; what cannot be is told."""
    # Of a content that is gone everywhere: as it was known last.
    place = next(one for one in (*rows["places"], *reversed(rows["items"])) if one["outcome"] != Outcome.GONE)
    anew = _examined(place, original, means, folder)
    latest = anew.latest
    if latest["examination"] != place["examination"]:
        found.open.append(
            "Whether the rows follow from the file: it was examined with other versions, detectors or settings "
            f"({place['examination'][:12]}…) than those at hand ({latest['examination'][:12]}…). See made_with "
            f"in {PACKAGE}, and name --detector, --profile, --trust-list or --lexicon as the scan did."
        )
        return
    is_beside = latest["beside"] != place["beside"]
    if is_beside:
        found.open.append("Marks and verdicts that rest on texts beside the file: those are not in the package.")
    verdicts = [] if is_beside else [one for one in rows["verdicts_latest"] if _is_of(one, place)]
    was = {
        "items": [place],
        "frames": [one for one in rows["frames"] if one["segment_id"] == _segment_of(rows["frames"])],
        "marks": _own_marks(rows["marks"], place["examination"]),
        "verdicts": [one for one in verdicts if one["policy_sha256"] in texts and not one["suppressed_by"]],
    }
    found.open += [
        f"The verdict under {one['policy']}: its policy's text is not in the package."
        for one in verdicts
        if one["policy_sha256"] not in texts
    ]
    now = {
        "items": [latest],
        "frames": anew.tables["frames"],
        "marks": _own_marks(anew.tables["marks"], place["examination"]),
        "verdicts": _judged(was["verdicts"], texts, folder, anew.content_sha256),
    }
    lines = [one.line for one in differences(was, now)]
    found.differences += lines
    if not lines:
        counts = ", ".join(f"{len(was[name])} {name}" for name in was)
        found.confirmed.append(f"The original, examined anew, gives the same rows: {counts}.")


def _examined(place: Row, original: Path, means: Means, folder: Path) -> ContentRows:
    """The rows of the original, which is examined under its own name and beside no other file."""
    from pipelines.scan import Scan
    from pipelines.scan_options import ScanOptions

    source = folder / "original" / (Path(place["member_path"] or place["uri"]).name or "original")
    source.parent.mkdir()
    source.symlink_to(original.absolute())
    told = {name: place[name] for name in COLUMNS if place.get(name) is not None}
    options = ScanOptions(
        [str(source)],
        str(folder / "store"),
        detectors=means.detectors,
        profile=means.profile,
        trust_lists=means.trust_lists,
        trust_anchors=means.trust_anchors,
        lexicon=means.lexicon,
        context=_context(folder / "context.csv", source, told) if told else None,
    )
    Scan(options, Console(stderr=True, quiet=True)).run()
    return _rows(folder)


def _context(file: Path, source: Path, told: Mapping[str, Any]) -> Path:
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, ["uri", *told])
        writer.writeheader()
        writer.writerow({"uri": str(source)} | {name: str(value) for name, value in told.items()})
    return file


def _rows(folder: Path) -> ContentRows:
    with connect(Store.open(folder / "store"), with_later=True) as tables:
        ((content,),) = tables.execute("SELECT content_sha256 FROM items_latest").fetchall()
        return rows_about(tables, content)


def _judged(verdicts: Sequence[Row], texts: Mapping[str, bytes], folder: Path, content: str) -> list[Row]:
    """The same policies, as they read then and as of the same days, over the rows that were made anew."""
    from pipelines.judge import judge_store

    store, judged = Store(folder / "store"), []
    for verdict in verdicts:
        policy = _policy(folder / f"{verdict['policy_sha256']}.yaml", texts[verdict["policy_sha256"]])
        judge_store(store, [policy], date.fromisoformat(verdict["as_of"]), is_asked=True)
        with connect(store, with_later=True) as tables:
            again = rows_about(tables, content).tables["verdicts_latest"]
        judged += [one for one in again if one["policy"] == verdict["policy"]]
    return judged


def _policy(file: Path, text: bytes) -> LoadedPolicy:
    file.write_bytes(text)
    return load_policy(str(file))


def _is_of(verdict: Row, place: Row) -> bool:
    return (verdict["uri"], verdict["member_path"]) == (place["uri"], place["member_path"])


def _own_marks(marks: Sequence[Row], examination: str) -> list[Row]:
    """Those of the content itself, of the segment that was committed last."""
    own = [one for one in marks if one["place_uri"] is None and one["examination"] == examination]
    last = own[-1]["segment_id"] if own else None
    return [one for one in own if one["segment_id"] == last]


def _segment_of(frames: Sequence[Row]) -> str | None:
    return frames[-1]["segment_id"] if frames else None
