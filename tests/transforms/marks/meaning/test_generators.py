"""Every generator rule: a property as the program writes it, and a neighbour that must not be taken for it."""

import html
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from meaning_samples import (
    GRAPH,
    NEGATIVE,
    PARAMETERS,
    RULES,
    SETTINGS,
    UUID,
    WORKFLOW,
    YAK,
    dumped,
    exif,
    key,
    png,
    prop,
    software,
    xmp,
)

from transforms.marks.mark import Mark, MarkClass, Says, sha256_text
from transforms.marks.meaning.meaning import read_meaning
from transforms.marks.meaning.rule_files import read_rules
from transforms.marks.pieces import Property

OF_AI = {Says.AI, Says.AI_PART}
NAMES = sorted(frozenset().union(*(rule.where.names for rule in read_rules().generators)))


def marks_of(*properties: Property, keep_prompts: bool = False) -> list[Mark]:
    return read_meaning(properties, read_rules(), keep_prompts=keep_prompts)


def the_generator(*properties: Property) -> Mark:
    (mark,) = [mark for mark in marks_of(*properties) if mark.kind.startswith("generator.")]
    return mark


def test_every_rule_has_a_row() -> None:
    assert set(RULES) == {rule.id for rule in read_rules().generators}


@pytest.mark.parametrize("rule_id", RULES)
def test_rule_finds_its_trace(rule_id: str) -> None:
    rule = next(rule for rule in read_rules().generators if rule.id == rule_id)
    found = [mark for mark in marks_of(*RULES[rule_id][0]) if mark.facts.get("rule") == rule_id]
    assert len(found) == 1
    assert (found[0].kind, found[0].mark_class) == (f"generator.{rule_id.partition('.')[0]}", MarkClass.IMPLICIT)
    assert found[0].says == rule.says or RULES[rule_id][0][0].name.startswith("History")
    assert found[0].facts["product"] == rule.product


@pytest.mark.parametrize("rule_id", RULES)
def test_near_miss_gives_no_mark_of_ai(rule_id: str) -> None:
    assert [mark for mark in marks_of(*RULES[rule_id][1]) if mark.says in OF_AI] == []


@pytest.mark.parametrize("rule_id", RULES)
def test_no_prompt_is_shown_unless_asked_for(rule_id: str) -> None:
    for mark in marks_of(*RULES[rule_id][0]):
        shown = f"{mark.value} {mark.facts}"
        assert "Aliya" not in shown
        assert "yak" not in shown
        assert "fingers" not in shown


def test_parameters_as_facts() -> None:
    mark = the_generator(png("parameters", PARAMETERS))
    assert {name: mark.facts[name] for name in ("model", "model_hash", "seed", "sampler", "steps", "cfg")} == {
        "model": "dream_v5",
        "model_hash": "abcd1234",
        "seed": "42",
        "sampler": "Euler a",
        "steps": "20",
        "cfg": "7",
    }
    assert mark.facts["prompt_sha256"] == sha256_text(YAK)
    assert mark.facts["prompt_chars"] == str(len(YAK))
    assert mark.facts["negative_prompt_sha256"] == sha256_text(NEGATIVE)
    assert mark.value == (
        f"[prompt: {len(YAK)} characters]\nNegative prompt: [prompt: {len(NEGATIVE)} characters]\n{SETTINGS}"
    )
    assert mark.value_sha256 == sha256_text(PARAMETERS)


@pytest.mark.parametrize(
    "tail",
    [
        f', ADetailer prompt: "{YAK}", Version: v1.10',
        f", Hires prompt: {YAK}",
        f"\nTemplate: {YAK}\nNegative Template: {NEGATIVE}",
        f', Civitai metadata: {{"prompt": "{YAK}"}}',
        f', Unheard of: "{YAK}"',
    ],
    ids=["adetailer", "hires", "dynamic_prompts", "json", "unknown_setting"],
)
def test_prompts_behind_the_settings_are_left_out(tail: str) -> None:
    mark = the_generator(png("parameters", PARAMETERS + tail))
    assert "Aliya" not in f"{mark.value}{mark.facts}"


def test_prompts_are_kept_where_asked_for() -> None:
    (mark,) = marks_of(png("parameters", PARAMETERS), keep_prompts=True)
    assert (mark.value, mark.facts["prompt"], mark.facts["negative_prompt"]) == (PARAMETERS, YAK, NEGATIVE)


def with_nan(graph: object) -> str:
    return json.dumps(graph).replace('"cfg": 7.0', '"cfg": NaN')


