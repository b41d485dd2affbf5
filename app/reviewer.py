"""A reviewer's client: what the page does, without the page. The self-test and the benchmarks use it."""

from types import TracebackType
from typing import Any, Self

import httpx

from app.errors import SelftestError


class ReviewerClient:
    """One logged-in account, as an async context manager.

    Args:
        base_url: Address of the centre.
        login: The account's login.
        password: Its password.
    """

    def __init__(self, base_url: str, *, login: str, password: str) -> None:
        self._http = httpx.AsyncClient(
            base_url=base_url, headers={"X-Requested-With": "shenxiang"}, timeout=httpx.Timeout(30.0)
        )
        self._credentials = {"login": login, "password": password}

    async def __aenter__(self) -> Self:
        await self._post("/api/v1/session", self._credentials)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def next_case(self) -> dict[str, Any] | None:
        """Return the lease on the current case, claiming one if there is none; None when nothing is ready."""
        return await self._post("/api/v1/review/next")

    async def prefetch(self) -> dict[str, Any] | None:
        """Take the next case into slot 1."""
        return await self._post("/api/v1/review/prefetch")

    async def decide(self, lease: dict[str, Any], verdict: str, **more: Any) -> dict[str, Any]:
        """Decide the current case; ``next`` of the answer is the lease on the prefetched one, now current."""
        body = {"case_id": lease["case_id"], "token": lease["token"], "verdict": verdict, **more}
        answer = await self._post("/api/v1/review/decide", body)
        assert answer is not None
        return answer

    async def view(self, lease: dict[str, Any]) -> dict[str, Any]:
        """Return what the page shows of a case on one of the two seats."""
        view: dict[str, Any] = await self.get(f"/api/v1/review/cases/{lease['case_id']}")
        return view

    async def read_strip(self, view: dict[str, Any], *, level: int, strip: int) -> bytes:
        """Read one px16 strip of a viewed case, as the zstd frame or decoded, as the server sent it."""
        url = next(one["url"] for one in view["scan"]["levels"] if one["level"] == level)
        response = await self._http.get(
            url.replace("{strip}", str(strip)), headers={"Accept-Encoding": "identity"}
        )
        _check(response)
        return response.content

    async def get(self, path: str, **params: Any) -> Any:
        """Read any JSON of the review API."""
        response = await self._http.get(path, params=params)
        _check(response)
        return response.json()

    async def _post(self, path: str, body: Any = None) -> dict[str, Any] | None:
        response = await self._http.post(path, json=body)
        _check(response)
        if response.status_code == 204:
            return None
        answer: dict[str, Any] = response.json()
        return answer


def _check(response: httpx.Response) -> None:
    if response.is_error:
        raise SelftestError(
            f"{response.request.method} {response.request.url.path} answered {response.status_code}: "
            f"{response.text[:300]}"
        )
