"""What manifests say: who declares what of which part, whether it holds, and whether the signer is known."""

import io
from pathlib import Path

import pytest

from tests.transforms.marks import c2pa_corpus as corpus
from transforms.marks.c2pa_marks import MOST_MARKS, c2pa_marks
from transforms.marks.c2pa_store import Status, Store, read_store
from transforms.marks.mark import Mark, MarkClass, Says
from transforms.marks.meaning.rule_files import read_rules
from transforms.marks.settings import Trust

ORIGINAL = Path(__file__).parents[4] / "shared" / "data" / "originals" / "c2pa_openai"
JPEG = "image/jpeg"


def marks(data: bytes, trust: Trust | None = None, media_type: str = JPEG) -> list[Mark]:
    store = read_store(io.BytesIO(data), media_type, trust or Trust())
    assert store
    return c2pa_marks(store, read_rules().source_types, "APP11", 20)


def signed(*actions, assertions=(), **options) -> bytes:
    return corpus.signed(corpus.media(JPEG), JPEG, corpus.manifest(*actions, assertions=assertions), **options)


def newsroom() -> Trust:
    return Trust(organisation=corpus.chain().root, name="newsroom")


def one(found: list[Mark], kind: str) -> Mark:
    (mark,) = [mark for mark in found if mark.kind == kind]
    return mark


# The four facts


def test_who_signed_what_with_what():
    found = marks(signed(), newsroom())
    manifest = one(found, "c2pa.manifest")
    assert (manifest.integrity, manifest.signer_trust, manifest.says) == ("trusted", "trusted", Says.UNKNOWN)
    facts = manifest.facts
    assert facts["generator"] == "TestGen 1.0"
    assert facts["signer"] == "Test Newsroom"
    assert facts["signer_name"] == "Test Newsroom Signer"
    assert facts["title"] == "ЖИ тест"
    assert facts["role"] == "active"
    assert facts["trust_list"] == "newsroom"
    assert facts["signer_serial"].isdigit()
    assert "codes" not in facts
    assert manifest.tool == "c2pa-python/0.38.1"
    assert manifest.offset == 20


@pytest.mark.parametrize(
    ("damage", "trust", "integrity", "signer_trust", "mark_class", "code"),
    [
        (lambda data: data, True, "trusted", "trusted", MarkClass.CRYPTOGRAPHIC, ""),
        (lambda data: data, False, "valid", "untrusted", MarkClass.CRYPTOGRAPHIC, "signingCredential.untrusted"),
        (
            lambda data: corpus.tampered(data, corpus.media(JPEG)),
            True,
            "invalid",
            "trusted",
            MarkClass.DECLARED,
            "assertion.dataHash.mismatch",
        ),
        (corpus.edited, True, "invalid", "trusted", MarkClass.DECLARED, "assertion.hashedURI.mismatch"),
        (lambda data: data + b"x", True, "invalid", "trusted", MarkClass.DECLARED, "assertion.dataHash.mismatch"),
        (
            lambda data: corpus.signed_when_expired(data, corpus.chain()),
            True,
            "invalid",
            "untrusted",
            MarkClass.DECLARED,
            "signingCredential.expired",
        ),
    ],
    ids=["trusted", "valid", "one bit of the picture", "the assertion", "appended", "expired"],
)
def test_invalid_keeps_what_it_says_and_no_longer_proves_it(damage, trust, integrity, signer_trust, mark_class, code):
    found = marks(damage(signed()), newsroom() if trust else None)
    action = one(found, "c2pa.action")
    assert action.says is Says.AI
    assert (action.integrity, action.signer_trust, action.mark_class) == (integrity, signer_trust, mark_class)
    assert code in action.facts.get("codes", "")


@pytest.mark.parametrize(
    ("status", "integrity"),
    [(Status.UNREADABLE, "unreadable"), (Status.REMOTE_NOT_FETCHED, "remote_not_fetched")],
)
def test_a_store_that_was_not_read_says_nothing_and_is_there(status, integrity):
    store = Store(status, "none", url="https://example.org/1.c2pa", message="prerelease content detected")
    (mark,) = c2pa_marks(store, {}, "APP11", 20)
    assert (mark.kind, mark.says, mark.integrity, mark.signer_trust) == ("c2pa.manifest", Says.UNKNOWN, integrity, None)
    assert mark.mark_class is MarkClass.DECLARED


