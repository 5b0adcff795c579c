"""Which of the listed files are taken for containers."""

import os
from pathlib import Path

import pytest

from pipelines.containers import is_container
from tests.transforms.containers.archives import PACKED, packed_warc, record, tarred, zipped
from transforms.records import Place

FILES = [("a.jpg", b"1")]
ZIP, TAR, WARC = zipped(FILES), tarred(FILES), record("resource", "a.jpg", b"1")


@pytest.mark.parametrize(
    ("name", "data", "is_one"),
    [
        ("a.zip", b"no zip", True),
        ("A.WARC.GZ", packed_warc(WARC), True),
        ("comic.cbz", ZIP, True),
        ("slides.pptx", ZIP, True),
        ("no suffix", ZIP, True),
        ("no suffix", zipped([]), True),
        ("no suffix", TAR, True),
        ("no suffix", WARC, True),
        ("no suffix", PACKED["tar.gz"](TAR), False),
        ("no suffix", b"PK is how this text begins", False),
        ("no suffix", b"", False),
        ("a.jpg", ZIP, False),
        ("a.txt", ZIP, False),
    ],
)
def test_a_name_that_says_what_a_file_is_counts_and_else_its_first_bytes(
    tmp_path: Path, name: str, data: bytes, *, is_one: bool
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    assert is_container(place(path)) is is_one


def place(path: Path) -> Place:
    return Place(str(path.parent), str(path), str(path), 1, 1)


def test_what_cannot_be_looked_at_is_none(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert not is_container(place(tmp_path / "pipe"))
    assert not is_container(place(tmp_path / "not there"))
    assert not is_container(Place("s3://a", "s3://a/b", "s3://a/b", 1, 1)), "a request for each would cost too much"
