"""Cigarettes to train on only: packs of many makes, and cartons laid in other ways than the held-out ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from datasets.practice.arranging import (
    around,
    band,
    beside,
    boxed,
    copies,
    heaped,
    in_crate,
    lattice,
    many,
    piled,
    pillow,
)
from datasets.practice.draws import number, one_of
from datasets.synthetic.beam import Float64
from datasets.synthetic.meshes import Point3, Rng, cuboid, rod, rotation
from datasets.synthetic.physics import ALUMINIUM, ORGANIC, PLASTIC, STEEL, WOOD, Material
from datasets.synthetic.shapes import (
    UPRIGHT,
    Build,
    Part,
    between,
    block,
    centred,
    joined,
    moved,
    sized,
    tube,
    turned,
)


@dataclass(frozen=True, kw_only=True)
class _Make:
    """A make of cigarettes: its pack standing, and what is in it."""

    pack: Point3
    packs: tuple[int, int]
    filter_share: float
    tobacco: Material
    filters: Material
    card: Material

    @property
    def carton(self) -> Point3:
        x, y, z = self.pack
        return x * self.packs[0], y, z * self.packs[1]


_PACKS: Final[tuple[Point3, ...]] = (
    (55, 87, 22),  # king size
    (52, 99, 16),  # slim
    (46, 100, 13),  # super slim
    (55, 72, 22),  # short, without filter
    (55, 99, 23),  # hundreds
    (69, 88, 22),  # 25 in a pack
    (36, 87, 22),  # tens
)
_AS_BOUGHT: Final = rotation(0, 0, 0)
_TURNS: Final[tuple[Float64, ...]] = (
    _AS_BOUGHT,
    rotation(np.pi, 0, 0),
    rotation(0, np.pi / 2, 0),
    rotation(np.pi / 2, 0, 0),
    rotation(0, 0, np.pi / 2),
    rotation(0, np.pi / 2, np.pi / 2),
)
_ENDS_ON: Final[tuple[Float64, ...]] = (
    rotation(0, 0, np.pi / 2) @ rotation(np.pi / 2, 0, 0),
    rotation(0, 0, np.pi / 2) @ rotation(-np.pi / 2, 0, 0),
)
"""Cartons standing on their short side, the cigarettes along the rays."""


def _make(rng: Rng, pack: Point3 | None = None) -> _Make:
    x, y, z = pack or one_of(rng, _PACKS)
    by = between(rng, 0.96, 1.05)
    return _Make(
        pack=(x * by, y * by, z * by),
        packs=(10, 1) if x < 40 else one_of(rng, [(5, 2), (5, 2), (4, 2)]),
        filter_share=0.0 if y < 80 else between(rng, 0.2, 0.36),
        tobacco=ORGANIC.packed(between(rng, 0.22, 0.32)),
        filters=ORGANIC.packed(between(rng, 0.12, 0.2)),
        card=ORGANIC.packed(between(rng, 0.4, 0.65)),
    )


def _cartons(make: _Make, counts: tuple[int, int, int]) -> list[Part]:
    """A block of cartons about the origin, its layers cut by sheets of card."""
    (x, y, z), (nx, ny, nz) = make.pack, counts
    a, c = make.packs
    long, deep, share = nx * a * x, nz * c * z, make.filter_share
    cards = [
        cuboid((3.6 if k % a == 0 else 1.8, y - 2, deep)).moved((k * x - long / 2, 0, 0))
        for k in range(nx * a + 1)
    ]
    cards += [
        cuboid((long, y - 2, 2.8 if k % c == 0 else 1.4)).moved((0, 0, k * z - deep / 2))
        for k in range(nz * c + 1)
    ]
    cards.append(cuboid((long, 1.8, deep)).moved((0, y / 2 - 1, 0)))
    one: list[Part] = [
        (cuboid((long, y * (0.95 - share), deep)).moved((0, y * share / 2, 0)), make.tobacco),
        (joined(cards), make.card),
    ]
    if share:
        one.append((cuboid((long, y * share, deep)).moved((0, -y * (0.475 - share / 2), 0)), make.filters))
    return copies(one, [(0, (k - (ny - 1) / 2) * (y + 1), 0) for k in range(ny)])


def _filling(make: _Make, space: Point3, turn: Float64) -> list[Part]:
    """Cartons turned one way, as many as go into a space and at least one."""
    own = np.abs(turn.T) @ np.asarray(space) / np.asarray(make.carton)
    nx, ny, nz = np.maximum(np.round(own - 0.3), 1).astype(int).tolist()
    return centred(turned(_cartons(make, (nx, ny, nz)), turn))


def _width(parts: Sequence[Part]) -> float:
    return around(parts)[1][0]


def _space(rng: Rng, low: float = 0.6, high: float = 1.0) -> Point3:
    by = between(rng, low, high)
    return between(rng, 300, 900) * by, between(rng, 250, 650) * by, between(rng, 200, 550) * by


def cigarette_makes(rng: Rng) -> list[Part]:
    """Each layer another make: king size, slim, short."""
    x, y, z = _space(rng)
    layers = [_filling(_make(rng), (x, 1, z), _AS_BOUGHT) for _ in range(many(rng, 95, 200, max(y, 250), 6))]
    return piled(sorted(layers, key=_width, reverse=True))


def cigarette_turned_layers(rng: Rng) -> list[Part]:
    """Layers that lie each another way."""
    make, (x, y, z) = _make(rng), _space(rng)
    turns = [one_of(rng, _TURNS) for _ in range(number(rng, 2, 4))]
    high = between(rng, 0.2, 0.45) * y
    layers = [_filling(make, (x, high, z), turn) for turn in turns]
    return piled(sorted(layers, key=_width, reverse=True), between(rng, 0, 6))


def cigarette_ends_on(rng: Rng) -> list[Part]:
    """Seen along the cigarettes: no filters show, only card."""
    x, y, z = _space(rng)
    return _filling(_make(rng), (x, max(y, 300), z), one_of(rng, _ENDS_ON))


def cigarette_spaced(rng: Rng) -> list[Part]:
    """Single cartons set apart, with boards or foam between layers, as among other goods."""
    make = _make(rng)
    one = turned(_cartons(make, (1, 1, 1)), one_of(rng, _TURNS))
    _, (x, y, z) = around(one)
    apart = between(rng, 8, 60)
    pitch = (x + apart, y + between(rng, 3, 40), z + between(rng, 3, apart))
    counts = (
        many(rng, pitch[0], 300, 900, 6),
        many(rng, pitch[1], 200, 600, 6),
        many(rng, pitch[2], 120, 450, 6),
    )
    places = [at for at in lattice(rng, pitch, counts, jitter=4) if rng.random() < 0.85]
    parts = copies(one, places or [(0.0, 0.0, 0.0)])
    (a, _, c), (wide, _, deep) = around(parts, 5)
    sheet = one_of(rng, [WOOD, ORGANIC.packed(0.3), PLASTIC.packed(0.05)])
    thick = min(pitch[1] - y, between(rng, 3, 30))
    return parts + [
        block((a, -(j - 0.5) * pitch[1], c), (wide, thick, deep), sheet) for j in range(counts[1] + 1)
    ]


def cigarette_wrapped_blocks(rng: Rng) -> list[Part]:
    """Blocks of cartons in black foil, each lying its own way."""
    make = _make(rng)
    foil = PLASTIC.packed(between(rng, 0.9, 1.3))
    wall, taped = between(rng, 0.8, 2.5), rng.random() < 0.6

    def wrapped() -> list[Part]:
        space = (between(rng, 150, 360), between(rng, 120, 300), between(rng, 120, 300))
        goods = _filling(make, space, one_of(rng, _TURNS))
        middle, size = around(goods, wall)
        tape = [(band(middle, size, 48, 1.5), foil)] if taped else []
        return [*boxed(goods, wall, foil, 1), *tape]

    columns = []
    for _ in range(number(rng, 1, 3)):
        blocks = [wrapped() for _ in range(number(rng, 1, 3))]
        columns.append(piled(sorted(blocks, key=_width, reverse=True), 5))
    return beside(columns, between(rng, 4, 30))


def cigarette_heap(rng: Rng) -> list[Part]:
    """Cartons of two makes, poured out."""
    drawn = [_cartons(_make(rng, one_of(rng, _PACKS[:4])), (1, 1, 1)) for _ in range(2)]
    flat = [turned(one, rotation(np.pi / 2, 0, 0)) for one in drawn]
    pitch = (between(rng, 175, 230), between(rng, 50, 62), between(rng, 150, 200))
    counts = (number(rng, 2, 5), number(rng, 2, 6), number(rng, 1, 3))
    return heaped(rng, lambda: one_of(rng, flat), pitch, counts, between(rng, 0.03, 0.18))


def cigarette_crate(rng: Rng) -> list[Part]:
    """In a crate with a lid, the last layer lying another way."""
    make, (x, y, z) = _make(rng), _space(rng, 0.7, 1.0)
    first, last = one_of(rng, _TURNS), one_of(rng, _TURNS)
    goods = piled([_filling(make, (x, y * 0.75, z), first), _filling(make, (x, y * 0.2, z), last)], 3)
    return in_crate(rng, goods)


def cigarette_corner(rng: Rng) -> list[Part]:
    """Filled round a corner: a low part and a tall one, as beside a machine."""
    make, (x, y, z) = _make(rng), _space(rng, 0.7, 1.0)
    share, low = between(rng, 0.3, 0.65), between(rng, 0.25, 0.6)
    tall = _filling(make, (x * share, y, z), one_of(rng, _TURNS))
    flat = _filling(make, (x * (1 - share), y * low, z), one_of(rng, _TURNS))
    parts = beside([tall, flat] if rng.random() < 0.5 else [flat, tall], 3)
    return turned(parts, rotation(np.pi, 0, 0)) if rng.random() < 0.3 else parts


def cigarette_and_tobacco(rng: Rng) -> list[Part]:
    """Bags of cut tobacco beside cartons, or on top of them."""
    make, (x, y, z) = _make(rng), _space(rng, 0.6, 0.9)
    goods = _filling(make, (x * between(rng, 0.35, 0.8), y * between(rng, 0.5, 0.9), z), one_of(rng, _TURNS))
    leaf = ORGANIC.packed(between(rng, 0.17, 0.36))
    size = (between(rng, 180, 420), between(rng, 70, 200), min(z, between(rng, 200, 400)))
    bags = piled(
        [
            [(pillow(size, 0.65).turned(rotation(0, between(rng, -0.2, 0.2), between(rng, -0.1, 0.1))), leaf)]
            for _ in range(many(rng, size[1], 100, max(y, 150), 5))
        ],
        -6,
    )
    return beside([goods, bags], 10) if rng.random() < 0.6 else piled([goods, bags], 4)


def cigarette_bond(rng: Rng) -> list[Part]:
    """Like bricks in a wall: each course begins with part of a carton's length missing."""
    make, (x, y, z) = _make(rng), _space(rng)
    turn = one_of(rng, [_AS_BOUGHT, _TURNS[1], _TURNS[3]])
    aside = between(rng, 0.3, 0.5) * make.carton[0]
    course = _filling(make, (max(x, 1.6 * make.carton[0]), 1, z), turn)
    high = around(course)[1][1] + 2
    return [
        part
        for j in range(many(rng, high, 200, max(y, 300), 9))
        for part in moved(course, (j % 2 * aside + between(rng, -4, 4), -j * high, between(rng, -4, 4)))
    ]


