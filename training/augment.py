"""Changes that a scan could have undergone, and no others.

A vehicle may drive through the other way, so scans are mirrored left to right; it never stands on its head,
and there are no colours to turn. Gain, gamma and energies differ from scanner to scanner: synthetic scans get
them from their chain, annotated ones here.
"""

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.preprocess import AIR
from training.truth import Truth

Rng = np.random.Generator
Float32 = NDArray[np.float32]
Pixels = NDArray[np.uint16]

GAIN: Final = (0.98, 1.04)
GAMMA: Final = (0.8, 1.25)
"""Ranges within those of real exports (docs/explanation/physics.md): a scan has had its own already."""


def mirror(image: Float32, truth: Truth) -> tuple[Float32, Truth]:
    """Left to right.

    Args:
        image: Shape ``(C, h, w)``.
        truth: Of it.

    Returns:
        Both anew.
    """
    width = image.shape[2]
    boxes = truth.boxes.copy()
    boxes[:, [0, 2]] = width - truth.boxes[:, [2, 0]]
    turned = replace(truth, boxes=boxes, outlines=np.ascontiguousarray(truth.outlines[:, ::-1]))
    return np.ascontiguousarray(image[:, :, ::-1]), turned


def drop_energy(pixels: Pixels) -> Pixels:
    """What a scanner of one energy would have given: ``(1, h, w)``."""
    return pixels[:1]


def expose(rng: Rng, pixels: Pixels) -> Pixels:
    """Another gain and gamma, the same for all channels; air stays near white."""
    gain, gamma = rng.uniform(*GAIN), np.exp(rng.uniform(*np.log(GAMMA)))
    table = np.clip(gain * AIR * (np.arange(AIR + 1) / AIR) ** gamma, 0, AIR).astype(np.uint16)
    exposed: Pixels = table[pixels]
    return exposed
