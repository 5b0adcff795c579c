"""Re-scans: only what is new, changed or due again is examined; what is known is not decoded twice.

In a folder, and on S3 behind faults.
"""

import os
import shutil
import signal
import threading
from pathlib import Path

import pytest

from examples.media.pictures import generated_picture
from pipelines import contents
from pipelines.errors import ExitCode, UsageError
from pipelines.store import Store
from tests.conftest import ScanCall, rows
from tests.places import store_at
from transforms.examine.pool import ChildPool, Examined
from transforms.outcomes import Outcome, Reason
from transforms.records import Examination

pytestmark = pytest.mark.usefixtures("both_places")
LATEST = "SELECT regexp_extract(uri, '[^/]*$'), outcome, reason FROM items_latest ORDER BY 1"


@pytest.fixture
def scan(light_scan: ScanCall) -> ScanCall:
    return light_scan


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    for seed in range(4):
        generated_picture(seed, (64, 48)).save(folder / f"{seed}.png")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no picture at all")
    return folder


@pytest.fixture
def endings(monkeypatch: pytest.MonkeyPatch) -> dict[str, Reason]:
    """By file name: how examinations of that file are made to end."""
    chosen: dict[str, Reason] = {}
    examine = ChildPool.examine

    def ended(self, place):
        reason = chosen.get(Path(place.path).name)
        return Examined(Examination.refused(reason), []) if reason else examine(self, place)

    monkeypatch.setattr(ChildPool, "examine", ended)
    return chosen


