"""Scoring through RunInference: fixed batches, a bad frame costs one frame, a worker with another package refuses."""

import apache_beam as beam
import numpy as np
import pytest
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that
from hypothesis import given, settings
from hypothesis import strategies as st

import configs
from transforms.detect.package import DetectorError, load_package
from transforms.detect.scorer import Scorer
from transforms.records import DetectorInfo, FrameKey
from transforms.score import DetectorHandler, Score

DEFAULT = configs.DEFAULT_DETECTOR
PACKAGE = load_package(DEFAULT)
INFO = DetectorInfo(PACKAGE.config.name, PACKAGE.config.version, PACKAGE.digest)
SPEC = PACKAGE.config.input


def frame(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (SPEC.views, SPEC.size, SPEC.size, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def network() -> Scorer:
    return DetectorHandler(DEFAULT, INFO, 4, threads=1).load_model()


@pytest.fixture(scope="module")
def alone(network: Scorer) -> list[float]:
    handler = DetectorHandler(DEFAULT, INFO, 1, threads=1)
    return [next(iter(handler.run_inference([frame(seed)], network))).raw for seed in range(6)]


def test_a_process_loads_a_detector_once(network: Scorer) -> None:
    assert DetectorHandler(DEFAULT, INFO, 4, threads=1).load_model() is network
    assert DetectorHandler(DEFAULT, INFO, 8, threads=1).load_model() is not network


@settings(max_examples=15)
@given(seeds=st.lists(st.integers(0, 5), min_size=1, max_size=9), batch_size=st.sampled_from([1, 3, 8]))
def test_a_score_does_not_depend_on_its_company(seeds, batch_size, network, alone) -> None:
    handler = DetectorHandler(DEFAULT, INFO, batch_size, threads=1)
    scores = handler.run_inference([frame(seed) for seed in seeds], network)
    assert [score.raw for score in scores] == pytest.approx([alone[seed] for seed in seeds], abs=1e-5)


@pytest.mark.parametrize(
    "bad",
    [np.zeros((1, 2, 3), np.uint8), np.zeros((SPEC.views, SPEC.size, SPEC.size, 3), np.float32)],
    ids=["another shape", "another type"],
)
def test_a_bad_frame_costs_one_frame(bad: np.ndarray, network: Scorer, alone: list[float]) -> None:
    handler = DetectorHandler(DEFAULT, INFO, 4, threads=1)
    scores = list(handler.run_inference([frame(0), bad, frame(1)], network))
    assert scores[1].raw is None
    assert scores[1].error
    assert [scores[0].raw, scores[2].raw] == pytest.approx(alone[:2], abs=1e-5)


def test_the_size_of_a_batch_is_that_of_its_pixels() -> None:
    handler = DetectorHandler(DEFAULT, INFO, 4, threads=1)
    assert handler.get_num_bytes([frame(0), frame(1)]) == 2 * frame(0).nbytes


def test_what_fills_up_the_last_pass_is_counted(network: Scorer, monkeypatch: pytest.MonkeyPatch) -> None:
    counted: dict[str, int] = {}
    monkeypatch.setattr("transforms.score.count", lambda _stage, name, amount: counted.update({name: amount}))
    passes, missing = 2, 1
    frames = [frame(seed) for seed in range(passes * network.frames_at_once - missing)]
    list(DetectorHandler(DEFAULT, INFO, 16, threads=1).run_inference(frames, network))
    assert counted == {"model_calls": passes, "frames_scored": len(frames), "frames_padded": missing}


def test_a_score_that_is_no_number_is_an_error(network: Scorer) -> None:
    class Broken:
        frames_at_once = 4

        def score(self, frames: np.ndarray) -> np.ndarray:
            return np.full(len(frames), np.nan)

    scores = list(DetectorHandler(DEFAULT, INFO, 4, threads=1).run_inference([frame(0)], Broken()))
    assert scores[0].raw is None
    assert "nan" in scores[0].error


def test_batches_have_one_size() -> None:
    kwargs = DetectorHandler(DEFAULT, INFO, 7, threads=1).batch_elements_kwargs()
    assert kwargs == {"min_batch_size": 7, "max_batch_size": 7}


def test_a_worker_without_the_card_that_is_named_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(DetectorError, match="--device cpu"):
        DetectorHandler(DEFAULT, INFO, 4, threads=1, device="cuda").load_model()


def test_a_worker_with_another_package_refuses() -> None:
    other = DetectorInfo(INFO.name, INFO.version, "0" * 64)
    with pytest.raises(DetectorError, match="Install the same aiqyn and detector package on every worker"):
        DetectorHandler(DEFAULT, other, 4, threads=1).load_model()


def test_the_transform_keeps_keys_with_their_scores(alone: list[float]) -> None:
    keyed = [(FrameKey("content", seed, None), frame(seed)) for seed in range(5)]

    def check(found) -> None:
        raws = {key.frame_index: score.raw for key, score in found}
        assert [raws[seed] for seed in range(5)] == pytest.approx(alone[:5], abs=1e-5)

    with TestPipeline(runner="FnApiRunner") as pipeline:
        scores = pipeline | beam.Create(keyed) | Score(DEFAULT, INFO, batch_size=2, threads=1)
        assert_that(scores, check)
