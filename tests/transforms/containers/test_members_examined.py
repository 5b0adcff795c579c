"""Members in the pool of examiner children."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from examples.media import pictures
from tests.transforms.containers.archives import zipped
from tests.transforms.examine.examine_samples import place_of, settings_of
from transforms.containers.opener import Opener
from transforms.examine.pool import ChildPool
from transforms.outcomes import Outcome, Reason
from transforms.records import Place


@pytest.fixture
def member(tmp_path: Path) -> Place:
    path = tmp_path / "a.zip"
    path.write_bytes(zipped([("a.jpg", pictures.jpeg(pictures.photograph("coffee", 64)))]))
    return replace(place_of(path), member_path="a.jpg")


@pytest.fixture
def pool() -> Iterator[ChildPool]:
    with closing(ChildPool(settings_of(), 1)) as one:
        yield one


def test_a_member_is_examined(pool: ChildPool, member: Place) -> None:
    assert pool.examine(member).examination.outcome is Outcome.EXAMINED


@pytest.mark.parametrize("change", [Path.unlink, Path.touch])
def test_a_container_that_changes_meanwhile(
    pool: ChildPool, member: Place, change: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_member = Opener.open

    def opened_and_changed(opener: Opener, place: Place) -> int:
        descriptor = open_member(opener, place)
        change(Path(place.path))  # type: ignore[operator]
        return descriptor

    monkeypatch.setattr(Opener, "open", opened_and_changed)
    assert pool.examine(member).examination.reason is Reason.CHANGED_DURING_SCAN
