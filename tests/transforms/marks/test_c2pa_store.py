"""What the C2PA library says of each kind of file in each state, and that it reaches for nothing outside the file."""

import importlib.metadata
import io
import json
import os
import random
import socket
import threading
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import c2pa
import pytest
from PIL import Image

from tests.transforms.marks import c2pa_corpus as corpus
from tests.transforms.marks.behind_the_door import read_behind_the_door
from transforms.examine.sniff import sniff
from transforms.marks import c2pa_store
from transforms.marks.c2pa_store import Status, Store, read_store, supports
from transforms.marks.settings import Trust

ROOT = Path(__file__).parents[3]
UNTRUSTED = "signingCredential.untrusted"
NOBODY = Trust()
MUTATIONS = 150


@pytest.fixture
def newsroom() -> Trust:
    return Trust(organisation=corpus.chain().root, name="newsroom")


def read(data: bytes, media_type: str, trust: Trust = NOBODY) -> Store | None:
    return read_store(io.BytesIO(data), media_type, trust)


def codes(store: Store | None) -> set[str]:
    assert store is not None
    return {status["code"] for status in store.data.get("validation_status", [])}


def hash_mismatch(media_type: str) -> str:
    boxes = media_type.startswith("video/") or media_type in {"image/avif", "image/heic"}
    return f"assertion.{'bmff' if boxes and media_type != 'video/x-msvideo' else 'data'}Hash.mismatch"


