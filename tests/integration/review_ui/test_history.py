"""Past decisions and audit trails over HTTP."""

from typing import Any

import httpx

from tests.integration.review_ui.centre import Centre, decision


async def decide_all(centre: Centre, ports: list[str], **more: Any) -> httpx.AsyncClient:
    """Open a case per port and decide them in turn as reviewer lin."""
    client = await centre.person("lin", "reviewer")
    for port in ports:
        await centre.open_case(port=port)
        lease = (await client.post("/api/v1/review/next")).json()
        answer = await client.post("/api/v1/review/decide", json=decision(lease, **more))
        assert answer.status_code == 200, answer.text
    return client


async def test_decisions__newest_first_page_by_page(centre: Centre) -> None:
    """Pages join without a gap or a repetition, and end."""
    await decide_all(centre, ["YTN", "SKZ", "MWB", "YTN", "SKZ"])
    auditor = await centre.person("wu", "auditor")
    seen: list[int] = []
    before = ""
    while True:
        page = (await auditor.get(f"/api/v1/decisions?limit=2{before}")).json()
        seen += [row["decision_id"] for row in page["rows"]]
        if page["next_before"] is None:
            break
        before = f"&before={page['next_before']}"
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == len(set(seen)) == 5


async def test_decisions__say_who_decided_what_and_how_long_it_took(centre: Centre) -> None:
    """A row holds the case, the verdict with its reasons, and the disposition that followed."""
    await decide_all(centre, ["SKZ"], reason_codes=["concealment"], note="开箱")
    supervisor = await centre.person("sun", "supervisor")
    [row] = (await supervisor.get("/api/v1/decisions")).json()["rows"]
    assert (row["reviewer"], row["verdict"], row["disposition"]) == ("lin", "inspect", "inspect")
    assert (row["reason_codes"], row["note"], row["port"]) == (["concealment"], "开箱", "SKZ")
    assert (row["cycle"], row["stage"], row["reason"]) == (1, 1, "finding")
    assert 0 <= row["handling_s"] < 60


async def test_decisions__of_one_port(centre: Centre) -> None:
    """The list narrows to a port; an unknown one has none, an odd one is no crash."""
    await decide_all(centre, ["YTN", "SKZ"])
    supervisor = await centre.person("sun", "supervisor")
    [row] = (await supervisor.get("/api/v1/decisions?port=SKZ")).json()["rows"]
    assert row["port"] == "SKZ"
    for port in ("NOPE", "%00", "'"):
        answer = await supervisor.get(f"/api/v1/decisions?port={port}")
        assert (answer.status_code, answer.json()["rows"]) == (200, [])
    for query in ("limit=0", "limit=201", "before=-1", f"before={2**63}", "limit=x"):
        answer = await supervisor.get(f"/api/v1/decisions?{query}")
        assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid")


async def test_case_audit__tells_the_whole_story(centre: Centre) -> None:
    """Opening, assignment and verdict are there in order, with the person's name."""
    await decide_all(centre, ["YTN"])
    auditor = await centre.person("wu", "auditor")
    [row] = (await auditor.get("/api/v1/decisions")).json()["rows"]
    events = (await auditor.get(f"/api/v1/cases/{row['case_id']}/audit")).json()
    assert [event["event"] for event in events] == ["case_opened", "case_leased", "case_closed"]
    assert [event["seq"] for event in events] == sorted(event["seq"] for event in events)
    assert events[2]["verdict"] == "inspect"
    assert (events[1]["actor"], events[1]["actor_name"]) == (events[2]["actor"], "lin")
    assert events[0]["actor_name"] is None


async def test_case_audit__unknown_case_is_not_found(centre: Centre) -> None:
    """A case that does not exist has no audit; a number beyond any id is no crash."""
    auditor = await centre.person("wu", "auditor")
    answer = await auditor.get("/api/v1/cases/999999/audit")
    assert (answer.status_code, answer.json()["code"]) == (404, "case_not_found")
    for case_id in (2**63, "x", "9" * 5000):
        assert (await auditor.get(f"/api/v1/cases/{case_id}/audit")).status_code == 422
        assert (await auditor.get(f"/api/v1/cases/{case_id}")).status_code == 422
