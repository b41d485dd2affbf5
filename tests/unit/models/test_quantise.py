"""An int8 file answers like its fp32 twin and says what it is."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from models.contract import INPUT_NAME, METADATA_KEY, OUTPUT_NAMES, KindSpec, ModelContract, Precision
from models.errors import ModelContractError
from models.quantise import quantise

CONTRACT = ModelContract(name="toy", version="1", kinds=(KindSpec(kind="gun", threshold=0.4),))


def _scans(seed: int, n: int) -> list[NDArray[np.float32]]:
    rng = np.random.default_rng(seed)
    return [rng.uniform(0.01, 1, (1, 2, 64, 96)).astype(np.float32) for _ in range(n)]


@pytest.fixture(scope="module")
def fp32_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(0)
    weights = {"first": (8, 2, 3, 3), "second": (8, 8, 3, 3), "last": (5, 8, 1, 1)}
    nodes = [
        helper.make_node("Conv", [INPUT_NAME, "first"], ["a"], "conv1", strides=[2, 2]),
        helper.make_node("Relu", ["a"], ["b"], "relu1"),
        helper.make_node("Conv", ["b", "second"], ["c"], "conv2"),
        helper.make_node("Relu", ["c"], ["d"], "relu2"),
        helper.make_node("Conv", ["d", "last"], ["e"], "conv3"),
        helper.make_node("Split", ["e"], list(OUTPUT_NAMES), "split", axis=1, num_outputs=2),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(INPUT_NAME, TensorProto.FLOAT, ["n", 2, "h", "w"])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in OUTPUT_NAMES],
        [
            numpy_helper.from_array(rng.normal(0, 0.3, shape).astype(np.float32), name)
            for name, shape in weights.items()
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    path = tmp_path_factory.mktemp("quantise") / "fp32.onnx"
    helper.set_model_props(model, {METADATA_KEY: CONTRACT.to_json()})
    onnx.save(model, str(path))
    return path


def _run(path: Path, scan: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    answer: list[NDArray[np.float32]] = session.run(list(OUTPUT_NAMES), {INPUT_NAME: scan})
    return answer


def test_quantise__answers_alike_and_keeps_its_contract(fp32_path: Path, tmp_path: Path) -> None:
    """Eight bits cost a hundredth of a range; the last layer is not quantised; the precision is written."""
    path = tmp_path / "int8.onnx"
    contract = quantise(fp32_path, path, _scans(1, 3))
    model = onnx.load(str(path))
    assert ModelContract.from_metadata({p.key: p.value for p in model.metadata_props}) == contract
    assert contract.precision is Precision.INT8
    assert contract.kinds == CONTRACT.kinds
    weights = [
        w for w in model.graph.initializer if w.data_type == onnx.TensorProto.INT8 and len(w.dims) == 4
    ]
    assert len(weights) == 2
    (scan,) = _scans(2, 1)
    for theirs, ours in zip(_run(path, scan), _run(fp32_path, scan), strict=True):
        assert 0 < np.abs(theirs - ours).max() < 0.03 * np.ptp(ours)


def test_quantise__needs_scans_and_an_fp32_file(fp32_path: Path, tmp_path: Path) -> None:
    """Ranges are not guessed, and nothing is quantised twice."""
    with pytest.raises(ModelContractError, match="no calibration scan"):
        quantise(fp32_path, tmp_path / "none.onnx", [])
    quantise(fp32_path, tmp_path / "int8.onnx", _scans(1, 1))
    with pytest.raises(ModelContractError, match="already"):
        quantise(tmp_path / "int8.onnx", tmp_path / "again.onnx", _scans(1, 1))


def test_quantise__what_says_where_to_look_stays_exact(tmp_path: Path) -> None:
    """A convolution whose output another one reaches only through where it looks counts as a last one."""
    rng = np.random.default_rng(1)
    weights = {"first": (8, 2, 3, 3), "where": (2, 8, 1, 1), "closer": (8, 2, 3, 3), "last": (2, 8, 1, 1)}
    nodes = [
        helper.make_node("Conv", [INPUT_NAME, "first"], ["a"], "conv1", strides=[2, 2]),
        helper.make_node("Relu", ["a"], ["b"], "relu1"),
        helper.make_node("Conv", ["b", "where"], ["c"], "conv2"),
        helper.make_node("Tanh", ["c"], ["d"], "tanh"),
        helper.make_node("Transpose", ["d"], ["grid"], "transpose", perm=[0, 2, 3, 1]),
        helper.make_node("GridSample", [INPUT_NAME, "grid"], ["e"], "look"),
        helper.make_node("Conv", ["e", "closer"], ["f"], "conv3"),
        helper.make_node("Relu", ["f"], ["g"], "relu2"),
        helper.make_node("Conv", ["g", "last"], ["h"], "conv4"),
        helper.make_node("Split", ["h"], list(OUTPUT_NAMES), "split", axis=1, num_outputs=2),
    ]
    graph = helper.make_graph(
        nodes,
        "looking",
        [helper.make_tensor_value_info(INPUT_NAME, TensorProto.FLOAT, ["n", 2, "h", "w"])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in OUTPUT_NAMES],
        [
            numpy_helper.from_array(rng.normal(0, 0.3, shape).astype(np.float32), name)
            for name, shape in weights.items()
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    helper.set_model_props(model, {METADATA_KEY: CONTRACT.to_json()})
    onnx.save(model, str(tmp_path / "fp32.onnx"))
    quantise(tmp_path / "fp32.onnx", tmp_path / "int8.onnx", _scans(1, 3))
    made = onnx.load(str(tmp_path / "int8.onnx")).graph
    exact = {w.name for w in made.initializer if w.data_type == onnx.TensorProto.FLOAT and len(w.dims) == 4}
    assert exact == {"where", "last"}
