"""What is listed of 7z and RAR archives, and read from them, where libarchive is installed."""

import io
import os
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.containers.archives import Files, rar4, rar5, zipped
from tests.transforms.containers.reading import LIMITS, assert_read_in_any_order, cursor, listed, refusals, with_byte
from transforms.containers.entries import ContainerError, ContainerLimits
from transforms.containers.formats import HOW_TO_INSTALL
from transforms.containers.opener import Opener
from transforms.examine.settings import Limits
from transforms.outcomes import Reason
from transforms.records import Place

try:
    import libarchive

    from transforms.containers import foreign
except (ImportError, OSError, AttributeError):
    pytest.skip(HOW_TO_INSTALL, allow_module_level=True)

FILES = [("a/1.jpg", b"one" * 100), ("a/2.jpg", os.urandom(90_000)), ("b/ф.mp4", bytes(range(256)) * 300)]


def seven_zip(files: Files, compression: str = "lzma2") -> bytes:
    packed = io.BytesIO()
    with libarchive.custom_writer(packed.write, "7zip", options=f"7zip:compression={compression}") as archive:
        for name, data in files:
            archive.add_file_from_memory(name, len(data), data)
    return packed.getvalue()


ARCHIVES = {method: seven_zip(FILES, method) for method in ("store", "deflate", "bzip2", "lzma1", "lzma2", "ppmd")} | {
    "RAR 4": rar4(FILES),
    "RAR 5": rar5(FILES),
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_every_member_is_listed_and_read_in_any_order(name: str) -> None:
    assert_read_in_any_order(ARCHIVES[name], FILES)


def test_a_solid_archive_is_unpacked_once_to_be_read_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = cursor(ARCHIVES["lzma2"])
    begun: list[object] = []
    reader = libarchive.stream_reader
    monkeypatch.setattr(foreign.libarchive, "stream_reader", lambda *told: (begun.append(told), reader(*told))[1])
    for path, data in FILES:
        assert b"".join(opened.read(path)) == data
    assert len(begun) == 1


@pytest.mark.parametrize("pack", [seven_zip, rar4, rar5])
@pytest.mark.parametrize("name", ["../../etc/cron.d/a.jpg", "/etc/passwd", "a\nb.jpg", "ф" * 200, "\U0001f600.png"])
def test_a_path_is_data(name: str, pack: Callable[[Files], bytes]) -> None:
    (entry,), ended = listed(pack([(name, b"data")]))
    assert (entry.path, ended) == (name, "")


def test_half_a_letter_is_escaped() -> None:
    data = seven_zip([("aXb.jpg", b"1"), ("c.jpg", b"2")], "store").replace(b"a\0X\0b\0", b"a\0\0\xd8b\0")
    assert listed(data)[1] == "corrupt", "the directory has a checksum"
    half, whole = "a\ud800b.jpg", "aXb.jpg"
    header = type("Header", (), {"pathname": half})
    assert foreign._path(header) == "a\\ud800b.jpg"
    assert foreign._path(type("Header", (), {"pathname": whole})) == whole
    assert foreign._path(type("Header", (), {"pathname": b"a\xff"})) == "a\udcff"


def test_members_that_are_not_read_say_why() -> None:
    assert refusals(rar4([("a.jpg", b"secret")], 0x04)) == {"a.jpg": "encrypted"}
    assert refusals(rar4([("a.jpg", b"/etc/passwd")], unix_mode=0o120777)) == {"a.jpg": "not_a_file"}
    assert refusals(ARCHIVES["lzma2"], file_bytes=80_000)["a/2.jpg"] == "over_size_limit"


def changed(data: bytes, at: int) -> bytes:
    broken = bytearray(data)
    broken[at] ^= 0xFF
    return bytes(broken)


BROKEN = {
    "a 7z cut off": (ARCHIVES["lzma2"][:-50], "truncated"),
    "a 7z without its directory": (ARCHIVES["lzma2"][:60_000], "corrupt"),
    "a 7z with a broken stream": (changed(ARCHIVES["lzma1"], 1000), "corrupt"),
    "no 7z": (b"7z\xbc\xaf\x27\x1c" + b"\xff" * 600, "corrupt"),
    "a RAR 4 cut off": (ARCHIVES["RAR 4"][:50_000], "truncated"),
    "a RAR 5 cut off": (ARCHIVES["RAR 5"][:50_000], "truncated"),
    "a bomb": (seven_zip([("a.jpg", bytes(200 << 20))]), "over_container_limit"),
}


@pytest.mark.parametrize("pack", [rar4, rar5])
def test_a_rar_without_its_end_mark_is_cut_off(pack: Callable[[Files], bytes]) -> None:
    one, whole = pack(FILES[:1]), pack(FILES)
    mark = 7 if pack is rar4 else 8
    for data, count in ((whole[: len(one) - mark], 1), (whole[:-mark], 3), (whole[:-3], 3)):
        found, reason = listed(data)
        assert (len(found), reason) == (count, "truncated")
    assert listed(whole + b"a signature, or padding")[1] == ""


@pytest.mark.parametrize("what", BROKEN)
def test_a_container_that_ends_early_says_so(what: str) -> None:
    data, reason = BROKEN[what]
    assert listed(data)[1] == reason


def test_a_broken_member_does_not_hide_the_next_one() -> None:
    data = changed(ARCHIVES["store"], 1000)
    assert refusals(data) == {"a/1.jpg": "", "a/2.jpg": "corrupt", "b/ф.mp4": ""}
    opened = cursor(data)
    assert b"".join(opened.read("b/ф.mp4")) == FILES[2][1]
    with pytest.raises(ContainerError) as caught:
        list(opened.read("a/2.jpg"))
    assert caught.value.reason is Reason.CORRUPT


@pytest.mark.parametrize("pack", [seven_zip, rar4, rar5])
@pytest.mark.parametrize(("limits", "count"), [({"members": 2}, 2), ({"produced_bytes": 16_000}, 1)])
def test_limits(pack: Callable[[Files], bytes], limits: dict[str, int], count: int) -> None:
    found, reason = listed(pack(FILES), replace(LIMITS, **limits))
    assert (len(found), reason) == (count, "over_container_limit")


def test_containers_in_it_are_opened_and_it_in_them() -> None:
    assert refusals(seven_zip([("in.zip", zipped(FILES[:1]))])) == {"in.zip!/a/1.jpg": "", "in.zip": "container"}
    assert refusals(zipped([("in.7z", ARCHIVES["lzma2"])]))["in.7z!/b/ф.mp4"] == ""


@pytest.mark.parametrize("inner", [False, True], ids=["itself", "within a zip"])
def test_it_is_read_behind_the_closed_door(tmp_path: Path, *, inner: bool) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zipped([("a.7z", ARCHIVES["lzma2"])]) if inner else ARCHIVES["lzma2"])
    with closing(Opener(Limits(), ContainerLimits())) as opener:
        listed = opener.members(Place("", str(path), str(path), None, None))
    assert listed.ended is None
    assert [entry.refused for entry in listed.entries[:3]] == [None] * 3


@given(st.binary(max_size=2000), st.sampled_from([b"7z\xbc\xaf\x27\x1c\0\4", b"Rar!\x1a\x07\0", b"Rar!\x1a\x07\x01\0"]))
def test_no_bytes_do_more_than_end_early(data: bytes, start: bytes) -> None:
    listed(start + data)


@given(st.integers(0, 170_000), st.integers(0, 255), st.sampled_from(["store", "lzma2", "RAR 4", "RAR 5"]))
def test_no_changed_byte_does_more_than_that(at: int, value: int, name: str) -> None:
    data = with_byte(ARCHIVES[name], at, value)
    opened = cursor(data)
    for entry in listed(data)[0]:
        with suppress(ContainerError):
            assert entry.refused or sum(map(len, opened.read(entry.path))) == entry.size_bytes
