"""A network at work: numbers are those of one core, however many there are; a graphics card's but for rounding."""

import gc
import threading

import numpy as np
import pytest
import torch

import configs
from tests.detectors import make_detector
from transforms.detect import scorer as scorers
from transforms.detect.device import frames_per_batch
from transforms.detect.errors import DetectorError
from transforms.detect.package import load_package
from transforms.detect.scorer import Scorer
from transforms.detect.scoring import load_network, score_views

PACKAGE = load_package(configs.DEFAULT_DETECTOR)
SPEC = PACKAGE.config.input
FRAMES = np.random.default_rng(3).integers(0, 256, (9, SPEC.views, SPEC.size, SPEC.size, 3), np.uint8)
ANOTHER_DEVICE = torch.device("cpu:0")
"""Not the name that scans know the processor by: what is done for a card is done for it, on the processor."""


@pytest.fixture(scope="module")
def on_one_core() -> np.ndarray:
    torch.set_num_threads(1)
    return score_views(load_network(PACKAGE), FRAMES, 16)


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("count", [1, 4, 9])
def test_scores_are_those_of_one_core_to_the_bit(threads: int, count: int, on_one_core: np.ndarray) -> None:
    assert np.array_equal(Scorer(PACKAGE, 16, threads).score(FRAMES[:count]), on_one_core[:count])


@pytest.mark.parametrize(("count", "passes"), [(1, 3), (4, 3), (5, 6), (9, 9)])
def test_every_pass_is_full_and_few_are_for_nothing(count: int, passes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    scorer = Scorer(PACKAGE, 16, 2)
    network = type(load_network(PACKAGE))
    statistics, seen = network.statistics, []

    def watched(self, pixels: torch.Tensor) -> torch.Tensor:
        seen.append((len(pixels), torch.get_num_threads()))
        return statistics(self, pixels)

    monkeypatch.setattr(network, "statistics", watched)
    scorer.score(FRAMES[:count])
    assert seen == [(4, 1)] * passes


def test_where_all_views_pass_together_scores_are_the_same_but_for_rounding(
    on_one_core: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transforms.detect.headed.most_at_once", lambda batch, on_cores: len(batch))
    scores = Scorer(PACKAGE, 16, 1, ANOTHER_DEVICE).score(FRAMES)
    assert scores == pytest.approx(on_one_core, abs=1e-5)
    assert not np.array_equal(scores, np.zeros(len(FRAMES)))


def test_a_device_that_answers_otherwise_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(network: torch.nn.Module, device: torch.device) -> torch.nn.Module:
        return torch.nn.Sequential(network, torch.nn.Threshold(1e9, 1e9))

    monkeypatch.setattr(scorers, "on_device", broken)
    with pytest.raises(DetectorError, match="self test") as caught:
        Scorer(PACKAGE, 16, 1, ANOTHER_DEVICE)
    assert caught.value.code == "self_test_failed"


def test_other_networks_pass_whole_batches_on_all_cores(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = load_package(make_detector(tmp_path / "compact", "compact"))
    scorer, seen = Scorer(package, 4, 2), []
    network = load_network(package)
    forward = type(network).forward
    monkeypatch.setattr(
        type(network),
        "forward",
        lambda self, views: seen.append((len(views), torch.get_num_threads())) or forward(self, views),
    )
    frames = np.random.default_rng(1).integers(0, 256, (5, 2, 32, 32, 3), np.uint8)
    assert scorer.score(frames) == pytest.approx(score_views(network, frames, 1), abs=1e-5)
    assert seen[:2] == [(8, 2)] * 2


def test_a_scorer_that_is_let_go_leaves_no_thread_behind() -> None:
    others = threading.enumerate()
    scorer = Scorer(PACKAGE, 16, 2)
    scorer.score(FRAMES)
    started = [thread for thread in threading.enumerate() if thread not in others]
    assert started
    del scorer
    gc.collect()
    for thread in started:
        thread.join(10)
    assert not any(thread.is_alive() for thread in started)


@pytest.mark.parametrize(
    ("device", "has_card", "frames"), [("auto", False, 16), ("auto", True, 64), ("cuda", False, 64), ("cpu", True, 16)]
)
def test_a_card_takes_more_frames_at_a_time(device, has_card, frames, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: has_card)
    assert frames_per_batch(device) == frames
