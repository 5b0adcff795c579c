"""What is shipped for systemd, cron, Airflow, Kubernetes and Flink: it parses, and its parts agree."""

import ast
import importlib.metadata
import importlib.util
import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import types
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from apache_beam.options.pipeline_options import FlinkRunnerOptions, PipelineOptions

from pipelines import cli
from pipelines.errors import ExitCode
from pipelines.runners import RunnerChoice, parse_options

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


CONTAINERFILES = (DEPLOY / "worker" / "Containerfile", DEPLOY / "worker" / "Dataflow.Containerfile")
BEAM = importlib.metadata.version("apache-beam")
AIQYN = importlib.metadata.version("aiqyn")
RUNNERS = (DEPLOY.parent / "docs" / "runners.md").read_text("utf-8")
FLINK = {
    "compose": (DEPLOY / "flink" / "compose.yaml").read_text("utf-8"),
    "kubernetes": (DEPLOY / "kubernetes" / "flink-session.yaml").read_text("utf-8"),
}


def instructions(path: Path) -> dict[str, list[str]]:
    """What a Containerfile says, by instruction."""
    text = re.sub(r"^#.*\n", "", path.read_text("utf-8"), flags=re.MULTILINE).replace("\\\n", " ")
    found: dict[str, list[str]] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        word, _, rest = line.partition(" ")
        found.setdefault(word, []).append(rest)
    return found


@pytest.mark.parametrize("path", CONTAINERFILES, ids=lambda path: path.name)
def test_the_images_have_the_wheel_and_the_versions_of_the_project(path: Path) -> None:
    told = instructions(path)
    assert set(told) <= {"FROM", "LABEL", "RUN", "ARG", "COPY", "USER", "WORKDIR", "ENV", "EXPOSE", "CMD"}
    assert told["COPY"] == [f"aiqyn-{AIQYN}-py3-none-any.whl /tmp/"], "the wheel, and nothing else"
    assert f'image.version="{AIQYN}"' in told["LABEL"][0]
    project = tomllib.loads((DEPLOY.parent / "pyproject.toml").read_text("utf-8"))["project"]
    assert set(told["ARG"][0].removeprefix("EXTRAS=").split(",")) <= set(project["optional-dependencies"])
    assert not re.search("secret|password|token|credential", path.read_text("utf-8"), re.IGNORECASE)


def test_dataflow_has_beams_own_image_of_the_pinned_version() -> None:
    assert instructions(CONTAINERFILES[1])["FROM"] == [f"docker.io/apache/beam_python3.11_sdk:{BEAM}"]


def test_the_worker_is_no_root_and_starts_a_pool_whose_python_has_aiqyn() -> None:
    told = instructions(CONTAINERFILES[0])
    assert told["FROM"] == ["docker.io/library/python:3.11-slim"]
    assert told["USER"] == ["10001:10001"]
    assert "PATH=/opt/aiqyn/bin:" in told["ENV"][0]
    shell, flag, script = json.loads(told["CMD"][0])
    assert (shell, flag) == ("sh", "-c")
    module = re.search(r"python -m (\S+) --service_port=50000$", script)
    assert module
    assert importlib.util.find_spec(module[1])


def documents(text: str) -> list[dict[str, Any]]:
    return [one for one in yaml.safe_load_all(text) if one]


