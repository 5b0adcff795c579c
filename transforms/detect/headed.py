"""What every frozen trunk with a linear head has in common."""

from typing import ClassVar

import torch
from torch import Tensor, nn


class Headed(nn.Module):
    """A pretrained trunk up to one of its blocks, and a linear head over what the last of them see.

    Attributes:
        ORIGIN: What the trunk is and who trained it, in words.
        STATISTICS: What of its blocks the head weighs, in words.
        VIEWS_AT_ONCE: How many views pass together on a processor: as many as are quickest and do not change one
            another's numbers. On a graphics card all do.
        pooled: How many blocks, the last ones, the head weighs.
        head: The only part that is trained here.
    """

    ORIGIN: ClassVar[str]
    STATISTICS: ClassVar[str]
    VIEWS_AT_ONCE: ClassVar[int] = 1
    pooled: int
    head: nn.Linear

    def features(self, views: Tensor) -> Tensor:
        """What the head weighs: the same numbers in whatever batch a view stands.

        Args:
            views: uint8, (N, S, S, 3) or (N, 3, S, S).

        Returns:
            float32 (N, D).
        """
        pixels = views if views.shape[1] == 3 and views.shape[-1] != 3 else views.permute(0, 3, 1, 2)
        at_once = most_at_once(pixels, self.VIEWS_AT_ONCE)
        return torch.cat([self.statistics(part) for part in torch.split(pixels, at_once)])

    def forward(self, views: Tensor) -> Tensor:
        """Uint8 views, as in ``features``, to float32 (N,): logits, above zero for AI."""
        features = self.features(views)
        # Row by row, since the rounding of a matrix product depends on the number of its rows.
        parts = torch.split(features, most_at_once(features, 1))
        logits: Tensor = torch.cat([self.head(part) for part in parts]).squeeze(1)
        return logits

    def statistics(self, pixels: Tensor) -> Tensor:
        """``features`` of views (N, 3, S, S) that pass together."""
        raise NotImplementedError


def most_at_once(batch: Tensor, on_cores: int) -> int:
    """How many rows of a batch pass together: all of them on a graphics card, which is busy only with many."""
    return on_cores if batch.device.type == "cpu" else len(batch)
