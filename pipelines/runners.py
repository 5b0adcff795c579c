"""Which Beam runner runs a segment, always by name; runners that were found unfit are refused in a sentence."""

from dataclasses import dataclass

from pipelines.errors import UsageError

MODES = ("in_memory", "multi_threading", "multi_processing")
_USE = "Use FnApiRunner (the default) on one machine."
REFUSED = {
    "DirectRunner": f"DirectRunner is a switch that may download an executable and run on that. {_USE}",
    "SwitchingDirectRunner": f"SwitchingDirectRunner may download an executable and run on that. {_USE}",
    "PrismRunner": f"PrismRunner downloads an executable and runs on that. {_USE}",
    "DaskRunner": f"DaskRunner loses rows without an error (measured: 64 of 100). {_USE}",
}


@dataclass(frozen=True, slots=True)
class RunnerChoice:
    """A runner and how it runs.

    Attributes:
        name: Beam's name of the runner.
        mode: FnApiRunner's direct_running_mode.
        workers: FnApiRunner's worker threads or processes.
        options: Further Beam options, as on a command line.
    """

    name: str = "FnApiRunner"
    mode: str = "in_memory"
    workers: int = 1
    options: tuple[str, ...] = ()

    def check(self) -> "RunnerChoice":
        """The same choice, if it can be used.

        Raises:
            UsageError: The runner is unfit for audits, or the mode unknown.
        """
        if self.name.rsplit(".", 1)[-1] in REFUSED:
            raise UsageError(REFUSED[self.name.rsplit(".", 1)[-1]])
        if self.mode not in MODES:
            raise UsageError(f"There is no running mode {self.mode}. Choose one of: {', '.join(MODES)}.")
        if self.mode == "in_memory" and self.workers != 1:
            raise UsageError("in_memory has one worker; for more choose --running-mode multi_threading.")
        return self

    @property
    def beam_arguments(self) -> list[str]:
        """The choice as Beam's command line."""
        arguments = [f"--runner={self.name}", *self.options]
        if self.name == "FnApiRunner":
            arguments += [f"--direct_running_mode={self.mode}", f"--direct_num_workers={self.workers}"]
        return arguments
