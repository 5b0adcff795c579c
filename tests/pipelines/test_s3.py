"""S3 over HTTP, without a scan: what is listed, looked up and read, and what each fault on the way comes to."""

import importlib.util
import io
import zipfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.errors import UsageError
from pipelines.inventory import list_inputs, list_places
from pipelines.listing import look_up
from pipelines.manifest import Manifest
from pipelines.s3_endpoint import parse_endpoint
from tests.reading import DATA, KEYS, LIMIT, hashed, sha256
from tests.s3_server import (
    FORBIDDEN,
    LIST,
    PAGE,
    REQUEST_TIMEOUT,
    SLOW_DOWN,
    TOO_MANY,
    Bucket,
    Cut,
    First,
    Late,
    Refusal,
    Reset,
    S3Server,
)
from transforms import s3 as s3_client
from transforms.beside.gather import gather
from transforms.containers.entries import ContainerLimits
from transforms.containers.opener import Opener
from transforms.examine.settings import Limits
from transforms.outcomes import Reason
from transforms.records import Examination, Place


def one(bucket: Bucket, data: bytes = DATA, key: str = "a.png") -> Place:
    bucket.put(key, data)
    return next(place for place in list_places(bucket.uri()) if place.uri == bucket.uri(key))


@pytest.mark.parametrize(
    ("source", "keys"),
    [
        ("", KEYS),
        ("deep", ["deep/c [1].png", "deep/er/d.png"]),
        ("a.png", ["a.png"]),
        ("*.png", ["a.png", "deep.png"]),
        ("**/*.png", ["a b/é+%?#.png", "deep/c [1].png", "deep/er/d.png"]),
        ("deep/*", ["deep/c [1].png"]),
        ("deep/[a-c]*", ["deep/c [1].png"]),
        ("a?b/*", ["a b/é+%?#.png"]),
    ],
)
def test_what_a_source_holds(bucket: Bucket, source: str, keys: list[str]) -> None:
    for key in KEYS:
        bucket.put(key, DATA)
    bucket.put("deep/", b"")  # as consoles show a folder
    places = list(list_places(bucket.uri(source)))
    assert [place.uri for place in places] == [bucket.uri(key) for key in keys]
    assert {place.size_bytes for place in places} == {len(DATA)}
    assert all(place.etag and place.mtime_ns for place in places)


def test_what_a_bucket_lacks_is_told(bucket: Bucket) -> None:
    with pytest.raises(UsageError, match="There is nothing at s3://"):
        list(list_places(bucket.uri("deep")))
    with pytest.raises(UsageError, match=r"cannot be listed: The specified bucket does not exist\."):
        list(list_places("s3://no-such-bucket"))


def test_long_listings_come_page_by_page_and_a_page_that_fails_is_asked_for_again(s3, bucket: Bucket) -> None:
    for number in range(PAGE + 5):
        bucket.put(f"{number:04}", b"1")
    s3.fails(LIST, bucket.name, First(lambda: None), SLOW_DOWN, Reset())
    assert len(list(list_places(bucket.uri()))) == PAGE + 5
    assert s3.requests[LIST, bucket.name] == 4, "two pages, and two failures of the second one"


def test_of_a_folder_nothing_below_is_listed_for_sidecars(s3, bucket: Bucket, tmp_path: Path) -> None:
    for key in ("a.png", "a.txt", *(f"below/{number}" for number in range(2 * PAGE))):
        bucket.put(key, b"1")
    (place,) = list_inputs([bucket.uri("a.png")], tmp_path)
    assert [beside.uri for beside in place.beside] == [bucket.uri("a.txt")]
    assert s3.sent[LIST, bucket.name] < 3_000


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (SLOW_DOWN, "cannot be listed: Please reduce your request rate. It was tried several times"),
        (Reset(), "It was tried several times; nothing was recorded. Run the same command again."),
        (FORBIDDEN, "cannot be listed: Access is refused: Access Denied. Is the address right, and may you list it?"),
    ],
)
def test_a_bucket_that_cannot_be_listed_is_named(s3, bucket: Bucket, fault, sentence: str) -> None:
    bucket.put("a.png", DATA)
    s3.fails(LIST, bucket.name, *[fault] * 3)
    with pytest.raises(UsageError) as told:
        list(list_places(bucket.uri()))
    assert sentence in str(told.value)
    assert s3.requests[LIST, bucket.name] == (1 if fault is FORBIDDEN else 3)


