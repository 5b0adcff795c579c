"""Verdicts from and to what tables hold."""

from collections.abc import Mapping
from typing import Any

from transforms.policy.facts import ItemFacts, MarkFact
from transforms.policy.verdict import Verdict


def item_facts(data: Mapping[str, Any]) -> ItemFacts:
    """Facts of an item from the columns of its row, with ``marks`` as a list of the columns of theirs.

    ``layers`` are pairs of layer and status; ``facts`` of marks map names to values. Columns of other names are errors.
    """
    marks = tuple(MarkFact(**mark) for mark in data["marks"] or ())
    levels, layers = tuple(data["levels"] or ()), tuple((layer, status) for layer, status in data["layers"] or ())
    return ItemFacts(**{**data, "marks": marks, "levels": levels, "layers": layers})


def verdict_columns(verdict: Verdict) -> dict[str, Any]:
    """The columns of ``verdicts`` that it fills itself; ``reasons`` name their article: ``21(2):visible_found``."""
    return {
        "as_of": verdict.as_of,
        "decided_on": verdict.decided_on,
        "decided_by": verdict.decided_by.value,
        "synthesis": verdict.synthesis.value,
        "scope": verdict.scope.value,
        "machine_mark": verdict.machine_mark.value,
        "visible_warning": verdict.visible_warning.value,
        "outcome": verdict.outcome.value,
        "reasons": [f"{reason.article}:{reason.code}" for reason in verdict.reasons],
        "evidence": [
            {
                "code": reason.code.value,
                "article": reason.article,
                "marks": list(reason.marks),
                "detail": reason.detail,
            }
            for reason in verdict.reasons
        ],
    }
