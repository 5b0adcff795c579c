"""The detector's card: what `detector.yaml` holds, in words and tables for a person."""

import textwrap

from transforms.detect.package import AnswerConfig, DetectorConfig, FusionConfig, Skill

_TREATMENTS = {
    "as_is": "the manifest's files",
    "jpeg90": "",
    "jpeg75": "",
    "half": "half the width and height",
    "screenshot": "72 % of the size, cut off the block grid, JPEG 85",
}

_NOT_FOR = """\
A score opens a review by a person and makes no finding. Do not use it to accuse anyone, to decide without a
person, or to call a picture genuine: *no sign* is not *made by a person*. It says nothing about edited parts
of a photograph and nothing about which generator was used."""

_INTERVALS = """\
Intervals are 95 %: bootstrap over pictures for AUC, average precision and recall at a false-positive rate, \
the last never narrower than Wilson's; Wilson for shares at an operating point. Both classes had the same treatment: """


def render(config: AnswerConfig) -> str:
    """The card as Markdown; every figure in it comes from the configuration."""
    parts = [
        f"# {config.name} {config.version}",
        config.description,
        f"Licence of the weights: {config.licence}.",
        "## In plain words",
        "\n".join(f"* {line}" for line in plain_words(config)),
        "## Who should not use it for what",
        _NOT_FOR,
        "## What it looks at",
        "\n".join(f"* {line}" for line in _looks_at(config)),
        "## Operating points",
        _operating_points(config),
        *_abstains(config),
        f"Calibration: {config.calibration.fitted_on}.",
        "## Trained on",
        _training_data(config),
        config.training,
        "## What it never saw, and blind spots",
        "\n".join(f"* {spot}" for spot in [*_missed(config.skill), *config.blind_spots]),
    ]
    for measured_on in dict.fromkeys(skill.measured_on for skill in config.skill):
        skills = [skill for skill in config.skill if skill.measured_on == measured_on]
        parts += [f"## Measured: {measured_on}", _table(skills)]
    return "\n\n".join([*parts, _intervals(config.skill)]) + "\n"


def plain_words(config: AnswerConfig) -> list[str]:
    """Sentences that follow from the figures, the unwelcome ones included."""
    lines = []
    for measured_on in dict.fromkeys(skill.measured_on for skill in config.skill):
        skills = [skill for skill in config.skill if skill.measured_on == measured_on]
        lines += _found_little(measured_on, skills) + _against_chance(measured_on, skills)
        for point in config.operating_points:
            lines += _false_alarms(measured_on, skills, point.level, point.target_false_alarm_rate)
    return lines


def _found_little(measured_on: str, skills: list[Skill]) -> list[str]:
    found = [s for s in skills if (s.source, s.metric, s.treatment) == ("all", "recall_suspected", "as_is")]
    if not found or not found[0].interval or found[0].interval[0] >= 0.1:
        return []
    low, high = found[0].interval
    text = (
        f"{measured_on}: **it finds {found[0].value:.1%} [{low:.1%}, {high:.1%}] of the AI pictures** at `suspected`. "
        "Do not rely on it to find AI pictures of sources that it was not trained on."
    )
    return [text]


def _against_chance(measured_on: str, skills: list[Skill]) -> list[str]:
    aucs = [s for s in skills if s.metric == "auc" and s.treatment == "as_is" and s.interval]
    blind = [f"{s.source} ({s.value:.2f})" for s in aucs if s.interval and s.interval[0] <= 0.5 <= s.interval[1]]
    wrong = [f"{s.source} ({s.value:.2f})" for s in aucs if s.interval and s.interval[1] < 0.5]
    lines = []
    if blind:
        lines.append(f"{measured_on}: no better than chance, as AUC, on {', '.join(blind)}.")
    if wrong:
        lines.append(f"{measured_on}: **worse than chance**, as AUC, on {', '.join(wrong)}.")
    return lines


def _false_alarms(measured_on: str, skills: list[Skill], level: str, target: float) -> list[str]:
    rates = [s for s in skills if s.metric == f"false_alarms_{level}"]
    found = [s for s in skills if s.metric == f"recall_{level}" and s.source == "all" and s.treatment == "as_is"]
    total = [s for s in rates if s.source == "all" and s.treatment == "as_is"]
    if not total or not found:
        return []
    text = (
        f"{measured_on}: `{level}` is stated for {found[0].value:.1%} of the AI pictures and "
        f"{total[0].value:.1%} of the real ones, as they are"
    )
    over = max(rates, key=lambda s: s.value)
    if over.value > target:
        text += (
            f"; the worst real source and treatment is {over.source}, {over.treatment}: {over.value:.1%} of "
            f"{over.n_real}, "
            f"**above the {target:.0%} aimed at**"
        )
    return [text + "."]


