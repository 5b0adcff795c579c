"""Examine: references in, frames and examinations out, through examiner children that work ahead of the model."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.windowed_value import WindowedValue

from transforms.beside.gather import gather
from transforms.beside.read import read_context
from transforms.costs import note_cost
from transforms.examine.options import ExamineOptions
from transforms.examine.pool import ChildPool, Examined
from transforms.examine.settings import ExamineSettings
from transforms.examine.sniff import is_named_as_media
from transforms.examine.standing import leave, pool_for
from transforms.examine.views import FrameViews
from transforms.hdfs import use_server
from transforms.labels.lexicon import read_lexicon
from transforms.marks.found import MarksFound
from transforms.marks.meaning.rule_files import read_rules
from transforms.metrics import count, record_ms
from transforms.outcomes import Outcome, Reason
from transforms.records import Examination, FrameFacts, FrameKey, Place, Reference
from transforms.s3 import use_endpoint
from transforms.ticks import CHILD_LOST, Ticker

EXAMINATIONS = "examinations"
_AHEAD, _FRAMES_AHEAD = 3, 16
"""How many files, at least, and frames each child may be ahead of the model, so that no core waits for work."""
_OF_THE_PLACE = frozenset({Reason.UNREADABLE, Reason.VANISHED, Reason.CHANGED_DURING_SCAN})
"""Reasons for which the same bytes are looked for in their next place."""
_NOTHING = MarksFound((), ())


def views_for(detector: int) -> str:
    """The tag under which the views for the detector of that index come out."""
    return f"views{detector}"


class Examine(beam.PTransform):
    """``Reference`` → tagged outputs.

    ``views0``, ``views1`` …, one for each detector: (FrameKey, uint8 (views, size, size, 3));
    ``examinations``: (key, (Reference, Examination, tuple of FrameFacts)).
    """

    def __init__(self, settings: ExamineSettings, options: ExamineOptions) -> None:
        super().__init__()
        self._settings = settings
        self._options = options

    def expand(self, references: beam.PCollection) -> Any:
        """See the class."""
        examine = _ExamineFn(self._settings, self._options)
        tags = [views_for(index) for index in range(len(self._settings.detectors))]
        return references | "ExamineFiles" >> beam.ParDo(examine).with_outputs(*tags, EXAMINATIONS)


class _ExamineFn(beam.DoFn):
    """Hands references to children ahead of time, so that they decode while the model scores what came before.

    What lies beside the places of a content is read when its examination is known: for each place anew, since the same
    bytes may have other captions elsewhere.
    """

    def __init__(self, settings: ExamineSettings, options: ExamineOptions) -> None:
        self._settings = settings
        self._options = options
        inputs = settings.inputs
        self._tags: dict[int, list[tuple[int, str]]] = {index: [] for index in range(len(inputs))}
        for number, detector in enumerate(settings.detectors):
            self._tags[inputs.index(detector.input)].append((number, views_for(number)))
        self._children = 0
        self._look_ahead = 0
        self._pool: ChildPool | None = None
        self._readers: ThreadPoolExecutor | None = None
        self._pending: dict[Future[Examined], tuple[Reference, int]] = {}
        self._concluding: dict[Future[Reference], tuple[Examination, tuple[FrameFacts, ...]]] = {}

    def setup(self) -> None:
        if self._options.needs:
            self._options.needs.check()
        use_endpoint(self._options.s3_endpoint)
        use_server(self._options.hdfs_server)
        self._pool = pool_for(self._settings, self._options)
        self._children = self._pool.size
        self._look_ahead = _AHEAD * self._children
        self._readers = ThreadPoolExecutor(self._children, thread_name_prefix="beside")
        self._ticker = Ticker(self._options.ticks)

    def start_bundle(self) -> None:
        self._pending = {}
        self._concluding = {}

    def process(self, reference: Reference) -> Iterator[Any]:
        if reference.known is not None:
            yield from self._finish(reference, reference.known, ())
            while len(self._concluding) >= self._look_ahead:
                yield from self._collect()
            return
        if self._options.stop_file and _is_there(self._options.stop_file):
            count("examine", "deferred", len(reference.places))
            return
        self._begin(reference, 0)
        while len(self._pending) >= self._look_ahead:
            yield from self._collect()

    def finish_bundle(self) -> Iterator[Any]:
        while self._pending or self._concluding:
            for output in self._collect():
                window = GlobalWindow()
                value = WindowedValue(output.value, window.max_timestamp(), [window])
                yield beam.pvalue.TaggedOutput(output.tag, value)
        self._tell_work()

    def teardown(self) -> None:
        if self._pool and self._readers:
            leave(self._pool)
            self._readers.shutdown(wait=False, cancel_futures=True)
            self._ticker.close()

    def _begin(self, reference: Reference, index: int) -> None:
        """Has the content examined as it lies in its ``index``-th place."""
        if self._pool is None:
            raise RuntimeError("Examine was not set up; Beam calls setup() first")
        self._pending[self._pool.submit(reference.places[index])] = (reference, index)

    def _collect(self) -> Iterator[Any]:
        waiting: list[Future[Any]] = [*self._pending, *self._concluding]
        done, _ = wait(waiting, return_when=FIRST_COMPLETED)
        for future in done & self._concluding.keys():
            yield self._conclude(future.result(), *self._concluding.pop(future))
        for future in done & self._pending.keys():
            reference, index = self._pending.pop(future)
            examined = future.result()
            if examined.examination.reason in _OF_THE_PLACE and index + 1 < len(reference.places):
                self._begin(reference, index + 1)
                continue
            # Pictures have one frame each, films many: what is ahead waits in memory.
            self._look_ahead = self._children * max(_AHEAD, _FRAMES_AHEAD // max(1, len(examined.frames)))
            count("examine", "children_lost", examined.children_lost)
            for _ in range(examined.children_lost):
                self._ticker.tick(CHILD_LOST)
            record_ms("examine", "cpu_ms", examined.cpu_seconds)
            inputs: Counter[int] = Counter()
            for number, frame in enumerate(examined.frames):
                for detector, output in self._hand_out(reference.key, number, frame):
                    inputs[detector] += 1
                    yield output
            if self._options.costs:
                note_cost(self._options.costs, reference.places, examined.cpu_seconds, inputs)
            facts = tuple(frame.facts for frame in examined.frames)
            yield from self._finish(reference, examined.examination, facts)

    def _tell_work(self) -> None:
        if self._pool is None:
            raise RuntimeError("Examine was not set up; Beam calls setup() first")
        for name, amount in self._pool.work.take().items():
            count("examine", name, amount)

    def _hand_out(self, key: str, number: int, frame: FrameViews) -> Iterator[tuple[int, beam.pvalue.TaggedOutput]]:
        """Every view goes to each detector that wants such views and for which the frame is in scope."""
        for (index, face), views in frame.views.items():
            frame_key = FrameKey(key, number, frame.facts.timestamp_ms, face)
            for detector, tag in self._tags[index]:
                if frame.facts.not_assessable[detector] is None:
                    yield detector, beam.pvalue.TaggedOutput(tag, (frame_key, views))

    def _finish(
        self, reference: Reference, examination: Examination, frames: tuple[FrameFacts, ...]
    ) -> Iterator[beam.pvalue.TaggedOutput]:
        """Concludes at once where nothing lies beside any of the places, else when that is read."""
        if self._readers is None:
            raise RuntimeError("Examine was not set up; Beam calls setup() first")
        if self._settings.marks.enabled and any(_has_texts(place, examination) for place in reference.places):
            self._concluding[self._readers.submit(self._read_beside, reference, examination)] = (examination, frames)
        else:
            yield self._conclude(reference, examination, frames)

    def _read_beside(self, reference: Reference, examination: Examination) -> Reference:
        """The reference with what the texts beside each of its places say."""
        found = (self._read_texts(place) if _has_texts(place, examination) else _NOTHING for place in reference.places)
        return replace(reference, beside=tuple(found))

    def _read_texts(self, place: Place) -> MarksFound:
        """Of the user's own table here, of untrusted files in a child."""
        if self._pool is None:
            raise RuntimeError("Examine was not set up; Beam calls setup() first")
        texts, notes = gather(place.beside, self._pool.opener)
        told = _NOTHING
        if place.context is not None:
            told = read_context(place.context, read_lexicon(self._settings.lexicon), read_rules())
        read = self._pool.read_beside(texts) if texts else _NOTHING
        return MarksFound((*told.marks, *read.marks), (*notes, *told.layers, *read.layers))

    def _conclude(
        self, reference: Reference, examination: Examination, frames: tuple[FrameFacts, ...]
    ) -> beam.pvalue.TaggedOutput:
        for _ in reference.places:
            self._ticker.tick(examination.outcome)
        conclusion: tuple[str, Any] = (reference.key, (reference, examination, frames))
        return beam.pvalue.TaggedOutput(EXAMINATIONS, conclusion)


def _is_there(path: str) -> bool:
    """Whether the file is seen: a worker of another user, or on another machine, may not see where it would lie."""
    try:
        return Path(path).exists()
    except OSError:
        return False


def _has_texts(place: Place, examination: Examination) -> bool:
    """Whether texts beside a place are to be read: it holds a picture or video, or something named as one."""
    if not place.beside and place.context is None:
        return False
    is_media = examination.media_type is not None or is_named_as_media(place.member_path or place.uri)
    return is_media and examination.outcome is not Outcome.GONE
