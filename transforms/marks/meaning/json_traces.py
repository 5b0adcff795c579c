"""Facts from the JSON that generators write, whatever their names for the same thing; and that JSON without prompts."""

import json
from collections import deque
from collections.abc import Iterator
from typing import Any

from transforms.marks.meaning.loose_json import parse_json
from transforms.marks.meaning.names import normal_name
from transforms.marks.meaning.prompts import a_prompt, a_text

_NAMES = {
    "model": ("model", "modelname", "sdmodelname", "usestablediffusionmodel", "stablediffusionmodel", "ckptname",
              "unetname", "ckpt", "checkpoint", "modelweights", "basemodel", "modelid"),
    "model_hash": ("modelhash", "sdmodelhash", "basemodelhash"),
    "seed": ("seed", "noiseseed", "seeds"),
    "steps": ("steps", "numinferencesteps", "samplersteps"),
    "sampler": ("sampler", "samplername", "scheduler"),
    "cfg": ("cfg", "cfgscale", "guidance", "guidancescale", "scale"),
    "version": ("version", "mfluxversion", "appversion", "swarmversion"),
    "generation_type": ("genaitype",),
}  # fmt: skip
"""By fact; earlier names win."""
_PROMPTS = {
    "prompt": ("positiveprompt", "prompt", "rawprompt", "c", "textprompts", "basecaption"),
    "negative_prompt": ("negativeprompt", "rawnegativeprompt", "uc"),
}
_PROMPT_KEYS = frozenset(
    {
        *_PROMPTS["prompt"],
        *_PROMPTS["negative_prompt"],
        "caption",
        "charcaption",
        "text",
        "textg",
        "textl",
        "description",
    }
)
_INSIDE = ("name", "modelname", "key", "key2")
"""Where the name of a model stands that is itself an object."""
_HARMLESS = frozenset({
    "classtype", "type", "ckptname", "unetname", "vaename", "clipname", "clipname1", "clipname2", "loraname",
    "model", "modelname", "sdmodelname", "usestablediffusionmodel", "usevaemodel", "basemodel", "sampler",
    "samplername", "scheduler", "schedulername", "version", "mfluxversion", "appversion", "swarmversion",
    "generationmode", "metadatascheme", "precision", "createdat", "modelhash", "hash", "rfc3339", "genimageversion",
    "connectortype", "performance", "app",
})  # fmt: skip
_MOST_NODES, _MOST_SHOWN, _MOST_DEPTH, _MOST_TEXT = 100_000, 300, 30, 120
_MOST_INNER = 8


def walk(data: Any) -> Iterator[tuple[str, Any]]:
    """All keys with their values, from the top down, at most 100,000; a string that is itself JSON is read as well."""
    waiting: deque[Any] = deque([data])
    seen, inner = 0, 0
    while waiting and seen < _MOST_NODES:
        here = waiting.popleft()
        for key, value in here.items() if isinstance(here, dict) else (("", value) for value in here):
            seen += 1
            if seen > _MOST_NODES:
                return
            read = value
            if isinstance(value, str) and value[:2] in {'{"', "[{"} and inner < _MOST_INNER:
                inner += 1
                read = parse_json(value) or value
            if key:
                yield key, read
            if isinstance(read, dict | list):
                waiting.append(read)


def json_facts(data: Any) -> tuple[dict[str, str], dict[str, str]]:
    """Facts, and prompts by the name of their fact; of several values for one, the uppermost."""
    found: dict[str, Any] = {}
    for key, value in walk(data):
        name = normal_name(key)
        if value not in ("", None) and (not isinstance(value, dict | list) or name.endswith("model")):
            found.setdefault(name, value)
    facts: dict[str, str] = {}
    for fact, names in _NAMES.items():
        text = next((text for name in names if (text := _scalar(found.get(name)))), "")
        if text:
            facts[fact] = text
    prompts = {
        fact: next((found[name] for name in names if isinstance(found.get(name), str)), "")
        for fact, names in _PROMPTS.items()
    }
    return facts, prompts


def json_shown(data: Any) -> str:
    """The beginning of JSON with its prompts and all texts under unknown keys left out."""
    return json.dumps(_without_texts(data, "", 0, [_MOST_SHOWN]), ensure_ascii=False)


def _scalar(value: Any) -> str:
    if isinstance(value, dict):
        return next((text for name in _INSIDE if (text := _scalar(value.get(name)))), "")
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value)[:_MOST_TEXT]


def _without_texts(data: Any, key: str, depth: int, left: list[int]) -> Any:
    left[0] -= 1
    if left[0] < 0 or depth > _MOST_DEPTH:
        return "…"
    if isinstance(data, dict):
        return {
            _key(name): _without_texts(value, name, depth + 1, left) for name, value in list(data.items())[:_MOST_SHOWN]
        }
    if isinstance(data, list):
        return [_without_texts(value, key, depth + 1, left) for value in data[:_MOST_SHOWN]]
    if isinstance(data, str):
        name = normal_name(key)
        if name in _HARMLESS and len(data) <= _MOST_TEXT:
            return data
        return a_prompt(data) if "prompt" in name or name in _PROMPT_KEYS else a_text(data)
    return data if isinstance(data, bool | float) or data is None or abs(data) < 1 << 70 else "…"


def _key(name: str) -> str:
    return name if name.isascii() and len(name) <= 40 and name.count(" ") < 3 else a_text(name)
