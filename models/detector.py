"""The default detector: physics stem, small residual network, pyramid from stride 4, one output per kind.

Decoding and the choice of candidates are part of the graph; suppression is not (models.postprocess). The
finest level has three quarters of the cells, so it is thin; the coarsest sees some 900 px around, for cars.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its usual name

from models.blocks import ConvBlock, Residual, in_float32
from models.candidates import choose_candidates
from models.detection_model import DetectionModel
from models.loss import LevelOutput, Loss, cell_centres, detection_loss, outline_loss
from models.physics import N_FEATURES, physics_features

STRIDES: Final = (4, 8, 16, 32)
_PRIOR_LOGIT: Final = -5.0
_START_DISTANCE: Final = 3.0
"""Strides from a cell to each side before anything is learned: about a level's usual object."""
_QUALITY_POWER: Final = 0.5


@dataclass(frozen=True, kw_only=True)
class Profile:
    """Sizes of a detector.

    Attributes:
        trunk: Channels of the stem (stride 2) and of the four stages (strides 4 to 32).
        depths: Residual blocks of the stages.
        pyramid: Channels of the four levels.
        towers: 3 × 3 convolutions before the outputs of a level, finest first.
        refinement: Residual blocks of a level after the coarser one was added, finest first.
    """

    trunk: tuple[int, int, int, int, int]
    depths: tuple[int, int, int, int]
    pyramid: tuple[int, int, int, int]
    towers: tuple[int, int, int, int]
    refinement: tuple[int, int, int, int] = (0, 0, 0, 0)


CPU: Final = Profile(
    trunk=(16, 32, 64, 96, 128),
    depths=(1, 2, 2, 2),
    pyramid=(32, 48, 64, 96),
    towers=(1, 1, 1, 1),
)
DEEP: Final = replace(CPU, depths=(2, 3, 5, 3), refinement=(0, 1, 1, 1))
"""Deeper where cells are few: nine tenths of the time goes into strides 2 and 4, whatever stands behind."""
FAR: Final = replace(DEEP, depths=(2, 3, 5, 4))
"""One block more at stride 32, which looks 256 px further to every side, for the ends of cars and walls."""
GPU: Final = Profile(
    trunk=(32, 64, 128, 256, 384),
    depths=(2, 3, 4, 3),
    pyramid=(64, 128, 128, 192),
    towers=(2, 2, 2, 2),
)


class _Head(nn.Module):
    """Decoupled: one tower says what, the other where and how well.

    A kind's own part is one linear layer. Hidden channels of its own before it learned far more slowly: two
    views by heart in 20 steps without and not in 80 steps with four of them.
    """

    def __init__(self, n: int, n_kinds: int, *, towers: int) -> None:
        super().__init__()
        self.what = nn.Sequential(*(ConvBlock(n, n) for _ in range(towers)))
        self.where = nn.Sequential(*(ConvBlock(n, n) for _ in range(towers)))
        self.logits = nn.Conv2d(n, n_kinds, 1)
        self.box = nn.Conv2d(n, 5, 1)
        nn.init.normal_(self.logits.weight, std=0.1)
        nn.init.constant_(cast(Tensor, self.logits.bias), _PRIOR_LOGIT)
        nn.init.constant_(cast(Tensor, self.box.bias), _START_DISTANCE)

    def forward(self, x: Tensor, stride: int) -> LevelOutput:
        logits, box = self.logits(self.what(x)), self.box(self.where(x))
        return LevelOutput(logits=logits, distances=F.softplus(box[:, :4]), quality=box[:, 4:], stride=stride)


