"""Claim, prefetch, decide, keep, give back over HTTP."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.integration.review_ui.centre import Centre, decision

NEXT, PREFETCH, DECIDE = "/api/v1/review/next", "/api/v1/review/prefetch", "/api/v1/review/decide"


async def lease_of(client: httpx.AsyncClient, path: str = NEXT) -> dict[str, Any]:
    answer = await client.post(path)
    assert answer.status_code == 200, answer.text
    lease: dict[str, Any] = answer.json()
    return lease


async def test_next__empty_queue_is_no_error(centre: Centre) -> None:
    """Nothing to do answers 204, for the current and for the next case."""
    client = await centre.person("lin", "reviewer")
    assert (await client.post(NEXT)).status_code == 204
    assert (await client.post(PREFETCH)).status_code == 204


async def test_next__is_the_lease_and_nothing_else(centre: Centre) -> None:
    """The hot answer holds what the queue knows of the case; what it looks like is asked for apart."""
    case = await centre.open_case()
    client = await centre.person("lin", "reviewer")
    lease = await lease_of(client)
    screening = await centre.pool.fetchval("SELECT screening_id FROM screenings")
    assert lease.pop("token") > 0
    assert 0 < lease.pop("ttl_s") <= 90
    assert lease.pop("due_in_s") > 0
    assert lease == {
        "case_id": case.case_id,
        "scan_id": case.scan_id,
        "cycle": 1,
        "stage": 1,
        "slot": 0,
        "reason": "finding",
        "risk": 0.5,
        "screening_id": screening,
    }


async def test_hot_answers__read_neither_views_nor_the_store(centre: Centre) -> None:
    """Claim, prefetch and decide do the queue's own work, whatever has become of scans, ports and pixels."""
    for _ in range(2):
        await centre.open_case()
    client = await centre.person("lin", "reviewer")
    await centre.store.close()
    async with centre.pool.acquire() as conn:
        await conn.execute("ALTER TABLE ports RENAME TO ports_away")
    lease = await lease_of(client)
    waiting = await lease_of(client, PREFETCH)
    decided = await client.post(DECIDE, json=decision(lease))
    assert decided.json()["next"]["case_id"] == waiting["case_id"]


async def test_next__is_the_same_case_until_it_is_decided(centre: Centre) -> None:
    """A page that is loaded again, or opened twice, shows the case under review."""
    await centre.open_case()
    await centre.open_case()
    client = await centre.person("lin", "reviewer")
    first = await lease_of(client)
    again = await lease_of(await centre.log_in("lin"))
    assert (again["case_id"], again["token"]) == (first["case_id"], first["token"])


async def test_decide__answers_with_the_prefetched_case(centre: Centre) -> None:
    """The lease on the next case, now current, comes with the answer; the disposition is told."""
    for _ in range(2):
        await centre.open_case()
    client = await centre.person("lin", "reviewer")
    current = await lease_of(client)
    waiting = await lease_of(client, PREFETCH)
    assert waiting["slot"] == 1
    told = asyncio.create_task(centre.notifier.wait_for("disposition", current["scan_id"], 5))
    depth = asyncio.create_task(centre.notifier.wait_for("queue", "YTN", 5))
    await asyncio.sleep(0)
    body = decision(
        current,
        reason_codes=["concealment"],
        note="左侧夹层",
        annotations=[{"box": [1, 2, 3.5, 4], "kind": "brick"}],
        finding_votes=[{"finding_id": 0, "accepted": True}],
    )
    answer = await client.post(DECIDE, json=body)
    assert answer.status_code == 200, answer.text
    decided = answer.json()
    assert decided["case_closed"] is True
    assert decided["next"]["token"] > waiting["token"]
    changing = {"slot": 0} | {name: decided["next"][name] for name in ("token", "ttl_s", "due_in_s")}
    assert decided["next"] == waiting | changing
    assert await told
    assert await depth
    row = await centre.pool.fetchrow(
        "SELECT * FROM decisions JOIN decision_marks USING (case_id, cycle, stage)"
    )
    assert row is not None
    assert (row["verdict"], row["reason_codes"], row["note"]) == ("inspect", ["concealment"], "左侧夹层")
    assert '"kind": "brick"' in row["annotations"]
    assert '"accepted": true' in row["finding_votes"]
    answer = await client.post(DECIDE, json=decision(decided["next"]))
    assert answer.json()["next"] is None


