"""A station's client: posts a scan over plain HTTP and waits for the word that comes back.

Any language can do what this file does; the intake API is documented in docs/reference/intake-api.md.
"""

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

RETRY_STATUSES = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 507})


class StationRefusedError(Exception):
    """The centre refused a request for good; retrying the same request cannot help."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status = status
        self.code = code


@dataclass(frozen=True, kw_only=True)
class ChannelFile:
    """One image file and what it shows: ``high``, ``low``, or ``dual`` for a two-page file."""

    channel: str
    data: bytes

    @property
    def digest(self) -> str:
        """sha256 of the file, lower-case hex."""
        return hashlib.sha256(self.data).hexdigest()


class StationClient:
    """Posts scans of one station. Every request may be repeated without harm, and is, on trouble.

    Args:
        base_url: Address of the centre, such as ``http://127.0.0.1:8080``.
        key: The station's key, ``sx_…``.
        attempts: How often one request is tried before the last answer is raised.
    """

    def __init__(self, base_url: str, key: str, *, attempts: int = 8) -> None:
        self._http = httpx.AsyncClient(
            base_url=base_url,
            headers={"Authorization": f"Bearer {key}"},
            timeout=httpx.Timeout(90.0, connect=5.0),
            # One connection for each scan that is waited for; a limit would stop posting after so many.
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=20),
        )
        self._attempts = attempts

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def post_scan(
        self, files: list[ChannelFile], scan: Mapping[str, Any], *, idempotency_key: str
    ) -> dict[str, Any]:
        """Upload the images, then the scan that names them.

        Args:
            files: One or two channel images.
            scan: The fields of ``ScanIn`` but ``images``.
            idempotency_key: The station's own name for this pass; the same key never makes two scans.

        Returns:
            ``ScanOut`` as JSON.

        Raises:
            StationRefusedError: The centre refused the scan for good.
            httpx.HTTPError: The centre did not answer in any attempt.
        """
        for file in files:
            await self._send("PUT", f"/api/v1/images/{file.digest}", content=file.data)
        body = {**scan, "images": [{"digest": file.digest, "channel": file.channel} for file in files]}
        return await self._send(
            "POST", "/api/v1/scans", json=body, headers={"Idempotency-Key": idempotency_key}
        )

    async def wait_for_disposition(self, scan_id: str, *, timeout_s: float) -> dict[str, Any] | None:
        """Wait until the final word on a scan is there; None when it is not within ``timeout_s``."""
        ends_at = asyncio.get_running_loop().time() + timeout_s
        while (left_s := ends_at - asyncio.get_running_loop().time()) > 0:
            answer = await self._send(
                "GET", f"/api/v1/scans/{scan_id}", params={"wait": f"{min(30.0, max(0.0, left_s)):.1f}"}
            )
            if answer["disposition"] is not None:
                disposition: dict[str, Any] = answer["disposition"]
                return disposition
        return None

    async def _send(self, method: str, url: str, **request: Any) -> dict[str, Any]:
        for attempt in range(1, self._attempts + 1):
            pause_s = min(10.0, 0.2 * 2**attempt)
            try:
                response = await self._http.request(method, url, **request)
            except httpx.TransportError:
                if attempt == self._attempts:
                    raise
            else:
                if response.is_success:
                    body: dict[str, Any] = response.json()
                    return body
                if response.status_code not in RETRY_STATUSES or attempt == self._attempts:
                    raise _refusal(response)
                pause_s = float(response.headers.get("Retry-After", pause_s))
            await asyncio.sleep(pause_s)
        raise AssertionError("unreachable: the last attempt returns or raises")


def _refusal(response: httpx.Response) -> StationRefusedError:
    try:
        problem = response.json()
    except ValueError:
        problem = {}
    return StationRefusedError(
        response.status_code, problem.get("code", "unknown"), problem.get("detail", response.text[:200])
    )
