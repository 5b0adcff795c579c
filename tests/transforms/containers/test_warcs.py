"""What is listed of web archives, and read from them, broken and hostile ones included."""

import gzip
import io
import os
import tracemalloc
import zlib
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from tests.transforms.containers.archives import answer, chunked, packed_warc, record, tarred, warc, zipped
from tests.transforms.containers.reading import LIMITS, assert_read_in_any_order, cursor, listed, refusals, with_byte
from transforms.containers.entries import ContainerError
from transforms.outcomes import Reason

FILES = [("https://a.kz/1.jpg", b"one" * 100), ("http://a.kz/2.mp4?q=1", os.urandom(90_000)), ("https://a.kz/ф", b"3")]
URI = "https://a.kz/a.jpg"
DATA = bytes(range(256)) * 300
ARCHIVES = {
    "plain": warc(FILES),
    "packed by record": packed_warc(warc(FILES)),
    "packed as a whole": gzip.compress(warc(FILES)),
}


def written_by_warcio(*, packed: bool) -> bytes:
    """As wget and browsers' recorders write it, with the records that are no members."""
    stream = io.BytesIO()
    writer = WARCWriter(stream, gzip=packed, warc_version="1.1")
    writer.write_record(writer.create_warcinfo_record("a.warc", {"software": "a test"}))
    for uri, data in FILES:
        told = StatusAndHeaders("GET /", [("Host", "a.kz")], "HTTP/1.1", is_http_request=False)
        writer.write_record(writer.create_warc_record(uri, "request", payload=io.BytesIO(), http_headers=told))
        told = StatusAndHeaders("200 OK", [("Content-Type", "image/jpeg")], "HTTP/1.1")
        writer.write_record(writer.create_warc_record(uri, "response", payload=io.BytesIO(data), http_headers=told))
        writer.write_record(writer.create_warc_record(uri, "metadata", payload=io.BytesIO(b"fetchTimeMs: 1")))
    return stream.getvalue()


ARCHIVES |= {f"of a writer, packed: {packed}": written_by_warcio(packed=packed) for packed in (False, True)}


def read(data: bytes, path: str = URI) -> bytes:
    return b"".join(cursor(data).read(path))


@pytest.mark.parametrize("name", ARCHIVES)
def test_every_answer_is_a_member_and_read_in_any_order(name: str) -> None:
    assert_read_in_any_order(ARCHIVES[name], FILES)


