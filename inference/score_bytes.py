"""One image file to its findings as JSON: decode, prepare, run, write. No HTTP, no process, no limit here."""

from dataclasses import asdict

import orjson

from inference.scorer import Scorer, prepare_timed, run_timed
from scans.formats import ImageLimits, decode_image


def score_bytes(scorer: Scorer, data: bytes, *, limits: ImageLimits) -> bytes:
    """Score one file and return the answer that a client gets, JSON.

    Args:
        scorer: Called on this thread.
        data: An image file of one scan: one energy, or both in one file.
        limits: On the file.

    Raises:
        ScanError: See ``formats.decode_image``.
        ModelOutputError: See ``Scorer.run``; likewise EngineError.
    """
    pixels = decode_image(data, limits=limits)
    n_channels, height_px, width_px = pixels.shape
    item, prepare_ms = prepare_timed(scorer, pixels)
    del pixels  # the run is where memory is at its peak
    result = run_timed(scorer, item, prepare_ms)
    return orjson.dumps(
        {
            "model": asdict(scorer.info),
            "width_px": width_px,
            "height_px": height_px,
            "n_channels": n_channels,
            "findings": result.findings,
            "timings_ms": result.timings_ms,
        }
    )
