"""Loads inside a container, drawn by the way they are packed.

Every drawing function fills one bay of the loadable space; the canvas weighs what was drawn. The container is
2.34 m deep along the beam; goods stand there in two to four rows that never line up exactly, and that is most
of what makes a load look real.
"""

from collections.abc import Callable

from datasets.synthetic.bay import Bay, Rng
from datasets.synthetic.canvas import Canvas
from datasets.synthetic.cargo_bare import draw_bulk, draw_machinery, draw_pipes, draw_timber, draw_tyres
from datasets.synthetic.cargo_packed import (
    draw_appliances,
    draw_bottles,
    draw_cartons,
    draw_drums,
    draw_rolls,
    draw_sacks,
)
from datasets.synthetic.goods import Goods, Packing

_DRAW: dict[Packing, Callable[[Canvas, Rng, Bay, float], None]] = {
    Packing.CARTONS: draw_cartons,
    Packing.SACKS: draw_sacks,
    Packing.DRUMS: draw_drums,
    Packing.ROLLS: draw_rolls,
    Packing.TYRES: draw_tyres,
    Packing.MACHINERY: draw_machinery,
    Packing.TIMBER: draw_timber,
    Packing.BOTTLES: draw_bottles,
    Packing.PIPES: draw_pipes,
    Packing.BULK: draw_bulk,
    Packing.APPLIANCES: draw_appliances,
}


def fill_bay(canvas: Canvas, rng: Rng, bay: Bay, goods: Goods) -> None:
    """Load goods into a bay."""
    _DRAW[goods.packing](canvas, rng, bay, float(rng.uniform(*goods.bulk_g_cm3)))
