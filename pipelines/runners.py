"""Which Beam runner runs a segment, always by name; runners that were found unfit are refused in a sentence."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipelines.errors import UsageError

MODES = ("in_memory", "multi_threading", "multi_processing")
ENGINES = ("PortableRunner", "FlinkRunner", "SparkRunner", "DataflowRunner")
"""Runners that hand a segment to workers of their own."""
OFFERED = ("FnApiRunner", *ENGINES)
_USE = "Use FnApiRunner (the default) on one machine."
_DOWNLOADS = "downloads an executable and runs on that"
REFUSED = {
    "DirectRunner": f"DirectRunner is a switch that may download an executable and run on that. {_USE}",
    "SwitchingDirectRunner": f"SwitchingDirectRunner may download an executable and run on that. {_USE}",
    "PrismRunner": f"PrismRunner {_DOWNLOADS}. {_USE}",
    "DaskRunner": f"DaskRunner loses rows without an error (measured: 64 of 100). {_USE}",
}
_NO_LIST_OF_PACKAGES = "--experiments=disable_logging_submission_environment"
"""Beam would run pip for every segment (1.6 s) and hand every worker a list of what the driver has installed."""
_OPTION = re.compile(r"--([a-z][a-z0-9_]*)(?:=(.*))?", re.DOTALL)
_OWN = {
    "runner": "--runner",
    "direct_running_mode": "--running-mode",
    "direct_num_workers": "--workers",
    "flink_job_server_jar": "--flink-job-server-jar",
}
_SECRETS = ("--s3_acc", "--s3_se")  # _access_key_id, _secret_access_key, _session_token, also cut short


@dataclass(frozen=True, slots=True)
class RunnerChoice:
    """A runner and how it runs.

    Attributes:
        name: Beam's name of the runner.
        mode: FnApiRunner's direct_running_mode.
        workers: FnApiRunner's worker threads or processes; of an engine, those that share a machine.
        options: Further Beam options, as on a command line.
        flink_job_server_jar: What FlinkRunner starts, or None where a job server runs already.
        staging: Folder or address where workers leave rows, or empty: in the store.
    """

    name: str = "FnApiRunner"
    mode: str = "in_memory"
    workers: int = 1
    options: tuple[str, ...] = ()
    flink_job_server_jar: Path | None = None
    staging: str = ""

    def check(self) -> "RunnerChoice":
        """The same choice, by its short name, if it can be used.

        Raises:
            UsageError: The runner is unfit for audits or unknown, lacks something, or an option holds credentials.
        """
        from pipelines.engines import check_engine

        name = self.name.rsplit(".", 1)[-1]
        if name in REFUSED:
            raise UsageError(REFUSED[name])
        if name not in OFFERED:
            raise UsageError(f"There is no runner {self.name} here. Choose one of: {', '.join(OFFERED)}.")
        told = parse_options(self.options)
        if self.staging and name not in ENGINES:
            raise UsageError("--staging is for workers that do not share the store; FnApiRunner's do.")
        if self.mode not in MODES:
            raise UsageError(f"There is no running mode {self.mode}. Choose one of: {', '.join(MODES)}.")
        if self.flink_job_server_jar and name != "FlinkRunner":
            raise UsageError(f"--flink-job-server-jar is FlinkRunner's, and {name} has no use for it.")
        if name in ENGINES:
            if self.mode != MODES[0]:
                raise UsageError(f"--running-mode is FnApiRunner's; {name} runs its workers as its options say.")
            check_engine(name, told, self.flink_job_server_jar, self.staging)
        elif self.mode == "in_memory" and self.workers != 1:
            raise UsageError("in_memory has one worker; for more choose --running-mode multi_threading.")
        if any(option.startswith(_SECRETS) for option in self.options):
            raise UsageError(
                "--beam-option takes no credentials, which anyone could read in a list of processes. Set "
                "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment, or name a profile in AWS_PROFILE."
            )
        return replace(self, name=name, staging=_checked_staging(self.staging))

    def check_sources(self, sources: Sequence[str]) -> None:
        """Nothing, if workers can see the sources, as far as that can be told here.

        Raises:
            UsageError: They run where nothing is mounted, and a source is a folder of this machine.
        """
        told = parse_options(self.options)
        local = next((source for source in sources if "://" not in source), None)
        if local and (self.name == "DataflowRunner" or told.get("environment_type") == "DOCKER"):
            raise UsageError(
                f"{local} is a folder, which workers of {self.name} do not see. Scan gs:// or s3:// addresses."
            )

    @property
    def has_own_workers(self) -> bool:
        """Whether workers may run elsewhere, or as another user: they need not see what the driver sees."""
        return self.name in ENGINES

    @property
    def is_in_driver(self) -> bool:
        """Whether the one worker runs in the driver's process."""
        return self.name == "FnApiRunner" and self.mode == "in_memory"

    @property
    def beam_arguments(self) -> list[str]:
        """The choice as Beam's command line."""
        arguments = [f"--runner={self.name}", *self.options]
        if self.name == "FnApiRunner":
            arguments += [f"--direct_running_mode={self.mode}", f"--direct_num_workers={self.workers}"]
        if self.has_own_workers:
            arguments.append(_NO_LIST_OF_PACKAGES)
        if self.flink_job_server_jar:
            arguments.append(f"--flink_job_server_jar={self.flink_job_server_jar}")
        return arguments


def _checked_staging(told: str) -> str:
    """As workers in any folder take it."""
    if not told or "://" in told:
        return told
    if not Path(told).is_dir():
        raise UsageError(f"There is no folder {told} for --staging. Make one in which workers may write.")
    return str(Path(told).resolve())


def parse_options(options: Sequence[str]) -> dict[str, str]:
    """Beam's options by name; a switch has the value ``true``.

    Raises:
        UsageError: One is no option of Beam's, or has an option of our own.
    """
    told = {}
    for option in options:
        found = _OPTION.fullmatch(option)
        if found is None:
            raise UsageError(f"--beam-option takes --name=value, in Beam's spelling, and {option!r} is none.")
        name, value = found.groups()
        if name in _OWN:
            raise UsageError(f"--{name} is not given as a Beam option. Use {_OWN[name]}.")
        told[name] = "true" if value is None else value
    return told
