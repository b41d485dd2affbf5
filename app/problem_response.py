"""The form of an error's answer, RFC 9457. Which error has which status: ``app.problems``."""

from starlette.responses import JSONResponse, Response


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    headers: dict[str, str] | None = None,
    members: dict[str, str] | None = None,
) -> Response:
    """Build one RFC 9457 answer; ``code`` is ours and stable, ``detail`` is for a person."""
    body = {
        "type": f"urn:shenxiang:problem:{code}",
        "title": code.replace("_", " "),
        "status": status,
        "code": code,
        "detail": detail,
        **(members or {}),
    }
    return JSONResponse(body, status_code=status, headers=headers, media_type="application/problem+json")


def domain_headers(error: Exception) -> dict[str, str]:
    """Return the headers that a domain error's answer carries: when to try again, which key is missing."""
    headers = {}
    if (retry_after_s := getattr(error, "retry_after_s", None)) is not None:
        headers["Retry-After"] = str(max(1, round(retry_after_s)))
    if getattr(error, "code", None) == "station_key_invalid":
        headers["WWW-Authenticate"] = "Bearer"
    return headers
