"""A detector small enough to be written down: it points at the darkest pixel of the high energy.

Kinds ``dark`` and ``pitch_black`` share the box around that pixel, 20 × 20 by default; their scores are the
darkness, 1 − transmission, and its square. ``flaw`` plants what an engine can get wrong.
"""

from typing import Literal

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from models.contract import METADATA_KEY, KindSpec, ModelContract

Flaw = Literal["none", "nan_when_dark", "nan_always", "wrong_shape"]
HALF_BOX_PX = 10.0


def tiny_contract(*, max_width_px: int = 4096, threshold: float = 0.5) -> ModelContract:
    """The contract of the tiny detector."""
    return ModelContract(
        name="tiny",
        version="1",
        kinds=(
            KindSpec(kind="dark", threshold=threshold),
            KindSpec(kind="pitch_black", threshold=0.9),
        ),
        max_width_px=max_width_px,
        max_candidates=1,
    )


def build_tiny_model(
    *,
    flaw: Flaw = "none",
    contract: ModelContract | None = None,
    metadata: str | None = None,
    half_box_px: float = HALF_BOX_PX,
) -> bytes:
    """Return the detector as an ONNX file."""
    nodes = [
        helper.make_node("Gather", ["transmission", "zero"], ["high"], axis=1),
        helper.make_node("ReduceMin", ["high", "axis_h"], ["by_column"], keepdims=0),
        helper.make_node("ReduceMin", ["high", "axis_w"], ["by_row"], keepdims=0),
        helper.make_node("ReduceMin", ["by_column", "axis_h"], ["least"], keepdims=1),
        helper.make_node("ArgMin", ["by_column"], ["x_int"], axis=1, keepdims=1),
        helper.make_node("ArgMin", ["by_row"], ["y_int"], axis=1, keepdims=1),
        helper.make_node("Cast", ["x_int"], ["x"], to=TensorProto.FLOAT),
        helper.make_node("Cast", ["y_int"], ["y"], to=TensorProto.FLOAT),
        helper.make_node("Concat", ["x", "y", "x", "y"], ["corner"], axis=1),
        helper.make_node("Add", ["corner", "spread"], ["box"]),
        helper.make_node("Unsqueeze", ["box", "axes_km"], ["box_4d"]),
        helper.make_node("Concat", ["box_4d", "box_4d"], ["boxes"], axis=1),
        helper.make_node("Sub", ["one", "least"], ["darkness"]),
        helper.make_node("Mul", ["darkness", "darkness"], ["darkness_squared"]),
        helper.make_node("Concat", ["darkness", "darkness_squared"], ["both"], axis=1),
        helper.make_node("Unsqueeze", ["both", "axis_m"], ["sound_scores"]),
        *_score_nodes(flaw),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("transmission", TensorProto.FLOAT, ["n", 2, "h", "w"])],
        [
            helper.make_tensor_value_info("boxes", TensorProto.FLOAT, ["n", "k", "m", 4]),
            helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", "k", "m"]),
        ],
        initializer=[
            _constant("zero", np.int64(0)),
            _constant("axis_h", np.array([1], np.int64)),
            _constant("axis_w", np.array([2], np.int64)),
            _constant("axes_km", np.array([1, 2], np.int64)),
            _constant("axis_m", np.array([2], np.int64)),
            _constant("one", np.float32(1)),
            _constant("limit", np.float32(0.5 if flaw == "nan_when_dark" else 2.0)),
            _constant("nothing", np.float32(0)),
            _constant("spread", np.array([[-1, -1, 1, 1]], np.float32) * half_box_px),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    text = (contract or tiny_contract()).to_json() if metadata is None else metadata
    helper.set_model_props(model, {METADATA_KEY: text})
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def _score_nodes(flaw: Flaw) -> list[onnx.NodeProto]:
    match flaw:
        case "none":
            return [helper.make_node("Identity", ["sound_scores"], ["scores"])]
        case "wrong_shape":
            return [helper.make_node("Concat", ["sound_scores", "sound_scores"], ["scores"], axis=1)]
        case "nan_when_dark" | "nan_always":  # the root of a negative number
            return [
                helper.make_node("Sub", ["least", "limit"], ["below_zero_if_dark"]),
                helper.make_node("Sqrt", ["below_zero_if_dark"], ["nan_if_dark"]),
                helper.make_node("Mul", ["nan_if_dark", "nothing"], ["nan_or_zero"]),
                helper.make_node("Unsqueeze", ["nan_or_zero", "axis_m"], ["nan_or_zero_3d"]),
                helper.make_node("Add", ["sound_scores", "nan_or_zero_3d"], ["scores"]),
            ]


def _constant(name: str, value: np.generic | np.ndarray) -> onnx.TensorProto:
    return numpy_helper.from_array(np.asarray(value), name)
