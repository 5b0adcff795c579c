"""What docstrings in Google's style say of a model's fields."""

import inspect
import re

_ATTRIBUTE = re.compile(r"^ {4}(\w+): (.*(?:\n {8,}.*)*)", re.MULTILINE)


def attributes(docstring: str) -> dict[str, str]:
    """What a docstring says under ``Attributes``, each on one line."""
    section = inspect.cleandoc(docstring).partition("Attributes:\n")[2]
    return {name: " ".join(text.split()) for name, text in _ATTRIBUTE.findall(section)}


def summary(docstring: str) -> str:
    """A docstring's first paragraph."""
    return " ".join(inspect.cleandoc(docstring).partition("\n\n")[0].split())
