"""Every code that a row or a command may end with, as ``docs/reasons.md``."""

import re
from typing import Any, Final

import yaml

import configs
from pipelines.errors import ExitCode
from pipelines.reference.markdown import page, table
from transforms.outcomes import Reason
from transforms.policy.codes import Code, DateBasis, Scope, Status, Synthesis, VerdictOutcome

_INTRODUCTION = """\
Codes do not change, so that scripts may rely on them. Sentences are those of `aiqyn explain`, which tells them in
Russian and Kazakh, too. What a verdict means, and does not: [verdicts](verdicts.md)."""
_WORDS: Final = {
    "outcome": VerdictOutcome,
    "synthesis": Synthesis,
    "scope": Scope,
    "machine_mark": Status,
    "visible_warning": Status,
    "decided_by": DateBasis,
}


def reasons_page() -> str:
    """``docs/reasons.md``.

    Raises:
        KeyError: It is nowhere said what a code means.
    """
    told = yaml.safe_load((configs.ROOT / "words" / "verdicts.en.yaml").read_text("utf-8"))
    return page(
        "Codes",
        "the code and configs/words/verdicts.en.yaml",
        _INTRODUCTION,
        "## Items",
        "`reason` of an item that was not examined, with its `outcome`. None of them means clean.",
        table(("reason", "outcome", "meaning"), [(f"`{one}`", f"`{one.outcome}`", one.sentence) for one in Reason]),
        "## Verdicts",
        "The columns of a verdict. Which of them follows from what: [policies](policies.md#the-words).",
        table(("column", "word", "meaning"), _verdict_rows(told)),
        "## Reasons of a verdict",
        "`code` of each of a verdict's `reasons`. Where a sentence has …, the reason's `detail` tells it.",
        table(("code", "meaning"), [(f"`{code}`", _sentence(told["codes"][code])) for code in Code]),
        "## Levels",
        "What a detector's answer stands for: `level` of an item, and of each of its `scores`.",
        table(("level", "meaning"), [(f"`{level}`", text) for level, text in told["levels"].items()]),
        "## Exit status",
        "Of a command. [Which command may end with which](cli.md).",
        table(("status", "meaning"), [(str(code.value), code.sentence) for code in ExitCode]),
    )


def _verdict_rows(told: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [
        (f"`{column}`", f"`{word}`", _sentence(told[column][word]))
        for column, words in _WORDS.items()
        for word in words
    ]


def _sentence(text: str) -> str:
    """A sentence without what differs from item to item."""
    return re.sub(r"\{\w+\}\.?", "…", text)
