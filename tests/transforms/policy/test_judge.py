"""What holds of every verdict, whatever an item holds, under every shipped policy and on every day."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from pipelines.policy_config import load_policy, names
from tests.transforms.policy import marks as known
from tests.transforms.policy.marks import AIGC, BROKEN, C2PA, CAPTION, CAPTURE, EDITED, IPTC, LABEL, PARAMETERS, picture
from transforms.policy.codes import Code, DateBasis, Scope, Status, Synthesis, VerdictOutcome
from transforms.policy.facts import ItemFacts, MarkFact
from transforms.policy.judge import day_of, judge
from transforms.policy.policy import Effective, MachineAdvice, Policy, matches

POLICIES = {name: load_policy(name).policy for name in names()}
AI_MADE = {Synthesis.DECLARED, Synthesis.TRACED}
NOTHING_FOUND = {Synthesis.NO_SIGN, Synthesis.CAPTURE_DECLARED}
OUTCOMES = [VerdictOutcome.NOT_DISCLOSED, VerdictOutcome.PARTLY_DISCLOSED, VerdictOutcome.DISCLOSED]
STATUSES = [Status.NOT_FOUND, Status.WEAK, Status.FOUND]
FOUND = {Code.MACHINE_MARK_FOUND, Code.VISIBLE_FOUND, Code.VISIBLE_BESIDE_FOUND}
FAILURES = [
    ("marks", "incomplete"),
    ("marks", "failed"),
    ("c2pa", "unreadable"),
    ("visible_label", "not_checked"),
    ("caption", "failed"),
    ("watermark", "failed"),
    ("frames", "ended_early"),
    ("detector:any", "failed"),
]
RESERVATIONS = [("watermark", "not_checked"), ("frames", "hdr_tone_mapped"), ("detector:any", "faces_failed")]
SEEN = [mark for mark in vars(known).values() if isinstance(mark, MarkFact)]
SAYS = st.sampled_from(["ai", "ai_part", "not_ai", "capture", "unknown"])
NUMBER = st.none() | st.floats(0, 1e6)
DAYS = st.dates(date(2025, 6, 1), date(2027, 6, 1))
TOLD = st.none() | DAYS.map(date.isoformat) | st.text(max_size=12) | st.datetimes(timezones=st.timezones()).map(str)

POLICY = st.sampled_from(sorted(POLICIES)).map(POLICIES.__getitem__)
# Marks as they are seen, with what they say and how they stand exchanged: more kinds of nonsense than files hold.
MARK = st.builds(
    replace,
    st.sampled_from(SEEN),
    says=SAYS,
    mark_class=st.sampled_from(["cryptographic", "declared", "implicit", "heuristic"]),
    integrity=st.sampled_from([None, "trusted", "valid", "invalid", "unreadable", "remote_not_fetched"]),
    signer_trust=st.sampled_from([None, "trusted", "untrusted"]),
    height_ratio=NUMBER,
    contrast=NUMBER,
    first_ms=NUMBER,
    shown_ms=NUMBER,
    value=st.none() | st.text(max_size=8) | st.sampled_from(["AI", "AI生成", "Создано ИИ"]),
    facts=st.dictionaries(
        st.sampled_from(["copies", "certainty", "signer", "generator", "manifest", "time_stamp"]),
        st.sampled_from(["1", "2", "", "suspected", "is", "²"]),
    ),
    beside=st.booleans(),
)


def numbered(marks: list[MarkFact]) -> tuple[MarkFact, ...]:
    return tuple(replace(mark, mark_id=f"{index}") for index, mark in enumerate(marks))


MARKS = st.lists(st.sampled_from(SEEN) | MARK, max_size=5).map(numbered)
LEVELS = st.lists(
    st.sampled_from(["suspected", "elevated", "undecided", "none", "not_assessable", "failed"]), max_size=3
).map(tuple)
ITEM = st.builds(
    ItemFacts,
    outcome=st.sampled_from(["examined", "examined", "failed", "not_checked"]),
    reason=st.none() | st.just("truncated"),
    media_type=st.sampled_from(["image/png", "video/mp4", None]),
    levels=LEVELS,
    layers=st.lists(st.sampled_from(FAILURES + RESERVATIONS), max_size=2).map(tuple),
    depicts_person=st.sampled_from([True, False, None]),
    presented_as_product=st.sampled_from([True, False, None]),
    publisher=st.sampled_from(["Qala TV", None]),
    published_at=TOLD,
    captured_at=TOLD,
    marks=MARKS,
)


@given(ITEM, POLICY, DAYS)
def test_a_verdict_is_always_given_and_can_be_followed(facts: ItemFacts, policy: Policy, as_of: date) -> None:
    verdict = judge(facts, policy, as_of)
    articles, marks = {article.id for article in policy.articles}, {mark.mark_id for mark in facts.marks}
    assert verdict.reasons
    for reason in verdict.reasons:
        assert reason.article in articles
        assert set(reason.marks) <= marks
    assert verdict == judge(facts, policy, as_of)


def fair(mark: MarkFact, facts: ItemFacts, policy: Policy) -> bool:
    """Whether a mark can only add to what is disclosed.

    Two cannot: what says that AI made all of it, beside a signed capture, which says the opposite; and a further copy
    of what a law asks to be there a certain number of times.
    """
    signed_captures = [one for one in facts.marks if one.says == "capture" and one.mark_class == "cryptographic"]
    counted = policy.machine_mark.law.copies is not None and matches(mark.kind, policy.machine_mark.accepts)
    is_further_copy = counted and any(matches(one.kind, policy.machine_mark.accepts) for one in facts.marks)
    return not is_further_copy and not (mark.says == "ai" and signed_captures)


@given(ITEM, POLICY, DAYS, st.sampled_from([C2PA, IPTC, EDITED, AIGC, LABEL, CAPTION]))
@example(picture(PARAMETERS), POLICIES["cn"], date(2026, 12, 1), AIGC)
@example(picture(EDITED, CAPTURE), POLICIES["kz"], date(2026, 12, 1), replace(LABEL, says="ai_part"))
@example(picture(LABEL, layers=(("marks", "failed"),)), POLICIES["kr"], date(2026, 12, 1), C2PA)
def test_a_further_disclosure_never_makes_it_worse(
    facts: ItemFacts, policy: Policy, as_of: date, mark: MarkFact
) -> None:
    before = judge(facts, policy, as_of)
    assume(before.synthesis in AI_MADE and fair(mark, facts, policy))
    after = judge(replace(facts, marks=(*facts.marks, replace(mark, mark_id="further"))), policy, as_of)
    assert after.synthesis is Synthesis.DECLARED
    for old, new in (
        (before.machine_mark, after.machine_mark),
        (before.visible_warning, after.visible_warning),
    ):
        assert old is Status.NOT_ASSESSABLE or STATUSES.index(new) >= STATUSES.index(old)
    if before.outcome in OUTCOMES:
        assert OUTCOMES.index(after.outcome) >= OUTCOMES.index(before.outcome)
    else:
        assert after.outcome in {before.outcome, *OUTCOMES}


@given(ITEM, POLICY, DAYS)
def test_a_detector_alone_makes_no_finding(facts: ItemFacts, policy: Policy, as_of: date) -> None:
    silent = replace(facts, marks=tuple(mark for mark in facts.marks if mark.says not in {"ai", "ai_part"}))
    verdict = judge(silent, policy, as_of)
    assert verdict.synthesis not in AI_MADE
    assert verdict.outcome not in OUTCOMES


@given(ITEM, POLICY, DAYS, st.sampled_from(["unexamined", *FAILURES]))
def test_what_was_not_examined_is_never_taken_for_absent(
    facts: ItemFacts, policy: Policy, as_of: date, failure: str | tuple[str, str]
) -> None:
    if isinstance(failure, str):
        facts = replace(facts, outcome="failed")
    else:
        facts = replace(facts, layers=(*facts.layers, failure))
    verdict = judge(facts, policy, as_of)
    assert verdict.synthesis not in NOTHING_FOUND
    layer = failure if isinstance(failure, str) else failure[0]
    if layer in {"unexamined", "marks", "c2pa"}:
        assert verdict.machine_mark is not Status.NOT_FOUND
    if layer in {"unexamined", "visible_label", "caption", "frames"}:
        assert verdict.visible_warning is not Status.NOT_FOUND


@given(ITEM, POLICY, DAYS)
@example(picture(C2PA, LABEL), POLICIES["in"], date(2026, 12, 1))
@example(picture(LABEL), POLICIES["kr"], date(2026, 12, 1))
def test_disclosed_rests_on_marks_that_are_there(facts: ItemFacts, policy: Policy, as_of: date) -> None:
    verdict = judge(facts, policy, as_of)
    if verdict.outcome is VerdictOutcome.DISCLOSED:
        rested_on = [reason for reason in verdict.reasons if reason.code in FOUND]
        required = policy.machine_mark.required + policy.visible_warning.required
        assert len(rested_on) >= (required if policy.combine == "all" else 1)
        assert all(reason.marks for reason in rested_on)


@given(ITEM, POLICY, DAYS, st.randoms(use_true_random=False))
def test_the_order_of_marks_does_not_matter(facts: ItemFacts, policy: Policy, as_of: date, random: object) -> None:
    shuffled = list(facts.marks)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    verdict, other = judge(facts, policy, as_of), judge(replace(facts, marks=tuple(shuffled)), policy, as_of)
    assert replace(other, reasons=()) == replace(verdict, reasons=())
    assert [reason.code for reason in other.reasons] == [reason.code for reason in verdict.reasons]


@pytest.mark.parametrize(
    ("published", "captured", "day", "basis"),
    [
        ("2026-03-01", "2020-01-01", date(2026, 3, 1), DateBasis.PUBLISHED),
        ("soon", "2026-03-01T23:30:00", date(2026, 3, 1), DateBasis.CAPTURED),
        (None, None, date(2026, 12, 1), DateBasis.AS_OF),
        ("", "0000-00-00", date(2026, 12, 1), DateBasis.AS_OF),
        ("2026-03-01T23:30:00-05:00", None, date(2026, 3, 2), DateBasis.PUBLISHED),
    ],
)
def test_the_decisive_day(published: str | None, captured: str | None, day: date, basis: DateBasis) -> None:
    facts = picture(C2PA, published_at=published, captured_at=captured)
    verdict = judge(facts, POLICIES["kz"], date(2026, 12, 1))
    assert (verdict.decided_on, verdict.decided_by) == (day, basis)


def test_a_day_beyond_the_calendar_is_none() -> None:
    assert day_of("0001-01-01T00:00:00+23:00") is None


def test_a_capture_before_the_law_leaves_the_scope_open_once_it_holds() -> None:
    facts = picture(C2PA, published_at=None, captured_at="2025-12-31", depicts_person=True)
    before, after = (judge(facts, POLICIES["kz"], date(2026, 1, day)) for day in (17, 18))
    assert before.outcome is VerdictOutcome.OUT_OF_SCOPE
    assert (after.scope, after.outcome) == (Scope.UNKNOWN, VerdictOutcome.PARTLY_DISCLOSED)


def test_a_rule_that_ended_is_not_in_force() -> None:
    policy = POLICIES["kz"].model_copy(
        update={"effective": Effective(article="in force", **{"from": date(2026, 1, 18)}, until=date(2026, 6, 30))}
    )
    days = [judge(picture(C2PA, published_at=day), policy, date(2026, 12, 1)) for day in ("2026-06-30", "2026-07-01")]
    assert [one.outcome for one in days] == [VerdictOutcome.PARTLY_DISCLOSED, VerdictOutcome.OUT_OF_SCOPE]


def test_one_of_two_is_enough_where_a_policy_says_so() -> None:
    policy = POLICIES["kz"].model_copy(update={"combine": "any"})
    outcomes = [judge(picture(*found), policy, date(2026, 12, 1)).outcome for found in ([C2PA], [LABEL], [PARAMETERS])]
    assert outcomes == [VerdictOutcome.DISCLOSED, VerdictOutcome.DISCLOSED, VerdictOutcome.NOT_DISCLOSED]


def test_a_policy_may_have_elevated_scores_reviewed() -> None:
    policy = POLICIES["kz"].model_copy(update={"review_from": "elevated"})
    facts = picture(levels=("elevated",))
    assert judge(facts, policy, date(2026, 12, 1)).outcome is VerdictOutcome.REVIEW
    assert judge(facts, POLICIES["kz"], date(2026, 12, 1)).outcome is VerdictOutcome.NOT_ASSESSABLE


def test_advice_to_trust_the_signer_lowers_to_weak_only() -> None:
    rule = POLICIES["us-ca"].machine_mark.model_copy(update={"advice": MachineAdvice(trusted_signer=True)})
    policy = POLICIES["us-ca"].model_copy(update={"machine_mark": rule})
    verdict = judge(picture(replace(C2PA, signer_trust="untrusted")), policy, date(2026, 12, 1))
    assert (verdict.machine_mark, verdict.outcome) == (Status.WEAK, VerdictOutcome.DISCLOSED)
    assert Code.SIGNER_UNTRUSTED in {reason.code for reason in verdict.reasons}


def test_a_broken_claim_is_no_watermark_and_no_other_form() -> None:
    broken_binding = replace(known.SOFT_BINDING, integrity="invalid")
    provider = judge(picture(C2PA, broken_binding), POLICIES["eu-provider"], date(2026, 12, 10))
    assert Code.MACHINE_MARK_ONE_LAYER in {reason.code for reason in provider.reasons}
    china = judge(picture(BROKEN, LABEL), POLICIES["cn"], date(2026, 12, 10))
    assert china.machine_mark is Status.NOT_FOUND
