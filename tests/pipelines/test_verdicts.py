"""What every policy makes of real files: made here, scanned once, judged from the tables."""

import csv
import shutil
import signal
import sys
from datetime import date
from pathlib import Path

import pytest
from rich.console import Console

from pipelines import parts
from pipelines.errors import UsageError
from pipelines.findings import find
from pipelines.ignore import IgnoreList, read_ignore_file
from pipelines.judge import judge_store
from pipelines.policy_config import load_policies, names
from pipelines.scan import Scan
from pipelines.scan_options import ScanOptions
from pipelines.store import Store
from tests.conftest import rows
from tests.drivers import run
from tests.pipelines.verdict_files import CONTEXT, FILES
from tests.places import source_at
from transforms.policy.judge import judge
from transforms.policy.rows import item_facts, verdict_columns

POLICIES = ("kz", "eu-provider", "eu-deployer", "cn", "us-ca", "kr", "in")
JUDGED_ON = date(2026, 11, 26)

# Every file under every policy: disclosed (yes), partly, not (no), a person has to look (review), no sign of AI or not
# in force (out), or nothing can be said (?).
EXPECTED = """
                              kz      eu-provider eu-deployer cn      us-ca   kr      in
photograph.jpg                out     out         out         out     out     out     out
signed capture.jpg            out     out         out         out     out     out     out
marked.jpg                    part    yes         no          part    part    part    part
partly.jpg                    part    yes         no          part    part    part    part
signed.jpg                    part    yes         no          part    part    part    part
aigc.png                      part    yes         no          part    part    part    part
aigc film.mp4                 part    yes         no          part    part    part    part
trace.png                     no      no          no          no      no      no      no
watermark.png                 no      yes         no          no      part    part    no
labelled.jpg                  part    no          yes         part    no      yes     part
marked, labelled.jpg          yes     yes         yes         part    part    yes     part
signed, labelled.jpg          yes     yes         yes         part    part    yes     yes
of a person.jpg               yes     yes         yes         part    part    yes     part
marked, captioned.jpg         yes     yes         yes         part    part    yes     part
marked, offered.jpg           yes     yes         yes         part    part    yes     part
aigc, labelled.png            yes     yes         yes         yes     part    yes     yes
aigc, labelled film.mp4       yes     yes         yes         yes     part    yes     yes
aigc twice, labelled.png      yes     yes         yes         part    part    yes     yes
aigc, small label.png         yes     yes         yes         part    part    yes     yes
aigc, bare label.png          yes     yes         yes         part    part    yes     yes
tampered.jpg                  review  review      review      review  review  review  review
marked, published before.jpg  out     out         out         out     out     out     out
cut off.jpg                   ?       yes         ?           ?       part    ?       ?
empty.jpg                     ?       ?           ?           ?       ?       ?       ?
notes.txt                     ?       ?           ?           ?       ?       ?       ?
"""
_WORDS = {
    "yes": "disclosed",
    "part": "partly_disclosed",
    "no": "not_disclosed",
    "review": "review",
    "out": "out_of_scope",
    "?": "not_assessable",
}
# Of single verdicts the codes that tell why.
REASONS = [
    ("photograph.jpg", "kz", {"no_sign_found"}),
    ("signed capture.jpg", "kz", {"capture_signed"}),
    ("marked.jpg", "kz", {"declared_by_mark", "machine_mark_found", "visible_not_found", "scope_unknown"}),
    ("trace.png", "kz", {"trace_found", "machine_mark_is_trace", "visible_not_found"}),
    ("tampered.jpg", "kz", {"ai_claim_broken_signature", "machine_mark_broken_signature"}),
    ("marked, captioned.jpg", "kz", {"visible_beside_found"}),
    ("marked, offered.jpg", "kz", {"presented_as_product", "published_by", "visible_other_language"}),
    ("of a person.jpg", "kz", {"shows_person"}),
    ("marked, published before.jpg", "kz", {"before_in_force"}),
    ("cut off.jpg", "kz", {"not_examined", "machine_mark_found", "visible_not_assessable"}),
    ("marked.jpg", "eu-provider", {"machine_mark_one_layer", "grace_period"}),
    ("partly.jpg", "eu-provider", {"exception_possible"}),
    ("aigc twice, labelled.png", "cn", {"machine_mark_copies"}),
    ("aigc, small label.png", "cn", {"visible_too_small"}),
    ("aigc, bare label.png", "cn", {"visible_lacks_element"}),
    ("marked, labelled.jpg", "cn", {"machine_mark_other_form"}),
    ("marked, captioned.jpg", "cn", {"visible_beside_only"}),
    ("aigc.png", "us-ca", {"machine_mark_lacks_fields"}),
]


