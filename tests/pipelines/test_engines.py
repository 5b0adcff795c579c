"""Which runners are taken, what each needs, and the sentence that says what is missing; the job server of a scan."""

import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from apache_beam.options.pipeline_options import PipelineOptions, PortableOptions
from apache_beam.transforms.environments import Environment

from pipelines.errors import UsageError
from pipelines.job_server import with_job_server
from pipelines.runners import REFUSED, RunnerChoice
from tests.conftest import ScanCall, assert_same_rows

FLINK_JAR = os.environ.get("AIQYN_FLINK_JAR")
JOBS = "--job_endpoint=localhost:8099"
POOL = ("--environment_type=EXTERNAL", "--environment_config=localhost:50000")
DATAFLOW = ("--project=p", "--region=r", "--temp_location=gs://b/tmp", "--sdk_container_image=i")


@pytest.fixture
def jar(tmp_path: Path) -> Path:
    """A job server's jar, as far as can be told before it is run."""
    (tmp_path / "job-server.jar").write_bytes(b"PK")
    return tmp_path / "job-server.jar"


@pytest.fixture
def java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for Java: it starts Beam's Python job service on the port at which Flink's is to listen."""
    script = tmp_path / "bin" / "java"
    script.parent.mkdir()
    script.write_text(
        f'#!/bin/sh\necho "$@" > {tmp_path}/java-was-told\n'
        'while [ "$1" != --job-port ]; do shift; done\n'
        f'exec {sys.executable} -m apache_beam.runners.portability.local_job_service_main --port "$2"\n'
    )
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{script.parent}:{os.environ['PATH']}")
    return script


@pytest.mark.parametrize("name", [*REFUSED, "apache_beam.runners.dask.dask_runner.DaskRunner"])
def test_unfit_runners_are_refused_in_a_sentence(name: str, scan: ScanCall, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"Use FnApiRunner \(the default\) on one machine\."):
        scan(tmp_path, runner=RunnerChoice(name))
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize(
    ("choice", "told"),
    [
        (RunnerChoice(mode="fast"), "Choose one of: in_memory, multi_threading, multi_processing"),
        (RunnerChoice(workers=2), "for more choose --running-mode multi_threading"),
        (RunnerChoice("FlinkRuner"), "There is no runner FlinkRuner here. Choose one of: FnApiRunner, Portable"),
        (RunnerChoice(options=("job_endpoint=here",)), "takes --name=value"),
        (RunnerChoice(options=("--job_endpoint", "here")), "takes --name=value"),
        (RunnerChoice(options=("--runner=DirectRunner",)), "Use --runner."),
        (RunnerChoice(options=("--flink_job_server_jar=a",)), "Use --flink-job-server-jar."),
        (RunnerChoice(flink_job_server_jar=Path("a.jar")), "FnApiRunner has no use for it"),
        (RunnerChoice("PortableRunner", "multi_threading", options=(JOBS, *POOL)), "--running-mode is FnApiRunner's"),
        (RunnerChoice("PortableRunner", options=POOL), "needs a job server that runs"),
        (RunnerChoice("PortableRunner", options=(JOBS,)), "Which workers?"),
        (RunnerChoice("PortableRunner", options=(JOBS, "--environment_type=DOCKER")), "see neither the store nor"),
        (RunnerChoice("PortableRunner", options=(JOBS, "--environment_type=EXTERNAL")), "needs .*environment_config"),
        (RunnerChoice("PortableRunner", options=(JOBS, "--environment_type=LOOPBAK")), "no environment LOOPBAK"),
        (RunnerChoice("FlinkRunner"), "which Beam would download. Give its jar: --flink-job-server-jar FILE"),
        (RunnerChoice("FlinkRunner", flink_job_server_jar=Path("none.jar")), "There is no job server at none.jar"),
        (RunnerChoice("FlinkRunner", options=(JOBS,)), "Which workers?"),
        (RunnerChoice("FlinkRunner", options=("--flink_submit_uber_jar",)), "Give a job server instead"),
        (RunnerChoice(staging="gs://b/f"), "FnApiRunner's do"),
        (RunnerChoice("PortableRunner", options=(JOBS, *POOL), staging="no/such"), "There is no folder no/such for"),
        (RunnerChoice("DataflowRunner", options=("--project=p",)), "needs .*region=….*sdk_container_image=…"),
        (RunnerChoice("DataflowRunner", options=DATAFLOW), "--staging gs://BUCKET/FOLDER"),
        (RunnerChoice("DataflowRunner", options=DATAFLOW, staging="/mnt"), "--staging gs://BUCKET/FOLDER"),
        (RunnerChoice("SparkRunner"), "which Beam would download. Give its jar: --beam-option=--spark_job_server_jar"),
        (RunnerChoice("SparkRunner", options=("--spark_job_server_jar=no",)), "There is no job server at no"),
    ],
)
def test_what_is_missing_is_told(choice: RunnerChoice, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        choice.check()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--flink_master=flink:8081",), "Which workers?"),
        (("--flink_master=http://flink:8081", "--environment_type=LOOPBACK"), "which a cluster elsewhere does not"),
        ((JOBS, *POOL), "runs already: leave its jar out"),
        (("--job_server_java_launcher=no-such-java",), "by no-such-java, which is not on the PATH"),
    ],
)
def test_what_does_not_fit_a_jar_is_told(options: tuple[str, ...], told: str, jar: Path, java: Path) -> None:
    with pytest.raises(UsageError, match=told):
        RunnerChoice("FlinkRunner", options=options, flink_job_server_jar=jar).check()


@pytest.mark.parametrize(
    ("name", "options", "needs_jar"),
    [
        ("FnApiRunner", ("--hdfs_host=namenode", "--hdfs_full_urls"), False),
        ("PortableRunner", (JOBS, *POOL), False),
        ("PortableRunner", (JOBS, "--environment_type=LOOPBACK"), False),
        ("PortableRunner", (JOBS, "--environment_type=PROCESS", "--environment_config={{}}"), False),
        ("FlinkRunner", (JOBS, *POOL), False),
        ("FlinkRunner", (), True),
        ("FlinkRunner", ("--flink_master=localhost:8081", "--environment_type=LOOPBACK"), True),
        ("FlinkRunner", ("--flink_master=flink:8081", *POOL), True),
        ("SparkRunner", ("--spark_job_server_jar={jar}", "--spark_master_url=spark://spark:7077", *POOL), False),
    ],
)
def test_what_is_whole_is_taken(name: str, options: tuple[str, ...], needs_jar: bool, jar: Path, java: Path) -> None:
    told = tuple(option.format(jar=jar) for option in options)
    choice = RunnerChoice(name, options=told, flink_job_server_jar=jar if needs_jar else None)
    assert choice.check() == replace(choice, name=f"apache_beam.some.module.{name}").check() == choice
    assert f"--runner={name}" in choice.beam_arguments


@pytest.mark.parametrize(
    "choice",
    [
        RunnerChoice("DataflowRunner", options=DATAFLOW, staging="gs://b/f"),
        RunnerChoice(
            "FlinkRunner", options=(JOBS, "--environment_type=DOCKER", "--environment_config=i"), staging="gs://b/f"
        ),
    ],
)
def test_workers_that_see_no_folder_are_given_none(choice: RunnerChoice) -> None:
    choice.check_sources(["gs://bucket/films", "s3://bucket/more"])
    with pytest.raises(UsageError, match=f"/archive is a folder, which workers of {choice.name} do not see"):
        choice.check_sources(["gs://bucket/films", "/archive"])


def test_nothing_is_handed_to_workers_but_the_pipeline() -> None:
    arguments = RunnerChoice("PortableRunner", options=(JOBS, *POOL)).beam_arguments
    options = PipelineOptions(arguments)
    assert Environment.from_options(options.view_as(PortableOptions)).artifacts() == []


def test_a_scan_has_one_job_server_and_ends_it(jar: Path, java: Path, light_scan: ScanCall, tmp_path: Path) -> None:
    """As on Flink, but for Flink itself: Beam's FlinkRunner, its command line for the jar, a job service, LOOPBACK."""
    from examples.media.pictures import generated_picture

    source = tmp_path / "source"
    source.mkdir()
    for number in range(2):
        generated_picture(number, (96, 64)).save(source / f"{number}.png")
    summary = light_scan(source, runner=RunnerChoice("FlinkRunner", flink_job_server_jar=jar), segment_items=1)
    assert (summary.committed, summary.outcomes) == (2, {("examined", ""): 2})
    told = (tmp_path / "java-was-told").read_text().split()
    assert told[:4] == ["-jar", str(jar), "--flink-master", "[auto]"]
    folder = Path(told[told.index("--artifacts-dir") + 1]).parent
    assert not folder.exists(), "the job server's folder goes with it"


