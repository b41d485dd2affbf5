"""Names of finding kinds, in both languages."""

from typing import Final

FINDING_KINDS: Final[dict[str, dict[str, str]]] = {
    "gun": {"zh": "疑似枪支", "en": "Firearm"},
    "rifle": {"zh": "疑似长枪", "en": "Long gun"},
    "blade": {"zh": "疑似管制刀具", "en": "Blade"},
    "ammunition": {"zh": "疑似弹药", "en": "Ammunition"},
    "explosive": {"zh": "疑似爆炸物", "en": "Explosive"},
    "brick": {"zh": "疑似砖块状夹藏", "en": "Brick-shaped concealment"},
    "cigarettes": {"zh": "疑似卷烟", "en": "Cigarettes"},
    "bottles": {"zh": "疑似酒类瓶装物", "en": "Bottles"},
    "gas_cylinder": {"zh": "疑似气瓶", "en": "Gas cylinder"},
    "dense_block": {"zh": "高密度块", "en": "Dense block"},
    "tusk": {"zh": "疑似象牙或犀角", "en": "Ivory or horn"},
    "electronics": {"zh": "疑似电子产品", "en": "Electronics"},
    "machinery": {"zh": "疑似机械设备", "en": "Machinery"},
    "vehicle": {"zh": "疑似藏匿车辆", "en": "Hidden vehicle"},
    "person": {"zh": "疑似藏匿人员", "en": "Hidden person"},
    "false_wall": {"zh": "疑似假墙", "en": "False wall"},
    "hidden_compartment": {"zh": "疑似夹层", "en": "Hidden compartment"},
    "undeclared_goods": {"zh": "未申报货物", "en": "Undeclared goods"},
    "declaration_mismatch": {"zh": "与申报不符", "en": "Not as declared"},
    "not_empty": {"zh": "申报空箱有货", "en": "Declared empty, is not"},
    "declared_empty": {"zh": "申报空箱,图像疑有货", "en": "Declared empty, looks loaded"},
    "found_empty": {"zh": "申报有货,图像疑空箱", "en": "Goods declared, looks empty"},
    "goods_mismatch": {"zh": "货物疑与申报品名不符", "en": "Goods look unlike those declared"},
    "container_number_mismatch": {"zh": "照片箱号与申报不符", "en": "Other container number on the photo"},
    "impenetrable": {"zh": "难穿透区域", "en": "Not penetrated"},
    "other": {"zh": "其他可疑", "en": "Other suspicion"},
}
"""Names by kind. The page shows a kind that is not here by its own name; a reviewer also picks from these
when drawing a box."""
