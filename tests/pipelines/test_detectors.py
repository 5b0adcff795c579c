"""Several detectors in one scan: one decode, each with its own rows; out of scope, faces and failures told apart."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image
from rich.console import Console

import configs
from examples.media import pictures
from pipelines import chosen, doctor
from pipelines.errors import ExitCode, UsageError
from pipelines.profile import load_profile
from pipelines.runners import RunnerChoice
from pipelines.scan import Scan
from pipelines.scan_options import ScanOptions
from pipelines.summary import ScanSummary, print_summary, summary_facts
from tests.conftest import ScanCall, assert_same_rows, rows
from tests.detectors import make_detector
from transforms.examine.pool import ChildPool, Examined
from transforms.examine.views import FrameViews
from transforms.records import FrameScore
from transforms.score import DetectorHandler

BLACK = Image.new("RGB", (320, 240))


def _text_page() -> Image.Image:
    page = np.full((800, 600, 3), 255, np.uint8)
    for line in range(24):
        text = "nothing to be seen here but text"
        cv2.putText(page, text, (30, 40 + 32 * line), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (0, 0, 0), 2)
    return Image.fromarray(page)


def _black_video(path: Path) -> None:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 12, BLACK.size)
    for _ in range(20):
        writer.write(np.asarray(BLACK))
    writer.release()


@pytest.fixture
def scan(light_scan: ScanCall) -> ScanCall:
    return light_scan


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("several") / "source"
    folder.mkdir()
    photo = pictures.photograph("coffee", 320)
    _black_video(folder / "black.avi")
    _text_page().save(folder / "page.png")
    pictures.photograph("astronaut").save(folder / "portrait.png")
    photo.save(folder / "small.png")
    mixed = [photo, BLACK.resize(photo.size), photo.transpose(Image.Transpose.FLIP_LEFT_RIGHT)]
    (folder / "mixed.webp").write_bytes(pictures.animation(mixed, "WEBP"))
    (folder / "half.png").write_bytes(pictures.png(photo)[:2000])
    return folder


@pytest.fixture(scope="module")
def detectors(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str, str]:
    """Two with the same scope rules but for size, and one without; the first and the last see alike."""
    folder = tmp_path_factory.mktemp("detectors")
    return (
        make_detector(folder / "a", "scoped", scope={}),
        make_detector(folder / "b", "large", size=64, views=3, seed=5, scope={"min_short_side": 300}),
        make_detector(folder / "c", "any", seed=7),
    )


@pytest.fixture(scope="module")
def reference(source: Path, detectors: tuple[str, ...], light: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    store = tmp_path_factory.mktemp("several") / "store"
    options = ScanOptions([str(source)], str(store), detectors=detectors, profile=str(light))
    Scan(options, Console(stderr=True)).run()
    return store


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Names of detectors that fail on every frame."""
    names: set[str] = set()
    score = DetectorHandler.run_inference

    def fail(self: DetectorHandler, batch: Any, model: Any, inference_args: Any = None) -> Any:
        if self._info.name in names:
            return [FrameScore(None, "broken") for _ in batch]
        return score(self, batch, model, inference_args)

    monkeypatch.setattr(DetectorHandler, "run_inference", fail)
    return names


NAME = "regexp_extract(uri, '[^/]*$')"


def test_every_item_has_an_answer_of_every_detector(reference: Path) -> None:
    found = rows(
        reference,
        f"""SELECT {NAME}, outcome, frames_examined, score IS NOT NULL, level,
                   [one.level FOR one IN scores], [one.calibrated IS NOT NULL FOR one IN scores]
            FROM items_latest ORDER BY 1""",
    )
    none, out = "none", "not_assessable"
    assert found == [
        ("black.avi", "examined", 16, False, out, [out, out, none], [False, False, True]),
        ("half.png", "failed", 0, False, None, [], []),
        ("mixed.webp", "examined", 3, True, none, [none, out, none], [True, False, True]),
        ("page.png", "examined", 1, False, out, [out, out, none], [False, False, True]),
        ("portrait.png", "examined", 1, True, none, [none, none, none], [True, True, True]),
        ("small.png", "examined", 1, True, none, [none, out, none], [True, False, True]),
    ]


