"""Bodies of the KServe v2 inference protocol: JSON tensors, and binary ones behind a JSON header.

Both ends of it: what our servers read and write, and what our client does. No HTTP and no engine here. A
request is checked against the model's contract before anything runs; what does not fit raises and says why,
without repeating values.

Source:
    KServe "Open Inference Protocol", and Triton's extension "binary tensor data".
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Protocol, runtime_checkable

import numpy as np
import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from inference.engines import Tensor
from inference.errors import EngineError, InferRequestInvalidError, TensorInvalidError
from inference.scorer import ScorerInfo
from models.contract import INPUT_NAME, OUTPUT_NAMES, ModelContract

FP32: Final = "FP32"
BYTES_PER_VALUE = 4
MAX_FAULTS = 5
UNSUPPORTED = ("shared_memory_region", "classification")  # extensions that would change the answer's meaning

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


@dataclass(frozen=True, kw_only=True)
class ServedAnswer:
    """What a server answered to our client.

    Attributes:
        model: Name and version of the model that ran.
        digest: Of its file, if the server tells.
        outputs: By name.
    """

    model: tuple[str, str]
    digest: str | None
    outputs: dict[str, Tensor]


@runtime_checkable
class TensorScorer(Protocol):
    """A scorer that also runs bare tensors."""

    @property
    def info(self) -> ScorerInfo:
        """Which model answers."""

    @property
    def contract(self) -> ModelContract:
        """What the model promises."""

    def run_tensor(self, transmission: Tensor) -> tuple[Tensor, Tensor]:
        """See ``EngineScorer.run_tensor``."""


def describe_model(scorer: TensorScorer) -> dict[str, Any]:
    """Describe a model's tensors; the file's digest and the kinds are among the parameters."""
    n_kinds, n_channels = len(scorer.contract.kinds), scorer.contract.n_channels
    shapes = {"boxes": [-1, n_kinds, -1, 4], "scores": [-1, n_kinds, -1]}
    return {
        "name": scorer.info.name,
        "versions": [scorer.info.version],
        "platform": "onnxruntime_onnx",
        "inputs": [{"name": INPUT_NAME, "datatype": FP32, "shape": [-1, n_channels, -1, -1]}],
        "outputs": [{"name": name, "datatype": FP32, "shape": shapes[name]} for name in OUTPUT_NAMES],
        "parameters": {"sha256": scorer.info.digest, "kinds": [s.kind for s in scorer.contract.kinds]},
    }


def answer_request(scorer: TensorScorer, request: InferRequest) -> InferAnswer:
    """Run a request and write its answer.

    Raises:
        TensorInvalidError: See ``check_values``.
        ModelOutputError: See ``EngineScorer.run_tensor``; likewise EngineError.
    """
    check_values(request.transmission)
    outputs = dict(zip(OUTPUT_NAMES, scorer.run_tensor(request.transmission), strict=True))
    return write_answer(request, scorer.info, outputs)


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
    answer: dict[str, Any] = {
        "model_name": info.name,
        "model_version": info.version,
        "parameters": {"sha256": info.digest},
        "outputs": described,
    }
    if request.request_id:
        answer["id"] = request.request_id
    header = orjson.dumps(answer, option=orjson.OPT_SERIALIZE_NUMPY)
    return InferAnswer(body=b"".join([header, *behind]), header_bytes=len(header) if behind else None)


def write_request(transmission: Tensor) -> tuple[list[bytes], int]:
    """Write a request with its tensor as binary, as a client sends it, and asking for binary outputs.

    Returns:
        The body in two pieces, and the length of its JSON.
    """
    values = np.ascontiguousarray(transmission, dtype="<f4")
    tensor = {
        "name": INPUT_NAME,
        "shape": list(values.shape),
        "datatype": FP32,
        "parameters": {"binary_data_size": values.nbytes},
    }
    outputs = [{"name": name, "parameters": {"binary_data": True}} for name in OUTPUT_NAMES]
    header = orjson.dumps({"inputs": [tensor], "outputs": outputs})
    return [header, values.tobytes()], len(header)


def read_answer(body: bytes, *, header_bytes: int | None) -> ServedAnswer:
    """Read a server's answer, its outputs as binary or as JSON.

    Raises:
        EngineError: It is no answer of the protocol.
    """
    n_json = len(body) if header_bytes is None else header_bytes
    try:
        answer = orjson.loads(memoryview(body)[:n_json])
        behind, at = memoryview(body)[n_json:], 0
        outputs: dict[str, Tensor] = {}
        for output in answer["outputs"]:
            if output["datatype"] != FP32:
                raise ValueError(f"{output['name']} is {output['datatype']}")
            size_bytes = output.get("parameters", {}).get("binary_data_size")
            if size_bytes is None:
                values = np.asarray(output["data"], np.float32)
            else:
                values = np.frombuffer(behind[at : at + size_bytes], "<f4")
                at += size_bytes
            outputs[output["name"]] = values.reshape(output["shape"])
        return ServedAnswer(
            model=(answer["model_name"], answer.get("model_version", "")),
            digest=answer.get("parameters", {}).get("sha256"),
            outputs=outputs,
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise EngineError(f"the inference server's answer cannot be read: {error}") from error


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
