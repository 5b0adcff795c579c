"""Verdicts from and to what tables hold."""

from collections.abc import Mapping, Sequence
from typing import Any

from transforms.policy.facts import ItemFacts, MarkFact
from transforms.policy.verdict import Verdict


def item_facts(data: Mapping[str, Any]) -> ItemFacts:
    """Facts of an item from the columns of its row, with ``marks`` as a list of the columns of theirs.

    ``layers`` are pairs of layer and status; ``facts`` of marks map names to values. The marks are named by their
    places in the list, ``0``, ``1``, ….
    """
    marks = tuple(MarkFact(mark_id=str(at), **mark) for at, mark in enumerate(data["marks"]))
    levels, layers = tuple(data["levels"] or ()), tuple((layer, status) for layer, status in data["layers"] or ())
    return ItemFacts(**{**data, "marks": marks, "levels": levels, "layers": layers})


def with_marks(evidence: Sequence[Mapping[str, Any]], mark_ids: Sequence[str]) -> list[dict[str, Any]]:
    """The column ``evidence`` of an item with these marks, from one that names them by their places in the list."""
    return [{**reason, "marks": [mark_ids[int(at)] for at in reason["marks"]]} for reason in evidence]


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
