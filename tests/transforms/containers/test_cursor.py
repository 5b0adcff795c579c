"""What is listed of containers, and read from them, broken and hostile ones included."""

import hashlib
import io
import struct
import sys
import tarfile
import tracemalloc
import zipfile
from contextlib import nullcontext, suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.containers.archives import (
    PACKED,
    encrypted_zip,
    linked_zip,
    overlapping_zip,
    rar4,
    rar5,
    sparse_tar,
    special,
    tarred,
    zipped,
)
from tests.transforms.containers.reading import LIMITS, cursor, listed, refusals, with_byte
from transforms.containers.entries import ContainerError, ContainerLimits
from transforms.outcomes import Reason

FILES = [("a/1.jpg", b"one" * 100), ("a/2.jpg", b"two" * 5000), ("b/ф.mp4", bytes(range(256)) * 300), ("c.txt", b"")]
ARCHIVES = {f"{name}": pack(tarred(FILES)) for name, pack in PACKED.items()}
ARCHIVES |= {
    "old tar": tarred(FILES, tarfile.GNU_FORMAT),
    "zip": zipped(FILES),
    "stored zip": zipped(FILES, zipfile.ZIP_STORED),
    "bzip2 zip": zipped(FILES, zipfile.ZIP_BZIP2),
    "lzma zip": zipped(FILES, zipfile.ZIP_LZMA),
    "zip behind a program": b"#!/bin/sh\n" + zipped(FILES),
}


@pytest.mark.parametrize("name", [name for name in ARCHIVES if name != "zip behind a program"])
def test_every_member_is_listed_and_read_in_any_order(name: str) -> None:
    opened = cursor(ARCHIVES[name])
    entries = list(opened.entries())
    assert [(entry.path, entry.size_bytes, entry.refused) for entry in entries] == [
        (path, len(data), None) for path, data in FILES
    ]
    for path, data in [*FILES, *reversed(FILES), FILES[2], FILES[0]]:
        assert b"".join(opened.read(path)) == data
    for entry, (_, data) in zip(entries, FILES, strict=True):
        assert entry.content_sha256 in (None, hashlib.sha256(data).hexdigest())
    assert (entries[0].content_sha256 is None) == ("tar." not in name), "hashed where listing unpacks anyway"


def test_what_begins_as_no_archive_is_none() -> None:
    assert listed(ARCHIVES["zip behind a program"]) == ([], "corrupt")
    assert listed(b"\xff\xd8\xff\xe0" + bytes(600)) == ([], "corrupt")


@pytest.mark.parametrize("name", ["../../etc/cron.d/a.jpg", "/etc/passwd", "C:\\a.jpg", "a\nb.jpg", "x" * 200])
@pytest.mark.parametrize("pack", [zipped, tarred])
def test_a_path_is_data(name: str, pack: object) -> None:
    (entry,), ended = listed(pack([(name, b"data")]))  # type: ignore[operator]
    assert (entry.path, ended) == (name, "")


def test_a_name_that_stands_twice_is_told_apart() -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        data = zipped([("a.jpg", b"1"), ("a.jpg", b"22"), ("a.jpg#2", b"333")])
    opened = cursor(data)
    assert [entry.path for entry in opened.entries()] == ["a.jpg", "a.jpg#2", "a.jpg#2#2"]
    assert [b"".join(opened.read(path)) for path in ("a.jpg#2#2", "a.jpg", "a.jpg#2")] == [b"333", b"1", b"22"]


def test_a_name_in_no_encoding_is_escaped() -> None:
    stream = io.BytesIO()
    with tarfile.open(
        fileobj=stream, mode="w", encoding="utf-8", errors="surrogateescape", format=tarfile.GNU_FORMAT
    ) as tar:
        tar.addfile(tarfile.TarInfo("a\udcff.jpg"))
    assert [entry.path for entry in listed(stream.getvalue())[0]] == ["a\\xff.jpg"]