def cigarette_tins(rng: Rng) -> list[Part]:
    """Tobacco in tins or tubs with lids, in trays."""
    radius, tall = between(rng, 38, 85), between(rng, 55, 190)
    wall, skin = one_of(rng, [(0.4, STEEL), (1.5, PLASTIC), (2.0, ORGANIC.packed(0.7))])
    fill = between(rng, 0.75, 0.97)
    one = turned(
        [
            *tube(-tall / 2, tall / 2, 0, radius, radius - wall, skin),
            (rod(radius, 2 * wall, sides=10).moved((-tall / 2, 0, 0)), skin),
            (rod(radius + 1, 3 * wall, sides=10).moved((tall / 2, 0, 0)), skin),
            (
                rod(radius - wall, tall * fill, sides=10).moved((-tall * (1 - fill) / 2, 0, 0)),
                ORGANIC.packed(between(rng, 0.2, 0.38)),
            ),
        ],
        UPRIGHT,
    )
    counts = (
        many(rng, 2 * radius, 250, 700, 7),
        many(rng, tall, 150, 500, 5),
        many(rng, 2 * radius, 150, 450, 4),
    )
    return copies(one, lattice(rng, (2 * radius + 3, tall + 6, 2 * radius + 3), counts))


def cigarette_hollow_goods(rng: Rng) -> list[Part]:
    """Inside something else: a cooler, a cupboard, a stack of board with its middle cut out."""
    make = _make(rng)
    goods = sized(rng, _filling(make, _space(rng, 0.5, 0.8), one_of(rng, _TURNS)), (0.97, 1.03), (0.97, 1.03))
    wall = between(rng, 12, 45)
    skin = one_of(rng, [WOOD, PLASTIC.packed(0.08), ORGANIC.packed(0.3), WOOD.packed(0.7)])
    parts = boxed(goods, wall, skin, between(rng, 3, 20))
    if rng.random() < 0.5:
        parts = boxed(parts, 1.0, one_of(rng, [STEEL, PLASTIC, ALUMINIUM]), 0.5)
    return parts


CIGARETTES: Final[tuple[Build, ...]] = (
    cigarette_makes,
    cigarette_turned_layers,
    cigarette_ends_on,
    cigarette_spaced,
    cigarette_wrapped_blocks,
    cigarette_heap,
    cigarette_crate,
    cigarette_corner,
    cigarette_and_tobacco,
    cigarette_bond,
    cigarette_tins,
    cigarette_hollow_goods,
)
