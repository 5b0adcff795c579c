"""What the shipped policies make of items: a decision table for each, as the laws' own rows read.

A row names an item; its synthesis, scope, machine mark, visible warning and outcome; and the codes of all reasons.
"""

# Each row of a table stands in one line.
# ruff: noqa: E501
# fmt: off

from dataclasses import replace
from datetime import date

import pytest

from pipelines.policy_config import load_policy, names
from tests.transforms.policy.marks import (
    AIGC,
    BARE,
    BROKEN,
    C2PA,
    CAMERA,
    CAPTION,
    CAPTURE,
    DENIAL,
    EDITED,
    ENGLISH,
    GUESS,
    IPTC,
    LABEL,
    PARAMETERS,
    SIDECAR,
    SOFT_BINDING,
    WATERMARK,
    WORDMARK,
    film,
    picture,
)
from transforms.policy.facts import ItemFacts
from transforms.policy.judge import judge

AS_OF = date(2026, 12, 20)
POLICIES = {name: load_policy(name).policy for name in names()}
UNREAD = {"outcome": "failed", "reason": "truncated", "levels": ()}

Row = tuple[str, ItemFacts, str, str]

# Told alike whatever a policy asks for: synthesis, outcome, and the codes that come first.
NOTHING_DECLARED: list[Row] = [
    ("nothing found", picture(), "no_sign out_of_scope", "no_sign_found"),
    ("a camera's fields", picture(CAMERA), "no_sign out_of_scope", "no_sign_found"),
    ("signed capture", picture(CAPTURE), "capture_declared out_of_scope", "capture_signed"),
    ("detector only", picture(levels=("suspected",)), "suspected review", "detector_suspects"),
    ("detectors disagree", picture(levels=("suspected", "none")), "suspected review", "detector_suspects detectors_disagree"),
    ("detector unsure", picture(levels=("elevated",)), "undetermined not_assessable", "detector_elevated"),
    ("detector has no number", picture(levels=("not_assessable",)), "undetermined not_assessable", "detector_not_assessable"),
    ("capture against score", picture(CAPTURE, levels=("suspected",)), "undetermined review", "capture_against_score detector_suspects"),
    ("camera's fields against score", picture(CAMERA, levels=("suspected",)), "undetermined review", "capture_against_score detector_suspects"),
    ("capture against claim", picture(C2PA, CAPTURE), "undetermined review", "declared_by_mark capture_against_ai_claim"),
    ("claim under a broken signature", picture(BROKEN), "undetermined review", "ai_claim_broken_signature"),
    ("denial against score", picture(DENIAL, levels=("suspected",)), "suspected review", "denial_against_score detector_suspects"),
    ("denial alone is no proof", picture(DENIAL), "no_sign out_of_scope", "no_sign_found"),
    ("a service's guess", picture(GUESS), "suspected review", "sign_found"),
    ("a generator's name", picture(WORDMARK), "suspected review", "sign_found"),
    ("not decodable", picture(**UNREAD), "undetermined not_assessable", "not_examined"),
    ("marks not read", picture(layers=(("marks", "failed"),)), "undetermined not_assessable", "layer_incomplete"),
    ("labels not read, signed capture", picture(CAPTURE, layers=(("visible_label", "not_checked"),)), "undetermined not_assessable", "layer_incomplete"),
    ("a film cut off", film(layers=(("frames", "ended_early"),)), "undetermined not_assessable", "layer_incomplete"),
]

