"""In which frames a label stands, and what that says of time."""

import numpy as np
import pytest

from tests.transforms.labels.drawn import scenery, write
from transforms.examine.frames import Frame
from transforms.labels.lines import Box
from transforms.labels.presence import present_in, shown_times

BOX = Box(90, 560, 420, 70)


def frame(number: int, *, labelled: bool, alpha: float = 1.0) -> Frame:
    rgb = scenery(seed=number)
    return Frame(1000.0 * number, write(rgb, "ЖИ жасаған", (100, 610), 50, alpha=alpha) if labelled else rgb)


@pytest.mark.parametrize("alpha", [1.0, 0.5])
def test_frames_that_show_it_are_told(alpha: float) -> None:
    frames = [frame(number, labelled=number in {2, 3, 5}, alpha=alpha) for number in range(8)]
    assert present_in(frames, frames[2].rgb, BOX) == [2, 3, 5]


def test_it_is_told_in_a_composite_as_well() -> None:
    frames = [frame(number, labelled=True) for number in range(6)]
    mean = np.mean([one.rgb for one in frames], axis=0).round().astype(np.uint8)
    assert present_in([*frames, frame(9, labelled=False)], mean, BOX) == [0, 1, 2, 3, 4, 5]


def test_another_text_at_its_place_is_another() -> None:
    other = Frame(0.0, write(scenery(seed=9), "Жаңалықтар", (100, 610), 50))
    assert present_in([other], frame(1, labelled=True).rgb, BOX) == []


@pytest.mark.parametrize(
    ("present", "times"),
    [
        ([0, 1, 2, 3], (0.0, 3000.0, 4000.0)),
        ([0], (0.0, 0.0, 500.0)),
        ([3], (3000.0, 3000.0, 1500.0)),
        ([1, 3], (1000.0, 3000.0, 2500.0)),
    ],
)
def test_a_frame_stands_for_the_time_halfway_to_its_neighbours(present: list[int], times: tuple[float, ...]) -> None:
    assert shown_times([0.0, 1000.0, 2000.0, 3000.0], 4000.0, present) == times


def test_a_single_frame_stands_for_all() -> None:
    assert shown_times([40.0], 80.0, [0]) == (40.0, 40.0, 80.0)
