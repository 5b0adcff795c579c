"""What policies make of an item, as sections of sentences: what is asked for, what is found, what follows."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import groupby

from pipelines.case import Case, PolicyCase, Ruling
from pipelines.story import Line, Section, layer_name, place_lines
from pipelines.words import Voice
from transforms.policy.codes import Code, Status, VerdictOutcome
from transforms.policy.policy import Policy
from transforms.policy.verdict import Reason, Verdict

_MACHINE, _VISIBLE = ("machine_mark_", "signer_"), ("visible_", "generator_name_")
_SCOPE = frozenset(
    {
        Code.SHOWS_PERSON,
        Code.PRESENTED_AS_PRODUCT,
        Code.NO_PRODUCT,
        Code.PUBLISHED_BY,
        Code.SCOPE_UNKNOWN,
        Code.EXCEPTION_POSSIBLE,
    }
)
_TIME = frozenset({Code.BEFORE_IN_FORCE, Code.CAPTURED_BEFORE_IN_FORCE, Code.GRACE_PERIOD})
_BASIS = frozenset({Code.DATE_FROM_CAPTURE, Code.DATE_UNKNOWN})
"""What the sentence on the day that decides says already."""
_NAMED_DETAILS: Mapping[Code, tuple[str, ...]] = {
    Code.NOT_EXAMINED: ("reasons",),
    Code.MACHINE_MARK_NOT_ASSESSABLE: ("reasons",),
    Code.VISIBLE_NOT_ASSESSABLE: ("reasons",),
    Code.MACHINE_MARK_LACKS_FIELDS: ("fields",),
    Code.VISIBLE_OTHER_LANGUAGE: ("languages",),
}
"""Sections that tell the words of which such a reason's detail is a list."""
_LAYER_DETAILS = frozenset({Code.LAYER_INCOMPLETE, Code.MACHINE_MARK_NOT_ASSESSABLE, Code.VISIBLE_NOT_ASSESSABLE})


def policy_sections(case: Case, voice: Voice) -> list[Section]:
    """For each policy what it asks for, and for each of its verdicts what was found, what follows and what does not."""
    marks = {mark.fact.mark_id: f"#{number}" for number, mark in enumerate(case.marks, 1)}
    headings, sections = voice.words.headings, []
    for judged in case.policies:
        name, policy = judged.name, judged.policy
        title = voice.translated(policy.title) if policy else name
        sections.append(Section("asks", f"{headings['asks']}: {title}", tuple(asked_lines(judged, voice)), name))
        if not judged.rulings:
            missing = Line("no_verdict", voice.phrase("no_verdict", policy=name))
            sections.append(Section("outcome", headings["outcome"], (missing,), name))
        for ruling in judged.rulings:
            places = tuple(place_lines(ruling.places, "for_places", voice)) if len(judged.rulings) > 1 else ()
            found = (*places, *_found(ruling.verdict, policy, marks, voice))
            sections += [
                Section("found", headings["found"], found, name),
                Section("outcome", headings["outcome"], tuple(_outcome(ruling, voice)), name),
                Section("not_meant", headings["not_meant"], tuple(_not_meant(ruling.verdict, voice)), name),
                Section("next", headings["next"], tuple(_next(ruling.verdict, voice)), name),
            ]
        if judged.decision is not None:
            sections.append(Section("people", headings["people"], tuple(_people(judged, voice)), name))
    return sections


def asked_lines(judged: PolicyCase, voice: Voice) -> Iterator[Line]:
    """What a policy asks for, whatever the item."""
    policy = judged.policy
    if policy is None:
        yield Line("policy_missing", voice.phrase("policy_missing"))
        return
    if judged.is_changed:
        yield Line("policy_changed", voice.phrase("policy_changed"))
    for link, articles in groupby(policy.articles, key=lambda article: article.link):
        yield from (Line("article", f"[{one.id}] {voice.translated(one.says)}") for one in articles)
        if link:
            yield Line("link", link, 1)
    yield Line("duty", voice.phrase("duty", text=voice.translated(policy.duty_of)))
    yield from _required(policy, voice)
    yield from _effective(policy, voice)
    if not policy.law_text_verified:
        yield Line("unverified", voice.phrase("unverified"))


def _required(policy: Policy, voice: Voice) -> Iterator[Line]:
    needed = [
        name
        for name, rule in (("asks_machine", policy.machine_mark), ("asks_visible", policy.visible_warning))
        if rule.required
    ]
    combined = {"all": "asks_all", "any": "asks_any", "visible": "asks_visible_enough"}[policy.combine]
    for name in (*needed, combined) if len(needed) > 1 else needed:
        yield Line(name, voice.phrase(name))


