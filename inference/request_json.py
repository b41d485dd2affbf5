"""What a request says of a scan or an inspection: read from untrusted JSON, and described for OpenAPI.

The intake routes read bodies themselves, because the framework would read a declared one before the key is
checked and without a deadline; so the document's request body is put together here.
"""

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from inference.errors import RequestInvalidError
from inference.schemas import InspectionIn, ScanIn

MAX_FAULTS = 10
Body = TypeVar("Body", bound=BaseModel)


def parse_scan(data: bytes) -> ScanIn:
    """Read a scan description.

    Raises:
        RequestInvalidError: It breaks the schema. The message names fields and never repeats their values:
            declarations do not belong in logs.
    """
    return _parse(ScanIn, data)


def parse_inspection(data: bytes) -> InspectionIn:
    """Read what opening a box found.

    Raises:
        RequestInvalidError: See ``parse_scan``.
    """
    return _parse(InspectionIn, data)


def _parse(model: type[Body], data: bytes) -> Body:
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        lines = [
            f"{'.'.join(map(str, fault['loc'])) or 'body'}: {fault['msg']}" for fault in faults[:MAX_FAULTS]
        ]
        more = f"; and {len(faults) - MAX_FAULTS} more" if len(faults) > MAX_FAULTS else ""
        raise RequestInvalidError("; ".join(lines) + more) from error


def scan_request_body() -> dict[str, Any]:
    """Return the OpenAPI request body of POST /scans."""
    scan = inlined_schema(ScanIn)
    file = {"type": "string", "format": "binary"}
    form = {
        "type": "object",
        "required": ["scan"],
        "properties": {"scan": scan, "high": file, "low": file, "dual": file, "photo": file},
    }
    return {
        "required": True,
        "content": {
            "application/json": {"schema": scan},
            "multipart/form-data": {
                "schema": form,
                "encoding": {"scan": {"contentType": "application/json"}},
            },
        },
    }


def inspection_request_body() -> dict[str, Any]:
    """Return the OpenAPI request body of PUT /scans/{scan_id}/inspection."""
    return {"required": True, "content": {"application/json": {"schema": inlined_schema(InspectionIn)}}}


def raw_request_body() -> dict[str, Any]:
    """Return the OpenAPI request body of a raw upload."""
    return {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }


def inlined_schema(model: type[BaseModel]) -> dict[str, Any]:
    """Return a model's JSON schema without ``$defs``, so that it can stand anywhere in a document."""
    schema = model.model_json_schema()
    definitions = schema.pop("$defs", {})

    def resolve(node: Any) -> Any:
        if isinstance(node, list):
            return [resolve(item) for item in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            return resolve(definitions[node["$ref"].rsplit("/", 1)[-1]])
        return {name: resolve(value) for name, value in node.items()}

    resolved: dict[str, Any] = resolve(schema)
    return resolved
