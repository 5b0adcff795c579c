"""The legs, and what is told of an item; imported by all, so it loads nothing."""

from pathlib import Path
from typing import Any, Final

DECODE, MODEL, DECODE_MODEL, ROW = "decode", "model", "decode+model", "row"
LEGS: Final = {
    DECODE: "decode only",
    MODEL: "model only",
    DECODE_MODEL: "decode and model",
    ROW: "whole audit row to Parquet",
}
_PLAIN: Final = Path(__file__).with_name("plain.yaml")

Told = dict[str, Any]
"""What is compared of an item: name, outcome, reason, frames, score, hash."""


def profile_of(leg: str) -> str:
    """Name or file of the scan profile that says what is looked for."""
    return "default" if leg == ROW else str(_PLAIN)


def told_as(name: str, outcome: str, reason: str | None, frames: int, score: float | None, phash: str | None) -> Told:
    """One item as contestants tell it."""
    return {"name": name, "outcome": outcome, "reason": reason, "frames": frames, "score": score, "hash": phash}
