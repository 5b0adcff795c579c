"""What is due and what vanished, in one part or in many."""

from dataclasses import asdict, replace
from pathlib import Path

import pyarrow as pa
import pytest

from pipelines import parts
from pipelines.compare import KEYS, Inventory, Retries, compared
from pipelines.held import HeldPlaces
from pipelines.store import Store
from transforms.outcomes import Reason
from transforms.part_files import write_part
from transforms.records import Place

NAMED = pa.schema([("uri", pa.string())])


def place(name: str, size: int = 1, member: str | None = None, **more) -> Place:
    return Place("/s", f"/s/{name}", f"/s/{name}", size, 2, member, **more)


def row(name: str, size: int = 1, member: str | None = None, **more) -> dict:
    known = {"source": "/s", "uri": f"/s/{name}", "member_path": member, "size_bytes": size, "mtime_ns": 2}
    return known | {"scan_id": "s", "outcome": "examined", "examination": "e"} | more


def score(level: str) -> dict:
    return {"scores": [{"detector": "d", "digest": "d", "level": level}]}


def note(layer: str, status: str, detail: str) -> dict:
    return {"layers": [{"layer": layer, "status": status, "detail": detail}]}


@pytest.fixture
def store(tmp_path: Path):
    def build(*segments: list[dict]) -> Store:
        store = Store.create(tmp_path / "store")
        for number, rows in enumerate(segments):
            name = str(number)
            items = [one | {"segment_id": name} for one in rows]
            for table, own in (("items", items), ("segments", [{"segment_id": name, "sequence": number}])):
                store.commit_parts(table, name, [asdict(write_part(str(store.root), table, name, own))])
        return store

    return build


def differences(
    store: Store, places: list[Place], *, retry: bool = False, skips: bool = False, **more
) -> tuple[dict, list[str], int]:
    found = Inventory(HeldPlaces(places).table, roots=["/s"], **more)
    with compared(store, found, "e", Retries(failed=retry, skipped=not skips)) as (tables, count):
        due = tables.execute("SELECT uri, member_path, why FROM due ORDER BY ALL").fetchall()
        gone = tables.execute("SELECT uri, member_path FROM vanished ORDER BY ALL").fetchall()
    return {_name(*key): why for *key, why in due}, [_name(*key) for key in gone], count


def _name(uri: str, member: str | None) -> str:
    return uri.removeprefix("/s/") + (f"!{member}" if member else "")


@pytest.mark.parametrize(
    ("known", "now", "why"),
    [
        ({}, {}, None),
        ({}, {"size": 3}, "changed or touched"),
        ({"mtime_ns": 3}, {}, "changed or touched"),
        ({"etag": "x"}, {"etag": "x"}, None),
        ({"etag": "x"}, {"etag": "y"}, "changed or touched"),
        ({}, {"etag": "y"}, None),
        ({"outcome": "gone", "reason": "vanished"}, {}, "back again"),
        ({"examination": "other"}, {}, "other detectors, faces, sampling or limits"),
        ({"beside": "x"}, {}, "text beside it changed"),
        ({}, {"beside": (place("a.txt"),)}, "text beside it changed"),
        ({"outcome": "failed", "reason": "changed_during_scan"}, {}, "to be tried again"),
        ({"outcome": "failed", "reason": "not_found", "size_bytes": None, "mtime_ns": None}, {}, "changed or touched"),
        ({"outcome": "failed", "reason": "corrupt"}, {}, None),
    ],
)
def test_why_a_place_is_due(store, known: dict, now: dict, why: str | None) -> None:
    there = store([row("a") | known])
    assert differences(there, [place("a", **now)]) == ({"a": why} if why else {}, [], 1)


@pytest.mark.parametrize(
    ("known", "is_due"),
    [
        ({}, False),
        (score("none"), False),
        (note("caption", "skipped", "x"), False),
        (note("marks", "failed", "x"), False),
        ({"outcome": "failed", "reason": "corrupt"}, True),
        ({"outcome": "not_checked", "reason": "decoder_missing"}, True),
        (score("failed"), True),
        (note("caption", "failed", "x"), True),
        (note("caption", "skipped", "unreadable: x"), True),
        (note("caption", "skipped", "vanished: x"), True),
    ],
)
def test_what_is_tried_again_when_asked_for(store, known: dict, is_due: bool) -> None:
    there = store([row("a") | known])
    assert differences(there, [place("a")]) == ({}, [], 1)
    assert differences(there, [place("a")], retry=True) == ({"a": "to be tried again"} if is_due else {}, [], 1)


ABSENT = replace(place("gone"), size_bytes=None, mtime_ns=None, refused=(Reason.NOT_FOUND, "x"))


@pytest.mark.parametrize("rows_a_part", [250_000, 2])
def test_many_parts_say_what_one_says(store, rows_a_part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "ROWS_A_PART", rows_a_part)
    there = store(
        [row("changed", 7), row("same", 7), row("z", 1, "member"), row("z", 1, "left out"), row("gone"), row("out")],
        [row("changed"), row("same"), row("before", outcome="gone", reason="vanished"), row("z", 1, "no longer")],
    )
    inventory = [
        *(place(name) for name in ("new", "same", "twice")),
        *(place("changed", 3), place("twice", 4)),
        place("z", 1, "member"),
        place("z", 1, "another"),
    ]
    left_out = pa.Table.from_pylist(
        [{"uri": "/s/out", "member_path": None}, {"uri": "/s/z", "member_path": "left out"}], KEYS
    )
    never = replace(ABSENT, uri="/s/never", path="/s/never")
    absent = HeldPlaces([ABSENT, never]).table
    due, gone, count = differences(there, inventory, left_out=left_out, absent=absent)
    assert due == {"new": "new", "twice": "new", "never": "new", "changed": "changed or touched", "z!another": "new"}
    assert gone == ["gone", "z!no longer"]
    assert count == 7


def test_what_no_source_covers_is_gone_only_where_it_is_named(store) -> None:
    elsewhere = [row("a") | {"uri": f"/elsewhere/{name}"} for name in ("named", "other")]
    named = pa.Table.from_pylist([{"uri": "/elsewhere/named"}], NAMED)
    assert differences(store(elsewhere), [], named=named) == ({}, ["/elsewhere/named"], 0)


def test_of_a_place_that_was_found_twice_the_later_one_holds(store) -> None:
    inventory = Inventory(HeldPlaces([place("a", 5), place("a", 6)]).table)
    with compared(store([row("a", 6)]), inventory, "e", Retries()) as (tables, count):
        assert (count, tables.execute("FROM due").fetchall()) == (1, [])


def test_before_the_first_scan_there_is_no_store(tmp_path: Path) -> None:
    assert differences(Store(tmp_path / "none"), [place("a")]) == ({"a": "new"}, [], 1)
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(("skips", "due"), [(False, {"a": "to be tried again"}), (True, {})])
def test_what_was_skipped_is_due_unless_it_is_skipped_still(skips: bool, due: dict, store) -> None:
    known = store([row("a", outcome="not_checked", reason="near_duplicate")])
    assert differences(known, [place("a")], skips=skips)[0] == due
