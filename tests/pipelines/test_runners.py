"""The same rows from every running mode, every batch size and every order; engines: test_portable.py."""

import random
import shutil
from pathlib import Path

import pytest

from pipelines import scan as scan_module
from pipelines.due import DueItems
from pipelines.runners import RunnerChoice
from tests.conftest import ScanCall, assert_same_rows, scanned_by_default


@pytest.fixture(scope="module")
def source(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures, an animation, videos and broken files."""
    folder = tmp_path_factory.mktemp("runners") / "source"
    folder.mkdir()
    wanted = ("*.jp*g", "*.png", "*.gif", "*.webp", "*.mp4", "*.webm")
    for pattern in wanted:
        for path in sorted(archive.rglob(pattern))[:4]:
            shutil.copy2(path, folder / f"{path.parent.name} {path.name}")
    return folder


@pytest.fixture(scope="module")
def reference(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return scanned_by_default(source, tmp_path_factory)


@pytest.mark.parametrize("mode", ["multi_threading", "multi_processing"])
def test_running_modes_agree(mode: str, source: Path, reference: Path, scan: ScanCall, tmp_path: Path) -> None:
    scan(source, runner=RunnerChoice(mode=mode, workers=2))
    assert_same_rows(tmp_path / "store", reference)


@pytest.mark.parametrize("batch_size", [1, 8])
def test_batch_sizes_agree(batch_size: int, source: Path, reference: Path, scan: ScanCall, tmp_path: Path) -> None:
    scan(source, batch_size=batch_size, children=3, threads=2)
    assert_same_rows(tmp_path / "store", reference)


def test_order_does_not_matter(
    source: Path, reference: Path, scan: ScanCall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut = scan_module.cut_segments

    def shuffled(due, *arguments):
        items = list(due)
        random.Random(7).shuffle(items)
        return cut(DueItems.of(items), *arguments)

    monkeypatch.setattr(scan_module, "cut_segments", shuffled)
    scan(source)
    assert_same_rows(tmp_path / "store", reference)
