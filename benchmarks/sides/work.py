"""The work itself: the same functions for every contestant, those that a scan calls.

A contestant that is not Aiqyn gives files to `Work` in processes of one thread each; how it shares them out is all that
tells it from the others.
"""

import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import torch

import configs
from benchmarks.sides.legs import DECODE, Told, profile_of, told_as
from pipelines.profile import load_profile
from transforms.allocator import keep_memory
from transforms.conclude import conclude, gather
from transforms.detect.package import load_package
from transforms.detect.scoring import load_network, score_views
from transforms.examine.content import examine_content
from transforms.examine.frames import Pixels
from transforms.examine.settings import DetectorNeeds, ExamineSettings
from transforms.examine.views import FrameViews
from transforms.records import DetectorInfo, Examination, FrameKey, FrameScore

BATCH: Final = 16
"""Frames of a forward pass, as `aiqyn scan` has it."""


@dataclass(slots=True)
class _Item:
    """A file on its way: `unscored` views of it wait for the model."""

    path: Path
    examination: Examination
    frames: list[FrameViews]
    scored: list[tuple[FrameKey, FrameScore]] = field(default_factory=list)
    unscored: int = 0


class Work:
    """One leg's work in one process, with one thread.

    Args:
        leg: Of `legs`.
        parts: Folder for the Parquet files of the leg ``row``; the others write none.
    """

    def __init__(self, leg: str, parts: Path | None = None) -> None:
        keep_memory()
        cv2.setNumThreads(1)
        torch.set_num_threads(1)
        package, profile = load_package(configs.DEFAULT_DETECTOR), load_profile(profile_of(leg))
        self._config = package.config
        self._info = DetectorInfo(package.config.name, package.config.version, package.digest)
        self._network = load_network(package) if leg != DECODE else None
        needs = (DetectorNeeds(package.config.input, package.config.scope),)
        layers = profile.faces, profile.marks
        self._settings = ExamineSettings(profile.sampling, profile.limits, needs, *layers, labels=profile.labels)
        self._examine = examine_content
        self._rows = None
        if parts is not None:
            # Only this leg loads what only it needs: Beam, among other things, since our rows are put together there.
            from benchmarks.sides.audit import AuditRows, with_layers

            self._examine = with_layers(self._settings)
            self._rows = AuditRows(parts)

    def __call__(self, paths: Sequence[str]) -> list[str]:
        """What is told of each file of a batch, as JSON; every view is scored and every row written at its end."""
        return [json.dumps(told) for told in self.stream(paths)]

    def stream(self, paths: Iterable[str]) -> Iterator[Told]:
        """The same, one by one; batches of the model reach from file to file."""
        items: list[_Item] = []
        waiting: list[tuple[_Item, FrameKey, Pixels]] = []
        for path in paths:
            item = self._examined(Path(path))
            items.append(item)
            if self._network is not None:
                waiting += self._views(item)
            while len(waiting) >= BATCH:
                self._score(waiting[:BATCH])
                del waiting[:BATCH]
            ready = list(itertools.takewhile(lambda one: not one.unscored, items))
            del items[: len(ready)]
            yield from map(self._told, ready)
        if waiting:
            self._score(waiting)
        yield from map(self._told, items)
        if self._rows:
            self._rows.write()

    def score_only(self, frames: int) -> None:
        """Scores so many frames of noise and does nothing else: what the model alone costs."""
        if self._network is None:
            raise ValueError("The leg 'decode' has no network.")
        spec = self._config.input
        shape = (BATCH, spec.views, spec.size, spec.size, 3)
        views = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
        for _ in range(-(-frames // BATCH)):
            score_views(self._network, views, BATCH)

    def _examined(self, path: Path) -> _Item:
        frames: list[FrameViews] = []
        with path.open("rb") as file:
            examination = self._examine(file, path.name, self._settings, frames.append)
        return _Item(path, examination, frames)

    @staticmethod
    def _views(item: _Item) -> Iterator[tuple[_Item, FrameKey, Pixels]]:
        for number, frame in enumerate(item.frames):
            for (_, face), views in frame.views.items():
                item.unscored += 1
                yield item, FrameKey(item.path.name, number, frame.facts.timestamp_ms, face), views

    def _score(self, waiting: Sequence[tuple[_Item, FrameKey, Pixels]]) -> None:
        raws = score_views(self._network, np.stack([views for _, _, views in waiting]), BATCH)
        for (item, key, _), raw in zip(waiting, raws, strict=True):
            item.scored.append((key, FrameScore(float(raw))))
            item.unscored -= 1

    def _told(self, item: _Item) -> Told:
        found, score = item.examination, None
        if self._network is not None:
            facts = [frame.facts for frame in item.frames]
            answers = gather(0, self._config, self._info, facts, item.scored)
            if self._rows:
                self._rows.add(item.path, found, facts, answers)
            found = conclude(found, facts, [answers])
            score = found.scores[0].calibrated if found.scores else None
        return told_as(item.path.name, found.outcome, found.reason, found.frames_examined, score, found.perceptual_hash)
