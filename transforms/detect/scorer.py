"""A detector's network at work, on all cores or on a graphics card."""

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from numpy.typing import NDArray

from transforms.cores import TURNS
from transforms.detect.device import CPU, on_device
from transforms.detect.headed import Headed
from transforms.detect.package import DetectorPackage
from transforms.detect.scoring import check_answer, load_network, score_views


class Scorer:
    """Scores frames with one network.

    Cores that share a convolution wait for each other. So of a ``Headed`` network, to which a batch is nothing but a
    row of parts, each core computes parts of its own: none waits, and the numbers are those of one core, however many
    there are. Any other network passes whole batches, on which all cores work together.

    Attributes:
        frames_at_once: Of one pass; the last one of a batch is filled up.

    Args:
        package: The detector.
        batch_size: Frames in one forward pass.
        threads: Cores to use.
        device: From ``choose_device``.

    Raises:
        DetectorError: As ``load_network``; ``self_test_failed`` where the device gives another answer.
    """

    def __init__(self, package: DetectorPackage, batch_size: int, threads: int, device: torch.device = CPU) -> None:
        network = load_network(package)
        self.frames_at_once, self._threads = batch_size, threads
        self._cores: ThreadPoolExecutor | None = None
        if device == CPU and isinstance(network, Headed):
            self.frames_at_once, self._threads = _frames_of_whole_passes(network, package.config.input.views), 1
            self._cores = ThreadPoolExecutor(threads, "scorer", torch.set_num_threads, (1,))
        self._is_on_cpu = device == CPU
        self._network = on_device(network, device)
        if device != CPU:
            check_answer(self._network, package)

    def score(self, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The raw logit of each frame.

        Args:
            frames: uint8 (N, V, S, S, 3), N at least 1.

        Raises:
            ValueError: As ``score_views``.
        """
        torch.set_num_threads(self._threads)
        if self._cores is None:
            with TURNS.at_once(self._threads if self._is_on_cpu else 0):
                return score_views(self._network, frames, self.frames_at_once)
        parts = [frames[start : start + self.frames_at_once] for start in range(0, len(frames), self.frames_at_once)]
        return np.concatenate(list(self._cores.map(self._score_part, parts)))

    def _score_part(self, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        with TURNS.at_once():
            return score_views(self._network, frames, self.frames_at_once)


def _frames_of_whole_passes(network: Headed, views: int) -> int:
    """The fewest frames whose views fill every pass of the network."""
    return network.VIEWS_AT_ONCE // math.gcd(network.VIEWS_AT_ONCE, views)
