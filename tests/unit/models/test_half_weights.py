"""Weights in half the room."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from models.contract import INPUT_NAME, METADATA_KEY, OUTPUT_NAMES, KindSpec, ModelContract
from models.half_weights import halve_weights, restore_weights
from models.quantise import quantise
from models.torch_graph import TorchGraph

CONTRACT = ModelContract(name="toy", version="1", kinds=(KindSpec(kind="gun", threshold=0.4),))
SCAN = np.random.default_rng(3).uniform(0.01, 1, (1, 2, 64, 96)).astype(np.float32)


def _model(largest: float = 0.3) -> onnx.ModelProto:
    rng = np.random.default_rng(0)
    weights = {
        "first": (32, 2, 3, 3),
        "second": (32, 32, 3, 3),
        "third": (32, 32, 3, 3),
        "last": (5, 32, 1, 1),
    }
    nodes = [
        helper.make_node("Conv", [INPUT_NAME, "first"], ["a"], "conv1", strides=[2, 2]),
        helper.make_node("Relu", ["a"], ["b"], "relu1"),
        helper.make_node("Conv", ["b", "second"], ["c"], "conv2"),
        helper.make_node("Relu", ["c"], ["d"], "relu2"),
        helper.make_node("Conv", ["d", "third"], ["e"], "conv3"),
        *(helper.make_node("Conv", ["e", "last"], [name], name) for name in OUTPUT_NAMES),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(INPUT_NAME, TensorProto.FLOAT, ["n", 2, "h", "w"])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in OUTPUT_NAMES],
        [
            numpy_helper.from_array(rng.normal(0, largest, shape).astype(np.float32), name)
            for name, shape in weights.items()
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    helper.set_model_props(model, {METADATA_KEY: CONTRACT.to_json()})
    return model


def _halved() -> onnx.ModelProto:
    model = _model()
    halve_weights(model)
    return model


def _run(model: onnx.ModelProto) -> "list[np.ndarray[tuple[int, ...], np.dtype[np.float32]]]":
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return list(session.run(list(OUTPUT_NAMES), {INPUT_NAME: SCAN}))


def test_halve_weights__half_the_bytes_and_nearly_the_same_answers() -> None:
    """Large tensors are float16, small ones stay; eleven bits of a weight move an answer by a thousandth."""
    whole, half = _model(), _halved()
    assert half.ByteSize() < 0.55 * whole.ByteSize()
    types = {tensor.name: tensor.data_type for tensor in half.graph.initializer}
    assert types == {
        "first": TensorProto.FLOAT,
        "second_half": TensorProto.FLOAT16,
        "third_half": TensorProto.FLOAT16,
        "last": TensorProto.FLOAT,
    }
    for exact, near in zip(_run(whole), _run(half), strict=True):
        assert 0 < np.abs(exact - near).max() < 2e-3 * np.ptp(exact)


def test_restore_weights__computes_the_same_to_the_bit() -> None:
    """What an engine makes of the Casts, done beforehand."""
    half, restored = _halved(), _halved()
    restore_weights(restored.graph)
    assert not [node for node in restored.graph.node if node.op_type == "Cast"]
    assert {tensor.data_type for tensor in restored.graph.initializer} == {TensorProto.FLOAT}
    for a, b in zip(_run(half), _run(restored), strict=True):
        assert np.array_equal(a, b)


def test_halve_weights__what_does_not_fit_is_refused() -> None:
    """Float16 ends at 65,504."""
    with pytest.raises(ValueError, match="second"):
        halve_weights(_model(largest=1e5))


@pytest.mark.parametrize("bf16", [False, True])
def test_torch_graph__takes_halved_weights(bf16: bool) -> None:
    """The same answers as ONNX Runtime's; in bfloat16 the inner convolutions still run so."""
    half = _halved()
    answers = TorchGraph(half.SerializeToString(), device="cpu", bf16=bf16).run(SCAN)
    for name, theirs in zip(OUTPUT_NAMES, _run(half), strict=True):
        off = np.abs(answers[name] - theirs).max() / np.ptp(theirs)
        assert 1e-4 < off < 3e-2 if bf16 else off < 1e-5


def test_quantise__takes_halved_weights(tmp_path: Path) -> None:
    """All three inner convolutions become int8, whichever way the weights were kept."""
    onnx.save(_halved(), str(tmp_path / "half.onnx"))
    quantise(tmp_path / "half.onnx", tmp_path / "int8.onnx", [SCAN])
    model = onnx.load(str(tmp_path / "int8.onnx"))
    weights = [w for w in model.graph.initializer if w.data_type == TensorProto.INT8 and len(w.dims) == 4]
    assert len(weights) == 3
    for exact, near in zip(_run(_halved()), _run(model), strict=True):
        assert np.abs(exact - near).max() < 0.05 * np.ptp(exact)