def table() -> list[tuple[str, str, str]]:
    """File, policy and outcome as ``EXPECTED`` has them."""
    head, *lines = EXPECTED.strip().splitlines()
    policies = head.split()
    split = [(line[:30].strip(), line[30:].split()) for line in lines]
    return [(file, policy, _WORDS[cell]) for file, cells in split for policy, cell in zip(policies, cells, strict=True)]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("verdicts") / "source"
    folder.mkdir()
    for name, build in FILES.items():
        (folder / name).write_bytes(build())
    with (folder.parent / "context.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, sorted({name for row in CONTEXT for name in row}))
        writer.writeheader()
        writer.writerows(CONTEXT)
    return folder


@pytest.fixture(scope="module")
def scanned(source: Path) -> Path:
    """A store over the files, judged under the default policy in the scan, then under all on one day."""
    root = source.parent / "store"
    Scan(ScanOptions([str(source)], str(root), context=source.parent / "context.csv"), Console(stderr=True)).run()
    store = Store.open(root)
    with store.locks.whole("judge"):
        judge_store(store, load_policies(POLICIES), JUDGED_ON, is_asked=True)
    return root


@pytest.fixture
def store(scanned: Path, tmp_path: Path) -> Store:
    """A copy to write to."""
    return Store(shutil.copytree(scanned, tmp_path / "store"))


def outcomes(store: Path, policy: str = "kz") -> dict[str, str]:
    found = rows(store, f"SELECT parse_filename(uri), outcome FROM verdicts_latest WHERE policy = '{policy}'")
    return dict(found)


def test_the_table_names_every_file_and_every_policy() -> None:
    assert {file for file, _, _ in table()} == FILES.keys()
    assert set(POLICIES) == set(names())


@pytest.mark.parametrize("policy", POLICIES)
def test_outcomes(scanned: Path, policy: str) -> None:
    assert outcomes(scanned, policy) == {file: outcome for file, one, outcome in table() if one == policy}


@pytest.mark.parametrize(("file", "policy", "codes"), REASONS)
def test_reasons(scanned: Path, file: str, policy: str, codes: set[str]) -> None:
    sql = f"SELECT reasons FROM verdicts_latest WHERE parse_filename(uri) = '{file}' AND policy = '{policy}'"
    ((reasons,),) = rows(scanned, sql)
    assert codes <= {reason.rpartition(":")[2] for reason in reasons}
    articles = {article.id for article in load_policies([policy])[0].policy.articles}
    assert {reason.rpartition(":")[0] for reason in reasons} <= articles


def test_every_place_has_one_verdict_of_each_policy(scanned: Path) -> None:
    assert rows(
        scanned, "SELECT policy, count(*), count(DISTINCT uri) FROM verdicts_latest GROUP BY ALL ORDER BY 1"
    ) == [(policy, len(FILES), len(FILES)) for policy in sorted(POLICIES)]


def test_reasons_name_the_marks_that_they_rest_on(scanned: Path) -> None:
    unknown = """
        SELECT one.mark FROM (SELECT uri, unnest(flatten([[one.marks FOR one IN evidence]]).flatten()) AS mark
                              FROM verdicts) AS one
        ANTI JOIN item_marks ON item_marks.mark_id = one.mark AND item_marks.uri = one.uri
    """
    assert rows(scanned, unknown) == []
    sql = """
        SELECT parse_filename(uri), kind FROM item_marks SEMI JOIN (
            SELECT uri, unnest(evidence) AS one FROM verdicts_latest WHERE policy = 'kz'
        ) AS told ON told.uri = item_marks.uri AND list_contains(told.one.marks, item_marks.mark_id)
            AND told.one.code IN ('visible_found', 'visible_beside_found')
        WHERE parse_filename(uri) IN ('marked, labelled.jpg', 'marked, captioned.jpg') ORDER BY ALL
    """
    assert rows(scanned, sql) == [("marked, captioned.jpg", "caption.context"), ("marked, labelled.jpg", "label.text")]


WHOLE = """
SELECT parse_filename(uri) AS file, {
    outcome: outcome, reason: reason, media_type: media_type, levels: list_transform(scores, lambda one: one.level),
    layers: list_transform(layers, lambda note: [note.layer, note.status]), depicts_person: depicts_person,
    presented_as_product: presented_as_product, publisher: publisher, published_at: published_at,
    captured_at: captured_at
} AS facts, (SELECT list({
    layer: layer, kind: kind, says: says, mark_class: "class", integrity: integrity, signer_trust: signer_trust,
    language: language, exactness: exactness, height_ratio: height_ratio, contrast: contrast, first_ms: first_ms,
    shown_ms: shown_ms, value: value, beside: beside, facts: facts
} ORDER BY mark_id) FROM item_marks WHERE item_marks.uri = items_latest.uri) AS marks
FROM items_latest
"""


@pytest.mark.parametrize("policy", POLICIES)
def test_what_is_left_out_of_the_tables_changes_no_verdict(scanned: Path, policy: str) -> None:
    """Judging from the tables passes over marks and digits that policies do not look at."""
    loaded = load_policies([policy])[0].policy
    told = "parse_filename(uri), outcome, scope, machine_mark, visible_warning, reasons"
    sql = f"SELECT {told} FROM verdicts_latest WHERE policy = '{policy}'"
    judged = {file: told for file, *told in rows(scanned, sql)}
    for file, facts, marks in rows(scanned, WHOLE):
        verdict = verdict_columns(judge(item_facts(facts | {"marks": marks or []}), loaded, JUDGED_ON))
        whole = [verdict[name] for name in ("outcome", "scope", "machine_mark", "visible_warning", "reasons")]
        assert whole == judged[file], file


def test_the_day_that_decided_is_told(scanned: Path) -> None:
    sql = "SELECT parse_filename(uri), decided_by, decided_on FROM verdicts_latest WHERE policy = 'kz' ORDER BY 1"
    found = {file: (by, day) for file, by, day in rows(scanned, sql)}
    assert found["marked, published before.jpg"] == ("published", date(2024, 12, 31))
    assert found["marked.jpg"] == ("as_of", JUDGED_ON)


def test_judging_again_adds_nothing(store: Store) -> None:
    before = rows(store.root, "SELECT count(*) FROM verdicts")
    judged = judge_store(store, load_policies(POLICIES), JUDGED_ON, is_asked=True)
    assert judged.outcomes.total() == 0
    assert rows(store.root, "SELECT count(*) FROM verdicts") == before


def test_a_changed_policy_is_judged_anew_and_old_verdicts_stay(store: Store, tmp_path: Path) -> None:
    text = (Path(load_policies(["kz"])[0].path)).read_text("utf-8")
    mine = tmp_path / "mine.yaml"
    mine.write_text(
        text.replace("falls_short: [generator, watermark]", "falls_short: []").replace(
            "accepts: [c2pa, iptc,", "accepts: [generator, c2pa, iptc,"
        ),
        "utf-8",
    )
    before = rows(store.root, "SELECT count(*) FROM verdicts")[0][0]
    judged = judge_store(store, load_policies([str(mine)]), JUDGED_ON)
    assert judged.outcomes.total() == len(FILES)
    assert outcomes(store.root)["trace.png"] == "partly_disclosed"
    assert rows(store.root, "SELECT count(*) FROM verdicts")[0][0] == before + len(FILES)


def test_what_was_judged_before_the_rule_came_into_force_is_judged_again_after(store: Store) -> None:
    policies = load_policies(["kz"])
    judge_store(store, policies, date(2026, 1, 17), is_asked=True)
    assert outcomes(store.root)["marked.jpg"] == "out_of_scope"
    assert judge_store(store, policies, date(2026, 1, 17)).outcomes.total() == 0
    sql = "SELECT count(*) FROM verdicts_latest WHERE policy = 'kz' AND decided_by = 'published'"
    dated = rows(store.root, sql)[0][0]
    assert judge_store(store, policies, date(2026, 1, 18)).outcomes.total() == len(FILES) - dated
    assert outcomes(store.root)["marked.jpg"] == "partly_disclosed"
    assert judge_store(store, policies, date(2026, 3, 1)).outcomes.total() == 0


def test_suppressed_verdicts_stay_and_say_by_whom(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    content = rows(store.root, "SELECT content_sha256 FROM items WHERE uri LIKE '%/trace.png'")[0][0]
    file = tmp_path / "ignore.yaml"
    file.write_text(
        f"- {{content: {content}, policy: kz, reason: our own test card, owner: A. Serikova, expires: 2026-12-31}}\n"
        "- {uri: '*/marked*', reason: being relabelled, owner: desk, expires: 2026-11-30}\n"
        "- {uri: '*', policy: kz, reason: old, owner: desk, expires: 2026-01-01}\n"
    )
    ignored = read_ignore_file(file)
    judged = judge_store(store, load_policies(["kz"]), JUDGED_ON, ignored=ignored)
    marked = [name for name in FILES if name.startswith("marked")]
    assert judged.suppressed == 1 + len(marked)
    sql = "SELECT parse_filename(uri), outcome, suppressed_by FROM verdicts_latest WHERE suppressed_by IS NOT NULL"
    found = {file: (outcome, by) for file, outcome, by in rows(store.root, sql)}
    assert found.keys() == {"trace.png", *marked}
    assert found["trace.png"] == ("not_disclosed", "A. Serikova: our own test card (until 2026-12-31)")
    assert find(store, ["kz"]).counts["kz", "not_disclosed"] == 1  # and that one is watermark.png
    # What has expired counts again.
    judge_store(store, load_policies(["kz"]), date(2027, 1, 1), ignored=ignored)
    assert rows(store.root, "SELECT count(*) FROM verdicts_latest WHERE suppressed_by IS NOT NULL") == [(0,)]
    assert find(store, ["kz"]).counts["kz", "not_disclosed"] == 2


@pytest.mark.parametrize("policy", ["kz", "cn"])
def test_part_by_part_the_verdicts_are_the_same(
    scanned: Path, store: Store, policy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "ROWS_A_PART", 4)
    judge_store(store, load_policies([policy]), date(2026, 3, 1), is_asked=True)
    judge_store(store, load_policies([policy]), JUDGED_ON, is_asked=True)
    sql = "SELECT * EXCLUDE (judgement, sequence, judged_at) FROM verdicts_latest WHERE policy = '{}' ORDER BY uri"
    assert rows(store.root, sql.format(policy)) == rows(scanned, sql.format(policy))
    assert find(store, [policy]).counts == find(Store(scanned), [policy]).counts


def test_only_what_is_new_since_a_baseline_is_reported(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "ROWS_A_PART", 1)
    archive = shutil.copytree(source, tmp_path / "archive")
    root = tmp_path / "other"

    def scan(**more: object) -> None:
        scan_options = ScanOptions([str(archive)], str(root), **more)  # type: ignore[arg-type]
        summary = Scan(scan_options, Console(stderr=True)).run()
        assert summary.findings is not None
        found.append(summary)

    found: list = []
    for file in archive.iterdir():
        if file.name not in {"trace.png", "photograph.jpg"}:
            file.unlink()
    scan()
    (first,) = found
    assert first.findings.counts["kz", "not_disclosed"] == 1
    scan(baseline=first.scan_id)
    assert found[-1].findings.counts == {}
    shutil.copy2(source / "watermark.png", archive / "new.png")
    shutil.copy2(source / "trace.png", archive / "the same again.png")
    scan(baseline=first.scan_id)
    assert found[-1].findings.counts["kz", "not_disclosed"] == 1
    assert found[-1].findings.counts.total() == 1


def test_a_baseline_that_is_not_there_is_told_before_anything_is_examined(source: Path, tmp_path: Path) -> None:
    root = tmp_path / "store"
    options = ScanOptions([str(source / "trace.png")], str(root), baseline="yesterday's")
    with pytest.raises(UsageError, match="There is no scan yesterday's that ended with verdicts"):
        Scan(options, Console(stderr=True)).run()
    assert rows(root, "SELECT count(*) FROM items") == [(0,)]


@pytest.mark.parametrize(
    ("published", "outcome", "day"),
    [
        ("2026-01-18", "not_disclosed", date(2026, 1, 18)),
        ("2026-01-18T04:59:00+05:00", "out_of_scope", date(2026, 1, 17)),
        ("2026-01-18T05:00:00+05:00", "not_disclosed", date(2026, 1, 18)),
        ("2026-01-17T23:30:00-0100", "not_disclosed", date(2026, 1, 18)),
        ("2026-01-17T23:59:59Z", "out_of_scope", date(2026, 1, 17)),
    ],
)
def test_the_day_of_publication_is_that_of_utc(
    source: Path, tmp_path: Path, light: Path, published: str, outcome: str, day: date
) -> None:
    context, root = tmp_path / "context.csv", tmp_path / "store"
    context.write_text(f"uri,published_at\ntrace.png,{published}\n", "utf-8")
    options = ScanOptions([str(source / "trace.png")], str(root), context=context, profile=str(light))
    Scan(options, Console(stderr=True)).run()
    sql = "SELECT outcome, decided_by, decided_on FROM verdicts_latest"
    assert rows(root, sql) == [(outcome, "published", day)]


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ([], 0),
        (["--fail-on", "not_disclosed,review"], 1),
        (["--fail-on", "not_disclosed", "--policy", "kz,kr"], 1),
        (["--fail-on", "maybe"], 2),
        (["--policy", "atlantis"], 2),
        (["--as-of", "yesterday"], 2),
        (["--baseline", "none"], 2),
        (["--as-of", "2025-01-01", "--fail-on", "not_disclosed"], 0),
    ],
)
def test_exit_status_of_judge(store: Store, arguments: list[str], status: int) -> None:
    command = [sys.executable, "-m", "pipelines.cli", "judge", "--store", str(store.root), *arguments]
    ended = run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert ended.returncode == status, ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(("fail_on", "status"), [("", 0), ("not_disclosed", 1), ("review", 0)])
