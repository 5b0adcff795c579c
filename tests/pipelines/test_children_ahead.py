"""Examiner children start, and examine the first files, before the driver has loaded what runs a pipeline."""

from pathlib import Path
from typing import Any

import pytest

from examples.media.pictures import generated_picture, png
from pipelines.runners import RunnerChoice
from pipelines.segment_runs import SegmentRuns
from pipelines.store import Store
from tests.conftest import ScanCall, rows
from tests.waiting import wait_until
from transforms.examine.pool import ChildPool
from transforms.examine.standing import _STANDING
from transforms.records import Place

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
    loads = SegmentRuns._config
    counted: list[dict[str, int]] = []
    runs: list[SegmentRuns] = []

    def loads_slowly(run: SegmentRuns, *given: Any) -> Any:
        pool = _STANDING[0].pool
        wait_until(lambda: pool.work.counts().get("pixel_bytes", 0) > 0, 30)
        wait_until(lambda: pool.work.counts()["files_examined"] == 3, 30)
        counted.append(pool.work.counts())
        runs.append(run)
        return loads(run, *given)

    monkeypatch.setattr(SegmentRuns, "_config", loads_slowly)
    summary = light_scan(pictures, segment_items=3, store=tmp_path / "ahead")
    assert [one["examiner_children"] for one in counted] == [1]
    assert summary.committed == 2
    assert [one.work.counts()["examiner_children"] for one in runs] == [1]
    assert _STANDING == []

    monkeypatch.undo()
    light_scan(pictures, runner=RunnerChoice(mode="multi_threading", workers=2), store=tmp_path / "plain")
    assert rows(tmp_path / "ahead", SCORES) == rows(tmp_path / "plain", SCORES)


def test_the_next_segments_files_are_examined_while_one_ends(
    pictures: Path, light_scan: ScanCall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All but what has the bytes of a file of the segment that ends: it takes over what is known of those."""
    (pictures / "3.png").write_bytes((pictures / "0.png").read_bytes())
    commits, examines = Store.commit_segment, ChildPool.examine
    happened: list[str] = []

    def examine(pool: ChildPool, place: Place) -> Any:
        happened.append(Path(place.path).name)
        return examines(pool, place)

    def commit(store: Store, *given: Any) -> Any:
        wait_until(lambda: "4.png" in happened, 30)
        happened.append("commit")
        return commits(store, *given)

    monkeypatch.setattr(ChildPool, "examine", examine)
    monkeypatch.setattr(Store, "commit_segment", commit)
    light_scan(pictures, segment_items=3, store=tmp_path / "ahead")
    assert sorted(happened[:4]) == ["0.png", "1.png", "2.png", "4.png"]
    assert happened[4:] == ["commit", "commit"]
    assert rows(tmp_path / "ahead", "SELECT reused FROM segments ORDER BY sequence") == [(0,), (1,)]
