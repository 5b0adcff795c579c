"""HDFS over WebHDFS, without a scan: what is listed, looked up and read, and what each fault on the way comes to."""

from pathlib import Path

import pytest

from pipelines.errors import UsageError
from pipelines.inventory import list_inputs, list_places
from pipelines.listing import look_up
from pipelines.manifest import Manifest
from tests.reading import DATA, KEYS, hashed, sha256
from tests.storage_server import LIST, Cut, First, Late, Refusal, Reset, StorageServer
from tests.webhdfs_server import DATANODE, FORBIDDEN, GATEWAY, LOST_BLOCK, MISSING, STANDBY
from transforms import hdfs as hdfs_client
from transforms.outcomes import Reason
from transforms.records import Examination, Place

STATUS, OPEN = "GETFILESTATUS", "OPEN"


def one(hdfs: StorageServer, data: bytes = DATA, name: str = "a.png") -> Place:
    hdfs.put(f"films/{name}", data)
    return next(list_places(f"hdfs://films/{name}"))


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("", KEYS),
        ("/deep", ["deep/c [1].png", "deep/er/d.png"]),
        ("/a.png", ["a.png"]),
        ("/*.png", ["a.png", "deep.png"]),
        ("/**.png", KEYS),
        ("/**/*.png", ["a b/é+%?#.png", "deep/c [1].png", "deep/er/d.png"]),
        ("/*/*.png", ["a b/é+%?#.png", "deep/c [1].png"]),
        ("/deep/[a-c]*", ["deep/c [1].png"]),
        ("/a?b/*", ["a b/é+%?#.png"]),
    ],
)
@pytest.mark.parametrize("root", ["hdfs://films", "hdfs://namenode:8020/films"])
def test_what_a_source_holds(hdfs: StorageServer, root: str, source: str, names: list[str]) -> None:
    server = hdfs_client.chosen_server()
    hdfs_client.use_server(
        hdfs_client.HdfsServer(server.hdfs_host, server.hdfs_port, server.hdfs_user, hdfs_full_urls="namenode" in root)
    )
    for name in KEYS:
        hdfs.put(f"films/{name}", DATA)
    hdfs.put("films/nothing/", b"")
    places = list(list_places(f"{root}{source}"))
    assert [place.uri for place in places] == [f"{root}/{name}" for name in names]
    assert {(place.size_bytes, place.mtime_ns) for place in places} == {(len(DATA), 1_700_000_000_000_000_000)}
    assert {hashed(place) for place in places} == {sha256(DATA)}


def test_folders_in_which_no_match_can_lie_are_not_listed(hdfs: StorageServer) -> None:
    for name in ("a.png", "deep/b.png", "deep/er/c.png", "deep/er/est/d.png"):
        hdfs.put(f"films/{name}", DATA)
    for source, listed in (("/*.png", 1), ("/*/*.png", 2), ("/deep/*/*.png", 2), ("", 4)):
        hdfs.requests.clear()
        list(list_places(f"hdfs://films{source}"))
        assert sum(count for (method, _), count in hdfs.requests.items() if method == LIST) == listed


def test_what_is_not_there_is_told(hdfs: StorageServer) -> None:
    hdfs.put("films/a.png", DATA)
    for source in ("hdfs://films/none", "hdfs://none", "hdfs://films/*.jpg"):
        with pytest.raises(UsageError, match="There is nothing at hdfs://"):
            list(list_places(source))


