"""Options that say what is looked at and how, of every command that lists sources."""

from pathlib import Path
from typing import Annotated

import typer

import configs

SourcesArgument = Annotated[list[str] | None, typer.Argument(metavar="SOURCE…", help="Folders, files, globs or URIs.")]
ManifestOption = Annotated[
    Path | None, typer.Option(help="CSV or Parquet that names inputs in uri; other columns as of --context.")
]
IncludeOption = Annotated[
    list[str] | None, typer.Option(metavar="GLOB", help="Only such paths below the source; see docs/sources.md.")
]
ExcludeOption = Annotated[list[str] | None, typer.Option(metavar="GLOB", help="No such paths. Repeatable.")]
NewerThanOption = Annotated[
    str | None, typer.Option(metavar="TIME", help="Only what was modified since: 2026-01-18, 7d, 36h.")
]
MinSizeOption = Annotated[str | None, typer.Option(metavar="SIZE", help="Only files of that size or more: 10KB.")]
MaxSizeOption = Annotated[str | None, typer.Option(metavar="SIZE", help="Only files of that size or less: 2GB.")]
DetectorOption = Annotated[
    list[str] | None,
    typer.Option(
        help="Name or folder of a detector package; name several one by one, the first gives items.score. "
        f"Default: {configs.DEFAULT_DETECTOR}."
    ),
]
ProfileOption = Annotated[str, typer.Option(help="Name or YAML file of a scan profile.")]
ContextOption = Annotated[
    Path | None,
    typer.Option("--context", help="CSV or Parquet: uri, title, caption, description, published_at, publisher, url."),
]
BatchSizeOption = Annotated[
    int, typer.Option(min=0, help="Frames that are scored at a time; 0: 16, on a graphics card 64.")
]
ChildrenOption = Annotated[int, typer.Option(min=0, help="Examiner children per worker; 0: by cores.")]
ThreadsOption = Annotated[int, typer.Option(min=0, help="Cores that score, per worker; 0: by cores.")]
SegmentItemsOption = Annotated[int, typer.Option(min=0, help="Most items per segment; 0: by profile.")]
RetryFailedOption = Annotated[
    bool, typer.Option("--retry-failed/--no-retry-failed", help="Examine failed items once more.")
]
