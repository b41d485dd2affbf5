"""A measurement as one HTML file that needs nothing else: numbers, curves, pictures."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any, Final

from training.evaluation.curves import plot_detection, plot_precision, plot_reliability, plot_roc

GOALS: Final[Mapping[str, str]] = {
    "map50": "≥ 0.82",
    "map": "≥ 0.55",
    "pd_at_fa5": "≥ 0.80",
    "pd_at_fa1": "≥ 0.60",
    "pd_at_fa04": "",
    "unseen_ratio": "≥ 0.75",
    "single_energy_drop": "≤ 0.10",
    "empty_error_ratio": "≤ 0.3",
    "mismatch_auroc": "≥ 0.90",
    "int8_map_delta": "≥ −0.01",
    "synth_seconds": "≤ 1",
    "real_pd_at_fa5": "≥ 0.65",
    "real_pd_gun_at_fa5": "≥ 0.70",
}
_MEANING: Final[Mapping[str, str]] = {
    "map50": "mean average precision, IoU 0.5, all kinds",
    "map": "mean average precision, IoU 0.5 to 0.95",
    "pd_at_fa5": "threats detected and localised at 5 % false alarms per container",
    "pd_at_fa1": "the same at 1 %",
    "pd_at_fa04": "the same at 0.4 %",
    "unseen_ratio": "mAP50 of shapes never trained on ÷ of trained ones, at equal numbers",
    "single_energy_drop": "mAP50 lost when the low energy is missing",
    "empty_error_ratio": "empty check: error ÷ error of one threshold",
    "mismatch_auroc": "declared goods against the picture, area under the ROC curve",
    "int8_map_delta": "mAP of int8 − mAP of fp32",
    "synth_seconds": "CPU seconds to make one scan on one core, median",
    "real_pd_at_fa5": "visible hand-held metal in real scans, localised, at 5 % false alarms per crop",
    "real_pd_gun_at_fa5": "guns alone, with their own threshold",
}
_STYLE: Final = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; margin: .5rem 0 1.5rem } td, th { padding: .2rem .7rem; text-align: left }
td + td { font-variant-numeric: tabular-nums } tr { border-bottom: 1px solid #ddd } h2 { margin-top: 2rem }
.note { background: #fff6d8; padding: .6rem 1rem; border-left: 4px solid #e0b000 }
.row { display: flex; flex-wrap: wrap; gap: 1rem } figure { margin: 0; width: 260px; font-size: 12px }
figure img { width: 260px; height: 260px } svg { max-width: 100%; height: auto }
"""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A PNG and what it shows."""

    png: bytes
    caption: str


def write_report(
    document: Mapping[str, Any], path: Path, *, misses: Sequence[Picture], false_alarms: Sequence[Picture]
) -> None:
    """Write the report of a frozen or a tip document, with pictures of the worst cases at 5 %."""
    is_tip = document["benchmark"] == "tip"
    body = [
        f"<h1>{escape(document['model'])} {escape(document['version'])}: benchmark "
        f"{escape(document['benchmark'])}</h1>",
        _note(is_tip),
        _table(("number", "what it is", "measured", "goal"), _number_rows(document)),
        *(_tip_parts(document["details"]) if is_tip else _frozen_parts(document["details"])),
        *(_cargo_parts(document["details"]["cargo"]) if document["details"].get("cargo") else []),
        "<h2>Worst misses: least lies over them</h2>",
        "<p>At the thresholds of 5 % false alarms. Green: the threat. Red: findings.</p>",
        _pictures(misses),
        "<h2>Worst false alarms</h2>",
        _pictures(false_alarms),
        "<h2>What was measured</h2>",
        _table(("", ""), [(key, document[key]) for key in _facts(document)]),
    ]
    title = f"{document['model']} {document['version']}, {document['benchmark']}"
    path.write_text(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style>{''.join(body)}</html>\n",
        encoding="utf-8",
    )


def _note(is_tip: bool) -> str:
    scans = (
        "Synthetic threats projected into real scans. Few scans: read the intervals, and the table by scan."
        if is_tip
        else "Every scan and every threat here is synthetic. Real scans are harder in ways that the "
        "generator does not know."
    )
    return (
        f'<p class="note">{scans} None of these numbers may be compared with one measured on private data '
        "as if it were the same. Brackets: 95 % bootstrap intervals.</p>"
    )


def _number_rows(document: Mapping[str, Any]) -> list[Sequence[Any]]:
    spans = _intervals(document["details"])
    return [
        (name, _MEANING[name], f"{_show(document[name])}{spans.get(name, '')}", goal)
        for name, goal in GOALS.items()
        if name in document
    ]


def _intervals(details: Mapping[str, Any]) -> dict[str, str]:
    if "together" in details:
        return {
            "real_pd_at_fa5": _brackets(details["together"]["detection"]),
            "real_pd_gun_at_fa5": _brackets(details["alone"]["gun"]["detection"]),
        }
    spans = {f"pd_at_{name}": _brackets(point["detection"]) for name, point in details["points"].items()}
    cargo = details.get("cargo") or {}
    spans |= {
        name: _brackets(cargo[name]) for name in ("empty_error_ratio", "mismatch_auroc") if name in cargo
    }
    return spans | {"map50": _brackets(details["map50_interval"])}


def _frozen_parts(details: Mapping[str, Any]) -> list[str]:
    lines = {"detection": "right kind", "detection_of_any_kind": "any kind at the place"}
    x_label = "share of containers without threats that are alarmed"
    points = details["points"]
    return [
        "<h2>Detection</h2>",
        '<div class="row">',
        plot_detection(details["froc"], lines, x_label=x_label),
        plot_precision(details["precision_recall"]),
        plot_reliability(details["calibration"]),
        "</div>",
        f"<p>Expected calibration error {_show(details['calibration']['error'])}.</p>",
        "<h2>At the false-alarm rates</h2>",
        _point_table(points),
        "<h2>By kind</h2>",
        _table(
            ("kind", "threats", "mAP50", "mAP", *(f"detected, {name}" for name in points)),
            _kind_rows(details),
        ),
        "<h2>By size and by what lies over it</h2>",
        _table(
            ("", "mAP50", "mAP", "detected, fa5", "threats"),
            [(name, row["map50"], row["map"], "", "") for name, row in details["by_size"].items()]
            + [
                (name, row["map50"], row["map"], *_cells(points["fa5"]["by_overlying"][name]))
                for name, row in details["by_overlying"].items()
            ]
            + [
                (
                    "shapes never trained on",
                    details["map50_unseen"],
                    "",
                    *_cells(points["fa5"]["unseen_shapes"]),
                ),
                (
                    "trained shapes, as many",
                    details["map50_seen_equal_numbers"],
                    "",
                    *_cells(points["fa5"]["seen_shapes"]),
                ),
            ],
        ),
        "<h2>Energies</h2>",
        _table(
            ("given", "mAP50", "mAP", "mAP50 lost"),
            [
                (name, row["map50"], row["map"], row.get("map50_drop", ""))
                for name, row in details["channels"].items()
                if isinstance(row, Mapping)
            ],
        ),
    ]


def _cargo_parts(cargo: Mapping[str, Any]) -> list[str]:
    curves = {"model": cargo["empty_roc"], "one threshold on mean attenuation": cargo["empty_baseline_roc"]}
    rows: list[Sequence[Any]] = [
        (name, _span(value)) for name, value in cargo.items() if isinstance(value, Mapping) and "low" in value
    ]
    rows += [(name, value) for name, value in cargo.items() if isinstance(value, int | float | str)]
    return ["<h2>Empty check, declared goods, lookalikes</h2>", plot_roc(curves), _table(("", ""), rows)]


def _tip_parts(details: Mapping[str, Any]) -> list[str]:
    lines = {"detection": "hand-held metal", "gun_detection": "guns alone"}
    points = {"together": details["together"], **{f"{k} alone": p for k, p in details["alone"].items()}}
    return [
        "<h2>Detection</h2>",
        plot_detection(details["froc"], lines, x_label="share of crops without threats that are alarmed"),
        _point_table(points),
        "<h2>By kind, all thresholds together</h2>",
        _table(
            ("kind", "detected", "threats"),
            [(kind, *_cells(row)) for kind, row in details["together"]["by_kind"].items()]
            + [(name, *_cells(row)) for name, row in details["together"]["by_overlying"].items()],
        ),
        "<h2>By scan</h2>",
        _table(
            ("scan", "8 bit", "pairs of crops", "false alarms", "detected"),
            [
                (row["scan"], row["is_8bit"], row["n_pairs"], row["false_alarms"], row["detection"])
                for row in details["by_scan"]
            ],
        ),
    ]


def _point_table(points: Mapping[str, Any]) -> str:
    return _table(
        ("thresholds", "false alarms", "false findings per image", "detected", "any kind at the place"),
        [
            (
                name,
                _span(point["false_alarms"]),
                point["false_findings_per_image"],
                _span(point["detection"]),
                _span(point["detection_of_any_kind"]),
            )
            for name, point in points.items()
        ],
    )


def _kind_rows(details: Mapping[str, Any]) -> list[Sequence[Any]]:
    rows: list[Sequence[Any]] = []
    for kind, precision in details["by_kind"].items():
        found = [point["by_kind"].get(kind) for point in details["points"].values()]
        count = next((row["n"] for row in found if row), 0)
        rows.append(
            (kind, count, precision["map50"], precision["map"], *(_span(row) for row in found if row))
        )
    return rows


def _cells(row: Mapping[str, Any]) -> tuple[str, int]:
    return (_span(row), row["n"]) if row["n"] else ("", 0)


def _span(row: Mapping[str, float]) -> str:
    return f"{_show(row['value'])}{_brackets(row)}"


def _brackets(row: Mapping[str, float]) -> str:
    return f" ({_show(row['low'])} to {_show(row['high'])})"


def _facts(document: Mapping[str, Any]) -> list[str]:
    return [key for key in document if key not in GOALS and key != "details"]


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    def _line(cells: Sequence[Any], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{escape(_show(cell))}</{tag}>" for cell in cells) + "</tr>"

    return f"<table>{_line(head, 'th')}{''.join(_line(row, 'td') for row in rows)}</table>"


def _show(value: Any) -> str:
    if value is None:
        return "not measured"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _pictures(pictures: Sequence[Picture]) -> str:
    if not pictures:
        return "<p>None.</p>"
    figures = [
        f'<figure><img alt="" src="data:image/png;base64,{base64.b64encode(p.png).decode()}">'
        f"<figcaption>{escape(p.caption)}</figcaption></figure>"
        for p in pictures
    ]
    return f'<div class="row">{"".join(figures)}</div>'
