"""What Flink, Spark and other engines need before a scan begins: a job server, and workers that can do the work."""

import importlib.util
import shutil
from collections.abc import Mapping
from pathlib import Path

from pipelines.errors import UsageError

_SEE = "See docs/runners.md."
_OF_DATAFLOW = ("project", "region", "temp_location", "sdk_container_image")
_HERE = frozenset({"[local]", "[auto]", "localhost", "127.0.0.1"})


def check_engine(name: str, options: Mapping[str, str], flink_jar: Path | None, staging: str) -> None:
    """Nothing, if the engine can be started and its workers can do the work, as far as that can be told here.

    Args:
        name: Of the runner.
        options: Beam's.
        flink_jar: Of ``--flink-job-server-jar``.
        staging: Of ``--staging``.

    Raises:
        UsageError: Something is missing.
    """
    if name == "DataflowRunner":
        _check_dataflow(options, staging)
    else:
        _check_job_server(name, options, flink_jar)
        _check_environment(name, options, staging)


def _check_job_server(name: str, options: Mapping[str, str], flink_jar: Path | None) -> None:
    """Beam starts one by itself, too: from a jar that it downloads first."""
    engine = name.removesuffix("Runner").lower()
    if uber := next((one for one in options if one.endswith("_submit_uber_jar")), None):
        raise UsageError(f"--{uber} has Beam build a jar, which was not tried here. Give a job server instead. {_SEE}")
    jar = flink_jar or (Path(options["spark_job_server_jar"]) if "spark_job_server_jar" in options else None)
    if options.get("job_endpoint"):
        if jar:
            raise UsageError(f"The job server {options['job_endpoint']} runs already: leave its jar out.")
        return
    if name == "PortableRunner":
        raise UsageError(
            f"PortableRunner needs a job server that runs. Name it: --beam-option=--job_endpoint=HOST:PORT. {_SEE}"
        )
    if jar is None:
        given = "--flink-job-server-jar FILE" if engine == "flink" else "--beam-option=--spark_job_server_jar=FILE"
        raise UsageError(
            f"{name} needs Beam's job server for {engine.title()}, which Beam would download. Give its jar: {given}; "
            f"or name one that runs: --beam-option=--job_endpoint=HOST:PORT. {_SEE}"
        )
    if not jar.is_file():
        raise UsageError(f"There is no job server at {jar}. Download the jar that docs/runners.md names.")
    java = options.get("job_server_java_launcher", "java")
    if shutil.which(java) is None:
        raise UsageError(f"{name} starts its job server by {java}, which is not on the PATH. Install a Java runtime.")


def _check_dataflow(options: Mapping[str, str], staging: str) -> None:
    missing = [one for one in _OF_DATAFLOW if one not in options]
    if missing:
        told = ", ".join(f"--beam-option=--{one}=…" for one in missing)
        raise UsageError(f"DataflowRunner needs {told}. {_SEE}")
    if "://" not in staging:
        raise UsageError(
            f"Dataflow's workers cannot write to the store, which is a folder. Name a place for their rows: "
            f"--staging gs://BUCKET/FOLDER. {_SEE}"
        )
    if importlib.util.find_spec("apitools") is None:
        raise UsageError("DataflowRunner needs an extra. Install it: pip install 'aiqyn[gcs]'.")


def _check_environment(name: str, options: Mapping[str, str], staging: str) -> None:
    """Workers have to have Aiqyn, the store and the sources; Beam's default starts a container without any of them."""
    kind, config = options.get("environment_type"), options.get("environment_config", "")
    pool = "--beam-option=--environment_type=EXTERNAL --beam-option=--environment_config=HOST:PORT"
    if kind is None:
        if name == "PortableRunner" or "job_endpoint" in options or not _runs_here(options):
            raise UsageError(
                f"Which workers? Beam would start containers that have neither Aiqyn nor the store. Name a worker "
                f"pool: {pool}. {_SEE}"
            )
        return
    if kind == "DOCKER":
        if not config or "://" not in staging:
            raise UsageError(
                f"DOCKER starts containers that see neither the store nor local sources: it needs --staging with an "
                f"address, and an image with Aiqyn as --beam-option=--environment_config. Or name a worker pool: "
                f"{pool}. {_SEE}"
            )
        return
    if kind not in {"EXTERNAL", "LOOPBACK", "PROCESS"}:
        raise UsageError(f"Beam knows no environment {kind}. Choose EXTERNAL, LOOPBACK, PROCESS or DOCKER. {_SEE}")
    if kind in {"EXTERNAL", "PROCESS"} and not config:
        raise UsageError(f"{kind} needs --beam-option=--environment_config=… as well: where the workers are. {_SEE}")
    if kind == "LOOPBACK" and not _runs_here(options):
        raise UsageError(
            f"LOOPBACK has the driver work, which a cluster elsewhere does not reach. Name a worker pool: {pool}."
        )


def _runs_here(options: Mapping[str, str]) -> bool:
    """Whether the engine itself, as far as options say, runs on this machine."""
    flink = options.get("flink_master", "[local]").rpartition("://")[2].rpartition(":")
    spark = options.get("spark_master_url", "local")
    return (flink[0] or flink[2]) in _HERE and spark.startswith("local")
