"""The cargo model's card, as far as files know it; what it should not be trusted with is written by hand."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from models.cargo_checks import LineCheck
from training.cargo_recipe import CargoRecipe
from training.evaluate_cargo import CargoFile
from training.evaluation.looking import digest_of

_NUMBERS: Final = {
    "mismatch_auroc": "true declarations against those with a line falsified: AUROC",
    "mismatch_false_alarms": "true declarations doubted at the file's threshold",
    "mismatch_detection": "declarations with a line falsified, found there",
    "mismatch_detection_one_line": "the same, of one line",
    "mismatch_detection_several_lines": "the same, of several lines",
    "mismatch_detection_omitted": "declarations that leave a line out, found there",
    "empty_error_ratio": "empty check: error ÷ error of the best threshold on the mean attenuation",
    "retrieval_p5": "of the five scans most alike, those that share a heading",
}
_LINES: Final = {"true": "true", "falsified": "false", "beside": "true, beside a false one"}


def write_cargo_card(model_path: Path, recipe: CargoRecipe, report: Mapping[str, Any]) -> str:
    """The card as Markdown.

    Args:
        model_path: The file that is released.
        recipe: It was trained by.
        report: Of ``training.evaluate_cargo.report_cargo`` for this very file.

    Raises:
        ValueError: If the report is about another file.
    """
    digest = digest_of(model_path)
    if report["model_sha256"] != digest:
        raise ValueError(f"the report is about another file than {model_path}; evaluate this one")
    contract = CargoFile(model_path).contract
    scans = recipe.scans
    facts = {
        "file": f"sha256 `{digest}`, {model_path.stat().st_size / 1e6:.1f} MB, fp32",
        "network": f"{contract.n_parameters / 1e6:.2f} M parameters, {len(contract.headings)} headings",
        "recipe": f"`training/recipes/cargo.toml`, seed {recipe.seed}, {recipe.fit.steps} steps of "
        f"{recipe.fit.batch} scans; {scans.train.n} scans to learn from, {scans.fit.n} for the headings, "
        f"{scans.validation.n} for the thresholds",
        "recipe digest": f"`{recipe.digest}`",
        "data": "synthetic scans; no pretrained weights",
    }
    lines = [f"# {contract.name} {contract.version}", "", "| | |", "| --- | --- |"]
    lines += [f"| {name} | {value} |" for name, value in facts.items()]
    return "\n".join([*lines, "", *_measured(report), ""])


def _measured(report: Mapping[str, Any]) -> list[str]:
    details = report["details"]
    return [
        "## Measured",
        "",
        f"Synthetic scans on other seeds: {details['n_declarations']} loaded vehicles, each with its true "
        f"declaration and with false ones, and {details['n_hard']} of the empty check's hard set (residue, "
        "pallets, linings and reefers against small loads). In brackets 95 % intervals. Generator "
        f"`{report['generator_sha256'][:12]}`.",
        "",
        "| | |",
        "| --- | --- |",
        *(f"| {text} | {_interval(details[key])} |" for key, text in _NUMBERS.items()),
        f"| AUROC with one line, with several | {details['mismatch_auroc_one_line']:.2f}, "
        f"{details['mismatch_auroc_several_lines']:.2f} |",
        f"| empty check: error, and that of the threshold | {details['empty_error']:.2f}, "
        f"{details['empty_baseline_error']:.2f} |",
        f"| share of scans that share a heading, by chance | {details['retrieval_chance']:.2f} |",
        "",
        "| a line that is | " + " | ".join(LineCheck) + " |",
        "| --- |" + " --- |" * len(LineCheck),
        *(
            f"| {text} | " + " | ".join(f"{details['lines'][key][word]:.0%}" for word in LineCheck) + " |"
            for key, text in _LINES.items()
        ),
    ]


def _interval(interval: Mapping[str, float]) -> str:
    return f"{interval['value']:.2f} ({interval['low']:.2f} to {interval['high']:.2f})"