def test_a_broken_file_in_which_nobody_saw_a_store_is_no_mark():
    store = Store(Status.CONTAINER_UNREADABLE, "none", message="asset could not be parsed")
    assert c2pa_marks(store, {}) == []
    assert [mark.integrity for mark in c2pa_marks(store, {}, "APP11", 20)] == ["unreadable"]


# What actions say


@pytest.mark.parametrize(
    ("actions", "says"),
    [
        ([corpus.action("c2pa.created", "trainedAlgorithmicMedia")], Says.AI),
        ([corpus.action("c2pa.created", "compositeWithTrainedAlgorithmicMedia")], Says.AI_PART),
        ([corpus.action("c2pa.created", "http://c2pa.org/digitalsourcetype/trainedAlgorithmicData")], Says.AI),
        ([corpus.action("c2pa.created", "algorithmicMedia")], Says.UNKNOWN),
        ([corpus.action("c2pa.created", "compositeSynthetic")], Says.UNKNOWN),
        ([corpus.action("c2pa.created", "digitalCapture")], Says.CAPTURE),
        ([corpus.action("c2pa.created", "computationalCapture")], Says.CAPTURE),
        ([corpus.action("c2pa.created", "digitalCreation")], Says.UNKNOWN),
        ([corpus.action("c2pa.created", "https://example.org/ownTerm")], Says.UNKNOWN),
    ],
    ids=lambda value: value[0]["digitalSourceType"].rsplit("/", 1)[-1] if isinstance(value, list) else "",
)
def test_what_the_creation_of_a_file_says(actions, says):
    assert one(marks(signed(*actions)), "c2pa.action").says is says


@pytest.mark.parametrize(
    ("kind", "says"),
    [("c2pa.edited", Says.AI_PART), ("c2pa.placed", Says.AI_PART), ("c2pa.transcoded", Says.UNKNOWN)],
)
def test_an_edit_with_a_model_says_part_and_a_transcoding_nothing(kind, says):
    parent = corpus.Ingredient(corpus.media(JPEG), JPEG)
    edit = corpus.action(kind, "trainedAlgorithmicMedia", parameters={"ingredientIds": ["ingredient0"]})
    found = marks(signed(corpus.opened(0), edit, ingredients=[parent]))
    (mark,) = [mark for mark in found if mark.facts.get("action") == kind]
    assert mark.says is says


def test_what_only_the_ingredient_says_is_told_as_the_ingredient_s():
    parent = corpus.Ingredient(signed(), JPEG)
    found = marks(signed(corpus.opened(0), ingredients=[parent]), newsroom())
    assert [(mark.kind, mark.facts["role"]) for mark in found] == [
        ("c2pa.manifest", "active"),
        ("c2pa.manifest", "ingredient"),
        ("c2pa.action", "ingredient"),
    ]
    action = one(found, "c2pa.action")
    assert (action.says, action.facts["relationship"], action.facts["agent"]) == (
        Says.AI,
        "parentOf",
        "TestDiffusion 3",
    )


def test_an_ingredient_that_was_damaged_when_it_was_taken_is_invalid_in_an_intact_file():
    parent = corpus.Ingredient(corpus.edited(signed()), JPEG)
    found = marks(signed(corpus.opened(0), ingredients=[parent]), newsroom())
    told = {(mark.facts["role"], mark.integrity) for mark in found}
    assert told == {("active", "trusted"), ("ingredient", "invalid")}
    action = one(found, "c2pa.action")
    assert (action.says, action.mark_class) == (Says.AI, MarkClass.DECLARED)
    assert "assertion.hashedURI.mismatch" in action.facts["codes"]