@pytest.fixture
def examined_files(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that went to an examiner child."""
    names: list[str] = []
    examine = ChildPool.examine

    def spy(self, place):
        names.append(Path(place.path).name)
        return examine(self, place)

    monkeypatch.setattr(ChildPool, "examine", spy)
    return names


@pytest.mark.also_on_s3
def test_new_changed_moved_and_vanished(source: Path, scan: ScanCall, examined_files: list[str]) -> None:
    store = source.parent / "store"
    assert scan(source).plan.inputs == 5
    assert sorted(examined_files) == ["0.png", "1.png", "2.png", "3.png", "broken.jpg"]
    examined_files.clear()

    generated_picture(7, (64, 48)).save(source / "new.png")
    generated_picture(8, (64, 48)).save(source / "0.png")  # changed
    shutil.copy2(source / "2.png", source / "copy of 2.png")
    (source / "3.png").unlink()
    summary = scan(source)

    assert sorted(examined_files) == ["0.png", "new.png"], "known bytes are not examined again"
    assert summary.reused == 1
    assert summary.count(Outcome.GONE) == 1
    assert summary.plan.unchanged == 3
    assert rows(store, LATEST) == [
        ("0.png", "examined", None),
        ("1.png", "examined", None),
        ("2.png", "examined", None),
        ("3.png", "gone", "vanished"),
        ("broken.jpg", "failed", "truncated"),
        ("copy of 2.png", "examined", None),
        ("new.png", "examined", None),
    ]
    same = rows(store, "SELECT DISTINCT score, examined_at FROM items_latest WHERE uri LIKE '%2.png'")
    assert len(same) == 1, "a copy carries the very score of the original, and when it was examined"

    examined_files.clear()
    assert not scan(source).plan.due
    shutil.copy2(source / "2.png", source / "3.png")
    assert scan(source).reused == 1, "a place that comes back is recorded again"
    assert examined_files == []
    (source / "3.png").unlink()
    assert scan(source).count(Outcome.GONE) == 1
    assert not scan(source).plan.due


@pytest.mark.folder_only("S3 has no time of modification that can be set")
def test_a_touched_file_is_recorded_anew_and_not_examined(
    source: Path, scan: ScanCall, examined_files: list[str]
) -> None:
    scan(source / "1.png")
    examined_files.clear()
    os.utime(source / "1.png", ns=(1, 1))
    assert [one.why for one in scan(source / "1.png", dry_run=True).plan.due] == ["changed or touched"]
    assert scan(source / "1.png").reused == 1
    assert examined_files == []


def test_failed_items_are_redone_only_when_asked(source: Path, scan: ScanCall, examined_files: list[str]) -> None:
    scan(source)
    examined_files.clear()
    assert not scan(source).plan.due
    again = scan(source, retry_failed=True)
    assert examined_files == ["broken.jpg"]
    assert again.exit_code is ExitCode.INCOMPLETE
    assert scan(source, retry_failed=True).committed == 1, "also a second time: it is new work, not the old segment"


def test_another_detector_digest_makes_everything_due(source: Path, scan: ScanCall, tmp_path: Path) -> None:
    import configs

    scan(source)
    other = tmp_path / "other-detector"
    shutil.copytree(configs.ROOT / "detectors" / configs.DEFAULT_DETECTOR, other)
    (other / "NOTE.md").write_text("one more file, another digest")
    summary = scan(source, detectors=(str(other),))
    assert (summary.plan.unchanged, len(summary.plan.due), summary.reused) == (0, 5, 0)
    detectors = rows(tmp_path / "store", "SELECT count(DISTINCT detector_digest) FROM frames")
    assert detectors == [(2,)], "the old scores are kept"


def test_another_sampling_makes_everything_due(source: Path, scan: ScanCall, light: Path, tmp_path: Path) -> None:
    scan(source)
    profile = tmp_path / "few.yaml"
    profile.write_text(light.read_text().replace("frames: 16", "frames: 4"))
    assert len(scan(source, profile=str(profile)).plan.due) == 5


def test_segments_of_any_size_give_the_same_rows(source: Path, scan: ScanCall, tmp_path: Path) -> None:
    from tests.conftest import assert_same_rows

    scan(source)
    assert scan(source, store=tmp_path / "small", segment_items=1).committed == 5
    assert_same_rows(tmp_path / "small", tmp_path / "store")


def test_a_source_within_a_source_does_not_double_rows(source: Path, scan: ScanCall) -> None:
    assert scan(source, source / "0.png").plan.inputs == 5


def test_only_what_a_source_covers_can_be_gone(source: Path, scan: ScanCall, tmp_path: Path) -> None:
    scan(source)
    other = tmp_path / "elsewhere"
    other.mkdir()
    generated_picture(9, (64, 48)).save(other / "9.png")
    (source / "0.png").unlink()
    assert scan(other).count(Outcome.GONE) == 0
    assert scan(f"{source}/*.png").count(Outcome.GONE) == 1


@pytest.mark.parametrize("missing", ["nowhere", "*.nothing"])
def test_a_source_with_nothing_is_refused(missing: str, scan: ScanCall, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nothing|Nothing"):
        scan(tmp_path / missing)


@pytest.mark.folder_only("S3 has no empty folders: of such an address a scan says that there is nothing")
def test_a_source_that_lost_all_its_files_is_taken_for_unmounted(source: Path, scan: ScanCall) -> None:
    scan(source)
    store = source.parent / "store"
    for file in source.iterdir():
        file.unlink()
    with pytest.raises(UsageError, match=r"is empty, and 5 files were there .* --allow-empty"):
        scan(source)
    assert rows(store, "SELECT count(*) FROM items_latest WHERE outcome = 'gone'") == [(0,)]
    assert scan(source, allow_empty=True).count(Outcome.GONE) == 5
    assert not scan(source).plan.due


@pytest.mark.also_on_s3
def test_files_of_a_source_that_was_emptied_are_gone_where_that_is_said(source: Path, scan: ScanCall) -> None:
    scan(source / "*.png")
    for file in source.glob("*.png"):
        file.unlink()
    with pytest.raises(UsageError, match=r"--allow-empty"):
        scan(source / "*.png")
    assert scan(source / "*.png", allow_empty=True).count(Outcome.GONE) == 4


def test_dry_run_says_why_each_place_is_due(source: Path, scan: ScanCall) -> None:
    scan(source)
    generated_picture(7, (64, 48)).save(source / "new.png")
    generated_picture(8, (64, 48)).save(source / "1.png")
    (source / "3.png").unlink()
    due = scan(source, dry_run=True, retry_failed=True).plan.due
    assert sorted((Path(one.place.uri).name, one.why) for one in due) == [
        ("1.png", "changed or touched"),
        ("3.png", "gone"),
        ("broken.jpg", "to be tried again"),
        ("new.png", "new"),
    ]


def test_dry_run_touches_nothing(source: Path, scan: ScanCall, tmp_path: Path) -> None:
    summary = scan(source, dry_run=True)
    assert (len(summary.plan.due), summary.segments) == (5, 1)
    assert not Store(store_at(tmp_path / "store")).exists()


@pytest.mark.folder_only("S3 has no links, no pipes and no names that are no text")
def test_files_that_cannot_be_read_have_a_row(source: Path, scan: ScanCall, tmp_path: Path) -> None:
    (source / "dangling.png").symlink_to(source / "nowhere.png")
    os.mkfifo(source / "pipe.mp4")
    (source / os.fsdecode(b"not utf-8 \xff.png")).write_bytes((source / "0.png").read_bytes())
    scan(source)
    found = {name: (outcome, reason) for name, outcome, reason in rows(tmp_path / "store", LATEST)}
    assert found["dangling.png"] == ("failed", "unreadable")
    assert found["pipe.mp4"] == ("failed", "unreadable")
    assert found["not utf-8 \\xff.png"] == ("examined", None)
    assert not scan(source).plan.due


def test_a_file_over_the_size_limit_is_not_opened(source: Path, scan: ScanCall, light: Path, tmp_path: Path) -> None:
    profile = tmp_path / "small.yaml"
    profile.write_text(light.read_text().replace("file_bytes: 68719476736", "file_bytes: 100"))
    summary = scan(source, profile=str(profile))
    assert summary.outcomes["not_checked", "over_size_limit"] == 4
    assert summary.exit_code is ExitCode.INCOMPLETE


@pytest.mark.parametrize("reason", [Reason.UNREADABLE, Reason.TIMED_OUT])
def test_an_end_that_may_be_of_the_moment_is_not_passed_on_to_copies(
    reason: Reason, source: Path, scan: ScanCall, endings: dict[str, Reason], tmp_path: Path
) -> None:
    endings["0.png"] = reason
    scan(source)
    endings.clear()
    shutil.copy2(source / "0.png", source / "copy.png")
    scan(source)
    found = {name: (outcome, why) for name, outcome, why in rows(tmp_path / "store", LATEST)}
    assert found["copy.png"] == ("examined", None)


def test_what_a_decoder_was_missing_for_is_tried_again_when_asked(
    source: Path, scan: ScanCall, endings: dict[str, Reason]
) -> None:
    endings["0.png"] = Reason.DECODER_MISSING
    scan(source)
    endings.clear()
    assert not scan(source).plan.due
    assert scan(source, retry_failed=True).count(Outcome.EXAMINED) == 1


def test_what_changed_while_it_was_examined_is_due_again(
    source: Path, scan: ScanCall, endings: dict[str, Reason]
) -> None:
    endings["0.png"] = Reason.CHANGED_DURING_SCAN
    scan(source)
    endings.clear()
    assert scan(source).count(Outcome.EXAMINED) == 1
    assert not scan(source).plan.due


def test_a_failed_content_is_retried_once_however_many_segments_hold_it(
    source: Path, scan: ScanCall, examined_files: list[str]
) -> None:
    shutil.copy2(source / "broken.jpg", source / "copy.jpg")
    scan(source)
    examined_files.clear()
    summary = scan(source, retry_failed=True, segment_items=1)
    assert (len(examined_files), summary.count(Outcome.FAILED), summary.reused) == (1, 2, 1)


@pytest.mark.folder_only("S3 has no folders that can be closed to us")
def test_files_of_a_folder_that_cannot_be_read_are_not_gone(
    source: Path, scan: ScanCall, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (source / "sub").mkdir()
    (source / "1.png").rename(source / "sub" / "1.png")
    scan(source)
    scandir = os.scandir

    def forbidden(path):
        if str(path).endswith("sub"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    with monkeypatch.context() as patched:  # permissions do not bind root, under which tests may run
        patched.setattr(os, "scandir", forbidden)
        assert scan(source).count(Outcome.GONE) == 0
    assert ("1.png", "examined", None) in rows(tmp_path / "store", LATEST)
    assert ("sub", "failed", "unreadable") in rows(tmp_path / "store", LATEST)
    assert scan(source).count(Outcome.GONE) == 1, "the folder itself is no input any more"


def test_a_store_within_its_source_is_not_examined(source: Path, scan: ScanCall) -> None:
    for _ in range(2):
        assert scan(source, store=source / "store").plan.inputs == 5


@pytest.mark.parametrize("reason", [Reason.UNREADABLE, Reason.VANISHED, Reason.CHANGED_DURING_SCAN])
def test_a_content_that_one_place_does_not_give_is_read_from_another(
    reason: Reason, source: Path, scan: ScanCall, endings: dict[str, Reason]
) -> None:
    shutil.copy2(source / "0.png", source / "copy.png")
    endings["0.png"] = reason
    assert scan(source).count(Outcome.EXAMINED) == 5


def test_an_interrupted_scan_does_not_hash_what_it_will_not_examine(
    source: Path, scan: ScanCall, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(95):
        shutil.copy2(source / "0.png", source / f"copy{number}.png")
    hashed: list[str] = []
    hash_place = contents.hash_place

    def slow_in_the_second_segment(place, *limits):
        hashed.append(place.uri)
        if len(hashed) == 51:
            os.kill(os.getpid(), signal.SIGINT)
        if len(hashed) > 50:
            threading.Event().wait(1)  # on S3 tests leave out sleep
        return hash_place(place, *limits)

    monkeypatch.setattr(contents, "hash_place", slow_in_the_second_segment)
    assert scan(source, segment_items=50).was_interrupted
    assert len(hashed) < 100
