"""Manifests: what rows name, what is there of it, and what the store then takes for gone."""

import csv
import os
import shutil
import unicodedata
from dataclasses import asdict, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.errors import UsageError
from pipelines.inputs import Inputs, parse_scope
from pipelines.manifest import Manifest
from pipelines.plan import Plan, make_plan
from pipelines.selection import Selection, parse_selection
from pipelines.store import Store
from tests.faulty import FaultyFileSystem, StorageError
from transforms.outcomes import Reason
from transforms.part_files import write_part


@pytest.fixture(autouse=True)
def storage(monkeypatch: pytest.MonkeyPatch) -> type[FaultyFileSystem]:
    FaultyFileSystem.reset()
    monkeypatch.setattr("transforms.retry.time.sleep", lambda _: None)
    return FaultyFileSystem


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.png", "a.txt", "deep/b.png", "deep/c.png", "deep/er/d.png", "x.zip"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"12345")
    return tmp_path


def manifest(folder: Path, *uris: str, **columns: list[str]) -> Path:
    file = folder / "list.csv"
    with file.open("w", newline="", encoding="utf-8") as opened:
        writer = csv.writer(opened)
        writer.writerow(["uri", *columns])
        writer.writerows(zip(uris, *columns.values(), strict=True))
    return file


def look(file: Path) -> tuple[list[str], list[str]]:
    """Names below the manifest's folder of what is there, and of what is not."""
    named = Manifest(file).look()
    below = [[os.path.relpath(place.uri, file.parent) for place in places] for places in (named.places, named.absent)]
    return below[0], below[1]


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ("a.png", "a.png"),
        (" ./deep//b.png ", "deep/b.png"),
        ("deep/../a.png", "a.png"),
        ("deep\\b.png", "deep/b.png"),
        ("{folder}/a.png", "a.png"),
        ("file://{folder}/a.png", "a.png"),
        ("file://{folder}/%61.png", "a.png"),
        ("x.zip!/member.jpg", "x.zip"),
    ],
)
def test_how_a_row_may_name_a_file(folder: Path, cell: str, name: str) -> None:
    assert look(manifest(folder, cell.format(folder=folder))) == ([name], [])


def test_names_lie_on_disk_as_they_lie(folder: Path) -> None:
    in_two = unicodedata.normalize("NFD", "й.png")
    (folder / in_two).write_bytes(b"1")
    with open(os.fsencode(folder) + b"/\xff.png", "wb") as file:  # noqa: PTH123
        file.write(b"1")
    named = Manifest(manifest(folder, "й.png", in_two, "\\xff.png", "a*.png")).look()
    assert [Path(place.uri).name for place in named.places] == ["\\xff.png", in_two]
    assert all(os.stat(place.path).st_size == 1 for place in named.places)  # noqa: PTH116
    assert [Path(place.uri).name for place in named.absent] == ["a*.png"], "a row is no pattern"


def test_a_file_counts_once_however_often_it_is_named(folder: Path) -> None:
    file = manifest(folder, "a.png", "a.png", f"{folder}/a.png", "x.zip!/1", "x.zip!/2", "none", "./none", "", " ")
    assert look(file) == (["a.png", "x.zip"], ["none"])


def test_the_files_of_a_folder_follow_one_another_with_their_sidecars(folder: Path, monkeypatch) -> None:
    listed: list[str] = []
    listdir = os.listdir
    monkeypatch.setattr(os, "listdir", lambda path: listed.append(path) or listdir(path))
    named = Manifest(manifest(folder, "deep/er/d.png", "deep/c.png", "a.png", "deep/b.png")).look()
    assert [[Path(one.uri).name for one in place.beside] for place in named.places] == [["a.txt"], [], [], []]
    assert listed == [str(folder), f"{folder}/deep", f"{folder}/deep/er"]


def test_what_is_there_and_is_no_file_has_a_row_that_says_so(folder: Path, monkeypatch) -> None:
    (folder / "dangling.png").symlink_to(folder / "nowhere")
    lstat = os.lstat

    def forbidden(path):
        if str(path).endswith("closed/a.png"):
            raise PermissionError(13, "Permission denied", path)
        return lstat(path)

    monkeypatch.setattr(os, "lstat", forbidden)  # permissions do not bind root, under which tests may run
    named = Manifest(manifest(folder, "deep", "dangling.png", "closed/a.png", "a.png/b.png", f"{'n' * 300}.png")).look()
    assert {Path(place.uri).name[:12]: place.problem for place in named.places} == {
        "deep": "This is a folder. A manifest names files; name folders as SOURCE.",
        "dangling.png": "No such file or directory",
        "a.png": "Permission denied",
        "nnnnnnnnnnnn": "File name too long",
    }
    assert [place.uri for place in named.absent] == [f"{folder}/a.png/b.png"]


