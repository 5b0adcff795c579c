"""The sample archive, scanned: every input has one row, broken ones their reason, and a second scan adds none."""

from pathlib import Path

import pytest

from examples.build_archive import ITEMS
from pipelines.errors import ExitCode
from pipelines.store import Store
from tests.conftest import ScanCall, rows
from transforms.outcomes import Outcome
from transforms.schemas import TABLES

INPUTS = {item.path: item for item in ITEMS} | {
    f"{item.path}!/{member.path}": member for item in ITEMS for member in item.members
}
ADDRESS = "concat_ws('!/', uri, member_path)"


@pytest.fixture(scope="module")
def scanned(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from rich.console import Console

    from pipelines.scan import Scan
    from pipelines.scan_options import ScanOptions

    store = tmp_path_factory.mktemp("scanned") / "store"
    summary = Scan(ScanOptions([str(archive)], str(store)), Console(stderr=True)).run()
    assert summary.exit_code is ExitCode.INCOMPLETE
    return store


@pytest.mark.parametrize("address", INPUTS)
def test_every_input_has_one_row_with_the_expected_outcome(address: str, archive: Path, scanned: Path) -> None:
    item = INPUTS[address]
    found = rows(scanned, f"SELECT outcome, reason, detail FROM items WHERE {ADDRESS} = '{archive / address}'")
    assert [row[:2] for row in found] == [(item.outcome, item.reason)]
    if item.outcome is not Outcome.EXAMINED:
        assert found[0][2], "a person must be told why"


def test_every_input_but_containers_has_a_verdict_of_the_default_policy(archive: Path, scanned: Path) -> None:
    found = dict(rows(scanned, f"SELECT {ADDRESS}, outcome FROM verdicts_latest WHERE policy = 'kz'"))
    judged = {str(archive / address): item for address, item in INPUTS.items() if not item.members}
    assert found.keys() == judged.keys()
    told = {path: found[str(archive / path)] for path in SOME_VERDICTS}
    assert told == SOME_VERDICTS
    assert {found[address] for address, item in judged.items() if item.outcome is not Outcome.EXAMINED} == {
        "not_assessable"
    }


SOME_VERDICTS = {
    "labelled/marked, too.jpg": "disclosed",
    "labelled/ЖИ.jpg": "partly_disclosed",
    "declared/made by a model.jpg": "partly_disclosed",
    "declared/parameters.png": "not_disclosed",
    "2023/autumn/astronaut.jpg": "review",
    "2023/phone/IMG_0002.heic": "out_of_scope",
}


def test_no_row_but_those_of_the_inputs(scanned: Path) -> None:
    assert rows(scanned, "SELECT count(*) FROM items") == [(len(INPUTS),)]


def test_examined_items_have_scores_and_only_they_lack_a_reason(scanned: Path) -> None:
    wrong = rows(
        scanned,
        """SELECT uri FROM items WHERE (outcome = 'examined') <> (reason IS NULL)
           OR (outcome = 'examined' AND (frames_examined < 1 OR score NOT BETWEEN 0 AND 1))
           OR (outcome = 'examined' AND ((score IS NULL) <> (level = 'not_assessable') OR level IS NULL))
           OR (outcome = 'not_checked' AND score IS NOT NULL)""",
    )
    assert wrong == []


def test_what_the_detector_cannot_assess_says_why_of_every_frame(scanned: Path) -> None:
    unexplained = rows(
        scanned,
        """SELECT uri FROM items WHERE level = 'not_assessable' AND NOT list_bool_or(
             [one.status = 'not_assessable' AND starts_with(one.detail, frames_examined || ' of ') FOR one IN layers])
           UNION ALL SELECT content_sha256 FROM frames
           WHERE (raw IS NULL) <> (not_assessable IS NOT NULL OR error IS NOT NULL)""",
    )
    assert unexplained == []


def test_photographs_are_scored_and_a_portrait_shows_a_person(scanned: Path) -> None:
    """Whatever the scope of the default detector is, it must not spare it the pictures that it is made for."""
    found = rows(
        scanned,
        """SELECT regexp_extract(uri, '[^/]*$'), score IS NOT NULL, depicts_person, faces_max FROM items
           WHERE uri LIKE '%/autumn/%' ORDER BY 1""",
    )
    assert found == [
        ("astronaut.jpg", True, True, 1),
        ("cat.jpg", True, False, 0),
        ("rocket launch, wide.jpg", True, False, 0),
    ]


def test_labels_that_a_viewer_sees_and_captions_are_found_and_nothing_else_is_taken_for_one(scanned: Path) -> None:
    found = rows(
        scanned,
        """SELECT regexp_extract(uri, '[^/]*$'), kind, says, language FROM item_marks
           WHERE layer IN ('visible_label', 'caption') ORDER BY 1""",
    )
    assert found == [
        ("AI.jpg", "label.text", "ai", "en"),
        ("at the start.mp4", "label.text", "ai", "ru"),
        ("marked, too.jpg", "label.text", "ai", "ru"),
        ("with a caption.jpg", "caption.sidecar", "ai", "ru"),
        ("ЖИ.jpg", "label.text", "ai", "kk"),
    ]
    ((first_ms, last_ms, shown_ms),) = rows(
        scanned, "SELECT first_ms, last_ms, shown_ms FROM marks WHERE layer = 'visible_label' AND first_ms IS NOT NULL"
    )
    assert (first_ms, last_ms < 2000, 1500 < shown_ms < 2500) == (0.0, True, True)


def test_frames_of_videos_are_timed_and_within_budget(scanned: Path) -> None:
    videos = rows(
        scanned,
        """SELECT content_sha256, any_value(duration_ms), list(timestamp_ms ORDER BY frame_index)
           FROM frames JOIN (SELECT DISTINCT content_sha256, duration_ms, media_type FROM items) USING (content_sha256)
           WHERE media_type LIKE 'video/%' GROUP BY content_sha256""",
    )
    assert len(videos) >= 6
    for _, duration_ms, times in videos:
        assert times == sorted(set(times))
        assert len(times) <= 16
        assert times[0] <= 1000
        assert times[-1] >= duration_ms - 1000


def test_the_same_bytes_in_two_places_are_examined_once(scanned: Path) -> None:
    doubled = rows(
        scanned,
        """SELECT content_sha256, count(*) FROM items WHERE outcome = 'examined' AND media_type LIKE 'image/%'
           AND frames_examined = 1 GROUP BY content_sha256 HAVING count(*) > 1""",
    )
    assert doubled
    for content, _ in doubled:
        assert rows(scanned, f"SELECT count(*) FROM frames WHERE content_sha256 = '{content}'") == [(1,)]


def test_a_second_scan_examines_nothing_and_adds_no_row(archive: Path, scanned: Path, scan: ScanCall) -> None:
    before = rows(scanned, "SELECT count(*) FROM items")
    summary = scan(archive, store=scanned)
    assert (summary.plan.inputs, summary.plan.unchanged, len(summary.plan.due)) == (len(INPUTS), len(INPUTS), 0)
    assert summary.exit_code is ExitCode.COMPLETE
    assert rows(scanned, "SELECT count(*) FROM items") == before
    assert rows(scanned, "SELECT count(*), min(status) FROM scans")[0][1] == "complete"


@pytest.mark.parametrize("table", TABLES)
def test_tables_have_the_columns_of_their_schema(table: str, scanned: Path) -> None:
    assert list(Store(scanned).columns(table)) == TABLES[table].names


def test_tables_are_plain_parquet_that_pandas_reads(scanned: Path) -> None:
    import pandas as pd

    data = pd.concat(pd.read_parquet(file) for file in Store(scanned).files("items"))
    assert len(data) == len(INPUTS)


def test_a_store_can_be_moved(scanned: Path, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(scanned, tmp_path / "moved")
    assert rows(tmp_path / "moved", "SELECT count(*) FROM items") == [(len(INPUTS),)]