def test_a_folder_below_that_may_not_be_listed_is_told_and_in_a_glob_a_stop(hdfs: StorageServer) -> None:
    hdfs.put("films/a.png", DATA)
    hdfs.put("films/closed/b.png", DATA)
    hdfs.fails(LIST, "films/closed", FORBIDDEN, FORBIDDEN)
    told = {place.uri: place.problem for place in list_places("hdfs://films")}
    sentence = "Access is refused: Permission denied: user=auditor, access=READ."
    assert told == {"hdfs://films/a.png": None, "hdfs://films/closed": f"Folder: {sentence}"}
    with pytest.raises(UsageError, match=r"cannot be listed: Access is refused: Permission denied"):
        list(list_places("hdfs://films/**.png"))


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (STANDBY, "cannot be listed: Operation category READ is not supported in state standby. It was tried several"),
        (GATEWAY, "cannot be listed: Service Unavailable. It was tried several times; nothing was recorded."),
        (Reset(), "It was tried several times; nothing was recorded. Run the same command again."),
        (FORBIDDEN, "Access is refused: Permission denied: user=auditor, access=READ. Is the address right, and may"),
    ],
    ids=str,
)
def test_a_folder_that_cannot_be_listed_is_named(hdfs: StorageServer, fault, sentence: str) -> None:
    hdfs.put("films/a.png", DATA)
    hdfs.fails(LIST, "films", *[fault] * 3)
    with pytest.raises(UsageError) as told:
        list(list_places("hdfs://films"))
    assert sentence in str(told.value)
    assert hdfs.requests[LIST, "films"] == (1 if fault is FORBIDDEN else 3)


PASSING = [STANDBY, GATEWAY, LOST_BLOCK, Refusal(429, "", "Too Many Requests"), Reset()]


@pytest.mark.parametrize("fault", PASSING, ids=str)
@pytest.mark.parametrize("method", [STATUS, OPEN, DATANODE])
def test_what_passes_is_waited_out(hdfs: StorageServer, method: str, fault) -> None:
    place = one(hdfs)
    hdfs.requests.clear()
    hdfs.fails(method, "films/a.png", fault, fault)
    assert hashed(place) == sha256(DATA)
    assert hdfs.requests[method, "films/a.png"] == 3


def test_a_copy_that_broke_goes_on_where_it_broke(hdfs: StorageServer) -> None:
    data = DATA * 40
    place = one(hdfs, data)
    hdfs.fails(DATANODE, "films/a.png", Cut(3 << 20))
    assert hashed(place) == sha256(data)
    assert hdfs.sent[DATANODE, "films/a.png"] == len(data), "no byte came twice"


def test_an_answer_that_does_not_come_is_given_up_in_time(hdfs: StorageServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hdfs_client, "ANSWER_SECONDS", 0.3)
    hdfs_client._client_of.cache_clear()
    try:
        place = one(hdfs)
        hdfs.fails(OPEN, "films/a.png", Late(1.0), Late(1.0))
        assert hashed(place) == sha256(DATA)
        hdfs.fails(DATANODE, "films/a.png", *[Late(1.0)] * 3)
        found = hashed(place)
    finally:
        hdfs_client._client_of.cache_clear()
    assert isinstance(found, Examination)
    assert (found.reason, "Read timed out" in found.detail) == (Reason.UNREADABLE, True)


@pytest.mark.parametrize(
    ("method", "fault", "reason", "detail"),
    [
        (OPEN, FORBIDDEN, Reason.UNREADABLE, "Access is refused: Permission denied: user=auditor, access=READ."),
        (OPEN, Refusal(401, "", "Unauthorized"), Reason.UNREADABLE, "Access is refused: Unauthorized."),
        (OPEN, MISSING, Reason.VANISHED, "The file vanished during the scan."),
        (DATANODE, LOST_BLOCK, Reason.UNREADABLE, "Could not obtain block: blk_1."),
        (DATANODE, GATEWAY, Reason.UNREADABLE, "Service Unavailable."),
        (STATUS, "deleted", Reason.VANISHED, "The file vanished during the scan."),
        (DATANODE, "deleted", Reason.VANISHED, "The file vanished during the scan."),
        (
            STATUS,
            "replaced",
            Reason.CHANGED_DURING_SCAN,
            "The file changed after it was listed: another one lies there.",
        ),
    ],
    ids=str,
)
def test_what_does_not_pass_has_its_reason(
    hdfs: StorageServer, method: str, fault, reason: Reason, detail: str
) -> None:
    place = one(hdfs)
    happenings = {
        "replaced": lambda: hdfs.put("films/a.png", DATA[::-1]),
        "deleted": lambda: hdfs.delete("films/a.png"),
    }
    faults = [First(happenings[fault])] if isinstance(fault, str) else [fault] * 3
    hdfs.fails(method, "films/a.png", *faults)
    found = hashed(place)
    assert isinstance(found, Examination)
    assert (found.reason, found.detail) == (reason, detail)


