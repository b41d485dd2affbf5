"""What another detector says nothing about: findings of a primary screening that no detector makes."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from inference.gate_photos import CONTAINER_NUMBER_MISMATCH
from models.cargo_checks import CHECK_KINDS
from models.finding import Finding

KINDS_BESIDE_DETECTOR: Final = CHECK_KINDS | {CONTAINER_NUMBER_MISMATCH}


def checked_before(old_findings: Sequence[Mapping[str, Any]] | None) -> list[Finding]:
    """Return those findings of a primary screening that no detector makes."""
    return [
        Finding(
            kind=old["kind"],
            score=old["score"],
            threshold=old["threshold"],
            box_xyxy=None,
            model_digest=old.get("model_digest"),
            text=old.get("text"),
        )
        for old in old_findings or []
        if old["kind"] in KINDS_BESIDE_DETECTOR
    ]