def _looks_at(config: AnswerConfig) -> list[str]:
    rule = config.rollup
    rules = {
        "mean": "the mean of its frames' logits",
        "trimmed_mean": f"the mean of its frames' logits without the {rule.share:.0%} at either end",
        "top": f"the mean of the highest {rule.share:.0%} of its frames' logits",
    }
    lines = _views(config) if isinstance(config, DetectorConfig) else []
    lines += _members(config) if isinstance(config, FusionConfig) else []
    lines.append(f"A video's score is {rules[rule.rule]}; the logit of each frame stays in the table `frames`.")
    shift = config.format_shift
    if shift:
        lines.append(
            f"The format alone: JPEG {shift.quality} in place of the file moved the calibrated score of "
            f"{shift.share:.0%} of {shift.n} pictures by {shift.shift:.3f} at most ({shift.measured_on})."
        )
    if isinstance(config, DetectorConfig) and config.scope:
        lines.append(
            "*Not assessable*, so without a number: frames whose short side is below "
            f"{config.scope.min_short_side} pixels, flat ones, pages of text, drawings."
        )
    return lines


def _views(config: DetectorConfig) -> list[str]:
    spec = config.input
    places = ", ".join(("centre", "top left", "bottom right", "top right", "bottom left")[: spec.views])
    return [
        (
            f"A frame is scaled down to a short side of {spec.short_side} pixels where it is larger, never up; "
            f"{spec.views} view(s) of {spec.size} by {spec.size} pixels are cut out ({places}), and the frame's logit "
            "is the mean of theirs."
        )
    ]


def _members(config: FusionConfig) -> list[str]:
    terms = " + ".join(f"{member.weight:g} × the logit of `{member.name}`" for member in config.fuses)
    digests = "; ".join(f"`{member.name}` {member.digest}" for member in config.fuses)
    return [
        f"It has no network: a frame's logit is {terms}.",
        (
            "Each weight is one over the standard deviation of that member's held-out logits. The members, by the "
            f"digest of their packages: {digests}. A scan must name them, too."
        ),
        "*Not assessable*, so without a number: frames that a member calls so. Where a member fails, so does this.",
    ]


def _abstains(config: AnswerConfig) -> list[str]:
    band = config.abstention
    if band is None:
        return []
    low, high = band.interval
    return [
        (
            f"From {band.from_score:.4f} up to the lowest operating point the level is `undecided`; below it is "
            f"`none`, where {band.miss_rate:.1%} [{low:.1%}, {high:.1%}] of {band.n} AI pictures fell (aimed at "
            f"{band.target_miss_rate:.0%}; {band.measured_on})."
        )
    ]


def _missed(skills: list[Skill]) -> list[str]:
    """Examples of blind spots: the AI sources of which least was found."""
    found = [
        s for s in skills if s.metric == "recall_elevated" and s.treatment == "as_is" and s.source != "all" and s.n_ai
    ]
    worst = sorted(found, key=lambda s: (s.value, -s.n_ai))[:4]
    return [
        f"Example: {round(s.value * s.n_ai)} of {s.n_ai} pictures of `{s.source}` reached `elevated` ({s.measured_on})."
        for s in worst
    ]


def _operating_points(config: AnswerConfig) -> str:
    lines = [
        "| level | calibrated score from | false alarms aimed at | measured | n | measured on |",
        "|---|---|---|---|---|---|",
    ]
    for p in config.operating_points:
        measured = f"{p.false_alarm_rate:.1%} [{p.interval[0]:.1%}, {p.interval[1]:.1%}]"
        aimed = f"{p.target_false_alarm_rate:.0%}"
        lines.append(f"| {p.level} | {p.threshold:.4f} | {aimed} | {measured} | {p.n} | {p.measured_on} |")
    return "\n".join(lines)


def _training_data(config: AnswerConfig) -> str:
    lines = ["| source | class | pictures | share of draws | licence |", "|---|---|---|---|---|"]
    lines += [f"| {t.source} | {t.label} | {t.n} | {t.drawn:.1%} | {t.licence} |" for t in config.training_data]
    return "\n".join(lines)


def _intervals(skills: list[Skill]) -> str:
    used = {skill.treatment for skill in skills}
    named = [f"`{name}` ({words})" if words else f"`{name}`" for name, words in _TREATMENTS.items() if name in used]
    return textwrap.fill(f"{_INTERVALS}{', '.join(named)}.", 110)


def _table(skills: list[Skill]) -> str:
    treatments = [name for name in _TREATMENTS if any(skill.treatment == name for skill in skills)]
    lines = [
        "| source | figure | AI, real | " + " | ".join(treatments) + " |",
        "|---|---|---|" + "---|" * len(treatments),
    ]
    for source, metric in dict.fromkeys((skill.source, skill.metric) for skill in skills):
        row = {s.treatment: s for s in skills if (s.source, s.metric) == (source, metric)}
        first = next(iter(row.values()))
        cells = " | ".join(_cell(row[name]) if name in row else "" for name in treatments)
        lines.append(f"| {source} | {metric.replace('_', ' ')} | {first.n_ai}, {first.n_real} | {cells} |")
    return "\n".join(lines)


def _cell(skill: Skill) -> str:
    if skill.interval is None:
        return f"{skill.value:.3f}"
    return f"{skill.value:.3f} [{skill.interval[0]:.3f}, {skill.interval[1]:.3f}]"
