"""How the page writes names and numbers."""

from pipelines.pages.texts import shown
from transforms.detect.package import Interval

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
NARROW = "\u202f"  # a narrow space at which no line breaks


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


def percent(share: float) -> str:
    """A share in per cent: two decimals below one per cent, since false alarms are told apart there."""
    if 0 < share < 0.0001:
        return f"< 0.01{NARROW}%"
    decimals = 2 if share < 0.01 else 1
    return f"{100 * share:.{decimals}f}".rstrip("0").rstrip(".") + f"{NARROW}%"


def percents(interval: Interval) -> str:
    """An interval of shares."""
    return f"{percent(interval[0])} to {percent(interval[1])}"


def number(count: float) -> str:
    """A count with thin spaces between thousands; one decimal below ten, where it matters."""
    if 0 < count < 10 and round(count, 1) != round(count):
        return f"{count:.1f}"
    return f"{round(count):,}".replace(",", NARROW)


def numbers(interval: Interval) -> str:
    """An interval of counts."""
    return f"{number(interval[0])} to {number(interval[1])}"


def figure(value: float) -> str:
    """A figure between 0 and 1 that is no share."""
    return f"{value:.3f}"


def figures(interval: Interval) -> str:
    """An interval of such figures."""
    return f"{interval[0]:.3f} to {interval[1]:.3f}"
