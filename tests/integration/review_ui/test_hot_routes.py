"""The short way to the review's routes: the same guards, limits and errors as the long one."""

from collections.abc import AsyncIterator

import pytest

from tests.integration.review_ui.centre import Centre, decision

HOT = {"next", "prefetch", "decide", "heartbeat", "pause"}


async def test_hot_routes__are_those_of_the_review(centre: Centre) -> None:
    """All that a reviewer posts goes the short way, and OpenAPI describes each."""
    assert set(centre.hot_routes) == {f"/api/v1/review/{name}" for name in HOT}
    assert set(centre.hot_routes) <= set(centre.api.openapi()["paths"])


@pytest.mark.parametrize("name", sorted(HOT))
async def test_hot_route__needs_a_session_and_our_own_page(centre: Centre, name: str) -> None:
    """Nobody gets past the guard because the way is short; the answer carries the security headers."""
    path = f"/api/v1/review/{name}"
    stranger = await centre.browser().post(path)
    assert (stranger.status_code, stranger.json()["code"]) == (401, "not_logged_in")
    reviewer = await centre.person("li", "reviewer")
    forged = await reviewer.post(path, headers={"origin": "https://evil.example"})
    assert (forged.status_code, forged.json()["code"]) == (403, "csrf_refused")
    auditor = await centre.person("au", "auditor")
    refused = await auditor.post(path)
    assert (refused.status_code, refused.json()["code"]) == (403, "role_not_allowed")
    for answer in (stranger, forged, refused):
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_hot_route__other_methods_go_the_long_way(centre: Centre) -> None:
    """Nothing but a POST is answered the short way; a GET finds nothing to read there."""
    reviewer = await centre.person("li", "reviewer")
    assert (await reviewer.get("/api/v1/review/next")).status_code == 404


async def test_hot_route__refuses_a_body_beyond_its_limit(centre: Centre) -> None:
    """A body that is too large is cut off with 413, whatever its header says."""
    reviewer = await centre.person("li", "reviewer")

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 65536

    answer = await reviewer.post("/api/v1/review/decide", content=endless())
    assert (answer.status_code, answer.json()["code"]) == (413, "http_error")


async def test_hot_route__bad_input_and_lost_leases_have_their_codes(centre: Centre) -> None:
    """Errors of the body and of the queue become the same problems as on the long way."""
    reviewer = await centre.person("li", "reviewer")
    broken = await reviewer.post("/api/v1/review/decide", content=b"{")
    assert (broken.status_code, broken.json()["code"]) == (422, "request_invalid")
    lease = {"case_id": 7, "token": 1}
    lost = await reviewer.post("/api/v1/review/decide", json=decision(lease, reason_codes=["other"]))
    assert (lost.status_code, lost.json()["code"]) == (409, "case_not_held")


async def test_hot_route__an_unknown_error_is_a_500(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    """What no table knows is raised again, logged and answered as our failure."""

    async def fail(*_: object) -> None:
        raise RuntimeError("planted")

    monkeypatch.setattr(centre.queue, "claim_next_case", fail)
    reviewer = await centre.person("li", "reviewer")
    answer = await reviewer.post("/api/v1/review/next")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
