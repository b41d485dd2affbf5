"""From trained weights to a pinned model file: export, int8, thresholds, manifest.

``release`` does it in this order; each part can be done alone. The numbers of the card come from
``shenxiang evaluate``, which looks at other scans than any part here.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import onnx
from numpy.typing import NDArray

from datasets.synthetic.scene import make_scan
from models.contract import METADATA_KEY, KindSpec, ModelContract
from models.export import export_onnx
from models.half_weights import halve_weights
from models.manifest_signature import PROGRAM_KEY, ManifestSigner, is_signed_by
from models.preprocess import to_input
from models.quantise import quantise
from models.registry import DEFAULT_MANIFEST, ManifestEntry, load_manifest, read_fields, write_signed
from training.evaluate import choose_release_thresholds
from training.fit import load_weights
from training.recipe import load_recipe

Role = Literal["default", "cargo"]
"""A key of the manifest: the detector that screens, the model that compares cargo with its declaration."""

CALIBRATION_SEED: Final = 4_000_000
"""Beyond the seeds of training, validation and test."""
_CALIBRATION_WIDTH_PX: Final = 1024
_CROWDING: Final = 0.5
"""Fitted to validation scans (training/LOG.md)."""


@dataclass(frozen=True, kw_only=True)
class Release:
    """What a run became: the same weights in two precisions, each with its own thresholds."""

    fp32: Path
    int8: Path


def release(
    run_dir: Path,
    recipe_path: Path,
    *,
    false_alarms: float = 0.05,
    n_calibration: int = 32,
    n_benign: int = 1000,
    n_threats: int = 400,
    workers: int = 1,
) -> Release:
    """Make ``model.onnx`` and ``model.int8.onnx`` in a run's folder, with thresholds of their own.

    Args:
        run_dir: Of a finished run.
        recipe_path: Of that run.
        false_alarms: Share of validation scans without threats that the thresholds let alarm.
        n_calibration: Scans that the ranges of int8 are read from.
        n_benign: Validation scans without threats.
        n_threats: Validation scans with.
        workers: Processes.

    Raises:
        RecipeError: If the recipe cannot be used.
        ModelContractError: If ONNX Runtime and torch disagree.
    """
    made = Release(fp32=run_dir / "model.onnx", int8=run_dir / "model.int8.onnx")
    export_model(run_dir / "weights.pt", recipe_path, made.fp32)
    quantise(made.fp32, made.int8, calibration_scans(n_calibration))
    _store_small(made.fp32)
    for path in (made.fp32, made.int8):
        thresholds = choose_release_thresholds(
            path,
            rate=false_alarms,
            n_benign=n_benign,
            n_threats=n_threats,
            cache=run_dir / "validation",
            workers=workers,
        )
        set_thresholds(path, thresholds)
    return made


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
        max_candidates=model.max_candidates,
        crowding=_CROWDING,
        trained_on="synthetic scans" if recipe.coco is None else f"synthetic scans and {recipe.coco.folder}",
    )
    export_onnx(model, contract, onnx_path)
    return contract


def _store_small(onnx_path: Path) -> None:
    """Keep a file's weights in half the room; thresholds are chosen on what is kept."""
    model = onnx.load(str(onnx_path))
    halve_weights(model)
    onnx.save(model, str(onnx_path))


def calibration_scans(count: int) -> Iterator[NDArray[np.float32]]:
    """Inputs ``(1, 2, H, W)`` to read int8 ranges from: half with threats, all sorts of scanners."""
    for number in range(count):
        scan = make_scan(CALIBRATION_SEED + number, threat_probability=0.5)
        room = max(scan.pixels.shape[2] - _CALIBRATION_WIDTH_PX, 0)
        x = int(np.random.default_rng(number).integers(room + 1))
        yield to_input(scan.pixels[:, :, x : x + _CALIBRATION_WIDTH_PX])


def set_thresholds(onnx_path: Path, thresholds: Mapping[str, float]) -> None:
    """Replace the thresholds in a file's contract; its digest changes, its graph does not."""
    model = onnx.load(str(onnx_path))
    contract = ModelContract.from_metadata({p.key: p.value for p in model.metadata_props})
    kinds = tuple(
        replace(spec, threshold=round(thresholds.get(spec.kind, spec.threshold), 4))
        for spec in contract.kinds
    )
    onnx.helper.set_model_props(model, {METADATA_KEY: replace(contract, kinds=kinds).to_json()})
    onnx.save(model, str(onnx_path))


def pin(
    onnx_path: Path,
    *,
    name: str,
    signer: ManifestSigner,
    keys: Sequence[Path] = (PROGRAM_KEY,),
    card: str = "",
    manifest_path: Path = DEFAULT_MANIFEST,
    role: Role | None = "default",
) -> str:
    """Copy a model file beside the manifest, pin its digest and sign the manifest.

    Servers that follow the manifest never see half of it: it is replaced as a whole, after the file.

    Args:
        onnx_path: The file.
        name: What the manifest calls it.
        signer: Signs the manifest.
        keys: One of these must have signed the manifest that is there, or ``signer``'s own: what others
            have put into it is not signed unseen.
        card: Relative to the manifest.
        manifest_path: A new one is made if there is none.
        role: What the manifest uses it for; None: pinned beside. A manifest's first model is its default.

    Returns:
        Its sha256.

    Raises:
        ModelNotPinnedError: If the manifest that is there cannot be read or is not trusted.
    """
    manifest: dict[str, Any] = {"models": []}
    if manifest_path.exists():
        manifest = read_fields(manifest_path)
        if not is_signed_by(manifest, signer):
            load_manifest(manifest_path, keys=keys)
    data = onnx_path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    target = manifest_path.parent / f"{name}.onnx"
    manifest_path.parent.mkdir(parents=True, exist_ok=True)
    new = target.with_name(f"{target.name}.new")
    new.write_bytes(data)
    new.replace(target)
    entry = asdict(ManifestEntry(name=name, file=target.name, sha256=digest, card=card))
    manifest["models"] = [*(m for m in manifest["models"] if m["name"] != name), entry]
    manifest.setdefault("default", name)
    if role is not None:
        manifest[role] = name
    write_signed(manifest_path, manifest, signer)
    return digest