async def test_decide__repeated_after_a_lost_answer_is_harmless(centre: Centre) -> None:
    """The same verdict under the same token answers alike; another verdict is refused."""
    await centre.open_case()
    client = await centre.person("lin", "reviewer")
    lease = await lease_of(client)
    first = await client.post(DECIDE, json=decision(lease))
    assert (await client.post(DECIDE, json=decision(lease))).json() == first.json()
    other = await client.post(DECIDE, json=decision(lease, "release"))
    assert (other.status_code, other.json()["code"]) == (409, "already_decided")
    assert await centre.pool.fetchval("SELECT count(*) FROM decisions") == 1


async def test_decide__stale_token_is_refused(centre: Centre) -> None:
    """A lease that ended decides nothing, even for the same person and case."""
    case = await centre.open_case()
    client = await centre.person("lin", "reviewer")
    stale = await lease_of(client)
    await client.post("/api/v1/review/pause")
    fresh = await lease_of(client)
    assert fresh["case_id"] == stale["case_id"] == case.case_id
    answer = await client.post(DECIDE, json=decision(stale))
    assert (answer.status_code, answer.json()["code"]) == (409, "lease_lost")
    assert (await client.post(DECIDE, json=decision(fresh))).status_code == 200


async def test_decide__expired_lease_is_refused(centre: Centre) -> None:
    """A verdict that comes too late is refused; the case is offered again."""
    await centre.open_case()
    client = await centre.person("lin", "reviewer")
    lease = await lease_of(client)
    await centre.pool.execute("UPDATE seats SET until = clock_timestamp() - interval '1 s'")
    answer = await client.post(DECIDE, json=decision(lease))
    assert (answer.status_code, answer.json()["code"]) == (409, "lease_lost")


async def test_decide__another_reviewers_case_is_refused(centre: Centre) -> None:
    """Case and token of a colleague do not decide their case."""
    await centre.open_case()
    owner = await centre.person("lin", "reviewer")
    thief = await centre.person("chen", "reviewer")
    lease = await lease_of(owner)
    for body in (decision(lease), decision({**lease, "case_id": 999_999})):
        answer = await thief.post(DECIDE, json=body)
        assert (answer.status_code, answer.json()["code"]) == (409, "case_not_held")
    assert (await owner.post(DECIDE, json=decision(lease))).status_code == 200


async def test_decide__prefetched_case_cannot_be_decided_unseen(centre: Centre) -> None:
    """A case on seat 1 has not been shown; no verdict on it is taken."""
    for _ in range(2):
        await centre.open_case()
    client = await centre.person("lin", "reviewer")
    await lease_of(client)
    waiting = await lease_of(client, PREFETCH)
    answer = await client.post(DECIDE, json=decision(waiting))
    assert answer.status_code == 409


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"verdict": "burn"}, 422, "request_invalid"),
        ({"reason_codes": ["no_anomaly"]}, 422, "reason_code_unknown"),
        ({"note": "a\0b"}, 422, "request_invalid"),
        ({"note": "x" * 2001}, 422, "request_invalid"),
        ({"token": 2**63}, 422, "request_invalid"),
        ({"case_id": -1}, 422, "request_invalid"),
        ({"annotations": [{"box": [0, 0, 1], "kind": "gun"}]}, 422, "request_invalid"),
        ({"annotations": [{"box": [0, 0, 1, 1e9], "kind": "gun"}]}, 422, "request_invalid"),
        ({"annotations": [{"box": [0, 0, 1, 1], "kind": "g\0n"}]}, 422, "request_invalid"),
        ({"finding_votes": [{"finding_id": -1, "accepted": True}]}, 422, "request_invalid"),
        ({"reviewer": 1}, 422, "request_invalid"),
    ],
)
async def test_decide__bad_bodies_are_the_senders_fault(
    centre: Centre, change: dict[str, Any], status: int, code: str
) -> None:
    """Whatever is wrong with a body, the answer is a 4xx and nothing is recorded."""
    await centre.open_case()
    client = await centre.person("lin", "reviewer")
    lease = await lease_of(client)
    answer = await client.post(DECIDE, json={**decision(lease), **change})
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert await centre.pool.fetchval("SELECT count(*) FROM decisions") == 0


