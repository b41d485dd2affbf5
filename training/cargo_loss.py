"""What the cargo network minimises."""

from typing import Final

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its usual name

from models.cargo import CargoNetwork
from training.cargo_scenes import EMPTY, UNKNOWN

_TEMPERATURE: Final = 0.1
_MAX_COLUMNS: Final = 384
"""Columns contrasted per step: all pairs are compared."""
_SMOOTHING: Final = 0.05


def cargo_loss(network: CargoNetwork, views: Tensor, columns: Tensor, *, contrast: float) -> Tensor:
    """Whether all is empty, which columns are loaded, their goods, and how alike these are.

    Args:
        network: In training mode.
        views: Shape ``(N, 2, h, w)``.
        columns: Shape ``(N, w / 8)``, int64: heading, ``EMPTY`` or ``UNKNOWN``.
        contrast: Weight of the last part.

    Returns:
        The parts of the loss, weighted, in this order: shape ``(4,)``.
    """
    embedding, loaded, empty = (output.float() for output in network.columns(views))
    is_goods = columns >= 0
    is_known = columns != UNKNOWN
    is_empty = (columns == EMPTY).all(dim=1).float()
    emptiness = F.binary_cross_entropy_with_logits(empty, is_empty)
    loads = F.binary_cross_entropy_with_logits(loaded[is_known], is_goods[is_known].float())
    if not is_goods.any():
        return torch.stack([emptiness, loads, loads * 0, loads * 0])
    logits = network.heading_logits(embedding).transpose(1, 2)[is_goods]
    goods = F.cross_entropy(logits, columns[is_goods], label_smoothing=_SMOOTHING)
    scans = torch.arange(len(columns), device=columns.device)[:, None].expand_as(columns)[is_goods]
    chosen = torch.randperm(len(scans), device=scans.device)[:_MAX_COLUMNS]
    vectors = embedding.transpose(1, 2)[is_goods][chosen]
    likeness = contrastive_loss(vectors, columns[is_goods][chosen], scans[chosen])
    return torch.stack([emptiness, loads, goods, contrast * likeness])


def contrastive_loss(vectors: Tensor, labels: Tensor, groups: Tensor) -> Tensor:
    """Pull unit vectors of one label together where they come from different groups.

    Vectors of the same label and group, columns of one load, are alike already and are not compared.

    Source: P. Khosla et al., "Supervised contrastive learning", NeurIPS 2020, equation 2.
    """
    same = labels[:, None] == labels[None, :]
    near = groups[:, None] == groups[None, :]
    logits = (vectors @ vectors.T / _TEMPERATURE).masked_fill(same & near, float("-inf"))
    positive = same & ~near
    has_positive = positive.any(dim=1)
    if not has_positive.any():
        return vectors.sum() * 0
    log_share = (logits - logits.logsumexp(dim=1, keepdim=True))[has_positive]
    positive = positive[has_positive]
    per_anchor = log_share.masked_fill(~positive, 0).sum(dim=1) / positive.sum(dim=1)
    return -per_anchor.mean()
