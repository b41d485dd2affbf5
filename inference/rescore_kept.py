"""What another detector says nothing about: what a primary screening has beside them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from inference.gate_photos import CONTAINER_NUMBER_MISMATCH
from models.cargo_checks import CHECK_KINDS, LineCheck
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


def line_checks_before(old: Sequence[str] | None) -> list[LineCheck] | None:
    """Return a primary screening's words on the lines of the declaration."""
    return None if old is None else [LineCheck(word) for word in old]
