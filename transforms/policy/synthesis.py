"""How an item seems to have been made: what it declares outweighs traces, these outweigh what a detector says."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from transforms.policy.codes import Code, Synthesis
from transforms.policy.facts import ItemFacts, MarkFact
from transforms.policy.policy import Policy, matches
from transforms.policy.verdict import Reason

LABEL_LAYERS = frozenset({"visible_label", "caption"})
_AI = frozenset({"ai", "ai_part"})
_BROKEN = "invalid"
_HOLDS = frozenset({"trusted", "valid"})
STATED = frozenset({"cryptographic", "declared"})
_GUESSES = frozenset({"may_be", "suspected"})
"""How certain the writer of a TC260 label was, where that is less than sure: Measures of 14.03.2025, Art. 6."""
_TRACES = ("watermark",)
"""Measured, as heuristics are, but of many bits: that chance writes one is out of the question."""
_RESERVATIONS = frozenset(
    {
        ("watermark", "not_checked"),  # larger than what such generators make
        ("caption", "not_checked"),  # a text beside it, or a date of the context table, that makes no sense
    }
)
_PARTLY = frozenset({"frames_failed", "faces_failed", "not_assessable"})


@dataclass(frozen=True, slots=True)
class Signs:
    """The marks of an item by what they say of its making.

    Attributes:
        stated: Say that AI made it, or a part, and are meant to; their signature holds, if they have one.
        labels: Those of them that people read.
        broken: Say so under a signature that does not hold.
        traces: Say so and are not meant to.
        hints: Say so and may be wrong: letters not read well, a product's name, a service's guess.
        denials: Say that AI did not make it.
        signed_captures: Say under a signature that holds that a camera took it.
        stated_captures: Say so and are meant to, signed or not.
    """

    stated: tuple[MarkFact, ...]
    labels: tuple[MarkFact, ...]
    broken: tuple[MarkFact, ...]
    traces: tuple[MarkFact, ...]
    hints: tuple[MarkFact, ...]
    denials: tuple[MarkFact, ...]
    signed_captures: tuple[MarkFact, ...]
    stated_captures: tuple[MarkFact, ...]

    @classmethod
    def of(cls, marks: Iterable[MarkFact]) -> "Signs":
        """Sorts marks."""
        found: defaultdict[str, list[MarkFact]] = defaultdict(list)
        for mark in marks:
            found[_sign_of(mark)].append(mark)
        signed = (mark for mark in found["captures"] if mark.mark_class == "cryptographic" and mark.integrity in _HOLDS)
        return cls(
            stated=tuple(found["stated"]),
            labels=tuple(found["labels"]),
            broken=tuple(found["broken"]),
            traces=tuple(found["traces"]),
            hints=tuple(found["hints"]),
            denials=tuple(found["denials"]),
            signed_captures=tuple(signed),
            stated_captures=tuple(found["captures"]),
        )

    @property
    def is_whole(self) -> bool:
        """Whether something states that AI made all of it."""
        return any(mark.says == "ai" for mark in (*self.stated, *self.labels))

    @property
    def is_part_only(self) -> bool:
        """Whether all that speaks of AI speaks of a part, or of an edit."""
        speaking = (*self.stated, *self.labels, *self.traces, *self.hints)
        return bool(speaking) and all(mark.says == "ai_part" for mark in speaking)


def _sign_of(mark: MarkFact) -> str:
    """What a mark is a sign of, empty where of nothing."""
    if mark.says == "not_ai":
        return "denials"
    if mark.says in _AI:
        if mark.integrity == _BROKEN:
            return "broken"
        is_stated = mark.mark_class in STATED or mark.exactness == "fuzzy"  # a letter or two amiss, which it says
        if is_stated and mark.facts.get("certainty") not in _GUESSES:
            return "labels" if mark.layer in LABEL_LAYERS else "stated"
        return "traces" if mark.mark_class == "implicit" or matches(mark.kind, _TRACES) else "hints"
    is_capture = mark.says == "capture" and mark.mark_class in STATED and mark.integrity != _BROKEN
    return "captures" if is_capture else ""


@dataclass(frozen=True, slots=True)
class Synthesised:
    """How an item seems to have been made, why, and whether something contradicts something."""

    state: Synthesis
    reasons: tuple[Reason, ...]
    disagrees: bool = False


def synthesise(facts: ItemFacts, signs: Signs, policy: Policy) -> Synthesised:
    """How an item seems to have been made.

    A detector alone makes ``suspected`` at most; ``no_sign`` and ``capture_declared`` need that all was examined.
    """
    article = policy.definition
    ai_reasons = [
        *_reason(Code.DECLARED_BY_MARK, article, signs.stated),
        *_reason(Code.DECLARED_BY_LABEL, article, signs.labels),
        *_reason(Code.TRACE_FOUND, article, signs.traces),
        *_reason(Code.SIGN_FOUND, article, signs.hints),
        *_reason(Code.AI_CLAIM_BROKEN_SIGNATURE, article, signs.broken),
    ]
    score = list(_of_detectors(facts, article))
    unread = list(_unread(facts, article))
    is_suspected = any(one.code is Code.DETECTOR_SUSPECTS for one in score)
    contradictions = list(_contradictions(signs, article, is_suspected=is_suspected))
    reasons = (*ai_reasons, *contradictions, *score, *unread)
    if signs.stated or signs.labels:
        against_capture = signs.is_whole and bool(signs.signed_captures)
        state = Synthesis.UNDETERMINED if against_capture else Synthesis.DECLARED
        return Synthesised(state, reasons, disagrees=against_capture)
    if signs.broken and not signs.traces:
        return Synthesised(Synthesis.UNDETERMINED, reasons, disagrees=True)
    if signs.traces:
        against_capture = bool(signs.signed_captures)
        state = Synthesis.UNDETERMINED if against_capture else Synthesis.TRACED
        return Synthesised(state, reasons, disagrees=against_capture)
    if signs.hints or is_suspected:
        contradicted = bool(signs.stated_captures)
        state = Synthesis.UNDETERMINED if contradicted else Synthesis.SUSPECTED
        return Synthesised(state, reasons, disagrees=contradicted)
    if any(one.code is Code.DETECTOR_ELEVATED for one in score):
        return Synthesised(Synthesis.UNDETERMINED, reasons, disagrees=policy.review_from == "elevated")
    if unread or any(one.code is Code.DETECTOR_NOT_ASSESSABLE for one in score):
        return Synthesised(Synthesis.UNDETERMINED, reasons)
    if signs.signed_captures:
        captured = _reason(Code.CAPTURE_SIGNED, article, signs.signed_captures)
        return Synthesised(Synthesis.CAPTURE_DECLARED, (*captured, *reasons))
    return Synthesised(Synthesis.NO_SIGN, (Reason(Code.NO_SIGN_FOUND, article), *reasons))


def _reason(code: Code, article: str, marks: Sequence[MarkFact]) -> list[Reason]:
    return [Reason(code, article, tuple(mark.mark_id for mark in marks))] if marks else []


def _of_detectors(facts: ItemFacts, article: str) -> Iterator[Reason]:
    levels = set(facts.levels)
    if "suspected" in levels:
        yield Reason(Code.DETECTOR_SUSPECTS, article)
        if "none" in levels:
            yield Reason(Code.DETECTORS_DISAGREE, article)
    elif "elevated" in levels:
        yield Reason(Code.DETECTOR_ELEVATED, article)
    elif "undecided" in levels:
        yield Reason(Code.DETECTOR_UNDECIDED, article)
    elif facts.is_examined and "none" not in levels:
        yield Reason(Code.DETECTOR_NOT_ASSESSABLE, article)


def _contradictions(signs: Signs, article: str, *, is_suspected: bool) -> Iterator[Reason]:
    """What says the opposite of what else is found."""
    speaks = bool(signs.stated or signs.labels or signs.traces or signs.broken)
    if speaks and (signs.is_whole or signs.traces):
        yield from _reason(Code.CAPTURE_AGAINST_AI_CLAIM, article, signs.signed_captures)
    if speaks:
        yield from _reason(Code.DENIAL_AGAINST_AI_CLAIM, article, signs.denials)
    elif is_suspected or signs.hints:
        yield from _reason(Code.CAPTURE_AGAINST_SCORE, article, signs.stated_captures)
        yield from _reason(Code.DENIAL_AGAINST_SCORE, article, signs.denials)


def _unread(facts: ItemFacts, article: str) -> Iterator[Reason]:
    """What was not examined, so that nothing found there means nothing."""
    if not facts.is_examined:
        yield Reason(Code.NOT_EXAMINED, article, detail=facts.reason)
    for layer in sorted({layer for layer, status in facts.layers if is_failure(layer, status)}):
        yield Reason(Code.LAYER_INCOMPLETE, article, detail=layer)


def is_failure(layer: str, status: str) -> bool:
    """Whether a layer's note means that something that was to be examined was not."""
    if layer == "frames":
        return status == "ended_early"
    return (layer, status) not in _RESERVATIONS and not (layer.startswith("detector:") and status in _PARTLY)
