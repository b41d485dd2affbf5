"""From a trained cargo network to a file: headings, thresholds, contract, export with parity."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray

from datasets.synthetic.headings import HEADINGS
from models.cargo import CargoNetwork
from models.cargo_checks import CargoAnswer, read_answer
from models.cargo_contract import INPUT_NAME, OUTPUT_NAMES, CargoContract
from models.cargo_view import COLUMN_CELLS, STRIDE
from models.errors import ModelContractError
from models.export import write_onnx
from models.mismatch import Goods, fit_goods
from training.cargo_recipe import CargoRecipe
from training.cargo_scenes import CargoScan
from training.cargo_truths import Seen, auroc, block_headings, judge_declarations, look_at

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

_SHARPNESSES: Final = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
_RAW_SCALE: Final = 1000.0  # so flat that the sigmoid can be undone
PARITY: Final = 2e-4
"""Largest difference of any output. Both run float32; convolutions sum in another order."""


def release_cargo(
    network: CargoNetwork,
    recipe: CargoRecipe,
    *,
    fit: Sequence[CargoScan],
    validation: Sequence[CargoScan],
    path: Path,
) -> Path:
    """Estimate the headings on ``fit``, choose thresholds on ``validation``, export to ``path``.

    Raises:
        ModelContractError: If ONNX Runtime and torch disagree.
    """
    look = TorchLook(network)
    goods = fit_headings(fit, look)
    contract = choose_thresholds(
        CargoContract(
            name=recipe.name,
            version=recipe.version,
            headings=tuple(heading.hs_code for heading in HEADINGS),
            recipe=recipe.name,
            seed=recipe.seed,
            n_parameters=sum(p.numel() for p in network.parameters()),
            trained_on=f"{recipe.scans.train.n} synthetic vehicles, {len(HEADINGS)} headings",
        ),
        goods,
        look_at(validation, look),
        false_alarms=recipe.false_alarms,
    )
    export_cargo(network, contract, goods, path)
    return path


class TorchLook:
    """The network as a function from a view to an answer."""

    def __init__(self, network: CargoNetwork) -> None:
        self._network = network.eval()

    def __call__(self, view: Float32, loaded: NDArray[np.bool_] | None = None) -> CargoAnswer:
        """Answer; ``loaded``, shape ``(w / 8,)``, is believed in place of the network's own opinion."""
        with torch.inference_mode():
            outputs = [output.numpy() for output in self._network(torch.from_numpy(view[None]))]
        if loaded is not None:
            outputs[2] = loaded[None].astype(np.float32)
        return read_answer(view, outputs)


def fit_headings(scans: Sequence[CargoScan], look: TorchLook) -> Goods:
    """Estimate the headings from the blocks whose goods are known."""
    features: list[Float32] = []
    headings: list[NDArray[np.int64]] = []
    for scan in scans:
        blocks = look(scan.view.astype(np.float32), scan.columns >= 0).blocks
        features.append(blocks.features)
        headings.append(block_headings(blocks, scan.columns))
    values, truths = np.concatenate(features), np.concatenate(headings)
    is_known = truths >= 0
    return fit_goods(values[is_known], truths[is_known], n_headings=len(HEADINGS))


def choose_thresholds(
    contract: CargoContract, goods: Goods, seen: Sequence[Seen], *, false_alarms: float
) -> CargoContract:
    """Set the contract's numbers from scans of known content.

    A vehicle counts as loaded from where the balanced error of the hard contents is least. Distances say as
    much as tells true declarations from false ones best. A declaration is doubted from where a share
    ``false_alarms`` of the true ones is; scores spread over the true declarations' doubts.
    """
    empty = np.array([scan.answer.empty for scan in seen])
    is_empty = np.array([not scan.headings for scan in seen])
    border = least_error_threshold(empty, is_empty)

    def judge(sharpness: float) -> tuple[Float64, Float64]:
        """Doubts of the true and of the false declarations."""
        raw = replace(contract, sharpness=sharpness, mismatch_middle=0.0, mismatch_scale=_RAW_SCALE)
        doubt = judge_declarations(seen, raw, goods, np.random.default_rng([contract.seed, 1]))
        true, false = (_RAW_SCALE * np.log(score / (1 - score)) for score in (doubt.true, doubt.false))
        return true, false

    judged = {sharpness: judge(sharpness) for sharpness in _SHARPNESSES}
    sharpness, (true, _) = max(judged.items(), key=lambda item: auroc(*item[1]))
    return replace(
        contract,
        declared_empty_threshold=min(max(1 - border, 0.01), 0.99),
        found_empty_threshold=min(max(border, 0.01), 0.99),
        sharpness=sharpness,
        mismatch_middle=float(np.quantile(true, 1 - false_alarms)),
        mismatch_scale=max(float(np.std(true)), 1e-3),
        mismatch_threshold=0.5,
    )


def least_error_threshold(scores: NDArray[np.float64], is_high: NDArray[np.bool_]) -> float:
    """The threshold of least balanced error for "high from here on", in the middle of the best gap."""
    edges = np.unique(scores)
    middles = np.concatenate([[edges[0]], (edges[1:] + edges[:-1]) / 2, [edges[-1] + 1e-6]])
    missed = np.searchsorted(np.sort(scores[is_high]), middles) / max(is_high.sum(), 1)
    wrong = 1 - np.searchsorted(np.sort(scores[~is_high]), middles) / max((~is_high).sum(), 1)
    errors = missed + wrong
    best = np.flatnonzero(errors <= errors.min() + 1e-9)
    return float(middles[best[len(best) // 2]])


def export_cargo(network: CargoNetwork, contract: CargoContract, goods: Goods, path: Path) -> None:
    """Write the network with dynamic batch, height and width, and prove that it answers alike.

    Raises:
        ModelContractError: If ONNX Runtime and torch disagree.
    """
    network = network.eval()
    # Traced with two views: a batch of one would be taken for a constant.
    example = torch.rand(2, 2, 16 * STRIDE, 24 * STRIDE)
    shapes = {
        0: torch.export.Dim("n", min=1, max=64),
        2: STRIDE * torch.export.Dim("rows", min=4, max=512),
        3: STRIDE * torch.export.Dim("columns", min=4, max=1024),
    }
    write_onnx(
        network,
        example,
        path,
        shapes=shapes,
        names=(INPUT_NAME, OUTPUT_NAMES),
        metadata=contract.to_metadata(goods),
    )
    check_cargo_parity(network, path.read_bytes())


def check_cargo_parity(network: CargoNetwork, data: bytes) -> None:
    """Compare torch and ONNX Runtime on a view of another shape than the traced one.

    Raises:
        ModelContractError: If an output differs by more than ``PARITY``, or in shape.
    """
    view = 3 * torch.rand(1, 2, 240, 26 * COLUMN_CELLS, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        ours = [output.numpy() for output in network.eval()(view)]
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    theirs = session.run(list(OUTPUT_NAMES), {INPUT_NAME: view.numpy()})
    for name, a, b in zip(OUTPUT_NAMES, ours, theirs, strict=True):
        if a.shape != b.shape or float(np.abs(a - b).max()) > PARITY:
            raise ModelContractError(f"ONNX Runtime's {name} differs from torch's; do not ship it")
