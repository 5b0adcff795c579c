"""A store to review, made by hand: contents with verdicts and files that lie there, without a scan."""

import io
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from PIL import Image

from pipelines.policy_config import load_policy
from pipelines.stills import Picture, StillMissingError
from pipelines.store import Store
from tests.pipelines.upkeep.hand_made import part

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
KZ = load_policy("kz")
DETECTOR = {"detector": "aiqyn-lite", "digest": "d" * 64}


@dataclass
class Shelf:
    """What is to be in the store.

    Attributes:
        folder: Where the files lie.
    """

    folder: Path
    items: list[dict[str, Any]] = field(default_factory=list)
    verdicts: list[dict[str, Any]] = field(default_factory=list)
    marks: list[dict[str, Any]] = field(default_factory=list)
    frames: list[dict[str, Any]] = field(default_factory=list)

    def add(self, name: str, outcome: str = "review", **facts: Any) -> str:
        """A picture of a colour of its own, or of ``colour``, with its verdict; its content hash."""
        synthesis = facts.pop("synthesis", "suspected" if outcome == "review" else "declared")
        colour, policy = facts.pop("colour", name), facts.pop("policy", "kz")
        digits = sha256(colour.encode()).digest()
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (64, 48), tuple(digits[:3])).save(path, "PNG")
        content = sha256(path.read_bytes()).hexdigest()
        place = {"scan_id": "scan", "segment_id": "s", "uri": str(path), "content_sha256": content, "examination": "e"}
        score = facts.pop("score", 0.5)
        suppressed = facts.pop("suppressed_by", None)
        self.items.append(
            place
            | {"source": str(self.folder), "size_bytes": path.stat().st_size, "mtime_ns": path.stat().st_mtime_ns}
            | {"outcome": "examined", "media_type": "image/png", "width": 64, "height": 48, "frames_examined": 1}
            | {"scores": [DETECTOR | {"calibrated": score, "level": "suspected"}], "score": score, "layers": []}
            | facts
        )
        self.verdicts.append(
            place
            | {"policy": policy, "policy_sha256": KZ.sha256, "as_of": date(2026, 11, 1), "outcome": outcome}
            | {"decided_on": date(2026, 11, 1), "decided_by": "as_of", "synthesis": synthesis, "scope": "in"}
            | {"machine_mark": "not_found", "visible_warning": "not_found", "judgement": "j", "sequence": 1}
            | {"evidence": [{"code": "visible_not_found", "article": "21(2)", "marks": []}]}
            | {"suppressed_by": suppressed}
        )
        return content

    def mark(self, content: str, value: str, **facts: Any) -> None:
        """A label read in the picture."""
        box = {"box_x": 4, "box_y": 30, "box_width": 40, "box_height": 10}
        shared = {"scan_id": "scan", "segment_id": "s", "content_sha256": content, "examination": "e", "facts": {}}
        named = {"layer": "visible_label", "kind": "label.text", "says": "ai", "class": "declared"}
        self.marks.append(shared | named | box | {"value": value, "locator": value} | facts)

    def film(self, content: str, scores: list[float | None]) -> None:
        """Frames, one a second, with their scores."""
        shared = {"scan_id": "scan", "segment_id": "s", "content_sha256": content, "detector": "aiqyn-lite"}
        self.frames += [
            shared | {"frame_index": i, "timestamp_ms": 1000.0 * i, "score": score, "detector_digest": "d" * 64}
            for i, score in enumerate(scores)
        ]

    def store(self, root: Path | str) -> Store:
        """Commits it all."""
        store = Store.create(root)
        for table in ("items", "verdicts", "marks", "frames"):
            if rows := getattr(self, table):
                store.commit_parts(table, "s", [part(store, table, "s", rows)])
        segment = {"scan_id": "scan", "segment_id": "s", "sequence": 1, "committed_at": NOON, "items": len(self.items)}
        store.commit_parts("segments", "s", [part(store, "segments", "s", [segment])])
        return store


def jpeg(colour: str = "teal") -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(stream, "JPEG")
    return stream.getvalue()


class DrawnStills:
    """Stands for ``Stills`` where a test is not about decoding: a film has four frames, ``gone`` lies there no more."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, bool]] = []

    def of_first(self, rows: list[dict[str, Any]], *, are_faces_shown: bool = False) -> list[Picture]:
        name = Path(rows[0]["uri"]).name
        self.asked.append((name, are_faces_shown))
        if "gone" in name:
            raise StillMissingError("The file cannot be opened: No such file or directory.")
        times = [1000.0 * i for i in range(4)] if "film" in name else [None]
        return [Picture(jpeg(), 64, 48, 1.0, at, int(not are_faces_shown)) for at in times]

    def __exit__(self, *_: object) -> None:
        return
