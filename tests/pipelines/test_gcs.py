"""Google Storage over HTTP, without a scan: what is listed, looked up and read, and what each fault comes to."""

from pathlib import Path

import pytest

from pipelines.errors import UsageError
from pipelines.inventory import list_inputs, list_places
from pipelines.listing import look_up
from pipelines.manifest import Manifest
from tests.gcs_server import BUSY, FORBIDDEN, MEDIA, METADATA, PAGE, TOKEN, TOO_MANY
from tests.reading import DATA, KEYS, hashed, sha256
from tests.storage_server import LIST, Cut, First, Reset, StorageServer
from transforms.outcomes import Reason
from transforms.records import Examination, Place


def one(gcs: StorageServer, data: bytes = DATA, name: str = "a.png") -> Place:
    gcs.put(f"films/{name}", data)
    return next(list_places(f"gs://films/{name}"))


@pytest.mark.parametrize(
    ("source", "keys"),
    [
        ("", KEYS),
        ("/deep", ["deep/c [1].png", "deep/er/d.png"]),
        ("/a.png", ["a.png"]),
        ("/*.png", ["a.png", "deep.png"]),
        ("/**/*.png", ["a b/é+%?#.png", "deep/c [1].png", "deep/er/d.png"]),
        ("/deep/[a-c]*", ["deep/c [1].png"]),
        ("/a?b/*", ["a b/é+%?#.png"]),
    ],
)
def test_what_a_source_holds(gcs: StorageServer, source: str, keys: list[str]) -> None:
    for key in KEYS:
        gcs.put(f"films/{key}", DATA)
    gcs.put("films/deep/", b"")  # as consoles show a folder
    places = list(list_places(f"gs://films{source}"))
    assert [place.uri for place in places] == [f"gs://films/{key}" for key in keys]
    assert {place.size_bytes for place in places} == {len(DATA)}
    assert all(place.mtime_ns for place in places)
    assert {hashed(place) for place in places} == {sha256(DATA)}
    assert gcs.requests[TOKEN, ""], "a service account asks for its token"


def test_what_a_bucket_lacks_is_told(gcs: StorageServer) -> None:
    for source in ("gs://films", "gs://films/deep"):
        with pytest.raises(UsageError, match="There is nothing at gs://films"):
            list(list_places(source))


def test_long_listings_come_page_by_page_and_a_page_that_fails_is_asked_for_again(gcs: StorageServer) -> None:
    for number in range(PAGE + 5):
        gcs.put(f"films/{number:04}", b"1")
    gcs.fails(LIST, "films", First(lambda: None), BUSY)
    assert len(list(list_places("gs://films"))) == PAGE + 5
    assert gcs.requests[LIST, "films"] == 3, "two pages, and a failure of the second one"


def test_a_bucket_that_may_not_be_listed_is_named(gcs: StorageServer) -> None:
    gcs.fails(LIST, "films", FORBIDDEN)
    with pytest.raises(UsageError) as told:
        list(list_places("gs://films"))
    assert str(told.value) == (
        "gs://films cannot be listed: Access is refused: auditor does not have storage.objects.get access to the "
        "object. Is the address right, and may you list it?"
    )


@pytest.mark.parametrize("fault", [BUSY, TOO_MANY, Reset()], ids=str)
@pytest.mark.parametrize("method", [METADATA, MEDIA])
def test_what_passes_is_waited_out(gcs: StorageServer, method: str, fault) -> None:
    place = one(gcs)
    gcs.fails(method, "films/a.png", fault)
    assert hashed(place) == sha256(DATA)
    assert not any(gcs.faults.values())


def test_a_body_that_is_cut_short_is_read_again(gcs: StorageServer) -> None:
    place = one(gcs)
    gcs.fails(MEDIA, "films/a.png", Cut(100))
    assert hashed(place) == sha256(DATA)


