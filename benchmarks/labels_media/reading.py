"""Where the benchmark meets the reader of labels: pictures in this process, clips through the child of a scan."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.labels_media.photos import Pixels
from pipelines.profile import load_profile
from transforms.examine.pool import ChildPool
from transforms.examine.settings import ExamineSettings, FaceSearch
from transforms.labels.lexicon import read_lexicon
from transforms.labels.match import Label
from transforms.labels.networks import read_networks
from transforms.labels.reader import LabelReader, Sighting
from transforms.marks.mark import Mark, Says
from transforms.records import Place

_LAYER: Final = "visible_label"
_WARNS: Final = frozenset({Says.AI, Says.AI_PART})


@dataclass(frozen=True, slots=True)
class Found:
    """A warning that was read: its text, and what was measured of it; None where nothing was.

    Attributes:
        text: As read.
        language: As the lexicon has it.
        box: Left, top, width and height in pixels.
        height_ratio: Height of its letters over the frame's short side.
        contrast: Grey levels.
        seconds: First and last second in which it was seen, and for how many in all.
    """

    text: str
    language: str = ""
    box: tuple[int, int, int, int] | None = None
    height_ratio: float | None = None
    contrast: float | None = None
    seconds: tuple[float, float, float] | None = None


PictureReader = Callable[[Pixels], list[Found]]
ClipReader = Callable[[Path], list[Found]]


def picture_reader() -> PictureReader:
    """Reads the warnings of a picture.

    Raises:
        NetworkMissingError: The reader's networks are not there.
    """
    reader = LabelReader(read_networks(), read_lexicon())

    def read(rgb: Pixels) -> list[Found]:
        short = min(rgb.shape[:2])
        return [found for one in reader.read(rgb).sightings if (found := of_sighting(one, short))]

    return read


@contextmanager
def clip_reader() -> Iterator[ClipReader]:
    """Reads the warnings of videos, as a scan with the default profile finds them, all in one child."""
    profile = load_profile("default")
    settings = ExamineSettings(profile.sampling, profile.limits, (), FaceSearch(enabled=False))
    with closing(ChildPool(settings, 1)) as pool:

        def read(path: Path) -> list[Found]:
            status = path.stat()
            place = Place(str(path), str(path), str(path), status.st_size, status.st_mtime_ns)
            return [found for mark in pool.examine(place).examination.marks if (found := of_mark(mark))]

        yield read


def of_sighting(sighting: Sighting, short_side: int) -> Found | None:
    """The warning of a sighting; None for a generator's name alone, or a denial."""
    label, box = sighting.found, sighting.box
    if not isinstance(label, Label) or label.says not in _WARNS:
        return None
    corners = (box.x, box.y, box.width, box.height)
    return Found(label.text, label.language, corners, sighting.line_height / short_side, sighting.contrast)


def of_mark(mark: Mark) -> Found | None:
    """The warning of a mark; None for a generator's name alone, a denial, or a mark that no viewer sees."""
    if mark.layer != _LAYER or mark.says not in _WARNS or mark.kind.startswith("trace."):
        return None
    text, shown = mark.value or mark.kind, mark.shown
    if shown is None:
        return Found(text)
    box, seconds = None, None
    sides = (shown.box_x, shown.box_y, shown.box_width, shown.box_height)
    if None not in sides:
        box = sides
    if shown.first_ms is not None and shown.last_ms is not None and shown.shown_ms is not None:
        seconds = (shown.first_ms / 1000, shown.last_ms / 1000, shown.shown_ms / 1000)
    return Found(text, shown.language or "", box, shown.height_ratio, shown.contrast, seconds)