def test_layers_say_what_is_out_of_scope(reference: Path) -> None:
    found = rows(
        reference,
        f"""SELECT {NAME}, [one.layer || ' ' || one.status || ' ' || one.detail FOR one IN layers]
            FROM items_latest WHERE outcome = 'examined' ORDER BY 1""",
    )
    assert found == [
        (
            "black.avi",
            [
                "detector:scoped not_assessable 16 of 16 frames: flat",
                "detector:large not_assessable 16 of 16 frames: too_small",
            ],
        ),
        (
            "mixed.webp",
            [
                "detector:scoped not_assessable 1 of 3 frames: flat",
                "detector:large not_assessable 3 of 3 frames: too_small",
            ],
        ),
        (
            "page.png",
            [
                "detector:scoped not_assessable 1 of 1 frames: text_page",
                "detector:large not_assessable 1 of 1 frames: text_page",
            ],
        ),
        ("portrait.png", []),
        ("small.png", ["detector:large not_assessable 1 of 1 frames: too_small"]),
    ]


def test_each_detector_has_its_own_curve_with_times(reference: Path) -> None:
    curves = rows(
        reference,
        """SELECT detector, count(DISTINCT detector_digest), list(frame_index ORDER BY frame_index),
                  list(timestamp_ms ORDER BY frame_index), list(raw IS NULL ORDER BY frame_index),
                  list(not_assessable ORDER BY frame_index)
           FROM frames_latest JOIN (SELECT DISTINCT content_sha256, uri FROM items_latest) USING (content_sha256)
           WHERE uri LIKE '%mixed.webp' GROUP BY detector ORDER BY detector""",
    )
    indices, times = [0, 1, 2], [0.0, 120.0, 240.0]
    assert curves == [
        ("any", 1, indices, times, [False] * 3, [None] * 3),
        ("large", 1, indices, times, [True] * 3, ["too_small"] * 3),
        ("scoped", 1, indices, times, [False, True, False], [None, "flat", None]),
    ]


def test_a_scan_records_all_its_detectors_and_counts_frames_once(reference: Path) -> None:
    recorded = rows(reference, "SELECT frames, [one.name FOR one IN detectors] FROM segments")
    assert recorded == [(22, ["scoped", "large", "any"])]
    assert rows(reference, "SELECT [one.name FOR one IN detectors] FROM scans") == [(recorded[0][1],)]
    assert rows(reference, "SELECT count(*) FROM frames") == [(66,)]


def test_the_view_of_levels_counts_those_without_a_number(reference: Path) -> None:
    assert rows(reference, "SELECT detector, level, items FROM levels ORDER BY 1, 2") == [
        ("any", "none", 5),
        ("large", "none", 1),
        ("large", "not_assessable", 4),
        ("scoped", "none", 3),
        ("scoped", "not_assessable", 2),
    ]


def test_a_portrait_has_a_box_scores_of_its_own_and_no_crop(reference: Path) -> None:
    ((depicts_person, faces_max, scores),) = rows(
        reference, "SELECT depicts_person, faces_max, scores FROM items_latest WHERE uri LIKE '%portrait.png'"
    )
    assert (depicts_person, faces_max) == (True, 1)
    frames = rows(
        reference,
        """SELECT detector, face_count, faces FROM frames SEMI JOIN
           (SELECT content_sha256 FROM items WHERE uri LIKE '%portrait.png') USING (content_sha256)
           ORDER BY detector""",
    )
    by_name = {score["detector"]: score for score in scores}
    boxes = set()
    for detector, count, (face,) in frames:
        assert count == 1
        assert face["raw"] == by_name[detector]["face_raw"] != by_name[detector]["raw"]
        assert face["score"] == by_name[detector]["face_calibrated"]
        boxes.add((face["x"], face["y"], face["width"], face["height"], face["confidence"]))
    assert [name for name, *_ in frames] == ["any", "large", "scoped"]
    assert len(boxes) == 1


