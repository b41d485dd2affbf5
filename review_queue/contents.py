"""The digest by which a row of the trail vouches for what it does not repeat: notes, marks, outcomes.

JSON with sorted keys and no blanks, every number as a double, so that what PostgreSQL makes of a number or of
the order of keys changes nothing.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from review_queue.trail import microseconds

_CONTENT: Final = re.compile(r"(?:^| )content=([0-9a-f]{64})(?: |$)")


def decision_content(
    *, reason_codes: Sequence[str], note: str, annotations: Sequence[Any], finding_votes: Sequence[Any]
) -> str:
    """Return the digest of a decision beside its verdict, hex."""
    return _digest(
        {
            "reason_codes": list(reason_codes),
            "note": note,
            "annotations": list(annotations),
            "finding_votes": list(finding_votes),
        }
    )


def inspection_content(*, result: str, kinds: Sequence[str], note: str, inspected_at: datetime) -> str:
    """Return the digest of an inspection outcome, hex."""
    at_us = microseconds(inspected_at)
    return _digest({"result": result, "kinds": list(kinds), "note": note, "inspected_at_us": at_us})


def content_of(detail: str | None) -> str | None:
    """Return the digest that a row of the trail gives; None for a row from before there was one."""
    match = _CONTENT.search(detail or "")
    return match[1] if match else None


def _digest(value: object) -> str:
    # -0.0 and 1e300 come back from jsonb as 0.0 and as an integer of 301 digits.
    same: Any = json.loads(json.dumps(value), parse_float=_number, parse_int=_number)
    text = json.dumps(same, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _number(text: str) -> float:
    return float(text) + 0.0
