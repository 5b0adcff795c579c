"""What is shipped for systemd, cron, Airflow and Kubernetes: it parses, and does with the exit status what it says."""

import ast
import json
import re
import shutil
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.errors import ExitCode

DEPLOY = Path(__file__).parents[1] / "deploy"
DAG = DEPLOY / "airflow" / "aiqyn_scan.py"
UNITS = ("aiqyn-scan.service", "aiqyn-scan.timer")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_has_nothing_to_say_about_the_units(tmp_path: Path) -> None:
    for unit in UNITS:
        text = (DEPLOY / "systemd" / unit).read_text("utf-8")
        (tmp_path / unit).write_text(text.replace("/opt/aiqyn/bin/aiqyn", shutil.which("true") or ""))
    command = ["systemd-analyze", "verify", *(tmp_path / unit for unit in UNITS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def settings(unit: str) -> dict[str, str]:
    lines = (DEPLOY / "systemd" / unit).read_text("utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if re.match("[A-Z]", line))


def test_the_service_counts_results_as_success_and_stops_only_the_driver() -> None:
    service = settings(UNITS[0])
    results = {ExitCode.FINDINGS, ExitCode.INCOMPLETE, ExitCode.INTERRUPTED}
    assert {int(status) for status in service["SuccessExitStatus"].split()} == results
    assert service["KillMode"] == "mixed"
    assert "landlock_restrict_self" in service["SystemCallFilter"], "the children's sandbox needs it"


def cron_command(tmp_path: Path, status: int) -> str:
    """The crontab's command, with a stand-in for aiqyn."""
    (tmp_path / "aiqyn").write_text(f"#!/bin/sh\necho said; echo more >&2; exit {status}\n")
    (tmp_path / "aiqyn").chmod(0o755)
    line = (DEPLOY / "crontab.example").read_text("utf-8").splitlines()[-1]
    assert re.match(r"0 2 \* \* \*  ", line)
    assert "%" not in line, "cron takes it for a new line"
    done = subprocess.run(
        ["/bin/sh", "-c", line.split("  ", 1)[1]],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.mark.parametrize("status", list(ExitCode))
def test_cron_mails_what_a_person_has_to_mend(status: ExitCode, tmp_path: Path) -> None:
    is_worth_a_mail = status in {ExitCode.USAGE, ExitCode.BROKEN_OFF}
    assert cron_command(tmp_path, status) == ("said\nmore\n" if is_worth_a_mail else "")


def test_the_dag_compiles_and_imports_airflow_and_the_standard_library_only() -> None:
    tree = ast.parse(DAG.read_text("utf-8"))
    compile(tree, DAG.name, "exec")
    froms = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    names = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    imported = {module.partition(".")[0] for module in froms | names}
    assert imported <= sys.stdlib_module_names | {"airflow"}
    assert "airflow" in imported


class RetryError(Exception):
    pass


class FailError(Exception):
    pass


@pytest.fixture
def dag(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """The DAG's module, with the four names that it takes from Airflow stood in for."""
    decorators = types.SimpleNamespace(dag=lambda **_: lambda made: lambda: None, task=lambda made: made)
    exceptions = types.SimpleNamespace(AirflowException=RetryError, AirflowFailException=FailError)
    for name, module in (
        ("airflow", types.ModuleType("airflow")),
        ("decorators", decorators),
        ("exceptions", exceptions),
    ):
        monkeypatch.setitem(sys.modules, name if name == "airflow" else f"airflow.{name}", module)
    made: dict[str, Any] = {}
    exec(compile(DAG.read_text("utf-8"), DAG.name, "exec"), made)  # noqa: S102
    (tmp_path / "last.json").write_text(json.dumps({"counts": {"inputs": 2, "planned": 1}}))
    made["SUMMARY"] = tmp_path / "last.json"
    return types.SimpleNamespace(**made)


@pytest.mark.parametrize("status", [ExitCode.COMPLETE, ExitCode.FINDINGS, ExitCode.INCOMPLETE])
def test_the_dag_hands_on_the_summary_of_a_scan_that_came_to_its_end(status: ExitCode, dag: Any) -> None:
    assert dag.conclude(int(status))["counts"]["inputs"] == 2


@pytest.mark.parametrize(
    ("status", "raised"),
    [
        (ExitCode.INTERRUPTED, RetryError),
        (ExitCode.BROKEN_OFF, RetryError),
        (ExitCode.USAGE, FailError),
        (-9, RetryError),
    ],
)
def test_the_dag_tries_again_what_can_go_on(status: int, raised: type[Exception], dag: Any) -> None:
    with pytest.raises(raised):
        dag.conclude(int(status))


@pytest.fixture
def indexed_job() -> dict[str, Any]:
    job: dict[str, Any] = yaml.safe_load((DEPLOY / "kubernetes" / "aiqyn-scan.yaml").read_text("utf-8"))
    return job


def pod(job: dict[str, Any], tmp_path: Path, script: str) -> subprocess.Popen[str]:
    """The container's command with index 2, and a stand-in for aiqyn."""
    (tmp_path / "aiqyn").write_text(f"#!/bin/sh\n{script}\n")
    (tmp_path / "aiqyn").chmod(0o755)
    command = job["spec"]["template"]["spec"]["containers"][0]["command"]
    env = {"PATH": f"{tmp_path}:/usr/bin:/bin", "JOB_COMPLETION_INDEX": "2"}
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True)


def test_the_job_starts_every_part_of_the_cut_that_it_names(indexed_job: dict[str, Any], tmp_path: Path) -> None:
    said = pod(indexed_job, tmp_path, 'echo "$@"').communicate()[0]
    assert f"--segments 3/{indexed_job['spec']['completions']} " in said
    assert indexed_job["spec"]["completionMode"] == "Indexed"


@pytest.mark.parametrize("status", list(ExitCode))
def test_the_job_counts_results_as_success(status: ExitCode, indexed_job: dict[str, Any], tmp_path: Path) -> None:
    process = pod(indexed_job, tmp_path, f"exit {status}")
    process.communicate()
    assert process.returncode == (0 if status in {ExitCode.FINDINGS, ExitCode.INCOMPLETE} else status)


def test_the_job_hands_sigterm_on_and_waits_for_the_files_in_hand(indexed_job: dict[str, Any], tmp_path: Path) -> None:
    script = "trap 'kill $!; sleep 0.3; echo committed; exit 5' TERM; sleep 20 & echo begun; wait"
    process = pod(indexed_job, tmp_path, script)
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    process.terminate()
    assert process.stdout.readline() == "committed\n"
    process.stdout.close()
    assert process.wait(10) == ExitCode.INTERRUPTED
