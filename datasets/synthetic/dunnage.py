"""How much is loaded, and what it stands on: pallets, crates, skids, bearers, lashings."""

from dataclasses import replace

import numpy as np

from datasets.synthetic.hold import Hold
from datasets.synthetic.litter import strokes
from datasets.synthetic.physics import STEEL, WOOD
from datasets.synthetic.projection import Projection, Span

Rng = np.random.Generator

_LOAD_LIMIT_KG = 26_000
"""Payload of a 40 ft container (ISO 668: 30,480 kg gross less 3.8 t of tare), less room for the last unit."""
_LOAD_LIMIT_LITRES = 60_000


def allowed_kg(bay: Hold, bulk_g_cm3: float) -> float:
    """Mass of a bay full at this bulk density, but no more than its part of a container's payload."""
    litres = bay.litres()
    return min(litres * bulk_g_cm3, _LOAD_LIMIT_KG * min(litres / _LOAD_LIMIT_LITRES, 1))


def stowed(rng: Rng, bay: Hold, *, fill: Span = (0.6, 0.97)) -> Hold:
    """The part of a bay that goods take up: mostly its whole length, ``fill`` of its height."""
    left, right = rng.uniform(5, 60, 2)
    if rng.random() < 0.3 and bay.length > 3000:
        left, right = (left, rng.uniform(0.05, 0.5) * bay.length)[:: 1 if rng.random() < 0.7 else -1]
    near, far = rng.uniform(10, 70, 2)
    return replace(
        bay,
        x=(bay.x[0] + left, bay.x[1] - right),
        y=(bay.y[1] - bay.height * rng.uniform(*fill), bay.y[1]),
        z=(bay.z[0] + near, bay.z[1] - far),
    )


def lanes(rng: Rng, span: Span, size: float, *, gap: Span = (0, 30)) -> list[Span]:
    """Side by side as many intervals of ``size`` as fit, at least one, with gaps, spread at random."""
    length = span[1] - span[0]
    size = min(size, length)
    count = max(int(length // (size + gap[0])), 1)
    slack = length - count * size
    gaps = np.minimum(rng.uniform(*gap, count), slack / count)
    starts = span[0] + np.cumsum(gaps) + np.arange(count) * size
    starts += rng.uniform(0, max(span[1] - size - starts[-1], 0))
    return [(float(start), float(start + size)) for start in starts]


def pallet(projection: Projection, rng: Rng, x: Span, floor: float, z: Span) -> float:
    """A wooden pallet; returns the y of its deck."""
    deck = floor - 144
    projection.box(x, (deck, deck + 22), z, WOOD, share=0.85)
    projection.box(x, (floor - 22, floor), z, WOOD, share=0.35)
    block = min(110.0, (x[1] - x[0]) / 4)
    for share in (0.0, 0.5, 1.0):
        left = x[0] + share * (x[1] - x[0] - block)
        projection.box((left, left + block), (deck + 22, floor - 22), z, WOOD, share=0.4)
        if rng.random() < 0.5:
            projection.box((left + 40, left + 44), (deck, deck + 70), (z[0], z[0] + 8), STEEL)
    return deck


def bearers(projection: Projection, rng: Rng, x: Span, y: Span, z: Span, *, pitch: float = 900) -> None:
    """Squared timber laid across, a few under one load."""
    count = max(int((x[1] - x[0]) / pitch), 2)
    thick = rng.uniform(60, 110)
    for share in np.linspace(0.06, 0.94, count):
        left = x[0] + share * (x[1] - x[0]) - thick / 2 + rng.uniform(-30, 30)
        left = min(max(left, x[0]), x[1] - thick)
        projection.box((left, left + thick), y, z, WOOD)


def crate(projection: Projection, rng: Rng, x: Span, y: Span, z: Span) -> None:
    """An empty crate of boards: sheathing, posts, rails, diagonals, nails; goods go in beside."""
    board, post = rng.uniform(9, 25), rng.uniform(60, 100)
    for side in ((z[0], z[0] + board), (z[1] - board, z[1])):
        projection.box(x, y, side, WOOD)
        near = (side[0], side[0] + 45) if side[0] == z[0] else (side[1] - 45, side[1])
        for share in np.linspace(0, 1, max(int((x[1] - x[0]) / 700) + 1, 2)):
            left = x[0] + share * (x[1] - x[0] - post)
            projection.box((left, left + post), y, near, WOOD)
        for edge in (y[0], y[1] - post):
            projection.box(x, (edge, edge + post), near, WOOD)
        if rng.random() < 0.7:
            rising = [(x[0] + post, y[1] - post, side[0]), (x[1] - post, y[0] + post, side[0])]
            projection.add(strokes(projection.beam, [rising], post, 30), WOOD)
    for low in (y[0], y[1] - board):
        projection.box(x, (low, low + board), z, WOOD)
    for end in (x[0], x[1] - board):
        projection.box((end, end + board), y, z, WOOD)


def strap(projection: Projection, rng: Rng, x: float, y: Span, z: Span) -> None:
    """A steel band around a stack, seen as a thin upright line."""
    width = rng.uniform(13, 32)
    projection.box((x, x + width), y, (z[0], z[0] + 1.5), STEEL)
    projection.box((x, x + width), (y[0], y[0] + 1.2), z, STEEL)
