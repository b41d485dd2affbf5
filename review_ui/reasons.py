"""Words of the page that the server owns: reason codes of a decision and names of finding kinds.

The codes are stored with decisions for years, so a code is never renamed or given a second meaning; one
that is no longer wanted loses its verdicts.
"""

from collections.abc import Sequence

from review_ui.errors import ReasonCodeUnknownError
from review_ui.schemas import ReasonCode, Verdict

REASON_CODES: tuple[ReasonCode, ...] = (
    ReasonCode(code="no_anomaly", zh="未见异常", en="Nothing unusual", verdicts=["release"]),
    ReasonCode(
        code="matches_declaration", zh="与申报相符", en="Matches the declaration", verdicts=["release"]
    ),
    ReasonCode(code="finding_rejected", zh="排除误报", en="False alarm of the model", verdicts=["release"]),
    ReasonCode(
        code="concealment", zh="夹藏嫌疑", en="Suspected concealment", verdicts=["inspect", "escalate"]
    ),
    ReasonCode(
        code="contraband", zh="疑似违禁品", en="Suspected contraband", verdicts=["inspect", "escalate"]
    ),
    ReasonCode(
        code="goods_mismatch", zh="品名不符", en="Goods not as declared", verdicts=["inspect", "escalate"]
    ),
    ReasonCode(
        code="quantity_mismatch",
        zh="数量不符",
        en="Quantity not as declared",
        verdicts=["inspect", "escalate"],
    ),
    ReasonCode(
        code="not_empty", zh="申报空箱有货", en="Declared empty, is not", verdicts=["inspect", "escalate"]
    ),
    ReasonCode(
        code="image_anomaly", zh="图像异常", en="Odd image", verdicts=["inspect", "escalate", "rescan"]
    ),
    ReasonCode(
        code="impenetrable", zh="难以穿透", en="Not penetrated", verdicts=["inspect", "escalate", "rescan"]
    ),
    ReasonCode(code="undecided", zh="难以判定", en="Hard to judge", verdicts=["inspect", "escalate"]),
    ReasonCode(code="image_incomplete", zh="图像不完整", en="Incomplete image", verdicts=["rescan"]),
    ReasonCode(code="image_quality", zh="图像质量差", en="Poor image quality", verdicts=["rescan"]),
    ReasonCode(
        code="wrong_vehicle", zh="车箱不符", en="Not the announced vehicle", verdicts=["rescan", "inspect"]
    ),
    ReasonCode(code="other", zh="其他", en="Other", verdicts=["release", "inspect", "escalate", "rescan"]),
)

FINDING_KINDS: dict[str, dict[str, str]] = {
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


def check_reason_codes(codes: Sequence[str], verdict: Verdict) -> None:
    """Refuse a reason that is not offered for ``verdict``.

    Raises:
        ReasonCodeUnknownError: On the first such code.
    """
    offered = {reason.code for reason in REASON_CODES if verdict in reason.verdicts}
    for code in codes:
        if code not in offered:
            raise ReasonCodeUnknownError(
                f"{code!r} is no reason for {verdict!r}; GET /api/v1/ui-config lists the reasons"
            )
