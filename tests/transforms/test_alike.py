"""Which pictures are near, and which of many hashes stands for which."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from examples.media.pictures import jpeg
from tests.transforms.pictures_alike import opened, photograph
from transforms import near_duplicates as subject
from transforms.examine.frames import perceptual_hash
from transforms.near_duplicates import MOST_BITS, MOST_COLOUR, Hashes, first_near, is_telling, near_pairs, stand_ins

Change = Callable[[Image.Image], Image.Image]


def hashes_of(*images: Image.Image) -> Hashes:
    return Hashes.read(b"".join(bytes.fromhex(perceptual_hash(np.asarray(image))) for image in images))


def cropped(share: float) -> Change:
    def crop(image: Image.Image) -> Image.Image:
        left, top = round(image.width * share), round(image.height * share)
        return image.crop((left, top, image.width - left, image.height - top))

    return crop


def labelled(image: Image.Image) -> Image.Image:
    image = image.copy()
    ImageDraw.Draw(image).text((10, image.height - 20), "AI generated", fill="white")
    return image


@pytest.mark.parametrize(
    ("change", "is_near"),
    [
        pytest.param(lambda image: image, True, id="the same pixels"),
        pytest.param(lambda image: opened(jpeg(image, quality=30)), True, id="encoded anew"),
        pytest.param(lambda image: image.resize((640, 480)), True, id="twice as large"),
        pytest.param(lambda image: image.resize((80, 60)), True, id="a thumbnail"),
        pytest.param(labelled, True, id="with a label"),
        pytest.param(cropped(0.005), True, id="half a percent cut off"),
        pytest.param(cropped(0.2), False, id="a fifth cut off"),
        pytest.param(lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT), False, id="mirrored"),
        pytest.param(lambda image: image.point(lambda value: 255 - value), False, id="negative"),
        pytest.param(lambda image: Image.merge("RGB", image.split()[::-1]), False, id="other colours"),
        pytest.param(lambda image: photograph(2), False, id="another picture"),
    ],
)
def test_changes_of_a_picture(change: Change, is_near: bool) -> None:
    picture = photograph(1)
    assert stand_ins(hashes_of(picture, change(picture))).tolist() == ([0, 0] if is_near else [0, 1])


@pytest.mark.parametrize(
    ("image", "tells"),
    [
        pytest.param(photograph(1), True, id="photograph"),
        pytest.param(Image.new("RGB", (64, 64), "black"), False, id="black"),
        pytest.param(Image.new("RGB", (64, 64), "white"), False, id="white"),
        pytest.param(Image.new("RGB", (1, 1), "red"), False, id="one pixel"),
        pytest.param(Image.linear_gradient("L").convert("RGB"), False, id="gradient"),
        pytest.param(Image.linear_gradient("L").rotate(90).convert("RGB"), False, id="gradient across"),
    ],
)
def test_pictures_that_say_too_little_are_not_compared(image: Image.Image, tells: bool) -> None:
    assert is_telling(hashes_of(image)).tolist() == [tells]


def drawn(numbers: list[int]) -> Hashes:
    """Hashes around a few centres, each with few bits and colours changed; which ones follows from the number."""
    words, colours = [], []
    for number in numbers:
        draw = np.random.default_rng(number)
        centre = np.random.default_rng(draw.integers(3))
        pair = centre.integers(0, 2**64, 2, dtype=np.uint64)
        for _ in range(draw.integers(5)):
            pair ^= np.uint64(1) << draw.integers(0, 64, 2, dtype=np.uint64)
        words.append(pair)
        colours.append(centre.integers(0, 200, 27) + draw.integers(0, 20, 27))
    split = np.array(words, np.uint64).reshape(-1, 2)
    return Hashes(split[:, 0].copy(), split[:, 1].copy(), np.array(colours, np.uint8).reshape(-1, 27))


def are_near(hashes: Hashes, one: int, other: int) -> bool:
    bits = [int(words[one] ^ words[other]).bit_count() for words in (hashes.across, hashes.down)]
    colours = np.abs(hashes.colours[one].astype(int) - hashes.colours[other])
    return max(bits) <= MOST_BITS and bool(colours.max() <= MOST_COLOUR)


def plainly(hashes: Hashes) -> list[int]:
    """``stand_ins`` as its first sentence says it."""
    found: list[int] = []
    for one in range(len(hashes)):
        chosen = (other for other in range(one) if found[other] == other and are_near(hashes, one, other))
        found.append(next(chosen, one))
    return found


@pytest.mark.parametrize("few", [1 << 20, -1000], ids=["at once", "by halves"])
@settings(max_examples=40, derandomize=True)
@given(numbers=st.lists(st.integers(0, 10_000), max_size=40))
def test_stand_ins_are_those_that_the_rule_names(few: int, numbers: list[int]) -> None:
    hashes = drawn(numbers)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subject, "_FEW_PAIRS", few)
        assert stand_ins(hashes).tolist() == plainly(hashes)


@settings(max_examples=40, derandomize=True)
@given(numbers=st.lists(st.integers(0, 10_000), max_size=40))
def test_each_near_pair_comes_once(numbers: list[int]) -> None:
    hashes = drawn(numbers)
    pairs = [tuple(sorted(pair)) for own, other in near_pairs(hashes) for pair in zip(own, other, strict=True)]
    count = range(len(hashes))
    assert sorted(pairs) == [(a, b) for a in count for b in count if a < b and are_near(hashes, a, b)]


def test_very_many_that_are_alike_are_not_compared_pair_by_pair() -> None:
    one = hashes_of(photograph(1))
    many = one[np.zeros(200_000, np.int64)]
    assert not stand_ins(many).any()


def test_the_first_near_one_is_found_among_those_known() -> None:
    known = hashes_of(photograph(2), photograph(1), photograph(1).resize((100, 75)))
    assert first_near(known, hashes_of(photograph(1))) == 1
    assert first_near(known, hashes_of(photograph(3))) is None
    flat = hashes_of(Image.new("RGB", (9, 9)))
    assert first_near(flat, flat) is None
