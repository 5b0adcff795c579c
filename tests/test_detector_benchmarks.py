"""The benchmarks of the detector: their samples, clips, rules and tables; nothing is timed here."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import torch

import configs
from benchmarks import detector_speed, rollup
from benchmarks.samples import spread_over_sources
from benchmarks.variants import Straight, in_parts, variants
from transforms.detect.network import build
from transforms.detect.package import load_package

CONFIG = load_package(configs.DEFAULT_DETECTOR).config


def manifest(sizes):
    rows = [
        {"path": f"{source}/{number}.jpg", "label": label, "source": source, "is_video": False}
        for (label, source), count in sizes.items()
        for number in range(count)
    ]
    return pd.DataFrame([*rows, {"path": "clip.mp4", "label": 1, "source": "film", "is_video": True}])


def test_a_sample_takes_from_every_source_in_turn():
    rows = manifest({(1, "large"): 50, (1, "small"): 3, (0, "camera"): 10})
    chosen = spread_over_sources(rows, 12)
    assert chosen["source"].value_counts().to_dict() == {"camera": 6, "large": 3, "small": 3}
    assert not chosen["is_video"].any()
    pd.testing.assert_frame_equal(chosen, spread_over_sources(rows, 12))


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(2)
    return build("trunk", depth=3, pooled=2).eval().requires_grad_(False)


@pytest.fixture(scope="module")
def views():
    return torch.from_numpy(np.random.default_rng(2).integers(0, 256, (6, 32, 32, 3), np.uint8))


@pytest.mark.parametrize("at_once", [0, 1, 4])
def test_the_network_without_branches_is_the_same_network(network, views, at_once):
    run = in_parts(Straight(network).eval(), network.head, at_once, torch.channels_last)
    with torch.inference_mode():
        torch.testing.assert_close(run(views), network(views), rtol=0, atol=1e-4)


def test_what_cannot_be_made_is_told(views):
    found, missing = variants(build("compact", widths=[4, 8]).eval(), views)
    assert found[0].name == "FP32, as shipped"
    assert "CompactNet" in missing["static INT8"]
    assert "no dynamically quantised convolution" in missing["dynamic INT8"]


def test_times_are_compared_within_a_round():
    assert detector_speed.against([10, 20, 40], [5, 30, 40]) == (1.0, 0.5, 1.5)


def test_every_task_is_timed_in_every_round():
    calls = []
    found = detector_speed.timed({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, rounds=2)
    assert calls == ["a", "b"] * 3
    assert {name: len(times) for name, times in found.items()} == {"a": 2, "b": 2}


def test_a_score_that_depends_on_its_batch_is_found():
    frames = np.arange(16, dtype=np.uint8).reshape(16, 1, 1, 1, 1)
    assert detector_speed.batch_change(lambda x, _: x.reshape(-1).astype(np.float32), frames) == 0
    assert detector_speed.batch_change(lambda x, size: np.full(len(x), size, np.float32), frames) == 15
    by_place = detector_speed.batch_change(lambda x, _: np.arange(len(x), dtype=np.float32), frames)
    assert by_place > 0


def test_a_table_is_markdown():
    assert detector_speed.table(("a", "b"), [("1", "2")]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"


def test_a_slow_zoom_has_one_even_size_and_moves():
    picture = np.random.default_rng(0).integers(0, 256, (101, 203, 3), np.uint8)
    frames = list(rollup.ken_burns(picture, 5, seed=1))
    assert {frame.shape for frame in frames} == {(74, 152, 3)}
    assert all((one != other).any() for one, other in pairwise(frames))
    again = list(rollup.ken_burns(picture, 5, seed=1))
    assert all((one == other).all() for one, other in zip(frames, again, strict=True))


def test_a_title_takes_a_fifth_of_the_clip():
    frames = [np.full((60, 80, 3), 200, np.uint8)] * 24
    titled = rollup.with_title(frames)
    assert (len(titled), titled[0].min(), titled[0].max()) == (30, 0, 255)
    assert titled[3].max() < titled[5].max() < 200


def test_clips_go_through_the_examiner(tmp_path):
    picture = np.random.default_rng(0).integers(0, 256, (260, 300, 3), np.uint8)
    rollup.encode(list(rollup.ken_burns(picture)), tmp_path / "clip.mp4", 23)
    score = rollup.scorer(lambda views: views.float().mean(dim=(1, 2, 3)), CONFIG)
    raws = score(tmp_path / "clip.mp4")
    assert len(raws) == 16
    assert all(100 < raw < 156 for raw in raws)


def test_rules_roll_up():
    raws = [0.0, 0.0, 4.0, 4.0, 4.0, 4.0, 0.0, -100.0]
    scores = {name: rule(raws, CONFIG) for name, rule in rollup.RULES.items()}
    assert scores["mean"] == -10.5
    assert scores["median (trimmed_mean 0.45)"] == 2
    assert scores["best 4 in a row"] == 4
    assert rollup.steadiest([1.0, 3.0], CONFIG) == 2


def clips(raws_of):
    return [
        rollup.Clip("made", condition, label, number, raws_of(label, number))
        for condition in ("one", "other")
        for label in (0, 1)
        for number in range(6)
    ]


def test_a_summary_has_intervals_and_levels():
    found = rollup.summary(clips(lambda label, number: [8.0 * label + number] * 16), CONFIG)
    assert found["mean"]["auc"]["one"] == (pytest.approx(1.0), 1.0, 1.0)
    assert found["top 0.5"]["gain_over_mean"] == (0.0, 0.0, 0.0)
    share, low, high = found["mean"]["recall_suspected"]
    assert 0 < low < share <= high <= 1


def gains(robust, top, false_alarms=0.0):
    rules = {name: {"gain_over_mean": (0.0, -0.1, 0.1), "false_alarms_elevated": (0.0,)} for name in rollup.SHIPPABLE}
    rules[rollup.ROBUST] |= {"gain_over_mean": robust}
    rules["top 0.5"] |= {"gain_over_mean": top, "false_alarms_elevated": (false_alarms,)}
    return {"made": rules}


@pytest.mark.parametrize(
    ("robust", "top", "false_alarms", "chosen"),
    [
        ((0.0, -0.1, 0.1), (0.1, -0.1, 0.2), 0.0, "trimmed_mean 0.2"),
        ((-0.1, -0.2, -0.05), (0.1, -0.1, 0.2), 0.0, "mean"),
        ((0.0, -0.1, 0.1), (0.1, 0.05, 0.2), 0.0, "top 0.5"),
        ((0.0, -0.1, 0.1), (0.1, 0.05, 0.2), 0.2, "trimmed_mean 0.2"),
    ],
)
def test_a_rule_is_chosen_by_what_can_be_told_apart(robust, top, false_alarms, chosen):
    assert rollup.choose(gains(robust, top, false_alarms)) == chosen
