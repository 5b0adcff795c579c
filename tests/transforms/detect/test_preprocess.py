import subprocess
import sys
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.detect.preprocess import InputSpec, prepare, shrink, synthetic_views

SPEC = InputSpec(size=32, views=5, short_side=48)
SIDES = st.one_of(st.integers(1, 200), st.sampled_from([1, 2, 31, 32, 33, 47, 48, 49, 1000]))


@settings(max_examples=60)
@given(SIDES, SIDES, st.integers(0, 2**32 - 1))
def test_any_size_gives_the_same_views_twice(height, width, seed):
    rgb = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    before = rgb.copy()
    views = prepare(rgb, SPEC)
    assert views.shape == (5, 32, 32, 3)
    assert views.dtype == np.uint8
    assert np.array_equal(views, prepare(np.asfortranarray(rgb), SPEC))
    assert np.array_equal(rgb, before)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 65535), (65535, 1), (2, 20000), (20000, 60)])
def test_extreme_shapes(height, width):
    rgb = np.full((height, width, 3), 77, np.uint8)
    assert (prepare(rgb, SPEC) == 77).all()


@settings(max_examples=30)
@given(st.integers(1, 31), st.integers(1, 31))
def test_a_small_picture_is_continued_by_reflection(height, width):
    rgb = np.random.default_rng(height * 32 + width).integers(0, 256, (height, width, 3), np.uint8)
    rows, columns = (32 - height) // 2, (32 - width) // 2
    wanted = np.pad(rgb, ((rows, 32 - height - rows), (columns, 32 - width - columns), (0, 0)), "reflect")
    assert np.array_equal(prepare(rgb, SPEC)[0], wanted)


def test_pixels_are_kept_up_to_the_short_side():
    rgb = np.random.default_rng(0).integers(0, 256, (48, 300, 3), np.uint8)
    views = prepare(rgb, SPEC)
    assert np.array_equal(views[1], rgb[:32, :32])
    assert np.array_equal(views[2], rgb[-32:, -32:])
    assert shrink(rgb, 48) is rgb
    assert shrink(rgb, 24).shape == (24, 150, 3)


@pytest.mark.parametrize(
    "rgb",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((4, 4, 3)),
    ],
)
def test_what_is_no_picture_is_refused(rgb):
    with pytest.raises(ValueError, match="must be uint8"):
        prepare(rgb, SPEC)


@pytest.mark.parametrize("wrong", [{"size": 8}, {"views": 0}, {"views": 6}, {"short_side": 31}])
def test_impossible_specs_are_refused(wrong):
    with pytest.raises(ValueError, match="it must be"):
        InputSpec(**(asdict(SPEC) | wrong))


def test_spec_survives_json_shapes():
    assert InputSpec(**asdict(SPEC)) == SPEC


def test_synthetic_views_are_fixed():
    views = synthetic_views(InputSpec(size=16, views=2, short_side=16))
    assert views.shape == (2, 16, 16, 3)
    assert int(views.astype(np.int64).sum()) == 84304


@pytest.mark.parametrize(
    ("modules", "forbidden"),
    [
        ("transforms.detect.preprocess", "torch apache_beam pydantic"),
        (
            "transforms.detect.calibration, transforms.detect.package, pipelines.detector.cli",
            "torch apache_beam pandas",
        ),
    ],
)
def test_light_modules_stay_light(modules, forbidden):
    code = f"import sys, {modules}\nassert not set('{forbidden}'.split()) & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
