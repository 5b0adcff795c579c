"""The store on S3, over HTTP: the same rows as here, commits that happen once whatever fails, and its upkeep."""

import json
import os
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pipelines import runners
from pipelines.cli import app as aiqyn
from pipelines.errors import ExitCode, LeaseLostError, MachineError, UsageError, exit_code_of
from pipelines.inputs import parse_scope
from pipelines.inventory import list_inputs
from pipelines.judge_command import run_judge
from pipelines.policy_config import load_policies
from pipelines.scan import Scan
from pipelines.scan_part import ScanPart
from pipelines.selection import Selection
from pipelines.store import Store
from pipelines.summary import ScanSummary
from pipelines.troubles import machine_told
from pipelines.upkeep import compact
from pipelines.upkeep.check import check_store
from pipelines.upkeep.cli import app
from pipelines.upkeep.forget import forget
from pipelines.upkeep.vacuum import vacuum
from tests.conftest import ITEM_FACTS, VERDICT_FACTS, ScanCall, rows
from tests.pipelines.test_concurrent_commits import AT_ONCE, staged, together
from tests.pipelines.upkeep.hand_made import NOON, build_store, part
from tests.s3_server import (
    FORBIDDEN,
    REQUEST_TIMEOUT,
    SLOW_DOWN,
    TOO_MANY,
    Blind,
    Bucket,
    Cut,
    Fault,
    First,
    Late,
    Lost,
    Reset,
    S3Server,
)
from transforms import s3 as s3_client
from transforms.schemas import TABLES
from transforms.store_files import S3Files

