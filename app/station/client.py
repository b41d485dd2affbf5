"""A station's client: posts a scan over plain HTTP and waits for the word that comes back.

Any language can do what this file does; the intake API is documented in docs/reference/intake-api.md.
"""

import asyncio
import hashlib
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypedDict, cast

import httpx

from app.station.errors import CentreUnreachableError, StationRefusedError

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.4, 10.0
LONGEST_RETRY_AFTER_S = 300.0
NO_SCAN = "XR-00000000-000000"
NO_ANSWER_OF_OURS = "the answer is none of the intake API's: is this the centre's address?"


class DispositionAnswer(TypedDict):
    """The final word on a scan's current cycle, as the intake API sends it."""

    disposition: str
    source: str
    cycle: int
    decided_at: str


class ScanAnswer(TypedDict):
    """An acknowledged scan, as the intake API sends it."""

    scan_id: str
    status: str
    received_at: str
    container_no: str | None
    other_container_nos: list[str]
    container_no_valid: bool | None
    warnings: list[str]
    disposition: DispositionAnswer | None


@dataclass(frozen=True, kw_only=True)
class ChannelFile:
    """One image file and what it shows: ``high``, ``low``, or ``dual`` for a file of both energies.

    ``name`` is the station's own and is not sent.
    """

    channel: str
    data: bytes
    name: str = ""

    @cached_property
    def digest(self) -> str:
        """See ``digest_of``; made once."""
        return digest_of(self.data)


def digest_of(data: bytes) -> str:
    """Return what the intake API calls a file: its sha256, lower-case hex."""
    return hashlib.sha256(data).hexdigest()


class StationClient:
    """Posts scans of one station. Every request may be repeated without harm, and is, on trouble.

    Args:
        base_url: Address of the centre, such as ``http://127.0.0.1:8080``.
        key: The station's key, ``sx_…``.
        attempts: How often one request is tried before the last answer is raised.
        chance: Spreads the retries of stations that lost the centre at the same moment.
        transport: Sends the requests; default: TCP.
    """

    def __init__(
        self,
        base_url: str,
        key: str,
        *,
        attempts: int = 8,
        chance: random.Random | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._http = httpx.AsyncClient(
            base_url=base_url,
            headers={"Authorization": f"Bearer {key}"},
            timeout=httpx.Timeout(90.0, connect=5.0),
            # One connection for each scan that is waited for; a limit would stop posting after so many.
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=20),
            transport=transport,
        )
        self._attempts = attempts
        self._chance = chance or random.Random()  # noqa: S311  spreads load, guards nothing

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def post_scan(
        self,
        files: Sequence[ChannelFile],
        scan: Mapping[str, Any],
        *,
        idempotency_key: str,
        gate_photos: Sequence[bytes] = (),
    ) -> ScanAnswer:
        """Upload the images, then the scan that names them.

        Args:
            files: One or two channel images.
            scan: The fields of ``ScanIn`` but ``images`` and ``gate_photos``.
            idempotency_key: The station's own name for this pass; the same key never makes two scans.
            gate_photos: Files that are no scans.

        Raises:
            StationRefusedError: The centre refused the scan, or could not take it in any attempt.
            CentreUnreachableError: The centre did not answer in any attempt.
        """
        for file in files:
            await self._send("PUT", f"/api/v1/images/{file.digest}", content=file.data)
        body = {**scan, "images": [{"digest": file.digest, "channel": file.channel} for file in files]}
        if gate_photos:
            body["gate_photos"] = [digest_of(photo) for photo in gate_photos]
            for digest, photo in zip(body["gate_photos"], gate_photos, strict=True):
                await self._send("PUT", f"/api/v1/images/{digest}", content=photo)
        answer = await self._send(
            "POST", "/api/v1/scans", json=body, headers={"Idempotency-Key": idempotency_key}
        )
        return _scan_of(answer)

    async def check_key(self) -> None:
        """Ask the centre for a scan that never was: it answers so if it is our centre and knows our key.

        Raises:
            StationRefusedError: It does not know the key, or is no centre.
            CentreUnreachableError: It did not answer in any attempt.
        """
        try:
            await self._send("GET", f"/api/v1/scans/{NO_SCAN}")
        except StationRefusedError as error:
            if error.code != "scan_not_found":
                raise

    async def wait_for_disposition(self, scan_id: str, *, timeout_s: float) -> DispositionAnswer | None:
        """Wait until the final word on a scan is there; None when it is not within ``timeout_s``.

        Raises:
            StationRefusedError: The centre does not know the scan or the key, or is no centre.
            CentreUnreachableError: It did not answer in any attempt.
        """
        ends_at = asyncio.get_running_loop().time() + timeout_s
        while (left_s := ends_at - asyncio.get_running_loop().time()) > 0:
            answer = await self._send(
                "GET", f"/api/v1/scans/{scan_id}", params={"wait": f"{min(30.0, left_s):.1f}"}
            )
            disposition = _scan_of(answer)["disposition"]
            if disposition is not None:
                return disposition
        return None

    async def _send(self, method: str, url: str, **request: Any) -> dict[str, Any]:
        for attempt in range(1, self._attempts + 1):
            retry_after_s = None
            try:
                response = await self._http.request(method, url, **request)
            except httpx.TransportError as error:
                if attempt == self._attempts:
                    raise CentreUnreachableError(
                        f"{self._http.base_url} did not answer in {attempt} attempts: {error!r}"
                    ) from error
            else:
                if response.is_success:
                    return _json_of(response)
                refusal = _refusal(response)
                if not refusal.is_passing or attempt == self._attempts:
                    raise refusal
                retry_after_s = refusal.retry_after_s
            await asyncio.sleep(pause_s(attempt, retry_after_s=retry_after_s, chance=self._chance))
        raise AssertionError("unreachable: the last attempt returns or raises")


def pause_s(attempt: int, *, retry_after_s: float | None, chance: random.Random) -> float:
    """Return how long to wait after the n-th attempt: doubling, or what the centre asked for, with jitter.

    Never less than the centre asked for, and never in step with the other stations.
    """
    if retry_after_s is not None:
        return retry_after_s + chance.uniform(0.0, 0.25 * retry_after_s + 0.1)
    return min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(attempt - 1, 16)) * chance.uniform(0.5, 1.0)


def _retry_after_s(response: httpx.Response) -> float | None:
    """Return the seconds of ``Retry-After``; our centre never sends its other form, a date."""
    text = response.headers.get("Retry-After", "")
    return min(LONGEST_RETRY_AFTER_S, float(text)) if text.isdecimal() else None


def _scan_of(answer: dict[str, Any]) -> ScanAnswer:
    if not {"scan_id", "disposition"} <= answer.keys():
        raise StationRefusedError(200, "unknown", NO_ANSWER_OF_OURS)
    return cast(ScanAnswer, answer)


def _json_of(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise StationRefusedError(response.status_code, "unknown", NO_ANSWER_OF_OURS)
    return body


def _refusal(response: httpx.Response) -> StationRefusedError:
    try:
        problem = response.json()
    except ValueError:
        problem = None
    if not isinstance(problem, dict):
        problem = {}
    return StationRefusedError(
        response.status_code,
        str(problem.get("code", "unknown")),
        str(problem.get("detail", response.text[:200])),
        retry_after_s=_retry_after_s(response),
    )
