"""Remote sources that fail: what passes is waited out, what does not ends in a row or names its source."""

import gzip
import hashlib
from contextlib import closing
from pathlib import Path

import pytest

from pipelines.contents import hash_place
from pipelines.errors import UsageError
from pipelines.inventory import list_inputs, list_places
from pipelines.listing import look_up
from tests.faulty import FaultyFileSystem, StorageError
from transforms.containers.entries import ContainerLimits
from transforms.containers.opener import Opener
from transforms.examine.settings import Limits
from transforms.outcomes import Reason
from transforms.records import Examination, Place
from transforms.retry import causes

A = "faulty://bucket/a.png"


@pytest.fixture(autouse=True)
def storage(monkeypatch: pytest.MonkeyPatch) -> type[FaultyFileSystem]:
    FaultyFileSystem.reset()
    monkeypatch.setattr("transforms.retry.time.sleep", lambda _: None)
    for name in ("a.png", "a.txt", "b.png", "deep/c [1].png"):
        FaultyFileSystem.files[f"faulty://bucket/{name}"] = (f"bytes of {name}".encode(), 5.0)
    return FaultyFileSystem


def hashed(place: Place) -> str | Examination:
    with closing(Opener(Limits(), ContainerLimits())) as opener:
        return hash_place(place, 1 << 20, opener)


def test_a_listing_that_breaks_half_way_is_begun_anew(storage: type[FaultyFileSystem], tmp_path: Path) -> None:
    storage.fails("list", "faulty://bucket/", ConnectionResetError(), StorageError(503))
    places = list(list_inputs(["faulty://bucket"], tmp_path))
    assert [place.uri for place in places] == sorted(storage.files)
    assert storage.calls["list", "faulty://bucket/"] == 3


@pytest.mark.parametrize(
    ("error", "tries", "sentence"),
    [
        (TimeoutError("timed out"), 3, "faulty://bucket cannot be listed: timed out. It was tried several times"),
        (StorageError(403, "Forbidden"), 1, "faulty://bucket cannot be listed: Access is refused: Forbidden."),
    ],
)
def test_a_source_that_cannot_be_listed_is_named(storage, error: Exception, tries: int, sentence: str) -> None:
    storage.fails("list", "faulty://bucket/", *[error] * 3)
    with pytest.raises(UsageError) as told:
        list(list_places("faulty://bucket"))
    assert str(told.value).startswith(sentence)
    assert storage.calls["list", "faulty://bucket/"] == tries


def test_sidecars_in_a_folder_that_may_not_be_listed_are_none_and_in_one_that_hangs_a_stop(storage, tmp_path) -> None:
    storage.fails("list", "faulty://bucket/", StorageError(403))
    assert [place.beside for place in list_inputs([A], tmp_path)] == [()]
    storage.fails("list", "faulty://bucket/", *[StorageError(503)] * 3)
    with pytest.raises(UsageError, match=r"a\.png cannot be listed"):
        list(list_inputs([A], tmp_path))


@pytest.mark.parametrize("operation", ["open", "read"])
@pytest.mark.parametrize("error", [TimeoutError(), ConnectionResetError(), StorageError(503), StorageError(429)])
def test_a_file_that_fails_twice_is_read_from_its_start(storage, operation: str, error: Exception) -> None:
    storage.fails(operation, A, error, error)
    assert hashed(next(list_places(A))) == hashlib.sha256(b"bytes of a.png").hexdigest()
    assert storage.calls["open", A] == 3


@pytest.mark.parametrize(
    ("errors", "reason", "detail"),
    [
        ([StorageError(503, "slow down")] * 3, Reason.UNREADABLE, "slow down."),
        ([StorageError(403, "Forbidden")], Reason.UNREADABLE, "Access is refused: Forbidden."),
        ([StorageError(404)], Reason.VANISHED, "The file vanished during the scan."),
        ([FileNotFoundError(2, "No such file")], Reason.VANISHED, "The file vanished during the scan."),
        ([StorageError(412, "Other etag")], Reason.CHANGED_DURING_SCAN, "changed after it was listed: Other etag."),
    ],
)
def test_a_file_that_cannot_be_had_has_its_reason(storage, errors, reason: Reason, detail: str) -> None:
    place = next(list_places(A))
    storage.fails("open", A, *errors)
    found = hashed(place)
    assert isinstance(found, Examination)
    assert found.reason is reason
    assert detail in found.detail
    assert storage.calls["open", A] == len(errors)


def test_a_file_of_another_length_has_changed(storage) -> None:
    place = next(list_places(A))
    storage.files[A] = (b"other bytes, and more of them", 6.0)
    found = hashed(place)
    assert isinstance(found, Examination)
    assert found.reason is Reason.CHANGED_DURING_SCAN
    assert "29 bytes came, and 14 were listed" in found.detail


def test_a_container_that_cannot_be_had_says_why(storage) -> None:
    storage.files["faulty://bucket/x.zip"] = (b"PK", 5.0)
    storage.fails("open", "faulty://bucket/x.zip", StorageError(403, "Forbidden"))
    with closing(Opener(Limits(), ContainerLimits())) as opener:
        listed = opener.members(next(list_places("faulty://bucket/x.zip")))
    assert listed.ended == (Reason.UNREADABLE, "Access is refused: Forbidden.")


def test_packed_files_come_as_they_lie(storage) -> None:
    packed = gzip.compress(b"shard")
    storage.files["faulty://bucket/x.tar.gz"] = (packed, 5.0)
    assert hashed(next(list_places("faulty://bucket/x.tar.gz"))) == hashlib.sha256(packed).hexdigest()


def test_many_addresses_are_looked_up_with_an_answer_for_each(storage) -> None:
    for number in range(250):
        storage.files[f"faulty://bucket/{number}"] = (b"1", 5.0)
    forbidden, flaky, gone = (f"faulty://bucket/{number}" for number in (7, 50, "none"))
    storage.fails("metadata", forbidden, StorageError(403))
    storage.fails("metadata", flaky, StorageError(503), TimeoutError())
    wanted = [*storage.files, gone]
    found = dict(look_up(wanted))
    assert list(found) == wanted
    assert found[gone] is None
    assert [error.code for error in causes(found[forbidden])] == [403]
    assert storage.calls["metadata", flaky] == 3, "what lasts is taken out, and what passes is waited out"
    assert {found[uri].uri for uri in storage.files if uri != forbidden} == set(storage.files) - {forbidden}
    assert found["faulty://bucket/deep/c [1].png"].size_bytes == 23, "an address is no pattern"


def test_what_does_not_answer_is_taken_for_nothing(storage) -> None:
    storage.fails("metadata", A, *[StorageError(503)] * 3)
    with pytest.raises(OSError, match="Match operation failed"):
        list(look_up([A, "faulty://bucket/b.png"]))
