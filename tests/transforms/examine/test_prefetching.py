"""What a pool examines before it is asked to: the first files of a segment, and of the one that follows it."""

import threading
from contextlib import closing

from examine_samples import MISBEHAVING, settings_of

from tests.waiting import wait_until
from transforms.examine import prefetching
from transforms.examine.options import ExamineOptions
from transforms.examine.prefetching import PrefetchingPool

OPTIONS = ExamineOptions(command=MISBEHAVING)


def examined(pool):
    return pool.work.counts().get("files_examined", 0)


def test_what_was_begun_is_not_begun_again(scripts):
    places = scripts("ok", "ok", "ok")
    with closing(PrefetchingPool(settings_of(), OPTIONS)) as pool:
        pool.begin(places)
        wait_until(lambda: examined(pool) == 3)
        first = [pool.submit(place).result() for place in places]
        assert examined(pool) == 3
        assert {len(one.frames) for one in first} == {1}
        pool.submit(places[0]).result()
        assert examined(pool) == 4


def test_no_more_views_wait_than_may(scripts, monkeypatch):
    """One file's views have room, and a second begins where there is any."""
    (spec,) = settings_of().inputs
    monkeypatch.setattr(prefetching, "_BYTES_AHEAD", 16 * spec.views * spec.size**2 * 3 + 1)
    places = scripts(*["ok 16"] * 6)
    with closing(PrefetchingPool(settings_of(), OPTIONS)) as pool:
        pool.begin(places)
        wait_until(lambda: examined(pool) == 2)
        pool.examine(places[0])  # by the one child, so it had nothing else to do
        assert examined(pool) == 3


def test_who_asks_goes_on_from_there(scripts):
    places = scripts("sleep 0.5", "ok", "ok")
    with closing(PrefetchingPool(settings_of(), OPTIONS)) as pool:
        pool.begin(places)
        pool.submit(places[0]).result()
        pool.examine(places[1])
        assert examined(pool) == 2


def test_a_file_that_ends_its_child_does_not_end_what_is_ahead(scripts):
    places = scripts("abort", "ok")
    with closing(PrefetchingPool(settings_of(), OPTIONS)) as pool:
        pool.begin(places)
        lost, whole = (pool.submit(place).result() for place in places)
        assert (lost.children_lost, len(lost.frames), len(whole.frames)) == (2, 0, 1)


def test_files_ahead_are_abandoned_with_the_pool(scripts, caplog):
    places = scripts("sleep 60", "ok")
    with closing(PrefetchingPool(settings_of(), OPTIONS)) as pool:
        pool.begin(places)
        wait_until(lambda: examined(pool) == 1)
    assert examined(pool) == 1
    assert caplog.messages == []


# The next segment


def test_what_follows_is_begun_when_all_is_asked_for(scripts):
    first, second, third, fourth = scripts("ok", "ok", "ok", "ok")
    with closing(PrefetchingPool(settings_of(), OPTIONS)) as pool:
        pool.begin([first, second], lambda: [third, fourth])
        pool.submit(first).result()
        wait_until(lambda: examined(pool) >= 1)
        pool.submit(second).result()
        wait_until(lambda: examined(pool) == 4)
        pool.begin([third, fourth])
        for place in (third, fourth):
            assert len(pool.submit(place).result().frames) == 1
        assert examined(pool) == 4


def test_of_what_was_begun_only_what_the_next_segment_has_is_kept(scripts):
    first, known, other = scripts("ok", "ok", "ok")
    with closing(PrefetchingPool(settings_of(), OPTIONS)) as pool:
        pool.begin([first], lambda: [known, other])
        pool.submit(first)
        wait_until(lambda: examined(pool) == 3)
        pool.begin([other])
        pool.submit(other).result()
        assert examined(pool) == 3
        pool.submit(known).result()
        assert examined(pool) == 4


def test_what_is_told_too_late_is_not_begun(scripts):
    first, second, late = scripts("ok", "ok", "ok")
    begun_anew = threading.Event()
    with closing(PrefetchingPool(settings_of(), OPTIONS)) as pool:

        def following():
            begun_anew.wait(10)
            return [late]

        pool.begin([first], following)
        pool.submit(first).result()
        pool.begin([second])
        begun_anew.set()
        pool.submit(second).result()
        assert len(pool.submit(late).result().frames) == 1
        assert examined(pool) == 3


def test_where_it_cannot_be_told_a_line_says_so_and_all_is_examined(scripts, caplog):
    first, second = scripts("ok", "ok")

    def following():
        raise OSError("the store is away")

    with closing(PrefetchingPool(settings_of(), OPTIONS)) as pool:
        pool.begin([first], following)
        pool.submit(first).result()
        wait_until(lambda: caplog.messages)
        assert "the store is away" in caplog.text
        pool.begin([second])
        assert len(pool.submit(second).result().frames) == 1
