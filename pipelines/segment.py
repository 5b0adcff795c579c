"""The Beam pipeline of one segment: references in, part files and a manifest out."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.metrics import monitoring_infos
from apache_beam.options.pipeline_options import PipelineOptions

from pipelines.errors import UsageError
from pipelines.runners import RunnerChoice
from pipelines.staging import read_manifest
from transforms.assemble import Assemble, networks_of, scores_of
from transforms.examination import EXAMINATIONS, Examine, views_for
from transforms.examine.options import ExamineOptions
from transforms.examine.settings import ExamineSettings
from transforms.fitness import WorkerNeeds, told_of_unfit
from transforms.part_files import WRITTEN_TO
from transforms.records import DetectorChoice, Reference, SegmentSpec
from transforms.score import Score
from transforms.work import MEANINGS
from transforms.write import WriteParts


@dataclass(frozen=True, slots=True)
class SegmentConfig:
    """What is the same for all segments of a scan.

    Attributes:
        detectors: The first one's score is the item's.
        settings: Sampling, limits, and what the detectors that have networks want to see, in the same order.
        batch_size: Frames per forward pass.
        threads: Cores on which each worker scores; 0: by its share of the machine's.
        device: Where it scores, a name for ``choose_device``.
        examine: How workers run examiner children.
        runner: Which Beam runner runs the pipeline.
        worker_versions: What workers that are not the driver's own have to have installed, by package, or None.
    """

    detectors: tuple[DetectorChoice, ...]
    settings: ExamineSettings
    batch_size: int
    threads: int
    device: str
    examine: ExamineOptions
    runner: RunnerChoice
    worker_versions: Mapping[str, str | None] | None = None


def build(references: beam.PCollection, spec: SegmentSpec, config: SegmentConfig) -> beam.PCollection:
    """The graph: frames live from Examine to the Score of each detector and cross no shuffle, small rows do."""
    examined = references | Examine(config.settings, config.examine)
    inputs = {EXAMINATIONS: examined[EXAMINATIONS]}
    for index, detector in enumerate(networks_of(config.detectors)):
        score = Score(
            detector.package, detector.info, config.batch_size, config.threads, config.examine.workers, config.device
        )
        inputs[scores_of(index)] = examined[views_for(index)] | f"Score {detector.info.name}" >> score
    return inputs | Assemble(spec, config.detectors) | WriteParts(spec)


def run_segment(
    references: Sequence[Reference], spec: SegmentSpec, config: SegmentConfig
) -> tuple[dict[str, Any], dict[str, float], dict[str, int]]:
    """Runs the pipeline to its end.

    Returns:
        The manifest; and, as far as the runner reports metrics, seconds per stage, and counts of ``transforms.work``.

    Raises:
        UsageError: A worker of an engine cannot do the work.
    """
    config = _with_needs(config, spec, references)
    options = PipelineOptions(config.runner.beam_arguments, s3_endpoint_url=config.examine.s3_endpoint or None)
    pipeline = beam.Pipeline(options=options)
    # The one worker of a driver gets all of them, so nothing has to be shuffled.
    given = beam.Create(list(references), reshuffle=not config.runner.is_in_driver)
    build(pipeline | "References" >> given, spec, config)
    with _unfit_told():
        result = pipeline.run()
        state = result.wait_until_finish()
    if state != "DONE":
        raise RuntimeError(f"segment {spec.segment_id[:12]} ended as {state} on {config.runner.name}; see its log")
    return read_manifest(spec.store, spec.segment_id), _seconds(result), _work(result)


def _with_needs(config: SegmentConfig, spec: SegmentSpec, references: Sequence[Reference]) -> SegmentConfig:
    if config.worker_versions is None:
        return config
    written = [config.runner.staging] if config.runner.staging else [f"{spec.store}/{one}" for one in WRITTEN_TO]
    writable = tuple(folder for folder in written if "://" not in folder)
    needs = WorkerNeeds(config.worker_versions, writable, _folders(references))
    return replace(config, examine=replace(config.examine, needs=needs))


def _folders(references: Sequence[Reference]) -> tuple[str, ...]:
    """For each source the folder below which all its local files lie that are going to be opened, if there are any."""
    folders: dict[str, set[str]] = {}
    for place in (place for one in references if one.known is None for place in one.places):
        if "://" not in place.path:
            folders.setdefault(place.source, set()).add(str(Path(place.path).parent))
    return tuple(sorted({os.path.commonpath(found) for found in folders.values()}))


@contextmanager
def _unfit_told() -> Iterator[None]:
    try:
        yield
    except Exception as error:  # of the type that the runner makes of its workers' errors
        if told := told_of_unfit(str(error)):
            raise UsageError(told) from error
        raise


_STAGES = {
    "cpu_ms": ("examine_cpu", 1e3),
    "inference_batch_latency_micro_secs": ("score", 1e6),
    "part_ms": ("write", 1e3),
}


def _seconds(result: Any) -> dict[str, float]:
    """Seconds per stage, summed over workers, from Beam's metrics."""
    seconds: dict[str, float] = {}
    for metric in result.metrics().query()["distributions"]:
        if metric.key.metric.name in _STAGES:
            stage, per_second = _STAGES[metric.key.metric.name]
            seconds[stage] = seconds.get(stage, 0.0) + metric.result.sum / per_second
    return seconds


def _work(result: Any) -> dict[str, int]:
    """What workers counted, summed, and the elements that passed between steps, from Beam's metrics."""
    counts: Counter[str] = Counter()
    for metric in result.metrics().query()["counters"]:
        if metric.key.metric.name in MEANINGS:
            counts[metric.key.metric.name] += metric.result or 0  # engines may tell of none as None
    if hasattr(result, "monitoring_infos"):  # runners of engines tell metrics of users only
        counts["beam_elements"] = sum(elements_by_collection(result).values())
    return dict(counts)


def elements_by_collection(result: Any) -> Counter[str]:
    """How many elements each collection of a pipeline that ran on ``FnApiRunner`` had."""
    counts: Counter[str] = Counter()
    for info in result.monitoring_infos():
        if info.urn == monitoring_infos.ELEMENT_COUNT_URN:
            counts[info.labels["PCOLLECTION"]] += monitoring_infos.extract_counter_value(info)
    return counts
