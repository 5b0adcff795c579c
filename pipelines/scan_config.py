"""``aiqyn scan --config FILE``: options of a scan, written down.

A key is an option's name without its dashes. What the file sets becomes the option's default, so the command line
overrides it, a list as a whole.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Protocol

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo

from pipelines.detector.options import DeviceName
from pipelines.errors import UsageError
from pipelines.strict_yaml import yaml_problems


class Parameter(Protocol):
    """What is read of a parameter of the command line."""

    name: str
    opts: list[str]
    nargs: int
    multiple: bool


def _placed(told: str, info: ValidationInfo) -> str:
    """A path, seen from the file's folder."""
    return str(Path(info.context or "") / Path(told).expanduser())


def _placed_source(told: str, info: ValidationInfo) -> str:
    return told if "://" in told else _placed(told, info)


def _placed_if_path(told: str, info: ValidationInfo) -> str:
    """A name stays: only what has a slash or ends as YAML does is a path."""
    return _placed(told, info) if "/" in told or told.endswith((".yaml", ".yml")) else told


def _as_list(told: Any) -> Any:
    return told if isinstance(told, list) else [told]


_Text = Annotated[str, Field(min_length=1)]
_Path = Annotated[_Text, AfterValidator(_placed)]
_Source = Annotated[_Text, AfterValidator(_placed_source)]
_NameOrPath = Annotated[_Text, AfterValidator(_placed_if_path)]
_OneOrMore = [BeforeValidator(_as_list), Field(min_length=1)]
_Texts = Annotated[list[_Text], *_OneOrMore]
_Paths = Annotated[list[_Path], *_OneOrMore]
_Sources = Annotated[list[_Source], *_OneOrMore]
_NamesOrPaths = Annotated[list[_NameOrPath], *_OneOrMore]
_Positive = Annotated[int, Field(ge=1)]
_Count = Annotated[int, Field(ge=0)]
_UNSET: Any = None


class ScanFile(BaseModel):
    """What the file may set: one line an option; a test compares them with the command line's.

    ``--allow-empty`` and ``--dry-run`` are answers to one moment and stay with the command line.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    sources: _Sources = _UNSET
    manifest: _Path = _UNSET
    include: _Texts = _UNSET
    exclude: _Texts = _UNSET
    newer_than: _Text = _UNSET
    min_size: _Text = _UNSET
    max_size: _Text = _UNSET
    s3_endpoint: _Text = _UNSET
    store: _Source = _UNSET
    detector: _NamesOrPaths = _UNSET
    profile: _NameOrPath = _UNSET
    context: _Path = _UNSET
    trust_list: _Paths = _UNSET
    trust_anchor: _Paths = _UNSET
    lexicon: _Paths = _UNSET
    policy: _NamesOrPaths = _UNSET
    ignore: _Path = _UNSET
    baseline: _Text = _UNSET
    fail_on: _Texts = _UNSET
    summary: _Path = _UNSET
    metrics_file: _Path = _UNSET
    runner: _Text = _UNSET
    running_mode: _Text = _UNSET
    workers: _Positive = _UNSET
    beam_option: _Texts = _UNSET
    flink_job_server_jar: _Path = _UNSET
    staging: _Source = _UNSET
    batch_size: _Count = _UNSET
    children: _Count = _UNSET
    threads: _Count = _UNSET
    device: DeviceName = _UNSET
    segment_items: _Count = _UNSET
    segments: _Text = _UNSET
    retry_failed: bool = _UNSET
    skip_near_duplicates: bool = _UNSET


def load_scan_file(file: Path) -> dict[str, Any]:
    """What the file sets, by key; paths are whole.

    Raises:
        UsageError: It cannot be read or is not sound; every problem with its line.
    """
    try:
        text = file.read_text("utf-8")
    except (OSError, ValueError) as error:
        raise UsageError(f"The scan file {file} cannot be read: {error}") from error
    folder = file.resolve().parent
    if problems := yaml_problems(str(file), text, ScanFile, folder):
        raise UsageError("The scan file is not sound.\n" + "\n".join(problems))
    return ScanFile.model_validate(yaml.safe_load(text), context=folder).model_dump(exclude_unset=True)


def defaults_of(file: Path, parameters: Sequence[Parameter]) -> dict[str, Any]:
    """Defaults for the command line, by the names of its parameters.

    Args:
        file: The scan file.
        parameters: Of the command.

    Raises:
        UsageError: The file cannot be used.
    """
    told = load_scan_file(file)
    named = {key_of(one): one for one in parameters}
    return {named[key].name: _fit(value, named[key]) for key, value in told.items()}


def key_of(parameter: Parameter) -> str:
    """The file's key for a parameter."""
    return parameter.opts[0].lstrip("-").replace("-", "_")


def _fit(value: Any, parameter: Parameter) -> Any:
    """A list as the parameter takes it: several values, or one with commas."""
    takes_several = parameter.nargs == -1 or getattr(parameter, "multiple", False)
    return ",".join(value) if isinstance(value, list) and not takes_several else value
