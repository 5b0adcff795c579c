"""The sections of the evaluation page: which plots and tables, and the words beside them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from pipelines.detector import plots, words
from pipelines.detector.plain_words import pooled, strictest
from pipelines.detector.record import Evaluation, Label, Point, Ranking, Rate, Videos
from pipelines.detector.tables import Table, base_rate_table, card_table, full_table, outcome_table, sample_table


@dataclass(frozen=True)
class Plot:
    """An SVG picture with the words under it."""

    svg: str
    caption: str


@dataclass(frozen=True)
class Section:
    """A part of the page with a heading."""

    ident: str
    title: str
    words: list[str]
    plots: list[Plot]
    tables: list[Table]


def sections(found: Evaluation) -> list[Section]:
    """All sections, in the order in which a reader's questions come."""
    of_pictures = (
        _base_rates,
        _ranking,
        _false_alarms,
        _recall,
        _treatments,
        _reliability,
        _sample,
        _full,
    )
    every = [section(found) for section in of_pictures] if found.pictures else []
    every += [_videos(found.videos)] if found.videos else []
    return [section for section in every if section.plots or section.tables]


def _base_rates(found: Evaluation) -> Section:
    text = (
        "What the measured rates do to 100 000 pictures when AI is rare. The rarer it is, the more of the accusations "
        "are wrong, however good the detector. Intervals put the worst ends of both rates together, and the best."
    )
    first, *others = found.treatments
    tables = [base_rate_table(found, first, folded=False)] + [base_rate_table(found, t, folded=True) for t in others]
    return Section("base-rates", "What an accusation is worth", [text], [], tables if found.base_rates else [])


def _ranking(found: Evaluation) -> Section:
    first = found.treatments[0]
    points = [pair for p in found.operating_points if (pair := pooled(found, p.level, first)) is not None]
    own = [h for h in found.histograms if h.treatment == first]
    drawn = []
    if found.roc:
        drawn = [
            Plot(plots.roc("roc", found.roc, points), "The dashed line is guessing; the dots are operating points."),
            Plot(
                plots.roc("roc-low", found.roc, points, end=0.1),
                "The same where false alarms are few, the only part that an archive can use.",
            ),
        ]
    drawn.append(
        Plot(
            plots.histogram("histogram", own, found.operating_points),
            f"Pictures {words.treatment(first)}. From each vertical line on, the level beside it is stated.",
        )
    )
    text = "How far AI and real pictures lie apart. Where the two classes overlap, no threshold can part them."
    return Section("ranking", "Telling AI from real", [text], drawn, [])


def _false_alarms(found: Evaluation) -> Section:
    drawn = []
    for number, point in enumerate(_by_strictness(found)):
        own = _of(found, point, "source", "real")
        first = [rate for rate in own if rate.treatment == found.treatments[0]]
        worst = [max((r for r in own if r.name == f.name), key=lambda r: (r.share, r.interval[1])) for f in first]
        for kind, chosen in (("as-is", first), ("worst", worst if len(found.treatments) > 1 else [])):
            if not chosen:
                continue
            entries = [_bar(r, r.name if kind == "as-is" else _treated(r), "real") for r in chosen]
            told = words.treatment(found.treatments[0]) if kind == "as-is" else "after each source's worst treatment"
            caption = f"{words.name(point.level)}, {told}; 95 % Wilson intervals."
            drawing = plots.bars(
                f"false-{number}-{kind}",
                f"False alarms per real source, {point.level}, {told}",
                _rising(entries, falling=True),
                target=point.target_false_alarm_rate,
            )
            drawn.append(Plot(drawing, caption))
    text = (
        "The share of real pictures that are accused, per source. A bar that ends left of the line can still hide a "
        "rate beyond it: look at the whisker's right end."
    )
    return Section("false-alarms", "False alarms per real source", [text], drawn, [])


def _recall(found: Evaluation) -> Section:
    has_generators = any(r.group == "generator" and r.label == "ai" for r in found.rates)
    group = "generator" if has_generators else "source"
    drawn = []
    for number, point in enumerate(_by_strictness(found)):
        own = [r for r in _of(found, point, group, "ai") if r.treatment == found.treatments[0]]
        if own:
            told = f"Recall per {group}, {point.level}"
            bars = plots.bars(f"recall-{number}", told, _rising([_bar(r, r.name, "ai") for r in own]), end=1.0)
            drawn.append(Plot(bars, f"{words.name(point.level)}, {words.treatment(found.treatments[0])}."))
    text = (
        f"The share of AI pictures that are found, per {group}, the least first. A generator that is not here was not "
        "measured: nothing says that it would be found."
    )
    missing = [] if has_generators else ["No generator is stated for five pictures or more, so sources stand here."]
    return Section("recall", f"Recall per {group}", [text, *missing], drawn, [])


