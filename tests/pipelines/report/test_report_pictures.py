"""Pictures of a report: on demand from the source, within bounds, with boxes where labels are seen."""

import pytest

from examples.media.pictures import generated_picture
from pipelines.report import pictures
from pipelines.report.entries import Box, Entry, read_entries
from pipelines.report.pictures import take_shots
from pipelines.report.questions import read_facts
from pipelines.stills import Picture
from pipelines.tables import bounded
from tests.pipelines.report_store import add_scan, item, new_store, verdict


@pytest.fixture
def entries(tmp_path):
    """Of two pictures, the first of them there and the second gone."""
    import hashlib

    rows = []
    for i in range(2):
        path = tmp_path / f"{i}.png"
        generated_picture(i, (640, 480)).save(path)
        data = path.read_bytes()
        facts = {"size_bytes": len(data), "mtime_ns": path.stat().st_mtime_ns, "score": 0.9 - i / 10}
        rows.append(item(str(path), content_sha256=hashlib.sha256(data).hexdigest(), **facts))
    (tmp_path / "1.png").unlink()
    store = new_store(tmp_path / "store")
    add_scan(store, "one", rows, [verdict(row, "review") for row in rows])
    with bounded(store) as tables:
        facts = read_facts(tables, "s", None, None, 10)
        return read_entries(tables, facts.waiting, facts.policy)


def taken(entries: list[Entry], most: int = 10) -> list[tuple[int, str | None]]:
    return [(len(one.shots), one.missing) for one in take_shots(entries, most, are_faces_shown=False)]


def test_what_is_gone_has_a_reason_and_what_is_too_many_has_none(entries) -> None:
    assert taken(entries) == [(1, None), (0, "The file cannot be opened: No such file or directory.")]
    assert taken(entries, 1) == [(1, None), (0, "too_many")]


def test_pictures_of_a_page_have_a_bound(entries, monkeypatch) -> None:
    monkeypatch.setattr(pictures, "MOST_BYTES", 100)
    assert taken(entries)[0] == (0, "too_large")


@pytest.mark.parametrize(
    ("at_ms", "first_ms", "last_ms", "is_seen"),
    [(None, None, None, True), (0.0, None, None, True), (500.0, 0.0, 900.0, True), (1500.0, 0.0, 900.0, False)],
)
def test_a_box_is_drawn_where_the_label_is_seen(at_ms, first_ms, last_ms, is_seen) -> None:
    box = Box(1, 100, 200, 300, 40, first_ms, last_ms)
    shot = pictures.shot_of(Picture(b"jpeg", 320, 240, 0.5, at_ms, 0), [box])
    assert [(one.x, one.y, one.width, one.height) for one in shot.boxes] == ([(50, 100, 150, 20)] if is_seen else [])
