"""The charts of a report as SVG with words of their own; colours and shapes come from ``style.css``."""

from collections.abc import Mapping, Sequence

from pipelines.pages.curve import LevelLine
from pipelines.pages.svg import Frame, Sheet
from pipelines.pages.texts import number, shown
from pipelines.report.facts import VERDICTS, Detector, ScanRow
from pipelines.report.words import ReportWords

_WIDTH = 640.0
_HEIGHT = 230.0


def verdict_strip(counts: Mapping[str, int], words: ReportWords) -> str:
    """All items as one bar, parted by verdict."""
    told = _told(counts, words)
    sheet = Sheet("strip", words.headings["verdicts"], words.phrase("strip", told=told), 1000, 40)
    total = sum(counts.get(name, 0) for name in VERDICTS)
    at = 0.0
    for name in VERDICTS:
        if not (own := counts.get(name, 0)):
            continue
        width = 1000 * own / total
        sheet.rect((at, 0), max(width, 3), 40, f"fill is-{name}", tip=f"{words.outcomes[name]}: {number(own)}")
        if width > 60:
            sheet.text((at + width / 2, 26), number(own), "on-fill", anchor="middle")
        at += width
    return sheet.markup()


def histogram(ident: str, detector: Detector, levels: Sequence[LevelLine], words: ReportWords) -> str:
    """How many items have which calibrated score, with the operating points."""
    bins, count = detector.bins, len(detector.bins)
    told = "; ".join(
        words.phrase("histogram_bin", low=f"{i / count:.2f}", high=f"{(i + 1) / count:.2f}", items=number(own))
        for i, own in enumerate(bins)
        if own
    )
    text = words.phrase("histogram_text", items=number(sum(bins)), bins=told or "–")
    title = words.phrase("histogram", detector=shown(detector.name))
    frame = Frame(56, 44, _WIDTH - 72, _HEIGHT - 44 - 42, y_end=_round_end(max(bins)))
    sheet = Sheet(ident, title, text, _WIDTH, _HEIGHT)
    for i in range(5):
        y = frame.y_end * i / 4
        sheet.line((frame.left, frame.y(y)), (frame.left + frame.width, frame.y(y)), "grid")
        sheet.text((frame.left - 6, frame.y(y) + 4), number(y), "small", anchor="end")
        sheet.text((frame.x(i / 4), frame.y(0) + 16), f"{i / 4:g}", "small", anchor="middle")
    step = frame.width / count
    for i, own in enumerate(bins):
        if own:
            corner, tip = (
                (frame.left + i * step + 1, frame.y(own)),
                f"{i / count:.2f}–{(i + 1) / count:.2f}: {number(own)}",
            )
            sheet.rect(corner, step - 2, frame.y(0) - frame.y(own), "bar", tip=tip)
    for i, level in enumerate(sorted(levels, key=lambda one: one.score)):
        x, y = frame.x(level.score), 12.0 + 14 * (i % 2)
        sheet.line((x, y + 4), (x, frame.y(0)), "threshold")
        sheet.text((x - 5, y + 3), f"{shown(level.name, 30)} ≥ {level.score:.2f}", "small", anchor="end")
    sheet.text((frame.left + frame.width / 2, frame.y(0) + 34), words.phrases["score"], "small", anchor="middle")
    return sheet.markup()


def trend(scans: Sequence[ScanRow], words: ReportWords) -> str:
    """The verdicts on what each scan recorded, one column a scan."""
    totals = [sum(scan.verdicts.get(name, 0) for name in VERDICTS) for scan in scans]
    told = "; ".join(f"{_day(scan)}: {_told(scan.verdicts, words) or '0'}" for scan in scans)
    sheet = Sheet("trend", words.headings["scans"], words.phrase("trend", told=told), _WIDTH, _HEIGHT)
    frame = Frame(56, 14, _WIDTH - 72, _HEIGHT - 14 - 30, y_end=_round_end(max(totals)))
    for i in range(5):
        y = frame.y_end * i / 4
        sheet.line((frame.left, frame.y(y)), (frame.left + frame.width, frame.y(y)), "grid")
        sheet.text((frame.left - 6, frame.y(y) + 4), number(y), "small", anchor="end")
    step = frame.width / len(scans)
    width, every = min(48.0, step * 0.7), -(-len(scans) // 8)
    days = {f"{scan.started_at:%Y-%m-%d}" for scan in scans}
    for i, scan in enumerate(scans):
        middle, below = frame.left + step * (i + 0.5), 0.0
        for name in reversed(VERDICTS):
            if own := scan.verdicts.get(name, 0):
                top = frame.y(below + own)
                tip = f"{_day(scan)}, {words.outcomes[name]}: {number(own)}"
                sheet.rect((middle - width / 2, top), width, frame.y(below) - top, f"fill is-{name}", tip=tip)
                below += own
        if i % every == 0:
            when = _day(scan) if len(days) == len(scans) else f"{scan.started_at:%m-%d %H:%M}"
            sheet.text((middle, frame.y(0) + 18), when, "small", anchor="middle")
    return sheet.markup()


def meter(ident: str, share: float, title: str) -> str:
    """A share as a bar."""
    sheet = Sheet(ident, title, title, 120, 10)
    sheet.rect((0, 0), 120, 10, "track")
    sheet.rect((0, 0), max(0.0, min(1.0, share)) * 120, 10, "bar")
    return sheet.markup()


def _told(counts: Mapping[str, int], words: ReportWords) -> str:
    named = ((name, counts.get(name, 0)) for name in VERDICTS)
    return "; ".join(f"{words.outcomes[name]}: {number(own)}" for name, own in named if own)


def _round_end(reach: int) -> float:
    """The end of an axis whose quarters are whole and round."""
    ten = 1
    while True:
        for end in (4, 6, 8, 10, 12, 16, 20, 28, 36):
            if end * ten >= reach and end * ten % 4 == 0:
                return float(end * ten)
        ten *= 10


def _day(scan: ScanRow) -> str:
    return f"{scan.started_at:%Y-%m-%d}"
