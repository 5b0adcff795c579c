"""The command line: exit codes, log formats, what is loaded when, and sentences for what a person can mend."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import configs
from examples.media.pictures import generated_picture
from pipelines.errors import ExitCode
from transforms.detect.levels import FAILED, MEANINGS

ROOT = Path(__file__).parents[2]
DEFAULT = configs.DEFAULT_DETECTOR


def aiqyn(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipelines.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sound")
    generated_picture(1, (64, 64)).save(folder / "a.png")
    return folder


@pytest.fixture(scope="module")
def store(sound: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cli") / "store"
    done = aiqyn("scan", sound, "--store", path)
    assert done.returncode == ExitCode.COMPLETE, done.stderr
    assert "aiqyn query" in done.stderr
    return path


def test_a_scan_with_a_broken_file_ends_with_3(sound: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "empty.jpg").touch()
    done = aiqyn("scan", tmp_path / "in", "--store", tmp_path / "store")
    assert done.returncode == ExitCode.INCOMPLETE
    assert "empty_file" in done.stderr
    assert "--retry-failed" in done.stderr


def test_a_file_that_is_no_media_is_no_gap(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "notes.txt").write_text("no media")
    done = aiqyn("scan", tmp_path / "in", "--store", tmp_path / "store")
    assert done.returncode == ExitCode.COMPLETE
    assert "not_media" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["scan", "/nowhere", "--store", "{new}"], "There is nothing at /nowhere."),
        (["scan", "{sound}", "--store", "{new}", "--runner", "DirectRunner"], "Use FnApiRunner"),
        (["scan", "{sound}", "--store", "{new}", "--detector", "none"], "none"),
        (["scan", "{sound}", "--store", "{new}", "--detector", DEFAULT, "--detector", DEFAULT], "Two detectors"),
        (["scan", "{sound}", "--store", "{new}", "--profile", "none"], "Shipped: default"),
        (["query", "--store", "{new}", "SELECT 1"], "Make one: aiqyn scan"),
        (["query", "--store", "{store}", "SELECT nothing"], "The query did not run"),
        (["query", "--store", "{store}", "SELECT 1", "--format", "parquet"], "add --output FILE"),
        (["scan", "{sound}"], "--store"),
    ],
)
def test_usage_errors_end_with_2_and_one_sentence(
    arguments: list[str], sentence: str, sound: Path, store: Path, tmp_path: Path
) -> None:
    known = {"sound": sound, "store": store, "new": tmp_path / "new"}
    done = aiqyn(*(argument.format(**known) for argument in arguments))
    assert done.returncode == ExitCode.USAGE
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "new").exists()


def test_a_store_is_scanned_by_one_process_at_a_time(store: Path, sound: Path) -> None:
    from pipelines.store import Store

    with Store(store).locks.whole("scan"):
        done = aiqyn("scan", sound, "--store", store)
    assert done.returncode == ExitCode.USAGE
    assert "Another process is writing" in done.stderr


def test_a_second_scan_says_that_it_did_nothing(store: Path, sound: Path) -> None:
    done = aiqyn("scan", sound, "--store", store)
    assert done.returncode == ExitCode.COMPLETE
    assert "Nothing to examine" in done.stderr


def test_dry_run_says_what_would_be_done(sound: Path, tmp_path: Path) -> None:
    done = aiqyn("scan", sound, "--store", tmp_path / "new", "--dry-run")
    assert done.returncode == ExitCode.COMPLETE
    assert "1 to record in 1 segments, about" in " ".join(done.stderr.split())
    assert not (tmp_path / "new").exists()


def test_log_lines_can_be_json(sound: Path, tmp_path: Path) -> None:
    done = aiqyn("--log-format", "json", "scan", sound, "--store", tmp_path / "store")
    entries = [json.loads(line) for line in done.stderr.splitlines()]
    assert {entry["level"] for entry in entries} == {"info"}
    *_, segment, ending = entries  # on a slow machine lines on its progress come before them
    assert segment["message"].startswith("Segment")
    assert (ending["message"], ending["exit_status"]) == ("scan ended", 0)
    assert ending["rows"] == [{"outcome": "examined", "reason": None, "items": 1}]
    assert [(one["detector"], one["items"]) for one in ending["levels"]] == [(DEFAULT, 1)]


def test_a_plan_can_be_json(sound: Path, tmp_path: Path) -> None:
    done = aiqyn("--log-format", "json", "scan", sound, "--store", tmp_path / "store", "--dry-run")
    entry = json.loads(done.stderr)
    assert (entry["message"], entry["inputs"], entry["planned"], entry["segments"]) == ("scan planned", 1, 1, 1)


def test_scans_lists_the_history(store: Path) -> None:
    done = aiqyn("scans", "--store", store, "--format", "json")
    history = json.loads(done.stdout)
    assert history[-1]["examined"] == 1
    assert sum(history[-1][level] for level in MEANINGS if level != FAILED) == 1
    assert {scan["status"] for scan in history} == {"complete"}


def test_doctor_passes_here_and_fails_on_a_broken_detector(tmp_path: Path) -> None:
    from tests.detectors import make_detector

    second = make_detector(tmp_path / "second", "second", scope={"min_short_side": 64})
    sound = aiqyn("doctor", "--detector", configs.DEFAULT_DETECTOR, "--detector", second)
    assert sound.returncode == ExitCode.COMPLETE, sound.stdout
    assert all(name in sound.stdout for name in ("faces", "solid.7z", configs.DEFAULT_DETECTOR, "second"))
    broken = aiqyn("doctor", "--detector", tmp_path)
    assert broken.returncode == ExitCode.SELF_TEST_FAILED
    assert "FAILED" in broken.stdout


def test_an_error_of_ours_is_told_apart_from_findings() -> None:
    code = "from pipelines import cli\ncli.app = lambda: 1 / 0\ncli.app.add_typer = lambda *_, **__: None\ncli.main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == ExitCode.BROKEN_OFF
    assert "ZeroDivisionError" in done.stderr


HEAVY = {"apache_beam", "torch", "pandas", "pyarrow", "cv2", "numpy", "PIL"}


@pytest.mark.parametrize(
    ("arguments", "heavy"),
    [
        (["--help"], HEAVY),
        (["query", "--store", "{store}", "SELECT * FROM items_latest"], HEAVY),
        (["query", "--store", "{store}", "SELECT * FROM review_queue"], HEAVY),
        (["query", "--store", "{store}", "--private", "--format", "csv", "FROM items_latest LIMIT 0"], HEAVY),
        (["query", "--store", "{store}", "--format", "xlsx", "--output", "{store}.xlsx", "FROM items_latest"], HEAVY),
        (["scan", "--store", "{store}", "configs", "--dry-run"], {"apache_beam", "torch"}),
    ],
)
def test_a_command_loads_nothing_heavy_that_it_does_not_need(
    arguments: list[str], heavy: set[str], store: Path
) -> None:
    """Help and answers have to come within half a second; loading Beam or torch alone takes longer."""
    code = (
        "import sys, atexit\n"
        "from pipelines.cli import main\n"
        f"atexit.register(lambda: print('loaded', *({heavy!r} & sys.modules.keys()), file=sys.stderr))\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *(argument.format(store=store) for argument in arguments)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    *said, loaded = done.stderr.splitlines()
    assert loaded == "loaded"
    assert said == [] or arguments[0] == "scan"
