"""The scan driver: inventory, plan, one Beam pipeline and one commit per segment."""

import logging
import time
import uuid
from collections import defaultdict
from contextlib import AbstractContextManager, closing
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pyarrow as pa
from deltalake.exceptions import DeltaError
from rich.console import Console

from pipelines.chosen import check_face_model, choices_of, load_detectors, needs_of
from pipelines.containers import with_members
from pipelines.due import DueItems
from pipelines.emptied import refuse_emptied
from pipelines.errors import Interrupted, MachineError, UsageError
from pipelines.findings import Baseline, find, find_baseline
from pipelines.ignore import tell_expired
from pipelines.inputs import Inputs, parse_scope
from pipelines.judge import judge_store
from pipelines.killed import close_killed_scans
from pipelines.lexicon_config import load_lexicon_texts
from pipelines.listing import set_beam_options
from pipelines.near_duplicates import mark_near_duplicates
from pipelines.plan import (
    Plan,
    cut_segments,
    examination_digest,
    make_plan,
)
from pipelines.policy_config import load_policies
from pipelines.profile import Profile, load_profile
from pipelines.progress import ScanProgress
from pipelines.scan_options import ScanOptions
from pipelines.scan_report import ScanReport
from pipelines.segment_runs import SegmentRuns
from pipelines.store import Store
from pipelines.summary import ScanSummary
from pipelines.troubles import machine_told, storage_faults
from pipelines.trust import load_trust
from pipelines.versions import installed_versions
from transforms.containers.opener import Opener
from transforms.cores import share_of_cores
from transforms.examine.settings import ExamineSettings
from transforms.outcomes import Outcome
from transforms.s3 import use_endpoint
from transforms.work import Work

_LOG = logging.getLogger("aiqyn.scan")


