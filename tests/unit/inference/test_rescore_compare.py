"""The comparison of two models over one archive."""

from typing import Any

import pyarrow as pa
import pytest

from inference.rescore_compare import compare
from inference.rescore_parts import RESULT_SCHEMA


def row(scan_id: str, *, old: dict[str, float] | None, new: dict[str, float] | None) -> dict[str, Any]:
    """A result row; scores by kind, flagged from 0.5; None: never screened, or unreadable."""

    def findings(scores: dict[str, float] | None) -> list[dict[str, Any]] | None:
        if scores is None:
            return None
        return [{"kind": k, "score": s, "threshold": 0.5, "box_xyxy": None} for k, s in scores.items()]

    def flagged(scores: dict[str, float] | None) -> bool | None:
        return None if scores is None else any(score >= 0.5 for score in scores.values())

    return {
        "scan_id": scan_id,
        "was_flagged": flagged(old),
        "is_flagged": flagged(new),
        "old_risk": None,
        "new_risk": None,
        "old_findings": findings(old),
        "new_findings": findings(new),
        "error": None if new is not None else "object_missing",
    }


def test_compare__counts_what_changed() -> None:
    """Newly and no longer flagged are counted against the stored screening only."""
    rows = [
        row("XR-1", old={}, new={"gun": 0.9}),
        row("XR-2", old={"gun": 0.8}, new={}),
        row("XR-3", old={"gun": 0.6, "knife": 0.5}, new={"gun": 0.7}),
        row("XR-4", old=None, new={"gun": 0.9}),
        row("XR-5", old={}, new=None),
    ]
    summary = compare(pa.Table.from_pylist(rows, schema=RESULT_SCHEMA))
    assert {name: value for name, value in summary.items() if name.startswith("n_")} == {
        "n_scans": 5,
        "n_scored": 4,
        "n_flagged": 3,
        "n_newly_flagged": 1,
        "n_no_longer_flagged": 1,
        "n_never_screened": 1,
    }
    assert summary["unreadable"] == [{"scan_id": "XR-5", "error": "object_missing"}]
    gun = summary["score_shift"]["gun"]
    assert gun == {
        "n": 3,
        "mean": pytest.approx((0.9 - 0.8 + 0.1) / 3),
        "min": pytest.approx(-0.8),
        "max": pytest.approx(0.9),
    }
    assert summary["score_shift"]["knife"]["mean"] == pytest.approx(-0.5)


def test_compare__empty_archive() -> None:
    """No scans is an answer too."""
    assert compare(RESULT_SCHEMA.empty_table())["n_scans"] == 0
