"""Screens local files with no server and no database: what ``shenxiang screen`` prints."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from inference.errors import InferenceError
from inference.scorer import Scorer, load_pinned_scorer, load_scorer_file, score_px16
from inference.triage import TriagePolicy, triage_scan
from models.errors import ModelOutputError
from models.finding import Finding
from scans.errors import ScanError
from scans.guard import GuardedDecoder

NO_SAMPLE = TriagePolicy(audit_sample=0.0)


def screen_files(
    paths: Sequence[Path], *, low: Path | None = None, model: Path | None = None
) -> list[dict[str, Any]]:
    """Screen scan files one after the other, by the model's own thresholds.

    Args:
        paths: High-energy images, or files with both energies.
        low: The low-energy image that belongs to the only one of ``paths``.
        model: A model file; None is the pinned default model.

    Returns:
        One entry per file with ``file``, ``width_px``, ``height_px``, ``model``, ``outcome``, ``risk``,
        ``findings`` (``kind``, ``score``, ``threshold``, ``box`` in pixels of the file) and ``timings_ms``;
        or with ``file`` and ``error`` (``code``, ``detail``) if it could not be screened.

    Raises:
        ModelError: The model is unreadable, not pinned or not usable; likewise EngineError.
    """
    scorer = load_pinned_scorer() if model is None else load_scorer_file(model)
    return asyncio.run(_screen_all(paths, low, scorer))


async def _screen_all(paths: Sequence[Path], low: Path | None, scorer: Scorer) -> list[dict[str, Any]]:
    decoder = GuardedDecoder(n_workers=1)
    try:
        return [await _screen_one(path, low, scorer, decoder) for path in paths]
    finally:
        await decoder.close()


async def _screen_one(
    path: Path, low: Path | None, scorer: Scorer, decoder: GuardedDecoder
) -> dict[str, Any]:
    try:
        high_bytes = await asyncio.to_thread(path.read_bytes)
        low_bytes = await asyncio.to_thread(low.read_bytes) if low is not None else None
        prepared = await decoder.prepare(high_bytes, low_bytes)
        result = await asyncio.to_thread(score_px16, scorer, prepared.px16_full)
    except (ScanError, InferenceError, ModelOutputError) as error:
        return {"file": str(path), "error": {"code": error.code, "detail": str(error)}}
    except OSError as error:
        return {"file": str(path), "error": {"code": "file_unreadable", "detail": str(error)}}
    triage = triage_scan(result.findings, scan_id="", container_no_valid=None, policy=NO_SAMPLE)
    return {
        "file": str(path),
        "width_px": prepared.width_px,
        "height_px": prepared.height_px,
        "model": {"name": scorer.info.name, "version": scorer.info.version, "digest": scorer.info.digest},
        "outcome": str(triage.outcome),
        "risk": triage.risk,
        "findings": [_finding(finding) for finding in result.findings],
        "timings_ms": result.timings_ms,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "kind": finding.kind,
        "score": finding.score,
        "threshold": finding.threshold,
        "box": None if finding.box_xyxy is None else list(finding.box_xyxy),
    }
