"""Compares a re-scored archive with its stored primary screenings. Pure."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa


def compare(result: pa.Table) -> dict[str, Any]:
    """Summarise a result table.

    Returns:
        Counts (``n_scans``, ``n_scored``, ``n_flagged``, ``n_newly_flagged``, ``n_no_longer_flagged``,
        ``n_never_screened``), ``score_shift`` by kind, and ``unreadable``: id and error code of each scan
        that could not be scored. Flagged means by a finding; random samples and bad numbers do not count.
    """
    rows = result.to_pylist()
    scored = [row for row in rows if row["error"] is None]
    return {
        "n_scans": len(rows),
        "n_scored": len(scored),
        "n_flagged": sum(row["is_flagged"] for row in scored),
        "n_newly_flagged": sum(row["is_flagged"] and row["was_flagged"] is False for row in scored),
        "n_no_longer_flagged": sum(not row["is_flagged"] and row["was_flagged"] is True for row in scored),
        "n_never_screened": sum(row["was_flagged"] is None for row in scored),
        "score_shift": score_shift(row for row in scored if row["was_flagged"] is not None),
        "unreadable": [
            {"scan_id": row["scan_id"], "error": row["error"]} for row in rows if row["error"] is not None
        ],
    }


def score_shift(rows: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """Return, by kind, how a scan's best score moved: count, mean, least and greatest shift.

    Only scans in which either model reported the kind count; a kind not reported counts as score 0.
    """
    shifts: dict[str, list[float]] = {}
    for row in rows:
        old, new = best_scores(row["old_findings"]), best_scores(row["new_findings"])
        for kind in sorted(old.keys() | new.keys()):
            shifts.setdefault(kind, []).append(new.get(kind, 0.0) - old.get(kind, 0.0))
    return {
        kind: {"n": len(moves), "mean": math.fsum(moves) / len(moves), "min": min(moves), "max": max(moves)}
        for kind, moves in sorted(shifts.items())
    }


def best_scores(findings: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """Return the best score of each kind."""
    best: dict[str, float] = {}
    for finding in findings:
        best[finding["kind"]] = max(best.get(finding["kind"], 0.0), finding["score"])
    return best
