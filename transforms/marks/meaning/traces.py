"""What a generator's trace tells: model, seed and the like as facts, and its text with the prompts left out.

Prompts are often personal, so a row holds their length and SHA-256. Readers of JSON show only strings that stand under
a known harmless key, since a prompt may stand anywhere in a graph; all others become ``[text: N characters]``.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from transforms.marks.meaning.comfyui import comfyui_facts
from transforms.marks.meaning.json_traces import json_facts, json_shown
from transforms.marks.meaning.loose_json import parse_json
from transforms.marks.meaning.prompts import a_prompt, a_text, prompt_facts

_STEPS = "Steps: "
_MOST_SETTINGS = 20_000
_SETTING = re.compile(r'([A-Za-z][\w ./+-]{0,39}): ?("(?:[^"\\]|\\.){0,1000}"|[^,"]{0,400})(?:, ?|$)')
_SETTING_FACTS = {
    "steps": "steps",
    "sampler": "sampler",
    "cfg scale": "cfg",
    "seed": "seed",
    "model": "model",
    "unet": "model",
    "model hash": "model_hash",
    "version": "version",
}
_SPACED_SETTINGS = frozenset({"schedule type", "hires upscaler", "rng", "vae", "te", "app", "pipeline", "operations"})
"""Settings beside those of facts whose values may have spaces and are no text of a person."""
_NEGATIVE = "Negative prompt:"
_JOB = re.compile(r"Job ID:\s{0,4}([0-9a-fA-F-]{8,40})")
_MIDJOURNEY_VERSION = re.compile(r"--(?:v|version|niji)\s{1,4}([\w.]{1,8})")
_DREAM_FLAGS = re.compile(r" -(s|S|C|A) ?([\w.]{1,40})")
_DREAM_FACTS = {"s": "steps", "S": "seed", "C": "cfg", "A": "sampler"}
_MOST_PLAIN = 120


@dataclass(frozen=True, slots=True)
class Trace:
    """What a value tells.

    Attributes:
        facts: Under stable names.
        shown: The value without prompts.
        prompts: By the name of their fact: ``prompt``, ``negative_prompt``.
    """

    facts: Mapping[str, str]
    shown: str
    prompts: Mapping[str, str] = field(default_factory=dict)


def read_plain(value: str, found: str) -> Trace:
    """A name of software: shown whole where it is short, else only what was found in it."""
    return Trace({}, value if len(value) <= _MOST_PLAIN else found)


def read_found(_value: str, found: str) -> Trace:
    """A text for people, of which only what was found is shown."""
    return Trace({}, found[:_MOST_PLAIN])


def read_prompt(value: str, _found: str) -> Trace:
    """A value that is a prompt and nothing else."""
    prompts = {"prompt": value}
    return Trace(prompt_facts(prompts), a_prompt(value), prompts)


def read_hidden(value: str, _found: str) -> Trace:
    """A value of which nothing is shown but its length: a signature, say."""
    return Trace({"characters": str(len(value))}, a_text(value))


def read_parameters(value: str, found: str) -> Trace:
    """Parameters as AUTOMATIC1111 writes them: prompt, ``Negative prompt:``, and a line that begins ``Steps:``."""
    if value.lstrip()[:1] == "{":
        return read_json(value, found)
    at = 0 if value.startswith(_STEPS) else value.rfind("\n" + _STEPS) + 1
    if not at and not value.startswith(_STEPS):
        at = max(value.find(_STEPS), 0)
    text, line, rest = value[:at], *_first_line(value[at:])
    prompt, _, negative = text.partition(_NEGATIVE)
    prompts = {"prompt": prompt.strip(), "negative_prompt": negative.strip()}
    pairs = _SETTING.findall(line[:_MOST_SETTINGS])
    facts: dict[str, str] = {}
    for key, setting in pairs:
        name = _SETTING_FACTS.get(key.strip().casefold())
        if name is not None and setting.strip():
            facts.setdefault(name, setting.strip().strip('"'))
    shown = [a_prompt(prompts["prompt"])] if prompts["prompt"] else []
    if prompts["negative_prompt"]:
        shown.append(f"{_NEGATIVE} {a_prompt(prompts['negative_prompt'])}")
    shown.append(", ".join(f"{key}: {_shown_setting(key, setting)}" for key, setting in pairs))
    if rest.strip():
        shown.append(a_text(rest))
    return Trace(facts | prompt_facts(prompts), "\n".join(shown), prompts)


def read_json(value: str, _found: str) -> Trace:
    """Any JSON: the facts that most generators write, and the prompts."""
    data = parse_json(value)
    if data is None:
        return Trace({"readable": "no"}, a_text(value))
    facts, prompts = json_facts(data)
    return Trace(facts | prompt_facts(prompts), json_shown(data), prompts)


def read_comfyui(value: str, _found: str) -> Trace:
    """A graph of ComfyUI; of one that is cut off or damaged, what can be found in its text."""
    data = parse_json(value)
    facts, prompts = comfyui_facts(value, data)
    shown = a_text(value) if data is None else json_shown(data)
    return Trace(facts | prompt_facts(prompts), shown, prompts)


def read_midjourney(value: str, _found: str) -> Trace:
    """``<prompt> --ar 2:1 --v 6 Job ID: <uuid>``; the flags count as prompt, since ``--no`` takes words."""
    job = _JOB.search(value)
    prompt = (value[: job.start()] if job else value).strip()
    facts = {"job_id": job[1]} if job else {}
    if version := _MIDJOURNEY_VERSION.search(prompt[-_MOST_SETTINGS:]):
        facts["version"] = version[1]
    prompts = {"prompt": prompt}
    shown = f"{a_prompt(prompt)} {job[0]}" if job else a_prompt(prompt)
    return Trace(facts | prompt_facts(prompts), shown, prompts)


def read_dream(value: str, _found: str) -> Trace:
    """InvokeAI's old command line: ``"<prompt>" -s 50 -S 4 -C 7.5 -A k_lms``."""
    prompt, _, flags = value.rpartition('"')
    prompts = {"prompt": prompt.strip(' "')}
    facts = {_DREAM_FACTS[flag]: setting for flag, setting in _DREAM_FLAGS.findall(flags[:_MOST_SETTINGS])}
    shown = " ".join(f"-{flag} {setting}" for flag, setting in _DREAM_FLAGS.findall(flags[:_MOST_SETTINGS]))
    return Trace(facts | prompt_facts(prompts), f"{a_prompt(prompts['prompt'])} {shown}", prompts)


READERS: Mapping[str, Callable[[str, str], Trace]] = {
    "plain": read_plain,
    "found": read_found,
    "prompt": read_prompt,
    "hidden": read_hidden,
    "parameters": read_parameters,
    "json": read_json,
    "comfyui": read_comfyui,
    "midjourney": read_midjourney,
    "dream": read_dream,
}
"""By the name that a rule gives; each takes the raw value and what the rule's last pattern found in it."""


def _first_line(text: str) -> tuple[str, str]:
    line, _, rest = text.partition("\n")
    at = line.find("{")
    # What begins with a brace repeats the settings as JSON, the prompt among them (stable-diffusion.cpp, Civitai).
    return (line, rest) if at < 0 else (line[:at], line[at:] + rest)


def _shown_setting(key: str, setting: str) -> str:
    name, bare = key.strip().casefold(), setting.strip()
    if "prompt" in name or "template" in name or "wildcard" in name:
        return a_prompt(bare)
    single = bare.isascii() and len(bare) <= 40 and not any(character.isspace() for character in bare)
    return setting if single or name in _SETTING_FACTS or name in _SPACED_SETTINGS else a_text(bare)
