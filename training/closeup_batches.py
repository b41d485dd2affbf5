"""Batches of close-ups: a few places of each of many passes, threats and harmless ones evenly.

Half of what is harmless comes from passes without threats, and there most often what the network last took
for threats: a vehicle has sixty places, and may raise an alarm with none of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its usual name
from torch.utils.data import Dataset

from models.cascade import Cascade
from models.loss import Loss
from training.closeups import HARMLESS, Closeups, read_closeups
from training.crops import HardPlace
from training.recipe import CloseupRecipe

Rng = np.random.Generator

_THREATS: Final = 4
_HARMLESS: Final = 3
_HARMLESS_OF_BENIGN: Final = 6
_HARD_OF_BENIGN: Final = 4
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
        recipe: How many passes a step takes.
        loaded: Files of the passes with threats.
        benign: Files of those without.
        hard: Places of those without; ``number`` is the pass, ``size`` the place in it.
        seed: Of the recipe.
        rank: Of this process.
    """

    def __init__(
        self,
        recipe: CloseupRecipe,
        loaded: Sequence[Path],
        benign: Sequence[Path],
        *,
        hard: Sequence[HardPlace],
        seed: int,
        rank: int = 0,
    ) -> None:
        self._recipe, self._seed, self._rank = recipe, seed, rank
        self._loaded, self._benign = list(loaded), list(benign)
        self._hard: dict[int, list[int]] = {}
        for place in hard:
            self._hard.setdefault(place.number, []).append(place.size)

    def __getitem__(self, step: int) -> CloseupBatch:
        rng = np.random.default_rng((self._seed, _STREAM, step, self._rank))
        parts = []
        for number in rng.choice(len(self._loaded), self._recipe.passes_per_step, replace=False):
            parts.append(_mirrored(rng, _pick(rng, read_closeups(self._loaded[number]))))
        for number in rng.choice(len(self._benign), self._recipe.benign_per_step, replace=False):
            closeups = read_closeups(self._benign[number])
            parts.append(_mirrored(rng, _pick_benign(rng, closeups, self._hard.get(int(number), []))))
        joined = {name: np.concatenate([vars(part)[name] for part in parts]) for name in vars(parts[0])}
        return CloseupBatch(
            closeups=torch.from_numpy(to_transmission(joined["pixels"])),
            facts=torch.from_numpy(joined["facts"]),
            kinds=torch.from_numpy(joined["kinds"]),
            deltas=torch.from_numpy(joined["deltas"]),
        )


def find_hard(model: Cascade, benign: Sequence[Path], *, keep: int, device: torch.device) -> list[HardPlace]:
    """The places of passes without threats that the network takes most for threats.

    Args:
        model: In evaluation mode.
        benign: Files of those passes.
        keep: How many.
        device: Of the model.
    """
    found: list[HardPlace] = []
    for number, path in enumerate(benign):
        closeups = read_closeups(path)
        with torch.inference_mode():
            logits, _ = model.second(
                torch.from_numpy(to_transmission(closeups.pixels)).to(device),
                torch.from_numpy(closeups.facts).to(device),
            )
        scores = logits.float().sigmoid().amax(dim=1).cpu().tolist()
        found += [HardPlace(size=i, number=number, score=score) for i, score in enumerate(scores)]
    return sorted(found, key=lambda place: (-place.score, place.number, place.size))[:keep]


def to_transmission(pixels: NDArray[np.uint16]) -> NDArray[np.float32]:
    return np.asarray(pixels.astype(np.float32) / 65535)


def _pick(rng: Rng, closeups: Closeups) -> Closeups:
    """One place of each of a few threats, and a few harmless ones."""
    threats = np.unique(closeups.threats[closeups.threats >= 0])
    rng.shuffle(threats)
    chosen = [int(rng.choice(np.flatnonzero(closeups.threats == t))) for t in threats[:_THREATS]]
    harmless = np.flatnonzero(closeups.kinds == HARMLESS)
    chosen += rng.choice(harmless, min(_HARMLESS, len(harmless)), replace=False).tolist()
    return _taken(closeups, chosen)


def _pick_benign(rng: Rng, closeups: Closeups, hard: Sequence[int]) -> Closeups:
    chosen = rng.permutation(hard)[:_HARD_OF_BENIGN].astype(int).tolist()
    others = rng.permutation(len(closeups.kinds)).tolist()
    return _taken(closeups, [*chosen, *(i for i in others if i not in chosen)][:_HARMLESS_OF_BENIGN])


def _taken(closeups: Closeups, chosen: Sequence[int]) -> Closeups:
    return Closeups(**{name: value[list(chosen)] for name, value in vars(closeups).items()})


def _mirrored(rng: Rng, closeups: Closeups) -> Closeups:
    """Half of the passes, along the scan."""
    if rng.random() < 0.5:
        return closeups
    flip = np.array([-1, 1, 1, 1], dtype=np.float32)
    return Closeups(
        **{**vars(closeups), "pixels": closeups.pixels[..., ::-1], "deltas": closeups.deltas * flip}
    )
