"""Labels as an examiner child reports them: as marks with measured facts, in pictures, films and animations."""

import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from tests.transforms.labels.drawn import scenery, write
from transforms.examine.frames import Pixels
from transforms.examine.pool import CHILD_COMMAND, ChildPool, Examined
from transforms.examine.settings import ExamineSettings, FaceSearch, Limits, Sampling
from transforms.labels.settings import LabelReading
from transforms.marks.mark import Mark, MarkClass, Says
from transforms.marks.settings import MarkReading
from transforms.outcomes import Outcome
from transforms.records import LayerNote, Place

RATE, SECONDS = 12, 8
MISSING = (sys.executable, str(Path(__file__).with_name("missing_networks.py")))
OWN_WORDS = "language: kk\nlabels: |\n  робот салған сурет\n"


def settings(*, enabled: bool = True, lexicon: tuple[str, ...] = ()) -> ExamineSettings:
    faces, marks, labels = FaceSearch(enabled=False), MarkReading(enabled=False), LabelReading(enabled=enabled)
    return ExamineSettings(Sampling(), Limits(), (), faces, marks, labels=labels, lexicon=lexicon)


@pytest.fixture(scope="module")
def pool() -> Iterator[ChildPool]:
    with closing(ChildPool(settings(), 1)) as one:
        yield one


def examine(pool: ChildPool, path: Path) -> Examined:
    status = path.stat()
    return pool.examine(Place("here", str(path), str(path), status.st_size, status.st_mtime_ns))


def labels(examined: Examined) -> list[Mark]:
    return [mark for mark in examined.examination.marks if mark.layer == "visible_label"]


def picture(path: Path, rgb: Pixels) -> Path:
    Image.fromarray(rgb).save(path, quality=90)
    return path


