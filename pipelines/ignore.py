"""The ignore file: verdicts that someone answers for. They stay in the tables and say by whom they are suppressed."""

import fnmatch
import hashlib
import json
import logging
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated

import pyarrow as pa
import yaml
from pydantic import BaseModel, ConfigDict, Field, RootModel, StringConstraints, model_validator

from pipelines.errors import UsageError
from pipelines.strict_yaml import yaml_problems
from transforms.records import address_of

_LOG = logging.getLogger("aiqyn.ignore")
_Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300, pattern=r"^[^\n]*$")]


class Entry(BaseModel):
    """One entry: a content by its hash, or places by a glob of their addresses."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    content: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = Field(
        default=None, description="SHA-256 of the file."
    )
    uri: _Line | None = Field(default=None, description="Glob; * stands for slashes, too.")
    policy: Annotated[str, StringConstraints(pattern=r"^([a-z][a-z0-9-]*|\*)$")] = Field(
        default="*", description="Whose verdicts; `*`: those of all policies."
    )
    reason: _Line = Field(description="Why it is no matter.")
    owner: _Line = Field(description="Who answers for that.")
    expires: date = Field(description="The last day on which it holds.")

    @model_validator(mode="after")
    def _names_something(self) -> "Entry":
        if (self.content is None) == (self.uri is None):
            raise ValueError("name either content or uri")
        return self

    @property
    def told(self) -> str:
        """As ``suppressed_by`` says it."""
        return f"{self.owner}: {self.reason} (until {self.expires.isoformat()})"


class _File(RootModel[list[Entry]]):
    """What the file holds."""


@dataclass(frozen=True)
class IgnoreList:
    """The entries of an ignore file, of which the first that fits holds."""

    entries: tuple[Entry, ...] = ()

    def active(self, as_of: date) -> tuple[Entry, ...]:
        """Those that have not expired."""
        return tuple(entry for entry in self.entries if entry.expires >= as_of)

    def expired(self, as_of: date) -> tuple[Entry, ...]:
        """Those that have: what they covered counts again."""
        return tuple(entry for entry in self.entries if entry.expires < as_of)

    def digest(self, as_of: date) -> str | None:
        """SHA-256 of what holds on a day; None where nothing does."""
        active = [entry.model_dump(mode="json") for entry in self.active(as_of)]
        return hashlib.sha256(json.dumps(active, sort_keys=True).encode()).hexdigest() if active else None

    def match(self, batch: pa.RecordBatch, policy: str, as_of: date) -> pa.Array:
        """Of each place by whom its verdict is suppressed, or null.

        Args:
            batch: Columns ``content_sha256``, ``uri`` and ``member_path``.
            policy: Whose verdicts.
            as_of: The day.
        """
        entries = [entry for entry in self.active(as_of) if entry.policy in {"*", policy}]
        if not entries:
            return pa.nulls(len(batch), pa.string())
        tests = [(entry, re.compile(fnmatch.translate(entry.uri)) if entry.uri else None) for entry in entries]
        columns = [batch.column(name).to_pylist() for name in ("content_sha256", "uri", "member_path")]
        told = [
            next((entry.told for entry, glob in tests if _fits(entry, glob, content, uri, member)), None)
            for content, uri, member in zip(*columns, strict=True)
        ]
        return pa.array(told, pa.string())


NOTHING_IGNORED = IgnoreList()


def _fits(entry: Entry, glob: re.Pattern[str] | None, content: str | None, uri: str, member: str | None) -> bool:
    if glob is None:
        return entry.content == content
    return glob.match(address_of(uri, member)) is not None


def read_ignore_file(path: Path | None) -> IgnoreList:
    """Reads an ignore file; where there is none nothing is ignored.

    Raises:
        UsageError: It cannot be read or is not sound; every problem with its line.
    """
    if path is None:
        return NOTHING_IGNORED
    try:
        text = path.read_text("utf-8")
    except (OSError, ValueError) as error:
        raise UsageError(f"The ignore file {path} cannot be read: {error}") from error
    if problems := yaml_problems(str(path), text, _File):
        raise UsageError("The ignore file is not sound.\n" + "\n".join(problems))
    return IgnoreList(tuple(_File.model_validate(yaml.safe_load(text)).root))


def tell_expired(ignored: IgnoreList, as_of: date) -> None:
    """Warns of entries that have expired: what they covered counts again."""
    for entry in ignored.expired(as_of):
        thing = entry.uri or f"content {(entry.content or '')[:12]}"
        _LOG.warning("An entry of the ignore file has expired and covers nothing: %s, %s", thing, entry.told)
