"""A model's card, as far as files know it: what it is, how it was trained, what was measured.

What only a person knows (what it should not be trusted with) is written below by hand.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from training.evaluation.looking import ModelSession, digest_of
from training.recipe import Recipe

_NUMBERS = {
    "map50": "mAP50, all kinds",
    "map": "mAP, all kinds",
    "pd_at_fa5": "threats detected and localised at 5 % false alarms per vehicle",
    "pd_at_fa1": "the same at 1 %",
    "pd_at_fa04": "the same at 0.4 %",
    "unseen_ratio": "mAP50 of shapes never trained on ÷ of those trained on",
    "single_energy_drop": "mAP50 lost with one energy",
    "int8_map_delta": "mAP of int8 − of fp32",
}


def write_card(model_path: Path, recipe: Recipe, report: Mapping[str, Any]) -> str:
    """The card as Markdown.

    Args:
        model_path: The file that is released.
        recipe: It was trained by.
        report: Of ``training.evaluate.evaluate_frozen`` for this very file.

    Raises:
        ValueError: If the report is about another file.
    """
    digest = digest_of(model_path)
    if report["model_sha256"] != digest:
        raise ValueError(f"the report is about another file than {model_path}; evaluate this one")
    contract = ModelSession(model_path).contract
    crops = ", ".join(f"{size.width_px} × {size.height_px}" for size in recipe.crops.sizes)
    facts = {
        "file": f"sha256 `{digest}`, {model_path.stat().st_size / 1e6:.1f} MB, {contract.precision}",
        "architecture": f"{contract.architecture}, {contract.n_parameters / 1e6:.2f} M parameters",
        "recipe": f"`training/recipes/{contract.recipe}.toml`, seed {recipe.seed}, {recipe.fit.steps} steps "
        f"of {recipe.fit.batch_px} pixels in crops of {crops}, {recipe.scenes.n_scenes} scenes",
        "recipe digest": f"`{recipe.digest}`",
        "data": f"{contract.trained_on}; no pretrained weights",
        "speed": f"{report['details']['look_seconds'] * 1000:.0f} ms a scan of "
        f"{' × '.join(map(str, report['size_px']))} in the evaluation, one thread",
    }
    lines = [f"# {contract.name} {contract.version}", "", "| | |", "| --- | --- |"]
    lines += [f"| {name} | {value} |" for name, value in facts.items()]
    return "\n".join([*lines, "", *_measured(report), ""])


def _measured(report: Mapping[str, Any]) -> list[str]:
    details = report["details"]
    point = details["points"]["contract"]
    lines = [
        "## Measured",
        "",
        f"Synthetic scans of the benchmark `{report['benchmark']}`: {details['n_benign']} without threats, "
        f"{details['n_threat_scans']} with {details['n_threats']}. In brackets 95 % intervals. "
        f"Generator `{report['generator_sha256'][:12]}`.",
        "",
        "| | |",
        "| --- | --- |",
        *(f"| {text} | {_number(report[key])} |" for key, text in _NUMBERS.items()),
        f"| false alarms per vehicle at the file's thresholds | {_share(point['false_alarms'])} |",
        "",
        "| kind | mAP50 | found at the file's threshold | threshold |",
        "| --- | --- | --- | --- |",
    ]
    for kind, found in point["by_kind"].items():
        value = details["by_kind"].get(kind, {}).get("map50")
        lines.append(
            f"| {kind} | {_number(value)} | {_share(found)} | {_number(point['thresholds'].get(kind))} |"
        )
    return lines


def _number(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.3f}"


def _share(interval: Mapping[str, float]) -> str:
    return f"{interval['value']:.0%} ({interval['low']:.0%} to {interval['high']:.0%})"
