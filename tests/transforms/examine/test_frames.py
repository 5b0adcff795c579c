import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from examples.media.pictures import generated_picture
from transforms.examine.frames import MediaError, check_pixels, perceptual_hash, spread
from transforms.outcomes import Reason


@pytest.mark.parametrize(
    ("count", "budget", "indices"),
    [
        (0, 4, []),
        (1, 4, [0]),
        (4, 4, [0, 1, 2, 3]),
        (5, 1, [0]),
        (5, 2, [0, 4]),
        (9, 3, [0, 4, 8]),
        (100, 4, [0, 33, 66, 99]),
    ],
)
def test_frames_are_spread_evenly(count, budget, indices):
    assert spread(count, budget) == indices


@given(st.integers(0, 5000), st.integers(1, 64))
def test_the_budget_holds_and_both_ends_are_in(count, budget):
    indices = spread(count, budget)
    assert len(indices) == len(set(indices)) == min(count, budget)
    assert indices == sorted(indices)
    assert not indices or indices[0] == 0
    assert budget == 1 or not indices or indices[-1] == count - 1


@pytest.mark.parametrize(
    ("width", "height", "reason"),
    [(0, 5, Reason.CORRUPT), (5, 0, Reason.CORRUPT), (-3, -3, Reason.CORRUPT), (101, 10, Reason.OVER_PIXEL_LIMIT)],
)
def test_sizes_that_no_frame_may_have(width, height, reason):
    with pytest.raises(MediaError) as caught:
        check_pixels(width, height, 1000)
    assert caught.value.reason is reason
    assert str(width) in caught.value.detail


def test_the_pixel_limit_itself_is_allowed():
    check_pixels(100, 10, 1000)


def _distance(one, other):
    """In bits of the two difference hashes; the colours follow behind these."""
    return (int(one[:32], 16) ^ int(other[:32], 16)).bit_count()


def test_near_duplicates_have_near_hashes():
    picture = np.asarray(generated_picture(3, (320, 240)))
    smaller = cv2.resize(picture, (160, 120), interpolation=cv2.INTER_AREA)
    other = np.asarray(generated_picture(4, (320, 240)))
    assert _distance(perceptual_hash(picture), perceptual_hash(smaller)) <= 8
    assert _distance(perceptual_hash(picture), perceptual_hash(other)) > 24


@settings(max_examples=25, derandomize=True)
@given(st.sampled_from([1, 2, 9, 63, 65535]), st.integers(1, 20), st.booleans())
def test_every_size_has_a_hash(long, short, is_tall):
    shape = (long, short, 3) if is_tall else (short, long, 3)
    assert len(perceptual_hash(np.zeros(shape, np.uint8))) == 86
