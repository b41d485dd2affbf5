"""A file's graph in PyTorch: what it refuses, and which convolutions run in bfloat16."""

import warnings
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from models.errors import ModelGraphError
from models.torch_graph import TorchGraph


def chain(*, n_convolutions: int = 3, op: str = "Relu", opset: int = 20, domain: str | None = None) -> bytes:
    """Return a file of so many 1 × 1 convolutions that leave their input as it is, and then an operator."""
    nodes, name = [], "x"
    for number in range(n_convolutions):
        nodes.append(helper.make_node("Conv", [name, "one"], [f"c{number}"]))
        name = f"c{number}"
    nodes.append(helper.make_node(op, [name], ["y"], domain=domain))
    graph = helper.make_graph(
        nodes,
        "chain",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 1, "h", "w"])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        initializer=[numpy_helper.from_array(np.ones((1, 1, 1, 1), np.float32), "one")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)
    return bytes(model.SerializeToString())


def images(value: float) -> "np.ndarray[tuple[int, ...], np.dtype[np.float32]]":
    return np.full((1, 1, 2, 2), value, np.float32)


def run(data: bytes, value: float, *, bf16: bool) -> float:
    return float(TorchGraph(data, device="cpu", bf16=bf16).run(images(value))["y"].flat[0])


@pytest.mark.parametrize(("n_convolutions", "is_rounded"), [(1, False), (2, False), (3, True)])
def test_bf16__first_and_last_convolution_stay_fp32(n_convolutions: int, is_rounded: bool) -> None:
    """Of three, the middle one rounds to eight bits; what comes before and after keeps all of them."""
    exact, rounded = 1.001, float(torch.tensor(1.001).bfloat16())
    data = chain(n_convolutions=n_convolutions)
    assert run(data, exact, bf16=True) == pytest.approx(rounded if is_rounded else exact, abs=1e-6)
    assert run(data, exact, bf16=False) == pytest.approx(exact, abs=1e-6)


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (chain(op="Cos"), "Cos"),
        (chain(op="Relu", domain="com.example"), "Relu"),
        (chain(opset=13), "13"),
        (b"no model", "no ONNX file"),
        (b"", "operators of"),
    ],
)
def test_open__what_cannot_run_is_refused_by_name(data: bytes, word: str) -> None:
    """An operator, a version or a file that is not known is an error when it is opened."""
    with pytest.raises(ModelGraphError, match=word):
        TorchGraph(data, device="cpu")


def test_run__other_sides_than_the_graphs_are_refused() -> None:
    """Two channels where the graph takes one never run, whatever its operators would make of them."""
    graph = TorchGraph(chain(), device="cpu")
    for shape in ((1, 2, 2, 2), (1, 2, 2)):
        with pytest.raises(ValueError, match="takes"):
            graph.run(np.ones(shape, np.float32))


def test_run__input_that_may_not_be_written_to_is_taken() -> None:
    """A tensor over a request's body is read-only."""
    given = images(2.0)
    given.flags.writeable = False
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # torch only warns
        assert TorchGraph(chain(), device="cpu").run(given)["y"].max() == 2.0


@pytest.mark.parametrize(
    ("op", "inputs", "attributes"),
    [
        ("AveragePool", [(1, 2, 6, 8)], {"kernel_shape": [2, 2], "strides": [2, 2]}),
        ("Pad", [(1, 2, 3, 4), [0, 0, 1, 2, 0, 0, 3, 0]], {}),
        ("GridSample", [(2, 3, 5, 6), (2, 4, 7, 2)], {"mode": "linear"}),
        ("GridSample", [(2, 3, 5, 6), (2, 4, 7, 2)], {"mode": "linear", "padding_mode": "border"}),
        ("Gemm", [(3, 4), (5, 4), (5,)], {"transB": 1, "alpha": 0.5, "beta": 2.0}),
        ("Gemm", [(4, 3), (4, 5)], {"transA": 1}),
        ("Max", [(3, 4), (4,), (3, 1)], {}),
        ("Min", [(3, 4), (4,)], {}),
        ("ReduceMax", [(2, 3, 4), [1]], {"keepdims": 0}),
        ("Round", [(3, 4)], {}),
        ("Reciprocal", [(3, 4)], {}),
    ],
)
def test_run__operators_answer_as_in_onnx_runtime(
    op: str, inputs: list[tuple[int, ...] | list[int]], attributes: dict[str, Any]
) -> None:
    """Each on numbers of its own; a list stands for whole numbers, which are constants."""
    rng = np.random.default_rng(4)
    values: list[Any] = [
        np.array(given, np.int64) if isinstance(given, list) else rng.normal(0, 1, given).astype(np.float32)
        for given in inputs
    ]
    names = [f"in{number}" for number in range(len(values))]
    graph = helper.make_graph(
        [helper.make_node(op, names, ["y"], **attributes)],
        "one",
        [helper.make_tensor_value_info("in0", TensorProto.FLOAT, values[0].shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        initializer=[
            numpy_helper.from_array(value, name) for name, value in zip(names[1:], values[1:], strict=True)
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    data = bytes(model.SerializeToString())
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    (expected,) = session.run(["y"], {"in0": values[0]})
    found = TorchGraph(data, device="cpu").run(values[0])["y"]
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("op", ["Equal", "GreaterOrEqual", "LessOrEqual", "And"])
def test_run__comparisons_answer_as_in_onnx_runtime(op: str) -> None:
    """Their answers choose between two numbers."""
    nodes = [
        helper.make_node("Greater", ["x", "two"], ["large"]),
        helper.make_node("Greater", ["three", "x"], ["small"]),
        helper.make_node(op, ["large", "small"] if op == "And" else ["x", "two"], ["chosen"]),
        helper.make_node("Where", ["chosen", "two", "three"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "comparison",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [5])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        initializer=[
            numpy_helper.from_array(np.array(number, np.float32), name)
            for name, number in (("two", 2), ("three", 3))
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    data = bytes(model.SerializeToString())
    x = np.array([1, 2, 2.5, 3, 4], np.float32)
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    (expected,) = session.run(["y"], {"x": x})
    np.testing.assert_array_equal(TorchGraph(data, device="cpu").run(x)["y"], expected)
    assert len(set(expected.tolist())) == 2


def test_bf16__what_says_where_to_look_stays_fp32() -> None:
    """A convolution that another one follows only through where it looks keeps all of its bits."""
    nodes = [
        helper.make_node("Conv", ["x", "one"], ["a"]),
        helper.make_node("Conv", ["a", "one"], ["where"]),
        helper.make_node("Concat", ["where", "where"], ["both"], axis=1),
        helper.make_node("Transpose", ["both"], ["grid"], perm=[0, 2, 3, 1]),
        helper.make_node("GridSample", ["x", "grid"], ["closer"], mode="linear"),
        helper.make_node("Conv", ["closer", "one"], ["b"]),
        helper.make_node("Conv", ["b", "one"], ["c"]),
        helper.make_node("Add", ["c", "where"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "looking",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 1, "h", "w"])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("y", "where")],
        initializer=[numpy_helper.from_array(np.ones((1, 1, 1, 1), np.float32), "one")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    x = np.full((1, 1, 4, 4), 0.2003, np.float32)
    found = TorchGraph(bytes(model.SerializeToString()), device="cpu", bf16=True).run(x)["where"]
    np.testing.assert_allclose(found, x, rtol=0, atol=1e-7)
