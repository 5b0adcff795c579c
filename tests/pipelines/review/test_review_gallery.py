"""Pictures are decoded behind the page: once, what somebody waits for first, the last few kept."""

import threading

import pytest

from pipelines.review.gallery import Gallery
from pipelines.stills import StillMissingError
from tests.pipelines.review.shelf import DrawnStills


def rows(name: str) -> list[dict[str, str]]:
    return [{"uri": f"/{name}.png", "content_sha256": name}]


class SlowStills(DrawnStills):
    """Decodes nothing before it is allowed to."""

    def __init__(self) -> None:
        super().__init__()
        self.may = threading.Event()

    def of_first(self, rows, *, are_faces_shown=False):
        assert self.may.wait(10)
        return super().of_first(rows, are_faces_shown=are_faces_shown)


def test_a_picture_is_decoded_once_with_faces_and_once_without() -> None:
    stills = DrawnStills()
    with Gallery(stills) as gallery:
        for are_shown in (False, False, True):
            assert len(gallery.want(rows("a"), are_faces_shown=are_shown).result(10)) == 1
    assert stills.asked == [("a.png", False), ("a.png", True)]


def test_what_somebody_waits_for_takes_the_turn_of_what_nobody_does() -> None:
    stills = SlowStills()
    with Gallery(stills) as gallery:
        begun = gallery.want(rows("begun"), is_ahead=True)
        while not begun.running():
            threading.Event().wait(0.01)
        ahead = gallery.want(rows("ahead"), is_ahead=True)
        wanted = gallery.want(rows("wanted"))
        stills.may.set()
        wanted.result(10)
        assert ahead.cancelled()
        assert len(gallery.want(rows("ahead")).result(10)) == 1, "it can be asked for again"
    assert [name for name, _ in stills.asked] == ["begun.png", "wanted.png", "ahead.png"]


def test_no_more_are_kept_than_may_be() -> None:
    stills = DrawnStills()
    with Gallery(stills, most=2) as gallery:
        for name in ("a", "b", "a", "c", "a", "b"):
            gallery.want(rows(name)).result(10)
    assert [name for name, _ in stills.asked] == ["a.png", "b.png", "c.png", "b.png"]


def test_why_there_is_no_picture_is_kept_too() -> None:
    with Gallery(DrawnStills()) as gallery:
        for _ in range(2):
            with pytest.raises(StillMissingError, match="cannot be opened"):
                gallery.want(rows("gone")).result(10)