FACE = {"depicts_person": True}
SOLD = {"presented_as_product": True}
KZ: list[Row] = [
    ("marked and labelled", picture(C2PA, LABEL, **FACE), "declared in found found disclosed", "declared_by_mark declared_by_label machine_mark_found visible_found shows_person scope_unknown"),
    ("marked only", picture(C2PA, **FACE), "declared in found not_found partly_disclosed", "declared_by_mark machine_mark_found visible_not_found shows_person scope_unknown"),
    ("labelled only", picture(LABEL, **FACE), "declared in not_found found partly_disclosed", "declared_by_label machine_mark_not_found visible_found shows_person scope_unknown"),
    ("labelled beside the file", picture(C2PA, CAPTION, **FACE), "declared in found found disclosed", "declared_by_mark declared_by_label machine_mark_found visible_beside_found shows_person scope_unknown"),
    ("marked beside the file", picture(SIDECAR, LABEL, **FACE), "declared in weak found partly_disclosed", "declared_by_mark declared_by_label machine_mark_beside_only visible_found shows_person scope_unknown"),
    ("traces only", picture(PARAMETERS, **FACE), "traced in weak not_found not_disclosed", "trace_found machine_mark_is_trace visible_not_found shows_person scope_unknown"),
    ("traces and a generator's name", picture(PARAMETERS, WORDMARK, **FACE), "traced in weak weak not_disclosed", "trace_found sign_found machine_mark_is_trace generator_name_only shows_person scope_unknown"),
    ("no face", picture(C2PA, LABEL), "declared unknown found found disclosed", "declared_by_mark declared_by_label machine_mark_found visible_found scope_unknown scope_unknown"),
    ("sold, in one language", picture(C2PA, CAPTION, **SOLD), "declared in found weak disclosed", "declared_by_mark declared_by_label machine_mark_found visible_beside_found visible_other_language scope_unknown presented_as_product"),
    ("published by somebody", picture(C2PA, publisher="Qala TV", **FACE), "declared in found not_found partly_disclosed", "declared_by_mark machine_mark_found visible_not_found shows_person scope_unknown published_by"),
    ("no face, not sold", picture(C2PA, presented_as_product=False), "declared unknown found not_found partly_disclosed", "declared_by_mark machine_mark_found visible_not_found scope_unknown no_product"),
    ("small and faint", picture(C2PA, replace(LABEL, height_ratio=0.01, contrast=10.0), **FACE), "declared in found weak disclosed", "declared_by_mark declared_by_label machine_mark_found visible_found visible_small visible_faint shows_person scope_unknown"),
    ("a letter amiss", picture(C2PA, replace(LABEL, mark_class="heuristic", exactness="fuzzy"), **FACE), "declared in found found disclosed", "declared_by_mark declared_by_label machine_mark_found visible_found shows_person scope_unknown"),
    ("a letter amiss, nothing else", picture(replace(LABEL, mark_class="heuristic", exactness="fuzzy"), **FACE), "declared in not_found found partly_disclosed", "declared_by_label machine_mark_not_found visible_found shows_person scope_unknown"),
    ("read with letters amiss", picture(C2PA, replace(LABEL, mark_class="heuristic", exactness="probable"), **FACE), "declared in found weak disclosed", "declared_by_mark sign_found machine_mark_found visible_found visible_unsure_reading shows_person scope_unknown"),
    ("broken signature, traces", picture(BROKEN, PARAMETERS, **FACE), "traced in weak not_found partly_disclosed", "trace_found ai_claim_broken_signature machine_mark_broken_signature visible_not_found shows_person scope_unknown"),
    ("denied and marked", picture(C2PA, DENIAL, **FACE), "declared in found not_found partly_disclosed", "declared_by_mark denial_against_ai_claim machine_mark_found visible_not_found shows_person scope_unknown"),
    ("labels not read", picture(C2PA, layers=(("visible_label", "not_checked"),), **FACE), "declared in found not_assessable not_assessable", "declared_by_mark layer_incomplete machine_mark_found visible_not_assessable shows_person scope_unknown"),
    ("a text beside it not read", picture(C2PA, layers=(("caption", "not_checked"),), **FACE), "declared in found not_assessable not_assessable", "declared_by_mark machine_mark_found visible_not_assessable shows_person scope_unknown"),
    ("not decodable, but marked", picture(C2PA, **UNREAD), "declared unknown found not_assessable not_assessable", "declared_by_mark not_examined machine_mark_found visible_not_assessable scope_unknown scope_unknown"),
    ("marks not read, but labelled", picture(LABEL, layers=(("marks", "failed"),), **FACE), "declared in not_assessable found not_assessable", "declared_by_label layer_incomplete machine_mark_not_assessable visible_found shows_person scope_unknown"),
    ("before it was in force", picture(C2PA, published_at="2026-01-17", **FACE), "declared in found not_found out_of_scope", "declared_by_mark machine_mark_found visible_not_found shows_person scope_unknown before_in_force"),
    ("on the first day", picture(C2PA, published_at="2026-01-18", **FACE), "declared in found not_found partly_disclosed", "declared_by_mark machine_mark_found visible_not_found shows_person scope_unknown"),
    ("captured before, published who knows when", picture(EDITED, published_at=None, captured_at="2019-05-01", **FACE), "declared unknown found not_found partly_disclosed", "declared_by_mark machine_mark_found visible_not_found shows_person scope_unknown date_from_capture captured_before_in_force"),
    ("captured after", picture(C2PA, published_at=None, captured_at="2026-05-01T10:00:00", **FACE), "declared in found not_found partly_disclosed", "declared_by_mark machine_mark_found visible_not_found shows_person scope_unknown date_from_capture"),
    ("no date", picture(C2PA, published_at=None, **FACE), "declared in found not_found partly_disclosed", "declared_by_mark machine_mark_found visible_not_found shows_person scope_unknown date_unknown"),
]

