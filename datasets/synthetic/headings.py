"""What is declared: goods by heading of the Harmonized System, each with the way it fills a hold.

Codes are real headings (2, 4 or 6 digits of the Harmonized System, padded to China's ten); descriptions and
unit weights are usual ones. Bulk densities are those of a full stack, packaging and gaps included.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np

from datasets.synthetic import packed_cartons as cartons
from datasets.synthetic.hold import Hold
from datasets.synthetic.packed_cartons import Carton, draw_cartons
from datasets.synthetic.packed_sacks import (
    BALE,
    COFFEE_SACK,
    GRAIN_SACK,
    GRANULATE_SACK,
    Sack,
    draw_big_bags,
    draw_sacks,
)
from datasets.synthetic.projection import Projection, Span

Draw = Callable[[Projection, np.random.Generator, Hold, float], None]


@dataclass(frozen=True, kw_only=True)
class Heading:
    """One kind of merchandise.

    Attributes:
        hs_code: Ten digits.
        description: As a Chinese declaration says it.
        unit: Of the declared quantity.
        unit_kg: Gross mass of one unit.
        bulk_g_cm3: Mean density of a full stack (lowest, highest).
        draw: Fills a bay at a bulk density.
    """

    hs_code: str
    description: str
    unit: str
    unit_kg: float
    bulk_g_cm3: Span
    draw: Draw


def _heading(  # noqa: PLR0917 - a table reads best in columns
    hs_code: str, description: str, unit: str, unit_kg: float, bulk_g_cm3: Span, draw: Draw
) -> Heading:
    return Heading(
        hs_code=hs_code,
        description=description,
        unit=unit,
        unit_kg=unit_kg,
        bulk_g_cm3=bulk_g_cm3,
        draw=draw,
    )


def _in(carton: Carton) -> Draw:
    return partial(draw_cartons, carton=carton)


def _sacks(sack: Sack) -> Draw:
    return partial(draw_sacks, sack=sack)


HEADINGS: Final[tuple[Heading, ...]] = (
    _heading("6109100000", "棉制针织T恤衫", "箱", 12.5, (0.14, 0.26), _in(cartons.CLOTHES)),
    _heading("6403990000", "皮面鞋靴", "箱", 11.0, (0.10, 0.19), _in(cartons.SHOES)),
    _heading("9503008900", "塑料玩具", "箱", 8.0, (0.08, 0.15), _in(cartons.TOYS)),
    _heading("3924100000", "塑料餐具及厨房用具", "箱", 7.0, (0.08, 0.17), _in(cartons.TABLEWARE)),
    _heading("8517130000", "智能手机及配件", "箱", 9.5, (0.22, 0.38), _in(cartons.PHONES)),
    _heading("8534009000", "印刷电路板组件", "箱", 14.0, (0.25, 0.45), _in(cartons.BOARDS)),
    _heading("9405410000", "LED灯具", "箱", 9.0, (0.09, 0.17), _in(cartons.LAMPS)),
    _heading("6907211000", "陶瓷地砖", "箱", 28.0, (1.1, 1.6), _in(cartons.TILES)),
    _heading("4901990000", "图书及印刷品", "箱", 16.0, (0.42, 0.62), _in(cartons.BOOKS)),
    _heading("0202300090", "冻去骨牛肉", "箱", 25.0, (0.55, 0.78), _in(cartons.MEAT)),
    _heading("3004909099", "西药制剂", "箱", 8.0, (0.16, 0.28), _in(cartons.MEDICINE)),
    _heading("7318151090", "钢铁螺栓及紧固件", "箱", 25.0, (0.9, 1.5), _in(cartons.HARDWARE)),
    _heading("1006302000", "精米(袋装)", "袋", 25.0, (0.62, 0.80), _sacks(GRAIN_SACK)),
    _heading("3102100090", "尿素(化肥)", "袋", 50.0, (0.65, 0.82), _sacks(GRAIN_SACK)),
    _heading("3907610000", "聚酯切片", "袋", 25.0, (0.55, 0.75), _sacks(GRANULATE_SACK)),
    _heading("0901110000", "未焙炒咖啡豆", "袋", 60.0, (0.50, 0.66), _sacks(COFFEE_SACK)),
    _heading("2836200000", "碳酸钠(吨袋)", "袋", 1000.0, (0.70, 1.0), draw_big_bags),
    _heading("1214900090", "草捆(饲草)", "捆", 450.0, (0.22, 0.42), _sacks(BALE)),
)
