"""What the machine refused, told from errors that Beam, Delta and DuckDB wrap in their own."""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from deltalake.exceptions import DeltaError

from pipelines.delta_faults import plain
from pipelines.errors import Interrupted, MachineError, UsageError
from transforms import s3
from transforms.retry import sentence_of

_GO_ON = "What was finished is committed; run the same command again to go on."
_FULL = "Make room."
_REFUSALS = {
    errno.ENOSPC: ("The disk is full", _FULL),
    errno.EDQUOT: ("The disk quota is used up", _FULL),
    errno.EFBIG: ("A file would be larger than this process may write", "Raise the limit (ulimit -f)."),
    errno.EROFS: ("The disk cannot be written any more, it is read-only", "Look at the system's log; mount it anew."),
    errno.EACCES: ("Access was refused", "Give this user the right to write there."),
    errno.EIO: ("The disk reports an input/output error", "Look at the system's log."),
    errno.ESTALE: ("The network disk was unmounted or changed on its server", "Mount it anew."),
    errno.EMFILE: ("This process may open no more files", "Raise the limit (ulimit -n)."),
}
"""By error number: what happened, and what to do. Libraries hand on the number's text, if not the number."""
_OF_STORAGE = ("S3 error", "Error performing", "error sending request", "privileges to complete")
_MOST_CHARACTERS = 400
_NO_FOLDER = f"There is no folder for temporary files that can be written. Name one in TMPDIR. {_GO_ON}"
_NO_TEMPORARY = ("No usable temporary directory", "No temporary file can be made")


def told_of(error: BaseException, free: Mapping[str, int]) -> str | None:
    """One sentence on what the machine refused; None where the error says nothing of that.

    Args:
        error: As it was caught; what it was raised from is looked at, too.
        free: Free bytes by folder, for people who have to make room.
    """
    texts = " ".join(str(one) for one in _chain(error))
    for number, (happened, advice) in _REFUSALS.items():
        if os.strerror(number) in texts:
            room = ", ".join(f"{count / 1e6:,.1f} MB free at {folder}" for folder, count in free.items())
            where = f" ({room})" if advice == _FULL and room else ""
            return f"{happened}{where}. {advice} {_GO_ON}"
    return _NO_FOLDER if any(text in texts for text in _NO_TEMPORARY) else None


@contextmanager
def machine_told(store: str | Path) -> Iterator[None]:
    """Turns errors within, as far as the machine is to blame, into such a sentence.

    Raises:
        MachineError: The machine refused something.
    """
    try:
        yield
    except (UsageError, MachineError, Interrupted, KeyboardInterrupt):
        raise
    except Exception as error:
        temporary = _temporary_folder()
        folders = [str(store), temporary] if temporary else [str(store)]
        free = {folder: shutil.disk_usage(folder).free for folder in folders if Path(folder).is_dir()}
        if told := told_of(error, free) or (None if temporary else _NO_FOLDER):
            raise MachineError(told) from error
        if told := storage_told(store, error):
            raise MachineError(told) from error
        raise


def storage_faults(store: str | Path) -> "tuple[type[Exception], ...]":
    """What our client raises where the storage on which a store lies refuses, fails or is not reached."""
    return s3.faults() if str(store).startswith(s3.SCHEME) else ()


def storage_told(store: str | Path, error: BaseException) -> str | None:
    """One sentence on what the storage of a store on S3 said; None where the error says nothing of that."""
    faults = storage_faults(store)
    for one in _chain(error) if faults else ():
        sentence = sentence_of(one) if isinstance(one, faults) else _of_delta(one)
        if sentence:
            return f"The storage of {store} failed or refused: {sentence} {_GO_ON}"
    return None


def _of_delta(error: BaseException) -> str | None:
    """What delta-rs says of storage."""
    if not isinstance(error, OSError | DeltaError) or not any(word in str(error) for word in _OF_STORAGE):
        return None
    return f"{plain(error)[:_MOST_CHARACTERS].rstrip('.')}."


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _temporary_folder() -> str | None:
    """None where there is none, or none any more."""
    try:
        folder = tempfile.gettempdir()
    except OSError:
        return None
    return folder if Path(folder).is_dir() else None