FAULTS = [SLOW_DOWN, TOO_MANY, REQUEST_TIMEOUT, Refusal(500, "InternalError", "x"), Reset(), Cut(0), Cut(5_000)]


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_what_passes_is_waited_out(s3, bucket: Bucket, fault) -> None:
    place = one(bucket)
    s3.fails("GET", f"{bucket.name}/a.png", fault, fault)
    assert hashed(place) == sha256(DATA)
    assert s3.requests["GET", f"{bucket.name}/a.png"] == 3, "boto3 itself tries once"


def test_an_answer_that_does_not_come_is_given_up_in_time(s3, bucket: Bucket, monkeypatch) -> None:
    monkeypatch.setattr(s3_client, "ANSWER_SECONDS", 0.3)
    place = one(bucket)
    s3.fails("GET", f"{bucket.name}/a.png", Late(1.0), Late(1.0))
    assert hashed(place) == sha256(DATA)
    s3.fails("GET", f"{bucket.name}/a.png", *[Late(1.0)] * 3)
    found = hashed(place)
    assert isinstance(found, Examination)
    assert (found.reason, found.detail[:12]) == (Reason.UNREADABLE, "Read timeout")


def test_a_copy_that_broke_goes_on_where_it_broke(s3, bucket: Bucket) -> None:
    data = DATA * 40
    place = one(bucket, data)
    s3.fails("GET", f"{bucket.name}/a.png", Cut(3 << 20))
    assert hashed(place) == sha256(data)
    assert s3.sent["GET", f"{bucket.name}/a.png"] == len(data), "no byte came twice"


@pytest.mark.parametrize(
    ("fault", "reason", "detail"),
    [
        (SLOW_DOWN, Reason.UNREADABLE, "Please reduce your request rate."),
        (Reset(), Reason.UNREADABLE, "Connection was closed before we received a valid response"),
        (Cut(100), Reason.UNREADABLE, "100 read, but total bytes expected is 102200."),
        (FORBIDDEN, Reason.UNREADABLE, "Access is refused: Access Denied."),
        ("replaced", Reason.CHANGED_DURING_SCAN, "The file changed after it was listed: "),
        ("deleted", Reason.VANISHED, "The file vanished during the scan."),
    ],
    ids=str,
)
def test_what_does_not_pass_has_its_reason(s3, bucket: Bucket, fault, reason: Reason, detail: str) -> None:
    place = one(bucket)
    happenings = {"replaced": lambda: bucket.put("a.png", DATA[::-1]), "deleted": lambda: bucket.delete("a.png")}
    faults = [First(happenings[fault])] if isinstance(fault, str) else [fault] * 3
    s3.fails("GET", f"{bucket.name}/a.png", *faults)
    found = hashed(place)
    assert isinstance(found, Examination)
    assert found.reason is reason
    assert detail in found.detail


def test_bytes_of_two_objects_are_never_joined(s3, bucket: Bucket) -> None:
    place = one(bucket, DATA * 40)
    again = First(lambda: bucket.put("a.png", (DATA * 40)[::-1]))
    s3.fails("GET", f"{bucket.name}/a.png", Cut(3 << 20), again)
    found = hashed(place)
    assert isinstance(found, Examination)
    assert found.reason is Reason.CHANGED_DURING_SCAN


def test_what_is_too_large_or_of_no_interest_is_not_copied(s3, bucket: Bucket) -> None:
    disk = bytes(9 << 20)
    for key, limit, reason, most in (
        ("disk.img", LIMIT, Reason.NOT_MEDIA, 4096),
        ("disk.mp4", LIMIT, Reason.NAMED_AS_MEDIA, 4096),
        ("film.mp4", 1 << 20, Reason.OVER_SIZE_LIMIT, 0),
    ):
        found = hashed(one(bucket, disk, key), limit)
        assert isinstance(found, Examination)
        assert found.reason is reason
        assert s3.sent["GET", f"{bucket.name}/{key}"] == most
    place = one(bucket, b"\x89PNG\r\n\x1a\n" + disk, "large.png")
    assert hashed(place) == sha256(b"\x89PNG\r\n\x1a\n" + disk)


