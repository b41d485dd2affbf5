"""Batches of close-ups: a few places of each of many passes, threats and harmless ones evenly."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its usual name
from torch.utils.data import Dataset

from models.cascade import Cascade
from models.loss import Loss
from training.closeups import HARMLESS, Closeups, read_closeups

Rng = np.random.Generator

THREATS_PER_PASS: Final = 3
HARMLESS_PER_PASS: Final = 5
_BOX_WEIGHT: Final = 0.5
_STREAM: Final = 0xBA7C


@dataclass(frozen=True, kw_only=True)
class CloseupBatch:
    """B places of many passes.

    Attributes:
        closeups: Shape ``(B, V, 2, P, P)``, transmission.
        facts: Shape ``(B, K + 3)``.
        kinds: Shape ``(B,)``, index of the kind or ``HARMLESS``.
        deltas: Shape ``(B, 4)``.
    """

    closeups: Tensor
    facts: Tensor
    kinds: Tensor
    deltas: Tensor

    @property
    def width_px(self) -> int:
        return self.closeups.shape[4]

    @property
    def n_objects(self) -> int:
        return int((self.kinds != HARMLESS).sum())

    def __len__(self) -> int:
        return len(self.kinds)

    def pin_memory(self) -> "CloseupBatch":
        """For `torch.utils.data.DataLoader`."""
        return CloseupBatch(**{name: value.pin_memory() for name, value in vars(self).items()})

    def to(self, device: torch.device) -> "CloseupBatch":
        return CloseupBatch(
            **{name: value.to(device, non_blocking=True) for name, value in vars(self).items()}
        )

    def loss(self, model: Cascade) -> Loss:
        """Of the second network: cross-entropy of each kind for itself, and the boxes of the threats."""
        logits, deltas = model.second(self.closeups, self.facts)
        is_threat = self.kinds != HARMLESS
        wanted = torch.zeros_like(logits, dtype=torch.float32)
        wanted[is_threat, self.kinds[is_threat]] = 1
        what = F.binary_cross_entropy_with_logits(logits.float(), wanted, reduction="sum") / len(wanted)
        off = F.smooth_l1_loss(deltas[is_threat].float(), self.deltas[is_threat], reduction="sum")
        return Loss(what=what, where=_BOX_WEIGHT * off / max(int(is_threat.sum()), 1))


class CloseupDataset(Dataset[CloseupBatch]):
    """Batches by step.

    Args:
        files: Of all passes.
        seed: Of the recipe.
        per_step: Passes that a batch looks at.
        rank: Of this process.
    """

    def __init__(self, files: Sequence[Path], *, seed: int, per_step: int, rank: int = 0) -> None:
        self._files, self._seed, self._per_step, self._rank = list(files), seed, per_step, rank

    def __getitem__(self, step: int) -> CloseupBatch:
        rng = np.random.default_rng((self._seed, _STREAM, step, self._rank))
        picked = rng.choice(len(self._files), size=self._per_step, replace=False)
        parts = [_pick(rng, read_closeups(self._files[int(i)])) for i in picked]
        joined = {name: np.concatenate([vars(part)[name] for part in parts]) for name in vars(parts[0])}
        return CloseupBatch(
            closeups=torch.from_numpy(joined["pixels"].astype(np.float32) / 65535),
            facts=torch.from_numpy(joined["facts"]),
            kinds=torch.from_numpy(joined["kinds"]),
            deltas=torch.from_numpy(joined["deltas"]),
        )


def _pick(rng: Rng, closeups: Closeups) -> Closeups:
    """One place of each of a few threats, and a few harmless ones; half of the passes are mirrored."""
    threats = np.unique(closeups.threats[closeups.threats >= 0])
    rng.shuffle(threats)
    chosen = [int(rng.choice(np.flatnonzero(closeups.threats == t))) for t in threats[:THREATS_PER_PASS]]
    harmless = np.flatnonzero(closeups.kinds == HARMLESS)
    chosen += rng.choice(harmless, size=min(HARMLESS_PER_PASS, len(harmless)), replace=False).tolist()
    pixels, deltas = closeups.pixels[chosen], closeups.deltas[chosen]
    if rng.random() < 0.5:
        pixels, deltas = pixels[..., ::-1], deltas * np.array([-1, 1, 1, 1], dtype=np.float32)
    return Closeups(
        pixels=pixels,
        facts=closeups.facts[chosen],
        kinds=closeups.kinds[chosen],
        deltas=deltas,
        threats=closeups.threats[chosen],
    )
