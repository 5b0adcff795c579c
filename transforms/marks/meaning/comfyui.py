"""Graphs of nodes as ComfyUI stores them: ``prompt`` (what ran) and ``workflow`` (what the editor shows).

Form: https://github.com/comfyanonymous/ComfyUI, ``nodes.py`` (SaveImage) and ``comfy_extras/nodes_video.py``.
"""

import re
from typing import Any

from transforms.marks.meaning.json_traces import walk

_MODEL = re.compile(r'(?:ckpt|unet)_name\\{0,8}"\s{0,4}:\s{0,4}\\{0,8}"([^"\\]{1,200})')
_SEED = re.compile(r'(?:noise_)?seed\\{0,8}"\s{0,4}:\s{0,4}(\d{1,20})')
_NODE = re.compile(r'class_type(?:\\{0,8}"|&quot;)\s{0,4}:')
_MODELS, _SEEDS = frozenset({"ckpt_name", "unet_name"}), frozenset({"seed", "noise_seed"})
_LOADERS = frozenset(
    {"CheckpointLoaderSimple", "CheckpointLoader", "ImageOnlyCheckpointLoader", "UNETLoader", "UnetLoaderGGUF"}
)
_SAMPLERS = frozenset({"KSampler", "RandomNoise"})
_FACTS = {"steps": "steps", "cfg": "cfg", "sampler_name": "sampler"}
_TEXTS = ("text", "text_g", "prompt", "string", "positive", "negative")
_MOST_NAMED, _MOST_HOPS, _MOST_NODES = 5, 6, 2000


def comfyui_facts(text: str, data: dict[str, Any] | list[Any] | None) -> tuple[dict[str, str], dict[str, str]]:
    """Facts of a graph, and its prompts by the name of their fact.

    Args:
        text: As the file holds it.
        data: The same as JSON; None where it cannot be read, and only models, seeds and the number of nodes are found.

    Returns:
        Facts ``model`` and ``seed`` (the first five of each, a semicolon between them), ``nodes``, ``steps``, ``cfg``
        and ``sampler``; prompts where a sampler's ``positive`` and ``negative`` lead to a node with a text.
    """
    nodes = len(_NODE.findall(text))
    if data is None:
        facts = {"readable": "no", "nodes": str(nodes)}
        return facts | _named("model", _MODEL.findall(text)) | _named("seed", _SEED.findall(text)), {}
    models: list[str] = []
    seeds: list[str] = []
    facts = {}
    graph = None
    for key, value in walk(data):
        if key in _MODELS and isinstance(value, str):
            models.append(value)
        elif key in _SEEDS and type(value) is int and value < 1 << 70:
            seeds.append(str(value))
        elif key in _FACTS and type(value) in {int, float, str}:
            facts.setdefault(_FACTS[key], str(value)[:60])
        elif key == "nodes" and isinstance(value, list):
            nodes = nodes or len(value)
            models += _widgets(value, _LOADERS, str)
            seeds += _widgets(value, _SAMPLERS, int)
        if graph is None and isinstance(value, dict) and _is_graph(value):
            graph = value
    if isinstance(data, dict) and _is_graph(data):
        graph = data
    facts["nodes"] = str(nodes)
    return facts | _named("model", models) | _named("seed", seeds), _prompts(graph or {})


def _named(fact: str, found: list[str]) -> dict[str, str]:
    distinct = list(dict.fromkeys(found))[:_MOST_NAMED]
    return {fact: "; ".join(distinct)} if distinct else {}


def _widgets(nodes: list[Any], types: frozenset[str], kind: type) -> list[str]:
    """First widgets of the nodes of some types: the model of a loader, the seed of a sampler."""
    of_types = [node for node in nodes[:_MOST_NODES] if isinstance(node, dict) and str(node.get("type")) in types]
    widgets = [node.get("widgets_values") for node in of_types]
    return [str(row[0])[:200] for row in widgets if isinstance(row, list) and row and type(row[0]) is kind]


def _is_graph(data: dict[str, Any]) -> bool:
    return any(isinstance(node, dict) and "class_type" in node for node in list(data.values())[:8])


def _prompts(graph: dict[str, Any]) -> dict[str, str]:
    for node in list(graph.values())[:_MOST_NODES]:
        inputs = node.get("inputs") if isinstance(node, dict) else None
        if isinstance(inputs, dict) and isinstance(inputs.get("positive"), list):
            found = {
                "prompt": _text(graph, inputs["positive"]),
                "negative_prompt": _text(graph, inputs.get("negative")),
            }
            if found["prompt"]:
                return found
    return {}


def _text(graph: dict[str, Any], link: Any) -> str:
    """The text at the end of a link ``[node id, output]``, through nodes that only change a conditioning."""
    for _ in range(_MOST_HOPS):
        node = graph.get(str(link[0])) if isinstance(link, list) and link else None
        inputs = node.get("inputs") if isinstance(node, dict) else None
        if not isinstance(inputs, dict):
            return ""
        text = next((inputs[name] for name in _TEXTS if isinstance(inputs.get(name), str)), "")
        if text:
            return str(text)
        link = inputs.get("conditioning") or inputs.get("text") or inputs.get("positive")
    return ""
