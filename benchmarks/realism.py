"""How like real scans the synthetic ones are: the same measures on both, side by side.

    python -m benchmarks.realism --real FOLDER --json FILE --figure FILE.png

Measured are what a detector could trip over: how transmissions are distributed, how noise grows with
attenuation, how the two energies compare, how sharp edges are, and how much structure there is at each scale.
Real scans are read with `training.evaluation.backgrounds`; none of them is copied anywhere.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.machine import describe_machine
from datasets.synthetic import make_scan
from training.evaluation.backgrounds import list_scans, read_background

Float32 = NDArray[np.float32]

BINS: Final = np.array([0.004, 0.008, 0.015, 0.03, 0.06, 0.12, 0.25, 0.45, 0.7, 0.95])
"""Edges of the bins of transmission in which noise and ratio are measured."""
_SCALES_PX: Final = (2, 4, 8, 16, 32, 64)
_PATCH: Final = 6
_FIRST_SEED: Final = 4_000_000


def measure(channels: Float32) -> dict[str, Any]:
    """Measures of one scan.

    Args:
        channels: Shape ``(1 or 2, H, W)``, transmission with air at 1.

    Returns:
        ``share_below_0.01``, ``zeros``, ``noise`` and ``ratio`` by bin (None where there is too little),
        ``edge_px`` (10 to 90 %, along and across the scan), ``structure`` by scale.
    """
    high = channels[0]
    result: dict[str, Any] = {
        "share_below_0.01": float((high < 0.01).mean()),
        "zeros": float((high <= 0).mean()),
        "air": float((high > 0.93).mean()),
        "noise": noise_by_transmission(high),
        "edge_px": [edge_width(high), edge_width(np.ascontiguousarray(high.T))],
        "structure": structure_by_scale(high),
        "histogram": np.histogram(high, bins=np.linspace(0, 1.05, 64))[0].tolist(),
    }
    if len(channels) == 2:
        result["ratio"] = ratio_by_transmission(high, channels[1])
    return result


def noise_by_transmission(image: Float32) -> list[float | None]:
    """Relative standard deviation of white noise per bin: the quietest quarter of small patches.

    Goods add structure to noise; the quiet patches are those with least of it, in any scan.
    """
    noise = image[:, 1:-1] - 0.5 * (image[:, :-2] + image[:, 2:])
    level = image[:, 1:-1]
    n, m = (s // _PATCH for s in noise.shape)
    blocks = [a[: n * _PATCH, : m * _PATCH].reshape(n, _PATCH, m, _PATCH) for a in (noise, level)]
    sigma = np.sqrt((blocks[0] ** 2).mean(axis=(1, 3)) / 1.5).ravel()
    mean = blocks[1].mean(axis=(1, 3)).ravel()
    return [_quartile(sigma[(mean >= a) & (mean < b)] / np.sqrt(a * b)) for a, b in _pairs(BINS)]


def ratio_by_transmission(high: Float32, low: Float32) -> list[float | None]:
    """Median of low over high attenuation, per bin of the high-energy transmission."""
    soft = [cv2.blur(channel, (5, 5)) for channel in (high, low)]
    logs = [-np.log(np.maximum(channel, 1e-5)) for channel in soft]
    found: list[float | None] = []
    for a, b in _pairs(BINS[:-1]):
        inside = (soft[0] >= a) & (soft[0] < b)
        found.append(float(np.median(logs[1][inside] / logs[0][inside])) if inside.sum() > 200 else None)
    return found


def edge_width(image: Float32) -> float | None:
    """Median 10 to 90 % width of strong, isolated edges along rows, pixels."""
    step = image[:, 8:] - image[:, :-8]
    strong = np.abs(step) > 0.25
    widths: list[float] = []
    rows, columns = np.nonzero(strong)
    pick = np.random.default_rng(0).permutation(len(rows))[:40_000]
    for row, column in zip(rows[pick], columns[pick], strict=True):
        profile = image[row, max(column - 4, 0) : column + 13]
        if len(profile) < 17:
            continue
        ends = profile[:4], profile[-4:]
        low, high = (float(e.mean()) for e in ends)
        if abs(high - low) < 0.25 or max(float(np.ptp(e)) for e in ends) > 0.08 * abs(high - low):
            continue
        rise = (profile - low) / (high - low)
        crossing = [_first_above(rise, level) for level in (0.1, 0.9)]
        widths.append(crossing[1] - crossing[0])
    return float(np.median(widths)) if len(widths) > 30 else None


def structure_by_scale(image: Float32) -> list[float]:
    """Median local contrast of log transmission in bands of scale, where the beam comes through."""
    log = np.log(np.maximum(image, 2e-3))
    found = []
    for scale in _SCALES_PX:
        band = cv2.GaussianBlur(log, (0, 0), scale / 2) - cv2.GaussianBlur(log, (0, 0), scale)
        seen = (image > 0.02) & (image < 0.9)
        found.append(float(np.median(np.abs(band[seen]))) if seen.sum() > 1000 else float("nan"))
    return found


def _first_above(rise: Float32, level: float) -> float:
    above = int(np.argmax(rise > level))
    if above == 0:
        return 0.0
    before, after = float(rise[above - 1]), float(rise[above])
    return above - 1 + (level - before) / max(after - before, 1e-6)


def _pairs(edges: NDArray[np.float64]) -> Iterator[tuple[float, float]]:
    yield from zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)


def _quartile(values: Float32) -> float | None:
    return float(np.percentile(values, 25)) if len(values) > 40 else None


def transmission_of(pixels: NDArray[np.uint16]) -> Float32:
    """Pixels with their own air level at 1."""
    channels = pixels.astype(np.float32) / 65535
    air = [np.percentile(c[c > 0.6], 90) if (c > 0.6).sum() > 500 else 1.0 for c in channels]
    return np.asarray(channels / np.asarray(air, dtype=np.float32)[:, None, None], dtype=np.float32)


def average(measures: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Mean over scans, leaving out what a scan could not tell."""
    result: dict[str, Any] = {"n_scans": len(measures)}
    for key in ("share_below_0.01", "zeros", "air", "noise", "ratio", "edge_px", "structure", "histogram"):
        rows = [np.asarray(m[key], dtype=np.float64) for m in measures if key in m]
        if not rows:
            continue
        stacked = np.stack(rows)
        counts = np.isfinite(stacked).sum(axis=0)
        sums = np.where(np.isfinite(stacked), stacked, 0).sum(axis=0)
        mean = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
        rounded = [None if not np.isfinite(v) else round(float(v), 5) for v in np.atleast_1d(mean)]
        result[key] = rounded if stacked.ndim > 1 else rounded[0]
    return result