KINDS = [(tarfile.SYMTYPE, "/etc/passwd"), (tarfile.LNKTYPE, "a.jpg"), (tarfile.CHRTYPE, ""), (tarfile.FIFOTYPE, "")]


@pytest.mark.parametrize(("kind", "target"), KINDS)
def test_links_and_devices_are_not_followed(kind: bytes, target: str) -> None:
    assert refusals(tarred([("a.jpg", b"1")], others=[special("b.jpg", kind, target)])) == {
        "a.jpg": "",
        "b.jpg": "not_a_file",
    }


def test_members_that_are_not_read_say_why() -> None:
    assert refusals(linked_zip("a.jpg", "/etc/passwd")) == {"a.jpg": "not_a_file"}
    assert refusals(encrypted_zip("a.jpg")) == {"a.jpg": "encrypted"}
    assert refusals(zipped(FILES), file_bytes=20_000)["b/ф.mp4"] == "over_size_limit"
    assert refusals(zipped([("bomb.png", bytes(100 << 20))])) == {"bomb.png": "over_container_limit"}


HEADER = 512
BROKEN = {
    "a tar cut off in a member": (tarred(FILES)[: 2 * HEADER + 400], "truncated"),
    "a tar cut off between members": (tarred(FILES)[: 2 * HEADER], "truncated"),
    "a tar with a broken header": (tarred(FILES)[: 2 * HEADER] + b"x" * HEADER + bytes(1024), "corrupt"),
    "two tars in a row": (tarred(FILES[:1]) + tarred(FILES[1:]), "corrupt"),
    "a gzip cut off": (PACKED["tar.gz"](tarred(FILES))[:-400], "truncated"),
    "a gzip with broken bytes": (PACKED["tar.gz"](tarred(FILES))[:-8] + b"12345678", "corrupt"),
    "an xz cut off": (PACKED["tar.xz"](tarred(FILES))[:-40], "truncated"),
    "a bzip2 cut off": (PACKED["tar.bz2"](tarred(FILES))[:-40], "truncated"),
    "a zstd cut off": (PACKED["tar.zst"](tarred(FILES))[:-40], "truncated"),
    "a zip without its directory": (zipped(FILES)[:-30], "corrupt"),
    "no zip": (b"PK\x03\x04" + bytes(600), "corrupt"),
    "a gzip bomb": (PACKED["tar.gz"](tarred([("a.jpg", bytes(200 << 20))])), "over_container_limit"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_container_that_ends_early_says_so(what: str) -> None:
    data, reason = BROKEN[what]
    assert listed(data)[1] == reason


def test_what_lies_before_the_break_is_listed() -> None:
    found, reason = listed(tarred(FILES)[: 2 * HEADER + 400])
    assert [entry.path for entry in found] == ["a/1.jpg"]
    assert reason == "truncated"


@pytest.mark.parametrize("pack", [zipped, tarred, lambda files: PACKED["tar.gz"](tarred(files))])
@pytest.mark.parametrize(
    ("limits", "count"), [({"members": 2}, 2), ({"produced_bytes": 16_000}, 2), ({"members": 4}, 4)]
)
def test_limits(pack: object, limits: dict[str, int], count: int) -> None:
    found, reason = listed(pack(FILES), replace(LIMITS, **limits))  # type: ignore[operator]
    assert len(found) == count or (len(found) < count and "produced_bytes" in limits), "packed ones count blocks"
    assert reason == ("over_container_limit" if count < 4 else "")


def test_overlapping_entries_are_not_read() -> None:
    opened = cursor(overlapping_zip(3))
    assert [entry.path for entry in opened.entries()] == ["00000", "00001", "00002"]
    for path in ("00001", "00002"):
        with pytest.raises(ContainerError) as caught:
            list(opened.read(path))
        assert caught.value.reason is Reason.CORRUPT


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
@pytest.mark.parametrize("told", [32 << 20, 100])
def test_unpacking_needs_little_memory_whatever_the_directory_tells(method: int, told: int) -> None:
    data = bytearray(zipped([("a.png", bytes(32 << 20))], method))
    struct.pack_into("<I", data, data.index(b"PK\x01\x02") + 24, told)
    opened = cursor(bytes(data))
    tracemalloc.start()
    length = 0
    with suppress(ContainerError) if told == 100 else nullcontext():
        for chunk in opened.read("a.png"):
            length += len(chunk)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert length == told or (told == 100 and not length)
    assert peak < 16 << 20


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_member_with_another_size_or_checksum_is_broken(method: int) -> None:
    whole = zipped([("a.png", b"data" * 100)], method)
    start = whole.index(b"PK\x01\x02")
    for field in (16, 24):  # the checksum, the size
        for change in (-1, 1):
            data = bytearray(whole)
            data[start + field] += change
            with pytest.raises(ContainerError, match="Bad size or CRC-32") as caught:
                list(cursor(bytes(data)).read("a.png"))
            assert caught.value.reason is Reason.CORRUPT


def test_a_hole_counts_as_what_a_bomb_unpacks_to() -> None:
    assert refusals(sparse_tar(1 << 30)) == {"hole.png": "over_container_limit"}
    assert refusals(sparse_tar(4096, 512)) == {"hole.png": ""}
    assert b"".join(cursor(sparse_tar(4096, 512)).read("hole.png")) == b"x" * 512 + bytes(3584)


def test_a_container_whose_name_stands_twice_is_opened_twice() -> None:
    inner = zipped([("a.jpg", b"1")])
    assert refusals(tarred([("in.zip", inner), ("in.zip", inner)])) == {
        "in.zip!/a.jpg": "",
        "in.zip": "container",
        "in.zip#2!/a.jpg": "",
        "in.zip#2": "container",
    }


@pytest.mark.parametrize(
    ("data", "limits"),
    [
        (tarred(FILES)[: -HEADER * 30], LIMITS),
        (PACKED["tar.gz"](tarred(FILES))[:-100], LIMITS),
        (zipped(FILES), replace(LIMITS, members=2)),
    ],
    ids=["a tar", "a packed tar", "a zip over the limit"],
)
def test_a_member_before_the_break_is_read_whatever_was_read_before(data: bytes, limits: ContainerLimits) -> None:
    opened = cursor(data, limits)
    (path, content), (other, _) = FILES[0], FILES[1]
    for asked in (other, path, "behind the break", path):
        if asked == "behind the break":
            with pytest.raises(ContainerError):
                list(opened.read(asked))
        else:
            assert b"".join(opened.read(asked)) == dict(FILES)[asked], content


def test_a_member_that_is_there_no_more() -> None:
    with pytest.raises(ContainerError) as caught:
        list(cursor(zipped(FILES)).read("d.jpg"))
    assert caught.value.reason is Reason.VANISHED


@pytest.mark.parametrize("outer", [zipped, tarred, lambda files: PACKED["tar.zst"](tarred(files))])
def test_containers_within_containers_are_opened_to_a_depth(outer: object) -> None:
    third = zipped([("deep.jpg", b"4")])
    second = tarred([("in.jpg", b"3"), ("third.zip", third)])
    files = [("a.jpg", b"1"), ("second.tar", second), ("b.jpg", b"2"), ("broken.zip", b"PK\x03\x04no")]
    data = outer(files)  # type: ignore[operator]
    whole = {
        "a.jpg": "",
        "second.tar!/in.jpg": "",
        "second.tar!/third.zip!/deep.jpg": "",
        "second.tar!/third.zip": "container",
        "second.tar": "container",
        "b.jpg": "",
        "broken.zip": "corrupt",
    }
    assert refusals(data) == whole
    opened = cursor(data)
    paths = [path for path, refused in whole.items() if not refused]
    for path in (*paths, *reversed(paths)):
        assert b"".join(opened.read(path)) in (b"1", b"2", b"3", b"4")
    assert refusals(data, limits=replace(LIMITS, depth=2))["second.tar!/third.zip"] == "nested"
    assert refusals(data, limits=replace(LIMITS, depth=1))["second.tar"] == "nested"


def test_a_container_that_holds_ever_more_containers_ends() -> None:
    data = b"1"
    for _ in range(12):
        data = zipped([(f"{number}.zip", data) for number in range(3)], zipfile.ZIP_DEFLATED)
    found, reason = listed(data)
    assert (len(found), reason) == (3 + 9 + 27, "")
    assert {entry.refused[0] for entry in found if entry.refused} == {Reason.CONTAINER, Reason.NESTED}


@pytest.mark.parametrize("outer", [zipped, tarred, lambda files: PACKED["tar.gz"](tarred(files))])
def test_a_container_whose_name_says_nothing_is_told_from_its_bytes(outer: object) -> None:
    zip_, tar = zipped([("in.jpg", b"1")]), tarred([("in.jpg", b"2")])
    files = [
        ("slides.pptx", zip_),
        ("no suffix", tar),
        ("a.jpg", zip_),
        ("a.txt", zip_),
        ("a.bin", b"3"),
        ("b.bin", b""),
    ]
    data = outer(files)  # type: ignore[operator]
    assert refusals(data) == {
        "slides.pptx!/in.jpg": "",
        "slides.pptx": "container",
        "no suffix!/in.jpg": "",
        "no suffix": "container",
        **dict.fromkeys(["a.jpg", "a.txt", "a.bin", "b.bin"], ""),
    }
    opened = cursor(data)
    for path, content in [("a.bin", b"3"), ("no suffix!/in.jpg", b"2"), ("slides.pptx!/in.jpg", b"1"), ("a.jpg", zip_)]:
        assert b"".join(opened.read(path)) == content
    assert refusals(data, limits=replace(LIMITS, depth=1))["slides.pptx"] == "nested"


def test_a_member_that_cannot_be_looked_at_is_a_member() -> None:
    data = bytearray(zipped([("a.bin", b"data" * 100), ("b.jpg", b"1")]))
    data[40] ^= 0xFF
    assert refusals(bytes(data)) == {"a.bin": "", "b.jpg": ""}
    with pytest.raises(ContainerError, match="cannot be unpacked"):
        list(cursor(bytes(data)).read("a.bin"))


@pytest.mark.parametrize("data", [b"7z\xbc\xaf\x27\x1c", rar4(FILES), rar5(FILES)], ids=["7z", "RAR 4", "RAR 5"])
def test_without_libarchive_its_archives_say_what_to_install(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transforms.containers.foreign", None)
    with pytest.raises(ContainerError, match=r"read by libarchive\..*pip install 'aiqyn\[archives\]'") as caught:
        next(cursor(data).entries())
    assert caught.value.reason is Reason.DECODER_MISSING


@given(
    st.binary(max_size=2000),
    st.sampled_from([b"", b"PK\x03\x04", b"\x1f\x8b\x08", b"BZh9", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd"]),
)
def test_no_bytes_do_more_than_end_early(data: bytes, start: bytes) -> None:
    listed(start + data)


def test_a_member_without_a_name_is_a_member() -> None:
    data = zipped([("a", b"1"), ("b.jpg", b"2")]).replace(b"a", b"\0", 2)
    assert [entry.path for entry in listed(data)[0]] == ["unnamed", "b.jpg"]


@given(st.integers(0, 20_000), st.integers(0, 255), st.sampled_from(sorted(ARCHIVES)))
def test_no_changed_byte_does_more_than_that(at: int, value: int, name: str) -> None:
    data = with_byte(ARCHIVES[name], at, value)
    opened = cursor(data)
    for entry in listed(data)[0]:
        with suppress(ContainerError):
            assert sum(map(len, opened.read(entry.path))) <= max(entry.size_bytes, 0)