def _effective(policy: Policy, voice: Voice) -> Iterator[Line]:
    rule = policy.effective
    if rule.until is None:
        yield Line("effective", voice.phrase("effective", day=rule.from_))
    else:
        yield Line("effective_until", voice.phrase("effective_until", day=rule.from_, until=rule.until))
    if rule.grace is not None:
        text = voice.translated(rule.grace.holds_later_for)
        yield Line("grace", voice.phrase("grace", day=rule.grace.until, text=text))
    yield from (Line("later", voice.translated(later)) for later in rule.later)


def _found(verdict: Verdict, policy: Policy | None, marks: Mapping[str, str], voice: Voice) -> Iterator[Line]:
    """What the verdict rests on, in the order in which it is judged."""
    words = voice.words
    groups: dict[str, list[Line]] = {name: [] for name in ("made", "machine", "visible", "scope", "time")}
    for reason in verdict.reasons:
        if reason.code not in _BASIS:
            groups[_group(reason.code)].append(Line(reason.code, _sentence(reason, marks, voice), 1))
    yield Line(f"synthesis_{verdict.synthesis}", words.synthesis[verdict.synthesis])
    yield from groups["made"]
    if policy is None or policy.machine_mark.required:
        yield from _status("machine_mark", verdict.machine_mark, words.machine_mark, groups["machine"])
    if policy is None or policy.visible_warning.required:
        yield from _status("visible_warning", verdict.visible_warning, words.visible_warning, groups["visible"])
    yield Line(f"scope_{verdict.scope}", words.scope[verdict.scope])
    yield from groups["scope"]
    day = words.decided_by[verdict.decided_by].format(day=verdict.decided_on)
    yield Line(f"decided_by_{verdict.decided_by}", day)
    yield from groups["time"]


def _status(name: str, status: Status, sentences: Mapping[str, str], reasons: list[Line]) -> Iterator[Line]:
    """Whether a disclosure is found; where it is, or is not, the reason says so itself."""
    if status is Status.WEAK or not reasons:
        yield Line(f"{name}_{status}", sentences[status])
        yield from reasons
    else:
        yield from (replace(reason, depth=0) for reason in reasons)


def _group(code: Code) -> str:
    if code.startswith(_MACHINE):
        return "machine"
    if code.startswith(_VISIBLE):
        return "visible"
    return "scope" if code in _SCOPE else "time" if code in _TIME else "made"


def _sentence(reason: Reason, marks: Mapping[str, str], voice: Voice) -> str:
    """A reason with its article and the numbers of the marks that it rests on."""
    named = ", ".join(marks[mark] for mark in reason.marks if mark in marks)
    where = f"{reason.article}; {named}" if named else reason.article
    return f"{voice.words.codes[reason.code].format(detail=_detail(reason, voice))} [{where}]"


def _detail(reason: Reason, voice: Voice) -> str:
    if reason.detail is None:
        return voice.phrase("unknown")
    if reason.code not in _NAMED_DETAILS and reason.code not in _LAYER_DETAILS:
        return reason.detail
    names: dict[str, str] = {}
    for section in _NAMED_DETAILS.get(reason.code, ()):
        names |= getattr(voice.words, section)
    told = reason.detail.split(", ")
    return ", ".join(
        names.get(one) or (layer_name(one, voice) if reason.code in _LAYER_DETAILS else one) for one in told
    )


def _outcome(ruling: Ruling, voice: Voice) -> Iterator[Line]:
    outcome = ruling.verdict.outcome
    yield Line(f"outcome_{outcome}", voice.words.outcome[outcome])
    if ruling.suppressed_by is not None:
        yield Line("suppressed", voice.phrase("suppressed", text=ruling.suppressed_by))


def _not_meant(verdict: Verdict, voice: Voice) -> Iterator[Line]:
    words = voice.words
    yield Line(f"not_meant_{verdict.outcome}", words.not_meant[verdict.outcome])
    yield Line(f"not_meant_{verdict.synthesis}", words.not_meant_synthesis[verdict.synthesis])
    if verdict.outcome is not VerdictOutcome.DISCLOSED:
        yield Line("not_meant_always", words.not_meant["always"])


def _people(judged: PolicyCase, voice: Voice) -> Iterator[Line]:
    """What reviewers say together, and each of them."""
    decisions = voice.words.decisions
    yield Line(f"decision_{judged.decision}", decisions[judged.decision or ""])
    for one in judged.opinions:
        told = {"reviewer": one.reviewer, "time": f"{one.decided_at:%Y-%m-%d %H:%M}"}
        yield Line("decided", voice.phrase("decided", **told, decision=decisions[one.decision]), 1)
        if one.note:
            yield Line("note", one.note, 2)


def _next(verdict: Verdict, voice: Voice) -> Iterator[Line]:
    words = voice.words
    yield Line(f"next_{verdict.outcome}", words.next[verdict.outcome])
    codes = dict.fromkeys(reason.code for reason in verdict.reasons if reason.code in words.next_codes)
    yield from (Line(f"next_{code}", words.next_codes[code]) for code in codes)
