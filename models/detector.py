"""The default detector: physics stem, small residual network, pyramid from stride 4, one output per kind.

Decoding and the choice of candidates are part of the graph; suppression is not (models.postprocess).
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its usual name

STRIDES: Final = (4, 8, 16)
_TRUNK: Final = (16, 24, 48, 72, 96)
_PYRAMID: Final = (24, 40, 48)
_PRIOR_LOGIT: Final = -5.0


@dataclass(frozen=True, kw_only=True)
class LevelOutput:
    """Raw output of one pyramid level.

    Attributes:
        logits: Shape ``(N, K, h, w)``.
        distances: Shape ``(N, 4, h, w)``, positive, from the cell's centre to left, top, right and bottom,
            in strides.
        stride: In input pixels.
    """

    logits: Tensor
    distances: Tensor
    stride: int


def physics_features(transmission: Tensor) -> Tensor:
    """Four channels of comparable range from two transmissions.

    Args:
        transmission: Shape ``(N, 2, H, W)`` in (0, 1].

    Returns:
        Shape ``(N, 4, H, W)``: T high, log T high and low, and the ratio of the logs, which depends on the
        material and hardly on the thickness.
    """
    safe = transmission.clamp(1 / 65535, 1.0)
    logs = torch.log(safe)
    high, low = logs[:, :1], logs[:, 1:]
    ratio = 4 * ((low - 0.1) / (high - 0.1)).clamp(0.5, 1.5)
    return torch.cat([safe[:, :1], logs, ratio], dim=1)


class _Conv(nn.Sequential):
    def __init__(self, n_in: int, n_out: int, *, kernel: int = 3, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(n_in, n_out, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(n_out), nn.ReLU()
        )


class _Residual(nn.Module):
    def __init__(self, n: int) -> None:
        super().__init__()
        self.first = _Conv(n, n)
        self.second = nn.Sequential(nn.Conv2d(n, n, 3, 1, 1, bias=False), nn.BatchNorm2d(n))

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.second(self.first(x)))


class _Head(nn.Module):
    """Decoupled: one tower says what, the other where."""

    def __init__(self, n: int, n_kinds: int) -> None:
        super().__init__()
        self.what = _Conv(n, n)
        self.where = _Conv(n, n)
        self.logits = nn.Conv2d(n, n_kinds, 1)
        self.distances = nn.Conv2d(n, 4, 1)
        nn.init.normal_(self.logits.weight, std=0.01)
        nn.init.constant_(cast(Tensor, self.logits.bias), _PRIOR_LOGIT)
        nn.init.constant_(cast(Tensor, self.distances.bias), 3.0)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.logits(self.what(x)), F.softplus(self.distances(self.where(x)))


class Detector(nn.Module):
    """See the module's docstring.

    Args:
        n_kinds: Number of kinds, K.
        max_candidates: M candidates of each kind leave the graph.
    """

    def __init__(self, *, n_kinds: int, max_candidates: int = 100) -> None:
        super().__init__()
        self.n_kinds = n_kinds
        self.max_candidates = max_candidates
        self.stem = _Conv(4, _TRUNK[0], stride=2)
        self.stages = nn.ModuleList(
            nn.Sequential(_Conv(a, b, stride=2), _Residual(b)) for a, b in pairwise(_TRUNK)
        )
        self.lateral = nn.ModuleList(nn.Conv2d(a, b, 1) for a, b in zip(_TRUNK[1:4], _PYRAMID, strict=True))
        self.down = nn.ModuleList(
            nn.Conv2d(a, b, 1) for a, b in zip((*_PYRAMID[1:], _TRUNK[4]), _PYRAMID, strict=True)
        )
        # The finest level has most of the cells and goes straight to its head.
        self.smooth = nn.ModuleList([nn.ReLU(), *(_Conv(n, n) for n in _PYRAMID[1:])])
        self.heads = nn.ModuleList(_Head(n, n_kinds) for n in _PYRAMID)

    def levels(self, transmission: Tensor) -> list[LevelOutput]:
        """Raw outputs, finest level first; what the loss looks at."""
        x = self.stem(physics_features(transmission))
        features = []
        for stage in self.stages:
            x = stage(x)
            features.append(x)
        outputs: list[LevelOutput] = []
        for i in (2, 1, 0):
            above = F.interpolate(self.down[i](x), scale_factor=2.0, mode="nearest")
            x = self.smooth[i](self.lateral[i](features[i]) + above)
            logits, distances = self.heads[i](x)
            outputs.append(LevelOutput(logits=logits, distances=distances, stride=STRIDES[i]))
        return outputs[::-1]

    def forward(self, transmission: Tensor) -> tuple[Tensor, Tensor]:
        """Candidates per kind.

        Args:
            transmission: Shape ``(N, 2, H, W)``, sides multiples of 32 and at least 64.

        Returns:
            Boxes ``(N, K, M, 4)``, xyxy in pixels, and scores ``(N, K, M)`` in [0, 1], best first.
        """
        outputs = self.levels(transmission)
        logits = torch.cat([o.logits.flatten(2) for o in outputs], dim=2)
        boxes = torch.cat([decode(o).flatten(2) for o in outputs], dim=2)
        best, index = torch.topk(logits, self.max_candidates, dim=2)
        spread = index.unsqueeze(2).expand(-1, -1, 4, -1)
        chosen = torch.gather(boxes.unsqueeze(1).expand(-1, self.n_kinds, -1, -1), 3, spread)
        return chosen.transpose(2, 3), best.sigmoid()


def cell_centres(output: LevelOutput) -> tuple[Tensor, Tensor]:
    """Columns ``(1, w)`` and rows ``(h, 1)`` of a level's cell centres, in input pixels."""
    height, width = output.logits.shape[2:]
    device = output.logits.device
    x = (torch.arange(width, device=device, dtype=torch.float32) + 0.5) * output.stride
    y = (torch.arange(height, device=device, dtype=torch.float32) + 0.5) * output.stride
    return x[None, :], y[:, None]


def decode(output: LevelOutput) -> Tensor:
    """Boxes of every cell: ``(N, 4, h, w)``, xyxy in input pixels."""
    x, y = cell_centres(output)
    left, top, right, bottom = (output.distances * output.stride).unbind(dim=1)
    return torch.stack([x - left, y - top, x + right, y + bottom], dim=1)