def test_exit_status_of_scan(source: Path, tmp_path: Path, light: Path, fail_on: str, status: int) -> None:
    file, store = str(source / "trace.png"), str(tmp_path / "store")
    command = [sys.executable, "-m", "pipelines.cli", "scan", file, "--store", store, "--profile", str(light)]
    root = Path(__file__).parents[2]
    ended = run([*command, "--fail-on", fail_on], capture_output=True, text=True, check=False, cwd=root)
    assert ended.returncode == status, ended.stderr
    assert "not_disclosed" in ended.stderr


KILLED = """
import os, signal, sys
from datetime import date
from pipelines.judge import judge_store
from pipelines.policy_config import load_policies
from pipelines.store import Store
Store.commit_parts = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
judge_store(Store(sys.argv[1]), load_policies(["cn"]), date(2026, 3, 1), is_asked=True)
"""


@pytest.mark.also_on_s3
@pytest.mark.usefixtures("both_places")
def test_a_run_killed_before_its_commit_leaves_nothing_and_the_next_one_judges_all(store: Store) -> None:
    store = Store(source_at(store.root))
    before = rows(store.root, "SELECT count(*) FROM verdicts")
    root = Path(__file__).parents[2]
    killed = run([sys.executable, "-c", KILLED, str(store.root)], cwd=root, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert rows(store.root, "SELECT count(*) FROM verdicts") == before
    judged = judge_store(store, load_policies(["cn"]), date(2026, 3, 1), is_asked=True)
    assert judged.outcomes.total() == len(FILES)


def test_an_ignore_list_without_entries_is_none() -> None:
    assert IgnoreList().digest(JUDGED_ON) is None
