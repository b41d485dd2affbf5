"""The cargo network: what fills a hold, column by column, and whether anything does.

A scan is read once, as a view (models.cargo_view). The trunk keeps 160 mm of the vehicle per column; each
column is pooled over its height by attention and by generalised mean, so that a low load weighs as much as a
high one; neighbours then look at one another. Goods are loaded in blocks along the vehicle, so columns, not
rows, are what a declaration's lines are compared with.
"""

from itertools import pairwise
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its usual name

from models.blocks import ConvBlock, Residual

EMBEDDING: Final = 128
_TRUNK: Final = (16, 32, 64, 96)
_NECK: Final = 128
_HEADS: Final = 4
_COSINE_SCALE: Final = 14.0
"""Sharpness of the softmax over cosines. Source: Wang et al., NormFace, ACM MM 2017, §3.3."""


class _HeightPool(nn.Module):
    """Pools rows away: attention, several kinds of it, and generalised mean (Radenović et al., 2018)."""

    def __init__(self, n: int) -> None:
        super().__init__()
        self.attention = nn.Conv2d(n, _HEADS, 1)
        self.power = nn.Parameter(torch.tensor(3.0))

    def forward(self, x: Tensor) -> Tensor:
        weights = self.attention(x).softmax(dim=2).repeat_interleave(x.shape[1] // _HEADS, dim=1)
        attended = (x * weights).sum(dim=2)
        power = self.power.clamp(1.0, 8.0)
        mean = x.clamp(min=1e-4).pow(power).mean(dim=2).pow(1 / power)
        return torch.cat([attended, mean], dim=1)


class _Across(nn.Sequential):
    """A column and its neighbours."""

    def __init__(self, n_in: int, n_out: int, kernel: int) -> None:
        super().__init__(
            nn.Conv1d(n_in, n_out, kernel, padding=kernel // 2, bias=False), nn.BatchNorm1d(n_out), nn.ReLU()
        )


def physics_features(view: Tensor) -> Tensor:
    """Four channels of comparable range from attenuation at two energies.

    Args:
        view: Shape ``(N, 2, h, w)``, 0 is air.

    Returns:
        Shape ``(N, 4, h, w)``: both attenuations; transmission, in which thin things stand out; and the
        ratio of the attenuations, which depends on the material and hardly on the thickness.
    """
    high, low = view[:, :1], view[:, 1:]
    ratio = 5 * ((low + 0.1) / (high + 0.1) - 1).clamp(-0.5, 0.5)
    return torch.cat([high / 2, low / 2, 3 * torch.exp(-2 * high), ratio], dim=1)


class CargoNetwork(nn.Module):
    """See the module's docstring.

    Args:
        n_headings: Number of headings, K.
    """

    def __init__(self, *, n_headings: int) -> None:
        super().__init__()
        self.n_headings = n_headings
        # Five cells wide, because it already leaves out every other one: bottles are two to four cells wide.
        self.stem = ConvBlock(4, _TRUNK[0], kernel=5, stride=2)
        strides = [(2, 2), (2, 2), (2, 1)]
        self.stages = nn.Sequential(
            *(
                nn.Sequential(ConvBlock(a, b, stride=stride), Residual(b))
                for (a, b), stride in zip(pairwise(_TRUNK), strides, strict=True)
            )
        )
        self.pool = _HeightPool(_TRUNK[-1])
        self.across = nn.Sequential(_Across(2 * _TRUNK[-1], _NECK, 5), _Across(_NECK, _NECK, 5))
        self.embed = nn.Conv1d(_NECK, EMBEDDING, 1)
        self.load = nn.Conv1d(_NECK, 1, 1)
        self.whole = nn.Linear(2 * _NECK, 1)
        self.prototypes = nn.Parameter(torch.randn(n_headings, EMBEDDING))

    def columns(self, view: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What the loss looks at.

        Args:
            view: Shape ``(N, 2, h, w)``, sides multiples of 16.

        Returns:
            Unit embeddings ``(N, 128, w / 8)``, logits that a column is loaded ``(N, w / 8)``, and logits
            that the whole is empty ``(N,)``.
        """
        x = self.across(self.pool(self.stages(self.stem(physics_features(view)))))
        loaded = self.load(x).squeeze(1)
        # The fullest column and the mean: one carton is enough not to be empty.
        whole = self.whole(torch.cat([x.amax(dim=2), x.mean(dim=2)], dim=1)).squeeze(1)
        return F.normalize(self.embed(x), dim=1), loaded, whole

    def heading_logits(self, embedding: Tensor) -> Tensor:
        """Scaled cosines to the headings' prototypes: ``(N, 128, w)`` to ``(N, K, w)``."""
        return _COSINE_SCALE * torch.einsum("kd,ndw->nkw", F.normalize(self.prototypes, dim=1), embedding)

    def forward(self, view: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """What the exported file answers.

        Returns:
            The scan's unit embedding ``(N, 128)``, the mean of its columns' by how loaded they are; the
            columns' ``(N, 128, w / 8)``; the probability that each column is loaded ``(N, w / 8)`` and that
            all is empty ``(N,)``.
        """
        embedding, loaded_logit, empty_logit = self.columns(view)
        loaded = loaded_logit.sigmoid()
        whole = (embedding * loaded.unsqueeze(1)).sum(dim=2)
        return F.normalize(whole, dim=1), embedding, loaded, empty_logit.sigmoid()
