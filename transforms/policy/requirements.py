"""Whether the mark for machines and the warning for people that a policy asks for are found."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from transforms.labels.fold import skeleton
from transforms.policy.codes import Code, Status
from transforms.policy.facts import ItemFacts, MarkFact
from transforms.policy.policy import MachineMark, Policy, VisibleWarning, matches
from transforms.policy.synthesis import LABEL_LAYERS, STATED, is_failure
from transforms.policy.verdict import Reason

_AI = frozenset({"ai", "ai_part"})
_MACHINE_LAYERS = frozenset({"marks", "c2pa"})
_FIELD_FACTS = {
    "provider": ("signer", "content_producer", "producer"),
    "system": ("generator", "model", "agent", "software"),
    "time": ("time_stamp", "time", "when"),
    "identifier": ("manifest", "produce_id", "instance_id"),
}
FACTS = frozenset({"copies", "certainty", *(fact for facts in _FIELD_FACTS.values() for fact in facts)})
"""The facts of marks that policies look at; of all but the first two only whether they are there."""
# Characters of the law's words that a reader of pixels takes for others of their shape.
_MISREAD = str.maketrans("牛咸戍入八エ土士", "生成成人人工工工")
_MEASURED_FLOOR = 1e-9


@dataclass(frozen=True, slots=True)
class Found:
    """How far a requirement is met.

    Attributes:
        status: See ``Status``.
        reasons: Why.
        is_met: Whether the law is: ``found``, or ``weak`` for our advice only.
        is_begun: Whether something meant as a disclosure is there, be it broken, too small or too short.
    """

    status: Status
    reasons: tuple[Reason, ...]
    is_met: bool = False
    is_begun: bool = False


def machine_mark(facts: ItemFacts, policy: Policy) -> Found:
    """Whether a mark that machines read says that AI made the item, or a part."""
    rule = policy.machine_mark
    ai = [mark for mark in facts.marks if mark.says in _AI]
    accepted = [mark for mark in ai if matches(mark.kind, rule.accepts)]
    counted = [mark for mark in accepted if not mark.beside]
    sound = [mark for mark in counted if mark.integrity != "invalid"]
    if sound:
        short = list(_falls_short_of_law(facts, sound, rule))
        advised = list(_machine_advice(facts, sound, rule))
        reasons = (Reason(Code.MACHINE_MARK_FOUND, rule.article, _ids(sound)), *short, *advised)
        return Found(Status.WEAK if short or advised else Status.FOUND, reasons, is_met=not short, is_begun=True)
    if counted:
        reason = Reason(Code.MACHINE_MARK_BROKEN_SIGNATURE, rule.article, _ids(counted))
        return Found(Status.WEAK, (reason,), is_begun=True)
    if beside := [mark for mark in accepted if mark.beside]:
        reason = Reason(Code.MACHINE_MARK_BESIDE_ONLY, rule.article, _ids(beside))
        return Found(Status.WEAK, (reason,), is_begun=True)
    lesser = [mark for mark in ai if matches(mark.kind, rule.falls_short) and mark.integrity != "invalid"]
    if other := [mark for mark in lesser if mark.mark_class in STATED]:
        return Found(Status.WEAK, (Reason(Code.MACHINE_MARK_OTHER_FORM, rule.article, _ids(other)),), is_begun=True)
    if traces := [mark for mark in lesser if mark.mark_class not in STATED]:
        return Found(Status.WEAK, (Reason(Code.MACHINE_MARK_IS_TRACE, rule.article, _ids(traces)),))
    return _absent(facts, _MACHINE_LAYERS, rule.article, Code.MACHINE_MARK_NOT_FOUND, Code.MACHINE_MARK_NOT_ASSESSABLE)


def visible_warning(facts: ItemFacts, policy: Policy) -> Found:
    """Whether a warning that people can perceive is found, in the pixels or in the text beside them.

    The best one counts: a further label never makes less of it.
    """
    rule = policy.visible_warning
    labels = [mark for mark in facts.marks if mark.says in _AI and matches(mark.kind, rule.accepts)]
    judged = [(list(_label_law(facts, mark, rule)), list(_label_advice(facts, mark, rule)), mark) for mark in labels]
    if judged:
        languages = _languages_missing(facts, labels, rule)
        law, advice, best = min(judged, key=lambda one: (len(one[0]), len(one[1]), one[2].mark_id))
        beside = best.layer == "caption"
        lawful = [mark for short, _, mark in judged if not short]
        code = Code.VISIBLE_BESIDE_FOUND if beside else Code.VISIBLE_FOUND
        reasons = (Reason(code, rule.article, _ids(lawful or [best])), *law, *advice, *languages)
        is_weak = bool(law or advice or languages)
        return Found(Status.WEAK if is_weak else Status.FOUND, reasons, is_met=not law, is_begun=True)
    short = [mark for mark in facts.marks if mark.says in _AI and matches(mark.kind, rule.falls_short)]
    if outside := [mark for mark in short if mark.layer == "caption"]:
        reason = Reason(Code.VISIBLE_BESIDE_ONLY, rule.article, _ids(outside))
        return Found(Status.WEAK, (reason,), is_begun=True)
    if short:
        return Found(Status.WEAK, (Reason(Code.GENERATOR_NAME_ONLY, rule.article, _ids(short)),))
    return _absent(facts, LABEL_LAYERS, rule.article, Code.VISIBLE_NOT_FOUND, Code.VISIBLE_NOT_ASSESSABLE)


def _absent(facts: ItemFacts, layers: frozenset[str], article: str, absent: Code, unknown: Code) -> Found:
    """Nothing was found: because it is not there, or because not all was looked at."""
    unread = sorted({layer for layer, status in facts.layers if _blinds(layer, status, layers)})
    if facts.is_examined and not unread:
        return Found(Status.NOT_FOUND, (Reason(absent, article),))
    detail = ", ".join(unread) or facts.reason
    return Found(Status.NOT_ASSESSABLE, (Reason(unknown, article, detail=detail),))


def _blinds(layer: str, status: str, layers: frozenset[str]) -> bool:
    if layer == "frames":
        return is_failure(layer, status) and layers is LABEL_LAYERS
    return layer in layers


def _falls_short_of_law(facts: ItemFacts, sound: Sequence[MarkFact], rule: MachineMark) -> Iterator[Reason]:
    if rule.law.copies is not None:
        every = [mark for mark in facts.marks if matches(mark.kind, rule.accepts) and not mark.beside]
        copies = max(_copies(mark) for mark in every)
        if copies != rule.law.copies:
            detail = f"{copies} / {rule.law.copies}"
            yield Reason(Code.MACHINE_MARK_COPIES, rule.article, _ids(every), detail)
    lacking = [
        field
        for field in rule.law.fields
        if not any(mark.facts.get(fact) for mark in sound for fact in _FIELD_FACTS[field])
    ]
    if lacking:
        yield Reason(Code.MACHINE_MARK_LACKS_FIELDS, rule.article, _ids(sound), ", ".join(lacking))


def _copies(mark: MarkFact) -> int:
    told = mark.facts.get("copies", "")
    return int(told) if told.isdecimal() else 1


def _machine_advice(facts: ItemFacts, sound: Sequence[MarkFact], rule: MachineMark) -> Iterator[Reason]:
    if rule.advice.signed_and_watermarked:
        is_signed = any(mark.mark_class == "cryptographic" for mark in sound)
        is_watermarked = any(
            mark.layer == "watermark" or (mark.kind == "c2pa.soft_binding" and mark.integrity != "invalid")
            for mark in facts.marks
        )
        if not (is_signed and is_watermarked):
            yield Reason(Code.MACHINE_MARK_ONE_LAYER, rule.article, _ids(sound))
    if rule.advice.trusted_signer and not any(mark.signer_trust == "trusted" for mark in sound):
        yield Reason(Code.SIGNER_UNTRUSTED, rule.article, _ids(sound))


def _label_law(facts: ItemFacts, mark: MarkFact, rule: VisibleWarning) -> Iterator[Reason]:
    """Where one label falls short of the law; a text beside the pixels has neither height nor time."""
    law, ids = rule.law, (mark.mark_id,)
    if law.min_height_ratio is not None and mark.height_ratio is not None:
        least = law.min_height_ratio * (1 - law.height_error)
        if mark.height_ratio < least - _MEASURED_FLOOR:
            yield Reason(Code.VISIBLE_TOO_SMALL, rule.article, ids, _compared(mark.height_ratio, law.min_height_ratio))
    if facts.is_video and mark.layer == "visible_label":
        slack = law.seconds_error
        if _is_late(mark, law.at_start_within, slack):
            yield Reason(Code.VISIBLE_NOT_AT_START, rule.article, ids, _seconds(mark.first_ms))
        least_seconds = law.min_seconds
        if least_seconds is not None and (mark.shown_ms is None or mark.shown_ms < (least_seconds - slack) * 1000):
            yield Reason(Code.VISIBLE_TOO_SHORT, rule.article, ids, _seconds(mark.shown_ms))
    lacking = [" / ".join(words) for words in law.elements if not _has_one(mark.value or "", words)]
    if lacking:
        yield Reason(Code.VISIBLE_LACKS_ELEMENT, rule.article, ids, ", ".join(lacking))


def _label_advice(facts: ItemFacts, mark: MarkFact, rule: VisibleWarning) -> Iterator[Reason]:
    advice, ids = rule.advice, (mark.mark_id,)
    if mark.exactness == "probable":
        yield Reason(Code.VISIBLE_UNSURE_READING, rule.article, ids, mark.value)
    if advice.min_height_ratio is not None and (mark.height_ratio or 1) < advice.min_height_ratio:
        yield Reason(Code.VISIBLE_SMALL, rule.article, ids, _compared(mark.height_ratio or 0, advice.min_height_ratio))
    if advice.min_contrast is not None and mark.contrast is not None and mark.contrast < advice.min_contrast:
        yield Reason(Code.VISIBLE_FAINT, rule.article, ids, f"{mark.contrast:.0f} / {advice.min_contrast:.0f}")
    is_timed = facts.is_video and mark.layer == "visible_label"
    if is_timed and _is_late(mark, advice.at_start_within, rule.law.seconds_error):
        yield Reason(Code.VISIBLE_LATE, rule.article, ids, _seconds(mark.first_ms))


def _languages_missing(facts: ItemFacts, labels: Iterable[MarkFact], rule: VisibleWarning) -> list[Reason]:
    """Of what is offered to buyers: the languages that no label is in."""
    if not facts.presented_as_product:
        return []
    present = {(mark.language or "").split("-")[0].split("_")[0] for mark in labels}
    missing = [language for language in rule.advice.languages if language not in present]
    return [Reason(Code.VISIBLE_OTHER_LANGUAGE, rule.article, detail=", ".join(missing))] if missing else []


def _is_late(mark: MarkFact, within: float | None, slack: float) -> bool:
    return within is not None and (mark.first_ms is None or mark.first_ms > (within + slack) * 1000)


def _has_one(label: str, words: Iterable[str]) -> bool:
    """Whether one of the words is in a label, letters told apart no better than a reader of pixels does."""
    return any(_shape(word) in _shape(label) for word in words)


def _shape(text: str) -> str:
    return skeleton("".join(text.split())).translate(_MISREAD)


def _ids(marks: Iterable[MarkFact]) -> tuple[str, ...]:
    return tuple(mark.mark_id for mark in marks)


def _compared(measured: float, wanted: float) -> str:
    return f"{measured:.1%} / {wanted:.1%}"


def _seconds(milliseconds: float | None) -> str | None:
    return None if milliseconds is None else f"{milliseconds / 1000:.1f} s"
