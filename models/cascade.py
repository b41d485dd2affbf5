"""A detector that looks twice: the first network says where, the second looks closely and says what.

Over a whole vehicle the first network's best places hold most threats, but harmless places outrank them. The
second network sees each place at one scale, with its surroundings, and spends on some sixty places what the
first spends on a quarter of a million.

Source: Ren et al., Faster R-CNN (2015), and Cai and Vasconcelos, Cascade R-CNN (2018), with pixels in place
of features.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its usual name

from models.blocks import ConvBlock, Residual, in_float32
from models.closeup import cut_closeups
from models.detection_model import DetectionModel
from models.detector import CPU, Detector, Profile, cell_boxes
from models.loss import LevelOutput, Loss
from models.physics import N_FEATURES, physics_features

SIDE_PX: Final = 64
"""Of a close-up."""
VIEWS: Final = ((1.4, 8.0), (4.0, 32.0))
"""Near and wide: context and margin of ``cut_closeups``."""
_CHANNELS: Final = (16, 64, 128)
_HIDDEN: Final = 128
_DELTA_SCALE: Final = 0.2


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where the first network points, M places of each image, best first.

    Attributes:
        boxes: Shape ``(N, M, 4)``, xyxy pixels.
        facts: Shape ``(N, M, K + 3)``: its logit of each kind, the box's log sides, the logit of its fit.
    """

    boxes: Tensor
    facts: Tensor


class Verifier(nn.Module):
    """Says what a place is, from close-ups and what the first network thought.

    Args:
        n_kinds: K.
    """

    def __init__(self, n_kinds: int) -> None:
        super().__init__()
        thin, middle, wide = _CHANNELS
        self.n_kinds = n_kinds
        self.stems = nn.ModuleList(ConvBlock(N_FEATURES, thin, kernel=5, stride=2) for _ in VIEWS)
        self.trunk = nn.Sequential(
            Residual(len(VIEWS) * thin),
            ConvBlock(len(VIEWS) * thin, middle, stride=2),
            Residual(middle),
            Residual(middle),
            ConvBlock(middle, wide, stride=2),
            Residual(wide),
            Residual(wide),
        )
        self.hidden = nn.Linear(2 * wide + n_kinds + 3, _HIDDEN)
        self.answer = nn.Linear(_HIDDEN, n_kinds + 4)

    def forward(self, closeups: Tensor, facts: Tensor) -> tuple[Tensor, Tensor]:
        """Judge places.

        Args:
            closeups: Shape ``(B, V, 2, P, P)``, transmission, of each of the views.
            facts: Shape ``(B, K + 3)``, of `Places`.

        Returns:
            Logits ``(B, K)``, and ``(B, 4)``: how far the box's centre and log sides are off, as `moved`
            reads it.
        """
        seen = [in_float32(stem, physics_features(closeups[:, i])) for i, stem in enumerate(self.stems)]
        x = self.trunk(torch.cat(seen, dim=1))
        pooled = torch.cat([x.mean(dim=(2, 3)), x.amax(dim=(2, 3)), facts], dim=1)
        answer = self.answer(F.relu(self.hidden(pooled)))
        return answer[:, : self.n_kinds], answer[:, self.n_kinds :]


