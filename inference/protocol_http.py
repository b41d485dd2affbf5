"""The KServe v2 inference protocol's side of HTTP. Imports no numpy: a model server's parent uses it too."""

from typing import Any, Final

from starlette.requests import Request

from inference.errors import InferRequestInvalidError, MediaTypeError
from inference.receive import whole_number

HEADER_LENGTH: Final = "Inference-Header-Content-Length"
EXTENSIONS: Final = ("binary_tensor_data",)


def describe_server(version: str) -> dict[str, Any]:
    """Name the server and what it offers beyond the protocol."""
    return {"name": "shenxiang", "version": version, "extensions": list(EXTENSIONS)}


def json_length(request: Request, *, max_bytes: int) -> int | None:
    """Return how much of a body is JSON, if the sender says that binary tensors follow it.

    Raises:
        InferRequestInvalidError: The sender says it wrongly, or the JSON is longer than ``max_bytes``.
        MediaTypeError: The body is compressed.
    """
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise MediaTypeError("Send the body as it is, without Content-Encoding.")
    header = request.headers.get(HEADER_LENGTH)
    if header is None:
        return None
    length = whole_number(header)
    if length is None:
        raise InferRequestInvalidError(f"{HEADER_LENGTH} must be a whole number of bytes.")
    if length > max_bytes:
        raise InferRequestInvalidError(f"The JSON is longer than {max_bytes} bytes.")
    return length


def answer_headers(header_bytes: int | None) -> dict[str, str]:
    """Return the headers of an answer whose JSON is so long, if binary tensors follow it."""
    if header_bytes is None:
        return {"content-type": "application/json"}
    return {"content-type": "application/octet-stream", HEADER_LENGTH.lower(): str(header_bytes)}
