"""What a case looks like: to its holder only, and to control once it is closed."""

from typing import Any

import httpx
import pytest

from tests.integration.review_ui.centre import DECLARATION, FINDINGS, Centre, decision

NEXT, PREFETCH, DECIDE = "/api/v1/review/next", "/api/v1/review/prefetch", "/api/v1/review/decide"
MARKS: dict[str, Any] = {
    "annotations": [{"box": [1.0, 2.0, 3.5, 4.0], "kind": "brick", "note": "箱尾"}],
    "finding_votes": [{"finding_id": 0, "accepted": False}],
}


def held(case_id: int | str) -> str:
    return f"/api/v1/review/cases/{case_id}"


async def view_of(client: httpx.AsyncClient, case_id: int) -> dict[str, Any]:
    answer = await client.get(held(case_id))
    assert answer.status_code == 200, answer.text
    view: dict[str, Any] = answer.json()
    return view


async def test_held_case__has_everything_the_page_shows(centre: Centre) -> None:
    """Scan, findings with thresholds, declaration and pixel levels come in one answer; no token does."""
    case = await centre.open_case()
    client = await centre.person("lin", "reviewer")
    await client.post(NEXT)
    view = await view_of(client, case.case_id)
    scan, screening = view.pop("scan"), view.pop("screening")
    assert view == {
        "case_id": case.case_id,
        "cycle": 1,
        "stage": 1,
        "reason": "finding",
        "risk": 0.5,
        "n_earlier": 0,
        "escalation": [],
    }
    assert scan["scan_id"] == case.scan_id
    assert (scan["port"], scan["port_name_zh"], scan["port_name_en"]) == ("YTN", "盐田", "Yantian")
    assert scan["declaration"] == DECLARATION
    assert scan["levels"] == [
        {
            "level": 2,
            "width_px": 18,
            "height_px": 13,
            "n_channels": 2,
            "strip_rows": 13,
            "n_strips": 1,
            "url": f"/api/v1/cases/{case.case_id}/px16/2/{{strip}}",
        },
        {
            "level": 0,
            "width_px": 70,
            "height_px": 49,
            "n_channels": 2,
            "strip_rows": 7,
            "n_strips": 7,
            "url": f"/api/v1/cases/{case.case_id}/px16/0/{{strip}}",
        },
    ]
    assert screening["findings"] == [
        {
            "finding_id": number,
            "kind": finding["kind"],
            "score": finding["score"],
            "threshold": finding["threshold"],
            "box": finding["box_xyxy"],
            "text": finding.get("text"),
        }
        for number, finding in enumerate(FINDINGS)
    ]
    assert screening["outcome"] == "flag"


@pytest.mark.parametrize("line_checks", [None, ["agrees", "disagrees", "unknown"]])
async def test_held_case__has_a_word_on_each_declared_line(
    centre: Centre, line_checks: list[str] | None
) -> None:
    """Lines that no model has checked are told from those about which it could not say anything."""
    case = await centre.open_case(line_checks=line_checks)
    client = await centre.person("lin", "reviewer")
    await client.post(NEXT)
    view = await view_of(client, case.case_id)
    assert view["screening"]["line_checks"] == line_checks


async def test_held_case__is_readable_on_either_seat_and_the_same_on_both(centre: Centre) -> None:
    """The view fetched while a case waits is still right once the case is shown."""
    for _ in range(2):
        await centre.open_case()
    client = await centre.person("lin", "reviewer")
    current = (await client.post(NEXT)).json()
    waiting = (await client.post(PREFETCH)).json()
    ahead = await view_of(client, waiting["case_id"])
    await client.post(DECIDE, json=decision(current))
    assert ahead["n_earlier"] == int(waiting["case_id"] > current["case_id"]), "decided or not"
    assert await view_of(client, waiting["case_id"]) == ahead


@pytest.mark.parametrize("role", ["reviewer", "supervisor"])
async def test_held_case__does_not_exist_for_anybody_else(centre: Centre, role: str) -> None:
    """A colleague's case is the same 404 as one that does not exist: nothing tells them apart."""
    case = await centre.open_case()
    await (await centre.person("lin", "reviewer")).post(NEXT)
    other = await centre.person("other", role)
    answers = [await other.get(held(case_id)) for case_id in (case.case_id, 999_999, 2**63, 10**30)]
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(404, "case_not_found")}
    details = [answer.json()["detail"] for answer in answers]
    assert details[0].replace(str(case.case_id), "N") == details[1].replace("999999", "N")
    assert (await other.get(held("x"))).status_code == 404


@pytest.mark.parametrize("role", ["auditor", "admin"])
async def test_held_case__is_for_who_can_hold_one(centre: Centre, role: str) -> None:
    """Roles that take no cases are told so before any case is looked at."""
    case = await centre.open_case()
    other = await centre.person("other", role)
    answers = [await other.get(held(case_id)) for case_id in (case.case_id, 999_999)]
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(403, "role_not_allowed")}
    assert (await centre.browser().get(held(case.case_id))).status_code == 401


