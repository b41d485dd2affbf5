"""Curves of a measurement as SVG text."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

_STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "shenxiang",
    "font.size": 9,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def plot_detection(curve: Sequence[Mapping[str, float]], lines: Mapping[str, str], *, x_label: str) -> str:
    """Detection against false alarms (FROC); ``lines`` maps keys of the curve's points to their names."""
    with mpl.rc_context(_STYLE):
        figure, axes = _axes(x_label, "share of threats detected and localised")
        for key, label in lines.items():
            points = sorted((point["false_alarms"], point[key]) for point in curve)
            axes.plot(*zip(*points, strict=True), marker=".", label=label)
        axes.set_xscale("symlog", linthresh=0.002)
        axes.set_xlim(0, 1)
        axes.set_xticks([0, 0.004, 0.01, 0.05, 0.2, 1], ["0", "0.4 %", "1 %", "5 %", "20 %", "100 %"])
        axes.minorticks_off()
        axes.set_ylim(0, 1)
        axes.legend(loc="lower right", frameon=False)
        return _to_svg(figure)


def plot_precision(curves: Mapping[str, Sequence[float]]) -> str:
    """Precision against recall, one line per kind."""
    with mpl.rc_context(_STYLE):
        figure, axes = _axes("recall", "precision (IoU 0.5)")
        colours = mpl.colormaps["tab20"]
        for number, (kind, precision) in enumerate(curves.items()):
            axes.plot(np.linspace(0, 1, len(precision)), precision, label=kind, color=colours(number % 20))
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1.02)
        axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False, fontsize=7)
        return _to_svg(figure)


def plot_roc(curves: Mapping[str, Sequence[Sequence[float]]]) -> str:
    """True against false positive rate, one line per name."""
    with mpl.rc_context(_STYLE):
        figure, axes = _axes("empty taken for loaded", "loaded taken for loaded")
        for label, points in curves.items():
            axes.plot(*zip(*points, strict=True), label=label)
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1.02)
        axes.legend(loc="lower right", frameon=False)
        return _to_svg(figure)


def plot_reliability(calibration: Mapping[str, Any]) -> str:
    """Share of findings that are right against their score; the size of a dot is their number."""
    with mpl.rc_context(_STYLE):
        figure, axes = _axes("score", "share of findings that are right")
        axes.plot([0, 1], [0, 1], color="grey", linewidth=1)
        sizes = 8 + 12 * np.log10(1 + np.array(calibration["counts"], dtype=float))
        axes.plot(calibration["scores"], calibration["shares"], linewidth=1)
        axes.scatter(calibration["scores"], calibration["shares"], s=sizes)
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1)
        return _to_svg(figure)


def _axes(x_label: str, y_label: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(5.2, 3.4), layout="constrained")
    axes = figure.add_subplot()
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    return figure, axes


def _to_svg(figure: Figure) -> str:
    file = io.StringIO()
    figure.savefig(file, format="svg", metadata={"Date": None})
    text = file.getvalue()
    return text[text.index("<svg") :]
