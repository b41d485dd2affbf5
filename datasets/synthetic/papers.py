"""The papers of a scan: container number and declaration, as an honest trader would write them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from datasets.synthetic.headings import Commodity
from scans.iso6346 import check_digit

Rng = np.random.Generator

_OWNERS: Final = (
    "CSQU",
    "TGHU",
    "MSCU",
    "CMAU",
    "OOLU",
    "COSU",
    "TEMU",
    "DFSU",
    "FCIU",
    "HLXU",
    "SEGU",
    "BMOU",
)
_CONSIGNORS: Final = (
    "深圳市华信贸易有限公司",
    "广州南方进出口有限公司",
    "香港恒通物流有限公司",
    "宁波海顺国际货运有限公司",
)
_CONSIGNEES: Final = (
    "佛山市顺景实业有限公司",
    "东莞市宏达电子有限公司",
    "上海东方商贸有限公司",
    "厦门金海供应链有限公司",
)


@dataclass(frozen=True, kw_only=True)
class Load:
    """Goods in a bay or tank and their mass as drawn."""

    heading: Commodity
    mass_kg: float


def declare(rng: Rng, loads: Sequence[Load], *, declared_empty: bool) -> dict[str, Any]:
    """The declaration of these loads: keys of ``inference.schemas.Declaration``."""
    lines: list[dict[str, Any]] = []
    for number, load in enumerate(loads, start=1):
        quantity = max(round(load.mass_kg / load.heading.unit_kg), 1)
        lines.append(
            {
                "line_no": number,
                "hs_code": load.heading.hs_code,
                "description": load.heading.description,
                "quantity": float(quantity),
                "unit": load.heading.unit,
                "gross_weight_kg": float(round(load.mass_kg / 10) * 10),
            }
        )
    return {
        "declaration_no": "5301" + "".join(str(d) for d in rng.integers(0, 10, 14)),
        "declared_empty": declared_empty,
        "gross_weight_kg": float(sum(line["gross_weight_kg"] for line in lines)),
        "consignor": str(rng.choice(_CONSIGNORS)),
        "consignee": str(rng.choice(_CONSIGNEES)),
        "lines": lines,
    }


def container_number(rng: Rng) -> str:
    """Owner code, six digits and the check digit (ISO 6346)."""
    body = str(rng.choice(_OWNERS)) + f"{int(rng.integers(100_000, 1_000_000))}"
    return f"{body}{check_digit(body)}"
