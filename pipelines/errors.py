"""Errors that a person can mend, and the exit codes of the command line."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What the process's exit status says."""

    COMPLETE = 0
    USAGE = 2
    INCOMPLETE = 3
    SELF_TEST_FAILED = 4
    INTERRUPTED = 5


class UsageError(Exception):
    """The command cannot be carried out as given; the message says what to do."""
