"""A few files of every kind, as a scan of storage has to find them, and a scan of them in a folder to compare with."""

import io
import zipfile
from pathlib import Path

import pytest
from rich.console import Console

from examples.media.broken import first_part
from examples.media.pictures import generated_picture, jpeg, png
from examples.media.videos import video
from pipelines.scan import Scan
from pipelines.scan_options import ScanOptions
from tests.conftest import DOUBLES, assert_same_scores, facts_below, rows

LATEST = "SELECT regexp_extract(uri, '[^/]*$'), outcome, reason FROM items_latest WHERE member_path IS NULL ORDER BY 1"


@pytest.fixture(scope="session")
def few_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Pictures, two copies of one, a video, sidecars, a zip with such, two broken files and one of no interest."""
    clip = tmp_path_factory.mktemp("clip") / "clip.mp4"
    video(clip, seconds=1)
    picture = png(generated_picture(1, (96, 64)))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as shard:
        shard.writestr("in/a.png", png(generated_picture(2, (96, 64))))
        shard.writestr("in/a.txt", "Made with AI")
        shard.writestr("in/b.jpg", jpeg(generated_picture(3, (96, 64))))
    return {
        "2023/a b.png": picture,
        "2023/copy.png": picture,
        "2023/copy.txt": b"Made with AI",
        "2024/half.jpg": first_part(jpeg(generated_picture(4, (256, 192)))),
        "2024/empty.jpg": b"",
        "2024/clip.mp4": clip.read_bytes(),
        "notes.txt": b"no media",
        "shard.zip": packed.getvalue(),
    }


@pytest.fixture(scope="session")
def few_files_here(
    few_files: dict[str, bytes], light: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, str]:
    """The store of a scan of the same files in a folder, and that folder."""
    folder = tmp_path_factory.mktemp("here")
    for name, data in few_files.items():
        (folder / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "in" / name).write_bytes(data)
    options = ScanOptions([str(folder / "in")], str(folder / "store"), profile=str(light))
    Scan(options, Console(stderr=True, force_terminal=False)).run()
    return folder / "store", str(folder / "in")


def assert_same_but_for_the_place(store: Path | str, below: str, here: tuple[Path, str]) -> None:
    """A store says of what lies below an address what another one says of the same files here."""
    wanted = facts_below(*here)
    assert all(wanted)
    assert_same_scores(facts_below(store, below), wanted)
    assert rows(store, DOUBLES) == []