@pytest.mark.parametrize(
    "body", [b"", b"{", b"null", b"[]", b"\xff\xfe", b'{"case_id": NaN}', b'{"note": "\\ud800"}', b"[" * 5000]
)
async def test_decide__what_is_no_json_is_refused(centre: Centre, body: bytes) -> None:
    """Bytes that are no decision answer 422, never a crash."""
    client = await centre.person("lin", "reviewer")
    answer = await client.post(DECIDE, content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid")


async def test_decide__huge_body_is_refused(centre: Centre) -> None:
    """A body beyond any decision is not read to its end."""
    client = await centre.person("lin", "reviewer")
    answer = await client.post(DECIDE, content=b" " * 600_000, headers={"content-type": "application/json"})
    assert answer.status_code == 413


async def test_second_review__is_by_someone_else_and_its_lease_tells_nothing(centre: Centre) -> None:
    """The second lease is the first one but for stage and token, and never the same person's."""
    await centre.open_case(risk=0.95)
    first = await centre.person("lin", "reviewer")
    lease = await lease_of(first)
    body = decision(lease, "release", reason_codes=["no_anomaly"], note="first word")
    answer = (await first.post(DECIDE, json=body)).json()
    assert (answer["case_closed"], answer["next"]) == (False, None)
    assert (await first.post(NEXT)).status_code == 204
    second = await centre.person("chen", "reviewer")
    blind = await lease_of(second)
    changing = {"stage": 2} | {name: blind[name] for name in ("token", "ttl_s", "due_in_s")}
    assert blind == lease | changing
    closed = (await second.post(DECIDE, json=decision(blind, "release"))).json()
    assert closed["case_closed"] is True


async def test_escalation__goes_to_a_supervisor(centre: Centre) -> None:
    """A reviewer never gets stage 3, and a supervisor has nobody to escalate to."""
    case = await centre.open_case()
    reviewer = await centre.person("lin", "reviewer")
    lease = await lease_of(reviewer)
    body = decision(lease, "escalate", reason_codes=["undecided"])
    assert (await reviewer.post(DECIDE, json=body)).json()["case_closed"] is False
    other = await centre.person("chen", "reviewer")
    assert (await other.post(NEXT)).status_code == 204
    supervisor = await centre.person("sun", "supervisor")
    lease = await lease_of(supervisor)
    assert (lease["case_id"], lease["stage"]) == (case.case_id, 3)
    answer = await supervisor.post(DECIDE, json=decision(lease, "escalate"))
    assert (answer.status_code, answer.json()["code"]) == (422, "verdict_not_allowed")
    assert (await supervisor.post(DECIDE, json=decision(lease, "inspect"))).json()["case_closed"] is True


async def test_rest__no_new_case_until_it_is_over(centre: Centre) -> None:
    """After too long without a break a claim answers when to come again; a waiting case is finished."""
    for _ in range(3):
        await centre.open_case()
    client = await centre.person("lin", "reviewer")
    lease = await lease_of(client)
    waiting = await lease_of(client, PREFETCH)
    working_s = centre.queue.policy.pause_after_s + 1
    await centre.pool.execute("UPDATE seats SET working_since = now() - make_interval(secs => $1)", working_s)
    lease = (await client.post(DECIDE, json=decision(lease))).json()["next"]
    assert lease["case_id"] == waiting["case_id"]
    assert (await client.post(PREFETCH)).status_code == 204
    assert (await client.post(DECIDE, json=decision(lease))).json()["next"] is None
    refused = await client.post(NEXT)
    assert (refused.status_code, refused.json()["code"]) == (409, "rest_due")
    rest_s = centre.queue.policy.rest_s
    assert rest_s - 5 < int(refused.headers["retry-after"]) <= rest_s
    await centre.pool.execute("UPDATE seats SET left_at = left_at - make_interval(secs => $1)", rest_s)
    assert (await lease_of(client))["slot"] == 0


async def test_next__own_port_is_never_assigned(centre: Centre) -> None:
    """A reviewer who works at a port does not judge that port's scans."""
    await centre.open_case(port="YTN")
    local = await centre.person("chen", "reviewer", "YTN")
    assert (await local.post(NEXT)).status_code == 204
    other = await centre.person("zhao", "reviewer", "SKZ")
    assert (await other.post(NEXT)).status_code == 200


async def test_heartbeat__lists_the_leases_that_are_gone(centre: Centre) -> None:
    """A live lease is extended; one that expired, was never held or is a colleague's is lost."""
    for _ in range(2):
        await centre.open_case()
    client = await centre.person("lin", "reviewer")
    lease = await lease_of(client)
    colleague = await lease_of(await centre.person("chen", "reviewer"))
    await centre.pool.execute(
        "UPDATE seats SET until = until - interval '60 s' WHERE case_id = $1", lease["case_id"]
    )
    leases = [{key: held[key] for key in ("case_id", "token")} for held in (lease, colleague)]
    beat = (await client.post("/api/v1/review/heartbeat", json={"leases": leases})).json()
    assert beat["lost"] == [colleague["case_id"]]
    assert beat["ttl_s"] == pytest.approx(90, abs=1)
    await centre.pool.execute(
        "UPDATE seats SET until = clock_timestamp() WHERE case_id = $1", lease["case_id"]
    )
    beat = (await client.post("/api/v1/review/heartbeat", json={"leases": leases[:1]})).json()
    assert beat["lost"] == [lease["case_id"]]


async def test_pause__returns_both_seats(centre: Centre) -> None:
    """Somebody else gets the cases at once; pausing twice is harmless."""
    for _ in range(2):
        await centre.open_case()
    client = await centre.person("lin", "reviewer")
    mine = {(await lease_of(client))["case_id"], (await lease_of(client, PREFETCH))["case_id"]}
    colleague = await centre.person("chen", "reviewer")
    assert (await colleague.post(NEXT)).status_code == 204
    for _ in range(2):
        assert (await client.post("/api/v1/review/pause")).status_code == 204
    theirs = {(await lease_of(colleague))["case_id"], (await lease_of(colleague, PREFETCH))["case_id"]}
    assert theirs == mine


async def test_ui_config__tells_reasons_and_kinds_without_a_login(centre: Centre) -> None:
    """The login page needs words before anyone is known."""
    config = (await centre.browser().get("/api/v1/ui-config")).json()
    assert (config["version"], config["demo"], config["heartbeat_s"]) == ("test", False, 20.0)
    assert (config["remind_after_s"], config["rest_s"]) == (1200.0, 300.0)
    assert {"code", "zh", "en", "verdicts"} == set(config["reason_codes"][0])
    assert config["finding_kinds"]["gun"] == {"zh": "疑似枪支", "en": "Firearm"}


async def test_openapi__describes_light_routes_too(centre: Centre) -> None:
    """The page's types are generated from the document, so light routes must be in it in full."""
    document = centre.api.openapi()
    decide = document["paths"][DECIDE]["post"]
    assert decide["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith("/DecideIn")
    assert decide["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].endswith("/DecideOut")
    assert "204" in document["paths"][NEXT]["post"]["responses"]
    assert {"LeaseOut", "CaseView", "Px16Level", "BoardOut", "QueueGlance", "AuditRow", "Problem"} <= set(
        document["components"]["schemas"]
    )