@pytest.mark.parametrize(
    ("method", "fault", "reason", "detail"),
    [
        (METADATA, FORBIDDEN, Reason.UNREADABLE, f"Access is refused: {FORBIDDEN.message}"),
        (MEDIA, FORBIDDEN, Reason.UNREADABLE, f"Access is refused: {FORBIDDEN.message}"),
        (METADATA, "deleted", Reason.VANISHED, "The file vanished during the scan."),
        (MEDIA, "deleted", Reason.VANISHED, "The file vanished during the scan."),
        (
            MEDIA,
            "replaced",
            Reason.CHANGED_DURING_SCAN,
            "The file changed after it was listed: another one lies there.",
        ),
        (
            METADATA,
            "grown",
            Reason.CHANGED_DURING_SCAN,
            "The file changed after it was listed: 102,401 bytes came, and ",
        ),
    ],
    ids=str,
)
def test_what_does_not_pass_has_its_reason(gcs: StorageServer, method: str, fault, reason: Reason, detail: str) -> None:
    place = one(gcs)
    happenings = {
        "replaced": lambda: gcs.put("films/a.png", DATA[::-1]),
        "grown": lambda: gcs.put("films/a.png", DATA + b"1"),
        "deleted": lambda: gcs.delete("films/a.png"),
    }
    gcs.fails(method, "films/a.png", First(happenings[fault]) if isinstance(fault, str) else fault)
    found = hashed(place)
    assert isinstance(found, Examination)
    assert (found.reason, found.detail[: len(detail)]) == (reason, detail)


def test_bytes_of_two_objects_are_never_joined(gcs: StorageServer) -> None:
    """A long object comes in pieces of 16 MiB."""
    data = b"\x89PNG\r\n\x1a\n" + bytes(20 << 20)
    place = one(gcs, data)
    assert hashed(place) == sha256(data)
    again = First(lambda: gcs.put("films/a.png", data[::-1]))
    gcs.fails(MEDIA, "films/a.png", First(lambda: None), First(lambda: None), again)  # the first bytes, then the pieces
    found = hashed(place)
    assert isinstance(found, Examination)
    assert found.reason is Reason.CHANGED_DURING_SCAN


def test_of_what_is_of_no_interest_only_the_beginning_is_read(gcs: StorageServer) -> None:
    for name, reason in (("disk.img", Reason.NOT_MEDIA), ("disk.mp4", Reason.NAMED_AS_MEDIA)):
        found = hashed(one(gcs, bytes(9 << 20), name))
        assert isinstance(found, Examination)
        assert found.reason is reason
        assert gcs.sent[MEDIA, f"films/{name}"] <= 4097, "Google's reader asks for one byte more"


def test_what_a_manifest_names_has_an_answer_each(gcs: StorageServer, tmp_path: Path) -> None:
    names = ("a.png", "b.png", "closed.png")
    for name in names:
        gcs.put(f"films/{name}", DATA)
    (tmp_path / "m.csv").write_text("\n".join(["uri", *(f"gs://films/{name}" for name in (*names, "no.png"))]))
    gcs.fails(METADATA, "films/closed.png", FORBIDDEN)
    gcs.fails(METADATA, "films/b.png", BUSY)
    named = Manifest(tmp_path / "m.csv").look()
    assert {place.uri: place.problem for place in named.places} == {
        "gs://films/a.png": None,
        "gs://films/b.png": None,
        "gs://films/closed.png": f"Access is refused: {FORBIDDEN.message}",
    }
    assert [place.uri for place in named.absent] == ["gs://films/no.png"]


def test_listed_and_looked_up_an_object_is_the_same(gcs: StorageServer) -> None:
    for key in KEYS:
        gcs.put(f"films/{key}", DATA)
    listed = {place.uri: (place.size_bytes, place.mtime_ns) for place in list_places("gs://films")}
    found = dict(look_up([*listed, "gs://films/none"]))
    assert {uri: (one.size_bytes, one.mtime_ns) for uri, one in found.items() if one} == listed
    assert found["gs://films/none"] is None


def test_sidecars_lie_in_the_same_folder(gcs: StorageServer, tmp_path: Path) -> None:
    for name in ("a.png", "a.txt", "below/b.txt"):
        gcs.put(f"films/{name}", b"1")
    (place,) = list_inputs(["gs://films/a.png"], tmp_path)
    assert [beside.uri for beside in place.beside] == ["gs://films/a.txt"]
