"""One job server of Beam's for a whole scan.

Beam starts one for every pipeline, and so for every segment, and sets signal handlers from it, which the thread of a
segment may not. Here it starts once, and in a session of its own: a Ctrl-C at the terminal is the driver's to handle.
"""

import contextlib
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from pipelines.errors import UsageError
from pipelines.runners import RunnerChoice, parse_options

_SERVED = frozenset({"FlinkRunner", "SparkRunner"})
_START_SECONDS = 120.0
_TOLD_CHARACTERS = 500


@contextmanager
def with_job_server(choice: RunnerChoice) -> Iterator[RunnerChoice]:
    """The choice with the address of a job server, started and ended here where it names only a jar.

    Raises:
        UsageError: It did not start.
    """
    if choice.name not in _SERVED or "job_endpoint" in parse_options(choice.options):
        yield choice
        return
    with tempfile.TemporaryDirectory(prefix="aiqyn-job-server-") as folder, _started(folder, choice) as endpoint:
        yield replace(choice, options=(*choice.options, f"--job_endpoint={endpoint}"), flink_job_server_jar=None)


@contextmanager
def _started(folder: str, choice: RunnerChoice) -> Iterator[str]:
    command, endpoint = _command(folder, choice)
    log = Path(folder) / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        if not _answers(process, endpoint):
            told = " ".join(log.read_text("utf-8", "replace").split())[-_TOLD_CHARACTERS:]
            raise UsageError(f"The job server did not start: {' '.join(command)}. It said: {told or 'nothing'}")
        yield endpoint
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _command(folder: str, choice: RunnerChoice) -> tuple[list[str], str]:
    from apache_beam.options.pipeline_options import PipelineOptions
    from apache_beam.runners.portability.flink_runner import FlinkJarJobServer
    from apache_beam.runners.portability.spark_runner import SparkJarJobServer

    options = PipelineOptions(choice.beam_arguments, artifacts_dir=f"{folder}/artifacts")
    server = (FlinkJarJobServer if choice.flink_job_server_jar else SparkJarJobServer)(options)
    command, endpoint = server.subprocess_cmd_and_endpoint()
    return [str(word) for word in command], endpoint


def _answers(process: subprocess.Popen[bytes], endpoint: str) -> bool:
    host, _, port = endpoint.rpartition(":")
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection((host, int(port)), timeout=1):
            return True
        time.sleep(0.1)
    return False
