"""The pool that stands: for whom, and until when."""

from dataclasses import replace

import pytest
from examine_samples import MISBEHAVING, settings_of

from transforms.examine.options import ExamineOptions
from transforms.examine.standing import leave, pool_for, standing_pool

OPTIONS = ExamineOptions(command=MISBEHAVING)


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
