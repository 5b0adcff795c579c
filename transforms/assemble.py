"""Assemble: an examination and what detectors answered become rows; here frames are long gone."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import apache_beam as beam

from transforms.beside.context import COLUMNS
from transforms.conclude import Answers, conclude, fused, gather
from transforms.detect.calibration import calibrate
from transforms.detect.package import FusionPackage, load_named
from transforms.examination import EXAMINATIONS
from transforms.examine.sniff import is_named_as_media
from transforms.marks.found import MarksFound
from transforms.marks.mark import Mark, mark_id
from transforms.outcomes import Reason
from transforms.part_files import Row
from transforms.records import DetectorChoice, Examination, FrameFacts, FrameScore, Place, Reference, SegmentSpec

_NOTHING = MarksFound((), ())


def scores_of(detector: int) -> str:
    """The tag under which the scores of the detector of that index, among those with networks, come in."""
    return f"scores{detector}"


def networks_of(detectors: Sequence[DetectorChoice]) -> list[DetectorChoice]:
    """The detectors that have networks, and so get views: fusions get none."""
    return [detector for detector in detectors if not detector.is_fusion]


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of one content: one item row per place, one frame row per frame and detector, one row per mark.

    Marks of a place, which lie beside the file, name it; those of the content itself name none.
    """

    items: list[Row]
    frames: list[Row]
    marks: list[Row]


class Assemble(beam.PTransform):
    """{examinations: (key, (Reference, Examination, frames)), scores0, …: (FrameKey, FrameScore)} → ``Rows``.

    One element for each content.
    """

    def __init__(self, spec: SegmentSpec, detectors: Sequence[DetectorChoice]) -> None:
        super().__init__()
        self._spec = spec
        self._detectors = detectors

    def expand(self, inputs: Any) -> beam.PCollection:
        """See the class."""
        joined = {EXAMINATIONS: inputs[EXAMINATIONS]}
        for index, detector in enumerate(networks_of(self._detectors)):
            tag = scores_of(index)
            by_content = f"ByContent {detector.info.name}" >> beam.Map(lambda scored: (scored[0].key, scored))
            joined[tag] = inputs[tag] | by_content
        return joined | "Join" >> beam.CoGroupByKey() | "ToRows" >> beam.ParDo(_AssembleFn(self._spec, self._detectors))


class _AssembleFn(beam.DoFn):
    def __init__(self, spec: SegmentSpec, detectors: Sequence[DetectorChoice]) -> None:
        self._spec = spec
        self._detectors = detectors

    def setup(self) -> None:
        self._packages = [load_named(detector.package, detector.info.digest) for detector in self._detectors]

    def process(self, joined: tuple[str, dict[str, Iterable[Any]]]) -> Iterator[Rows]:
        key, parts = joined
        examinations = list(parts[EXAMINATIONS])
        if len(examinations) != 1:
            raise RuntimeError(f"{key} has {len(examinations)} examinations in one segment; every content has one")
        reference, examination, frames = examinations[0]
        yield assemble(reference, examination, frames, self._answers(frames, parts), self._spec)

    def _answers(self, frames: Sequence[FrameFacts], parts: dict[str, Iterable[Any]]) -> list[Answers]:
        """Of each detector, in their order; fusions are computed last, from those of their members."""
        found: dict[str, Answers] = {}
        chosen = list(zip(self._packages, self._detectors, strict=True))
        networks = [(package.config, detector.info) for package, detector in chosen if not detector.is_fusion]
        for index, (config, info) in enumerate(networks):
            found[info.name] = gather(index, config, info, frames, parts[scores_of(index)])
        for package, detector in chosen:
            if isinstance(package, FusionPackage):
                members = [found[member.name] for member in package.config.fuses]
                found[detector.info.name] = fused(package.config, detector.info, members)
        return [found[detector.info.name] for detector in self._detectors]


