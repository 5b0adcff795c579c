"""Near-duplicates in a store: what is marked depends on what is known now, however it came to be known."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import parts
from pipelines.near_duplicates import mark_near_duplicates
from pipelines.store import Store
from tests.conftest import rows
from transforms.part_files import write_part

DUPLICATES = (
    "SELECT uri, duplicate_of FROM items_latest WHERE duplicate_of IS NOT NULL AND outcome <> 'gone' ORDER BY ALL"
)
A, B = ("5a3c96e1d2784b0f" * 2 + "40" * 27, "c3a5691e2d87b4f0" * 2 + "90" * 27)


def near(hash_: str, bits: int = 1) -> str:
    """The hash with so many bits of its first part changed."""
    return f"{int(hash_, 16) ^ ((1 << bits) - 1) << 280:086x}"


def picture(name: str, hash_: str, side: int = 100, **more) -> dict:
    known = {"uri": f"/s/{name}", "content_sha256": name.partition(" ")[0], "perceptual_hash": hash_, "width": side}
    known |= {"height": 100, "media_type": "image/jpeg", "outcome": "examined", "frames_examined": 1}
    return known | {"scan_id": "s", "examination": "e"} | more


def commit(store: Store, items: Sequence[dict]) -> None:
    number = store.version("segments")
    name = f"segment {number}"
    for table, own in (("items", items), ("segments", [{"sequence": number}])):
        data = [one | {"segment_id": name} for one in own]
        store.commit_parts(table, name, [asdict(write_part(str(store.root), table, name, data))])


def marked(root: Path, nights: Sequence[Sequence[dict]]) -> dict[str, str]:
    """What stands for what, by name, after so many nights."""
    store = Store.create(root)
    for night, items in enumerate(nights):
        if items:
            commit(store, items)
        mark_near_duplicates(store, f"scan {night}")
    return dict(rows(root, DUPLICATES))


GONE = picture("a", A, outcome="gone")
SKIPPED = {"outcome": "not_checked", "reason": "near_duplicate"}


@pytest.mark.parametrize(
    ("why", "items", "wanted"),
    [
        ("the largest stands for all", [picture("a", A), picture("b", near(A), 200)], {"/s/a": "b"}),
        ("of equals the lowest hash", [picture("b", A), picture("a", A)], {"/s/b": "a"}),
        ("other pictures have none", [picture("a", A), picture("b", B)], {}),
        ("four bits are near", [picture("a", A), picture("b", near(A, 4))], {"/s/b": "a"}),
        ("five are not", [picture("a", A), picture("b", near(A, 5))], {}),
        ("a place each", [picture("a", A), picture("b 1", A), picture("b 2", A)], {"/s/b 1": "a", "/s/b 2": "a"}),
        ("equal bytes are no near-duplicates", [picture("a 1", A), picture("a 2", A)], {}),
        ("no chains", [picture("a", A), picture("b", near(A, 4)), picture("c", near(A, 8))], {"/s/b": "a"}),
        ("flat ones are not compared", [picture("a", "0" * 86), picture("b", "0" * 86)], {}),
        ("nor are films", [picture("a", A), picture("b", A, media_type="video/mp4")], {}),
        ("nor animations", [picture("a", A), picture("b", A, duration_ms=100.0)], {}),
        ("nor pages", [picture("a", A), picture("b", A, frames_examined=3)], {}),
        ("nor what failed", [picture("a", A), picture("b", A, outcome="failed", reason="truncated")], {}),
        ("nor hashes of earlier versions", [picture("a", A[:16]), picture("b", A[:16])], {}),
        ("one not examined tells", [picture("a", A), picture("b", A, duplicate_of="a", **SKIPPED)], {"/s/b": "a"}),
    ],
)
def test_what_is_marked(why: str, items: list[dict], wanted: dict[str, str], tmp_path: Path) -> None:
    assert marked(tmp_path / "store", [items]) == wanted, why


@pytest.mark.parametrize(
    ("why", "nights", "wanted"),
    [
        ("a larger one stands for both", [[picture("b", A)], [picture("a", near(A), 200)]], {"/s/b": "a"}),
        ("one that is gone stands for none", [[picture("a", A), picture("b", near(A))], [GONE]], {}),
        ("another takes its place", [[picture("a", A), picture("b", A), picture("c", A)], [GONE]], {"/s/c": "b"}),
        ("it may lie elsewhere", [[picture("a", A), picture("a 2", A), picture("b", A)], [GONE]], {"/s/b": "a"}),
        (
            "one that was not examined follows",
            [[picture("b", A), picture("c", A, duplicate_of="b", **SKIPPED)], [picture("a", A, 200)]],
            {"/s/b": "a", "/s/c": "a"},
        ),
        (
            "none stands for itself, also if it is examined elsewhere later",
            [[picture("b", A), picture("a", A, 200, duplicate_of="b", **SKIPPED)], [picture("a 2", A, 200)]],
            {"/s/b": "a"},
        ),
    ],
)
def test_later_nights(why: str, nights: list[list[dict]], wanted: dict[str, str], tmp_path: Path) -> None:
    assert marked(tmp_path / "store", nights) == wanted, why


HASHES = [near(one, bits) for one in (A, B) for bits in range(7)]
PICTURES = st.lists(st.tuples(st.sampled_from(HASHES), st.sampled_from([100, 200])), min_size=2, max_size=12)


@settings(max_examples=4, derandomize=True)
@given(found=PICTURES, data=st.data())
def test_neither_order_nor_night_changes_what_is_marked(
    found: list[tuple[str, int]], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    items = [picture(f"{number:02}", *facts) for number, facts in enumerate(found)]
    folder = tmp_path_factory.mktemp("nights")
    order = data.draw(st.permutations(items))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(items)), min_size=2, max_size=2)))
    nights = [order[start:stop] for start, stop in zip([0, *cuts], [*cuts, len(order)], strict=True)]
    assert marked(folder / "nights", nights) == marked(folder / "one", [items])


def test_many_are_marked_part_by_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "ROWS_A_PART", 2)
    items = [picture(f"{number}", near(A) if number else A) for number in range(7)]
    assert marked(tmp_path / "store", [items]) == {f"/s/{number}": "0" for number in range(1, 7)}


def test_only_changes_are_written(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "store")
    commit(store, [picture("a", A), picture("b", A)])
    assert mark_near_duplicates(store, "first") == 1
    assert mark_near_duplicates(store, "nothing new") == 0
    commit(store, [picture("c", A)])
    assert mark_near_duplicates(store, "one more") == 1
    assert rows(store.root, "SELECT content_sha256, scan_id FROM stored_near_duplicates ORDER BY 1") == [
        ("b", "first"),
        ("c", "one more"),
    ]


def test_the_view_shows_groups(tmp_path: Path) -> None:
    gone = picture("d", A, outcome="gone")
    marked(tmp_path / "store", [[picture("a", A), picture("b", A), picture("b 2", A), picture("c", B), gone]])
    sql = "SELECT representative, uri, duplicate_of FROM near_duplicates ORDER BY ALL"
    assert rows(tmp_path / "store", sql) == [("a", "/s/a", None), ("a", "/s/b", "a"), ("a", "/s/b 2", "a")]
