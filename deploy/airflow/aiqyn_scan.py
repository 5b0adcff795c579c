"""An Airflow 2 DAG that scans every night and decides by the exit status and the summary. Put it into the DAGs folder.

Not run with Airflow here: its tests compile it, check its imports and run what it does with the exit status.
"""

import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

from airflow.decorators import dag, task
from airflow.exceptions import AirflowException, AirflowFailException

AIQYN = "/opt/aiqyn/bin/aiqyn"
CONFIG = "/etc/aiqyn/scan.yaml"
SUMMARY = Path("/var/lib/aiqyn/last-scan.json")
RESULTS = {0: "complete", 1: "complete, with findings", 3: "complete, with items that could not be examined"}
WORTH_A_RETRY = {5: "interrupted", 6: "broken off"}


def run_scan() -> int:
    """Runs the scan to its end; a task that is stopped lets it finish and commit the files in hand."""
    process = subprocess.Popen([AIQYN, "--log-format", "json", "scan", "--config", CONFIG, "--summary", str(SUMMARY)])
    try:
        return process.wait()
    except BaseException:
        process.terminate()
        process.wait()
        raise


def conclude(status: int) -> dict:
    """The summary of a scan that came to its end; a retry goes on after the last commit of one that did not.

    Raises:
        AirflowException: It is to be tried again.
        AirflowFailException: A person has to look: trying again would end alike.
    """
    if status in WORTH_A_RETRY or status < 0:
        raise AirflowException(f"The scan was {WORTH_A_RETRY.get(status, f'killed by signal {-status}')}; see the log.")
    if status not in RESULTS:
        raise AirflowFailException(f"The scan ended with {status}; see the log.")
    summary = json.loads(SUMMARY.read_text("utf-8"))
    print(f"{RESULTS[status]}: {summary['counts']['inputs']} inputs, {summary['counts']['planned']} recorded")
    return summary


@dag(
    schedule="0 2 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=15)},
    tags=["aiqyn"],
)
def aiqyn_scan() -> None:
    """One scan of the archive; the summary goes on to whatever task comes next."""

    @task
    def scan() -> dict:
        return conclude(run_scan())

    scan()


aiqyn_scan()
