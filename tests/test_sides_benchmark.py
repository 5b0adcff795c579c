"""The side-by-side comparison: its corpora, gates, figures and files; nothing is timed here."""

import re
import sys

import pytest

from benchmarks import readme, rescan
from benchmarks.measured import record
from benchmarks.process_tree import measure
from benchmarks.sides import __main__ as sides
from benchmarks.sides import contestant, corpora, legs
from benchmarks.sides.gates import fault
from benchmarks.sides.rounds import judged, turned
from benchmarks.sides.summary import missed, paired, plot, summarise, table
from pipelines.store import Store
from pipelines.tables import connect
from tests.markdown import ROOT

TITLES = {"bare": "bare loop", "aiqyn": "Aiqyn", "ray": "Ray Data"}


def told(name, **other):
    return legs.told_as(name, "examined", None, 1, 0.5, "f0") | other


@pytest.mark.parametrize(
    ("answers", "leg", "found"),
    [
        ([told("a"), told("b")], "decode+model", None),
        ([told("b"), told("a", score=0.500009)], "decode+model", None),
        ([told("a"), told("b", score=0.50002)], "decode+model", "b: score is 2e-05 off"),
        ([told("a"), told("b", score=float("nan"))], "decode+model", "b: score is nan off"),
        ([told("a"), told("b", score=None)], "decode+model", "b: score is None, the bare loop has 0.5"),
        ([told("a"), told("b", score=None)], "decode", None),
        ([told("a")], "decode+model", "1 rows of 2"),
        ([told("a"), told("a")], "decode+model", "1 names are told by one only"),
        ([told("a"), told("b", outcome="failed")], "decode", "b: outcome is 'failed', the bare loop has 'examined'"),
        ([told("a", hash="f1"), told("b")], "decode", "a: hash is 'f1', the bare loop has 'f0'"),
    ],
)
def test_other_work_than_the_bare_loops_does_not_count(answers, leg, found):
    assert fault(answers, [told("a"), told("b")], 2, leg) == found


def test_a_round_counts_for_nobody_without_a_sound_bare_loop():
    right, short = [told("a"), told("b")], [told("a")]
    assert judged({"bare": right, "ray": short, "aiqyn": right}, 2, "decode") == {"ray": "1 rows of 2"}
    assert judged({"bare": short, "ray": right}, 2, "decode").keys() == {"bare", "ray"}
    assert judged({"ray": right}, 2, "decode") == {"ray": "void: there is no bare loop to compare with"}


def test_every_contestant_is_first_in_turn():
    names = ["bare", "aiqyn", "ray"]
    orders = [turned(names, number) for number in range(4)]
    assert [order[0] for order in orders] == ["bare", "aiqyn", "ray", "bare"]
    assert all(sorted(order) == sorted(names) for order in orders)


def run(wall, **other):
    return {"wall_s": wall, "cpu_s": 2 * wall, "peak_mb": 100.0, "first_s": 1.0, "other_cpu_s": 0.0} | other


ROUNDS = [
    {"bare": run(10), "aiqyn": run(10.5), "ray": run(20)},
    {"bare": run(20), "aiqyn": run(22), "ray": run(1, fault="1 rows of 2")},
    {"bare": run(12), "aiqyn": run(15, first_s=None), "ray": run(14)},
    {"bare": run(1, fault="void"), "aiqyn": run(9, fault="void"), "ray": run(9, fault="void")},
]


def test_ratios_are_taken_within_rounds_that_count():
    assert paired(ROUNDS, "aiqyn", "bare") == pytest.approx([1.05, 1.1, 1.25])
    assert paired(ROUNDS, "aiqyn", "ray") == pytest.approx([10.5 / 20, 15 / 14])
    assert missed(ROUNDS, "decode+model") == []
    slow = [one | {"aiqyn": run(2.5 * one["bare"]["wall_s"])} for one in ROUNDS]
    assert len(missed(slow, "decode+model")) == 2
    assert missed(slow, "row") == ["Aiqyn takes 2.50 times the bare loop's time; the target is 1.25."]


