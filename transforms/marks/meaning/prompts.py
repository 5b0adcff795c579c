"""How prompts stand in a row: by their length and SHA-256."""

from collections.abc import Mapping

from transforms.marks.mark import sha256_text


def a_prompt(text: str) -> str:
    """What is shown in place of a prompt."""
    return f"[prompt: {len(text)} characters]"


def a_text(text: str) -> str:
    """What is shown in place of a text that may hold a prompt."""
    return f"[text: {len(text)} characters]"


def prompt_facts(prompts: Mapping[str, str]) -> dict[str, str]:
    """``prompt_sha256`` and ``prompt_chars`` of each prompt that is not empty, and likewise of the negative one."""
    facts: dict[str, str] = {}
    for name, text in prompts.items():
        if text:
            facts |= {f"{name}_sha256": sha256_text(text), f"{name}_chars": str(len(text))}
    return facts