def test_flink_on_kubernetes_has_a_pool_in_the_pod_of_each_task_manager() -> None:
    by_name = {(one["kind"], one["metadata"]["name"]): one for one in documents(FLINK["kubernetes"])}
    pod = by_name["Deployment", "flink-taskmanager"]["spec"]["template"]["spec"]
    containers = {one["name"]: one for one in pod["containers"]}
    assert containers["worker-pool"]["ports"] == [{"containerPort": 50000}]
    volumes = {one["name"] for one in pod["volumes"]}
    assert {one["name"] for one in containers["worker-pool"]["volumeMounts"]} <= volumes
    scan = by_name["Job", "aiqyn-scan-on-flink"]["spec"]["template"]["spec"]
    mounts = {one["name"]: one["mountPath"] for one in scan["containers"][0]["volumeMounts"]}
    assert mounts == {one["name"]: one["mountPath"] for one in containers["worker-pool"]["volumeMounts"]}, "same paths"
    service = by_name["Service", "flink-jobmanager"]["spec"]
    assert service["selector"] == by_name["Deployment", "flink-jobmanager"]["spec"]["template"]["metadata"]["labels"]
    properties = yaml.safe_load(by_name["ConfigMap", "flink"]["data"]["FLINK_PROPERTIES"])
    assert properties["jobmanager.rpc.address"] == "flink-jobmanager"


def test_flink_of_compose_has_a_pool_in_the_network_of_its_task_manager() -> None:
    services = yaml.safe_load(FLINK["compose"])["services"]
    assert services["worker-pool"]["network_mode"] == "service:taskmanager"
    assert services["scan"]["network_mode"] == "service:job-server"
    assert services["scan"]["volumes"] == services["worker-pool"]["volumes"], "same paths"
    assert services["scan"]["image"] == services["worker-pool"]["image"]


@pytest.mark.parametrize("place", FLINK)
def test_the_scan_on_flink_is_one_that_would_start(place: str) -> None:
    """Its options are taken, by the very code that would refuse them, and its jar is of the pinned Beam."""
    if place == "compose":
        script = yaml.safe_load(FLINK[place])["services"]["scan"]["command"][-1]
    else:
        script = documents(FLINK[place])[-1]["spec"]["template"]["spec"]["containers"][0]["command"][-1]
    words = shlex.split(script.replace("\\\n", " "))
    words = words[words.index("scan") : next((at for at, word in enumerate(words) if word == "&"), None)]
    told = runner_told(words)
    assert told.check() == told
    assert parse_options(told.options)["environment_config"] == "localhost:50000"
    endpoint = parse_options(told.options)["job_endpoint"]
    assert endpoint == "localhost:8099"
    assert "--job-port=8099" in FLINK[place]
    versions = PipelineOptions.from_dictionary({}).view_as(FlinkRunnerOptions).PUBLISHED_FLINK_VERSIONS
    flink = set(re.findall(r"/flink:([0-9.]+)-java", FLINK[place]))
    jars = set(re.findall(r"beam-runners-flink-([0-9.]+)-job-server-([0-9.]+)\.jar", FLINK[place] + RUNNERS))
    assert flink <= set(versions)
    assert jars == {(version, BEAM) for version in flink}
    assert set(re.findall(r"registry\S+/(aiqyn-worker:\S+)", FLINK[place] + RUNNERS)) == {f"aiqyn-worker:{AIQYN}"}


def runner_told(words: list[str]) -> RunnerChoice:
    """What the command line makes of a scan's words; one that it does not know ends the test."""
    command = typer.main.get_command(cli.app).commands["scan"]
    parsed = command.make_context("scan", words[1:]).params
    return RunnerChoice(
        parsed["runner"],
        options=tuple(parsed["beam_option"] or ()),
        flink_job_server_jar=parsed["flink_job_server_jar"],
        staging=parsed["staging"] or "",
    )


def test_the_page_on_runners_has_commands_that_would_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.engines.shutil.which", lambda name: name)
    monkeypatch.setattr("pipelines.engines.importlib.util.find_spec", lambda name: name)
    monkeypatch.chdir(tmp_path)
    commands = re.findall(r"^\$ (aiqyn scan (?:.*\\\n)*.*)", RUNNERS, re.MULTILINE)
    for jar in re.findall(r"\S+\.jar", " ".join(commands)):
        Path(jar.rpartition("=")[2]).touch()
    chosen = [runner_told(shlex.split(command.replace("\\\n", " "))[1:]).check() for command in commands]
    assert {one.name for one in chosen} == {"PortableRunner", "FlinkRunner", "SparkRunner", "DataflowRunner"}
