"""Lines of text are found at little cost: frames are looked at closely only where text is suspected."""

from functools import cache
from typing import Any

import numpy as np
import pytest

from tests.transforms.labels.drawn import scenery, write
from transforms.examine.frames import Pixels
from transforms.labels.finder import TextFinder, resized
from transforms.labels.lines import Box
from transforms.labels.networks import open_session, read_networks


class Counting:
    """A session that notes how many pixels it was given in each look."""

    def __init__(self) -> None:
        self._session = open_session(read_networks().finder)
        self.looks: list[int] = []

    def get_inputs(self) -> Any:
        return self._session.get_inputs()

    def run(self, outputs: Any, given: dict[str, Any]) -> Any:
        (tensor,) = given.values()
        self.looks.append(tensor.shape[2] * tensor.shape[3])
        return self._session.run(outputs, given)


@cache
def session() -> Counting:
    return Counting()


def find(rgb: Pixels) -> tuple[list[Box], list[int]]:
    session().looks.clear()
    return TextFinder(session()).find(rgb, 40), list(session().looks)


def covers(box: Box, x: int, y: int) -> bool:
    return box.x <= x < box.right and box.y <= y < box.bottom


@pytest.mark.parametrize("em", [16, 28, 60, 120], ids="{} pixels".format)
def test_letters_of_all_sizes_are_found(em: int) -> None:
    boxes, _ = find(write(scenery(), "Сгенерировано ИИ", (60, 600), em))
    (box,) = [one for one in boxes if covers(one, 60 + em, 600 - em // 3)]
    assert box.x <= 62
    assert covers(box, 60 + 5 * em, 600 - em // 3)
    assert em * 0.6 < box.height < em * 2.2


def test_a_frame_without_text_is_looked_at_in_two_small_copies_alone() -> None:
    boxes, looks = find(np.full((1080, 1920, 3), 90, np.uint8))
    assert boxes == []
    assert looks == [384 * 704, 256 * 480]


def test_a_closer_look_is_had_at_a_part_of_the_frame() -> None:
    _, looks = find(write(scenery(), "Сгенерировано ИИ", (60, 600), 30))
    assert len(looks) > 2
    assert sum(looks[2:]) < 0.5 * 640 * 1152


def test_a_frame_full_of_text_costs_one_closer_look() -> None:
    rgb = scenery()
    for number in range(23):
        rgb = write(rgb, "Сгенерировано отчётов за год: пятнадцать тысяч, а было десять", (10, 30 + 30 * number), 24)
    boxes, looks = find(rgb)
    assert len(boxes) > 20
    assert len(looks) == 3


def test_text_around_a_place_is_found() -> None:
    rgb = write(write(scenery(), "Сгенерировано", (200, 560), 40), "нейросетью", (200, 615), 40)
    boxes = TextFinder(session()).find_around(rgb, Box(200, 525, 90, 40), 28)
    assert any(covers(box, 220, 548) for box in boxes)
    assert any(covers(box, 220, 603) for box in boxes)
    assert all(0 <= box.x < box.right <= 1280 and 0 <= box.y < box.bottom <= 720 for box in boxes)


@pytest.mark.parametrize("place", [Box(0, 0, 1280, 4), Box(1276, 716, 4, 4), Box(0, 0, 1280, 720)])
def test_what_a_look_around_a_place_costs_is_bounded(place: Box) -> None:
    session().looks.clear()
    TextFinder(session()).find_around(scenery(), place, 40)
    assert session().looks[0] < 700_000


@pytest.mark.parametrize("shape", [(1, 1), (1, 65_535), (65_535, 1), (33, 47)])
def test_a_frame_of_any_shape_gets_sides_that_the_network_takes(shape: tuple[int, int]) -> None:
    small = resized(np.zeros((*shape, 3), np.uint8), min(1.0, 1504 / max(shape)))
    assert all(side % 32 == 0 and side > 0 for side in small.shape[:2])
    find(np.zeros((*shape, 3), np.uint8))
