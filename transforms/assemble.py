"""Assemble: an examination and the scores of its frames become rows; here frames are long gone."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

import apache_beam as beam

from transforms.detect.calibration import calibrate, level, roll_up
from transforms.detect.package import DetectorConfig, load_package
from transforms.examine.sniff import is_named_as_media
from transforms.outcomes import Outcome, Reason
from transforms.records import (
    DetectorInfo,
    DetectorScore,
    Examination,
    FrameKey,
    FrameScore,
    LayerNote,
    Place,
    Reference,
    SegmentSpec,
)

Row = dict[str, Any]
Scored = tuple[FrameKey, FrameScore]


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of one content: one item row per place."""

    items: list[Row]
    frames: list[Row]


class Assemble(beam.PTransform):
    """{examinations: (key, (Reference, Examination)), scores: (FrameKey, FrameScore)} → ``Rows``, one per content."""

    def __init__(self, spec: SegmentSpec, detector: str, info: DetectorInfo) -> None:
        super().__init__()
        self._assemble = _AssembleFn(spec, detector, info)

    def expand(self, inputs: Any) -> beam.PCollection:
        """See the class."""
        scores = inputs["scores"] | "ByContent" >> beam.Map(lambda scored: (scored[0].key, scored))
        joined = {"examinations": inputs["examinations"], "scores": scores} | "Join" >> beam.CoGroupByKey()
        return joined | "ToRows" >> beam.ParDo(self._assemble)


class _AssembleFn(beam.DoFn):
    def __init__(self, spec: SegmentSpec, detector: str, info: DetectorInfo) -> None:
        self._spec = spec
        self._detector = detector
        self._info = info

    def setup(self) -> None:
        self._config = load_package(self._detector).config

    def process(self, joined: tuple[str, dict[str, Iterable[Any]]]) -> Iterator[Rows]:
        key, parts = joined
        examinations = list(parts["examinations"])
        if len(examinations) != 1:
            raise RuntimeError(f"{key} has {len(examinations)} examinations in one segment; every content has one")
        reference, examination = examinations[0]
        yield assemble(reference, examination, list(parts["scores"]), self._spec, self._config, self._info)


def assemble(
    reference: Reference,
    examination: Examination,
    scored: list[Scored],
    spec: SegmentSpec,
    config: DetectorConfig,
    info: DetectorInfo,
) -> Rows:
    """The rows of one content.

    Args:
        reference: The content and its places in this segment.
        examination: Without scores when it is new, with them when it was known.
        scored: The frames' scores, in any order.
        spec: What all rows of the segment share.
        config: The detector's calibration and roll-up.
        info: The detector's identity.
    """
    scored = sorted(scored, key=lambda one: one[0].frame_index)
    if reference.known is None:
        examination = conclude(examination, [score for _, score in scored], config, info)
        examination = replace(examination, examined_at=spec.started_at)
    shared = {
        "scan_id": spec.scan_id,
        "segment_id": spec.segment_id,
        "content_sha256": reference.content_sha256,
    }
    score = examination.scores[0].calibrated if examination.scores else None
    items = [
        {
            **shared,
            **asdict(_as_named(examination, place)),
            "source": place.source,
            "uri": place.uri,
            "member_path": place.member_path,
            "size_bytes": place.size_bytes,
            "mtime_ns": place.mtime_ns,
            "score": score,
            "examination": spec.examination,
        }
        for place in reference.places
    ]
    frames = [
        {
            **shared,
            "frame_index": frame.frame_index,
            "timestamp_ms": frame.timestamp_ms,
            "detector": info.name,
            "detector_digest": info.digest,
            "score": None if score.raw is None else calibrate(score.raw, config),
            "raw": score.raw,
            "error": score.error,
        }
        for frame, score in scored
    ]
    return Rows(items, frames)


def _as_named(examination: Examination, place: Place) -> Examination:
    """Bytes that are no media are told apart by the name they lie under, which may differ from place to place."""
    if examination.reason not in {Reason.NOT_MEDIA, Reason.NAMED_AS_MEDIA}:
        return examination
    reason = Reason.NAMED_AS_MEDIA if is_named_as_media(place.member_path or place.uri) else Reason.NOT_MEDIA
    return examination.ended(reason, reason.sentence)


def conclude(
    examination: Examination, scores: list[FrameScore], config: DetectorConfig, info: DetectorInfo
) -> Examination:
    """Adds the detector's roll-up; an item of whose frames none could be scored was not examined."""
    raws = [score.raw for score in scores if score.raw is not None]
    examination = replace(examination, frames_examined=len(raws))
    if not raws:
        if examination.outcome is not Outcome.EXAMINED:
            return examination
        error = next((score.error for score in scores if score.error), "no frame reached the detector")
        return examination.ended(Reason.SCORING_FAILED, error)
    raw = roll_up(raws, config)
    calibrated = calibrate(raw, config)
    roll = DetectorScore(info.name, info.digest, raw, calibrated, level(calibrated, config))
    layers = examination.layers
    if len(raws) < len(scores):
        layers = (
            *layers,
            LayerNote("detector", "frames_failed", f"{len(scores) - len(raws)} of {len(scores)} frames"),
        )
    return replace(examination, scores=(roll,), layers=layers)