EU_PROVIDER: list[Row] = [
    ("signed and watermarked", picture(C2PA, WATERMARK), "declared in found not_found disclosed", "declared_by_mark trace_found machine_mark_found"),
    ("signed, watermark named", picture(C2PA, SOFT_BINDING), "declared in found not_found disclosed", "declared_by_mark machine_mark_found"),
    ("signed only", picture(C2PA), "declared in weak not_found disclosed", "declared_by_mark machine_mark_found machine_mark_one_layer"),
    ("a plain field", picture(IPTC), "declared in weak not_found disclosed", "declared_by_mark machine_mark_found machine_mark_one_layer"),
    ("watermarked only", picture(WATERMARK), "traced in weak not_found disclosed", "trace_found machine_mark_found machine_mark_one_layer"),
    ("labelled only", picture(LABEL), "declared in not_found found not_disclosed", "declared_by_label machine_mark_not_found"),
    ("traces only", picture(PARAMETERS), "traced in weak not_found not_disclosed", "trace_found machine_mark_is_trace"),
    ("marked beside the file", picture(SIDECAR), "declared in weak not_found partly_disclosed", "declared_by_mark machine_mark_beside_only"),
    ("broken signature, labelled", picture(BROKEN, LABEL), "declared in weak found partly_disclosed", "declared_by_label ai_claim_broken_signature machine_mark_broken_signature"),
    ("maybe assistive editing", picture(EDITED), "declared unknown weak not_found disclosed", "declared_by_mark machine_mark_found machine_mark_one_layer exception_possible"),
    ("the day before", picture(C2PA, WATERMARK, published_at="2026-08-01"), "declared in found not_found out_of_scope", "declared_by_mark trace_found machine_mark_found before_in_force"),
    ("the first day of grace", picture(LABEL, published_at="2026-08-02"), "declared unknown not_found found not_disclosed", "declared_by_label machine_mark_not_found grace_period"),
    ("the last day of grace", picture(LABEL, published_at="2026-12-01"), "declared unknown not_found found not_disclosed", "declared_by_label machine_mark_not_found grace_period"),
    ("grace is over", picture(LABEL, published_at="2026-12-02"), "declared in not_found found not_disclosed", "declared_by_label machine_mark_not_found"),
    ("labels not read, which it does not ask for", picture(C2PA, SOFT_BINDING, layers=(("visible_label", "failed"),)), "declared in found not_assessable disclosed", "declared_by_mark layer_incomplete machine_mark_found"),
]

EU_DEPLOYER: list[Row] = [
    ("labelled", picture(LABEL, **FACE), "declared unknown not_found found disclosed", "declared_by_label visible_found shows_person"),
    ("the EU's bare icon", picture(replace(BARE, exactness="exact")), "declared unknown not_found found disclosed", "declared_by_label visible_found scope_unknown"),
    ("labelled beside the file", picture(CAPTION), "declared unknown not_found found disclosed", "declared_by_label visible_beside_found scope_unknown"),
    ("marked only", picture(C2PA), "declared unknown found not_found not_disclosed", "declared_by_mark visible_not_found scope_unknown"),
    ("traces only", picture(PARAMETERS), "traced unknown weak not_found not_disclosed", "trace_found visible_not_found scope_unknown"),
    ("labelled late in a film", film(replace(LABEL, first_ms=60_000.0)), "declared unknown not_found weak disclosed", "declared_by_label visible_found visible_late scope_unknown"),
    ("the day before", picture(LABEL, published_at="2026-08-01"), "declared unknown not_found found out_of_scope", "declared_by_label visible_found scope_unknown before_in_force"),
    ("no grace here", picture(C2PA, published_at="2026-08-02"), "declared unknown found not_found not_disclosed", "declared_by_mark visible_not_found scope_unknown"),
]

