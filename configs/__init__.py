"""Configuration that travels in the wheel as data: detectors, scan profiles and views."""

from pathlib import Path

ROOT = Path(__file__).parent
DEFAULT_DETECTOR = "aiqyn-lite"
"""The shipped detector that scans use where none is named."""