def test_where_no_face_is_found_nothing_says_that_nobody_is_there(reference: Path) -> None:
    found = rows(
        reference,
        f"SELECT {NAME}, depicts_person, faces_max FROM items WHERE uri NOT LIKE '%portrait.png' ORDER BY 1",
    )
    assert [row[1:] for row in found] == [
        (False, 0),
        (None, None),
        (False, 0),
        (False, 0),
        (False, 0),
    ]


@pytest.mark.parametrize(
    "options",
    [
        {"batch_size": 1, "children": 2},
        {"batch_size": 5, "children": 1},
        {"runner": RunnerChoice(mode="multi_processing", workers=2)},
        {"runner": RunnerChoice(mode="multi_threading", workers=2), "batch_size": 3},
    ],
    ids=str,
)
def test_rows_do_not_depend_on_company_or_runner(
    options: dict[str, Any],
    source: Path,
    detectors: tuple[str, ...],
    reference: Path,
    scan: ScanCall,
    tmp_path: Path,
) -> None:
    scan(source, detectors=detectors, **options)
    assert_same_rows(tmp_path / "store", reference)


def test_a_detector_says_the_same_alone(
    source: Path, detectors: tuple[str, ...], reference: Path, scan: ScanCall, tmp_path: Path
) -> None:
    scan(source, detectors=detectors[2:])
    sql = "SELECT content_sha256, frame_index, raw FROM frames WHERE detector = 'any' ORDER BY ALL"
    alone, together = rows(tmp_path / "store", sql), rows(reference, sql)
    assert [row[:2] for row in alone] == [row[:2] for row in together]
    assert [row[2] for row in alone] == pytest.approx([row[2] for row in together], abs=1e-5)


