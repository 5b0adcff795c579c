"""Which pictures of a video are read: composites where something moves, single frames, near-duplicates once."""

import numpy as np

from tests.transforms.labels.drawn import scenery
from transforms.examine.frames import Frame
from transforms.labels.composites import plan_looks


def still(number: int, seed: int) -> Frame:
    return Frame(1000.0 * number, scenery(320, 180, seed))


def panning(count: int, start: int = 0) -> list[Frame]:
    wide = scenery(960, 180, 5)
    return [
        Frame(1000.0 * (start + number), np.ascontiguousarray(wide[:, 20 * number : 20 * number + 320]))
        for number in range(count)
    ]


def test_a_video_of_one_still_is_read_once() -> None:
    looks = list(plan_looks([Frame(1000.0 * number, scenery(320, 180, 1)) for number in range(16)], 12))
    assert [(look.source, look.frames) for look in looks] == [("frame", tuple(range(16)))]


def test_a_moving_scene_is_read_as_mean_and_minimum_first() -> None:
    looks = list(plan_looks(panning(8), 12))
    assert [look.source for look in looks[:4]] == ["mean", "minimum", "mean", "minimum"]
    assert looks[0].frames == tuple(range(8))
    assert looks[2].frames == (0, 1, 2, 3)  # the opening seconds
    assert all(look.source == "frame" for look in looks[4:])


def test_mean_and_minimum_are_those_of_the_pixels() -> None:
    frames = panning(5)
    mean, minimum, *_ = plan_looks(frames, 12)
    pixels = np.stack([frame.rgb for frame in frames])
    assert np.abs(mean.rgb - pixels.mean(axis=0)).max() <= 0.5
    assert (minimum.rgb == pixels.min(axis=0)).all()


def test_each_scene_has_composites_of_its_own() -> None:
    frames = [*panning(5), *(still(5 + number, 40) for number in range(2))]
    sources = {(look.source, look.frames) for look in plan_looks(frames, 20)}
    assert ("mean", (0, 1, 2, 3, 4)) in sources
    assert any(look[0] == "frame" and 5 in look[1] for look in sources)


def test_the_number_of_pictures_is_bounded() -> None:
    frames = [still(number, number) for number in range(40)]
    for most in (2, 5, 12):
        assert len(list(plan_looks(frames, most))) <= most


def test_frames_without_times_are_looked_at_as_well() -> None:
    frames = [Frame(None, scenery(320, 180, number)) for number in range(3)]
    assert {index for look in plan_looks(frames, 12) for index in look.frames} == {0, 1, 2}
