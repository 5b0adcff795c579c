"""The words of the review page."""

from typing import ClassVar

from pipelines.pages.words import Named, PageWords
from pipelines.review.desk import SHOWN
from pipelines.reviews import Decision
from transforms.policy.codes import VerdictOutcome

_MADE = frozenset(Decision) - {Decision.WITHDRAWN}


class ReviewWords(PageWords):
    """A file ``review.<language>.yaml``."""

    page: ClassVar = "review"
    complete: ClassVar = {
        "outcomes": frozenset(VerdictOutcome),
        "decisions": _MADE | {"disputed"},
        "means": _MADE,
        "choices": frozenset(SHOWN),
    }

    outcomes: Named
    decisions: Named
    means: Named
    choices: Named
