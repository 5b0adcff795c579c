"""Every reason has one outcome and one sentence."""

import pytest

from transforms.outcomes import Outcome, Reason


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_an_outcome_and_a_sentence(reason: Reason) -> None:
    assert reason.outcome is not Outcome.EXAMINED
    assert reason.sentence.endswith(".")
    assert len(reason.sentence) < 80
