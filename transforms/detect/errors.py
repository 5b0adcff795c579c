"""The one error of detectors and their packages."""


class DetectorError(Exception):
    """A detector cannot be used: `code` is stable, the message says what, which item and what to do."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code

    def __reduce__(self) -> tuple[type["DetectorError"], tuple[str, str]]:
        """Keep the code when the error crosses a process border."""
        return type(self), (self.code, str(self))
