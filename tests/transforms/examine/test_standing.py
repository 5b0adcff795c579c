"""The pool that stands: for whom, until when, and what it examines before it is asked to."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from examine_samples import place_of, settings_of

from tests.waiting import wait_until
from transforms.examine.options import ExamineOptions
from transforms.examine.standing import StandingPool, leave, pool_for, standing_pool

MISBEHAVING = ("python", "-P", str(Path(__file__).with_name("misbehaving.py")))
OPTIONS = ExamineOptions(command=MISBEHAVING)


@pytest.fixture
def scripts(write):
    """Writes files that tell the stand-in decoder what to do; returns their places."""
    return lambda *commands: [
        place_of(write(command.encode() + b"\n", f"{number}.mp4")) for number, command in enumerate(commands)
    ]


def is_open(pool, place):
    try:
        return pool.examine(place).frames != []
    except RuntimeError:
        return False


def test_it_is_given_for_the_same_and_outlives_whoever_leaves_it(scripts):
    (place,) = scripts("ok")
    with standing_pool(settings_of(), OPTIONS) as standing:
        for _ in range(2):
            pool = pool_for(settings_of(), replace(OPTIONS))
            assert pool is standing
            leave(pool)
            assert is_open(pool, place)
    assert not is_open(standing, place)
    leave(standing)


@pytest.mark.parametrize(
    ("settings", "options"),
    [(settings_of(3), OPTIONS), (settings_of(), replace(OPTIONS, children=2))],
)
def test_for_anything_else_there_is_one_of_the_callers_own(scripts, settings, options):
    (place,) = scripts("ok")
    with standing_pool(settings_of(), OPTIONS) as standing:
        own = pool_for(settings, options)
        assert own is not standing
        assert is_open(own, place)
        leave(own)
        assert not is_open(own, place)
        assert is_open(standing, place)


def test_it_is_closed_when_its_user_fails(scripts):
    (place,) = scripts("ok")
    with pytest.raises(OSError, match="disk"), standing_pool(settings_of(), OPTIONS) as standing:
        raise OSError("disk")
    assert not is_open(standing, place)
    assert pool_for(settings_of(), OPTIONS) is not standing


# Ahead


def examined(pool):
    return pool.work.counts().get("files_examined", 0)


def test_what_was_begun_is_not_begun_again(scripts):
    places = scripts("ok", "ok", "ok")
    with standing_pool(settings_of(), OPTIONS) as pool:
        pool.begin(places)
        wait_until(lambda: examined(pool) == 3)
        first = [pool.submit(place).result() for place in places]
        assert examined(pool) == 3
        assert {len(one.frames) for one in first} == {1}
        pool.submit(places[0]).result()
        assert examined(pool) == 4


def test_no_more_frames_wait_than_may(scripts):
    places = scripts(*["ok 16"] * 6)
    with standing_pool(settings_of(), OPTIONS) as pool:
        pool.begin(places)
        wait_until(lambda: examined(pool) == 2)
        pool.examine(places[0])  # by the one child, so it had nothing else to do
        assert examined(pool) == 3


def test_who_asks_goes_on_from_there(scripts):
    places = scripts("sleep 0.5", "ok", "ok")
    with standing_pool(settings_of(), OPTIONS) as pool:
        pool.begin(places)
        pool.submit(places[0]).result()
        pool.examine(places[1])
        assert examined(pool) == 2


def test_a_file_that_ends_its_child_does_not_end_what_is_ahead(scripts):
    places = scripts("abort", "ok")
    with standing_pool(settings_of(), OPTIONS) as pool:
        pool.begin(places)
        lost, whole = (pool.submit(place).result() for place in places)
        assert (lost.children_lost, len(lost.frames), len(whole.frames)) == (2, 0, 1)


def test_files_ahead_are_abandoned_with_the_pool(scripts, caplog):
    places = scripts("sleep 60", "ok")
    with closing(StandingPool(settings_of(), OPTIONS)) as pool:
        pool.begin(places)
        wait_until(lambda: examined(pool) == 1)
    assert examined(pool) == 1
    assert caplog.messages == []
