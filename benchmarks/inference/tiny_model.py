"""A detector of about a millisecond, for what a request costs beside its model."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from models.contract import METADATA_KEY, KindSpec, ModelContract

N_FEATURES = 16
SEED = 5


def build_millisecond_model() -> bytes:
    """Return an ONNX file: two convolutions, of which the greatest value is the score of one fixed box."""
    rng = np.random.default_rng(SEED)

    def weights(name: str, *shape: int) -> onnx.TensorProto:
        return numpy_helper.from_array(rng.normal(0, 0.05, shape).astype(np.float32), name)

    def convolution(source: str, target: str, kernel: str, stride: int) -> list[onnx.NodeProto]:
        return [
            helper.make_node(
                "Conv",
                [source, kernel],
                [f"{target}_raw"],
                kernel_shape=[3, 3],
                pads=[1] * 4,
                strides=[stride] * 2,
            ),
            helper.make_node("Relu", [f"{target}_raw"], [target]),
        ]

    nodes = [
        *convolution("transmission", "first", "kernel_1", 2),
        *convolution("first", "second", "kernel_2", 1),
        helper.make_node("ReduceMax", ["second", "all_axes"], ["greatest"], keepdims=0),
        helper.make_node("Tanh", ["greatest"], ["score"]),
        helper.make_node("Reshape", ["score", "one_candidate"], ["scores"]),
        helper.make_node("Identity", ["box"], ["boxes"]),
    ]
    graph = helper.make_graph(
        nodes,
        "millisecond",
        [helper.make_tensor_value_info("transmission", TensorProto.FLOAT, [1, 2, "h", "w"])],
        [
            helper.make_tensor_value_info("boxes", TensorProto.FLOAT, [1, 1, 1, 4]),
            helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, 1, 1]),
        ],
        initializer=[
            weights("kernel_1", N_FEATURES, 2, 3, 3),
            weights("kernel_2", N_FEATURES, N_FEATURES, 3, 3),
            numpy_helper.from_array(np.array([1, 2, 3], np.int64), "all_axes"),
            numpy_helper.from_array(np.array([1, 1, 1], np.int64), "one_candidate"),
            numpy_helper.from_array(np.array([[[[4, 4, 24, 24]]]], np.float32), "box"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    contract = ModelContract(
        name="millisecond",
        version="1",
        kinds=(KindSpec(kind="bright", threshold=0.0),),
        max_width_px=4096,
        max_candidates=1,
    )
    helper.set_model_props(model, {METADATA_KEY: contract.to_json()})
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())