BODIES = {
    "as it is": (answer(DATA), DATA),
    "in chunks": (answer(chunked(DATA), "Transfer-Encoding: chunked"), DATA),
    "in chunks with extensions": (
        answer(b"3;a=b\r\nabc\r\n0\r\nTrailer: 1\r\n\r\n", "transfer-encoding: Chunked"),
        b"abc",
    ),
    "gzip": (answer(gzip.compress(DATA), "Content-Encoding: gzip"), DATA),
    "gzip in chunks": (
        answer(chunked(gzip.compress(DATA)), "Content-Encoding: x-gzip", "Transfer-Encoding: chunked"),
        DATA,
    ),
    "deflate": (answer(zlib.compress(DATA), "Content-Encoding: deflate"), DATA),
    "raw deflate": (answer(zlib.compress(DATA, wbits=-15), "Content-Encoding: deflate"), DATA),
    "unpacked under a header that says otherwise": (
        answer(b"\xff\xd8" + DATA, "Content-Encoding: gzip", "Transfer-Encoding: chunked"),
        b"\xff\xd8" + DATA,
    ),
    "a coding that is none": (answer(DATA, "Content-Encoding: UTF-8"), DATA),
    "a length of another": (answer(DATA, "Content-Length: 7"), DATA),
    "of HTTP/2": (answer(DATA, status="HTTP/2 200"), DATA),
    "of an error that has a picture": (answer(DATA, status="HTTP/1.1 404 Not Found"), DATA),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_member_is_what_the_server_meant(name: str) -> None:
    block, wanted = BODIES[name]
    (entry,), ended = listed(record("response", URI, block))
    assert (entry.refused, entry.size_bytes, ended) == (None, len(wanted), "")
    assert read(record("response", URI, block)) == wanted


@pytest.mark.parametrize(
    ("kind", "uri"), [("resource", "file:///a.jpg"), ("conversion", URI), ("response", "ftp://a.kz/a.jpg")]
)
def test_what_is_no_answer_of_a_web_server_is_stored_as_it_is(kind: str, uri: str) -> None:
    assert read(record(kind, uri, DATA), uri) == DATA


NO_MEMBERS = {
    "what the crawler says of itself": record("warcinfo", "", b"software: a test"),
    "a request": record("request", URI, b"GET /a.jpg HTTP/1.1\r\n\r\n"),
    "a note": record("metadata", URI, b"fetchTimeMs: 1"),
    "a redirect": record("response", URI, answer(b"gone elsewhere", status="HTTP/1.1 301 Moved")),
    "nothing new": record("response", URI, answer(b"", status="HTTP/1.1 304 Not Modified")),
    "an error without a page": record("response", URI, answer(b"", status="HTTP/1.1 404 Not Found")),
}


@pytest.mark.parametrize("name", NO_MEMBERS)
def test_what_holds_no_content_is_no_member(name: str) -> None:
    assert listed(NO_MEMBERS[name]) == ([], "")


REFUSED = {
    "a revisit": (record("revisit", URI, answer(b"")), "not_a_file"),
    "a part": (record("response", URI, answer(DATA), WARC_Segment_Number="1"), "unsupported_format"),
    "brotli": (record("response", URI, answer(DATA, "Content-Encoding: br")), "unsupported_format"),
    "packed twice": (record("response", URI, answer(DATA, "Content-Encoding: gzip, gzip")), "unsupported_format"),
    "no answer": (record("response", URI, DATA), "corrupt"),
    "a header that does not end": (record("response", URI, b"HTTP/1.1 200 OK\r\nA: b\r\n"), "truncated"),
    "a header of megabytes": (record("response", URI, answer(DATA, "A: " + "b" * (2 << 20))), "over_container_limit"),
    "a gzip cut off": (
        record("response", URI, answer(gzip.compress(DATA)[:-20], "Content-Encoding: gzip")),
        "truncated",
    ),
    "a gzip that is broken": (
        record("response", URI, answer(gzip.compress(DATA)[:-8] + b"12345678", "Content-Encoding: gzip")),
        "corrupt",
    ),
    "chunks cut off": (
        record("response", URI, answer(chunked(DATA)[:-300], "Transfer-Encoding: chunked")),
        "truncated",
    ),
    "chunks without an end": (
        record("response", URI, answer(chunked(DATA)[:-5], "Transfer-Encoding: chunked")),
        "truncated",
    ),
    "a chunk of no size": (
        record("response", URI, answer(b"1\r\na\r\nx", "Transfer-Encoding: chunked")),
        "corrupt",
    ),
    "a chunk that goes on": (record("response", URI, answer(b"1\r\nab\r\n", "Transfer-Encoding: chunked")), "corrupt"),
    "a bomb": (
        record("response", URI, answer(gzip.compress(bytes(100 << 20)), "Content-Encoding: gzip")),
        "over_container_limit",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_member_that_cannot_be_read_says_why_and_the_next_one_is_found(name: str) -> None:
    data, reason = REFUSED[name]
    more = warc(FILES)
    assert refusals(data + more) == {URI: reason} | {uri: "" for uri, _ in FILES}
    opened = cursor(data + more)
    for uri, whole in [*FILES, FILES[0]]:
        assert b"".join(opened.read(uri)) == whole
    with pytest.raises(ContainerError) as caught:
        list(opened.read(URI))
    assert caught.value.reason.value == reason


ONE = record("response", URI, answer(DATA))
BROKEN = {
    "cut off in a member": (ONE + ONE[:-1000], 1, "truncated"),
    "cut off in a header": (ONE + ONE[:60], 1, "truncated"),
    "cut off in a request": (ONE + record("request", URI, DATA)[:-1000], 1, "truncated"),
    "a record longer than it says": (ONE + ONE.replace(b"Content-Length: 7", b"Content-Length: 6") + ONE, 2, "corrupt"),
    "a record shorter than it says": (ONE + ONE.replace(b"Content-Length: 7", b"Content-Length: 9"), 1, "truncated"),
    "no length": (ONE + record("response", URI, DATA, Content_Length=""), 1, "corrupt"),
    "a length below nothing": (ONE + record("response", URI, DATA, Content_Length="-1"), 1, "corrupt"),
    "a length of a hundred digits": (ONE + record("response", URI, DATA, Content_Length="9" * 100), 1, "corrupt"),
    "a header of megabytes": (ONE + record("response", URI, DATA, A="b" * (2 << 20)), 1, "over_container_limit"),
    "a header of many lines": (
        ONE + record("response", URI, DATA, **{f"A{n}": "b" * 90 for n in range(5000)}),
        1,
        "over_container_limit",
    ),
    "nothing but empty lines": (ONE + b"\r\n" * 500_000, 1, "corrupt"),
    "something else behind it": (ONE + b"\0" * 1000, 1, "corrupt"),
    "a version that is none": (ONE.replace(b"WARC/1.1", b"WARC/9.9"), 0, "corrupt"),
    "a gzip cut off": (packed_warc(ONE * 3)[:-20], 2, "truncated"),
    "a gzip broken in the middle": (packed_warc(ONE) + packed_warc(ONE)[:-8] + b"12345678" + packed_warc(ONE), 1, ""),
    "a gzip with something else behind it": (packed_warc(ONE) + b"no gzip", 1, "corrupt"),
    "a packed bomb of a record": (gzip.compress(record("resource", URI, bytes(200 << 20))), 0, "over_container_limit"),
    "a packed bomb of a request": (
        gzip.compress(record("request", URI, bytes(200 << 20))),
        0,
        "over_container_limit",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_lies_before_the_break_is_listed(name: str) -> None:
    data, count, reason = BROKEN[name]
    found, ended = listed(data)
    assert len(found) >= count
    assert ended == (reason or "corrupt")


def test_addresses_are_data_and_stand_once_each() -> None:
    addresses = ["../../etc/cron.d/a.jpg", "<https://a.kz/a.jpg>", "https://a.kz/a.jpg", "", "data:image/gif;base64,R0"]
    found, _ = listed(b"".join(record("resource", uri, b"x") for uri in addresses))
    assert [entry.path for entry in found] == [
        "../../etc/cron.d/a.jpg",
        "https://a.kz/a.jpg",
        "https://a.kz/a.jpg#2",
        "unnamed",
        "data:image/gif;base64,R0",
    ]


def test_the_same_address_very_often_takes_no_longer() -> None:
    found, ended = listed(record("resource", URI, b"") * 20_000)
    assert (found[-1].path, ended) == (f"{URI}#20000", "")


def test_containers_in_a_web_archive_are_opened_and_it_in_them() -> None:
    inner = zipped([("in.jpg", DATA)])
    data = record("response", "https://a.kz/a.zip", answer(gzip.compress(inner), "Content-Encoding: gzip"))
    assert refusals(data) == {"https://a.kz/a.zip!/in.jpg": "", "https://a.kz/a.zip": "container"}
    assert read(data, "https://a.kz/a.zip!/in.jpg") == DATA
    assert read(tarred([("a.warc.gz", packed_warc(ONE))]), f"a.warc.gz!/{URI}") == DATA


def test_limits() -> None:
    data = warc(FILES)
    assert [len(listed(data, replace(LIMITS, members=count))[0]) for count in (2, 3)] == [2, 3]
    assert listed(data, replace(LIMITS, members=2))[1] == "over_container_limit"
    packed = record("response", URI, answer(gzip.compress(bytes(1 << 20)), "Content-Encoding: gzip")) * 3
    assert listed(packed, replace(LIMITS, produced_bytes=2 << 20))[1] == "over_container_limit"
    assert refusals(packed, file_bytes=1 << 19) == dict.fromkeys([URI, f"{URI}#2", f"{URI}#3"], "over_size_limit")


@pytest.mark.parametrize(
    "block",
    [
        answer(bytes(60 << 20)),
        answer(gzip.compress(bytes(60 << 20)), "Content-Encoding: gzip"),
        answer(chunked(bytes(60 << 20), 60 << 20), "Transfer-Encoding: chunked"),
    ],
    ids=["plain", "gzip", "one chunk"],
)
def test_memory_does_not_grow_with_a_record(block: bytes) -> None:
    opened = cursor(record("response", URI, block))
    tracemalloc.start()
    assert [entry.size_bytes for entry in opened.entries()] == [60 << 20]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()
    assert sum(map(len, opened.read(URI))) == 60 << 20
    kept_peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20
    assert kept_peak < 48 << 20, "32 MiB are kept at most, and then let go"


@given(st.binary(max_size=2000), st.sampled_from([b"WARC/1.0\r\n", ONE[:200], ONE[:400], packed_warc(ONE)[:60]]))
def test_no_bytes_do_more_than_end_early(data: bytes, start: bytes) -> None:
    listed(start + data)


@given(st.integers(0, 20_000), st.integers(0, 255), st.sampled_from(["packed by record", "packed as a whole", "plain"]))
def test_no_changed_byte_does_more_than_that(at: int, value: int, name: str) -> None:
    data = with_byte(ARCHIVES[name], at, value)
    opened = cursor(data)
    for entry in listed(data)[0]:
        with suppress(ContainerError):
            assert sum(map(len, opened.read(entry.path))) == entry.size_bytes


def test_a_name_that_promises_a_web_archive() -> None:
    with pytest.raises(ContainerError) as caught:
        list(cursor(gzip.compress(b"a log, packed")).entries())
    assert caught.value.reason in {Reason.CORRUPT, Reason.TRUNCATED}
