"""A small strict reader of OpenMetrics 1.0 text, of gauges and counters; what the specification forbids it refuses."""

import re

_NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*"
_META = re.compile(rf"# (TYPE|UNIT|HELP) ({_NAME}) (.*)", re.DOTALL)
_VALUE = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]Inf|NaN")
_SAMPLE = re.compile(rf"({_NAME})(?:\{{(.*)\}})? ([^ ]+)", re.DOTALL)
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\n"])*)"(?:,(?=[a-zA-Z_])|$)')
_ESCAPED = re.compile(r'\\([\\n"])')
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def parse(text: str) -> tuple[Samples, dict[str, str]]:
    """Samples by name and labels, and the type of every family.

    Raises:
        ValueError: The text is not OpenMetrics.
    """
    *lines, end, nothing = text.split("\n")
    _demand((end, nothing) == ("# EOF", ""), "no # EOF at the end")
    reader = _Reader()
    for line in lines:
        (reader.meta if line.startswith("#") else reader.sample)(line)
    return reader.samples, reader.kinds


class _Reader:
    def __init__(self) -> None:
        self.samples: Samples = {}
        self.kinds: dict[str, str] = {}
        self.family, self.told, self.has_samples = "", set(), False

    def meta(self, line: str) -> None:
        match = _META.fullmatch(line)
        _demand(match, f"no metadata: {line}")
        keyword, name, rest = match.groups()
        if name != self.family:
            _demand(name not in self.kinds and keyword == "TYPE", f"interleaved, or not TYPE first: {line}")
            self.family, self.told, self.has_samples = name, set(), False
        _demand(keyword not in self.told and not self.has_samples, f"metadata twice or late: {line}")
        self.told.add(keyword)
        if keyword == "TYPE":
            _demand(rest in {"gauge", "counter"}, f"type: {line}")
            self.kinds[name] = rest
        _demand(keyword != "UNIT" or name.endswith(f"_{rest}"), f"unit: {line}")

    def sample(self, line: str) -> None:
        match = _SAMPLE.fullmatch(line)
        _demand(match and _VALUE.fullmatch(match[3]), f"no sample: {line}")
        suffix = "_total" if self.kinds.get(self.family) == "counter" else ""
        _demand(match[1] == self.family + suffix, f"of no family: {line}")
        key = match[1], _labels(match[2] or "")
        _demand(key not in self.samples, f"twice: {line}")
        self.samples[key] = float(match[3])
        self.has_samples = True


def _labels(text: str) -> tuple[tuple[str, str], ...]:
    found, at = [], 0
    while at < len(text):
        label = _LABEL.match(text, at)
        _demand(label, f"labels: {text}")
        found.append((label[1], _ESCAPED.sub(lambda one: "\n" if one[1] == "n" else one[1], label[2])))
        at = label.end()
    _demand(len({name for name, _ in found}) == len(found), f"a label twice: {text}")
    return tuple(found)


def _demand(holds: object, sentence: str) -> None:
    if not holds:
        raise ValueError(sentence)
