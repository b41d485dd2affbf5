"""The queue's policy over HTTP: shown, its effect foretold, changed by two persons."""

from dataclasses import fields
from typing import Any

import httpx
import pytest

from review_queue.policy import NOT_STORED, QueuePolicy
from review_queue.policy_store import PolicyHolder, latest_policy
from review_queue.queue import ReviewQueue
from review_ui.policy_desk import policy_body, read_policy
from review_ui.supervision_schemas import PolicyBody
from tests.integration.review_ui.centre import Centre, decision

POLICY = "/api/v1/queue-policy"
NEXT = "/api/v1/review/next"
DECIDE = "/api/v1/review/decide"


async def proposed(client: httpx.AsyncClient, **changes: Any) -> httpx.Response:
    """Propose the policy in force with some changes."""
    shown = (await client.get(POLICY)).json()
    policy = {**shown["policy"], **changes}
    return await client.post(
        f"{POLICY}/proposals", json={"policy": policy, "based_on": shown["version"], "note": "n"}
    )


async def next_case(client: httpx.AsyncClient) -> dict[str, Any]:
    """Return the lease on the reviewer's next case."""
    answer = await client.post(NEXT)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def decided(client: httpx.AsyncClient, proposal_id: int, outcome: str) -> httpx.Response:
    """Approve, refuse or withdraw."""
    return await client.post(f"{POLICY}/proposals/{proposal_id}/outcome", json={"outcome": outcome})


def test_policy_body__has_every_rule_and_loses_none() -> None:
    """What the page gets and sends back is the same policy, the highest bit included."""
    assert set(PolicyBody.model_fields) == {field.name for field in fields(QueuePolicy)} - NOT_STORED
    policy = QueuePolicy(
        shift_by_port={"SKZ": -2}, quals_by_modality={"cargo": 2**62 + 5}, second_review_sample=0.1
    )
    body = policy_body(policy)
    assert body.quals_by_modality == {"cargo": [0, 2, 62]}
    assert read_policy(PolicyBody.model_validate_json(body.model_dump_json())) == policy


async def test_policy__one_proposes_and_another_approves(centre: Centre) -> None:
    """A colleague's approval puts the proposal in force; the proposer's own is refused."""
    zhao = await centre.person("zhao", "supervisor")
    qian = await centre.person("qian", "supervisor")
    answer = await proposed(zhao, sla_s=[120.0] * 16, quals_by_reason={"finding": [1, 3]})
    assert answer.status_code == 201, answer.text
    proposal_id = answer.json()["proposal_id"]
    mine = await decided(zhao, proposal_id, "approved")
    assert (mine.status_code, mine.json()["code"]) == (403, "same_account")
    theirs = await decided(qian, proposal_id, "approved")
    assert theirs.json() == {"version": 1}
    shown = (await qian.get(POLICY)).json()
    assert (shown["version"], shown["author_name"]) == (1, "zhao")
    assert shown["policy"]["quals_by_reason"] == {"finding": [1, 3]}
    [proposal] = shown["proposals"]
    assert (proposal["outcome"], proposal["decided_by_name"], proposal["note"]) == ("approved", "qian", "n")
    async with centre.pool.acquire() as conn:
        stored = await latest_policy(conn)
    assert stored is not None
    assert stored.policy.sla_s == (120.0,) * 16
    again = await decided(qian, proposal_id, "refused")
    assert (again.status_code, again.json()["code"]) == (409, "proposal_closed")


async def test_policy__is_refused_if_it_cannot_be_or_is_outdated(centre: Centre) -> None:
    """A page with an old version, a value out of range, a port that is not there: each has its code."""
    zhao = await centre.person("zhao", "supervisor")
    for changes, code in (
        ({"max_tries": 0}, "queue_policy_invalid"),
        ({"sla_s": [1.0]}, "queue_policy_invalid"),
        ({"shift_by_port": {"XXX": 1}}, "queue_policy_invalid"),
        ({"shift_by_reason": {"nonsense": 1}}, "request_invalid"),
        ({"quals_by_reason": {"finding": [63]}}, "request_invalid"),
    ):
        answer = await proposed(zhao, **changes)
        assert (answer.status_code, answer.json()["code"]) == (422, code), changes
        effect = await zhao.post(
            f"{POLICY}/effect", json={"policy": {**(await zhao.get(POLICY)).json()["policy"], **changes}}
        )
        assert (effect.status_code, effect.json()["code"]) == (422, code), changes
    body = {"policy": (await zhao.get(POLICY)).json()["policy"], "based_on": 7}
    answer = await zhao.post(f"{POLICY}/proposals", json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "proposal_outdated")
    assert (await decided(zhao, 99, "withdrawn")).status_code == 404


