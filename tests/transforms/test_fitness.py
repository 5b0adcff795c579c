"""A worker that cannot do the work says so before it looks at a file, in a sentence that reaches the driver."""

import importlib.metadata
from pathlib import Path

import pytest

from transforms.fitness import UnfitWorkerError, WorkerNeeds, told_of_unfit

VERSION = importlib.metadata.version("apache-beam")


@pytest.fixture
def needs(tmp_path: Path) -> dict:
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "a.jpg").touch()
    (tmp_path / "store").mkdir()
    return {
        "versions": {"apache-beam": VERSION, "no-such-package": None},
        "writable": (str(tmp_path / "store"),),
        "readable": (str(tmp_path / "sources"),),
    }


def test_a_worker_that_has_all_is_fit(needs: dict) -> None:
    WorkerNeeds(**needs).check()


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"versions": {"apache-beam": "1.0"}}, f"apache-beam is 1.0 where the driver runs and {VERSION} on a worker"),
        ({"versions": {"apache-beam": None}}, f"apache-beam is not installed where the driver runs and {VERSION} on"),
        ({"versions": {"none-such": "2"}}, "none-such is 2 where the driver runs and not installed on a worker"),
        ({"writable": ("/no/store",)}, "A worker does not see /no/store, where rows go: mount it"),
        ({"writable": ("/proc",)}, "A worker may not write to /proc, where rows go: give its user the right"),
        ({"readable": ("/no/archive",)}, "A worker does not see what is in /no/archive: mount the sources"),
        ({"readable": ("{store}",)}, "/store: mount the sources"),
    ],
)
def test_what_it_lacks_is_told(other: dict, told: str, needs: dict, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("os.access", lambda folder, mode: folder != "/proc")  # root may write anywhere
    if other.get("readable") == ("{store}",):
        other = {"readable": (str(tmp_path / "store"),)}  # there, and empty: a mount that is missing
    with pytest.raises(UnfitWorkerError, match=told) as caught:
        WorkerNeeds(**(needs | other)).check()
    error = f"Traceback\n  File …\ntransforms.fitness.UnfitWorkerError: {caught.value} [while running 'Examine']\n"
    sentence = told_of_unfit(error)
    assert sentence
    assert told in sentence
    assert " The worker is " in sentence


def test_other_errors_are_none_of_its() -> None:
    assert told_of_unfit("RuntimeError: The disk is full.") is None
