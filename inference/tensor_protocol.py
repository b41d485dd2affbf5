"""Bodies of the KServe v2 inference protocol: JSON tensors, and binary ones behind a JSON header.

No HTTP and no engine here. A request is checked against the model's contract before anything runs; what does
not fit raises and says why, without repeating values.

Source:
    KServe "Open Inference Protocol", and Triton's extension "binary tensor data".
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from inference.errors import InferRequestInvalidError, TensorInvalidError
from inference.scorer import ScorerInfo
from models.contract import INPUT_NAME, OUTPUT_NAMES, ModelContract

FP32: Final = "FP32"
BYTES_PER_VALUE = 4
MAX_FAULTS = 5
UNSUPPORTED = ("shared_memory_region", "classification")  # extensions that would change the answer's meaning

Tensor = NDArray[np.float32]
Side = Annotated[int, Field(ge=1, le=1_000_000)]


class _Loose(BaseModel):
    """Ignores fields that it does not know: clients send extensions that change nothing here."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


class TensorIn(_Loose):
    """One input; its values are in ``data`` or, with ``binary_data_size``, behind the JSON."""

    name: str
    shape: list[Side] = Field(max_length=8)
    datatype: str
    parameters: dict[str, Any] = {}
    data: Any = None


class OutputIn(_Loose):
    """One output that the client wants."""

    name: str
    parameters: dict[str, Any] = {}


class InferIn(_Loose):
    """The JSON of a request."""

    id: str = Field(default="", max_length=200)
    inputs: list[TensorIn] = Field(max_length=8)
    outputs: list[OutputIn] = Field(default=[], max_length=8)
    parameters: dict[str, Any] = {}


@dataclass(frozen=True, kw_only=True)
class InferRequest:
    """A request that fits the contract.

    Attributes:
        request_id: The client's own; empty if it sent none.
        transmission: ``(N, 2, H, W)`` float32; its values are not looked at yet.
        wanted: Names of outputs in the order asked for, and whether each goes out as binary.
    """

    request_id: str
    transmission: Tensor
    wanted: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, kw_only=True)
class InferAnswer:
    """A response's body, and the length of its JSON if binary tensors follow it."""

    body: bytes
    header_bytes: int | None


def read_request(body: bytes, *, header_bytes: int | None, contract: ModelContract) -> InferRequest:
    """Read a request.

    Args:
        body: All of it.
        header_bytes: Length of the JSON if tensors follow it, from ``Inference-Header-Content-Length``.
        contract: What the model takes.

    Raises:
        InferRequestInvalidError: The body is no request of the protocol, or asks for what is not offered.
        TensorInvalidError: The tensor is not what the model takes.
    """
    n_json = len(body) if header_bytes is None else header_bytes
    if n_json > len(body):
        raise InferRequestInvalidError(f"The header is {n_json} bytes long, but only {len(body)} came.")
    request = _read_json(memoryview(body)[:n_json])
    if len(request.inputs) != 1 or request.inputs[0].name != INPUT_NAME:
        raise InferRequestInvalidError(f"Send one input, named {INPUT_NAME!r}.")
    [tensor] = request.inputs
    _refuse_extensions(tensor.parameters)
    check_shape(tensor, contract)
    return InferRequest(
        request_id=request.id,
        transmission=_read_values(tensor, memoryview(body)[n_json:]).reshape(tensor.shape),
        wanted=_read_wanted(request),
    )


def check_shape(tensor: TensorIn, contract: ModelContract) -> None:
    """Check type and shape.

    Raises:
        TensorInvalidError: They are not the contract's; the message says what would be.
    """
    if tensor.datatype != FP32:
        raise TensorInvalidError(f"{INPUT_NAME} must be FP32.")
    if len(tensor.shape) != 4 or tensor.shape[1] != contract.n_channels:
        raise TensorInvalidError(f"{INPUT_NAME} must have the shape [N, {contract.n_channels}, H, W].")
    for side, size_px in zip("HW", tensor.shape[2:], strict=True):
        if size_px < contract.min_side_px or size_px % contract.stride:
            raise TensorInvalidError(
                f"{side} must be a multiple of {contract.stride} and at least {contract.min_side_px}; "
                "fill up with 1 (air) at the bottom and on the right."
            )
    if tensor.shape[3] > contract.max_width_px:
        raise TensorInvalidError(f"W is at most {contract.max_width_px}; cut a wider scan into tiles.")