CN: list[Row] = [
    ("marked and labelled", film(AIGC, LABEL), "declared in found found disclosed", "declared_by_mark declared_by_label machine_mark_found visible_found"),
    ("marked only", film(AIGC), "declared in found not_found partly_disclosed", "declared_by_mark machine_mark_found visible_not_found"),
    ("labelled only", film(LABEL), "declared in not_found found partly_disclosed", "declared_by_label machine_mark_not_found visible_found"),
    ("marked in another form", film(C2PA, IPTC, LABEL), "declared in weak found partly_disclosed", "declared_by_mark declared_by_label machine_mark_other_form visible_found"),
    ("traces only", film(PARAMETERS, WATERMARK), "traced in weak not_found not_disclosed", "trace_found machine_mark_is_trace visible_not_found"),
    ("two copies", film(replace(AIGC, facts={"copies": "2"}), LABEL), "declared in weak found partly_disclosed", "declared_by_mark declared_by_label machine_mark_found machine_mark_copies visible_found"),
    ("one copy in the file, one beside", film(AIGC, replace(AIGC, mark_id="beside", beside=True), LABEL), "declared in found found disclosed", "declared_by_mark declared_by_label machine_mark_found visible_found"),
    ("the field beside the file only", film(replace(AIGC, beside=True), LABEL), "declared in weak found partly_disclosed", "declared_by_mark declared_by_label machine_mark_beside_only visible_found"),
    ("too small", film(AIGC, replace(LABEL, height_ratio=0.03)), "declared in found weak partly_disclosed", "declared_by_mark declared_by_label machine_mark_found visible_found visible_too_small"),
    ("as small as we measure it to be large enough", film(AIGC, replace(LABEL, height_ratio=0.04)), "declared in found found disclosed", "declared_by_mark declared_by_label machine_mark_found visible_found"),
    ("too late", film(AIGC, replace(LABEL, first_ms=4000.0)), "declared in found weak partly_disclosed", "declared_by_mark declared_by_label machine_mark_found visible_found visible_not_at_start"),
    ("too short", film(AIGC, replace(LABEL, shown_ms=1000.0)), "declared in found weak partly_disclosed", "declared_by_mark declared_by_label machine_mark_found visible_found visible_too_short"),
    ("a picture has no time", picture(AIGC, replace(LABEL, first_ms=None, shown_ms=None)), "declared in found found disclosed", "declared_by_mark declared_by_label machine_mark_found visible_found"),
    ("a bare AI", picture(AIGC, BARE), "declared in found weak partly_disclosed", "declared_by_mark declared_by_label machine_mark_found visible_found visible_lacks_element visible_unsure_reading"),
    ("a label without the law's words", picture(AIGC, ENGLISH), "declared in found weak partly_disclosed", "declared_by_mark declared_by_label machine_mark_found visible_found visible_lacks_element"),
    ("the law's words, misread", picture(AIGC, replace(LABEL, value="Al 牛成", exactness="fuzzy")), "declared in found found disclosed", "declared_by_mark declared_by_label machine_mark_found visible_found"),
    ("labelled beside the file", picture(AIGC, CAPTION), "declared in found weak partly_disclosed", "declared_by_mark declared_by_label machine_mark_found visible_beside_only"),
    ("a bad label beside a good one", film(AIGC, BARE, LABEL), "declared in found found disclosed", "declared_by_mark declared_by_label machine_mark_found visible_found"),
    ("one short of the law, one of advice", film(AIGC, ENGLISH, replace(LABEL, contrast=10.0)), "declared in found weak disclosed", "declared_by_mark declared_by_label machine_mark_found visible_found visible_faint"),
    ("the day before", film(AIGC, LABEL, published_at="2025-08-31"), "declared in found found out_of_scope", "declared_by_mark declared_by_label machine_mark_found visible_found before_in_force"),
]

US_CA: list[Row] = [
    ("signed, with all four facts", picture(C2PA), "declared unknown found not_found disclosed", "declared_by_mark machine_mark_found scope_unknown"),
    ("without a time", picture(replace(C2PA, facts={**C2PA.facts, "time_stamp": ""})), "declared unknown weak not_found partly_disclosed", "declared_by_mark machine_mark_found machine_mark_lacks_fields scope_unknown"),
    ("a plain field", picture(IPTC, **FACE), "declared unknown weak not_found partly_disclosed", "declared_by_mark machine_mark_found machine_mark_lacks_fields scope_unknown"),
    ("labelled only", picture(LABEL), "declared unknown not_found found not_disclosed", "declared_by_label machine_mark_not_found scope_unknown"),
    ("traces only", picture(PARAMETERS), "traced unknown weak not_found not_disclosed", "trace_found machine_mark_is_trace scope_unknown"),
    ("the day before", picture(C2PA, published_at="2026-08-01"), "declared unknown found not_found out_of_scope", "declared_by_mark machine_mark_found scope_unknown before_in_force"),
]

