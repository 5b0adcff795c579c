"""Segment after segment: hash, reuse what is known, run its pipeline, commit."""

import logging
import time
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.chosen import check_device
from pipelines.contents import Hashes, hashed_ahead, to_references
from pipelines.due import Due
from pipelines.interrupt import Interrupt
from pipelines.job_server import with_job_server
from pipelines.loading import uncollected
from pipelines.near_duplicates import write_known
from pipelines.plan import known_examinations, segment_id
from pipelines.profile import Profile
from pipelines.progress import ScanProgress
from pipelines.runners import RunnerChoice
from pipelines.scan_options import ScanOptions
from pipelines.store import Store
from pipelines.summary import ScanSummary
from pipelines.versions import installed_versions
from transforms.containers.opener import Opener
from transforms.cores import TURNS, share_of_cores
from transforms.examine.options import ExamineOptions
from transforms.examine.settings import ExamineSettings
from transforms.examine.standing import standing_pool
from transforms.hdfs import chosen_server
from transforms.records import DetectorChoice, Examination, Place, Reference, SegmentSpec
from transforms.work import Work

if TYPE_CHECKING:
    from pipelines.segment import SegmentConfig

_LOG = logging.getLogger("aiqyn.scan")


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentRuns:
    """Runs the segments of one scan.

    Attributes:
        options: Of the scan.
        profile: Of the scan.
        settings: What examiner children have to know.
        detectors: The first one's score is the item's.
        runner: Which Beam runner runs the pipelines.
        opener: Opens places that are hashed here.
        examination: Digest of what is done to each content.
        scan_id: Of the scan.
        identity: What rows of ``segments`` say about who examined, and how.
        seconds: By stage; grows.
        work: What was done, counted; grows.
    """

    options: ScanOptions
    profile: Profile
    settings: ExamineSettings
    detectors: tuple[DetectorChoice, ...]
    runner: RunnerChoice
    opener: Opener
    examination: str
    scan_id: str
    identity: Mapping[str, Any]
    seconds: defaultdict[str, float]
    work: Work

    def run(
        self, store: Store, summary: ScanSummary, segments: Sequence[Sequence[Due]], progress: ScanProgress
    ) -> None:
        """Runs and commits one after the other, until all are done or a signal asks to stop.

        Args:
            store: To commit into.
            summary: Grows with each commit.
            segments: What is due, cut.
            progress: Is told of each.
        """
        stop_file = self._stop_file(store, progress.scratch)
        max_bytes = self.profile.limits.file_bytes
        with with_job_server(self.runner) as runner, Interrupt(stop_file) as interrupt, ExitStack() as standing:
            known = self._known(store, progress.scratch)
            examine = self._examine_options(runner, progress.address, str(stop_file), known)
            pool = standing.enter_context(standing_pool(self.settings, examine)) if runner.is_in_driver else None
            config = None
            hashed = hashed_ahead(segments, max_bytes, share_of_cores(1), self.opener, self.seconds)
            for number, (segment, hashes, next_hashes) in enumerate(hashed, 1):
                progress.segment(number, len(segments))
                references = self._references(store, segment, hashes)
                if pool:
                    current = {one.key for one in references}
                    coming = (
                        partial(self._coming, store, segments[number], next_hashes, current) if next_hashes else None
                    )
                    pool.begin([one.places[0] for one in references if one.known is None], coming)
                config = config or self._config(runner, examine)
                if not interrupt.requested:
                    self._run_one(store, summary, config, segment, references)
                    progress.committed(summary.outcomes)
                if interrupt.requested:
                    summary.was_interrupted = len(summary.plan.due) > summary.outcomes.total()
                    return

    def _coming(
        self, store: Store, segment: Sequence[Due], hashes: "Future[Hashes]", current: Collection[str]
    ) -> list[Place]:
        """Of the segment after that with the ``current`` contents what has to be examined, if that is known by now."""
        if not hashes.done() or hashes.cancelled():
            return []
        references = self._references(store, segment, hashes.result())
        return [one.places[0] for one in references if one.known is None and one.key not in current]

    @property
    def _staged(self) -> str | None:
        """Where workers leave their rows if not in the store: below a folder of this scan's own."""
        return f"{self.runner.staging.rstrip('/')}/{self.scan_id}" if self.runner.staging else None

    def _stop_file(self, store: Store, scratch: Path) -> Path:
        """Where workers see it: those of an engine see the folder that they write to, if it is one."""
        folder = self.runner.staging or str(store.root)
        is_seen = self.runner.has_own_workers and "://" not in folder
        return Path(folder) / f".stop-{self.scan_id}" if is_seen else scratch / "stop"

    def _references(self, store: Store, segment: Sequence[Due], hashes: list[str | Examination]) -> list[Reference]:
        known = partial(
            known_examinations,
            store,
            examination=self.examination,
            retried_by=self.scan_id if self.options.retry_failed else None,
            skips=self.options.skip_near_duplicates,
        )
        return to_references(segment, hashes, known)

    def _run_one(
        self,
        store: Store,
        summary: ScanSummary,
        config: "SegmentConfig",
        segment: Sequence[Due],
        references: list[Reference],
    ) -> None:
        from pipelines.segment import run_segment
        from pipelines.staging import bring_home

        reused = sum(len(one.places) for one in references if one.known and one.key == one.content_sha256)
        identifier = segment_id(segment, self.examination, self.profile.digest, store.forgotten())
        spec = SegmentSpec(
            scan_id=self.scan_id,
            segment_id=identifier,
            store=self._staged or str(store.root),
            examination=self.examination,
            started_at=datetime.now(UTC),
            extra=dict(self.identity) | {"reused": reused},
            s3_endpoint=self.options.s3_endpoint,
        )
        started = time.monotonic()
        # In a thread of its own, so that this one stays free for signals.
        with ThreadPoolExecutor(1, thread_name_prefix="segment") as background:
            manifest, seconds, work = background.submit(run_segment, references, spec, config).result()
        self.work.add_all(work | {"part_files": len(manifest["parts"])})
        seconds["pipeline"] = time.monotonic() - started
        if self._staged:
            bring_home(manifest, self._staged, store.disk)
        done = sum(sum(part["counts"].values()) for part in manifest["parts"])
        if done:
            store.commit_segment(manifest, {"seconds": seconds, "deferred": len(segment) - done})
            summary.add(manifest)
        else:
            store.discard(manifest)
        for stage, spent in seconds.items():
            self.seconds[stage] += spent
        _LOG.info("Segment %s: %d items in %.1f s", identifier[:12], done, seconds["pipeline"])

    def _known(self, store: Store, folder: Path) -> str | None:
        """A file of what earlier scans examined, if what looks like it is to be skipped and there is any."""
        file = folder / "known"
        skips = self.options.skip_near_duplicates and write_known(store, self.examination, file)
        return str(file) if skips else None

    def _examine_options(self, runner: RunnerChoice, ticks: str, stop_file: str, known: str | None) -> ExamineOptions:
        """As many children as a worker has cores, and as many threads that score: they take turns."""
        return ExamineOptions(
            self.options.children,
            runner.workers,
            ticks,
            stop_file,
            s3_endpoint=self.options.s3_endpoint,
            hdfs_server=chosen_server(),
            known=known,
            costs=self.options.costs,
        )

    def _config(self, runner: RunnerChoice, examine: ExamineOptions) -> "SegmentConfig":
        with uncollected(), TURNS.at_once():
            from pipelines.segment import SegmentConfig
            from transforms.detect.device import frames_per_batch

        options = self.options
        if not runner.has_own_workers:
            check_device(options.device)
        return SegmentConfig(
            detectors=self.detectors,
            settings=self.settings,
            batch_size=options.batch_size or frames_per_batch(options.device),
            threads=options.threads,
            device=options.device,
            examine=examine,
            runner=runner,
            worker_versions=installed_versions() if runner.has_own_workers else None,
        )
