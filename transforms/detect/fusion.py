"""Fusion: several detectors' logits of one frame become one, as a weighted sum (Kittler et al. 1998)."""

import math
from collections.abc import Sequence

from transforms.detect.package import Member
from transforms.records import FrameScore


def fuse(members: Sequence[Member], raws: Sequence[float]) -> float:
    """The fused logit: each member's times its weight, summed.

    Args:
        members: The fusion's members.
        raws: Their raw logits, in the same order; NaN where there is none.

    Returns:
        A logit; NaN where a member has none, since a part of the sum means something else.
    """
    return math.fsum(member.weight * raw for member, raw in zip(members, raws, strict=True))


def fuse_scores(members: Sequence[Member], scores: Sequence[FrameScore]) -> FrameScore:
    """What a fusion answers of one frame, or of one face.

    Args:
        members: The fusion's members.
        scores: What they answered of it, in the same order.

    Returns:
        The fused logit. Where a member calls the frame out of its scope, so does the fusion, with the first such
        reason, for scope is the frame's own; else where a member failed, the error, which names the member.
    """
    reasons = (score.not_assessable for score in scores if score.not_assessable is not None)
    reason = next(reasons, None)
    if reason is not None:
        return FrameScore(None, None, reason)
    raws = []
    for member, score in zip(members, scores, strict=True):
        if score.raw is None:
            return FrameScore(None, f"{member.name}: {score.error or 'no score'}"[:300])
        raws.append(score.raw)
    return FrameScore(fuse(members, raws))