def test_remote_files_are_looked_up_with_their_sidecars(folder: Path, storage) -> None:
    for name in ("a.png", "a.txt", "closed.png"):
        storage.files[f"faulty://bucket/{name}"] = (b"123", 5.0)
    storage.fails("metadata", "faulty://bucket/closed.png", StorageError(403, "Forbidden"))
    storage.fails("metadata", "faulty://bucket/a.png", StorageError(503))
    uris = [f"faulty://bucket/{name}" for name in ("a.png", "closed.png", "none.png", "none.zip!/a.jpg")]
    named = Manifest(manifest(folder, *uris)).look()
    first, closed = named.places
    assert (first.uri, first.size_bytes, [one.name for one in first.beside]) == (uris[0], 3, ["a.txt"])
    assert closed.problem == "Access is refused: Forbidden."
    assert [place.uri for place in named.absent] == [uris[2], "faulty://bucket/none.zip"]


@pytest.mark.parametrize("uri", ["faulty://bucket/a.png", "nonsense://bucket/a.png"])
def test_a_filesystem_that_does_not_answer_stops_the_scan(folder: Path, storage, uri: str) -> None:
    storage.fails("metadata", uri, *[StorageError(503, "slow down")] * 3)
    with pytest.raises(UsageError, match=r"list\.csv names cannot be looked up: (slow down|Unable to get filesystem)"):
        Manifest(manifest(folder, uri)).look()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("path\na.png\n", r"The manifest .* has no column 'uri'; its columns are: 'path'"),
        ("uri\n\n", "names no input"),
        ("uri\n", "names no input"),
    ],
)
def test_a_manifest_that_names_nothing_is_refused(folder: Path, content: str, sentence: str) -> None:
    (folder / "list.csv").write_text(content)
    with pytest.raises(UsageError, match=sentence):
        Manifest(folder / "list.csv")


def test_without_source_and_manifest_there_is_nothing_to_scan() -> None:
    with pytest.raises(UsageError, match=r"Name a SOURCE .* or --manifest FILE"):
        parse_scope([], None, Selection(), None, opens_containers=True)


def test_parquet_names_files_as_well(folder: Path) -> None:
    pq.write_table(pa.table({"uri": ["a.png", None]}), folder / "list.parquet")
    assert look(folder / "list.parquet") == (["a.png"], [])


def gather(folder: Path, file: Path | None, *sources: str, context: Path | None = None, **filters) -> Inputs:
    names = [str(folder / source) for source in sources]
    scope = parse_scope(names, file, parse_selection(**filters), context, opens_containers=False)
    return scope.gather(folder / "store", lambda places: places)


def test_a_file_that_a_source_holds_too_is_the_sources(folder: Path) -> None:
    inputs = gather(folder, manifest(folder, "a.png", "deep/b.png"), "deep")
    found = {Path(place.uri).name: Path(place.source).name for place in inputs.places}
    assert found == {"b.png": "deep", "c.png": "deep", "d.png": "deep", "a.png": "list.csv"}


def test_a_manifest_is_a_context_table_and_context_has_the_last_word(folder: Path) -> None:
    file = manifest(folder, "a.png", "deep/b.png", "none.png", title=["of the list", "of the list", "x"])
    (folder / "context.csv").write_text("uri,title\na.png,of the table\n")
    places = gather(folder, file, "deep", context=folder / "context.csv").places
    titles = {Path(place.uri).name: place.context.title for place in places if place.context}
    assert titles == {"a.png": "of the table", "b.png": "of the list"}


# What a store knows: uri, member_path, size_bytes, outcome, reason.
EXAMINED, GONE, NEVER = ("examined", None), ("gone", "vanished"), ("failed", "not_found")


@pytest.fixture
def planned(folder: Path):
    """Plans over a store that knows the given rows, without scanning any into it."""

    def run(known: list[tuple], file: Path | None, *sources: str, **filters) -> Plan:
        shutil.rmtree(folder / "store", ignore_errors=True)
        store = Store.create(folder / "store")
        columns = ("uri", "member_path", "size_bytes", "mtime_ns", "outcome", "reason")
        shared = {"source": "/", "scan_id": "s", "segment_id": "1", "examination": "e"}
        rows = [
            shared | dict(zip(columns, (f"{folder}/{uri}", member, size, size and 0, *end), strict=True))
            for uri, member, size, end in known
        ]
        for table, own in (("items", rows), ("segments", [{"segment_id": "1", "sequence": 1}])):
            store.commit_parts(table, "1", [asdict(write_part(str(store.root), table, "1", own))])
        names = [str(folder / source) for source in sources]
        scope = parse_scope(names, file, parse_selection(**filters), None, opens_containers=True)
        return make_plan(store, scope, scope.gather(store.root, lambda places: places), "e")

    return run


