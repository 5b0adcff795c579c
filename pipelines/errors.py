"""Errors that a person can mend, and the exit codes of the command line."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What the process's exit status says."""

    COMPLETE = 0
    FINDINGS = 1
    USAGE = 2
    INCOMPLETE = 3
    SELF_TEST_FAILED = 4
    INTERRUPTED = 5
    BROKEN_OFF = 6

    @property
    def sentence(self) -> str:
        """One line that a person understands."""
        return _SENTENCES[self]


_SENTENCES = {
    ExitCode.COMPLETE: "Complete.",
    ExitCode.FINDINGS: "A verdict is one of those that `--fail-on` names.",
    ExitCode.USAGE: "The command cannot be carried out as given; one line says what to do.",
    ExitCode.INCOMPLETE: "Complete, and not all of it could be examined or checked.",
    ExitCode.SELF_TEST_FAILED: "A self-test failed, a store is damaged, or a package of evidence does not hold.",
    ExitCode.INTERRUPTED: "Interrupted; what was finished is committed.",
    ExitCode.BROKEN_OFF: "Broken off: the machine refused what the work needs, or an error of ours; what was "
    "finished is committed.",
}


class Interrupted(BaseException):
    """Ctrl-C or SIGTERM with nothing in hand; of ``KeyboardInterrupt`` Typer would make an exit status of its own."""


class UsageError(Exception):
    """The command cannot be carried out as given; the message says what to do."""


class StoreBusyError(UsageError):
    """Another process is writing to the store."""


class MachineError(Exception):
    """The machine refused what the work needs, such as room on a disk; the message says what to do."""


class LeaseLostError(MachineError):
    """What a process held of a store on S3 is another's by now, or may be."""


def exit_code_of(error: BaseException) -> ExitCode:
    """The exit status with which a command ends that raised ``error``."""
    if isinstance(error, UsageError):
        return ExitCode.USAGE
    if isinstance(error, Interrupted | KeyboardInterrupt):
        return ExitCode.INTERRUPTED
    return ExitCode.BROKEN_OFF