def test_figures_are_medians_of_the_runs_that_count():
    summary = summarise(["bare", "aiqyn", "ray", "daft"], ROUNDS, [{"aiqyn": run(3)}], items=30)
    assert list(summary) == ["bare", "aiqyn", "ray"]
    assert summary["bare"]["wall_s"] == {"median": 12, "least": 10, "most": 20}
    assert summary["aiqyn"]["items_per_s"] == pytest.approx(2)
    assert summary["aiqyn"]["start_s"]["median"] == 3
    assert (summary["ray"]["rounds"], summary["ray"]["start_s"]) == (2, None)
    rows = table(summary, TITLES).splitlines()
    assert rows[3].startswith("| Aiqyn | 15.0 (10.5…22.0) | 1.10 (1.05…1.25) | 2.0 | 30.0 (21.0…44.0) |")
    drawn = plot(ROUNDS, summary, TITLES, "30 & more")
    assert drawn.count("<circle") == 8
    assert drawn.count("<line") == 3
    assert "30 &amp; more" in drawn


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    return corpora.corpus_of("small", 9, tmp_path_factory.mktemp("corpora"))


def test_a_corpus_is_the_same_bytes_wherever_it_is_made(pictures, tmp_path):
    again = corpora.corpus_of("small", 9, tmp_path)
    assert (again.sha256, again.count, again.frames) == (pictures.sha256, 9, 8)
    assert [number for number in range(100) if corpora.is_broken(number)] == [7, 40, 73]
    (again.folder / "00003.jpg").write_bytes(b"other")
    with pytest.raises(SystemExit, match="is not what"):
        corpora.corpus_of("small", 9, tmp_path)


def test_the_broken_are_cut_empty_and_noise(monkeypatch, tmp_path):
    monkeypatch.setattr(corpora, "BROKEN_EVERY", 8)
    corpus = corpora.corpus_of("small", 24, tmp_path)
    cut, empty, noise = (corpus.folder / f"{number:05}.jpg" for number in (7, 15, 23))
    assert cut.read_bytes()[:2] == b"\xff\xd8"
    assert empty.read_bytes() == b""
    assert noise.read_bytes()[:2] != b"\xff\xd8"
    assert corpus.frames == 21


@pytest.mark.parametrize(
    ("leg", "names"),
    [("decode", ["bare", "aiqyn"]), ("decode+model", ["bare", "pool", "aiqyn"]), ("row", ["bare", "aiqyn"])],
)
def test_a_pool_and_a_scan_do_what_the_bare_loop_does(leg, names, pictures, tmp_path, monkeypatch):
    """Commands of their own, as they are measured; Ray and Daft are in environments that tests do not make."""
    from benchmarks.sides import contestants

    monkeypatch.setattr(contestants, "OUT", tmp_path)
    answers = {}
    for name in names:
        entry = contestants.Entry(name, sys.executable, "small", pictures, leg)
        entry.clear()
        log = entry.out / "log"
        cost = measure(entry.command, log, cwd=ROOT, environment=entry.environment, answered=entry.has_answered)
        assert cost.status in entry.statuses, log.read_text()
        assert 0 < cost.first_s <= cost.wall_s
        assert min(cost.cpu_s, cost.peak_mb) > 0
        answers[name] = entry.answers()
        assert entry.rows_written() == (9 if leg == "row" and name != "aiqyn" else None)
    assert judged(answers, 9, leg) == {}
    outcomes = {one["name"]: one["outcome"] for one in answers["bare"]}
    assert outcomes == {f"{number:05}.jpg": "failed" if number == 7 else "examined" for number in range(9)}


def test_batches_hold_every_file_once():
    task = contestant.Task([str(number) for number in range(10)], 4, "decode", None, None, 0)
    assert [len(batch) for batch in task.batches] == [4, 4, 2]
    assert [file for batch in task.batches for file in batch] == task.files


def test_a_command_costs_what_its_daemons_do(tmp_path):
    """A grandchild that outlives the command is waited for, and its processor time counts."""
    spin = "import time; end = time.process_time() + 0.5\nwhile time.process_time() < end: pass"
    start = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {spin!r}], start_new_session=True)"
    cost = measure([sys.executable, "-c", start], tmp_path / "log", cwd=tmp_path)
    assert cost.status == 0
    assert cost.cpu_s >= 0.5


