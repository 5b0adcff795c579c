"""What stands in the sections of a report: facts as rows of words and charts, ready for the template."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from pipelines.case import PolicyCase
from pipelines.pages.curve import LevelLine
from pipelines.pages.texts import NARROW, number, percent, shown, shown_path
from pipelines.report import charts
from pipelines.report.facts import VERDICTS, Detector, Facts, Group
from pipelines.report.words import ReportWords
from pipelines.ruling_story import asked_lines
from pipelines.story import Line, layer_name, measured_at, per_thousand
from pipelines.words import Voice
from transforms.detect.config import AnswerConfig, OperatingPoint, Skill
from transforms.outcomes import Reason


@dataclass(frozen=True)
class Cell:
    """One cell; ``kind`` is the class of the badge or shape that it begins with, "" for none."""

    text: str
    kind: str = ""
    is_number: bool = False
    chart: Markup | str = ""


@dataclass(frozen=True)
class Table:
    """Rows, of which the first cell is the heading."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class DetectorPart:
    """A detector's chart and tables."""

    name: str
    chart: Markup
    levels: Table
    rates: Table | None


@dataclass(frozen=True)
class Teller:
    """Tells facts in one language: the report's own words, and those that ``aiqyn explain`` uses."""

    words: ReportWords
    voice: Voice

    def sentences(self, facts: Facts) -> list[tuple[str, str]]:
        """The three that matter: each with the word that it begins with."""
        phrase, verdicts = self.words.phrase, facts.verdicts
        told = {name: number(verdicts.get(name, 0)) for name in VERDICTS}
        names = ("disclosed", "partly", "not_disclosed")
        found = dict(zip(names, (told[key] for key in ("disclosed", "partly_disclosed", "not_disclosed")), strict=True))
        review = [phrase("review", review=told["review"]), *self._rates(facts)]
        unknown = {
            "no_sign": number(facts.synthesis.get("no_sign", 0)),
            "not_assessable": told["not_assessable"],
            "gaps": number(facts.totals.gaps),
        }
        return [
            (self.words.phrases["found_1"], phrase("found", **found)),
            (self.words.phrases["review_1"], " ".join(review)),
            (self.words.phrases["unknown_1"], phrase("unknown", **unknown)),
        ]

    def _rates(self, facts: Facts) -> Iterator[str]:
        """How often the detector errs that most items have an answer of, at the level that opens a review."""
        if not facts.detectors:
            return
        detector = facts.detectors[0]
        if detector.config is None:
            yield self.voice.phrase("rates_unknown")
            return
        point = next(
            (one for one in detector.config.operating_points if one.level == facts.policy.policy.review_from), None
        )
        if point is None:
            return
        level = self.words.levels[point.level]
        yield self.words.phrase("rates", level=level, detector=detector.name, **self._false_alarms(point))
        recalls = sorted(recall.value for recall, _ in measured_at(detector.config, point.level))
        if recalls:
            low, high = (per_thousand(recall, self.voice) for recall in (recalls[0], recalls[-1]))
            yield self.words.phrase("recall", low=low, high=high)

    def _false_alarms(self, point: OperatingPoint) -> dict[str, str]:
        low, high = point.interval
        rates = {"alarms": point.false_alarm_rate, "low": low, "high": high}
        return {name: per_thousand(rate, self.voice) for name, rate in rates.items()} | {"n": number(point.n)}

    def verdicts(self, facts: Facts) -> Table:
        """Each outcome with what it means, also where it has no item."""
        total = sum(facts.verdicts.values())
        rows = (
            (
                Cell(self.words.outcomes[name], f"is-{name}"),
                _number(facts.verdicts.get(name, 0)),
                Cell(_share(facts.verdicts.get(name, 0), total), is_number=True),
                Cell(self.voice.words.outcome[name]),
            )
            for name in VERDICTS
        )
        return Table(self.words.headings["verdicts"], self._columns("outcome", "items", "share", "means"), tuple(rows))

    def synthesis(self, facts: Facts) -> Table:
        """How items seem to have been made."""
        rows = (
            (
                Cell(self.words.synthesis[name], f"is-{name}"),
                _number(facts.synthesis.get(name, 0)),
                Cell(self.voice.words.synthesis[name]),
            )
            for name in self.words.synthesis
        )
        return Table(self.words.headings["made"], self._columns("made", "items", "means"), tuple(rows))

    def gaps(self, facts: Facts, *, is_gap: bool) -> Table:
        """Reasons, in plain words, with one place as an example, and what is noted of it beyond the reason."""
        rows = (
            (
                Cell(f"{self.voice.words.reasons[gap.reason]} ({gap.reason})", f"is-{gap.outcome}"),
                _number(gap.items),
                Cell(shown_path(gap.example)),
                Cell("–" if gap.detail in {None, Reason(gap.reason).sentence} else shown(gap.detail or "")),
            )
            for gap in facts.gaps
            if gap.is_gap == is_gap
        )
        heading = self.words.headings["gaps" if is_gap else "aside"]
        return Table(heading, self._columns("why", "items", "example", "note"), tuple(rows))

    def layers(self, facts: Facts) -> Table:
        """Of the examined items, how many each layer read."""
        examined, rows = facts.totals.examined, []
        for i, layer in enumerate(facts.layers):
            name = self.words.phrases["faces"] if layer.name == "faces" else layer_name(layer.name, self.voice)
            share = _share(layer.whole, examined)
            title = self.words.phrase("coverage", layer=shown(name), share=share)
            notes = "; ".join(
                f"{self.voice.words.layer_statuses.get(status, shown(status))}: {number(items)}"
                for status, items in layer.notes.items()
            )
            part = layer.whole / examined if examined else 0.0
            rows.append(
                (
                    Cell(shown(name)),
                    _number(layer.whole),
                    Cell(share, is_number=True, chart=Markup(charts.meter(f"layer-{i}", part, title))),  # noqa: S704
                    Cell(notes or "–"),
                )
            )
        columns = self._columns("layer", "read", "share", "noted")
        return Table(self.words.headings["layers"], columns, tuple(rows))

    def detectors(self, facts: Facts) -> Iterator[DetectorPart]:
        """Scores, levels and error rates of each."""
        for i, detector in enumerate(facts.detectors):
            lines = self.level_lines(detector.config)
            chart = charts.histogram(f"scores-{i}", detector, lines, self.words)
            title = self.words.phrase("histogram", detector=shown(detector.name))
            # Only our own SVG, escaped by the XML writer, is markup.
            yield DetectorPart(title, Markup(chart), self._levels(detector), self._error_rates(detector))  # noqa: S704

    def level_lines(self, config: AnswerConfig | None) -> list[LevelLine]:
        """The operating points as lines of a chart."""
        points = config.operating_points if config else ()
        return [LevelLine(self.words.levels[point.level], point.threshold) for point in points]

    def _levels(self, detector: Detector) -> Table:
        total = sum(detector.levels.values())
        rows = (
            (
                Cell(self._level(name), f"is-{name}"),
                _number(detector.levels[name]),
                Cell(_share(detector.levels[name], total), is_number=True),
                Cell(self.voice.words.levels[name]),
            )
            for name in self.words.levels
            if name in detector.levels
        )
        title = self.words.phrase("histogram", detector=shown(detector.name))
        return Table(title, self._columns("level", "items", "share", "means"), tuple(rows))

    def _level(self, level: str) -> str:
        """With the word that rows hold, which the stories of items use in every language."""
        name = self.words.levels[level]
        return name if name == level else f"{name} ({level})"

    def _error_rates(self, detector: Detector) -> Table | None:
        config = detector.config
        if config is None:
            return None
        rows = []
        for point in config.operating_points:
            told = self._false_alarms(point)
            rate = self.words.phrase("rate", rate=told["alarms"], low=told["low"], high=told["high"], n=told["n"])
            found = "; ".join(self._recall(recall) for recall, _ in measured_at(config, point.level))
            level = Cell(self._level(point.level), f"is-{point.level}")
            rows.append((level, Cell(f"{point.threshold:.2f}", is_number=True), Cell(rate), Cell(found or "–")))
        caption = self.words.phrase("rates_of", detector=shown(config.name), version=shown(config.version))
        return Table(caption, self._columns("level", "from", "false_alarms", "found"), tuple(rows))

    def _recall(self, recall: Skill) -> str:
        name = self.voice.translated(recall.measured_on)
        return self.words.phrase(
            "recall_on", recall=per_thousand(recall.value, self.voice), set=shown(name), n=number(recall.n_ai)
        )

    def groups(self, facts: Facts) -> Iterator[Table]:
        """Tables by source, publisher, type and generator, as far as there are any."""
        for name, column, groups in (
            ("sources", "source", facts.sources),
            ("publishers", "publisher", facts.publishers),
            ("media_types", "media_type", facts.media_types),
            ("generators", "generator", facts.generators),
        ):
            if any(group.name != "" for group in groups):
                yield self._grouped(self.words.headings[name], column, groups)

    def _grouped(self, caption: str, column: str, groups: Sequence[Group]) -> Table:
        columns = (
            *self._columns(column, "items", "examined"),
            *(self.words.outcomes[verdict] for verdict in VERDICTS),
        )
        rows = (
            (
                Cell(self._group_name(group.name)),
                _number(group.items),
                _number(group.examined),
                *(_number(group.verdicts.get(verdict, 0)) for verdict in VERDICTS),
            )
            for group in groups
        )
        return Table(caption, columns, tuple(rows))

    def _group_name(self, name: str | None) -> str:
        if name is None:
            return self.words.phrases["rest"]
        return shown_path(name) if name else self.words.phrases["untold"]

    def scans(self, facts: Facts) -> Iterator[Table]:
        """What became of the inputs of each scan, and the verdicts on what it recorded; the last scan first."""
        named = ("inputs", "unchanged", "examined", "failed", "not_checked", "gone")
        scans = facts.scans[::-1]
        runs = (
            (
                Cell(shown(scan.scan_id)),
                Cell(f"{scan.started_at:%Y-%m-%d %H:%M}"),
                Cell(self.words.scan_statuses.get(scan.status, shown(scan.status))),
                *(_number(getattr(scan, name)) for name in named),
            )
            for scan in scans
        )
        yield Table(self.words.headings["runs"], self._columns("scan", "started", "status", *named), tuple(runs))
        outcomes = tuple(self.words.outcomes[verdict] for verdict in VERDICTS)
        judged = (
            (Cell(shown(scan.scan_id)), *(_number(scan.verdicts.get(verdict, 0)) for verdict in VERDICTS))
            for scan in scans
        )
        yield Table(self.words.headings["judged"], (*self._columns("scan"), *outcomes), tuple(judged))

    def policy(self, facts: Facts) -> list[Line]:
        """What the policy asks for, as ``aiqyn explain`` has it."""
        loaded = facts.policy
        case = PolicyCase(loaded.policy.id, loaded.policy, is_changed=False, sha256=loaded.sha256, rulings=())
        return list(asked_lines(case, self.voice))

    def _columns(self, *names: str) -> tuple[str, ...]:
        return tuple(self.words.columns[name] for name in names)


def size(count: int) -> str:
    """Bytes as people write them."""
    units: Mapping[str, float] = {"TB": 1e12, "GB": 1e9, "MB": 1e6, "kB": 1e3}
    for unit, one in units.items():
        if count >= one:
            return f"{count / one:.1f}{NARROW}{unit}"
    return f"{count}{NARROW}B"


def _number(count: int | None) -> Cell:
    return Cell("–" if count is None else number(count), is_number=True)


def _share(part: int, whole: int) -> str:
    return percent(part / whole) if whole else "–"
