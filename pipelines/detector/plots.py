"""The plots of the evaluation page, as SVG that carries its own words; colours come from the page's style."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipelines.detector import words
from pipelines.detector.record import Histogram, Point, Rate, Reliability, Roc
from pipelines.pages.svg import Frame, Sheet
from transforms.detect.package import Interval

WIDTH = 360.0
_BAR_STEP = 34.0
# Ends of axes whose quarters are round.
_ENDS = (0.002, 0.004, 0.01, 0.02, 0.04, 0.08, 0.12, 0.2, 0.4, 0.6, 0.8, 1.0)


@dataclass(frozen=True)
class Bar:
    """A share or figure with its interval; `kind` is the CSS class of its colour."""

    label: str
    value: float
    interval: Interval
    n: int
    kind: str


def roc(ident: str, curves: Sequence[Roc], points: Sequence[tuple[Rate, Rate]], *, end: float = 1.0) -> str:
    """ROC curves with the operating points on the first one.

    Args:
        ident: Unique on the page.
        curves: One a treatment; the first is drawn strongest.
        points: Per operating point its false alarms and its recall.
        end: The largest share of false alarms shown.
    """
    frame = Frame(46, 24, WIDTH - 70, 220, x_end=end)
    title = "ROC curve" if end >= 1 else f"ROC curve up to {words.percent(end)} false alarms"
    told = [f"{p[1].level}: {words.percent(p[1].share)} found at {words.percent(p[0].share)}" for p in points]
    text = "Share of AI pictures found against share of real ones wrongly accused. " + "; ".join(told)
    sheet = Sheet(ident, title, text, WIDTH, 292 + 16 * ((len(curves) + len(points) + 1) // 2))
    _axes(sheet, frame, "real pictures accused (false alarms)", "AI pictures found")
    sheet.line((frame.x(0), frame.y(0)), (frame.x(end), frame.y(min(1.0, end))), "chance")
    for i, curve in reversed(list(enumerate(curves))):
        sheet.polyline([(frame.x(x), frame.y(y)) for x, y in _up_to(curve.points, end)], f"curve line{i % 6}")
    for i, curve in enumerate(curves):
        x, y = _legend(i)
        sheet.line((x, y - 4), (x + 24, y - 4), f"curve line{i % 6}")
        sheet.text((x + 30, y), words.cut(words.treatment(curve.treatment), 22))
    for i, (false, found) in enumerate(points):
        kind = f"point shade{i % 3}"
        x, y = _legend(len(curves) + i)
        sheet.circle((x + 12, y - 4), 5, kind)
        sheet.text((x + 30, y), words.cut(found.level, 22))
        if false.share <= end:
            place = (frame.x(false.share), frame.y(found.share))
            tip = f"{words.name(found.level)}: {words.percent(found.share)} found, {words.percent(false.share)} accused"
            sheet.circle(place, 5, kind, tip=tip)
    return sheet.markup()


def histogram(ident: str, classes: Sequence[Histogram], points: Sequence[Point]) -> str:
    """The calibrated scores of both classes, each as shares of its own, with the operating points."""
    shares = [[count / max(1, sum(h.counts)) for count in h.counts] for h in classes]
    top = _round_end(max((max(own) for own in shares), default=1.0))
    frame = Frame(46, 46, WIDTH - 70, 178, y_end=top)
    thresholds = ", ".join(f"{p.level} from {words.figure(p.threshold)}" for p in points)
    text = f"How the calibrated scores of AI and of real pictures are spread. Operating points: {thresholds}."
    sheet = Sheet(ident, "Scores of AI and real pictures", text, WIDTH, 290)
    _axes(sheet, frame, "calibrated score", "share of the class", decimals=True)
    for h, own in zip(classes, shares, strict=True):
        outline = [(frame.x(0), frame.y(0))]
        for i, share in enumerate(own):
            outline += [(frame.x(i / len(own)), frame.y(share)), (frame.x((i + 1) / len(own)), frame.y(share))]
        sheet.polygon([*outline, (frame.x(1), frame.y(0))], f"area {h.label}")
    for i, p in enumerate(sorted(points, key=lambda p: p.threshold)):
        x, y = frame.x(p.threshold), 12.0 + 12 * (i % 2)
        sheet.line((x, y + 2), (x, frame.y(0)), "threshold")
        left = x > WIDTH * 0.7
        sheet.text((x + (-4 if left else 4), y), p.level, "strong", anchor="end" if left else "start")
    for i, h in enumerate(classes):
        sheet.rect((60 + 130 * i, 274), 12, 12, f"area {h.label}")
        sheet.text((78 + 130 * i, 284), f"{'AI' if h.label == 'ai' else 'real'}, {sum(h.counts)}")
    return sheet.markup()


def reliability(ident: str, found: Reliability) -> str:
    """Each bin's share of AI against its mean score, with Wilson intervals and counts."""
    frame = Frame(46, 24, WIDTH - 70, 198)
    text = "; ".join(
        f"scores about {b.mean_score:.2f}: {words.percent(b.ai_share)} AI of {b.n}"
        for b in found.bins
        if b.mean_score is not None and b.ai_share is not None
    )
    sheet = Sheet(ident, "Reliability diagram", text, WIDTH, 290)
    _axes(sheet, frame, "", "share that is AI", decimals=True)
    sheet.line((frame.x(0), frame.y(0)), (frame.x(1), frame.y(1)), "chance")
    for b in found.bins:
        middle = frame.x((b.low + b.high) / 2)
        sheet.text((middle, 254), words.number(b.n), "small", anchor="middle")
        if b.mean_score is not None and b.ai_share is not None and b.interval is not None:
            x, ends = frame.x(b.mean_score), (frame.y(b.interval[0]), frame.y(b.interval[1]))
            sheet.line((x, ends[0]), (x, ends[1]), "whisker ai")
            tip = f"{words.percent(b.ai_share)} ({words.percents(b.interval)}) of {b.n}"
            sheet.circle((x, frame.y(b.ai_share)), 4.5, "mark ai", tip=tip)
    sheet.text((6, 254), "n", "small")
    sheet.text((frame.left + frame.width / 2, 278), "calibrated score; n: pictures in the bin", anchor="middle")
    return sheet.markup()


