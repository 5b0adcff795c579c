"""Checks a YAML text against a pydantic model, and names what is wrong with file, line and field."""

from collections.abc import Iterator, Sequence
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from transforms.quick_yaml import load_yaml


def yaml_problems(name: str, text: str, model: type[BaseModel], context: Any = None) -> list[str]:
    """What is wrong with a text, each with its line: ``generators.yaml:71: rules.3.says: Input should be …``.

    Args:
        name: Of the file, for people.
        text: Of the file.
        model: What it should be.
        context: Handed to the model's validators.
    """
    try:
        tree, data = yaml.compose(text, Loader=yaml.SafeLoader), load_yaml(text)
    except yaml.YAMLError as error:
        return [f"{name}: no YAML: {error}"]
    if twice := [f"{name}:{line}: {key}: stands here a second time" for line, key in _repeated(tree)]:
        return twice
    try:
        model.model_validate(data, context=context)
    except ValidationError as errors:
        return [
            ": ".join(filter(None, [f"{name}:{_line(tree, error['loc'])}", _path(error["loc"]), error["msg"]]))
            for error in errors.errors()
        ]
    return []


def _path(place: Sequence[str | int]) -> str:
    return ".".join(map(str, place))


def _repeated(tree: Any) -> Iterator[tuple[int, str]]:
    """Line and name of every key that its mapping has already: YAML would silently take the last."""
    if isinstance(tree, yaml.MappingNode):
        seen = set()
        for key, value in tree.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    yield key.start_mark.line + 1, key.value
                seen.add(key.value)
            yield from _repeated(value)
    elif isinstance(tree, yaml.SequenceNode):
        for value in tree.value:
            yield from _repeated(value)


def _line(tree: Any, place: Sequence[str | int]) -> int:
    """The line of the deepest node on the way to a place, from 1; steps that pydantic adds are passed over."""
    if tree is None:
        return 1
    line = tree.start_mark.line
    for step in place:
        if isinstance(tree, yaml.MappingNode):
            found = next(((key, value) for key, value in tree.value if key.value == str(step)), None)
            if found is not None:
                line, tree = found[0].start_mark.line, found[1]
        elif isinstance(tree, yaml.SequenceNode) and isinstance(step, int) and step < len(tree.value):
            tree = tree.value[step]
            line = tree.start_mark.line
    return int(line) + 1