async def test_held_case__ends_with_the_lease(centre: Centre) -> None:
    """Before a claim, after a pause, an expiry or the verdict the view is out of reach."""
    case = await centre.open_case()
    client = await centre.person("lin", "reviewer")
    url = held(case.case_id)
    assert (await client.get(url)).status_code == 404
    await client.post(NEXT)
    assert (await client.get(url)).status_code == 200
    await client.post("/api/v1/review/pause")
    assert (await client.get(url)).status_code == 404
    await client.post(NEXT)
    await centre.pool.execute("UPDATE seats SET until = clock_timestamp() - interval '1 ms'")
    assert (await client.get(url)).status_code == 404
    lease = (await client.post(NEXT)).json()
    await client.post(DECIDE, json=decision(lease))
    assert (await client.get(url)).status_code == 404
    assert (await (await centre.person("sun", "supervisor")).get(url)).status_code == 404


async def test_held_case__second_review_is_blind(centre: Centre) -> None:
    """The second reviewer sees the case as if nobody had seen it."""
    case = await centre.open_case(risk=0.95)
    first = await centre.person("lin", "reviewer")
    lease = (await first.post(NEXT)).json()
    seen = await view_of(first, case.case_id)
    body = decision(lease, "release", reason_codes=["no_anomaly"], note="first word", **MARKS)
    assert (await first.post(DECIDE, json=body)).json()["case_closed"] is False
    second = await centre.person("chen", "reviewer")
    await second.post(NEXT)
    answer = await second.get(held(case.case_id))
    for word in ("first word", "no_anomaly", '"lin"', "verdict", "accepted", "箱尾"):
        assert word not in answer.text
    assert answer.json() == seen | {"stage": 2}


async def test_held_case__supervisor_sees_what_was_decided(centre: Centre) -> None:
    """Stage 3 comes with the earlier words and marks of this cycle, and of no other."""
    case = await centre.open_case()
    reviewer = await centre.person("lin", "reviewer")
    lease = (await reviewer.post(NEXT)).json()
    await reviewer.post(DECIDE, json=decision(lease, "release", note="第一轮"))
    async with centre.pool.acquire() as conn, conn.transaction():
        await centre.queue.reopen_case(conn, case.scan_id, risk=0.5, screening_id=None, actor="system:test")
    lease = (await reviewer.post(NEXT)).json()
    assert lease["cycle"] == 2
    body = decision(lease, "escalate", reason_codes=["undecided"], note="看不清", **MARKS)
    await reviewer.post(DECIDE, json=body)
    supervisor = await centre.person("sun", "supervisor")
    await supervisor.post(NEXT)
    view = await view_of(supervisor, case.case_id)
    assert (view["stage"], view["cycle"], view["reason"], view["screening"]) == (3, 2, "reopened", None)
    [prior] = view["escalation"]
    assert prior.pop("decided_at")
    assert prior == {
        "cycle": 2,
        "stage": 1,
        "reviewer": "lin",
        "verdict": "escalate",
        "reason_codes": ["undecided"],
        "note": "看不清",
        **MARKS,
    }


@pytest.mark.parametrize("role", ["supervisor", "auditor"])
async def test_closed_case__is_readable_for_control_and_leaves_a_trace(centre: Centre, role: str) -> None:
    """Supervisor and auditor see a closed case as it was reviewed; who looked is on record, once."""
    case = await centre.open_case()
    url = f"/api/v1/cases/{case.case_id}"
    reviewer = await centre.person("lin", "reviewer")
    lease = (await reviewer.post(NEXT)).json()
    seen = await view_of(reviewer, case.case_id)
    control = await centre.person("control", role)
    assert (await control.get(url)).json()["code"] == "case_not_found"
    await reviewer.post(DECIDE, json=decision(lease, note="打开看", **MARKS))
    for _ in range(2):
        closed = (await control.get(url)).json()
    assert closed.pop("closed_at")
    [prior] = closed.pop("escalation")
    assert (prior["verdict"], prior["note"], prior["annotations"]) == (
        "inspect",
        "打开看",
        MARKS["annotations"],
    )
    assert closed == {key: seen[key] for key in closed if key != "disposition"} | {"disposition": "inspect"}
    traces = await centre.pool.fetch(
        "SELECT * FROM audit WHERE event = 'closed_case_viewed' AND case_id = $1", case.case_id
    )
    assert len(traces) == 1
    assert traces[0]["actor"] != "account:1"
    for role_without in ("reviewer", "admin"):
        other = await centre.person(role_without, role_without)
        assert (await other.get(url)).json()["code"] == "role_not_allowed"