def test_each_file_is_decoded_once_and_again_for_another_detector(
    source: Path, detectors: tuple[str, ...], scan: ScanCall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names: list[str] = []
    examine = ChildPool.examine

    def spy(self: ChildPool, place: Any) -> Examined:
        names.append(Path(place.path).name)
        return examine(self, place)

    monkeypatch.setattr(ChildPool, "examine", spy)
    one, two = detectors[:1], detectors[:2]
    for named, decoded in ((one, 6), (two, 6), (two, 0), (two[::-1], 6)):
        names.clear()
        scan(source, detectors=named)
        assert len(names) == decoded
    assert rows(tmp_path / "store", "SELECT DISTINCT scores[1].detector FROM items_latest WHERE scores <> []") == [
        ("large",)
    ]


def test_two_detectors_of_one_name_are_refused(source: Path, detectors: tuple[str, ...], scan: ScanCall) -> None:
    with pytest.raises(UsageError, match="Two detectors are called scoped"):
        scan(source, detectors=(detectors[0], detectors[0]))
    with pytest.raises(UsageError, match="at least one"):
        scan(source, detectors=())


def test_detectors_that_want_more_of_a_frame_than_can_be_sent_are_refused(
    source: Path, scan: ScanCall, tmp_path: Path
) -> None:
    profile = tmp_path / "crowd.yaml"
    text = load_profile("default").model_dump_json()
    profile.write_text(text.replace('"scored":1', '"scored":8'))
    large = [make_detector(tmp_path / name, name, size=side, views=5) for name, side in (("a", 1024), ("b", 1022))]
    with pytest.raises(UsageError, match=r"want 269 MiB of each frame.*fewer detectors"):
        scan(source, detectors=tuple(large), profile=str(profile))


def test_a_detector_that_fails_beside_another_costs_its_own_entry(
    source: Path, detectors: tuple[str, ...], scan: ScanCall, tmp_path: Path, failing: set[str]
) -> None:
    failing.add("any")
    summary = scan(source, detectors=detectors)
    found = rows(
        tmp_path / "store",
        f"""SELECT {NAME}, outcome, [one.level FOR one IN scores] FROM items_latest
            WHERE outcome = 'examined' ORDER BY 1""",
    )
    out = "not_assessable"
    assert found == [
        ("black.avi", "examined", [out, out, "failed"]),
        ("mixed.webp", "examined", ["none", out, "failed"]),
        ("page.png", "examined", [out, out, "failed"]),
        ("portrait.png", "examined", ["none", "none", "failed"]),
        ("small.png", "examined", ["none", out, "failed"]),
    ]
    assert summary.exit_code is ExitCode.INCOMPLETE
    assert summary.levels["any", "failed"] == 5

    failing.clear()
    assert not scan(source, detectors=detectors).plan.due
    again = scan(source, detectors=detectors, retry_failed=True)
    assert len(again.plan.due) == 6
    assert again.levels["any", "none"] == 5, "what a detector failed on is examined anew, not taken from the store"


def test_an_item_fails_when_every_detector_does(
    source: Path, detectors: tuple[str, ...], scan: ScanCall, tmp_path: Path, failing: set[str]
) -> None:
    failing.add("any")
    scan(source, detectors=detectors[2:])
    assert rows(
        tmp_path / "store", "SELECT DISTINCT reason, detail, score, scores FROM items WHERE frames_examined = 0"
    )
    assert rows(tmp_path / "store", "SELECT count(*) FROM items WHERE reason = 'scoring_failed'") == [(5,)]


def test_an_archive_of_which_nothing_can_be_assessed_is_complete_and_says_so(
    source: Path, detectors: tuple[str, ...], scan: ScanCall, capsys: pytest.CaptureFixture[str]
) -> None:
    summary: ScanSummary = scan(source / "black.avi", source / "page.png", detectors=detectors[:1])
    assert summary.exit_code is ExitCode.COMPLETE
    assert summary_facts(summary, 1.0)["levels"] == [{"detector": "scoped", "level": "not_assessable", "items": 2}]
    print_summary(summary, 1.0, Console(width=120))
    assert "gives no number" in capsys.readouterr().out


def test_faces_are_not_looked_for_where_the_profile_says_so(
    source: Path, detectors: tuple[str, ...], scan: ScanCall, tmp_path: Path
) -> None:
    text = load_profile("default").model_dump_json()
    profile = tmp_path / "blind.yaml"
    profile.write_text(text.replace('"faces":{"enabled":true', '"faces":{"enabled":false'))  # JSON is YAML
    scan(source, detectors=detectors[2:], profile=str(profile))
    store = tmp_path / "store"
    assert rows(store, "SELECT DISTINCT depicts_person, faces_max, scores[1].face_raw FROM items") == [(None,) * 3]
    assert rows(store, "SELECT DISTINCT face_count, faces FROM frames") == [(None, None)]


def _gone() -> bytes:
    raise FileNotFoundError(2, "No such file")


@pytest.mark.parametrize(("read", "sentence"), [(lambda: b"another", "is damaged"), (_gone, "cannot be read")])
def test_without_the_face_model_nothing_is_begun(
    read: Callable[[], bytes], sentence: str, source: Path, scan: ScanCall, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr(chosen, "read_face_model", read)
    with pytest.raises(UsageError, match=f"{sentence}.*Install Aiqyn again"):
        scan(source)
    assert not (tmp_path / "store").exists()
    checks = {check.name: check.passed for check in doctor._checks([configs.DEFAULT_DETECTOR])}
    assert checks["faces"] is False
    assert checks["decoder: png.png"] is True


def _arrived() -> None:
    raise AssertionError("pixels left the stage that they live in")


class _Unshippable(np.ndarray[Any, Any]):
    """Can be written, as Beam does with samples to estimate sizes, but not be read again."""

    def __reduce_ex__(self, protocol: Any) -> Any:
        return _arrived, ()


def test_pixels_cross_no_shuffle(
    source: Path, detectors: tuple[str, ...], reference: Path, scan: ScanCall, tmp_path: Path, monkeypatch: Any
) -> None:
    examine: Callable[..., Examined] = ChildPool.examine

    def marked(self: ChildPool, place: Any) -> Examined:
        found = examine(self, place)
        frames = [
            FrameViews(frame.facts, {key: pixels.view(_Unshippable) for key, pixels in frame.views.items()})
            for frame in found.frames
        ]
        return Examined(found.examination, frames)

    monkeypatch.setattr(ChildPool, "examine", marked)
    scan(source, detectors=detectors)
    assert_same_rows(tmp_path / "store", reference)


def test_a_card_that_is_not_there_is_refused_before_anything_is_examined(
    scan: ScanCall, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(UsageError, match="sees no CUDA device; say --device cpu"):
        scan(source, device="cuda")
