"""What people decided becomes labels to calibrate on, where it says whether AI made a picture that is still there."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.detector.data import read_manifest
from pipelines.detector.reviewed import CHANGED, DISPUTED, NOT_LOCAL, UNREADABLE, UNSURE, reviewed, write_manifest
from pipelines.errors import UsageError
from pipelines.reviews import Decision, Review, record_reviews
from tests.pipelines.review.shelf import Shelf

CASES = {
    "drawn.png": (["not_ai"], "real"),
    "told.png": (["disclosed"], "ai"),
    "untold.png": (["not_disclosed"], "ai"),
    "told or not, it is AI.png": (["disclosed", "not_disclosed"], "ai"),
    "one is unsure.png": (["not_ai", "unsure"], "real"),
    "nobody is sure.png": (["unsure"], UNSURE),
    "disputed.png": (["disclosed", "not_ai"], DISPUTED),
    "taken back.png": (["withdrawn"], None),
    "removed.png": (["not_ai"], CHANGED),
    "changed.png": (["not_ai"], CHANGED),
    'odd, "name"\nқ.png': (["not_ai"], "real"),
}


@pytest.fixture
def shelf(tmp_path):
    return Shelf(tmp_path / "archive")


def decide(store, content: str, decisions: list[str], policy: str = "kz") -> None:
    for number, decision in enumerate(decisions):
        record_reviews(store, [Review(content, policy, Decision(decision), f"reviewer {number}")])


def test_which_decisions_are_labels(shelf, tmp_path) -> None:
    contents = {name: shelf.add(name) for name in CASES}
    store = shelf.store(tmp_path / "store")
    for name, (decisions, _) in CASES.items():
        decide(store, contents[name], decisions)
    (shelf.folder / "removed.png").unlink()
    (shelf.folder / "changed.png").write_bytes(b"other")
    found = reviewed(store, "calibrate")
    expected = {name: label for name, (_, label) in CASES.items() if label in {"ai", "real"}}
    assert {Path(row["path"]).name: row["label"] for row in found.rows} == expected
    assert found.left_out == {UNSURE: 1, DISPUTED: 1, CHANGED: 2}
    write_manifest(found.rows, tmp_path / "m.csv")
    rows = read_manifest(tmp_path / "m.csv")
    assert {Path(row.path).name: ("real", "ai")[row.label] for row in rows.itertuples()} == expected
    assert set(rows["split"]) == {"calibrate"}
    assert set(rows["may_ship_weights"]) == {"no"}
    assert all(Path(path).is_file() for path in rows["path"])


def test_one_content_is_one_label_whatever_its_places_and_policies(shelf, tmp_path) -> None:
    content = shelf.add("a.png", colour="same")
    shelf.add("b.png", colour="same")
    store = shelf.store(tmp_path / "store")
    decide(store, content, ["disclosed"], "kz")
    decide(store, content, ["not_disclosed"], "cn")
    (shelf.folder / "a.png").unlink()
    (row,) = reviewed(store, "s").rows
    assert (Path(row["path"]).name, row["label"], row["source"]) == ("b.png", "ai", str(shelf.folder))


def test_what_is_no_file_that_calibration_reads_is_counted(shelf, tmp_path) -> None:
    member, remote = shelf.add("in.png", member_path="x.png"), shelf.add("far.png")
    shelf.add("odd.png")
    shelf.items[1]["uri"] = "s3://bucket/far.png"
    (shelf.folder / "odd.png").write_bytes(b"no picture")
    odd = shelf.items[2]["content_sha256"] = hashlib.sha256(b"no picture").hexdigest()
    store = shelf.store(tmp_path / "store")
    for content in (member, remote, odd):
        decide(store, content, ["not_ai"])
    found = reviewed(store, "calibrate")
    assert found.rows == []
    assert found.left_out == {NOT_LOCAL: 2, UNREADABLE: 1}


def test_a_manifest_that_cannot_be_written_is_said_to_be(tmp_path) -> None:
    with pytest.raises(UsageError, match="Name another file"):
        write_manifest([], tmp_path / "no folder" / "m.csv")


def test_the_command(shelf, tmp_path) -> None:
    content = shelf.add("a.png")
    store = shelf.store(tmp_path / "store")
    command = [sys.executable, "-m", "pipelines.cli", "detector", "labels", "--store", str(store.root)]
    told = [*command, "--output", str(tmp_path / "m.csv")]
    none = subprocess.run(told, check=False, capture_output=True, text=True)
    assert none.returncode == 2
    assert "No decision in" in none.stderr
    assert "aiqyn review --store" in none.stderr
    decide(store, content, ["not_ai"])
    done = subprocess.run(told, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, f"{tmp_path}/m.csv: 0 ai, 1 real\n")
    assert len(read_manifest(tmp_path / "m.csv")) == 1