@pytest.mark.skipif(FLINK_JAR is None, reason="AIQYN_FLINK_JAR names no job server's jar (docs/runners.md)")
@pytest.mark.skipif(shutil.which("java") is None, reason="there is no Java runtime to start Flink's job server with")
def test_flink_itself_writes_the_rows_of_the_driver(archive: Path, light_scan: ScanCall, tmp_path: Path) -> None:
    """Flink within the job server, with the driver's process for its worker."""
    source = tmp_path / "source"
    source.mkdir()
    for path in sorted([*archive.rglob("*.png"), *archive.rglob("*.mp4")])[:6]:
        shutil.copy2(path, source / f"{path.parent.name} {path.name}")
    runner = RunnerChoice("FlinkRunner", flink_job_server_jar=Path(FLINK_JAR or ""))
    light_scan(source, runner=runner, store=tmp_path / "flink")
    light_scan(source, store=tmp_path / "usual")
    assert_same_rows(tmp_path / "flink", tmp_path / "usual")


@pytest.mark.parametrize(
    "choice",
    [
        RunnerChoice(),
        RunnerChoice("PortableRunner", options=(JOBS, *POOL)),
        RunnerChoice("FlinkRunner", options=(JOBS, *POOL)),
        RunnerChoice("DataflowRunner", options=DATAFLOW, staging="gs://b/f"),
    ],
)
def test_no_job_server_is_started_where_there_is_one_or_none_is_needed(choice: RunnerChoice) -> None:
    with with_job_server(choice) as same:
        assert same is choice


def test_a_folder_for_staging_is_the_same_in_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path)
    choice = RunnerChoice("PortableRunner", options=(JOBS, *POOL), staging="work").check()
    assert choice.staging == str(tmp_path / "work")


def test_a_job_server_that_does_not_start_is_told_of_with_its_last_words(jar: Path, java: Path) -> None:
    java.write_text("#!/bin/sh\necho Error: Invalid or corrupt jarfile; exit 1\n")
    choice = RunnerChoice("FlinkRunner", flink_job_server_jar=jar).check()
    with (
        pytest.raises(UsageError, match=r"did not start: java -jar .*Invalid or corrupt jarfile"),
        with_job_server(choice),
    ):
        pass