def assemble(
    reference: Reference,
    examination: Examination,
    frames: Sequence[FrameFacts],
    answers: Sequence[Answers],
    spec: SegmentSpec,
) -> Rows:
    """The rows of one content.

    Args:
        reference: The content and its places in this segment, with what was read beside them.
        examination: Without scores when it is new, with them when it was known.
        frames: The sampled frames, in order; none when it was known.
        answers: What each detector answered; the first one's score is the item's.
        spec: What all rows of the segment share.
    """
    if reference.known is None:
        examination = replace(conclude(examination, frames, answers), examined_at=spec.started_at)
    shared = {
        "scan_id": spec.scan_id,
        "segment_id": spec.segment_id,
        "content_sha256": reference.content_sha256,
    }
    score = examination.scores[0].calibrated if examination.scores else None
    content = reference.content_sha256
    of_content = {"examination": spec.examination}
    marks = [shared | _mark_row(mark) | of_content | {"mark_id": mark_id(content, mark)} for mark in examination.marks]
    examination = replace(examination, marks=())
    items = []
    for place, beside in zip(reference.places, reference.beside or (_NOTHING,) * len(reference.places), strict=True):
        address = {"uri": place.uri, "member_path": place.member_path}
        there = replace(_as_named(examination, place), layers=(*examination.layers, *beside.layers))
        items.append(
            {
                **shared,
                **asdict(there),
                **address,
                "source": place.source,
                "size_bytes": place.size_bytes,
                "mtime_ns": place.mtime_ns,
                "score": score,
                "examination": spec.examination,
                "beside": place.beside_digest,
                "members": place.members,
                "etag": place.etag,
                **{name: getattr(place.context, name, None) for name in COLUMNS},
            }
        )
        of_place = {f"place_{name}": value for name, value in address.items()} | of_content
        marks += [
            shared | _mark_row(mark) | of_place | {"mark_id": mark_id(content, mark, place.uri, place.member_path)}
            for mark in beside.marks
        ]
    rows = [shared | row for one in answers for row in _frame_rows(frames, one)]
    return Rows(items, rows, marks)


def _mark_row(mark: Mark) -> Row:
    row = asdict(mark)
    shown = row.pop("shown") or {}
    return row | shown | {"class": row.pop("mark_class"), "facts": sorted(mark.facts.items())}


def _frame_rows(frames: Sequence[FrameFacts], answers: Answers) -> Iterator[Row]:
    """One detector's row for each frame."""
    for index, (facts, score) in enumerate(zip(frames, answers.frames, strict=True)):
        yield {
            "frame_index": index,
            "timestamp_ms": facts.timestamp_ms,
            "detector": answers.info.name,
            "detector_digest": answers.info.digest,
            **_score_columns(score, answers),
            "error": score.error,
            "not_assessable": score.not_assessable,
            "face_count": facts.face_count,
            "faces": None if facts.faces is None else _face_cells(index, facts, answers),
        }


def _face_cells(index: int, facts: FrameFacts, answers: Answers) -> list[Row]:
    unscored = FrameScore(None)
    return [
        asdict(face) | _score_columns(answers.faces.get((index, number), unscored), answers)
        for number, face in enumerate(facts.faces or ())
    ]


def _score_columns(score: FrameScore, answers: Answers) -> dict[str, float | None]:
    return {"score": None if score.raw is None else calibrate(score.raw, answers.config), "raw": score.raw}


def _as_named(examination: Examination, place: Place) -> Examination:
    """Bytes that are no media are told apart by the name they lie under, which may differ from place to place."""
    if examination.reason not in {Reason.NOT_MEDIA, Reason.NAMED_AS_MEDIA}:
        return examination
    reason = Reason.NAMED_AS_MEDIA if is_named_as_media(place.member_path or place.uri) else Reason.NOT_MEDIA
    more = (examination.detail or "").removeprefix(examination.reason.sentence)
    return examination.ended(reason, reason.sentence + more)
