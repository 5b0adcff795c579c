"""Builds the sample archive: photographs, drawn pictures, videos, and files that are broken or set a trap.

    python examples/build_archive.py [DEST]

Nothing is downloaded. Each row of ``ITEMS`` says what a scan must report of its file (``media/items.py``).
"""

import os
import shutil
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # run as a script, its own folder is first, and the project is not there

from examples.media.items import FILES, Item  # noqa: E402
from transforms.outcomes import Outcome, Reason  # noqa: E402

DEFAULT_DESTINATION: Final = ROOT / "examples" / "archive"
_BUILDER_VERSION: Final = 4
_LIBRARIES: Final = ("av", "numpy", "opencv-python-headless", "pillow", "scikit-image")
_README: Final = "README.txt"
_FILE_TIME: Final = 1_735_689_600  # 2025-01-01 UTC, so that two archives are equal in this too


def build_archive(destination: Path = DEFAULT_DESTINATION) -> bool:
    """Makes sure that the archive is at ``destination``.

    Returns:
        Whether it had to be built; False where it was there and up to date.

    Raises:
        FileExistsError: Something else is there.
    """
    readme = destination / _README
    if destination.exists():
        if not (readme.is_file() and readme.read_text(encoding="utf-8").startswith(_TITLE)):
            raise FileExistsError(f"{destination} is not a sample archive: name a folder that does not exist yet.")
        is_current = readme.read_bytes() == _readme()
        if is_current and all((destination / item.path).is_file() for item in ITEMS):
            return False
    # Built aside and moved as a whole: an archive that is there is complete.
    unfinished = destination.with_name(f".{destination.name}.unfinished")
    for folder in (unfinished, destination):
        if folder.exists():
            shutil.rmtree(folder)
    for item in ITEMS:
        path = unfinished / item.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(item.build())
        os.utime(path, (_FILE_TIME, _FILE_TIME))
    unfinished.rename(destination)
    return True


_TITLE: Final = "Sample archive of Aiqyn"


def _readme() -> bytes:
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    return (
        f"{_TITLE}\n\n"
        "Built by examples/build_archive.py; delete it if you like. The photographs come with scikit-image,\n"
        "all else is drawn by formula. Some files are broken or set a trap on purpose.\n\n"
        f"Builder {_BUILDER_VERSION}; {libraries}\n"
    ).encode()


ITEMS: Final = (*FILES, Item(_README, _readme, Outcome.NOT_CHECKED, Reason.NOT_MEDIA))


def main(arguments: list[str]) -> None:
    """Builds the archive at the given place, or at ``examples/archive``."""
    destination = Path(arguments[0]) if arguments else DEFAULT_DESTINATION
    is_new = build_archive(destination)
    sound = sum(item.outcome is Outcome.EXAMINED or bool(item.members) for item in ITEMS)
    state = "built" if is_new else "already there"
    print(f"{destination}: {len(ITEMS)} files, {sound} sound, {len(ITEMS) - sound} not, on purpose; {state}.")


if __name__ == "__main__":
    main(sys.argv[1:])
