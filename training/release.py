"""From trained weights to a pinned model file: export, thresholds, manifest."""

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from models.contract import KindSpec, ModelContract
from models.export import export_onnx
from models.registry import DEFAULT_MANIFEST, ManifestEntry
from training.evaluate import evaluate
from training.fit import load_weights
from training.recipe import load_recipe


def export_model(
    weights_path: Path, recipe_path: Path, onnx_path: Path, *, thresholds: Mapping[str, float] | None = None
) -> ModelContract:
    """Write an ONNX file with its contract.

    Args:
        weights_path: What ``training.fit.train`` saved.
        recipe_path: Of the same run.
        onnx_path: Where to.
        thresholds: By kind; 0.5 for a kind left out.

    Raises:
        RecipeError: If the recipe cannot be used.
        ModelContractError: If ONNX Runtime and torch disagree.
    """
    recipe = load_recipe(recipe_path)
    model = load_weights(weights_path, recipe)
    contract = ModelContract(
        name=recipe.name,
        version=recipe.version,
        kinds=tuple(KindSpec(kind=k, threshold=(thresholds or {}).get(k, 0.5)) for k in recipe.kinds),
        recipe=recipe_path.stem,
        seed=recipe.seed,
        architecture=recipe.architecture,
        n_parameters=sum(p.numel() for p in model.parameters()),
        trained_on="synthetic scans" if recipe.coco is None else f"synthetic scans and {recipe.coco.folder}",
    )
    export_onnx(model, contract, onnx_path)
    return contract


def calibrate(
    onnx_path: Path, *, validation_images: int = 200, n_images: int = 200, threads: int = 2
) -> dict[str, object]:
    """Evaluate a model file and write the thresholds of 5 % false alarms into its contract.

    Returns:
        The report of ``training.evaluate.evaluate``, thresholds chosen on validation seeds only.
    """
    report = evaluate(onnx_path, n_images=n_images, validation_images=validation_images, threads=threads)
    set_thresholds(onnx_path, report["points"]["fa_0.05"]["thresholds"])
    return report


def set_thresholds(onnx_path: Path, thresholds: Mapping[str, float]) -> None:
    """Replace the thresholds in a file's contract; its digest changes, its graph does not."""
    import onnx

    from models.contract import METADATA_KEY

    model = onnx.load(str(onnx_path))
    contract = ModelContract.from_metadata({p.key: p.value for p in model.metadata_props})
    kinds = tuple(
        replace(spec, threshold=round(thresholds.get(spec.kind, spec.threshold), 4))
        for spec in contract.kinds
    )
    onnx.helper.set_model_props(model, {METADATA_KEY: replace(contract, kinds=kinds).to_json()})
    onnx.save(model, str(onnx_path))


def pin(onnx_path: Path, *, name: str, card: str = "", manifest_path: Path = DEFAULT_MANIFEST) -> str:
    """Copy a model file beside the manifest, pin its digest and make it the default.

    Returns:
        Its sha256.
    """
    data = onnx_path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    target = manifest_path.parent / f"{name}.onnx"
    manifest_path.parent.mkdir(parents=True, exist_ok=True)
    if target.resolve() != onnx_path.resolve():
        shutil.copyfile(onnx_path, target)
    manifest: dict[str, Any] = {"models": []}
    if manifest_path.exists():
        manifest = json.loads(manifest_path.read_text(encoding="utf-8"))
    entry = asdict(ManifestEntry(name=name, file=target.name, sha256=digest, card=card))
    manifest["models"] = [*(m for m in manifest["models"] if m["name"] != name), entry]
    text = json.dumps({**manifest, "default": name}, indent=2, ensure_ascii=False)
    manifest_path.write_text(text + "\n", encoding="utf-8")
    return digest
