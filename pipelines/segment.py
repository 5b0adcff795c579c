"""The Beam pipeline of one segment: references in, part files and a manifest out."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions

from pipelines.runners import RunnerChoice
from transforms.assemble import Assemble, networks_of, scores_of
from transforms.examination import EXAMINATIONS, Examine, ExamineOptions, views_for
from transforms.examine.settings import ExamineSettings
from transforms.records import DetectorChoice, Reference, SegmentSpec
from transforms.score import Score
from transforms.write import WriteParts, manifest_path


@dataclass(frozen=True, slots=True)
class SegmentConfig:
    """What is the same for all segments of a scan.

    Attributes:
        detectors: The first one's score is the item's.
        settings: Sampling, limits, and what the detectors that have networks want to see, in the same order.
        batch_size: Frames per forward pass.
        threads: Torch threads of each worker.
        examine: How workers run examiner children.
        runner: Which Beam runner runs the pipeline.
    """

    detectors: tuple[DetectorChoice, ...]
    settings: ExamineSettings
    batch_size: int
    threads: int
    examine: ExamineOptions
    runner: RunnerChoice


def build(references: beam.PCollection, spec: SegmentSpec, config: SegmentConfig) -> beam.PCollection:
    """The graph: frames live from Examine to the Score of each detector and cross no shuffle, small rows do."""
    examined = references | Examine(config.settings, config.examine)
    inputs = {EXAMINATIONS: examined[EXAMINATIONS]}
    for index, detector in enumerate(networks_of(config.detectors)):
        score = Score(detector.package, detector.info, config.batch_size, config.threads)
        inputs[scores_of(index)] = examined[views_for(index)] | f"Score {detector.info.name}" >> score
    return inputs | Assemble(spec, config.detectors) | WriteParts(spec)


def run_segment(
    references: Sequence[Reference], spec: SegmentSpec, config: SegmentConfig
) -> tuple[dict[str, Any], dict[str, float]]:
    """Runs the pipeline to its end.

    Returns:
        The manifest, and seconds per stage as far as the runner reports metrics.
    """
    options = PipelineOptions(config.runner.beam_arguments, s3_endpoint_url=config.examine.s3_endpoint or None)
    pipeline = beam.Pipeline(options=options)
    build(pipeline | "References" >> beam.Create(list(references)), spec, config)
    result = pipeline.run()
    state = result.wait_until_finish()
    if state != "DONE":
        raise RuntimeError(f"segment {spec.segment_id[:12]} ended as {state} on {config.runner.name}; see its log")
    with FileSystems.open(manifest_path(spec.store, spec.segment_id)) as file:
        manifest: dict[str, Any] = json.loads(file.read())
    return manifest, _seconds(result)


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
