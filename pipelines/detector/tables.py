"""The tables of the evaluation page."""

from collections import defaultdict
from dataclasses import dataclass

from pipelines.detector import words
from pipelines.detector.record import Evaluation, Videos


@dataclass(frozen=True)
class Table:
    """A table; the first `heads` cells of a row name it, `folded` says whether it opens on a click."""

    caption: str
    columns: list[str]
    rows: list[list[str]]
    heads: int
    folded: bool = False


def base_rate_table(found: Evaluation, treatment: str, *, folded: bool) -> Table:
    """Expected accusations per level and prevalence, after one treatment."""
    rows = [
        [
            words.name(b.level),
            words.percent(b.prevalence),
            f"{words.number(b.false_accusations)} ({words.numbers(b.false_accusations_interval)})",
            f"{words.number(b.true_finds)} ({words.numbers(b.true_finds_interval)})",
            words.number(b.items * b.prevalence),
            "none expected"
            if b.right_share is None or b.right_share_interval is None
            else f"{words.percent(b.right_share)} ({words.percents(b.right_share_interval)})",
        ]
        for b in found.base_rates
        if b.treatment == treatment
    ]
    columns = ["level", "AI in the archive", "false accusations", "AI found", "AI in all", "accusations that are right"]
    return Table(f"Expected per 100 000 pictures, {words.treatment(treatment)}", columns, rows, 2, folded)


def outcome_table(found: Evaluation | Videos) -> Table:
    """What became of each class after each treatment."""
    levels = list(dict.fromkeys(level for outcome in found.outcomes for level in outcome.levels))
    rows = [
        [
            words.treatment(o.treatment),
            "AI" if o.label == "ai" else "real",
            words.number(o.n),
            *(
                f"{words.number(n)} ({words.percent(n / o.n)})" if o.n else ""
                for n in map(o.levels.get, levels)
                if n is not None
            ),
        ]
        for o in found.outcomes
    ]
    columns = ["treatment", "class", "n", *(words.name(level).replace("_", " ") for level in levels)]
    return Table("What the detector said", columns, rows, 2)


def sample_table(found: Evaluation | Videos) -> Table:
    """How many items of each source and generator were measured."""
    rows = [
        [words.name(s.source), "AI" if s.label == "ai" else "real", words.name(s.generator) or "not stated", str(s.n)]
        for s in found.sample
    ]
    return Table("Sources", ["source", "class", "generator", "n"], rows, 1, folded=len(rows) > 12)


def full_table(found: Evaluation | Videos) -> Table:
    """Every ranking figure and rate, a column per treatment."""
    cells: dict[tuple[str, str, str, str], dict[str, str]] = defaultdict(dict)
    for r in found.ranking:
        key = (r.group, r.name, words.metric(r.metric), f"{r.n_ai} AI, {r.n_real} real")
        cells[key][r.treatment] = f"{words.figure(r.value)} ({words.figures(r.interval)})"
    for rate in found.rates:
        what = f"{'recall' if rate.label == 'ai' else 'false alarms'}, {words.name(rate.level)}"
        key = (rate.group, rate.name, what, f"{rate.n} {'AI' if rate.label == 'ai' else 'real'}")
        cells[key][rate.treatment] = f"{words.percent(rate.share)} ({words.percents(rate.interval)})"
    order = {"all": 0, "source": 1, "generator": 2}
    rows = [
        [
            group if group == "all" else f"{group} {words.name(name)}",
            figure,
            n,
            *(own.get(t, "") for t in found.treatments),
        ]
        for (group, name, figure, n), own in sorted(cells.items(), key=lambda item: (order[item[0][0]], item[0][1]))
    ]
    columns = ["of", "figure", "n", *map(words.treatment, found.treatments)]
    return Table("Every figure of this evaluation", columns, rows, 2, folded=True)


def card_table(found: Evaluation) -> Table:
    """The figures that stand on the detector's card, by the same functions."""
    cells: dict[tuple[str, str, str], dict[str, str]] = defaultdict(dict)
    for s in found.skill:
        interval = f" ({words.figures(s.interval)})" if s.interval else ""
        key = (words.name(s.source), s.metric.replace("_", " "), f"{s.n_ai} AI, {s.n_real} real")
        cells[key][s.treatment] = f"{words.figure(s.value)}{interval}"
    rows = [[*key, *(own.get(t, "") for t in found.treatments)] for key, own in cells.items()]
    columns = ["source", "figure", "n", *map(words.treatment, found.treatments)]
    return Table("Figures as the detector's card states them", columns, rows, 2, folded=True)
