"""What is declared: goods by HS heading, each with the way it is packed and drawn.

HS codes are real headings (2/4/6 digits of the Harmonized System, padded to China's ten with zeros);
descriptions and unit weights are usual ones.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Packing(StrEnum):
    """How goods look on a scan."""

    CARTONS = "cartons"
    SACKS = "sacks"
    DRUMS = "drums"
    ROLLS = "rolls"
    TYRES = "tyres"
    MACHINERY = "machinery"
    TIMBER = "timber"
    BOTTLES = "bottles"
    PIPES = "pipes"
    BULK = "bulk"
    APPLIANCES = "appliances"


@dataclass(frozen=True, kw_only=True)
class Goods:
    """One kind of merchandise.

    Attributes:
        hs_code: Ten digits.
        description: As a Chinese declaration says it.
        packing: How it is drawn.
        bulk_g_cm3: Mean density of a full stack, packaging and gaps included (lowest, highest).
        unit: Of the declared quantity.
        unit_kg: Gross mass of one unit.
    """

    hs_code: str
    description: str
    packing: Packing
    bulk_g_cm3: tuple[float, float]
    unit: str
    unit_kg: float


def _goods(  # noqa: PLR0917 - a table reads best in columns
    hs_code: str, description: str, packing: Packing, low: float, high: float, unit: str, unit_kg: float
) -> Goods:
    return Goods(
        hs_code=hs_code,
        description=description,
        packing=packing,
        bulk_g_cm3=(low, high),
        unit=unit,
        unit_kg=unit_kg,
    )


CATALOGUE: Final[tuple[Goods, ...]] = (
    _goods("3924100000", "塑料餐具及厨房用具", Packing.CARTONS, 0.08, 0.16, "箱", 7.0),
    _goods("6109100000", "棉制针织T恤衫", Packing.CARTONS, 0.14, 0.24, "箱", 12.5),
    _goods("6403990000", "皮面鞋靴", Packing.CARTONS, 0.10, 0.18, "箱", 11.0),
    _goods("9503008900", "塑料玩具", Packing.CARTONS, 0.07, 0.14, "箱", 8.0),
    _goods("8517130000", "智能手机及配件", Packing.CARTONS, 0.16, 0.28, "箱", 9.5),
    _goods("9405410000", "LED灯具", Packing.CARTONS, 0.08, 0.16, "箱", 9.0),
    _goods("4819100000", "瓦楞纸箱", Packing.CARTONS, 0.12, 0.22, "箱", 15.0),
    _goods("1006302000", "精米(袋装)", Packing.SACKS, 0.34, 0.55, "袋", 25.0),
    _goods("3102100090", "尿素(化肥)", Packing.SACKS, 0.30, 0.50, "袋", 50.0),
    _goods("3907610000", "聚酯切片", Packing.SACKS, 0.26, 0.45, "袋", 25.0),
    _goods("0901110000", "未焙炒咖啡豆", Packing.SACKS, 0.28, 0.46, "袋", 60.0),
    _goods("2710199100", "润滑油(桶装)", Packing.DRUMS, 0.30, 0.55, "桶", 195.0),
    _goods("3506912000", "工业胶粘剂", Packing.DRUMS, 0.32, 0.58, "桶", 210.0),
    _goods("4810190000", "铜版纸(卷筒)", Packing.ROLLS, 0.34, 0.55, "卷", 620.0),
    _goods("4801001000", "新闻纸(卷筒)", Packing.ROLLS, 0.28, 0.46, "卷", 540.0),
    _goods("5407520000", "染色聚酯布(卷装)", Packing.ROLLS, 0.18, 0.32, "卷", 160.0),
    _goods("4011200000", "客货车用新充气轮胎", Packing.TYRES, 0.12, 0.24, "条", 52.0),
    _goods("4011100000", "小轿车用新充气轮胎", Packing.TYRES, 0.10, 0.18, "条", 9.5),
    _goods("8413709190", "离心泵", Packing.MACHINERY, 0.15, 0.45, "台", 420.0),
    _goods("8408909390", "柴油发电机组", Packing.MACHINERY, 0.20, 0.50, "台", 1150.0),
    _goods("8458110090", "数控卧式车床", Packing.MACHINERY, 0.25, 0.60, "台", 2800.0),
    _goods("4407119090", "松木板材", Packing.TIMBER, 0.24, 0.40, "捆", 950.0),
    _goods("4412330090", "胶合板", Packing.TIMBER, 0.30, 0.46, "捆", 1200.0),
    _goods("2204210000", "葡萄酒(瓶装)", Packing.BOTTLES, 0.28, 0.48, "箱", 16.0),
    _goods("2009120000", "橙汁(瓶装)", Packing.BOTTLES, 0.30, 0.46, "箱", 13.0),
    _goods("7304319000", "无缝钢管", Packing.PIPES, 0.18, 0.42, "捆", 900.0),
    _goods("3917230000", "聚氯乙烯硬管", Packing.PIPES, 0.10, 0.20, "捆", 160.0),
    _goods("1201901000", "黄大豆(散装)", Packing.BULK, 0.30, 0.45, "吨", 1000.0),
    _goods("7404000090", "废杂铜(散装)", Packing.BULK, 0.25, 0.40, "吨", 1000.0),
    _goods("8418102000", "冷藏冷冻箱", Packing.APPLIANCES, 0.08, 0.14, "台", 68.0),
    _goods("8450111000", "全自动洗衣机", Packing.APPLIANCES, 0.12, 0.20, "台", 62.0),
)
