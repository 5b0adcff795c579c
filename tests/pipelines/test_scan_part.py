"""Parts of all places: disjoint, complete, the same in Python and in SQL, and blind to what others have to say."""

import zipfile
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import UsageError
from pipelines.inputs import Inputs, Scope, parse_scope
from pipelines.inventory import local_place
from pipelines.plan import make_plan
from pipelines.scan_part import WHOLE, ScanPart, parse_part
from pipelines.selection import Selection
from pipelines.store import Store
from tests.pipelines.upkeep.hand_made import add_segment, item
from transforms.records import Place

URIS = st.text(st.characters(codec="utf-8"), max_size=20)


@given(uri=URIS, of=st.integers(1, 40))
def test_every_place_is_of_exactly_one_part(uri: str, of: int) -> None:
    assert sum(ScanPart(number, of).takes(uri) for number in range(1, of + 1)) == 1


@given(uris=st.lists(URIS.filter(lambda uri: "\0" not in uri), max_size=20), of=st.integers(1, 9), data=st.data())
def test_sql_cuts_as_python_does(uris: list[str], of: int, data: st.DataObject) -> None:
    part = ScanPart(data.draw(st.integers(1, of)), of)
    with duckdb.connect() as tables:
        tables.execute("CREATE TABLE item AS SELECT unnest($uris)::VARCHAR AS uri", {"uris": uris})
        found = tables.execute(f"SELECT uri FROM item WHERE {part.condition('uri')}").fetchall()
    assert sorted(uri for (uri,) in found) == sorted(uri for uri in uris if part.takes(uri))


def test_a_cut_stays_as_it_is_and_is_even() -> None:
    assert ScanPart(5, 8).takes("/архив/a.jpg"), "another version of aiqyn must not cut otherwise"
    sizes = [sum(ScanPart(number, 8).takes(f"/a/{name}.jpg") for name in range(8000)) for number in range(1, 9)]
    assert all(900 < size < 1100 for size in sizes)


@pytest.mark.parametrize(
    ("told", "part"), [(None, WHOLE), ("1/1", WHOLE), ("2/8", ScanPart(2, 8)), ("8/8", ScanPart(8, 8))]
)
def test_a_part_is_read(told: str | None, part: ScanPart) -> None:
    assert parse_part(told) == part
    assert part.told == (None if part.is_whole else told)


@pytest.mark.parametrize("told", ["0/8", "9/8", "3/0", "0/0", "a/b", "3", "1/2/3", "-1/2", "1 / 2", "", "1/9999999"])
def test_what_is_no_part_is_refused_in_a_sentence(told: str) -> None:
    with pytest.raises(UsageError, match="from 1/8 to 8/8"):
        parse_part(told)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    for number in range(30):
        path = folder / f"{number % 3}" / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    (folder / "0" / "0.txt").write_text("AI")
    for number in range(6):
        with zipfile.ZipFile(folder / f"{number}.zip", "w") as file:
            file.writestr("a.jpg", b"x")
    return folder


def scope_of(source: Path, part: ScanPart, **options: Path | None) -> Scope:
    told = {"manifest": None, "context": None} | options
    return parse_scope([str(source)], told["manifest"], Selection(), told["context"], opens_containers=True, part=part)


def gathered(source: Path, part: ScanPart, **options: Path | None) -> Inputs:
    def with_members(places: list[Place]) -> list[Place]:
        return [one for place in places for one in (place, Place("", place.uri, place.path, 1, 1, "a.jpg"))]

    return scope_of(source, part, **options).gather(source.parent / "store", with_members)


def test_parts_gather_what_the_whole_does_and_a_container_with_its_members(source: Path) -> None:
    whole = gathered(source, WHOLE)
    parts = [gathered(source, ScanPart(number, 4)) for number in range(1, 5)]
    assert sorted(map(repr, whole.places)) == sorted(repr(place) for part in parts for place in part.places)
    assert all(part.filled == whole.filled for part in parts), "a source is not empty because its files are others'"
    for part in parts:
        uris = [place.uri for place in part.places if place.uri.endswith(".zip")]
        assert all(uris.count(uri) == 2 for uri in uris)


def test_what_a_manifest_names_and_is_not_there_is_of_one_part(source: Path) -> None:
    manifest = source.parent / "named.csv"
    manifest.write_text("uri\n" + "\n".join(f"/nowhere/{number}.jpg" for number in range(9)))
    parts = [gathered(source, ScanPart(number, 3), manifest=manifest) for number in range(1, 4)]
    assert sorted(place.uri for part in parts for place in part.absent) == [f"/nowhere/{one}.jpg" for one in range(9)]


def test_rows_of_a_context_table_that_name_what_others_scan_are_no_warning(
    source: Path, caplog: pytest.LogCaptureFixture
) -> None:
    context = source.parent / "context.csv"
    context.write_text(f"uri,title\n{source}/0/0.jpg,x\n{source}/none.jpg,y\n")
    for number in (1, 2):
        gathered(source, ScanPart(number, 2), context=context)
    assert "name no input" not in caplog.text
    gathered(source, WHOLE, context=context)
    assert "name no input" in caplog.text


def known_store(source: Path, uris: list[str]) -> Store:
    store = Store.create(source.parent / "store")
    add_segment(store, "one", [item("one", uri, source=str(source)) for uri in uris])
    return store


@pytest.mark.parametrize("of", [1, 3])
def test_what_vanished_is_gone_in_one_part(source: Path, of: int) -> None:
    vanished = [f"{source}/was{number}.jpg" for number in range(12)]
    store = known_store(source, vanished)
    gone = []
    for number in range(1, of + 1):
        part = ScanPart(number, of)
        plan = make_plan(store, scope_of(source, part), gathered(source, part), "e")
        own = [due.place.uri for due in plan.due if due.gone]
        assert all(part.takes(uri) for uri in own)
        gone += own
    assert sorted(gone) == sorted(vanished)


def test_below_a_folder_that_cannot_be_read_nothing_is_gone_whosever_the_folder_is(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipelines import inputs

    store = known_store(source, [f"{source}/closed/{number}.jpg" for number in range(12)])

    def listed(*_: object, may_be_empty: bool) -> list[Place]:
        closed = f"{source}/closed"
        problem = Place(str(source), closed, closed, None, None, problem="Folder: Permission denied.")
        return [local_place(str(source), f"{source}/0/0.jpg"), problem]

    monkeypatch.setattr(inputs, "list_inputs", listed)
    for number in range(1, 4):
        part = ScanPart(number, 3)
        plan = make_plan(store, scope_of(source, part), gathered(source, part), "e")
        assert not any(due.gone for due in plan.due), part
