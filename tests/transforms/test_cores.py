import threading
import time

import pytest

from transforms.cores import Turns


class Files:
    """Threads that each want to examine one file and hold on to it until told to let go."""

    def __init__(self, turns, count):
        self.has_ended = False
        self.let_go = threading.Event()
        self.begun = threading.Semaphore(0)
        self._turns = turns
        self._threads = [threading.Thread(target=self._examine) for _ in range(count)]
        for thread in self._threads:
            thread.start()

    def _examine(self):
        with self._turns.when_free(lambda: self.has_ended):
            self.begun.release()
            self.let_go.wait()

    def have_begun(self, count):
        """Whether so many more begin, and no further one."""
        return all(self.begun.acquire(timeout=5) for _ in range(count)) and not self.begun.acquire(timeout=0.1)

    def end(self):
        self.let_go.set()
        for thread in self._threads:
            thread.join(5)
        return not any(thread.is_alive() for thread in self._threads)


@pytest.fixture
def turns():
    found = Turns()
    found.add(2)
    return found


def test_as_many_files_as_cores(turns):
    files = Files(turns, 3)
    assert files.have_begun(2)
    files.let_go.set()
    assert files.have_begun(1)
    assert files.end()


def test_files_wait_while_both_cores_score(turns):
    with turns.at_once(2):
        files = Files(turns, 2)
        assert files.have_begun(0)
    assert files.have_begun(2)
    assert files.end()


def test_one_core_that_scores_leaves_the_other(turns):
    with turns.at_once():
        files = Files(turns, 2)
        assert files.have_begun(1)
    assert files.have_begun(1)
    assert files.end()


def test_scoring_never_waits(turns):
    files = Files(turns, 2)
    assert files.have_begun(2)
    started = time.monotonic()
    with turns.at_once(2):
        assert time.monotonic() - started < 1
    assert files.end()


def test_a_file_that_fails_frees_its_core(turns):
    for _ in range(3):
        with pytest.raises(OSError, match="gone"), turns.when_free(lambda: False):
            raise OSError("gone")
    with turns.when_free(lambda: False), turns.when_free(lambda: False):
        pass


def test_who_waits_learns_of_the_end(turns):
    with turns.at_once(2):
        files = Files(turns, 2)
        assert files.have_begun(0)
        files.has_ended = True
        turns.add(0)
        assert files.have_begun(2)
        assert files.end()