KR: list[Row] = [
    ("marked and labelled", picture(C2PA, LABEL), "declared in found found disclosed", "declared_by_mark declared_by_label machine_mark_found visible_found"),
    ("labelled only", picture(LABEL), "declared in not_found found disclosed", "declared_by_label machine_mark_not_found visible_found"),
    ("marked only", picture(C2PA), "declared in found not_found partly_disclosed", "declared_by_mark machine_mark_found visible_not_found"),
    ("traces only", picture(PARAMETERS), "traced in weak not_found not_disclosed", "trace_found machine_mark_is_trace visible_not_found"),
    ("labelled, marks not read", picture(LABEL, layers=(("marks", "failed"),)), "declared in not_assessable found disclosed", "declared_by_label layer_incomplete machine_mark_not_assessable visible_found"),
    ("marked, labels not read", picture(C2PA, layers=(("visible_label", "failed"),)), "declared in found not_assessable not_assessable", "declared_by_mark layer_incomplete machine_mark_found visible_not_assessable"),
    ("the day before", picture(LABEL, published_at="2026-01-21"), "declared in not_found found out_of_scope", "declared_by_label machine_mark_not_found visible_found before_in_force"),
]

IN: list[Row] = [
    ("marked and labelled", picture(C2PA, LABEL, **FACE), "declared unknown found found disclosed", "declared_by_mark declared_by_label machine_mark_found visible_found shows_person"),
    ("without an identifier", picture(IPTC, LABEL), "declared unknown weak found partly_disclosed", "declared_by_mark declared_by_label machine_mark_found machine_mark_lacks_fields visible_found scope_unknown"),
    ("marked only", picture(C2PA), "declared unknown found not_found partly_disclosed", "declared_by_mark machine_mark_found visible_not_found scope_unknown"),
    ("labelled only", picture(LABEL), "declared unknown not_found found partly_disclosed", "declared_by_label machine_mark_not_found visible_found scope_unknown"),
    ("labelled beside the file", picture(C2PA, CAPTION), "declared unknown found weak partly_disclosed", "declared_by_mark declared_by_label machine_mark_found visible_beside_only scope_unknown"),
    ("small, which is our advice only", picture(C2PA, replace(LABEL, height_ratio=0.01)), "declared unknown found weak disclosed", "declared_by_mark declared_by_label machine_mark_found visible_found visible_small scope_unknown"),
    ("maybe editing in good faith", picture(EDITED), "declared unknown weak not_found partly_disclosed", "declared_by_mark machine_mark_found machine_mark_lacks_fields visible_not_found scope_unknown exception_possible"),
    ("traces only", picture(PARAMETERS), "traced unknown weak not_found not_disclosed", "trace_found machine_mark_is_trace visible_not_found scope_unknown"),
    ("the day before", picture(C2PA, LABEL, published_at="2026-02-19"), "declared unknown found found out_of_scope", "declared_by_mark declared_by_label machine_mark_found visible_found scope_unknown before_in_force"),
]

TABLES = {
    "kz": KZ,
    "eu-provider": EU_PROVIDER,
    "eu-deployer": EU_DEPLOYER,
    "cn": CN,
    "us-ca": US_CA,
    "kr": KR,
    "in": IN,
}




@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("row", NOTHING_DECLARED, ids=lambda row: row[0])
def test_what_nothing_declares(row: Row, policy: str) -> None:
    _, facts, expected, codes = row
    verdict = judge(facts, POLICIES[policy], AS_OF)
    assert f"{verdict.synthesis} {verdict.outcome}" == expected
    told = [reason.code for reason in verdict.reasons]
    assert " ".join(told[: len(codes.split())]) == codes


@pytest.mark.parametrize(
    ("policy", "row"), [pytest.param(name, row, id=f"{name}: {row[0]}") for name, rows in TABLES.items() for row in rows]
)
def test_what_something_declares(policy: str, row: Row) -> None:
    _, facts, expected, codes = row
    verdict = judge(facts, POLICIES[policy], AS_OF)
    statuses = (verdict.synthesis, verdict.scope, verdict.machine_mark, verdict.visible_warning, verdict.outcome)
    assert " ".join(statuses) == expected
    assert " ".join(reason.code for reason in verdict.reasons) == codes


def test_every_shipped_policy_has_a_table() -> None:
    assert set(TABLES) == set(names())
