"""A file's graph in PyTorch: what it refuses, and which convolutions run in bfloat16."""

import warnings

import numpy as np
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from models.errors import ModelGraphError
from models.torch_graph import TorchGraph


def chain(*, n_convolutions: int = 3, op: str = "Relu", opset: int = 20, **attributes: object) -> bytes:
    """Return a file of so many 1 × 1 convolutions that leave their input as it is, and then an operator."""
    nodes, name = [], "x"
    for number in range(n_convolutions):
        nodes.append(helper.make_node("Conv", [name, "one"], [f"c{number}"]))
        name = f"c{number}"
    nodes.append(helper.make_node(op, [name], ["y"], **attributes))
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
