"""The part that the architectures share: from every cell's answer to the best candidates of each kind."""

import torch
from torch import Tensor


def choose_candidates(
    logits: Tensor, boxes: Tensor, quality: Tensor, *, n: int, quality_power: float
) -> tuple[Tensor, Tensor]:
    """The ``n`` best boxes of each kind.

    Args:
        logits: Shape ``(N, K, A)``, of A cells or anchors.
        boxes: Shape ``(N, A, 4)``, xyxy pixels.
        quality: Shape ``(N, A)``, logit of how well the box is expected to fit.
        n: M, at most A.
        quality_power: A score is the probability times the expected fit to this power.

    Returns:
        Boxes ``(N, K, M, 4)`` and scores ``(N, K, M)`` in [0, 1], best first.
    """
    scores, index = torch.topk(logits.sigmoid() * quality.sigmoid().unsqueeze(1) ** quality_power, n, dim=2)
    # One gather from one table: a table of boxes for every kind would be the largest tensor of the graph.
    spread = index.flatten(1).unsqueeze(2).expand(-1, -1, 4)
    return boxes.gather(1, spread).view(*index.shape, 4), scores