def test_files_of_a_result_are_written_and_told_in_the_readme(tmp_path):
    result = {
        "corpus": {"kind": "pictures", "files": 30, "bytes": 1, "list_sha256": "0"},
        "leg": "decode+model",
        "machine": {"processor": "one", "cores": 2},
        "summary": summarise(["bare", "aiqyn"], ROUNDS, [], 30),
        "rounds": ROUNDS,
    }
    told = sides.write(result, tmp_path)
    assert told in (tmp_path / "pictures-30-decode+model.md").read_text()
    assert (tmp_path / "pictures-30-decode+model.svg").read_text().startswith("<svg xmlns=")
    section = readme.section(readme.read_results(tmp_path))
    assert "| – | 12.0 | 15.0 | – | – | – | 1.10 (1.05…1.25) |" in section
    assert "Machine: one, 2 cores." in section


MACHINE = {"processor": "one", "cores": 2}
FIGURES = {
    "rescan": (
        {"items": 9000, "target_s": 20, "medians": {"wall_s": 6.19, "peak_mb": 368.4}, "runs": [{}, {"wall_s": 6}]},
        "over 9,000 files of which none changed | **6.2 s** (6.0…6.0 in 1 runs), 368 MB; target ≤ 20 s |",
    ),
    "flat": (
        {
            "points": [
                {"items": 1, "wall_s": 5.0, "peak_mb": 400},
                {"items": 1001, "wall_s": 9.0, "peak_mb": 500},
                {"items": 10001, "wall_s": 46.0, "peak_mb": 510},
            ]
        },
        "start-up apart | 4.00 → 4.10 ms each, peak memory 500 → 510 MB |",
    ),
    "plan": (
        {
            "listed": {
                "1000000": {
                    "first scan": {"seconds": 30.04, "peak_mb": 1120},
                    "nothing changed": {"seconds": 21, "peak_mb": 745},
                }
            },
            "joined": {},
        },
        "| first scan 30.0 s, 1,120 MB; nothing changed 21.0 s, 745 MB; targets ≤ 60 s, ≤ 2 GB |",
    ),
    "judge": (
        {"items": {"1000000": {"a_second": 59200, "peak_mb": 677, "seconds_when_nothing_is_due": 5.4}}},
        "| 59,200 items a second, 677 MB; with nothing to judge 5.4 s; target ≥ 50,000 a second |",
    ),
    "marks": (
        {"formats": {"all": {"files": 30, "marks_ms": 0.2, "read_ms": 0.1}}},
        "median 0.20 ms beside 0.10 ms |",
    ),
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_on_record_is_told_in_the_readme(name, tmp_path):
    result, told = FIGURES[name]
    record(name, result, tmp_path)
    (stored,) = readme.read_results(tmp_path).values()
    assert stored["machine"]["cores"] >= 1
    section = readme.section({name: result | {"machine": MACHINE}})
    assert section.startswith("No comparison is on record")
    assert f"{told} one, 2 cores | `python " in section


def test_the_readme_says_what_the_results_say():
    page = readme.README.read_text("utf-8")
    assert page == readme.written(page, readme.section(readme.read_results())), "run: python -m benchmarks.readme"


def test_a_readme_without_its_marks_is_refused():
    with pytest.raises(ValueError, match="needs the lines"):
        readme.written("nothing", "told")


def test_every_figure_of_the_readme_has_its_files():
    for link in re.findall(r"\((benchmarks/results/[^)]*)\)", readme.README.read_text("utf-8")):
        assert (ROOT / link).exists()


def test_a_drawn_store_holds_every_file_unchanged(tmp_path, monkeypatch):
    monkeypatch.setattr(rescan, "OUT", tmp_path)
    monkeypatch.setattr(rescan, "_SEGMENT", 2)
    source, store = tmp_path / "files", tmp_path / "store"
    rescan.make_files(source, 5)
    rescan.draw_store(source, store)
    _, summary = rescan.scan(source, store)
    assert {name: summary["counts"][name] for name in ("inputs", "unchanged", "planned")} == {
        "inputs": 5,
        "unchanged": 5,
        "planned": 0,
    }
    with connect(Store(store)) as tables:
        assert tables.execute("SELECT count(DISTINCT content_sha256) FROM items_latest").fetchall() == [(5,)]