@pytest.fixture(params=corpus.MEDIA_TYPES)
def media_type(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def signed(media_type: str) -> bytes:
    return corpus.signed(corpus.media(media_type), media_type)


def test_a_kind_of_file_of_the_corpus_is_what_it_is_called(media_type: str, signed: bytes) -> None:
    assert sniff(corpus.media(media_type)[:4096]) == sniff(signed[:4096]) == media_type


def test_no_manifest(media_type: str) -> None:
    assert read(corpus.media(media_type), media_type) is None


def test_untouched_of_an_unknown_signer_is_valid_and_not_trusted(media_type: str, signed: bytes) -> None:
    store = read(signed, media_type)
    assert store
    assert (store.status, store.state, codes(store)) == (Status.READ, "Valid", {UNTRUSTED})
    assert store.trust_list == "none"


def test_untouched_of_a_known_signer_is_trusted(media_type: str, signed: bytes, newsroom: Trust) -> None:
    store = read(signed, media_type, newsroom)
    assert store
    assert (store.state, codes(store), store.trust_list) == ("Trusted", set(), "newsroom")


def test_a_changed_bit_of_the_picture_makes_it_invalid(media_type: str, signed: bytes, newsroom: Trust) -> None:
    store = read(corpus.tampered(signed, corpus.media(media_type)), media_type, newsroom)
    assert store
    assert (store.state, codes(store)) == ("Invalid", {hash_mismatch(media_type)})


def test_a_changed_assertion_makes_it_invalid(media_type: str, signed: bytes, newsroom: Trust) -> None:
    store = read(corpus.edited(signed), media_type, newsroom)
    assert store
    assert (store.state, codes(store)) == ("Invalid", {"assertion.hashedURI.mismatch"})


# With a missing end, containers that state their length cannot be parsed at all.
PARSED_WHEN_CUT = {"image/jpeg", "image/gif", "image/avif", "image/heic", "video/mp4", "video/quicktime"}


@pytest.mark.parametrize(
    ("damage", "parsed"),
    [
        pytest.param(lambda data: data + bytes(99), corpus.MEDIA_TYPES, id="appended"),
        pytest.param(lambda data: data[:-200], PARSED_WHEN_CUT, id="truncated"),
    ],
)
def test_bytes_added_or_missing_at_the_end(media_type, signed, newsroom, damage, parsed) -> None:
    store = read(damage(signed), media_type, newsroom)
    assert store
    if media_type in parsed:
        assert (store.status, store.state, codes(store)) == (Status.READ, "Invalid", {hash_mismatch(media_type)})
    else:
        assert store.status is Status.CONTAINER_UNREADABLE
        assert store.message


def test_a_manifest_elsewhere_is_named_and_not_fetched(media_type: str) -> None:
    address = "https://example.org/manifests/1.c2pa"
    store = read(corpus.signed(corpus.media(media_type), media_type, remote=address), media_type)
    assert store
    assert (store.status, store.url, store.data) == (Status.REMOTE_NOT_FETCHED, address, {})


def test_a_sidecar_is_not_in_the_file(media_type: str) -> None:
    data = corpus.media(media_type)
    assert len(corpus.sidecar(data, media_type)) > 1000
    assert read(data, media_type) is None


@pytest.mark.parametrize("name", ["jpeg", "png", "webp", "avif", "gif"])
def test_a_picture_saved_anew_has_no_manifest(name: str) -> None:
    data = corpus.signed(corpus.media(f"image/{name}"), f"image/{name}")
    out = io.BytesIO()
    Image.open(io.BytesIO(data)).save(out, name.upper())
    assert read(out.getvalue(), f"image/{name}") is None


def test_a_tiff_saved_anew_by_pillow_keeps_a_tag_that_holds_no_store() -> None:
    data = corpus.signed(corpus.media("image/tiff"), "image/tiff")
    out = io.BytesIO()
    Image.open(io.BytesIO(data)).save(out, "TIFF")
    store = read(out.getvalue(), "image/tiff")
    assert store
    assert store.status is Status.CONTAINER_UNREADABLE
    assert "C2PA" in store.message


# A GIF's blocks cut the store up, so that it cannot be signed anew by hand.
@pytest.mark.parametrize("media_type", sorted(set(corpus.MEDIA_TYPES) - {"image/gif"}))
def test_an_expired_certificate_makes_it_invalid_though_nothing_was_touched(media_type: str, newsroom: Trust) -> None:
    data = corpus.signed(corpus.media(media_type), media_type)
    store = read(corpus.signed_when_expired(data, corpus.chain()), media_type, newsroom)
    assert store
    assert store.state == "Invalid"
    assert codes(store) >= {"signingCredential.expired"}
    assert not {code for code in codes(store) if code.endswith(".mismatch")}


@pytest.mark.parametrize("eku", corpus.KEY_USAGES, ids=str)
@pytest.mark.parametrize(
    ("anchors", "state"),
    [("", "Valid"), ("anchors", "Trusted"), ("organisation", "Trusted")],
    ids=["no list", "trust list", "organisation"],
)
def test_a_signer_may_have_any_usage_that_the_specification_allows(eku, anchors: str, state: str) -> None:
    signer = corpus.chain("Camera maker", eku)
    data = corpus.signed(corpus.media("image/jpeg"), "image/jpeg", signer=signer)
    store = read(data, "image/jpeg", Trust(**({anchors: signer.root} if anchors else {}), name="list"))
    assert store
    assert store.state == state


def test_an_ingredient_s_manifest_is_in_the_store(media_type: str, newsroom: Trust) -> None:
    data = corpus.media(media_type)
    parent = corpus.Ingredient(corpus.signed(data, media_type), media_type)
    edit = corpus.manifest(corpus.opened(0))
    store = read(corpus.signed(data, media_type, edit, ingredients=[parent]), media_type, newsroom)
    assert store
    assert (store.state, len(store.data["manifests"])) == ("Trusted", 2)


def test_a_list_of_others_does_not_make_a_signer_trusted() -> None:
    data = corpus.signed(corpus.media("image/jpeg"), "image/jpeg")
    store = read(data, "image/jpeg", Trust(anchors=corpus.chain("Somebody else").root, name="others"))
    assert store
    assert store.state == "Valid"


def test_anchors_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="refuses the trust anchors of 'broken'"):
        read(corpus.media("image/jpeg"), "image/jpeg", Trust(anchors="no certificate", name="broken"))


def test_the_same_file_gives_the_same_store_each_time() -> None:
    data = corpus.signed(corpus.media("image/jpeg"), "image/jpeg")
    assert len({json.dumps(read(data, "image/jpeg").data) for _ in range(8)}) == 1  # type: ignore[union-attr]


@pytest.mark.parametrize("media_type", ["image/bmp", "video/x-matroska", "video/webm", "image/vnd.adobe.photoshop"])
def test_what_the_library_does_not_read_is_no_failure(media_type: str) -> None:
    assert not supports(media_type)
    assert read(b"whatever", media_type) is None


def test_supported_kinds_are_those_of_the_library() -> None:
    assert set(c2pa.Reader.get_supported_mime_types()) >= c2pa_store._SUPPORTED


def test_the_tool_is_named_as_it_is_installed_and_pinned() -> None:
    pins = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    assert importlib.metadata.version("c2pa-python") == c2pa_store.VERSION
    assert f"c2pa-python=={c2pa_store.VERSION}" in pins


