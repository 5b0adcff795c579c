"""Counts the work that a scan does, where it is done: numbers that are the same each time, as seconds never are.

An examiner child counts for itself with ``did`` and tells its parent after each file; nothing is told of a file
that it dies of. The driver and Beam's workers have a ``Work`` each, and the scan's summary holds the sum of all.
"""

import threading
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

MEANINGS: Final = {
    "bytes_hashed": "read to tell contents apart",
    "bytes_copied": "fetched of remote files",
    "container_children": "processes started to read archives",
    "bytes_unpacked": "of members of archives, for their hashes and for their examination",
    "examiner_children": "processes started to examine files",
    "files_examined": "files handed to them, second tries included",
    "bytes_read": "of files, by examiner children: for marks, structure and frames",
    "pictures_opened": "headers of pictures read to decode them",
    "picture_frames_decoded": "frames, or pages, of which Pillow made pixels",
    "video_opens": "videos opened, or opened anew to go back to their start",
    "video_seeks": "moves to a moment by the container's index",
    "video_frames_decoded": "frames stepped to or passed on the way; not those that OpenCV passes within a seek",
    "video_frames_converted": "of these, made into pixels",
    "face_searches": "frames searched for faces",
    "face_pixels": "that the network for faces was given",
    "watermark_searches": "pictures searched for invisible watermarks",
    "label_looks": "frames, and composites of frames, read for labels",
    "text_searches": "runs of the network that finds text",
    "text_pixels": "that it was given",
    "line_readings": "runs of the networks that read a line",
    "messages": "from examiner children",
    "pixel_bytes": "of views that came with them",
    "model_calls": "forward passes of detectors' networks",
    "frames_scored": "views' frames, and faces, that these were for",
    "frames_padded": "with which their batches were filled up",
    "beam_elements": "that passed from one step of a segment's pipeline to the next, as far as the runner tells",
    "part_files": "written by segments",
    "delta_commits": "to tables of the store",
}
"""Every count by name: of what."""
_MOST: Final = 1 << 53


class Work:
    """Counts, from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()

    def add(self, name: str, amount: int = 1) -> None:
        """Counts so much more of what ``name``, a key of ``MEANINGS``, stands for."""
        with self._lock:
            self._counts[name] += amount

    def add_all(self, counts: Mapping[str, int]) -> None:
        """Counts what was counted elsewhere."""
        with self._lock:
            self._counts.update(counts)

    def counts(self) -> dict[str, int]:
        """What was counted so far, in the order of ``MEANINGS``, without what is none."""
        with self._lock:
            return {name: self._counts[name] for name in MEANINGS if self._counts[name]}

    def take(self) -> dict[str, int]:
        """The same; counting begins anew."""
        with self._lock:
            taken, self._counts = self._counts, Counter()
        return dict(taken)


OF_THIS_PROCESS: Final = Work()
did = OF_THIS_PROCESS.add


def work_from_json(data: Any) -> dict[str, int]:
    """Counts as a child sent them.

    Raises:
        TypeError, ValueError: They are none.
    """
    for name, amount in dict(data).items():
        if name not in MEANINGS or type(amount) is not int or not 0 <= amount <= _MOST:
            raise ValueError(f"{name!r} is counted {amount!r} times")
    return dict(data)