def _treatments(found: Evaluation) -> Section:
    drawn = _auc_by_treatment("treated-auc", "AUC per treatment", found.ranking)
    if found.operating_points:
        point = strictest(found)
        aims: tuple[tuple[Label, float | None], ...] = (("ai", None), ("real", point.target_false_alarm_rate))
        for label, target in aims:
            own = _of(found, point, "all", label)
            bars = [_bar(r, words.treatment(r.treatment), label) for r in own]
            title = f"{'Recall' if label == 'ai' else 'False alarms'} at {words.name(point.level)}"
            if bars:
                drawing = plots.bars(
                    f"treated-{label}", f"{title} per treatment", bars, target=target, end=None if target else 1.0
                )
                drawn.append(Plot(drawing, f"{title}."))
    text = "Every picture of both classes went through every treatment, so that no file format can stand in for AI."
    return Section("treatments", "After re-encoding", [text], drawn, [])


def _reliability(found: Evaluation) -> Section:
    if not found.reliability:
        return Section("reliability", "Calibration", [], [], [])
    own = found.reliability[0]
    text = (
        "Of the pictures scored about 0.8, eight in ten should be AI: dots on the dashed line. This holds at the "
        f"class balance of the set, here {words.percent(own.ai_share)} AI, and at no other: where AI is rarer, "
        "fewer of them are AI than the score says."
    )
    errors = (
        f"Expected calibration error {words.figure(own.expected_calibration_error)}; "
        f"{words.figure(own.balanced_error)} with both classes weighing the same, as calibration weighs them."
    )
    caption = f"Pictures {words.treatment(own.treatment)}; 95 % Wilson intervals."
    drawn = [Plot(plots.reliability("reliability-plot", own), caption)]
    return Section("reliability", "Calibration", [text, errors], drawn, [])


def _sample(found: Evaluation) -> Section:
    text = (
        "What was measured, and what the detector said. Items that it called not assessable are counted here and left "
        "out of every other figure."
    )
    return Section("sample", "Sample and coverage", [text], [], [outcome_table(found), sample_table(found)])


def _full(found: Evaluation) -> Section:
    text = (
        "Intervals are 95 %: bootstrap over pictures for ranking figures (a recall's never narrower than Wilson's), "
        "Wilson for shares at an operating point. Real sources are ranked against all AI pictures."
    )
    return Section("figures", "All figures", [text], [], [full_table(found), card_table(found)])


def _videos(found: Videos) -> Section:
    text = (
        f"Videos stand apart from pictures. Of each up to {found.frames} frames were sampled, as in a scan, each was "
        f"scored like a picture, and the rule {found.rollup.rule.replace('_', ' ')} made one score of them. Treatments "
        "were done to every sampled frame: no video was encoded again. The levels were set on pictures."
    )
    drawn = _auc_by_treatment("videos-auc", "AUC of videos per treatment", found.ranking)
    tables = [outcome_table(found), sample_table(found), full_table(found)]
    told = [replace(table, caption=f"{table.caption}, videos") for table in tables]
    return Section("videos", "Videos", [text], drawn, told)


def _auc_by_treatment(ident: str, title: str, ranking: list[Ranking]) -> list[Plot]:
    entries = [
        plots.Bar(words.treatment(r.treatment), r.value, r.interval, r.n_ai + r.n_real, "plain")
        for r in ranking
        if (r.group, r.metric) == ("all", "auc")
    ]
    drawing = plots.bars(ident, title, entries, end=1.0, show=words.figure) if entries else ""
    return [Plot(drawing, "AUC; 0.5 is guessing. Bootstrap intervals.")] if drawing else []


def _of(found: Evaluation, point: Point, group: str, label: Label) -> list[Rate]:
    return [r for r in found.rates if (r.level, r.group, r.label) == (point.level, group, label)]


def _by_strictness(found: Evaluation) -> list[Point]:
    return sorted(found.operating_points, key=lambda point: -point.threshold)


def _bar(rate: Rate, label: str, kind: str) -> plots.Bar:
    return plots.Bar(label, rate.share, rate.interval, rate.n, kind)


def _treated(rate: Rate) -> str:
    told = words.treatment(rate.treatment)
    return f"{words.cut(rate.name, 34 - len(told))}, {told}"


def _rising(entries: Iterable[plots.Bar], *, falling: bool = False) -> list[plots.Bar]:
    return sorted(entries, key=lambda bar: (-bar.value if falling else bar.value, bar.label))
