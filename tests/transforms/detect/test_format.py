"""The format alone: the same pixels in another file must not change what the shipped detector says."""

import cv2
import numpy as np
import pytest

import configs
from transforms.detect.calibration import calibrate
from transforms.detect.package import load_package
from transforms.detect.preprocess import prepare
from transforms.detect.scoring import load_network, score_views

PACKAGE = load_package(configs.DEFAULT_DETECTOR)
PHOTOGRAPHS = ("astronaut", "chelsea", "coffee", "rocket")


@pytest.fixture(scope="module")
def network():
    return load_network(PACKAGE)


def recoded(rgb, suffix, options):
    done, data = cv2.imencode(suffix, rgb[..., ::-1], options)
    assert done
    return cv2.imdecode(data, cv2.IMREAD_COLOR_RGB)


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_png_and_jpeg_of_one_picture_score_alike(network, name):
    data = pytest.importorskip("skimage.data", reason="the extra 'samples' ships the photographs")
    rgb, stated = np.ascontiguousarray(getattr(data, name)()), PACKAGE.config.format_shift
    files = [recoded(rgb, ".png", []), recoded(rgb, ".jpg", [cv2.IMWRITE_JPEG_QUALITY, stated.quality])]
    views = np.stack([prepare(picture, PACKAGE.config.input) for picture in files])
    png, jpeg = (calibrate(float(raw), PACKAGE.config) for raw in score_views(network, views, 2))
    assert abs(png - jpeg) <= stated.shift


@pytest.mark.parametrize(
    ("suffix", "options"), [(".png", [cv2.IMWRITE_PNG_COMPRESSION, 1]), (".bmp", []), (".tiff", [])]
)
def test_lossless_formats_score_the_same(network, suffix, options):
    rgb = cv2.GaussianBlur(np.random.default_rng(0).integers(0, 256, (300, 400, 3), np.uint8), (0, 0), 2.0)
    views = np.stack([prepare(picture, PACKAGE.config.input) for picture in (rgb, recoded(rgb, suffix, options))])
    first, second = score_views(network, views, 2)
    assert first == second