def draw_figure(groups: dict[str, dict[str, Any]], path: Path) -> None:
    """Four panels: histogram, noise, ratio, structure."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, 4, figsize=(17, 4))
    centres = np.sqrt(BINS[:-1] * BINS[1:])
    for name, group in groups.items():
        histogram = np.asarray(group["histogram"], dtype=np.float64)
        axes[0].semilogy(np.linspace(0, 1.05, 63), histogram / histogram.sum(), label=name)
        axes[1].loglog(centres, [v or np.nan for v in group["noise"]], "o-", label=name)
        if "ratio" in group:
            axes[2].semilogx(centres[:-1], [v or np.nan for v in group["ratio"]], "o-", label=name)
        axes[3].loglog(_SCALES_PX, group["structure"], "o-", label=name)
    titles = ("transmission (share of pixels)", "relative noise", "attenuation low / high", "local contrast")
    for axis, title in zip(axes, titles, strict=True):
        axis.set_title(title)
        axis.grid(alpha=0.3)
    for axis in axes[:3]:
        axis.set_xlabel("transmission, high energy")
    axes[3].set_xlabel("scale, pixels")
    axes[0].legend()
    figure.tight_layout()
    figure.savefig(path, dpi=80)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure synthetic scans beside real ones.")
    parser.add_argument("--real", type=Path, required=True, action="append", help="folder of real scans")
    parser.add_argument("--n", type=int, default=24, help="synthetic scans")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--figure", type=Path)
    options = parser.parse_args()
    real: dict[str, list[dict[str, Any]]] = {"real 16-bit": [], "real 8-bit": []}
    for folder in options.real:
        for files in list_scans(folder):
            try:
                background = read_background(folder, files)
            except Exception as error:  # noqa: BLE001 - one unreadable picture must not end the comparison
                print(f"left out: {error}")
                continue
            name = "real 8-bit" if background.is_8bit else "real 16-bit"
            real[name].append(measure(transmission_of(background.pixels)))
    synthetic: dict[str, list[dict[str, Any]]] = {"synthetic 16-bit": [], "synthetic 8-bit": []}
    for seed in range(_FIRST_SEED, _FIRST_SEED + options.n):
        scan = make_scan(seed, threat_probability=0.0, empty_probability=0.0)
        is_8bit = not (scan.pixels % 257).any()
        shown = scan.pixels if scan.is_dual_energy else scan.pixels[:1]
        name = "synthetic 8-bit" if is_8bit else "synthetic 16-bit"
        synthetic[name].append(measure(transmission_of(shown)))
    groups = {name: average(rows) for name, rows in {**real, **synthetic}.items() if rows}
    text = json.dumps({"machine": describe_machine(), "bins": BINS.tolist(), "groups": groups}, indent=1)
    if options.json:
        options.json.write_text(text + "\n", encoding="utf-8")
    else:
        print(text)
    if options.figure:
        draw_figure(groups, options.figure)


if __name__ == "__main__":
    main()