async def test_policy__effect_is_of_what_waits_and_changes_nothing(centre: Centre) -> None:
    """The server tells who comes sooner and who could review, without storing anything."""
    zhao = await centre.person("zhao", "supervisor")
    await centre.account("lin", "reviewer", "YTN")
    for port in ("YTN", "SKZ"):
        await centre.open_case(port=port, risk=0.6)
    policy = (await zhao.get(POLICY)).json()["policy"]
    policy |= {"shift_by_port": {"SKZ": -2}, "quals_by_modality": {"cargo": [0]}}
    effect = (await zhao.post(f"{POLICY}/effect", json={"policy": policy})).json()
    assert (effect["n_waiting"], effect["n_sooner"], effect["n_later"]) == (2, 1, 0)
    assert effect["bands"] == [{"band": 5, "band_then": 3, "n": 1}, {"band": 5, "band_then": 5, "n": 1}]
    able = {kind["port"]: (kind["n_able_before"], kind["n_able_then"]) for kind in effect["kinds"]}
    assert able == {"YTN": (0, 0), "SKZ": (1, 0)}
    assert await centre.pool.fetchval("SELECT count(*) FROM queue_policies") == 0


async def test_policy__reasons_are_those_in_force(centre: Centre) -> None:
    """Two supervisors change the list; page and decision follow it, and an old decision keeps its words."""
    holder = PolicyHolder(QueuePolicy())
    centre.queue = ReviewQueue(centre.pool, holder)
    centre.restart()
    zhao = await centre.person("zhao", "supervisor")
    qian = await centre.person("qian", "supervisor")
    lin = await centre.person("lin", "reviewer")
    for _ in range(2):
        await centre.open_case(risk=0.1)
    before = await next_case(lin)
    said = decision(before, "inspect", reason_codes=["concealment"])
    assert (await lin.post(DECIDE, json=said)).status_code == 200
    reasons = (await zhao.get(POLICY)).json()["policy"]["reason_codes"]
    for reason in reasons:
        if reason["code"] == "concealment":
            reason["verdicts"] = []
    fresh = {"code": "smell", "zh": "异味", "en": "Smell", "verdicts": ["inspect"]}
    gone = await proposed(zhao, reason_codes=[fresh])
    assert (gone.status_code, gone.json()["code"]) == (422, "queue_policy_invalid")
    answer = await proposed(zhao, reason_codes=[fresh, *reasons])
    lease = await next_case(lin)
    early = await lin.post(DECIDE, json=decision(lease, "inspect", reason_codes=["smell"]))
    assert (early.status_code, early.json()["code"]) == (422, "reason_code_unknown"), "not approved yet"
    assert (await decided(qian, answer.json()["proposal_id"], "approved")).status_code == 200
    assert await holder.refresh(centre.pool)
    offered = (await lin.get("/api/v1/ui-config")).json()["reason_codes"]
    assert offered == [fresh, *reasons]
    late = await lin.post(DECIDE, json=decision(lease, "inspect", reason_codes=["concealment"]))
    assert (late.status_code, late.json()["code"]) == (422, "reason_code_unknown")
    again = await lin.post(DECIDE, json=said)
    assert again.status_code == 200, "what is recorded already is answered as it was"
    now = await lin.post(DECIDE, json=decision(lease, "inspect", reason_codes=["smell"]))
    assert now.status_code == 200, now.text
    rows = (await zhao.get("/api/v1/decisions")).json()["rows"]
    assert [row["reason_codes"] for row in rows] == [["smell"], ["concealment"]]
    assert {reason["code"] for reason in offered} >= {"smell", "concealment"}, "and the page can name both"


@pytest.mark.parametrize("role", ["reviewer", "auditor", "admin"])
async def test_policy__is_changed_by_supervisors_only(centre: Centre, role: str) -> None:
    """Others neither propose nor approve; an auditor may read."""
    client = await centre.person("somebody", role)
    body = {"policy": policy_body(QueuePolicy()).model_dump(), "based_on": 0}
    for path, sent in (
        ("/proposals", body),
        ("/effect", {"policy": body["policy"]}),
        ("/proposals/1/outcome", {"outcome": "approved"}),
    ):
        answer = await client.post(f"{POLICY}{path}", json=sent)
        assert (answer.status_code, answer.json()["code"]) == (403, "role_not_allowed")
    assert (await client.get(POLICY)).status_code == (200 if role == "auditor" else 403)
