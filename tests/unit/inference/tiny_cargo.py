"""A cargo network small enough to be written down: a column is as loaded as its darkest cell is attenuating.

A vehicle is as empty as its fullest column is not loaded; both values of an embedding are the loads. The two
headings of its contract are light goods (mean embedding 0.2) and heavy ones (0.8).
"""

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from models.cargo_contract import INPUT_NAME, OUTPUT_NAMES, CargoContract
from models.cargo_statistics import NAMES
from models.mismatch import fit_goods

CONTRACT = CargoContract(name="tiny-cargo", version="1", headings=("4011200000", "2204210000"))


def build_tiny_cargo() -> bytes:
    """Return the network as an ONNX file with contract and Gaussians."""
    nodes = [
        helper.make_node("Gather", [INPUT_NAME, "zero"], ["high"], axis=1),
        helper.make_node("ReduceMax", ["high", "axis_h"], ["by_cell"], keepdims=0),
        helper.make_node("Reshape", ["by_cell", "by_column"], ["cells"]),
        helper.make_node("ReduceMax", ["cells", "axis_w"], ["darkest"], keepdims=0),
        helper.make_node("Clip", ["darkest", "none", "one"], ["loaded"]),
        helper.make_node("Unsqueeze", ["loaded", "axis_h"], ["feature"]),
        helper.make_node("Concat", ["feature", "feature"], ["columns"], axis=1),
        helper.make_node("ReduceMean", ["columns", "axis_w"], ["embedding"], keepdims=0),
        helper.make_node("ReduceMax", ["loaded", "axis_h"], ["fullest"], keepdims=0),
        helper.make_node("Sub", ["one", "fullest"], ["empty"]),
    ]
    constants = {
        "zero": np.int64(0),
        "axis_h": np.array([1]),
        "axis_w": np.array([2]),
        "by_column": np.array([0, -1, 8]),
        "none": np.float32(0),
        "one": np.float32(1),
    }
    graph = helper.make_graph(
        nodes,
        "tiny_cargo",
        [helper.make_tensor_value_info(INPUT_NAME, TensorProto.FLOAT, ["n", 2, "h", "w"])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in OUTPUT_NAMES],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    rng = np.random.default_rng(0)
    features = rng.normal(scale=5.0, size=(80, 2 + len(NAMES))).astype(np.float32)
    features[:, :2] = np.repeat([0.2, 0.8], 40)[:, None] + rng.normal(scale=0.05, size=(80, 2))
    goods = fit_goods(features, np.repeat([0, 1], 40), n_headings=2)
    helper.set_model_props(model, CONTRACT.to_metadata(goods))
    data: bytes = model.SerializeToString()
    return data
