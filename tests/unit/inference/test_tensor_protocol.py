"""Bodies of the inference protocol: what fits the contract is read exactly, everything else says why not."""

from typing import Any

import numpy as np
import orjson
import pytest

from inference.errors import InferRequestInvalidError, TensorInvalidError
from inference.tensor_protocol import check_values, read_request
from tests.unit.inference.tiny_onnx import tiny_contract

CONTRACT = tiny_contract(max_width_px=128)


def tensor(**changes: Any) -> dict[str, Any]:
    """A sound JSON input of air."""
    return {
        "name": "transmission",
        "shape": [1, 2, 64, 64],
        "datatype": "FP32",
        "data": [1.0] * (2 * 64 * 64),
        **changes,
    }


def body(*inputs: dict[str, Any], **members: Any) -> bytes:
    """A request's JSON."""
    return orjson.dumps({"inputs": list(inputs), **members})


def test_read_request__binary_values_arrive_bit_for_bit() -> None:
    """What follows the JSON is the tensor, little-endian, row by row."""
    values = np.random.default_rng(0).uniform(0.1, 1, (2, 2, 64, 96)).astype("<f4")
    binary = {"binary_data_size": values.nbytes}
    header = body(tensor(shape=list(values.shape), data=None, parameters=binary), id="a")
    request = read_request(header + values.tobytes(), header_bytes=len(header), contract=CONTRACT)
    np.testing.assert_array_equal(request.transmission, values)
    assert request.request_id == "a"
    assert request.wanted == (("boxes", False), ("scores", False))


def test_read_request__nested_lists_are_read_like_flat_ones() -> None:
    """JSON data may be nested as the tensor is."""
    nested = np.full((1, 2, 64, 64), 0.5).tolist()
    request = read_request(body(tensor(data=nested)), header_bytes=None, contract=CONTRACT)
    assert request.transmission.shape == (1, 2, 64, 64)
    assert request.transmission.max() == 0.5


@pytest.mark.parametrize(
    "changes",
    [
        {"datatype": "FP64"},
        {"shape": [2, 64, 64]},
        {"shape": [1, 1, 64, 128]},
        {"shape": [1, 2, 32, 128]},
        {"shape": [1, 2, 64, 65]},
        {"shape": [1, 2, 64, 160]},
        {"shape": [1, 2, 64, 96]},
        {"data": ["1.0"] * (2 * 64 * 64)},
        {"data": [[1.0], [1.0, 2.0]]},
        {"data": None, "parameters": {"binary_data_size": 4}},
    ],
)
def test_read_request__other_tensors_are_refused(changes: dict[str, Any]) -> None:
    """Type, shape, sides, number and kind of values are the contract's."""
    data = body(tensor(**changes))
    with pytest.raises(TensorInvalidError):
        read_request(data, header_bytes=len(data), contract=CONTRACT)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b'{"inputs": []}',
        body(tensor(name="image")),
        body(tensor(), tensor()),
        body(tensor(data=None)),
        body(tensor(), outputs=[{"name": "masks"}]),
        body(tensor(), outputs=[{"name": "boxes"}, {"name": "boxes"}]),
        body(tensor(), outputs=[{"name": "boxes", "parameters": {"classification": 2}}]),
        body(tensor(parameters={"shared_memory_region": "r"})),
        body(tensor(shape=[0, 2, 64, 64])),
        body(tensor()) + b"left",
    ],
)
def test_read_request__other_bodies_are_refused(data: bytes) -> None:
    """What is no request of the protocol is refused before anything runs."""
    n_json = len(data) - 4 if data.endswith(b"left") else len(data)
    with pytest.raises(InferRequestInvalidError):
        read_request(data, header_bytes=n_json, contract=CONTRACT)


def test_read_request__header_longer_than_the_body_is_refused() -> None:
    """A length that the body does not have is an error, not a short read."""
    with pytest.raises(InferRequestInvalidError):
        read_request(b"{}", header_bytes=3, contract=CONTRACT)


@pytest.mark.parametrize("value", [0.0, -0.1, 1.01, float("nan"), float("inf")])
def test_check_values__only_transmissions_pass(value: float) -> None:
    """A value outside (0, 1], or not a number, never reaches the model."""
    values = np.ones((1, 2, 64, 64), np.float32)
    check_values(values)
    values[0, 1, 5, 5] = value
    with pytest.raises(TensorInvalidError):
        check_values(values)
