"""Goods in sacks, big bags and bales: rice, fertiliser, coffee, granulate, hay, flowers.

A sack is a rounded pillow that the ones above press flat; stacks sag and bulge, and rows never line up.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from datasets.synthetic.beam import Float32
from datasets.synthetic.grain import Grain, smooth_noise
from datasets.synthetic.hold import Hold
from datasets.synthetic.packing import (
    PALLET_MM,
    Rng,
    Section,
    fill_rows,
    film,
    load_height,
    pallet,
    rows_across,
)
from datasets.synthetic.physics import ORGANIC, STEEL, WOOD, Material
from datasets.synthetic.projection import Projection, Span


@dataclass(frozen=True, kw_only=True)
class Sack:
    """A kind of sack or bale.

    Attributes:
        wide: Range of its length along x, millimetres.
        tall: Range of its height when pressed.
        roundness: Exponent of its outline: 2 is an ellipse, 6 almost a box.
        material: What is in it.
        palletised: How often on pallets.
        clumps: Relative strength of the coarse texture inside.
        straps: Steel bands around each (bales).
    """

    wide: Span
    tall: Span
    roundness: Span = (2.6, 4.0)
    material: Material = ORGANIC
    palletised: float = 0.4
    clumps: float = 0.03
    straps: bool = False


GRAIN_SACK = Sack(wide=(600, 850), tall=(120, 190))
FERTILISER_SACK = Sack(wide=(800, 960), tall=(150, 220), roundness=(2.4, 3.4), palletised=0.25, clumps=0.015)
GRANULATE_SACK = Sack(wide=(550, 680), tall=(110, 150), roundness=(3.2, 5.0), palletised=0.95)
COFFEE_SACK = Sack(wide=(750, 950), tall=(180, 260), roundness=(2.2, 3.2), palletised=0.1, clumps=0.05)
BIG_BAG = Sack(wide=(900, 1050), tall=(850, 1150), roundness=(3.0, 5.0), palletised=0.7, clumps=0.05)
BALE = Sack(
    wide=(900, 1250), tall=(420, 800), roundness=(7.0, 12.0), palletised=0.0, clumps=0.10, straps=True
)


def draw_sacks(projection: Projection, rng: Rng, bay: Hold, bulk_g_cm3: float, *, sack: Sack) -> None:
    """Fill a bay with sacks of one kind, laid in bond."""
    on_pallets = rng.random() < sack.palletised
    raised = PALLET_MM if on_pallets else 0.0
    wide, tall = float(rng.uniform(*sack.wide)), float(rng.uniform(*sack.tall))
    n_wide = max(round(1150 / wide), 1) if on_pallets else int(rng.integers(2, 4))
    length = min(n_wide * wide + 40, bay.length)
    height = load_height(rng, bay, bulk_g_cm3, fullest=0.93)
    n_high = max(int((height - raised) / tall + 0.3), 1)
    tall = min(tall, (bay.height - raised - 20) / n_high)
    pitch = projection.beam.pitch_mm
    tiles = [_sack(rng, pitch, (wide, tall), sack, bulk_g_cm3) for _ in range(5)]
    ragged = float(rng.uniform(0.1, 0.7))

    def build(small: Projection, x: Span, z: Span) -> None:
        floor = pallet(small, rng, x, bay.y[1], z) if on_pallets else bay.y[1]
        levels = max(n_high - int(rng.random() < ragged), 1)
        deep = (z[1] - z[0]) / 2
        for half in ((z[0], z[0] + deep), (z[0] + deep, z[1])):
            section = Section(pitch, x[1], (floor - levels * tall, floor))
            _lay(section, rng, tiles, (wide, tall * float(rng.uniform(0.94, 1.0))), levels, floor)
            section.project(small, x[0], half, sack.material)
        if on_pallets:
            film(small, x, (floor - levels * tall, floor), z)
        if sack.straps:
            _straps(small, x, (floor - levels * tall, floor), z)

    fill_rows(
        projection,
        rng,
        bay,
        rows_across(rng, bay, (1000, 1200) if on_pallets or wide > 900 else (560, 1150)),
        length,
        build,
        gap_mm=(15, 110) if on_pallets else (0, 30),
        grain=Grain(rng, ((1.5, 1.5), (3, 5), (14, 22), (50, 50)), float(rng.uniform(0.01, 0.035))),
    )


def _sack(rng: Rng, pitch_mm: float, size: Span, sack: Sack, bulk_g_cm3: float) -> Float32:
    """One sack's cut, a little taller than its share of the stack, with its own sag; g/cm³."""
    shape = (max(round(size[1] * 1.12 / pitch_mm), 3), max(round(size[0] * 1.02 / pitch_mm), 3))
    v, u = np.linspace(-1, 1, shape[0])[:, None], np.linspace(-1, 1, shape[1])[None, :]
    sag = 0.22 * rng.standard_normal() * u**2 + 0.12 * rng.standard_normal() * u
    bulge = 1 + 0.06 * np.cos(3 * u + rng.uniform(0, 6))
    power = float(rng.uniform(*sack.roundness))
    radius = np.abs(u) ** (power + 1) + np.abs((v - sag * 0.6) / bulge) ** power
    body = np.maximum(1 - radius, 0) ** 0.35
    body = body * (1 + sack.clumps * smooth_noise(rng, shape, (5, 9)))
    body *= 1 + 0.5 * sack.clumps * smooth_noise(rng, shape, (2, 3))
    area = size[0] * size[1] / pitch_mm**2
    return (body * (bulk_g_cm3 * area / max(float(body.sum()), 1e-6))).astype(np.float32)


def _lay(  # noqa: PLR0917 - where, what, how many
    section: Section, rng: Rng, tiles: list[Float32], size: Span, levels: int, floor: float
) -> None:
    """Sacks in bond: every other level shifted, its ends filled with sacks laid across."""
    wide, tall = size
    width = section.density.shape[1]
    for level in range(levels):
        x = -wide * (0.5 if level % 2 else 0.0) + float(rng.uniform(0, 30))
        while x < width * section.pitch_mm:
            tile = tiles[int(rng.integers(len(tiles)))]
            left, right = max(x, 0.0), min(x + wide, width * section.pitch_mm)
            if right - left < wide * 0.3:
                x += wide
                continue
            if right - left < wide * 0.9:
                narrow = (section.px(right - left), tile.shape[0])
                tile = np.asarray(cv2.resize(tile, narrow, interpolation=cv2.INTER_AREA), dtype=np.float32)
            y = floor - (level + 1) * tall - float(rng.uniform(0, 0.1)) * tall * (level > 0)
            section.paste(tile * np.float32(rng.normal(1, 0.04)), left, y - 0.06 * tall)
            x += wide * float(rng.uniform(0.97, 1.02))


def _straps(small: Projection, x: Span, y: Span, z: Span) -> None:
    for share in (0.2, 0.5, 0.8):
        left = x[0] + share * (x[1] - x[0])
        for near in (z[0] + 1, z[1] - 2):
            small.box((left, left + 16), y, (near, near + 1), STEEL)
    small.box(x, (y[1] - 3, y[1]), z, WOOD)


def draw_big_bags(projection: Projection, rng: Rng, bay: Hold, bulk_g_cm3: float) -> None:
    """Fill a bay with big bags of about a tonne: one or two high, domed, with lifting loops."""
    draw_sacks(projection, rng, bay, bulk_g_cm3, sack=BIG_BAG)
