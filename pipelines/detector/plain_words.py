"""What an evaluation means, in sentences for someone who has one minute; the unwelcome ones are among them."""

from pipelines.detector import words
from pipelines.detector.record import BaseRate, Evaluation, Point, Rate, Videos

PREVALENCE = 0.01
# The card calls a detector that surely finds a tenth of the AI pictures no better than this in the same words.
LITTLE = 0.1


def plain_words(found: Evaluation) -> list[str]:
    """Sentences that follow from the figures, the most important ones first; those of videos come last."""
    return (_of_pictures(found) if found.pictures else []) + _of_videos(found.videos)


def _of_pictures(found: Evaluation) -> list[str]:
    if not found.operating_points:
        return _ranks(found)
    point = strictest(found)
    sentences = _does(found, point) + _means(found, point)
    sentences += _after_the_worst(found, point) + _targets(found, point) + _ranks(found) + _covers(found)
    return [*sentences, *_too_few(found)]


def strictest(found: Evaluation) -> Point:
    """The operating point with the highest threshold."""
    return max(found.operating_points, key=lambda point: point.threshold)


def pooled(found: Evaluation, level: str, treatment: str) -> tuple[Rate, Rate] | None:
    """False alarms and recall over all items at an operating point; None where a class was not measured."""
    own = {r.label: r for r in found.rates if (r.level, r.treatment, r.group) == (level, treatment, "all")}
    return (own["real"], own["ai"]) if len(own) == 2 else None


def base_rate(found: Evaluation, level: str, treatment: str, prevalence: float = PREVALENCE) -> BaseRate | None:
    """The entry of the base-rate table."""
    wanted = (level, treatment, prevalence)
    return next((b for b in found.base_rates if (b.level, b.treatment, b.prevalence) == wanted), None)


def _does(found: Evaluation, point: Point) -> list[str]:
    rates = pooled(found, point.level, found.treatments[0])
    if rates is None:
        return []
    false, right = rates
    little = "It finds little: do not rely on it for pictures like these. " if right.interval[0] < LITTLE else ""
    text = (
        f"{little}At its strictest level, {point.level}, it finds {words.percent(right.share)} of the {right.n} AI "
        f"pictures (95 %: {words.percents(right.interval)}) and wrongly accuses {words.percent(false.share)} of the "
        f"{false.n} real ones ({words.percents(false.interval)})."
    )
    return [text]


def _means(found: Evaluation, point: Point) -> list[str]:
    base = base_rate(found, point.level, found.treatments[0])
    if base is None:
        return []
    n_ai = round(base.items * base.prevalence)
    expected = (
        f"In {words.number(base.items)} pictures of which 1 in 100 is AI, expect "
        f"{words.number(base.false_accusations)} false accusations ({words.numbers(base.false_accusations_interval)}) "
        f"and {words.number(base.true_finds)} of the {words.number(n_ai)} AI pictures found."
    )
    if base.right_share is None or base.right_share_interval is None:
        return [f"{expected} No accusation was seen, so nothing says how many would be right."]
    low, high = (round(100 * end) for end in base.right_share_interval)
    if not base.false_accusations:
        # Seeing none proves no 100 %: only the lower end can be stood behind.
        return [f"{expected} None was seen, which does not mean none: of 100 accusations at least {low} are right."]
    return [f"{expected} Of 100 accusations about {round(100 * base.right_share)} are right ({low} to {high})."]


def _after_the_worst(found: Evaluation, point: Point) -> list[str]:
    rates = [pair for name in found.treatments if (pair := pooled(found, point.level, name)) is not None]
    if len(rates) < 2:
        return []
    most, least = max(rates, key=lambda pair: pair[0].share)[0], min(rates, key=lambda pair: pair[1].share)[1]
    text = (
        "Pictures change on their way. At its worst it wrongly accuses "
        f"{words.percent(most.share)} ({words.percents(most.interval)}), {words.after(most.treatment)}, and finds "
        f"{words.percent(least.share)} ({words.percents(least.interval)}), {words.after(least.treatment)}."
    )
    return [text]


def _targets(found: Evaluation, point: Point) -> list[str]:
    aimed = point.target_false_alarm_rate
    own = [r for r in found.rates if (r.level, r.group, r.label) == (point.level, "source", "real")]
    names = sorted({r.name for r in own})
    highest = {name: max((r for r in own if r.name == name), key=lambda r: r.interval[0]) for name in names}
    above = [r for r in highest.values() if r.interval[0] > aimed]
    # The sure ones: not even the interval's upper end after the worst treatment lies above what was aimed at.
    within = [name for name in names if all(r.interval[1] <= aimed for r in own if r.name == name)]
    listed = ", ".join(
        f"{words.name(r.name)} ({words.percent(r.share)} of {r.n}, {words.treatment(r.treatment)})" for r in above
    )
    open_ones = len(names) - len(above) - len(within)
    text = f"At most {words.percent(aimed)} false alarms were aimed at. "
    text += f"On {len(above)} of {len(names)} real sources it is certainly more: {listed}. " if above else ""
    text += f"{len(within)} of {len(names)} real sources surely keep to it after every treatment. " if within else ""
    text += f"On {open_ones} of {len(names)} there are too few pictures to tell." if open_ones else ""
    return [text.strip()] if names else []


def _ranks(found: Evaluation | Videos, what: str = "picture") -> list[str]:
    entry = next((r for r in found.ranking if (r.group, r.metric) == ("all", "auc")), None)
    if entry is None:
        return []
    low, high = entry.interval
    verdict = (
        "worse than guessing" if high < 0.5 else "better than guessing" if low > 0.5 else "no better than guessing"
    )
    text = (
        f"Of an AI and a real {what} it scores the AI one higher in {round(100 * entry.value)} of 100 cases "
        f"({round(100 * low)} to {round(100 * high)}; guessing: 50), which is {verdict}."
    )
    return [text]


def _of_videos(found: Videos | None) -> list[str]:
    if found is None:
        return []
    own = [outcome for outcome in found.outcomes if outcome.treatment == found.treatments[0]]
    counts = " and ".join(f"{o.assessed} of {o.n} {_CLASS[o.label]} ones" for o in own if o.n)
    return [*_ranks(found, "video"), f"Videos stand apart from all else here: it scored {counts}."]


def _covers(found: Evaluation) -> list[str]:
    own = [outcome for outcome in found.outcomes if outcome.treatment == found.treatments[0]]
    refused = {o.label: 1 - o.assessed / o.n for o in own if o.n}
    if not any(refused.values()):
        return ["It gave every picture a score."]
    parts = [f"{words.percent(share)} of the {_CLASS[label]} pictures" for label, share in refused.items()]
    text = f"It called {' and '.join(parts)} not assessable; all other figures leave these out."
    return [text]


def _too_few(found: Evaluation) -> list[str]:
    real = sum(s.n for s in found.sample if s.label == "real")
    if real >= 100:
        return []
    return [f"With {real} real pictures, 1 % false alarms means none at all: measure on 100 or more."]


_CLASS = {"ai": "AI", "real": "real"}
