"""Plain words for every kind of mark."""

import pytest
from meaning_samples import RULES

from transforms.marks.meaning.declarations import FIELD_KINDS
from transforms.marks.meaning.rule_files import read_rules

KINDS = {
    *(rule.kind for rule in read_rules().generators),
    *FIELD_KINDS.values(),
    "iptc.digital_source_type",
    "credit.google_ai",
    "tc260.aigc",
    "adhoc.ai_generated",
    "adhoc.label_text",
    "camera.make_model",
    "camera.lens",
    "camera.maker_notes",
    "camera.exposure",
    "software.editor",
    "c2pa.manifest",
    "c2pa.action",
    "c2pa.ai_disclosure",
    "c2pa.soft_binding",
    "c2pa.source_type",
    "c2pa.training_mining",
    "c2pa.ingredient",
    "c2pa.remote_reference",
    "c2pa.unreadable",
    "generator.stealth_pnginfo",
    "watermark.sd1",
    "watermark.sd2",
    "watermark.sdxl",
    "watermark.flux",
    "label.text",
    "icon.eu_ai",
    "icon.eu_ai_generated",
    "icon.eu_ai_modified",
    "icon.content_credentials",
    "trace.wordmark",
    "trace.gemini_sparkle",
    "caption.sidecar",
    "caption.context",
    "caption.subtitles",
}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_has_a_meaning(kind: str) -> None:
    assert read_rules().meaning_of(kind) is not None


def test_a_kind_has_the_meaning_of_its_longest_beginning() -> None:
    rules = read_rules()
    assert rules.meaning_of("generator.sora") == rules.meanings["generator"]
    assert rules.meaning_of("generator.comfyui") == rules.meanings["generator.comfyui"] != rules.meanings["generator"]
    assert rules.meaning_of("generators") is None


def test_no_meaning_is_of_a_kind_that_no_one_makes() -> None:
    beginnings = {kind.split(".")[0] for kind in KINDS}
    assert set(read_rules().meanings) <= KINDS | beginnings
    assert len(RULES) == len(read_rules().generators)