def bars(
    ident: str,
    title: str,
    entries: Sequence[Bar],
    *,
    target: float | None = None,
    end: float | None = None,
    show: Callable[[float], str] = words.percent,
) -> str:
    """Shares as bars with whiskers, one below the other, each under its label; a line marks the target.

    Args:
        ident: Unique on the page.
        title: For those who cannot see it.
        entries: At least one.
        target: Where the line stands.
        end: The largest value of the axis; by default the next round one above every interval.
        show: How a value is written.
    """
    reach = max([entry.interval[1] for entry in entries] + ([target * 1.2] if target else []))
    last = end or _round_end(reach)
    frame = Frame(8, 18, WIDTH - 24, _BAR_STEP * len(entries), x_end=last)
    text = "; ".join(f"{words.name(e.label)}: {show(e.value)}, n {e.n}" for e in entries)
    sheet = Sheet(ident, title, text, WIDTH, frame.height + 46)
    bottom = frame.top + frame.height
    for i in range(5):
        x = frame.x(last * i / 4)
        sheet.line((x, frame.top), (x, bottom + 4), "grid")
        sheet.text((x, bottom + 18), show(last * i / 4), "small", anchor=("start", "middle", "end")[(i > 0) + (i > 3)])
    if target is not None and target <= last:
        x = frame.x(target)
        sheet.line((x, frame.top - 4), (x, bottom), "target")
        sheet.text((x + 4, 11), f"aimed at: {show(target)} at most", "small")
    for i, entry in enumerate(entries):
        y = frame.top + i * _BAR_STEP
        value = (
            f"{show(entry.value)} of {words.number(entry.n)}"
            if show is words.percent
            else f"{show(entry.value)}, n {entry.n}"
        )
        sheet.text((frame.left, y + 12), words.cut(entry.label, 36))
        sheet.text((frame.left + frame.width, y + 12), value, "small", anchor="end")
        low, high = (frame.x(v) for v in entry.interval)
        tip = f"{words.name(entry.label)}: {show(entry.value)}, 95 % {show(entry.interval[0])} to "
        sheet.rect(
            (frame.left, y + 17),
            frame.x(entry.value) - frame.left,
            9,
            f"area {entry.kind}",
            tip=f"{tip}{show(entry.interval[1])}, n {entry.n}",
        )
        sheet.line((low, y + 21.5), (high, y + 21.5), "whisker")
        for at in (low, high):
            sheet.line((at, y + 18), (at, y + 25), "whisker")
    return sheet.markup()


def hundred(ident: str, low: int, high: int) -> str:
    """A hundred accusations as squares, of which between `low` and `high` are right."""
    text = f"Of 100 accusations at least {low} and at most {high} are right."
    sheet = Sheet(ident, "A hundred accusations", text, 204, 204)
    for i in range(100):
        corner = (2 + 20 * (i % 10), 2 + 20 * (i // 10))
        sheet.rect(corner, 16, 16, "solid" if i < low else "pale" if i < high else "hollow")
    return sheet.markup()


def _legend(i: int) -> tuple[float, float]:
    return 20 + 170 * (i % 2), 300 + 16 * (i // 2)


def _round_end(reach: float) -> float:
    return next((end for end in _ENDS if end >= reach), 1.0)


def _axes(sheet: Sheet, frame: Frame, x_words: str, y_words: str, *, decimals: bool = False) -> None:
    for i in range(5):
        x, y = frame.x_end * i / 4, frame.y_end * i / 4
        sheet.line((frame.x(x), frame.y(0)), (frame.x(x), frame.top), "grid")
        sheet.line((frame.left, frame.y(y)), (frame.left + frame.width, frame.y(y)), "grid")
        across = f"{x:.2f}" if decimals else words.percent(x)
        sheet.text((frame.x(x), frame.y(0) + 14), across, "small", anchor="middle")
        sheet.text((frame.left - 5, frame.y(y) + 4), words.percent(round(y, 3)), "small", anchor="end")
    sheet.text((frame.left + frame.width / 2, frame.y(0) + 31), x_words, anchor="middle")
    sheet.text((8, frame.top - 9), y_words)


def _up_to(points: Sequence[tuple[float, float]], end: float) -> list[tuple[float, float]]:
    """The points of a rising curve up to an end, where it is cut off between two of them."""
    kept = [point for point in points if point[0] <= end]
    after = next((point for point in points if point[0] > end), None)
    if after is not None and kept:
        last = kept[-1]
        part = (end - last[0]) / (after[0] - last[0])
        kept.append((end, last[1] + part * (after[1] - last[1])))
    return kept
