"""Large libraries are loaded without collecting garbage, and it is collected again afterwards."""

import gc

import pytest

from pipelines.loading import uncollected


@pytest.fixture
def _thawed():
    yield
    gc.unfreeze()
    gc.enable()


def _fail_to_load() -> None:
    assert not gc.isenabled()
    raise ImportError


@pytest.mark.usefixtures("_thawed")
@pytest.mark.parametrize("was_enabled", [True, False])
def test_garbage_is_collected_again_as_before(was_enabled: bool) -> None:
    (gc.enable if was_enabled else gc.disable)()
    frozen = gc.get_freeze_count()
    with pytest.raises(ImportError), uncollected():
        _fail_to_load()
    assert gc.isenabled() is was_enabled
    assert gc.get_freeze_count() > frozen