@pytest.mark.parametrize(
    "property_",
    [
        png("prompt", json.dumps(GRAPH)),
        png("prompt", with_nan(GRAPH)),
        exif("Model", f"prompt:{json.dumps(GRAPH)}"),
        exif("UserComment", json.dumps({"prompt": GRAPH, "workflow": WORKFLOW})),
        key("comment", json.dumps({"prompt": json.dumps(GRAPH)})),
        key("COMMENT", json.dumps({"prompt": json.dumps(GRAPH)}).replace("=", r"\=").replace(";", r"\;")),
        key("prompt", json.dumps(json.dumps(GRAPH))),
        key("prompt", json.dumps(json.dumps(GRAPH))[1:-1]),
        xmp("prompt", html.escape(json.dumps(GRAPH))),
        key("prompt", json.dumps(GRAPH) + "\x00\x00 trailing"),
    ],
    ids=["png", "nan", "webp", "user_comment", "mp4", "mkv_ffmpeg", "string", "escaped", "html", "trailing"],
)
def test_comfyui_graph_in_every_dress(property_: Property) -> None:
    mark = the_generator(property_)
    assert (mark.kind, mark.says) == ("generator.comfyui", Says.AI)
    assert mark.facts["model"] == "dream_v5.safetensors"
    assert mark.facts["seed"].split("; ") == ["77"]
    assert int(mark.facts["nodes"]) >= 4
    assert mark.facts["prompt_sha256"] == sha256_text(YAK)
    assert mark.facts["negative_prompt_sha256"] == sha256_text(NEGATIVE)
    assert "Aliya" not in f"{mark.value}{mark.facts}"


def test_comfyui_graph_that_is_cut_off() -> None:
    mark = the_generator(png("prompt", json.dumps(GRAPH)[:-40]))
    assert (mark.facts["readable"], mark.facts["model"], mark.facts["seed"]) == ("no", "dream_v5.safetensors", "77")
    assert mark.facts["nodes"] == "4"
    assert "Aliya" not in f"{mark.value}{mark.facts}"


def test_comfyui_graph_of_many_nodes() -> None:
    graph = {str(at): {"class_type": "CLIPTextEncode", "inputs": {"text": YAK}} for at in range(30_000)}
    assert the_generator(png("prompt", json.dumps(graph))).facts["nodes"] == "30000"


def test_comfyui_workflow_names_model_and_seed() -> None:
    mark = the_generator(png("workflow", json.dumps(WORKFLOW)))
    assert (mark.facts["model"], mark.facts["seed"], mark.facts["nodes"]) == ("dream_v5.safetensors", "77", "3")


def test_json_facts_of_invokeai() -> None:
    metadata = dumped(positive_prompt=YAK, seed=5, steps=30, cfg_scale=7.5, scheduler="euler", model={"name": "dream"})
    facts = the_generator(png("invokeai_metadata", metadata)).facts
    assert (facts["model"], facts["seed"], facts["steps"], facts["cfg"], facts["sampler"]) == (
        "dream",
        "5",
        "30",
        "7.5",
        "euler",
    )


def test_midjourney_job_that_is_cut_off() -> None:
    assert the_generator(png("Description", f"{YAK} --v 7 Job ID: {UUID[:8]}")).facts["job_id"] == UUID[:8]


def test_midjourney_job() -> None:
    mark = the_generator(png("Description", f"{YAK} --ar 2:1 --v 6 Job ID: {UUID}"))
    assert (mark.facts["job_id"], mark.facts["version"]) == (UUID, "6")
    assert mark.value is not None
    assert mark.value.endswith(f"Job ID: {UUID}")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (xmp("description", RULES["xai_grok"][0][0].value), xmp("creator", UUID)),
        (png("Description", RULES["xai_grok"][0][0].value), png("Author", UUID)),
        (prop("iptc", "Caption-Abstract", RULES["xai_grok"][0][0].value, "2"), prop("iptc", "By-line", UUID, "2")),
    ],
    ids=["xmp", "png_text", "iptc"],
)
def test_grok_pair_in_other_layers(first: Property, second: Property) -> None:
    assert the_generator(first, second).kind == "generator.xai_grok"


def test_grok_pair_is_of_one_layer() -> None:
    assert marks_of(exif("ImageDescription", RULES["xai_grok"][0][0].value), png("Author", UUID)) == []


def test_a_step_of_an_edit_is_a_part() -> None:
    (mark,) = marks_of(xmp("History[3]/softwareAgent", "Adobe Firefly"))
    assert (mark.kind, mark.says) == ("generator.firefly", Says.AI_PART)


def test_the_name_is_a_fact() -> None:
    assert the_generator(*software("Artbreeder 2")).facts["named"] == "Artbreeder"


@given(st.lists(st.sampled_from([*NAMES, "", "no_rules_name"]), max_size=4))
def test_rules_that_look_at_names_are_found_by_them(names: list[str]) -> None:
    rules = read_rules()
    assert rules.generators_of(names) == [
        rule for rule in rules.generators if not rule.where.names or not rule.where.names.isdisjoint(names)
    ]
