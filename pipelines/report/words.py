"""The words of reports."""

from typing import ClassVar

from pipelines.pages.words import Named, PageWords
from pipelines.reviews import Decision
from transforms.detect.levels import MEANINGS
from transforms.policy.codes import Synthesis, VerdictOutcome


class ReportWords(PageWords):
    """A file ``report.<language>.yaml``."""

    page: ClassVar = "report"
    complete: ClassVar = {
        "outcomes": frozenset(VerdictOutcome),
        "synthesis": frozenset(Synthesis),
        "levels": frozenset(MEANINGS),
        "decisions": frozenset(Decision) - {Decision.WITHDRAWN} | {"disputed"},
    }

    outcomes: Named
    synthesis: Named
    levels: Named
    decisions: Named
    scan_statuses: Named
    headings: Named
    columns: Named