def test_bytes_of_two_files_are_never_joined(hdfs: StorageServer) -> None:
    place = one(hdfs, DATA * 40)
    hdfs.fails(DATANODE, "films/a.png", Cut(3 << 20))
    hdfs.fails(STATUS, "films/a.png", First(lambda: None), First(lambda: hdfs.put("films/a.png", (DATA * 40)[::-1])))
    found = hashed(place)
    assert isinstance(found, Examination)
    assert found.reason is Reason.CHANGED_DURING_SCAN


def test_of_what_is_of_no_interest_only_the_beginning_is_read(hdfs: StorageServer) -> None:
    for name, reason in (("disk.img", Reason.NOT_MEDIA), ("disk.mp4", Reason.NAMED_AS_MEDIA)):
        found = hashed(one(hdfs, bytes(9 << 20), name))
        assert isinstance(found, Examination)
        assert found.reason is reason
        assert hdfs.sent[DATANODE, f"films/{name}"] == 4096


def test_what_a_manifest_names_has_an_answer_each(hdfs: StorageServer, tmp_path: Path) -> None:
    names = ("a.png", "b.png", "closed.png", "deep/c.png")
    for name in names:
        hdfs.put(f"films/{name}", DATA)
    table = tmp_path / "m.csv"
    table.write_text("\n".join(["uri", *(f"hdfs://films/{name}" for name in (*names, "no.png", "deep"))]))
    hdfs.fails(STATUS, "films/closed.png", FORBIDDEN)
    hdfs.fails(STATUS, "films/b.png", GATEWAY, Reset())
    named = Manifest(table).look()
    assert {place.uri: place.problem for place in named.places} == {
        "hdfs://films/a.png": None,
        "hdfs://films/b.png": None,
        "hdfs://films/closed.png": "Access is refused: Permission denied: user=auditor, access=READ.",
        "hdfs://films/deep": "This is a folder. A manifest names files; name folders as SOURCE.",
        "hdfs://films/deep/c.png": None,
    }
    assert [place.uri for place in named.absent] == ["hdfs://films/no.png"]
    for fault in (STANDBY, GATEWAY, Reset()):
        hdfs.fails(STATUS, "films/b.png", *[fault] * 3)
        with pytest.raises(UsageError, match="cannot be looked up"):
            Manifest(table).look()


def test_listed_and_looked_up_a_file_is_the_same(hdfs: StorageServer) -> None:
    for name in KEYS:
        hdfs.put(f"films/{name}", DATA)
    listed = {place.uri: (place.size_bytes, place.mtime_ns, place.etag) for place in list_places("hdfs://films")}
    found = dict(look_up([*listed, "hdfs://films/none"]))
    assert {uri: (one.size_bytes, one.mtime_ns, one.etag) for uri, one in found.items() if one} == listed
    assert found["hdfs://films/none"] is None


def test_sidecars_lie_in_the_same_folder(hdfs: StorageServer, tmp_path: Path) -> None:
    for name in ("a.png", "a.txt", "below/b.png"):
        hdfs.put(f"films/{name}", b"1")
    (place,) = list_inputs(["hdfs://films/a.png"], tmp_path)
    assert [beside.uri for beside in place.beside] == ["hdfs://films/a.txt"]
    assert hdfs.requests[LIST, "films/below"] == 0


def test_a_server_that_is_not_named_is_asked_for(hdfs: StorageServer, tmp_path: Path) -> None:
    hdfs_client.use_server(None)
    (tmp_path / "m.csv").write_text("uri\nhdfs://films/a.png\n")
    for look in (lambda: list(list_places("hdfs://films")), lambda: Manifest(tmp_path / "m.csv").look()):
        with pytest.raises(UsageError, match=r"which server\? Say --beam-option=--hdfs_host=NAMENODE"):
            look()
