"""Pictures for the page: decoded behind it, one item ahead of the person, the last few kept in memory."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Self

from pipelines.case import Row
from pipelines.stills import Picture, Stills

Pictures = list[Picture]
_Key = tuple[str, bool]
_MOST_KEPT = 12
"""Contents; of a video all frames, some three megabytes."""
_MOST_PLACES = 5
"""Of a content that are tried for its pictures."""


class Gallery:
    """Decodes and keeps pictures. Safe to use from several threads.

    Args:
        stills: Closed by the gallery.
        most: How many contents are kept.
    """

    def __init__(self, stills: Stills, most: int = _MOST_KEPT) -> None:
        self._stills, self._most = stills, most
        self._decoder = ThreadPoolExecutor(1, thread_name_prefix="gallery")
        self._kept: OrderedDict[_Key, Future[Pictures]] = OrderedDict()
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._decoder.shutdown(wait=False, cancel_futures=True)
        self._stills.__exit__()

    def want(self, rows: Sequence[Row], *, are_faces_shown: bool = False, is_ahead: bool = False) -> Future[Pictures]:
        """Pictures of a content, which come as soon as they are decoded.

        Args:
            rows: Of ``items``, of its places; at least one.
            are_faces_shown: Whether faces are not blurred.
            is_ahead: Whether nobody waits for them yet: what somebody waits for takes the turn of those.

        Returns:
            A future that raises ``StillMissingError`` where there is none.
        """
        key = rows[0]["content_sha256"], are_faces_shown
        with self._lock:
            found = self._kept.get(key)
            if found is None or found.cancelled():
                if not is_ahead:
                    self._drop_waiting()
                call = partial(self._stills.of_first, rows[:_MOST_PLACES], are_faces_shown=are_faces_shown)
                found = self._kept[key] = self._decoder.submit(call)
            self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)[1].cancel()
            return found

    def _drop_waiting(self) -> None:
        for key in [key for key, future in self._kept.items() if future.cancel()]:
            del self._kept[key]
