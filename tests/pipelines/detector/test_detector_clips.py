from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

import configs
from pipelines.detector.augment import TREATMENTS
from pipelines.detector.clips import predict_videos, sampled_frames, scan_settings
from pipelines.detector.data import read_manifest
from pipelines.detector.report import split_report
from tests.detectors import make_detector
from tests.pipelines.detector.conftest import write_video
from transforms.detect.calibration import roll_up
from transforms.detect.errors import DetectorError
from transforms.detect.package import RollUp, load_package
from transforms.detect.preprocess import InputSpec
from transforms.detect.scope import ScopeRules
from transforms.detect.scoring import load_network, score_views
from transforms.examine.content import examine_content

SPEC = InputSpec(size=32, views=2, short_side=48)


class Brightness(torch.nn.Module):
    """Scores a view by its mean level, so that a test knows every frame's score."""

    def forward(self, views):
        return views.float().mean(dim=(1, 2, 3))


def quiet(what, done, total):
    pass


def config(rollup=None, scope=None):
    shipped = load_package(configs.DEFAULT_DETECTOR).config
    return shipped.model_copy(update={"input": SPEC, "scope": scope, "rollup": rollup or RollUp(rule="mean")})


def levels(*values, shape=(72, 80)):
    """Flat frames of these levels."""
    return np.stack([np.full((*shape, 3), value, np.uint8) for value in values])


def listed(folder, *names):
    rows = [f"{name},dev,{'ai' if i % 2 else 'real'},x" for i, name in enumerate(names)]
    text = "\n".join(["path,split,label,source", *rows])
    (folder / "manifest.csv").write_text(text, "utf-8")
    return read_manifest(folder / "manifest.csv")


def raw(found, treatment="as_is"):
    return found.loc[found["treatment"] == treatment, "raw"].tolist()


@pytest.mark.parametrize("treatments", [("as_is",), ("half", "as_is")], ids=" and ".join)
def test_a_video_gets_the_score_that_a_scan_gives_it(treatments, tmp_path):
    package = load_package(make_detector(tmp_path / "package", "scoped", scope={}))
    network, settings = load_network(package), scan_settings(package.config)
    grain = np.random.default_rng(3).normal(0, 30, (40, 200, 260, 3))
    frames = np.clip(np.linspace(60, 180, 40)[:, None, None, None] + grain, 0, 255).astype(np.uint8)
    # A title that the detector calls not assessable: its frames must have no part in the score.
    write_video(tmp_path / "clip.avi", np.concatenate([levels(*[0] * 10, shape=(200, 260)), frames]))
    views = []
    with (tmp_path / "clip.avi").open("rb") as file:
        examined = examine_content(file, "clip.avi", settings, lambda frame: views.extend(frame.views.values()))
    assert 0 < len(views) < examined.frames_examined == settings.sampling.frames
    wanted = roll_up([float(one) for one in score_views(network, np.stack(views), 8)], package.config)
    found = predict_videos(network, package.config, listed(tmp_path, "clip.avi"), treatments, quiet)
    assert raw(found) == [wanted]


@pytest.mark.parametrize(
    ("rollup", "wanted"),
    [(RollUp(rule="mean"), 100), (RollUp(rule="top", share=0.25), 220), (RollUp(rule="trimmed_mean", share=0.25), 70)],
    ids=lambda value: getattr(value, "rule", None),
)
def test_frames_become_one_score_by_the_package_s_rule(rollup, wanted, tmp_path):
    write_video(tmp_path / "clip.avi", levels(40, 220, 40, 100))
    found = predict_videos(Brightness(), config(rollup), listed(tmp_path, "clip.avi"), ("as_is",), quiet)
    assert raw(found) == [pytest.approx(wanted, abs=3)]


def test_each_frame_is_treated_by_itself(tmp_path, monkeypatch):
    monkeypatch.setitem(TREATMENTS, "half", lambda rgb: 255 - rgb)
    write_video(tmp_path / "clip.avi", levels(10, 20, 30))
    rows, top = listed(tmp_path, "clip.avi"), RollUp(rule="top", share=0.3)
    found = predict_videos(Brightness(), config(top), rows, ("as_is", "half"), quiet)
    # Of the frames as they are the last is the brightest, of the negatives the first.
    assert raw(found) == [pytest.approx(30, abs=3)]
    assert raw(found, "half") == [pytest.approx(245, abs=3)]


def test_an_animation_is_sampled_like_a_video(tmp_path):
    first, *others = (Image.fromarray(frame) for frame in levels(40, 80, 120))
    first.save(tmp_path / "moving.gif", save_all=True, append_images=others, duration=100)
    rows = listed(tmp_path, "moving.gif")
    assert rows["is_video"].tolist() == [True]
    assert raw(predict_videos(Brightness(), config(), rows, ("as_is",), quiet)) == [pytest.approx(80, abs=2)]


def test_a_video_of_which_no_frame_is_in_scope_has_no_score(tmp_path):
    write_video(tmp_path / "clip.avi", levels(40, 80))
    scope = ScopeRules(min_short_side=32)
    found = predict_videos(Brightness(), config(scope=scope), listed(tmp_path, "clip.avi"), ("as_is",), quiet)
    assert np.isnan(raw(found)).all()


@pytest.mark.parametrize("kind", ["no media", "cut short", "absent"])
def test_a_video_that_cannot_be_read_to_its_end_is_named(kind, tmp_path):
    file = tmp_path / "clip.avi"
    if kind != "absent":
        write_video(file, levels(*range(0, 200, 10)))
        file.write_bytes(b"words" if kind == "no media" else file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(DetectorError, match=r"clip\.avi.*drop its manifest row") as caught:
        predict_videos(Brightness(), config(), listed(tmp_path, "clip.avi"), ("as_is",), quiet)
    assert caught.value.code == "unreadable_video"


def test_no_more_frames_are_sampled_than_in_a_scan(tmp_path):
    write_video(tmp_path / "clip.avi", levels(*range(60)))
    settings = scan_settings(config())
    assert len(list(sampled_frames(tmp_path / "clip.avi", settings))) == settings.sampling.frames
    few = replace(settings, sampling=replace(settings.sampling, frames=3))
    assert len(list(sampled_frames(tmp_path / "clip.avi", few))) == 3


def test_a_split_may_be_videos_alone_but_not_of_one_class(tmp_path):
    for name, level in (("real.avi", 60), ("ai.avi", 90)):
        write_video(tmp_path / name, levels(level, level + 1))
    rows = listed(tmp_path, "real.avi", "ai.avi")
    package = load_package(make_detector(tmp_path / "package", "any"))
    found = split_report(package, rows, "dev", quiet, ("as_is",))
    assert (found.pictures, found.skipped_videos, found.videos.videos) == (0, 0, 2)
    with pytest.raises(DetectorError, match="0 pictures and 1 videos") as caught:
        split_report(package, rows[:1], "dev", quiet, ("as_is",))
    assert caught.value.code == "empty_split"
