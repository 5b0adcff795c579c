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


class Interrupted(BaseException):
    """Ctrl-C or SIGTERM with nothing in hand; of ``KeyboardInterrupt`` Typer would make an exit status of its own."""


class UsageError(Exception):
    """The command cannot be carried out as given; the message says what to do."""
