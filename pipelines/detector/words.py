"""How the page writes names and numbers."""

from pipelines.pages.texts import NARROW, number, percent, shown
from transforms.detect.package import Interval

__all__ = ["NARROW", "number", "percent"]  # for those who write this page

TREATMENTS = {
    "as_is": "as they are",
    "jpeg90": "JPEG 90",
    "jpeg75": "JPEG 75",
    "half": "half the size",
    "screenshot": "screenshot, sent on",
}
METRICS = {
    "auc": "AUC",
    "average_precision": "average precision",
    "recall_at_1pct_fpr": "recall at 1 % false alarms",
    "recall_at_5pct_fpr": "recall at 5 % false alarms",
}


def name(text: str) -> str:
    """A name from a manifest; see ``shown``."""
    return shown(text)


def cut(text: str, most: int) -> str:
    """The beginning of a name, where there is no room for more."""
    return shown(text, most)


def treatment(key: str) -> str:
    """What was done to the pictures."""
    return TREATMENTS.get(key, name(key))


def after(key: str) -> str:
    """When a figure holds, to end a sentence with."""
    return treatment(key) if key == "as_is" else f"after “{treatment(key)}”"


def metric(key: str) -> str:
    """A ranking figure's name."""
    return METRICS.get(key, name(key))


def percents(interval: Interval) -> str:
    """An interval of shares."""
    return f"{percent(interval[0])} to {percent(interval[1])}"


def numbers(interval: Interval) -> str:
    """An interval of counts."""
    return f"{number(interval[0])} to {number(interval[1])}"


def figure(value: float) -> str:
    """A figure between 0 and 1 that is no share."""
    return f"{value:.3f}"


def figures(interval: Interval) -> str:
    """An interval of such figures."""
    return f"{interval[0]:.3f} to {interval[1]:.3f}"