def test_one_of_two_components_is_a_part():
    made, taken = (
        corpus.Ingredient(signed(), JPEG, "componentOf"),
        corpus.Ingredient(signed(corpus.action("c2pa.created", "digitalCapture")), JPEG, "componentOf"),
    )
    placed = corpus.action("c2pa.placed", parameters={"ingredientIds": ["ingredient0", "ingredient1"]})
    found = marks(signed(corpus.action("c2pa.created", "composite"), placed, ingredients=[made, taken]), newsroom())
    told = {mark.facts.get("term"): mark.says for mark in found if mark.facts["role"] == "ingredient"}
    assert told["trainedAlgorithmicMedia"] is Says.AI_PART
    assert told["digitalCapture"] is Says.UNKNOWN


# Other assertions


def test_a_disclosure_a_watermark_and_a_wish_about_training():
    assertions = [
        {
            "label": "c2pa.ai-disclosure",
            "data": {
                "modelType": "c2pa.types.model.pytorch",
                "modelName": "Dream",
                "contentProfile": {"humanOversightLevel": "prompt_guided"},
            },
        },
        {"label": "c2pa.soft-binding", "data": {"alg": "com.adobe.trustmark.P", "blocks": [], "pad": ""}},
        {"label": "cawg.training-mining", "data": {"entries": {"cawg.ai_training": {"use": "notAllowed"}}}},
    ]
    found = marks(signed(assertions=tuple(assertions)))
    disclosure = one(found, "c2pa.ai_disclosure")
    assert disclosure.says is Says.AI
    assert (disclosure.facts["model"], disclosure.facts["human_oversight"]) == ("Dream", "prompt_guided")
    assert one(found, "c2pa.soft_binding").value == "com.adobe.trustmark.P"
    assert one(found, "c2pa.training_mining").says is Says.UNKNOWN


def test_a_source_type_in_a_metadata_assertion_is_read():
    metadata = {
        "label": "c2pa.metadata",
        "data": {
            "@context": {"Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"},
            "Iptc4xmpExt:DigitalSourceType": corpus.IPTC + "trainedAlgorithmicMedia",
        },
    }
    found = marks(signed(corpus.action("c2pa.created", "digitalCreation"), assertions=(metadata,)))
    assert one(found, "c2pa.source_type").says is Says.AI


# Always the same, and never too much


def test_the_same_file_gives_the_same_marks():
    parent = corpus.Ingredient(signed(), JPEG)
    data = signed(corpus.opened(0), ingredients=[parent])
    assert len({repr(marks(data)) for _ in range(6)}) == 1


def test_more_marks_than_one_needs_are_cut_and_counted():
    edits = [corpus.action("c2pa.edited", "trainedAlgorithmicMedia") for _ in range(MOST_MARKS + 9)]
    found = marks(signed(corpus.opened(0), *edits, ingredients=[corpus.Ingredient(corpus.media(JPEG), JPEG)]))
    assert len(found) == MOST_MARKS
    assert int(found[0].facts["marks_left_out"]) >= 9


@pytest.mark.parametrize(
    "data",
    [
        {"active_manifest": 3, "manifests": []},
        {"active_manifest": "a", "manifests": {"a": None}},
        {"active_manifest": "a", "manifests": {"a": {"assertions": [{"label": 1}, 7, {"data": []}], "ingredients": 3}}},
        {"active_manifest": "a", "manifests": {"a": {"ingredients": [{"active_manifest": "a"}]}}},
    ],
)
def test_a_store_unlike_any_other_raises_nothing(data):
    assert c2pa_marks(Store(Status.READ, "none", "Valid", data), {}, "APP11", 20)


@pytest.mark.skipif(not ORIGINAL.exists(), reason="the shared originals are not beside the project")
def test_a_picture_as_chatgpt_wrote_it():
    data = next(ORIGINAL.glob("*.png")).read_bytes()
    found = marks(data, media_type="image/png")
    assert {mark.facts["signer"] for mark in found} == {"OpenAI"}
    action = one(found, "c2pa.action")
    assert (action.says, action.facts["role"], action.facts["agent"]) == (Says.AI, "ingredient", "GPT-4o")
    assert action.integrity == "invalid"  # its certificate has expired since: that is no tampering
    active = found[0]
    assert "signingCredential.expired" in active.facts["codes"]
    assert not [code for code in active.facts["store_codes"].split() if code.endswith("mismatch")]