class Scan:
    """One run over sources into a store."""

    def __init__(self, options: ScanOptions, console: Console) -> None:
        use_endpoint(options.s3_endpoint)
        self._options = options
        self._console = console
        self._policies = options.policies or load_policies(None)
        self._runner = options.runner.check()
        self._profile: Profile = load_profile(options.profile)
        self._scope = parse_scope(
            options.sources,
            options.manifest,
            options.selection,
            options.context,
            opens_containers=self._profile.containers.enabled,
            part=options.part,
        )
        self._runner.check_sources(self._scope.sources)
        if options.skip_near_duplicates and self._runner.has_own_workers:
            raise UsageError(
                f"--skip-near-duplicates needs FnApiRunner: workers of {self._runner.name} lack what is compared."
            )
        packages = load_detectors(options.detectors)
        self._detectors, needs = choices_of(packages), needs_of(packages)
        profile = self._profile
        trust = load_trust(options.trust_lists or profile.trust.lists, (*profile.trust.anchors, *options.trust_anchors))
        if profile.faces.enabled:
            check_face_model()
        try:
            self._settings = ExamineSettings(
                profile.sampling,
                profile.limits,
                needs,
                profile.faces,
                profile.marks,
                trust,
                profile.labels,
                load_lexicon_texts((*profile.lexicon, *options.lexicon)),
                containers=profile.containers,
            )
        except ValueError as error:
            raise UsageError(str(error)) from error
        self._work = Work()
        self._opener = Opener(profile.limits, profile.containers, self._work)
        self._examination = examination_digest(self._settings, [detector.info for detector in self._detectors])
        self._scan_id = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}"
        self._started_at = datetime.now(UTC)
        self._seconds: defaultdict[str, float] = defaultdict(float)
        root = str(Store(options.store).root)
        told = self._scan_id, root, self._scope.addresses, self._started_at, self._seconds
        self.report = ScanReport(*told, part=options.part, work=self._work)

    def run(self, plan: Plan | None = None) -> ScanSummary:
        """Scans; every segment that ends is committed, whatever happens after it.

        Args:
            plan: What to do, where that is known already; else the sources are listed.

        Raises:
            UsageError: The sources, the context table or the store cannot be used as named.
            MachineError: A disk is full, cannot be written any more, or the like.
        """
        with closing(self._opener), machine_told(self._options.store):
            return self._run(plan)

    def _run(self, plan: Plan | None) -> ScanSummary:
        store = Store(self._options.store, work=self._work)
        inputs = Inputs() if plan else self._gather(store)
        named = inputs.named
        if self._options.dry_run:
            return self._summary(plan or self._plan(store, inputs))
        store.make()
        baseline = find_baseline(store, self._options.baseline)
        with self._held(store):
            recovered = _tidied(store)
            summary = self._summary(plan or self._plan(store, inputs))
            del inputs  # a scan of hours need not hold what is not due
            summary.recovered = recovered
            self.report.summary = summary
            try:
                store.record_scan(self._record(store, summary, "running"))
                self._run_segments(store, summary)
                self._judge(store, summary, baseline, named)
                self._mark_near_duplicates(store)
            except (Interrupted, KeyboardInterrupt):
                summary.was_interrupted = True
                self._record_end(store, summary, "interrupted")
                raise
            except BaseException:
                self._record_end(store, summary, "failed")
                raise
            store.record_scan(self._record(store, summary, "interrupted" if summary.was_interrupted else "complete"))
        return summary

    def _gather(self, store: Store) -> Inputs:
        members = partial(
            with_members,
            store=store,
            opener=self._opener,
            examination=self._examination,
            retry_failed=self._options.retry_failed,
        )
        if self._scope.heeds_beam_options:
            set_beam_options(self._runner.beam_arguments)
        return self._scope.gather(store.root, members, may_be_empty=self._options.allow_empty)

    def _held(self, store: Store) -> AbstractContextManager[None]:
        part = self._options.part
        return store.locks.whole("scan", self._scan_id) if part.is_whole else store.locks.part(part, self._scan_id)

    def _record_end(self, store: Store, summary: ScanSummary, status: str) -> None:
        """Where what ended the scan, such as a full disk, hinders this as well, the cause is what counts."""
        try:
            store.record_scan(self._record(store, summary, status))
        except Exception as error:
            if not isinstance(error, (OSError, DeltaError, MachineError, *storage_faults(self._options.store))):
                raise
            _LOG.warning("The scan's end could not be recorded (%s); the next scan records it as killed", error)

    def _judge(self, store: Store, summary: ScanSummary, baseline: Baseline | None, named: pa.Table) -> None:
        """Judges what has no verdict yet: also what an earlier scan, another part or another policy left without."""
        day, ignored = self._started_at.date(), self._options.ignored
        tell_expired(ignored, day)
        with store.locks.alone("judging"):
            summary.judged = judge_store(store, self._policies, day, ignored=ignored)
        self._seconds["judge"] = summary.judged.seconds
        ids = [one.policy.id for one in self._policies]
        summary.findings = find(
            store, ids, sources=self._scope.sources, named=named, part=self._options.part, baseline=baseline
        )

    def _mark_near_duplicates(self, store: Store) -> None:
        started = time.monotonic()
        with store.locks.alone("near-duplicates"):
            changed = mark_near_duplicates(store, self._scan_id)
        if changed:
            _LOG.info("Near-duplicates: of %d pictures it changed which one stands for them", changed)
        self._seconds["near_duplicates"] = time.monotonic() - started

    def _plan(self, store: Store, inputs: Inputs) -> Plan:
        started = time.monotonic()
        plan = make_plan(
            store,
            self._scope,
            inputs,
            self._examination,
            retry_failed=self._options.retry_failed,
            skips_near_duplicates=self._options.skip_near_duplicates,
        )
        self._seconds["plan"] = time.monotonic() - started
        if not self._options.allow_empty:
            refuse_emptied(plan, self._scope, inputs)
        return plan

    def _cut(self, plan: Plan) -> list[DueItems]:
        size = self._profile.segments
        return list(cut_segments(plan.due, size.target_seconds, self._options.segment_items or size.max_items))

    def _summary(self, plan: Plan) -> ScanSummary:
        seconds = sum(plan.due.costs()) / share_of_cores(1)
        segments = len(self._cut(plan))
        return ScanSummary(self._scan_id, self._options.store, plan, segments, seconds, part=self._options.part)

    def _run_segments(self, store: Store, summary: ScanSummary) -> None:
        segments = self._cut(summary.plan)
        if not segments:
            return  # and Beam and torch, which take seconds to load, are not needed
        runs = SegmentRuns(
            options=self._options,
            profile=self._profile,
            settings=self._settings,
            detectors=self._detectors,
            runner=self._runner,
            opener=self._opener,
            examination=self._examination,
            scan_id=self._scan_id,
            identity=self._identity(),
            seconds=self._seconds,
            work=self._work,
        )
        with ScanProgress(len(summary.plan.due), self._console, self.report.ticks) as progress:
            runs.run(store, summary, segments, progress)

    def _identity(self) -> dict[str, Any]:
        """What rows of ``segments`` and ``scans`` say about who examined, and how."""
        return {
            "versions": {name: version for name, version in installed_versions().items() if version},
            "detectors": [asdict(detector.info) for detector in self._detectors],
            "config_digest": self._profile.digest,
            "runner": f"{self._runner.name}:{self._runner.mode}:{self._runner.workers}",
        }

    def _record(self, store: Store, summary: ScanSummary, status: str) -> dict[str, Any]:
        now = datetime.now(UTC)
        has_ended = status != "running"
        return self._identity() | {
            "scan_id": self._scan_id,
            "status": status,
            "exit_status": int(summary.exit_code) if status in {"complete", "interrupted"} else None,
            "part": self._options.part.told,
            "started_at": self._started_at,
            "finished_at": now if has_ended else None,
            "sources": self._scope.addresses,
            "inputs": summary.plan.inputs,
            "left_out": sum(summary.plan.left_out.values()),
            "unchanged": summary.plan.unchanged,
            "planned": len(summary.plan.due),
            **{outcome.value: summary.count(outcome) for outcome in Outcome},
            "reused": summary.reused,
            "segments": summary.committed,
            "seconds": dict(self._seconds),
            "examination": self._examination,
            "verdicts": store.version("verdicts") if has_ended else None,
            "recorded_at": now,
        }


def _tidied(store: Store) -> int:
    """Finishes what drivers left that are gone, one driver after another; how many segments there were."""
    with store.locks.alone("recovery"):
        recovered = store.recover()
        close_killed_scans(store)
    if recovered:
        _LOG.info("Finished the commit of %d segments that an earlier scan had left", recovered)
    return recovered
