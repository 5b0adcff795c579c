"""Score: views of frames in, raw logits out, through Beam's RunInference with a handler of our own.

Beam's stock handler converts every frame to float alone and returns each with its input; it was measured at 1.5 times
the cost. Its error handling drops a whole batch for one bad frame; here a bad frame costs one frame.
"""

import functools
from collections.abc import Iterable, Sequence
from typing import Any

import apache_beam as beam
import numpy as np
import torch
from apache_beam.ml.inference.base import KeyedModelHandler, ModelHandler, RunInference

from transforms.allocator import keep_memory
from transforms.cores import share_of_cores
from transforms.detect.device import choose_device
from transforms.detect.package import check_digest, load_package
from transforms.detect.scorer import Scorer
from transforms.examine.frames import Pixels
from transforms.metrics import count
from transforms.records import DetectorInfo, FrameScore


class Score(beam.PTransform):
    """(FrameKey, uint8 (views, size, size, 3)) → (FrameKey, FrameScore)."""

    def __init__(
        self, detector: str, info: DetectorInfo, batch_size: int, threads: int, workers: int = 1, device: str = "cpu"
    ) -> None:
        super().__init__()
        self._handler = DetectorHandler(detector, info, batch_size, threads, workers, device)

    def expand(self, frames: beam.PCollection) -> beam.PCollection:
        """See the class."""
        return frames | "RunInference" >> RunInference(KeyedModelHandler(self._handler))


class DetectorHandler(ModelHandler[Pixels, FrameScore, Scorer]):
    """Scores batches of a fixed number of frames, so that a score never depends on its company.

    Args:
        detector: Name or folder of the detector package, resolved on the worker.
        info: The package's identity; a worker that has another one refuses to score.
        batch_size: Frames per batch.
        threads: Cores on which a worker computes; 0: its share of the machine's.
        workers: Those that share a machine.
        device: A name for ``choose_device``, resolved on the worker.
    """

    def __init__(
        self, detector: str, info: DetectorInfo, batch_size: int, threads: int, workers: int = 1, device: str = "cpu"
    ) -> None:
        super().__init__()
        self._detector = detector
        self._info = info
        self._batch_size = batch_size
        self._threads = threads
        self._workers = workers
        self._device = device

    def load_model(self) -> Scorer:
        """Loads, checks and self-tests the detector, once for all segments that this process works on.

        Raises:
            DetectorError: The package is broken, or not the one that the driver named; ``no_cuda``.
        """
        keep_memory()
        threads = self._threads or share_of_cores(self._workers)
        return _scorer(self._detector, self._info.digest, self._batch_size, threads, choose_device(self._device))

    def run_inference(
        self, batch: Sequence[Pixels], model: Scorer, inference_args: dict[str, Any] | None = None
    ) -> Iterable[FrameScore]:
        """Scores a batch; when it fails as a whole, each frame alone."""
        del inference_args
        calls = -(-len(batch) // model.frames_at_once)
        count("score", "model_calls", calls)
        count("score", "frames_scored", len(batch))
        count("score", "frames_padded", calls * model.frames_at_once - len(batch))
        try:
            raws = model.score(np.stack(batch))
        except (RuntimeError, ValueError, TypeError) as error:
            if len(batch) == 1:
                count("score", "frames_failed")
                return [FrameScore(None, f"{type(error).__name__}: {error}"[:300])]
            return [score for views in batch for score in self.run_inference([views], model)]
        return [FrameScore(float(raw)) if np.isfinite(raw) else FrameScore(None, f"the score is {raw}") for raw in raws]

    def batch_elements_kwargs(self) -> dict[str, int]:
        """Fixed batches: Beam's adaptive ones depend on timing."""
        return {"min_batch_size": self._batch_size, "max_batch_size": self._batch_size}

    def get_num_bytes(self, batch: Sequence[Pixels]) -> int:
        """Of the pixels, for a metric; Beam would pickle them all to tell."""
        return sum(views.nbytes for views in batch)

    def get_metrics_namespace(self) -> str:
        """Namespace of RunInference's own metrics."""
        return "score"


@functools.lru_cache(maxsize=4)
def _scorer(detector: str, digest: str, batch_size: int, threads: int, device: torch.device) -> Scorer:
    package = load_package(detector)
    check_digest(package, digest)
    return Scorer(package, batch_size, threads, device)