def told(folder: Path, plan: Plan) -> dict[str, str]:
    """Why each place is due, but for those that lie there otherwise than the rows above have it."""
    return {os.path.relpath(due.place.address, folder): due.why for due in plan.due if due.why != "changed or touched"}


def test_gone_is_what_is_named_and_known_and_not_there(folder: Path, planned) -> None:
    known = [
        ("a.png", None, 5, EXAMINED),
        ("no longer named.png", None, 5, EXAMINED),
        ("gone.png", None, 5, EXAMINED),
        ("gone.zip", None, 5, ("not_checked", "container")),
        ("gone.zip", "in it.jpg", 5, EXAMINED),
        ("gone before.png", None, 5, GONE),
        ("never.png", None, None, NEVER),
    ]
    rows = ["a.png", "gone.png", "gone.zip", "gone before.png", "never.png", "new and not there.png"]
    plan = planned(known, manifest(folder, *rows))
    assert told(folder, plan) == {
        "gone.png": "gone",
        "gone.zip": "gone",
        "gone.zip!/in it.jpg": "gone",
        "new and not there.png": "new",
    }, "what never was there stays so, and what was gone, too"
    never = next(due.place for due in plan.due if due.place.uri.endswith("new and not there.png"))
    assert never.refused == (Reason.NOT_FOUND, "The manifest names the file, and it was never there.")


def test_what_was_never_there_is_not_gone_from_a_source_either(folder: Path, planned) -> None:
    plan = planned([("deep/never.png", None, None, NEVER), ("deep/gone.png", None, 1, EXAMINED)], None, "deep")
    assert [due.place.uri for due in plan.due if due.gone] == [f"{folder}/deep/gone.png"]


@pytest.mark.parametrize(
    ("filters", "gone", "left_out"),
    [
        ({}, {"deep/gone.png", "deep/gone.jpg"}, {}),
        ({"include": ["**.png"]}, {"deep/gone.png"}, {}),
        ({"exclude": ["gone.png", "b.png"]}, {"deep/gone.jpg"}, {"excluded": 1}),
        ({"max_size": "4"}, {"deep/gone.jpg"}, {"larger": 3}),
        ({"min_size": "6"}, {"deep/gone.png"}, {"smaller": 3}),
        ({"newer_than": "2000-01-01"}, set(), {}),
        ({"newer_than": "2999-01-01"}, set(), {"older": 3}),
    ],
)
def test_what_filters_leave_out_is_never_taken_for_gone(folder: Path, planned, filters, gone, left_out) -> None:
    known = [
        ("deep/b.png", None, 4, EXAMINED),
        ("deep/c.png", None, 6, EXAMINED),
        ("deep/gone.png", None, 7, EXAMINED),
        ("deep/gone.jpg", None, 3, EXAMINED),
    ]
    plan = planned(known, None, "deep", **filters)
    assert {os.path.relpath(due.place.uri, folder) for due in plan.due if due.gone} == gone
    assert plan.left_out == left_out


def test_the_members_of_a_container_that_is_left_out_are_not_gone(folder: Path, planned) -> None:
    known = [("x.zip", None, 5, ("not_checked", "container")), ("x.zip", "a.jpg", 5, EXAMINED)]
    for filters in ({"exclude": ["x.zip"]}, {"include": ["deep/**"]}, {"newer_than": "2999-01-01"}):
        assert [due.place.address for due in planned(known, None, ".", **filters).due if due.gone] == []


def test_a_member_that_its_container_does_not_hold_has_a_row(folder: Path) -> None:
    def with_members(places):
        for place in places:
            yield replace(place, refused=(Reason.CONTAINER, "It is one."), members=1)
            yield replace(place, member_path="a.jpg")

    file = manifest(folder, "x.zip!/a.jpg", "x.zip!/none.jpg")
    scope = parse_scope([], file, Selection(), None, opens_containers=True)
    inputs = scope.gather(folder / "store", with_members)
    assert [place.address for place in inputs.places] == [f"{folder}/x.zip", f"{folder}/x.zip!/a.jpg"]
    assert [(place.address, place.refused[0]) for place in inputs.absent] == [
        (f"{folder}/x.zip!/none.jpg", Reason.NOT_FOUND)
    ]
