"""``aiqyn evidence``: one content of a store as a package that a lawyer can hand over and anybody can check."""

import getpass
import importlib.metadata
import json
import socket
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from pipelines.case import Case, find_case, place_name
from pipelines.errors import UsageError
from pipelines.evidence.archive import write_archive
from pipelines.evidence.custody import custody
from pipelines.evidence.page import render
from pipelines.evidence.rows import ContentRows, as_text, rows_about
from pipelines.policy_config import LoadedPolicy, load_policy
from pipelines.stills import Picture, Shown, StillMissingError, Stills
from pipelines.store import Store
from pipelines.tables import connect
from pipelines.versions import installed_versions
from pipelines.words import Language, read_voice
from transforms.outcomes import Outcome

FORMAT: Final = "aiqyn evidence 1"
PACKAGE, PAGE, CUSTODY, MANIFESTS = "package.json", "case.html", "custody.json", "c2pa/manifest-store.json"
_LONGEST: Final = 1280
_FRAMES: Final = 16


@dataclass(frozen=True, slots=True)
class Order:
    """What a package is to hold.

    Attributes:
        content: Its hash, or the beginning of it.
        policies: Files of policies whose text is not one that ships.
        detectors: Names or folders of packages whose error rates are told.
        are_faces_shown: Whether faces on its frames are not blurred.
        with_original: Whether the file itself goes into it.
    """

    content: str
    policies: tuple[LoadedPolicy, ...] = ()
    detectors: tuple[str, ...] = ()
    language: Language = "en"
    are_faces_shown: bool = False
    with_original: bool = False


@dataclass(frozen=True, slots=True)
class Packaged:
    """A package that was written.

    Attributes:
        sums_sha256: SHA-256 of its list of sums: noted elsewhere, it proves that the package is the same.
        missing: What could not go into it, a line each.
    """

    output: Path
    sums_sha256: str
    missing: tuple[str, ...]


@dataclass(slots=True)
class _Contents:
    files: dict[str, bytes] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)


def package(store: Store, order: Order, output: Path) -> Packaged:
    """Writes a package.

    Args:
        store: Open; it is read as it stands now.
        order: What is wanted.
        output: A file that is not there yet.

    Raises:
        UsageError: There is no such content, the original cannot be had, or the package cannot be written.
    """
    now = store.pinned()
    with connect(now, with_later=True) as tables:
        rows = rows_about(tables, order.content)
        is_gone = rows.latest["outcome"] == Outcome.GONE
        named = place_name(rows.latest) if is_gone else rows.content_sha256
        case = find_case(tables, named, order.policies, order.detectors)
    made = _Contents()
    made.files |= {f"rows/{name}.json": as_text(found) for name, found in rows.tables.items()}
    shown = _shown(rows, order, made)
    pictures = _framed(shown, made)
    if shown is not None and shown.manifests is not None:
        made.files[MANIFESTS] = shown.manifests.encode()
    policies = _policies(rows, order, made)
    events = [*custody(rows), _packaged(shown)]
    made.files[CUSTODY] = as_text(events)
    originals = {f"original/{_name(rows)}": _original(rows)} if order.with_original else {}
    facts = _facts(rows, case, now, pictures, policies, made, list(originals))
    made.files[PACKAGE] = as_text(facts)
    voice = read_voice(order.language)
    made.files[PAGE] = render(case, rows, events, facts, dict(zip(pictures, _pictures(shown), strict=True)), voice)
    return Packaged(output, write_archive(output, made.files, originals), tuple(made.missing))


def _shown(rows: ContentRows, order: Order, made: _Contents) -> Shown | None:
    """What the file shows now, of the first place that still gives it."""
    told = "It lies nowhere any more."
    with Stills(_LONGEST, _FRAMES, with_manifests=True) as stills:
        for place in rows.places:
            if place["outcome"] == Outcome.GONE:
                continue
            try:
                return stills.shown(place, are_faces_shown=order.are_faces_shown)
            except StillMissingError as error:
                told = str(error)
    made.missing.append(f"Its frames and its C2PA manifest store: {told}")
    return None


def _pictures(shown: Shown | None) -> Sequence[Picture]:
    return shown.pictures if shown else ()


def _framed(shown: Shown | None, made: _Contents) -> list[str]:
    """Adds the frames; their paths."""
    paths = []
    for number, picture in enumerate(_pictures(shown)):
        time = "" if picture.timestamp_ms is None else f"-{picture.timestamp_ms:.0f}ms"
        paths.append(f"frames/{number:02}{time}.jpg")
        made.files[paths[-1]] = picture.jpeg
    return paths


def _policies(rows: ContentRows, order: Order, made: _Contents) -> dict[str, str]:
    """Adds the text of each policy that was applied, where it is at hand; paths by digest."""
    given = {one.sha256: one for one in order.policies}
    paths = {}
    applied = {verdict["policy_sha256"]: verdict["policy"] for verdict in rows.tables["verdicts"]}
    for sha256, name in sorted(applied.items()):
        loaded = given.get(sha256)
        if loaded is None:
            with suppress(UsageError):
                loaded = load_policy(name)
        if loaded is None or loaded.sha256 != sha256:
            made.missing.append(f"The text of policy {name}, {sha256}: name its file with --policy.")
            continue
        paths[sha256] = f"policies/{name}-{sha256[:12]}.yaml"
        made.files[paths[sha256]] = loaded.path.read_bytes()
    return paths


def _packaged(shown: Shown | None) -> dict[str, Any]:
    try:
        who = getpass.getuser()
    except (KeyError, OSError):  # a container's user need not have a name
        who = "an unknown user"
    return {
        "at": datetime.now(UTC).isoformat(timespec="microseconds"),
        "what": "packaged",
        "by": f"{who} on {socket.gethostname()}, aiqyn {importlib.metadata.version('aiqyn')}",
        "detail": {"original_was_there_and_had_the_hash": shown is not None},
    }


def _original(rows: ContentRows) -> Path:
    for place in rows.places:
        if place["outcome"] != Outcome.GONE and place["member_path"] is None and Path(place["uri"]).is_file():
            return Path(place["uri"])
    raise UsageError("The original lies at no local path any more, or in an archive. Leave out --with-original.")


def _name(rows: ContentRows) -> str:
    return Path(rows.latest["member_path"] or rows.latest["uri"]).name


def _facts(
    rows: ContentRows,
    case: Case,
    now: Store,
    pictures: Sequence[str],
    policies: dict[str, str],
    made: _Contents,
    originals: Sequence[str],
) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "content_sha256": rows.content_sha256,
        "places": case.places,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "made_with": installed_versions(),
        "store": {
            "root": str(now.root),
            "versions": {table: now.version(table) for table in ("segments", "items", "frames", "marks", "verdicts")},
        },
        "examination": rows.latest["examination"],
        "frames": pictures,
        "policies": policies,
        "originals": originals,
        "missing": made.missing,
    }


def read_facts(data: bytes) -> dict[str, Any]:
    """What ``package.json`` says.

    Raises:
        UsageError: It is none of ours.
    """
    try:
        facts = json.loads(data)
    except ValueError as error:
        raise UsageError(f"{PACKAGE} in it is no JSON: {error}") from error
    if not isinstance(facts, dict) or facts.get("format") != FORMAT:
        raise UsageError(f"It was not written by this version of aiqyn: {PACKAGE} in it does not say {FORMAT}.")
    return facts
