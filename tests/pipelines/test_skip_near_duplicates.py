"""Scans that skip near-duplicates: what is not examined says so, and nothing is said of it that was not looked at."""

import shutil
from pathlib import Path

import pytest
from PIL.PngImagePlugin import PngInfo

from examples.media.pictures import jpeg
from pipelines.errors import UsageError
from pipelines.near_duplicates import mark_near_duplicates, write_known
from pipelines.plan import known_examinations
from pipelines.runners import RunnerChoice
from pipelines.store import Store
from tests.conftest import ScanCall, rows
from tests.pipelines.test_near_duplicates import A, B, commit, near, picture
from tests.transforms.pictures_alike import photograph
from transforms.near_duplicates import Known
from transforms.outcomes import Outcome, Reason

ITEMS = """
SELECT regexp_extract(uri, '[^/]*$'), outcome, reason, frames_examined, duplicate_of FROM items_latest
WHERE outcome <> 'gone' ORDER BY 1
"""
FACTS = "SELECT detail, width, frames_examined, length(perceptual_hash) FROM items WHERE uri LIKE '%b.png'"
VERDICTS = "SELECT DISTINCT outcome, synthesis, visible_warning FROM verdicts_latest WHERE uri LIKE '%_.png'"


@pytest.fixture
def scan(light_scan: ScanCall) -> ScanCall:
    return light_scan


def test_what_looks_like_an_earlier_picture_is_skipped_until_it_is_asked_for(tmp_path: Path, scan: ScanCall) -> None:
    source, store = tmp_path / "source", tmp_path / "store"
    source.mkdir()
    (source / "a.jpg").write_bytes(jpeg(photograph(1), quality=95))
    scan(source, skip_near_duplicates=True)
    ((content,),) = rows(store, "SELECT content_sha256 FROM items")

    told = PngInfo()
    told.add_text("parameters", "a lake\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 320x240")
    photograph(1).resize((160, 120)).save(source / "b.png", pnginfo=told)
    shutil.copy2(source / "b.png", source / "c.png")
    (source / "other.jpg").write_bytes(jpeg(photograph(2)))
    summary = scan(source, skip_near_duplicates=True)
    skipped = (Outcome.NOT_CHECKED, Reason.NEAR_DUPLICATE, 0, content)
    assert rows(store, ITEMS) == [
        ("a.jpg", Outcome.EXAMINED, None, 1, None),
        ("b.png", *skipped),
        ("c.png", *skipped),
        ("other.jpg", Outcome.EXAMINED, None, 1, None),
    ]
    assert summary.exit_code == 0, "it was asked for"
    assert rows(store, FACTS) == [(f"It looks like {content}, which was examined.", 160, 0, 86)]
    assert rows(store, VERDICTS) == [("not_assessable", "traced", "not_assessable")], (
        "its own marks are read all the same"
    )
    assert not scan(source, skip_near_duplicates=True).plan.due, "it holds while it is asked for"

    scan(source)
    assert [row[1:4] for row in rows(store, ITEMS)] == [(Outcome.EXAMINED, None, 1)] * 4
    assert rows(store, "SELECT regexp_extract(uri, '[^/]*$') FROM near_duplicates ORDER BY 1") == [
        ("a.jpg",),
        ("b.png",),
        ("c.png",),
    ]


FAILED = {"scores": [{"detector": "d", "digest": "d", "level": "failed"}]}


@pytest.mark.parametrize(
    ("why", "items", "known"),
    [
        ("what stands for itself", [picture("aa", A), picture("bb", near(A)), picture("cc", B)], ["aa", "cc"]),
        ("not what another configuration examined", [picture("aa", A, examination="other")], []),
        ("not what is gone", [picture("aa", A, outcome="gone")], []),
        ("not what is to be examined again", [picture("aa", A, **FAILED)], []),
        ("not what says too little", [picture("aa", "0" * 86)], []),
    ],
)
def test_what_others_are_compared_with(why: str, items: list[dict], known: list[str], tmp_path: Path) -> None:
    store, file = Store.create(tmp_path / "store"), tmp_path / "known"
    commit(store, [one | {"content_sha256": one["content_sha256"] * 32} for one in items])
    mark_near_duplicates(store, "scan")
    assert write_known(store, "e", file) == len(known), why
    read = Known.read(file.read_bytes())
    assert [one.tobytes().hex() for one in read.contents] == [name * 32 for name in known]
    assert read.like(near(A, 2)) == ("aa" * 32 if "aa" in known else None)


def test_that_a_content_was_skipped_is_known_only_to_scans_that_skip(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "store")
    skipped = {"outcome": "not_checked", "reason": "near_duplicate", "duplicate_of": "a", "scores": [], "layers": []}
    commit(store, [picture("b", A, **skipped)])
    assert known_examinations(store, ["b"], "e") == {}
    assert known_examinations(store, ["b"], "e", skips=True)["b"].duplicate_of == "a"


def test_workers_that_cannot_see_the_earlier_pictures_are_refused(tmp_path: Path, scan: ScanCall) -> None:
    engine = RunnerChoice("PortableRunner", options=("--job_endpoint=localhost:1", "--environment_type=LOOPBACK"))
    with pytest.raises(UsageError, match="--skip-near-duplicates needs FnApiRunner"):
        scan(tmp_path, skip_near_duplicates=True, runner=engine)