class Cascade(DetectionModel):
    """Both networks; see the module's docstring.

    Args:
        n_kinds: Number of kinds, K.
        max_candidates: M, places that are looked at closely; each is a candidate of every kind.
        profile: Sizes of the first network.
    """

    def __init__(self, *, n_kinds: int, max_candidates: int = 64, profile: Profile = CPU) -> None:
        super().__init__(n_kinds=n_kinds, max_candidates=max_candidates)
        self.first = Detector(n_kinds=n_kinds, profile=profile)
        self.second = Verifier(n_kinds)

    def forward(self, transmission: Tensor) -> tuple[Tensor, Tensor]:
        places = choose_places(self.first.levels(transmission), self.max_candidates)
        closeups = look_closely(transmission, places.boxes)
        n, m = places.boxes.shape[:2]
        logits, deltas = self.second(closeups.flatten(0, 1), places.facts.flatten(0, 1))
        boxes = moved(places.boxes, deltas.view(n, m, 4))
        scores, order = torch.topk(logits.view(n, m, -1).transpose(1, 2).sigmoid(), m, dim=2)
        spread = order.flatten(1).unsqueeze(2).expand(-1, -1, 4)
        return boxes.gather(1, spread).view(*order.shape, 4), scores

    def loss(
        self, images: Tensor, boxes: Sequence[Tensor], kinds: Sequence[Tensor], outlines: Tensor
    ) -> Loss:
        """The first network's; the second learns from close-ups (``training.closeup_batches``)."""
        return self.first.loss(images, boxes, kinds, outlines)


def choose_places(levels: Sequence[LevelOutput], n: int) -> Places:
    """The ``n`` best cells that are no worse than their neighbours, whatever kind they speak for."""
    scores, boxes, facts = [], [], []
    for output in levels:
        best = output.logits.sigmoid().amax(dim=1, keepdim=True) * output.quality.sigmoid() ** 0.5
        is_peak = F.max_pool2d(best, 3, stride=1, padding=1) == best
        scores.append((best * is_peak).flatten(1))
        boxes.append(cell_boxes(output))
        facts.append(torch.cat([output.logits, output.quality], dim=1).flatten(2).transpose(1, 2))
    index = torch.topk(torch.cat(scores, dim=1), n, dim=1).indices
    return take_places(torch.cat(boxes, dim=1), torch.cat(facts, dim=1), index)


def take_places(boxes: Tensor, facts: Tensor, index: Tensor) -> Places:
    """Those cells, from tables of all cells.

    Args:
        boxes: Shape ``(N, A, 4)``.
        facts: Shape ``(N, A, K + 1)``, logits of kinds and fit.
        index: Shape ``(N, M)``.
    """
    chosen = boxes.gather(1, index.unsqueeze(2).expand(-1, -1, 4))
    logits = facts.gather(1, index.unsqueeze(2).expand(-1, -1, facts.shape[2]))
    sides = (chosen[..., 2:] - chosen[..., :2]).clamp(min=1.0)
    return Places(boxes=chosen, facts=torch.cat([logits.clamp(-12, 12), sides.log() - 4], dim=2))


def look_closely(transmission: Tensor, boxes: Tensor) -> Tensor:
    """Close-ups of all views, ``(N, M, V, 2, P, P)``."""
    return torch.stack(
        [
            cut_closeups(transmission, boxes, context=context, margin_px=margin, side=SIDE_PX)
            for context, margin in VIEWS
        ],
        dim=2,
    )


def moved(boxes: Tensor, deltas: Tensor) -> Tensor:
    """Boxes ``(…, 4)`` corrected by what `Verifier` says."""
    sides = boxes[..., 2:] - boxes[..., :2]
    centres = (boxes[..., :2] + boxes[..., 2:]) / 2 + sides * deltas[..., :2] * _DELTA_SCALE
    sides = sides * (deltas[..., 2:] * _DELTA_SCALE).clamp(-1.5, 1.5).exp()
    return torch.cat([centres - sides / 2, centres + sides / 2], dim=-1)


def wanted_deltas(boxes: Tensor, truth: Tensor) -> Tensor:
    """What moves boxes to the truth; the reverse of `moved`."""
    sides = (boxes[..., 2:] - boxes[..., :2]).clamp(min=1e-3)
    wanted = (truth[..., 2:] - truth[..., :2]).clamp(min=1e-3)
    off = (truth[..., :2] + truth[..., 2:] - boxes[..., :2] - boxes[..., 2:]) / 2 / sides
    return torch.cat([off, (wanted / sides).log()], dim=-1) / _DELTA_SCALE