def check_values(transmission: Tensor) -> None:
    """Check that every value is a transmission.

    Raises:
        TensorInvalidError: One is not in (0, 1], or not a number.
    """
    if not (transmission.min() > 0 and transmission.max() <= 1):  # false for NaN too
        raise TensorInvalidError(f"Every value of {INPUT_NAME} must be in (0, 1]; 1 is air.")


def write_answer(request: InferRequest, info: ScorerInfo, outputs: Mapping[str, Tensor]) -> InferAnswer:
    """Write the response: the outputs that were asked for, in that order."""
    described: list[dict[str, Any]] = []
    behind: list[bytes] = []
    for name, is_binary in request.wanted:
        values = np.ascontiguousarray(outputs[name], dtype="<f4")
        output: dict[str, Any] = {"name": name, "datatype": FP32, "shape": list(values.shape)}
        if is_binary:
            behind.append(values.tobytes())
            output["parameters"] = {"binary_data_size": len(behind[-1])}
        else:
            output["data"] = values.ravel()
        described.append(output)
    answer: dict[str, Any] = {"model_name": info.name, "model_version": info.version, "outputs": described}
    if request.request_id:
        answer["id"] = request.request_id
    header = orjson.dumps(answer, option=orjson.OPT_SERIALIZE_NUMPY)
    return InferAnswer(body=b"".join([header, *behind]), header_bytes=len(header) if behind else None)


def _read_json(data: memoryview) -> InferIn:
    try:
        return InferIn.model_validate(orjson.loads(data))
    except orjson.JSONDecodeError as error:
        raise InferRequestInvalidError(
            "The request's JSON cannot be read; if tensors follow it, send Inference-Header-Content-Length."
        ) from error
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        lines = [f"{'.'.join(map(str, fault['loc'])) or 'body'}: {fault['msg']}" for fault in faults]
        raise InferRequestInvalidError("; ".join(lines[:MAX_FAULTS])) from error


def _read_values(tensor: TensorIn, behind: memoryview) -> Tensor:
    n_values = math.prod(tensor.shape)
    size_bytes = tensor.parameters.get("binary_data_size")
    if size_bytes is None:
        if len(behind):
            raise InferRequestInvalidError(f"{len(behind)} bytes follow the JSON that no input claims.")
        return _read_list(tensor.data, n_values)
    if tensor.data is not None:
        raise InferRequestInvalidError(f"{INPUT_NAME} has both data and binary_data_size; send one.")
    if type(size_bytes) is not int or size_bytes != len(behind) or size_bytes != n_values * BYTES_PER_VALUE:
        raise TensorInvalidError(
            f"The shape asks for {n_values * BYTES_PER_VALUE} bytes, {len(behind)} follow the JSON; "
            "binary_data_size must be both."
        )
    return np.frombuffer(behind, dtype="<f4").astype(np.float32, copy=False)


def _read_list(data: object, n_values: int) -> Tensor:
    """Read JSON numbers, flat or nested, row by row."""
    if not isinstance(data, list):
        raise InferRequestInvalidError(f"{INPUT_NAME} has neither data nor binary_data_size.")
    try:
        values = np.asarray(data)
    except ValueError as error:
        raise TensorInvalidError("The data's lists are not of one length.") from error
    if values.dtype.kind not in "iuf" or values.size != n_values:
        raise TensorInvalidError(f"The shape asks for {n_values} numbers; the data are not that.")
    return values.astype(np.float32)


def _read_wanted(request: InferIn) -> tuple[tuple[str, bool], ...]:
    default = request.parameters.get("binary_data_output", False)
    if not request.outputs:
        return tuple((name, default is True) for name in OUTPUT_NAMES)
    names = [output.name for output in request.outputs]
    if len(set(names)) != len(names) or not set(names) <= set(OUTPUT_NAMES):
        raise InferRequestInvalidError(f"Outputs are {' and '.join(OUTPUT_NAMES)}, each at most once.")
    for output in request.outputs:
        _refuse_extensions(output.parameters)
    return tuple((o.name, o.parameters.get("binary_data", default) is True) for o in request.outputs)


def _refuse_extensions(parameters: Mapping[str, Any]) -> None:
    for name in UNSUPPORTED:
        if parameters.get(name):
            raise InferRequestInvalidError(f"The extension {name} is not offered.")