class Detector(DetectionModel):
    """See the module's docstring.

    Args:
        n_kinds: Number of kinds, K.
        max_candidates: M candidates of each kind leave the graph.
        profile: Sizes.
        quality_power: A candidate's score is its probability times its expected overlap to this power;
            0 leaves the overlap out. It changes no weight.
    """

    def __init__(
        self,
        *,
        n_kinds: int,
        max_candidates: int = 100,
        profile: Profile = CPU,
        quality_power: float = _QUALITY_POWER,
    ) -> None:
        super().__init__(n_kinds=n_kinds, max_candidates=max_candidates)
        self.quality_power = quality_power
        trunk, pyramid = profile.trunk, profile.pyramid
        self.stem = ConvBlock(N_FEATURES, trunk[0], stride=2)
        self.stages = nn.ModuleList(
            nn.Sequential(ConvBlock(a, b, stride=2), *_blocks(b, depth, widening=b == trunk[-1]))
            for (a, b), depth in zip(pairwise(trunk), profile.depths, strict=True)
        )
        self.lateral = nn.ModuleList(nn.Conv2d(a, b, 1) for a, b in zip(trunk[1:], pyramid, strict=True))
        self.down = nn.ModuleList(nn.Conv2d(b, a, 1) for a, b in pairwise(pyramid))
        # The finest level goes straight to its head.
        self.smooth = nn.ModuleList([nn.ReLU(), *(ConvBlock(n, n) for n in pyramid[1:])])
        self.refinement = nn.ModuleList(
            nn.Sequential(*(Residual(n) for _ in range(depth)))
            for n, depth in zip(pyramid, profile.refinement, strict=True)
        )
        self.heads = nn.ModuleList(
            _Head(n, n_kinds, towers=towers) for n, towers in zip(pyramid, profile.towers, strict=True)
        )
        # Learned beside the boxes, at the finest level; no part of what is exported.
        self.outline = nn.Sequential(ConvBlock(pyramid[0], pyramid[0]), nn.Conv2d(pyramid[0], n_kinds, 1))
        nn.init.constant_(cast(Tensor, self.outline[1].bias), _PRIOR_LOGIT)

    def take_over(self, weights: Mapping[str, Tensor]) -> None:
        """Begin with the weights of a detector that may lack some of the blocks: these do nothing yet.

        It may lack the outlines, too: they are learned from nothing.

        Raises:
            RuntimeError: If anything else is missing, or too much.
        """
        for name, block in self.named_modules():
            if isinstance(block, Residual) and not any(key.startswith(f"{name}.") for key in weights):
                block.do_nothing()
                weights = {**weights, **block.state_dict(prefix=f"{name}.")}
        if not any(key.startswith("outline.") for key in weights):
            weights = {**weights, **self.outline.state_dict(prefix="outline.")}
        self.load_state_dict(weights)

    def levels(self, transmission: Tensor) -> list[LevelOutput]:
        """Raw outputs, finest level first; what the loss looks at."""
        return self._answers(self._features(transmission))

    def _features(self, transmission: Tensor) -> list[Tensor]:
        """What the heads look at, finest level first."""
        x = in_float32(self.stem, physics_features(transmission))
        features = []
        for stage, lateral in zip(self.stages, self.lateral, strict=True):
            x = stage(x)
            features.append(lateral(x))
        for i in (2, 1, 0):
            x = self.refinement[i + 1](self.smooth[i + 1](features[i + 1]))
            features[i + 1] = x
            features[i] = features[i] + F.interpolate(self.down[i](x), scale_factor=2.0, mode="nearest")
        features[0] = self.refinement[0](self.smooth[0](features[0]))
        return features

    def _answers(self, features: Sequence[Tensor]) -> list[LevelOutput]:
        return [head(x, stride) for head, x, stride in zip(self.heads, features, STRIDES, strict=True)]

    def loss(
        self,
        images: Tensor,
        boxes: Sequence[Tensor],
        kinds: Sequence[Tensor],
        outlines: Tensor,
    ) -> Loss:
        """See ``models.loss.detection_loss`` and ``outline_loss``."""
        features = self._features(images)
        loss = detection_loss(self._answers(features), boxes, kinds)
        return replace(loss, outline=outline_loss(self.outline(features[0]), outlines, kinds))

    def forward(self, transmission: Tensor) -> tuple[Tensor, Tensor]:
        outputs = self.levels(transmission)
        return choose_candidates(
            torch.cat([o.logits.flatten(2) for o in outputs], dim=2),
            torch.cat([cell_boxes(o) for o in outputs], dim=1),
            torch.cat([o.quality.flatten(1) for o in outputs], dim=1),
            n=self.max_candidates,
            quality_power=self.quality_power,
        )


def _blocks(n: int, depth: int, *, widening: bool) -> list[Residual]:
    """Residual blocks; at the coarsest stage each looks twice as far as the one before."""
    return [Residual(n, dilation=2**i if widening else 1) for i in range(depth)]


def cell_boxes(output: LevelOutput) -> Tensor:
    """The box of every cell, ``(N, h * w, 4)``, xyxy in input pixels."""
    x, y = cell_centres(output)
    left, top, right, bottom = (output.distances * output.stride).unbind(dim=1)
    return torch.stack([x - left, y - top, x + right, y + bottom], dim=3).flatten(1, 2)
