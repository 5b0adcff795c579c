"""What a scan is asked for."""

from dataclasses import dataclass, field
from pathlib import Path

import configs
from pipelines.ignore import NOTHING_IGNORED, IgnoreList
from pipelines.policy_config import LoadedPolicy
from pipelines.runners import RunnerChoice
from pipelines.scan_part import WHOLE, ScanPart
from pipelines.selection import Selection


@dataclass(frozen=True, slots=True)
class ScanOptions:
    """What the command line asked for."""

    sources: list[str]
    store: str
    detectors: tuple[str, ...] = (configs.DEFAULT_DETECTOR,)
    profile: str = "default"
    trust_lists: tuple[Path, ...] = ()
    trust_anchors: tuple[Path, ...] = ()
    lexicon: tuple[Path, ...] = ()
    runner: RunnerChoice = field(default_factory=RunnerChoice)
    batch_size: int = 0
    children: int = 0
    threads: int = 0
    device: str = "auto"
    segment_items: int = 0
    part: ScanPart = WHOLE
    retry_failed: bool = False
    skip_near_duplicates: bool = False
    dry_run: bool = False
    allow_empty: bool = False
    context: Path | None = None
    manifest: Path | None = None
    selection: Selection = field(default_factory=Selection)
    policies: tuple[LoadedPolicy, ...] = ()
    ignored: IgnoreList = NOTHING_IGNORED
    baseline: str | None = None
    s3_endpoint: str = ""
    costs: str | None = None