KEY = "archive/audit"
SEEN = "SELECT (SELECT count(*) FROM items), (SELECT count(*) FROM frames), (SELECT count(*) FROM segments)"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in a folder."""
    root = tmp_path_factory.mktemp("here") / "audit"
    build_store(root)
    return root


@pytest.fixture
def store(here: Path, bucket: Bucket) -> Store:
    """The same, copied to S3: nothing in a store names the place where it lies."""
    for path in here.rglob("*"):
        if path.is_file() and "_claims" not in path.parts and path.name != ".lock":
            bucket.put(f"{KEY}/{path.relative_to(here)}", path.read_bytes())
    return Store.open(bucket.uri(KEY))


@pytest.fixture
def empty(bucket: Bucket, tmp_path: Path) -> Store:
    Store.create(tmp_path / "empty")
    for path in (tmp_path / "empty").rglob("*.json"):
        bucket.put(f"{KEY}/{path.relative_to(tmp_path / 'empty')}", path.read_bytes())
    return Store.open(bucket.uri(KEY))


def lines(store: Store) -> list[str]:
    return [found.line for found in check_store(store)]


def test_the_files_of_a_store(bucket: Bucket, s3: S3Server) -> None:
    files = S3Files(bucket.uri("audit"))
    names = [f"a/{number}.bin" for number in range(25)]  # more than a page of a listing
    for number, name in enumerate(names):
        files.put(name, bytes(number))
    with files.written("b/whole") as unfinished:
        unfinished.write_bytes(b"whole")
    with pytest.raises(FileNotFoundError), files.written("b/never"):
        Path("/nowhere").read_bytes()
    assert files.sizes("a") == {name.removeprefix("a/"): number for number, name in enumerate(names)}
    assert files.sizes("b") == {"whole": 5}
    assert (files.size("b/whole"), files.size("b/never"), files.read("b/whole")) == (5, None, b"whole")
    s3.fails("GET", f"{bucket.name}/audit/a/9.bin", Cut(4), SLOW_DOWN)
    assert [Path(copy).stat().st_size for copy in files.copies(names)] == list(range(25))
    s3.requests.clear()
    files.copies(names)
    assert not s3.requests, "a copy is made once"
    for name in ("b/whole", "b/whole"):
        files.remove(name)
    for read in (files.read, lambda path: files.copies([path])):
        with pytest.raises(FileNotFoundError, match=r"s3://.*/b/whole"):
            read("b/whole")


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("gs://bucket/audit", r"local folder or lies on S3 \(s3://bucket/folder\), and gs://bucket/audit is neither"),
        ("file:///audit", "is neither"),
        ("s3://bucket", "lies below a bucket"),
        ("s3://bucket/a b", "Latin letters"),
        ("s3://bucket/a/../b", "lies below a bucket"),
        ("s3://bucket//b", "lies below a bucket"),
        ("s3://key:word@bucket/audit", "takes no credentials. Set AWS_ACCESS_KEY_ID"),
    ],
)
def test_an_address_at_which_no_store_can_be_is_refused(address: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence) as told:
        Store.create(address)
    assert "word" not in str(told.value)


def test_a_store_is_made_and_made_whole(bucket: Bucket, s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    address = bucket.uri("new/store")
    with pytest.raises(UsageError, match=rf"no store at {address}. Make one"):
        Store.open(address)
    with monkeypatch.context() as earlier:
        earlier.setitem(TABLES, "scans", TABLES["scans"].remove(TABLES["scans"].get_field_index("runner")))
        s3.fails("PUT", f"{bucket.name}/new/store/items/_delta_log/{0:020}.json", Lost())
        s3.fails("PUT", f"{bucket.name}/new/store/marks/_delta_log/{0:020}.json", Reset(), SLOW_DOWN)
        assert "runner" not in Store.create(f"{address}/").columns("scans")
    store = Store.create(address)
    store.record_scan({"scan_id": "s", "status": "complete", "runner": "r"})
    assert rows(address, "SELECT scan_id, runner FROM scans") == [("s", "r")]
    assert not any([*s3.faults.values()]), "all of them happened"


@pytest.mark.parametrize(("header", "nth"), [("If-None-Match", 1), ("If-Match", 2)])
def test_a_server_that_heeds_no_condition_is_refused(bucket: Bucket, s3: S3Server, header: str, nth: int) -> None:
    before = [First(lambda: None)] * nth
    s3.fails("PUT", f"{bucket.name}/audit/_claims/.probe", *before, Blind(header))
    with pytest.raises(UsageError, match=f"passes over the header {header} of a put"):
        Store.create(bucket.uri("audit"))
    assert bucket.keys() == ["audit/_claims/.probe"]


def test_rows_are_those_of_a_store_here(store: Store, here: Path) -> None:
    for sql in (ITEM_FACTS, VERDICT_FACTS, "SELECT * FROM marks ORDER BY ALL", "SELECT * FROM scans ORDER BY ALL"):
        assert rows(store.root, sql) == rows(here, sql) != []
    assert lines(store) == []


def segment_log(table: str, store: Store) -> str:
    return f"{str(store.root).removeprefix('s3://')}/{table}/_delta_log/{store.version(table) + 1:020}.json"


TOUCHED = ("items", "frames", "segments")
FAULTS: list[list[Fault]] = [
    *([SLOW_DOWN], [TOO_MANY, Reset()], [Lost()], [Late(1)], [Lost(), Reset()], [REQUEST_TIMEOUT], [Cut(1)])
]


@pytest.mark.parametrize("faults", FAULTS, ids=lambda faults: "+".join(type(one).__name__ for one in faults))
def test_a_segment_is_committed_once_whatever_fails(empty: Store, s3: S3Server, faults: list[Fault]) -> None:
    for table in TOUCHED:
        s3.fails("PUT", segment_log(table, empty), *faults)
    s3.fails("GET", segment_log("items", empty), Cut(30))
    manifest = staged(empty, "s" * 16)
    empty.record_scan({"scan_id": manifest["scan_id"], "status": "complete", "recorded_at": NOON})
    empty.commit_segment(manifest)
    empty.commit_segment(manifest)
    assert rows(empty.root, SEEN) == [(2, 2, 1)]
    assert rows(empty.root, "SELECT sequence FROM segments") == [(1,)]
    assert lines(empty) == []
    assert not any([*s3.faults.values()]), "all of them happened"


@pytest.mark.parametrize("fault", [Cut(1), REQUEST_TIMEOUT], ids=["cut", "timeout"])
def test_a_log_is_read_and_a_table_is_made_whatever_fails(
    store: Store, bucket: Bucket, s3: S3Server, fault: Fault
) -> None:
    first = f"_delta_log/{0:020}.json"
    for address in (f"{KEY}/items/{first}", f"{KEY}/items/_delta_log/_last_checkpoint", f"new/items/{first}"):
        s3.fails("GET", f"{bucket.name}/{address}", fault)
    assert Store(store.root).version("items") == store.version("items")
    Store.create(bucket.uri("new"))
    assert not any([*s3.faults.values()]), "all of them happened"


def test_a_table_is_read_anew_only_where_it_grew(empty: Store, s3: S3Server) -> None:
    other = Store(empty.root)
    assert rows(empty.root, SEEN) == [(0, 0, 0)]
    assert (other.version("items"), other.version("segments")) == (0, 0)
    s3.requests.clear()
    assert other.version("items") == 0
    assert {method for method, _ in s3.requests} == {"HEAD"}
    assert s3.requests.total() == 1
    empty.commit_segment(staged(empty, "s" * 16))
    assert (other.version("items"), other.version("segments")) == (1, 1)


@pytest.mark.parametrize("table", TOUCHED)
def test_what_is_refused_is_told_not_half_seen_and_committed_later(empty: Store, s3: S3Server, table: str) -> None:
    manifest = staged(empty, "s" * 16)
    s3.fails("PUT", segment_log(table, empty), FORBIDDEN)
    told = r"The storage of s3://.* failed or refused: .*privileges.*to go on"
    with pytest.raises(MachineError, match=told), machine_told(empty.root):
        empty.commit_segment(manifest)
    assert rows(empty.root, SEEN) == [(0, 0, 0)]
    assert Store.open(empty.root).recover() == 1
    assert rows(empty.root, SEEN) == [(2, 2, 1)]
    assert empty.manifests() == {}


def test_a_part_that_cannot_be_put_is_told(empty: Store, s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    name = uuid.UUID(int=0)
    monkeypatch.setattr("transforms.part_files.uuid.uuid4", lambda: name)
    s3.fails("PUT", f"{str(empty.root)[5:]}/items/x/part-{name.hex}.parquet", *[SLOW_DOWN] * 6)
    with pytest.raises(MachineError, match="Please reduce your request rate"), machine_told(empty.root):
        part(empty, "items", "x", [{"uri": "/a"}])


def test_broken_manifests_are_done_again_and_those_of_others_left(empty: Store) -> None:
    manifest = staged(empty, "mine", scan="mine")
    empty.disk.put("_manifests/broken.json", b"[]")
    torn = manifest | {"segment_id": "torn", "scan_id": "dead", "parts": [manifest["parts"][0] | {"size_bytes": 1}]}
    empty.disk.put("_manifests/torn.json", json.dumps(torn).encode())
    with Store.open(empty.root).locks.part(ScanPart(1, 2), "mine"):
        assert empty.recover() == 0
        assert [*empty.manifests()] == ["_manifests/mine.json"]
    assert empty.recover() == 1
    assert rows(empty.root, SEEN) == [(2, 2, 1)]


def test_who_lost_its_lease_commits_nothing_more(empty: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.leases._Lease._beat", lambda *_: None)
    manifest = staged(empty, "s" * 16)
    with empty.locks.whole("scan"):
        claim = empty.disk.read("_claims/whole")
        empty.disk.put("_claims/whole", b"{}")  # as whoever passes over it does
        monkeypatch.setattr("pipelines.leases._clock", lambda: 1e12)
        with pytest.raises(LeaseLostError, match="Nothing more was committed"):
            empty.commit_segment(manifest)
        assert claim != empty.disk.read("_claims/whole") == b"{}"
    assert rows(empty.root, SEEN) == [(0, 0, 0)]


def test_a_scan_that_lost_its_lease_ends_and_the_next_one_tells_of_it(
    empty: Store, bucket: Bucket, light_scan: ScanCall, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.put("in/a.txt", b"a")
    staging: dict[str, Any] = {}

    def sleeps_too_long(_: Scan, store: Store, summary: ScanSummary) -> None:
        staging.update(staged(store, "s" * 16, summary.scan_id))
        store.disk.put("_claims/whole", b"{}")  # as whoever passes over it does
        with monkeypatch.context() as later:
            later.setattr("pipelines.leases._clock", lambda: 1e12)
            store.commit_segment(staging)

    monkeypatch.setattr(Scan, "_run_segments", sleeps_too_long)
    with pytest.raises(LeaseLostError) as told:
        light_scan(bucket.uri("in"), store=empty.root)
    assert exit_code_of(told.value) is ExitCode.BROKEN_OFF
    assert rows(empty.root, "SELECT status FROM scans") == [("running",)]
    assert rows(empty.root, SEEN) == [(0, 0, 0)]
    monkeypatch.setattr(Scan, "_run_segments", lambda *_: None)
    assert light_scan(bucket.uri("in"), store=empty.root).recovered == 1
    assert rows(empty.root, "SELECT status FROM scans ORDER BY started_at") == [("killed",), ("complete",)]
    assert rows(empty.root, SEEN) == [(2, 2, 1)]


COMMITS, PROCESSES = 2, 3


def commit_some(environment: dict[str, str], root: str, number: int) -> None:
    os.environ.update(environment)
    store = Store(root)
    for turn in range(COMMITS):
        scan = f"{number}-{turn}"
        manifest = staged(store, f"{scan:-<16}", scan)
        store.record_scan({"scan_id": scan, "status": "complete", "recorded_at": NOON})
        store.commit_segment(manifest)
        store.commit_segment(staged(store, "shared" + "-" * 10, "0-0"))


def test_segments_of_many_processes_are_committed_once_and_numbered(empty: Store, s3: S3Server) -> None:
    names = (*("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"), s3_client.ENDPOINT_VARIABLE)
    environment = {name: os.environ[name] for name in names}
    start = AT_ONCE.Barrier(PROCESSES)
    run = [
        AT_ONCE.Process(target=hammer, args=(start, environment, str(empty.root), number))
        for number in range(PROCESSES)
    ]
    for process in run:
        process.start()
    for process in run:
        process.join(240)
    assert [process.exitcode for process in run] == [0] * PROCESSES
    count = COMMITS * PROCESSES + 1
    assert rows(empty.root, "SELECT sequence FROM segments ORDER BY 1") == [(one,) for one in range(1, count + 1)]
    assert rows(empty.root, "SELECT count(*), count(DISTINCT uri) FROM items_latest") == [(2 * count, 2 * count)]
    assert [line for line in lines(empty) if "damaged" in line] == []


def hammer(start: Any, environment: dict[str, str], root: str, number: int) -> None:
    together(start, lambda: commit_some(environment, root, number))


def test_damage_is_told(store: Store, bucket: Bucket) -> None:
    missing, cut, broken = (f"{KEY}/{table}/{store.part_paths(table)[0]}" for table in ("items", "frames", "marks"))
    data = bucket.get(broken)
    bucket.delete(missing)
    bucket.put(cut, bucket.get(cut)[:-1])
    bucket.put(broken, bytes(len(data)))
    told = {(found.problem.value, found.table) for found in check_store(Store.open(store.root))}
    assert told == {("file_missing", "items"), ("file_size", "frames"), ("file_unreadable", "marks")}
    with pytest.raises(UsageError, match=rf"A part file is missing: s3://.*{missing}. See: aiqyn store check --store"):
        rows(store.root, "SELECT 1")


def test_what_is_needless_is_removed_and_small_files_are_merged(
    store: Store, bucket: Bucket, s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compact, "FEWEST", 2)
    said = rows(store.root, ITEM_FACTS)
    orphan, waiting = part(store, "items", "x", [{"uri": "/a"}]), staged(store, "waits" + "-" * 11)
    bucket.put(f"{KEY}/items/x/notes.txt", b"ours")
    s3.fails("PUT", segment_log("items", store), Lost())
    before = {*store.part_paths("items")}
    done = vacuum(store, timedelta(0), is_compacting=True)
    removed = {f"{file.table}/{file.path}" for file in done.removed}
    assert {f"items/{orphan['path']}", *(f"items/{path}" for path in before)} <= removed
    assert removed.isdisjoint(f"{one['table']}/{one['path']}" for one in waiting["parts"])
    assert f"{KEY}/items/x/notes.txt" in [*keys(bucket)]
    assert not {f"{KEY}/{path}" for path in removed} & {*keys(bucket)}
    assert len(store.part_paths("items")) == 1
    assert rows(store.root, ITEM_FACTS) == said
    assert store.recover() == 1, "what waits is committed over merged files"
    assert [found.problem.value for found in check_store(store) if found.problem.is_damage] == ["scan_missing"]


def test_what_is_forgotten_is_in_no_object(store: Store, bucket: Bucket, s3: S3Server) -> None:
    asked = "SELECT uri, content_sha256 FROM items_latest WHERE uri LIKE '%a b.png'"
    ((uri, content),) = rows(store.root, asked)
    s3.fails("PUT", segment_log("segments", store), Lost())
    done = forget(store, [content])
    assert (done.rows["items"], done.rows["verdicts"]) == (1, 1)
    assert rows(store.root, asked) == []
    assert lines(Store.open(store.root)) == []
    for key in keys(bucket):
        data = store.disk.read(key.removeprefix(f"{KEY}/"))
        assert uri.encode() not in data, key
        assert content.encode() not in data, key
    assert not any([*s3.faults.values()]), "all of them happened"


def keys(bucket: Bucket) -> Iterator[str]:
    yield from (one.uri.removeprefix(f"s3://{bucket.name}/") for one in s3_client.list_objects(f"{bucket.uri()}/"))


def test_it_is_not_vacuumed_beside_a_scan(store: Store) -> None:
    with Store.open(store.root).locks.part(ScanPart(1, 2), "s"), pytest.raises(UsageError, match="segments 1/2"):
        vacuum(store, timedelta(0))


def test_the_commands(store: Store, here: Path, tmp_path: Path, s3: S3Server) -> None:
    del os.environ[s3_client.ENDPOINT_VARIABLE]
    s3_client.forget_clients()
    at = ["--store", str(store.root), "--s3-endpoint", s3.endpoint]

    def run(commands: Any, *arguments: str) -> str:
        done = CliRunner().invoke(commands, [*arguments, *at], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.stdout

    assert run(app, "check") == ""
    told, local = json.loads(run(app, "stats", "--json")), CliRunner().invoke(app, ["stats", "--json", "--store", here])
    assert told == json.loads(local.stdout)
    exported = tmp_path / "parquet"
    assert "items_latest: 5 rows" in run(app, "export", "--output", str(exported))
    assert json.loads((exported / "_SUCCESS").read_text("utf-8"))["store"] == str(store.root)
    run(
        aiqyn, "query", "--format", "csv", "--output", str(tmp_path / "answer.csv"), "SELECT count(*) FROM items_latest"
    )
    assert "5" in (tmp_path / "answer.csv").read_text()
    assert "scan-two" in run(aiqyn, "scans")
    with pytest.raises(UsageError, match="An export is written to a local folder"):
        CliRunner().invoke(app, ["export", *at, "--output", "s3://b/export"], catch_exceptions=False)


def test_judging_adds_verdicts(store: Store) -> None:
    before = store.version("verdicts")
    run_judge(str(store.root), None, "2026-12-02", None, None, "", is_json=False)
    assert store.version("verdicts") == before + 1
    policy = load_policies(None)[0].policy.id
    assert rows(store.root, f"SELECT count(*) FROM verdicts_latest WHERE policy = '{policy}'") == [(4,)]
    assert lines(store) == []


@pytest.mark.parametrize("fault", [FORBIDDEN, SLOW_DOWN, Reset()], ids=lambda one: getattr(one, "code", "Reset"))
def test_storage_that_fails_is_one_sentence(store: Store, s3: S3Server, bucket: Bucket, fault: Fault) -> None:
    s3.fails("LIST", bucket.name, *[fault] * 20)
    with pytest.raises(MachineError, match=rf"The storage of {store.root} failed or refused: .*"):
        CliRunner().invoke(app, ["stats", "--store", str(store.root)], catch_exceptions=False)


def test_without_credentials_there_is_a_sentence(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    s3_client.forget_clients()
    with pytest.raises(MachineError, match="Unable to locate credentials"):
        CliRunner().invoke(app, ["stats", "--store", str(store.root)], catch_exceptions=False)


def test_credentials_of_a_profile_reach_delta(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "credentials").write_text("[auditor]\naws_access_key_id = a\naws_secret_access_key = b\n")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_PROFILE", "auditor")
    s3_client.forget_clients()
    opened = Store.open(store.root)
    opened.record_scan({"scan_id": "s", "status": "complete", "recorded_at": NOON})
    assert rows(store.root, "SELECT count(*) FROM scans WHERE scan_id = 's'") == [(1,)]
    assert "b" not in [*repr(s3_client.find_access(str(store.root))).split("'")]


@pytest.mark.parametrize(
    "option", ["--s3_secret_access_key=word", "--s3_access_key_id=word", "--s3_session_token", "--s3_secret=word"]
)
def test_credentials_are_no_beam_options(option: str) -> None:
    with pytest.raises(UsageError, match="AWS_PROFILE") as told:
        runners.RunnerChoice(options=(option,)).check()
    assert "word" not in str(told.value)


def test_credentials_are_no_source() -> None:
    with pytest.raises(UsageError, match="takes no credentials") as told:
        parse_scope(["s3://key:word@bucket"], None, Selection(), None, opens_containers=False)
    assert "word" not in str(told.value)


def test_a_store_within_a_source_is_not_scanned(store: Store, bucket: Bucket) -> None:
    bucket.put("archive/a.txt", b"a")
    bucket.put("archive/audit-2.txt", b"b")
    found = [place.uri for place in list_inputs([bucket.uri("archive")], store.root)]
    assert found == [bucket.uri("archive/a.txt"), bucket.uri("archive/audit-2.txt")]


def test_many_commits_are_read_through_checkpoints(empty: Store, s3: S3Server) -> None:
    empty.record_scan({"scan_id": "s", "status": "running", "recorded_at": NOON})
    empty.delta("scans").create_checkpoint()
    s3.requests.clear()
    assert Store(empty.root).version("scans") == 1
    log = f"{str(empty.root)[5:]}/scans/_delta_log"
    assert s3.requests[("GET", f"{log}/{0:020}.json")] == s3.requests[("GET", f"{log}/{1:020}.json")] == 0


def test_a_page_of_first_happenings(bucket: Bucket, s3: S3Server) -> None:
    """Of two puts where none may be, one is refused, also when it comes between."""
    address = bucket.uri("one")
    s3.fails("PUT", f"{bucket.name}/one", First(lambda: bucket.put("one", b"other")))
    with pytest.raises(s3_client.NotMetError):
        s3_client.put_object(address, b"ours", is_new=True)
    assert bucket.get("one") == b"other"
