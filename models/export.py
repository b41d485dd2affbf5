"""From weights to an ONNX file that carries its contract, checked against the weights it came from."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor, nn

from models.contract import INPUT_NAME, METADATA_KEY, OUTPUT_NAMES, ModelContract
from models.detection_model import DetectionModel
from models.errors import ModelContractError

PARITY_SCORE: Final = 1e-4
"""Largest difference of a sorted score. Both run float32; convolutions sum in another order."""
PARITY_BOX_PX: Final = 0.05
"""Largest difference of a box side of the best candidates, for the same reason."""


def export_onnx(detector: DetectionModel, contract: ModelContract, path: Path) -> None:
    """Write a detector with dynamic batch, height and width, and prove that it answers alike.

    Raises:
        ModelContractError: If the kinds do not fit the detector, or ONNX Runtime and torch disagree.
    """
    if detector.n_kinds != len(contract.kinds) or detector.max_candidates != contract.max_candidates:
        raise ModelContractError(f"contract {contract.name} does not fit the detector's outputs; correct it")
    detector = detector.eval()
    # Traced with two images: a batch of one would be taken for a constant.
    example = torch.rand(2, 2, 256, 320).clamp(1e-3, 1)
    stride = contract.stride
    shapes = {
        0: torch.export.Dim("n", min=1, max=64),
        2: stride * torch.export.Dim("rows", min=2, max=256),
        3: stride * torch.export.Dim("columns", min=2, max=512),
    }
    write_onnx(
        detector,
        example,
        path,
        shapes=shapes,
        names=(INPUT_NAME, OUTPUT_NAMES),
        metadata={METADATA_KEY: contract.to_json()},
    )
    check_parity(detector, path.read_bytes())


def write_onnx(
    network: nn.Module,
    example: Tensor,
    path: Path,
    *,
    shapes: Mapping[int, Any],
    names: tuple[str, Sequence[str]],
    metadata: Mapping[str, str],
) -> None:
    """Trace a network of one input and write it with its metadata.

    Args:
        network: In evaluation mode.
        example: An input with a batch of two or more.
        path: Where to.
        shapes: By axis, what `torch.export.Dim` may stand for.
        names: Of the input and of the outputs.
        metadata: Travels inside the file.

    Raises:
        ModelContractError: If torch gives no program.
    """
    program = torch.onnx.export(
        network,
        (example,),
        dynamo=True,
        input_names=[names[0]],
        output_names=list(names[1]),
        dynamic_shapes=(dict(shapes),),
        external_data=False,
        verbose=False,
    )
    if program is None:
        raise ModelContractError("torch gave no ONNX program; update torch")
    model = _without_origin(program.model_proto)
    onnx.helper.set_model_props(model, dict(metadata))
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, str(path))


def _without_origin(model: onnx.ModelProto) -> onnx.ModelProto:
    """Without the source lines and paths that torch notes at every node: they are the exporter's own."""
    graph = model.graph
    for part in (*graph.node, *graph.value_info, *graph.input, *graph.output):
        del part.metadata_props[:]
        part.doc_string = ""
    return model


def check_parity(detector: DetectionModel, data: bytes) -> None:
    """Compare torch and ONNX Runtime on an input of another shape than the traced one.

    Raises:
        ModelContractError: If a score differs by more than ``PARITY_SCORE`` or a well separated
            candidate's box by more than ``PARITY_BOX_PX``.
    """
    image = torch.rand(1, 2, 192, 288, generator=torch.Generator().manual_seed(0)).clamp(1e-3, 1)
    with torch.inference_mode():
        boxes, scores = (t.numpy() for t in detector.eval()(image))
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    their_boxes, their_scores = session.run(list(OUTPUT_NAMES), {INPUT_NAME: image.numpy()})
    difference = float(np.abs(scores - their_scores).max())
    if difference > PARITY_SCORE:
        raise ModelContractError(
            f"ONNX Runtime's scores differ from torch's by {difference:.2g}; do not ship it"
        )
    # Candidates closer in score than the tolerance may swap places; the first of each kind settles it.
    apart = np.flatnonzero((scores[0, :, 0] - scores[0, :, 1]) > 2 * PARITY_SCORE)
    difference = float(np.abs(boxes[0, apart, 0] - their_boxes[0, apart, 0]).max(initial=0))
    if difference > PARITY_BOX_PX:
        raise ModelContractError(
            f"ONNX Runtime's boxes differ from torch's by {difference:.2g} px; do not ship it"
        )