def test_a_forked_process_makes_a_context_of_its_own(newsroom: Trust) -> None:
    data = corpus.signed(corpus.media("image/jpeg"), "image/jpeg")
    assert read(data, "image/jpeg", newsroom)
    child = os.fork()
    if not child:
        store = read(data, "image/jpeg", newsroom)
        os._exit(0 if store and store.state == "Trusted" else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


# --- no network


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


def was_called(server: socket.socket) -> bool:
    try:
        server.accept()[0].close()
    except BlockingIOError:
        return False
    return True


def calling_files(server: socket.socket) -> dict[str, bytes]:
    """Files that give the library a reason to call the listener."""
    address = f"http://127.0.0.1:{server.getsockname()[1]}"
    jpeg = corpus.media("image/jpeg")
    revocable = corpus.chain("Revocable", ocsp=f"{address}/ocsp")
    return {
        "remote_manifest_fetch": corpus.signed(jpeg, "image/jpeg", remote=f"{address}/1.c2pa"),
        "ocsp_fetch": corpus.signed(jpeg, "image/jpeg", signer=revocable),
    }


@pytest.mark.parametrize("setting", ["remote_manifest_fetch", "ocsp_fetch"])
def test_nothing_is_fetched(setting: str, listener: socket.socket, newsroom: Trust) -> None:
    data = calling_files(listener)[setting]
    assert read(data, "image/jpeg", newsroom)
    assert not was_called(listener)


@pytest.mark.parametrize("setting", ["remote_manifest_fetch", "ocsp_fetch"])
def test_the_files_of_the_test_above_would_make_the_library_call(setting: str, listener: socket.socket) -> None:
    data = calling_files(listener)[setting]
    listener.setblocking(True)
    calls = []

    def answer() -> None:
        connection, _ = listener.accept()
        calls.append(connection.recv(4))
        connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        connection.close()

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    context = c2pa.Context.from_dict({"verify": {setting: True}})
    with suppress(c2pa.C2paError):  # what it is answered is no manifest
        c2pa.Reader("image/jpeg", io.BytesIO(data), context=context).close()
    thread.join(20)
    assert calls[0] in {b"GET ", b"POST"}


@pytest.mark.parametrize(
    ("group", "name"), [(group, name) for group, names in c2pa_store._OFFLINE.items() for name in names]
)
def test_each_setting_is_one_that_this_library_knows(group: str, name: str) -> None:
    """The library ignores a name that it does not know, and refuses a known one with a value of the wrong kind."""
    with pytest.raises(c2pa.C2paError, match="invalid type"):
        c2pa.Context.from_dict({group: {name: "neither"}})


# --- behind the door


def test_every_kind_is_read_behind_the_door() -> None:
    files = [(kind, corpus.signed(corpus.media(kind), kind)) for kind in corpus.MEDIA_TYPES]
    found = read_behind_the_door(files, corpus.chain().root)
    if found["door"]["files"]:
        assert not found["opened"]
    assert found["stores"] == [["read", "Trusted", ""]] * len(files)


def test_no_mutated_file_brings_a_child_down() -> None:
    chance = random.Random(5)
    files = [(kind, mutated(data, chance)) for kind, data in _originals() for _ in range(MUTATIONS)]
    found = read_behind_the_door(files, corpus.chain().root)
    assert len(found["stores"]) == len(files)
    told = {store[0] if store else None for store in found["stores"]}
    assert told >= {"read", "unreadable", "container_unreadable", None}
    assert {store[1] for store in found["stores"] if store and store[0] == "read"} <= {"Trusted", "Valid", "Invalid"}


def _originals() -> list[tuple[str, bytes]]:
    return [(kind, corpus.signed(corpus.media(kind), kind)) for kind in corpus.MEDIA_TYPES]


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Cut, holed, or with other bytes, half of them in the first thousand."""
    out = bytearray(data)
    kind = chance.randrange(4)
    if kind == 0:
        return data[: chance.randrange(len(data))]
    if kind == 1:
        start = chance.randrange(len(data))
        del out[start : start + chance.randrange(1, 400)]
        return bytes(out)
    reach = len(data) if kind == 2 else min(1000, len(data))
    for _ in range(chance.randrange(1, 12)):
        out[chance.randrange(reach)] = chance.randrange(256)
    return bytes(out)