def test_a_member_is_read_where_its_container_was_not_listed(bucket: Bucket) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as shard:
        shard.writestr("in/a.png", DATA)
    container = one(bucket, packed.getvalue(), "shard.zip")
    assert hashed(replace(container, member_path="in/a.png", size_bytes=len(DATA))) == sha256(DATA)


def test_a_sidecar_that_is_too_large_is_not_copied(s3, bucket: Bucket) -> None:
    with closing(Opener(Limits(), ContainerLimits())) as opener:
        texts, notes = gather([one(bucket, bytes(9 << 20), "a.txt")], opener)
    assert (texts, [note.detail.partition(":")[0] for note in notes]) == ([], ["over_size_limit"])
    assert s3.requests["GET", f"{bucket.name}/a.txt"] == 0


def test_an_object_that_was_replaced_by_one_of_the_same_length_has_another_tag(bucket: Bucket) -> None:
    first = one(bucket, b"made by hand")
    second = one(bucket, b"made with AI")
    assert first.etag != second.etag
    assert first.size_bytes == second.size_bytes


def test_listed_and_looked_up_an_object_is_the_same(bucket: Bucket) -> None:
    for key in KEYS:
        bucket.put(key, DATA)
    listed = {place.uri: (place.size_bytes, place.mtime_ns, place.etag) for place in list_places(bucket.uri())}
    found = dict(look_up([*listed, bucket.uri("none"), bucket.uri()]))
    assert {uri: (one.size_bytes, one.mtime_ns, one.etag) for uri, one in found.items() if one} == listed
    assert (found[bucket.uri("none")], found[bucket.uri()]) == (None, None)


def test_what_a_manifest_names_has_an_answer_each(s3, bucket: Bucket, tmp_path: Path) -> None:
    for key in ("a.png", "b.png", "closed.png"):
        bucket.put(key, DATA)
    pq.write_table(pa.table({"uri": [bucket.uri(f"{key}.png") for key in ("a", "b", "closed", "no")]}), tmp_path / "m")
    (tmp_path / "m").rename(tmp_path / "m.parquet")
    s3.fails("HEAD", f"{bucket.name}/closed.png", FORBIDDEN)
    s3.fails("HEAD", f"{bucket.name}/b.png", SLOW_DOWN, Reset())
    named = Manifest(tmp_path / "m.parquet").look()
    told = {place.uri: place.problem for place in named.places}
    assert told == {
        bucket.uri("a.png"): None,
        bucket.uri("b.png"): None,
        bucket.uri("closed.png"): "Access is refused: Forbidden.",
    }
    assert [place.uri for place in named.absent] == [bucket.uri("no.png")]
    s3.fails("HEAD", f"{bucket.name}/b.png", *[SLOW_DOWN] * 3)
    with pytest.raises(UsageError, match="cannot be looked up"):
        Manifest(tmp_path / "m.parquet").look()


def test_without_credentials_the_listing_says_so(bucket: Bucket, monkeypatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    with pytest.raises(UsageError, match=r"cannot be listed: Unable to locate credentials\."):
        list(list_places(bucket.uri()))


@pytest.mark.parametrize("scheme", ["s3", "gs", "hdfs"])
def test_an_extra_that_is_missing_is_named(scheme: str, monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    (tmp_path / "m.csv").write_text(f"uri\n{scheme}://bucket/a.png\n")
    extra = {"gs": "gcs"}.get(scheme, scheme)
    for look in (lambda: list(list_places(f"{scheme}://bucket")), lambda: Manifest(tmp_path / "m.csv").look()):
        with pytest.raises(UsageError, match=rf"pip install 'aiqyn\[{extra}\]'"):
            look()


def test_the_endpoint_is_the_environments_or_the_given_one(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = s3.new_bucket()
    bucket.put("a.png", DATA)
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3.endpoint)
    assert len(list(list_places(bucket.uri()))) == 1
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    s3_client.use_endpoint(parse_endpoint(s3.endpoint))
    assert len(list(list_places(bucket.uri()))) == 1


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("minio.local:9000", "is no address of a server"),
        ("ftp://minio.local", "is no address of a server"),
        ("http://[", "is no address of a server"),
        ("http://key:secret@minio.local:9000", "takes no credentials"),
    ],
)
def test_an_endpoint_that_cannot_be_one(url: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence) as told:
        parse_endpoint(url)
    assert "secret@" not in str(told.value)
