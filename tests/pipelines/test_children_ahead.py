"""Examiner children start, and examine the first files, before the driver has loaded what runs a pipeline."""

from pathlib import Path
from typing import Any

import pytest

from examples.media.pictures import generated_picture, png
from pipelines.runners import RunnerChoice
from pipelines.scan import Scan
from tests.conftest import ScanCall, rows
from tests.waiting import wait_until
from transforms.examine.standing import _STANDING

SCORES = "SELECT uri, outcome, score FROM items_latest ORDER BY uri"


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    for number in range(5):
        file = tmp_path / "archive" / f"{number}.png"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(png(generated_picture(number, (320, 240))))
    return tmp_path / "archive"


def test_the_first_files_are_examined_meanwhile(
    pictures: Path, light_scan: ScanCall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that have room, once; and children live on from segment to segment, and no longer."""
    loads = Scan._config
    counted: list[dict[str, int]] = []
    scans: list[Scan] = []

    def loads_slowly(scan: Scan, *given: Any) -> Any:
        (pool,) = _STANDING
        wait_until(lambda: pool.work.counts().get("pixel_bytes", 0) > 0, 30)
        wait_until(lambda: pool.work.counts()["files_examined"] == 3, 30)
        counted.append(pool.work.counts())
        scans.append(scan)
        return loads(scan, *given)

    monkeypatch.setattr(Scan, "_config", loads_slowly)
    summary = light_scan(pictures, segment_items=3, store=tmp_path / "ahead")
    assert [one["examiner_children"] for one in counted] == [1]
    assert summary.committed == 2
    assert [one._work.counts()["examiner_children"] for one in scans] == [1]
    assert _STANDING == []

    monkeypatch.undo()
    light_scan(pictures, runner=RunnerChoice(mode="multi_threading", workers=2), store=tmp_path / "plain")
    assert rows(tmp_path / "ahead", SCORES) == rows(tmp_path / "plain", SCORES)