def film(path: Path, paint: Callable[[Pixels, float], Pixels], size: tuple[int, int] = (854, 480)) -> Path:
    """A view that wanders over a scene for eight seconds; ``paint`` gets every frame and its second."""
    wide = scenery(size[0] + 4 * RATE * SECONDS, size[1], 11)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE, options={"preset": "veryfast", "crf": "26"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for number in range(RATE * SECONDS):
            frame = np.ascontiguousarray(wide[:, 4 * number : 4 * number + size[0]])
            painted = paint(frame, number / RATE)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(painted, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def test_a_label_in_a_picture_is_a_mark_with_measured_facts(pool: ChildPool, tmp_path: Path) -> None:
    (mark,) = labels(examine(pool, picture(tmp_path / "a.jpg", write(scenery(), "Создано ИИ", (80, 660), 48))))
    assert (mark.kind, mark.says, mark.mark_class) == ("label.text", Says.AI, MarkClass.DECLARED)
    shown = mark.shown
    assert shown is not None
    assert (shown.language, shown.exactness) == ("ru", "exact")
    assert shown.box_x == pytest.approx(80, abs=40)
    assert shown.box_y == pytest.approx(620, abs=30)
    assert 0.03 < shown.height_ratio < 0.09
    assert shown.contrast > 50
    assert (shown.first_ms, shown.last_ms, shown.shown_ms) == (None, None, None)
    assert mark.facts["frame_size"] == "1280x720"


@pytest.mark.parametrize(
    ("span", "first_ms", "last_ms", "shown_ms"),
    [((0, 8), 0, 7900, 8000), ((0, 2), 0, 1900, 2000), ((3, 6), 3000, 5900, 3000)],
    ids=["throughout", "at the start", "for a while"],
)
def test_a_film_says_when_and_for_how_long(
    span: tuple[int, int], first_ms: int, last_ms: int, shown_ms: int, pool: ChildPool, tmp_path: Path
) -> None:
    def paint(frame: Pixels, second: float) -> Pixels:
        return write(frame, "ЖИ арқылы жасалған", (40, 440), 36) if span[0] <= second < span[1] else frame

    (mark,) = labels(examine(pool, film(tmp_path / "a.mp4", paint)))
    shown = mark.shown
    assert shown is not None
    assert (mark.says, shown.language) == (Says.AI, "kk")
    assert shown.first_ms == pytest.approx(first_ms, abs=600)
    assert shown.last_ms == pytest.approx(last_ms, abs=600)
    assert shown.shown_ms == pytest.approx(shown_ms, abs=700)


def test_a_film_without_a_label_has_none(pool: ChildPool, tmp_path: Path) -> None:
    examined = examine(pool, film(tmp_path / "a.mp4", lambda frame, _: frame))
    assert examined.examination.outcome is Outcome.EXAMINED
    assert labels(examined) == []


def test_a_text_that_changes_is_not_read_into_one(pool: ChildPool, tmp_path: Path) -> None:
    """Composites lay the texts of several frames over each other; only what a frame shows counts."""

    def paint(frame: Pixels, second: float) -> Pixels:
        return write(frame, "Сгенерировано" if second < 4 else "отчётов ИИ: 15", (40 if second < 4 else 420, 440), 36)

    assert labels(examine(pool, film(tmp_path / "a.mp4", paint))) == []


def test_an_animation_is_read_as_well(pool: ChildPool, tmp_path: Path) -> None:
    frames = [Image.fromarray(write(scenery(640, 360, seed), "AI-generated", (40, 320), 36)) for seed in range(4)]
    frames[0].save(tmp_path / "a.webp", save_all=True, append_images=frames[1:], duration=500, quality=90)
    (mark,) = labels(examine(pool, tmp_path / "a.webp"))
    assert mark.shown is not None
    assert (mark.says, mark.shown.first_ms, mark.shown.shown_ms) == (Says.AI, 0.0, 2000.0)


def test_a_denial_is_told_as_one(pool: ChildPool, tmp_path: Path) -> None:
    found = labels(examine(pool, picture(tmp_path / "a.png", write(scenery(), "Не сгенерировано ИИ", (80, 660), 48))))
    assert [mark.says for mark in found] == [Says.NOT_AI]


def test_a_generator_s_name_is_a_trace_and_no_label(pool: ChildPool, tmp_path: Path) -> None:
    (mark,) = labels(examine(pool, picture(tmp_path / "a.png", write(scenery(), "KLING AI", (1000, 690), 40))))
    assert (mark.kind, mark.mark_class, mark.facts["product"]) == ("trace.wordmark", MarkClass.HEURISTIC, "Kling")


def test_an_analyst_s_own_phrases_count(tmp_path: Path) -> None:
    path = picture(tmp_path / "a.png", write(scenery(), "робот салған сурет", (80, 660), 48))
    with closing(ChildPool(settings(), 1)) as shipped, closing(ChildPool(settings(lexicon=(OWN_WORDS,)), 1)) as own:
        assert labels(examine(shipped, path)) == []
        assert [mark.says for mark in labels(examine(own, path))] == [Says.AI]


def test_without_the_networks_the_layer_says_so_and_the_file_is_examined(tmp_path: Path) -> None:
    path = picture(tmp_path / "a.png", write(scenery(), "Создано ИИ", (80, 660), 48))
    with closing(ChildPool(settings(), 1, MISSING)) as pool:
        found = examine(pool, path).examination
    assert found.outcome is Outcome.EXAMINED
    (note,) = found.layers
    assert (note.layer, note.status) == ("visible_label", "not_checked")
    assert note.detail.startswith("ocr_model_missing: finder.onnx is missing")


def test_a_layer_that_is_switched_off_reads_nothing(tmp_path: Path) -> None:
    path = picture(tmp_path / "a.png", write(scenery(), "Создано ИИ", (80, 660), 48))
    with closing(ChildPool(settings(enabled=False), 1)) as pool:
        assert labels(examine(pool, path)) == []


def test_the_same_file_gives_the_same_marks_whatever_came_before(pool: ChildPool, tmp_path: Path) -> None:
    path = picture(tmp_path / "a.jpg", write(scenery(), "AI-generated", (80, 660), 30, alpha=0.5))
    first = labels(examine(pool, path))
    examine(pool, picture(tmp_path / "b.jpg", write(scenery(seed=4), "ЖИ жасаған", (80, 200), 90)))
    assert labels(examine(pool, path)) == first
    with closing(ChildPool(settings(), 1, CHILD_COMMAND)) as other:
        assert labels(examine(other, path)) == first


def test_texts_beside_are_read_in_a_child(pool: ChildPool) -> None:
    found = pool.read_beside([("a.txt", "Создано нейросетью".encode("cp1251")), ("a.json", b"{")])
    assert [mark.says for mark in found.marks] == [Says.AI]
    assert [(note.layer, note.status) for note in found.layers] == [("caption", "not_checked")]


def test_texts_that_kill_the_child_are_told(tmp_path: Path) -> None:
    command = (sys.executable, "-c", "import sys, os, socket, json, struct\n" + _DIES)
    with closing(ChildPool(settings(), 1, command)) as pool:
        found = pool.read_beside([("a.txt", b"x")])
    assert found.marks == ()
    assert [(note.layer, note.status) for note in found.layers] == [("caption", "failed")]
    assert isinstance(found.layers[0], LayerNote)


_DIES = """
channel = socket.socket(fileno=int(sys.argv[1]))
text = json.dumps({"ready": True, "door": {}}).encode()
channel.sendall(struct.pack("<II", len(text), 0) + text)
channel.recv(1 << 16)
os.abort()
"""
