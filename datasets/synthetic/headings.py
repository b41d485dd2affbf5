"""What is declared: goods by heading of the Harmonized System, each with the way it fills a hold.

Codes are real headings (2, 4 or 6 digits of the Harmonized System, padded to China's ten); descriptions and
unit weights are usual ones. Bulk densities are those of a full stack, packaging and gaps included.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np

from datasets.synthetic import packed_bottles as bottles
from datasets.synthetic import packed_cartons as cartons
from datasets.synthetic.bare_boxed import draw_castings, draw_tools
from datasets.synthetic.bare_bulk import draw_bulk, draw_scrap
from datasets.synthetic.bare_machines import draw_machinery
from datasets.synthetic.bare_metal import draw_coils, draw_pipes, draw_profiles, draw_reels
from datasets.synthetic.bare_rubber import draw_tyres
from datasets.synthetic.bare_vehicles import draw_bicycles, draw_vehicles
from datasets.synthetic.bare_wood_stone import draw_panes, draw_stone, draw_timber
from datasets.synthetic.hold import Hold
from datasets.synthetic.packed_bottles import Produce, Vessel, draw_produce, draw_vessels
from datasets.synthetic.packed_cartons import Carton, draw_cartons
from datasets.synthetic.packed_home import (
    draw_flat_packs,
    draw_fridges,
    draw_upholstery,
    draw_washers,
)
from datasets.synthetic.packed_household import draw_household
from datasets.synthetic.packed_round import draw_drums, draw_fabric_rolls, draw_paper_rolls, draw_tanks
from datasets.synthetic.packed_sacks import (
    BALE,
    COFFEE_SACK,
    FERTILISER_SACK,
    GRAIN_SACK,
    GRANULATE_SACK,
    Sack,
    draw_big_bags,
    draw_sacks,
)
from datasets.synthetic.projection import Projection, Span

Draw = Callable[[Projection, np.random.Generator, Hold, float], None]


@dataclass(frozen=True, kw_only=True)
class Commodity:
    """One kind of merchandise, as papers know it.

    Attributes:
        hs_code: Ten digits.
        description: As a Chinese declaration says it.
        unit: Of the declared quantity.
        unit_kg: Gross mass of one unit.
    """

    hs_code: str
    description: str
    unit: str
    unit_kg: float


@dataclass(frozen=True, kw_only=True)
class Heading(Commodity):
    """One kind of merchandise, and how it fills a hold.

    Attributes:
        bulk_g_cm3: Mean density of a full stack (lowest, highest).
        draw: Fills a bay at a bulk density.
    """

    bulk_g_cm3: Span
    draw: Draw


LIQUIDS: Final = (
    Commodity(hs_code="2207100000", description="未改性乙醇(罐装)", unit="吨", unit_kg=1000.0),
    Commodity(hs_code="1511909000", description="精制棕榈油(罐装)", unit="吨", unit_kg=1000.0),
    Commodity(hs_code="2807000010", description="硫酸(罐装)", unit="吨", unit_kg=1000.0),
)
"""What tank containers carry; a scan tells the level, hardly the liquid."""


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


def _filled(vessel: Vessel) -> Draw:
    return partial(draw_vessels, vessel=vessel)


def _crated(produce: Produce) -> Draw:
    return partial(draw_produce, produce=produce)


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
    _heading("3102100090", "尿素(化肥)", "袋", 50.0, (0.65, 0.82), _sacks(FERTILISER_SACK)),
    _heading("3907610000", "聚酯切片", "袋", 25.0, (0.55, 0.75), _sacks(GRANULATE_SACK)),
    _heading("0901110000", "未焙炒咖啡豆", "袋", 60.0, (0.50, 0.66), _sacks(COFFEE_SACK)),
    _heading("2836200000", "碳酸钠(吨袋)", "袋", 1000.0, (0.70, 1.0), draw_big_bags),
    _heading("1214900090", "草捆(饲草)", "捆", 450.0, (0.22, 0.42), _sacks(BALE)),
    _heading("2204210000", "葡萄酒(瓶装)", "箱", 16.0, (0.50, 0.68), _filled(bottles.WINE)),
    _heading("2009120000", "橙汁(瓶装)", "箱", 13.0, (0.55, 0.75), _filled(bottles.JUICE)),
    _heading("2203000000", "啤酒(瓶装)", "箱", 19.0, (0.50, 0.68), _filled(bottles.BEER)),
    _heading("2202990099", "饮料(罐装)", "箱", 9.0, (0.60, 0.78), _filled(bottles.DRINK_CAN)),
    _heading("2002109000", "番茄罐头", "箱", 12.0, (0.60, 0.85), _filled(bottles.CAN)),
    _heading("3304990099", "护肤化妆品", "箱", 10.0, (0.30, 0.5), _filled(bottles.COSMETIC)),
    _heading("0808100000", "鲜苹果", "箱", 18.0, (0.30, 0.45), _crated(bottles.FRUIT)),
    _heading("0703101000", "洋葱", "箱", 20.0, (0.30, 0.45), _crated(bottles.ROOTS)),
    _heading("0603190000", "鲜切花", "箱", 9.0, (0.07, 0.14), _crated(bottles.FLOWERS)),
    _heading("2710199100", "润滑油(桶装)", "桶", 195.0, (0.50, 0.62), draw_drums),
    _heading("3506912000", "工业胶粘剂(吨桶)", "桶", 1050.0, (0.70, 1.0), draw_tanks),
    _heading("4810190000", "铜版纸(卷筒)", "卷", 620.0, (0.60, 0.85), draw_paper_rolls),
    _heading("4801001000", "新闻纸(卷筒)", "卷", 540.0, (0.42, 0.58), draw_paper_rolls),
    _heading("5407520000", "染色聚酯布(卷装)", "卷", 40.0, (0.22, 0.42), draw_fabric_rolls),
    _heading("8418102000", "冷藏冷冻箱", "台", 68.0, (0.09, 0.15), draw_fridges),
    _heading("8450111000", "全自动洗衣机", "台", 62.0, (0.12, 0.20), draw_washers),
    _heading("9403609990", "板式家具(散件)", "箱", 32.0, (0.30, 0.50), draw_flat_packs),
    _heading("9401619000", "软体沙发及床垫", "件", 38.0, (0.05, 0.10), draw_upholstery),
    _heading("9804000000", "搬家家庭物品", "件", 15.0, (0.10, 0.20), draw_household),
    _heading("4011100000", "小轿车用新充气轮胎", "条", 9.5, (0.09, 0.14), draw_tyres),
    _heading("4011200000", "客货车用新充气轮胎", "条", 52.0, (0.17, 0.26), draw_tyres),
    _heading("7208510000", "热轧钢卷", "卷", 6500.0, (0.35, 0.60), draw_coils),
    _heading("7304319000", "无缝钢管", "捆", 900.0, (0.28, 0.50), draw_pipes),
    _heading("3917230000", "聚氯乙烯硬管", "捆", 160.0, (0.08, 0.17), draw_pipes),
    _heading("7604210000", "铝合金型材", "捆", 450.0, (0.12, 0.20), draw_profiles),
    _heading("7216310000", "型钢", "捆", 1500.0, (0.32, 0.55), draw_profiles),
    _heading("8544601200", "电力电缆(盘装)", "盘", 1100.0, (0.25, 0.45), draw_reels),
    _heading("4407119090", "松木板材", "捆", 950.0, (0.25, 0.38), draw_timber),
    _heading("4412330090", "胶合板", "捆", 1200.0, (0.40, 0.55), draw_timber),
    _heading("6802231000", "花岗岩板材", "块", 320.0, (0.35, 0.60), draw_stone),
    _heading("7005290090", "浮法玻璃", "箱", 1600.0, (0.36, 0.55), draw_panes),
    _heading("8458110090", "数控机床及机械设备", "台", 1800.0, (0.15, 0.40), draw_machinery),
    _heading("7325101000", "铸铁件", "箱", 900.0, (0.30, 0.60), draw_castings),
    _heading("8207909000", "可互换工具", "箱", 650.0, (0.30, 0.60), draw_tools),
    _heading("1201901000", "黄大豆(散装)", "吨", 1000.0, (0.65, 0.78), draw_bulk),
    _heading("2601111000", "铁矿石(散装)", "吨", 1000.0, (1.8, 2.4), draw_bulk),
    _heading("7404000090", "废杂铜(散装)", "吨", 1000.0, (0.25, 0.50), draw_scrap),
    _heading("8703234010", "小轿车", "辆", 1500.0, (0.05, 0.09), draw_vehicles),
    _heading("8712003000", "自行车", "辆", 16.0, (0.07, 0.12), draw_bicycles),
)
