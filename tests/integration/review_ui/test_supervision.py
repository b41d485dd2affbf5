"""The supervisor's lists over HTTP: search, a case's history, escalations, figures."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from review_queue.cases import CaseReason
from review_queue.counting import catch_up
from review_queue.review_hours import FIGURES, count_reviews
from tests.integration.review_ui.centre import Centre, Opened, decision

CASES = "/api/v1/cases"


async def decide(centre: Centre, client: httpx.AsyncClient, verdict: str) -> int:
    """Decide the next case and return its id."""
    lease = (await client.post("/api/v1/review/next")).json()
    answer = await client.post("/api/v1/review/decide", json=decision(lease, verdict, note="why"))
    assert answer.status_code == 200, answer.text
    return int(lease["case_id"])


async def worked(centre: Centre) -> tuple[httpx.AsyncClient, dict[str, Opened]]:
    """Open a case for each way it may go; return a supervisor and the cases."""
    lin = await centre.person("lin", "reviewer")
    cases = {}
    for name, verdict, port, reason in (
        ("released", "release", "YTN", CaseReason.FINDING),
        ("inspected", "inspect", "SKZ", CaseReason.SAMPLED),
        ("escalated", "escalate", "SKZ", CaseReason.FINDING),
    ):
        cases[name] = await centre.open_case(port=port, risk=0.3, reason=reason)
        assert await decide(centre, lin, verdict) == cases[name].case_id
    cases["held"] = await centre.open_case(port="MWB", reason=CaseReason.UNSCREENABLE)
    await lin.post("/api/v1/review/next")
    cases["waiting"] = await centre.open_case(port="MWB")
    return await centre.person("sun", "supervisor"), cases


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", "waiting held escalated inspected released"),
        ("port=SKZ", "escalated inspected"),
        ("port=SKZ&reason=sampled", "inspected"),
        ("reason=finding", "waiting escalated released"),
        ("state=waiting", "waiting escalated"),
        ("state=waiting&port=MWB", "waiting"),
        ("state=held", "held"),
        ("state=closed", "inspected released"),
        ("disposition=inspect", "inspected"),
        ("verdict=escalate", "escalated"),
        ("verdict=escalate&state=held", ""),
        ("verdict=escalate&state=waiting", "escalated"),
        ("reviewer={lin}", "escalated inspected released"),
        ("reviewer={lin}&verdict=release", "released"),
        ("reviewer={lin}&port=YTN", "released"),
        ("reviewer=999", ""),
        ("number={released}", "released"),
        ("number=csqu 305438 3", "waiting held escalated inspected released"),
        ("number=CSQU3054383&verdict=inspect", "inspected"),
        ("number=NOPE", ""),
        ("modality=under_vehicle", ""),
        ("since=2020-01-01T00:00:00Z&until=2099-01-01T00:00:00Z&state=waiting", "waiting escalated"),
        ("until=2020-01-01T00:00:00Z", ""),
        ("verdict=release&until=2020-01-01T00:00:00Z", ""),
    ],
)
async def test_cases__are_found_by_each_filter(centre: Centre, query: str, names: str) -> None:
    """Whatever index is walked, exactly the cases that are described come, newest first."""
    sun, cases = await worked(centre)
    lin = await centre.pool.fetchval("SELECT account_id FROM accounts WHERE login = 'lin'")
    query = query.format(lin=lin, released=cases["released"].scan_id)
    page = (await sun.get(f"{CASES}?{query}")).json()
    by_id = {case.case_id: name for name, case in cases.items()}
    assert [by_id[row["case_id"]] for row in page["rows"]] == names.split()
    assert (page["next"], page["is_cut"]) == (None, False)


async def test_cases__times_with_a_number_are_the_decisions(centre: Centre) -> None:
    """With a verdict the times are those of the decision, whichever index is walked, and not of opening."""
    sun, cases = await worked(centre)
    case = cases["inspected"]
    await centre.pool.execute(
        "UPDATE cases SET opened_at = opened_at - interval '3 days' WHERE case_id = $1", case.case_id
    )
    yesterday = datetime.now(UTC) - timedelta(days=1)
    for sought in ("verdict=inspect", f"verdict=inspect&number={case.scan_id}"):
        for bound, n in (("since", 1), ("until", 0)):
            query = f"{CASES}?{sought}&{bound}={yesterday:%FT%TZ}"
            assert len((await sun.get(query)).json()["rows"]) == n, query


@pytest.mark.parametrize("query", ["", "reviewer={lin}", "state=waiting", "port=YTN"])
async def test_cases__pages_join_without_a_gap(
    centre: Centre, query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Page by page, and walk by walk where a walk is cut short, every case comes once."""
    lin = await centre.person("lin", "reviewer")
    for number in range(8):
        await centre.open_case(port="YTN" if number % 2 else "SKZ", risk=0.3)
    for _ in range(4):
        await decide(centre, lin, "inspect")
    sun = await centre.person("sun", "supervisor")
    account = await centre.pool.fetchval("SELECT account_id FROM accounts WHERE login = 'lin'")
    query = query.format(lin=account)
    whole = [row["case_id"] for row in (await sun.get(f"{CASES}?{query}")).json()["rows"]]
    assert len(whole) == {"": 8}.get(query, 4)
    for walk in (3, 1000):
        monkeypatch.setattr("review_ui.case_search.WALK", walk)
        seen: list[int] = []
        more = ""
        for _ in range(20):
            page = (await sun.get(f"{CASES}?{query}&limit=2{more}")).json()
            seen += [row["case_id"] for row in page["rows"]]
            if page["next"] is None:
                break
            at = page["next"]["at"]
            more = f"&before_id={page['next']['id']}" + (f"&before_at={at}" if at else "")
        assert seen == whole


async def test_cases__a_case_decided_twice_comes_once(centre: Centre) -> None:
    """Two decisions of the same kind are one case, with both decisions in its row."""
    await centre.open_case(risk=0.95)
    for login in ("lin", "wang"):
        await decide(centre, await centre.person(login, "reviewer"), "release")
    sun = await centre.person("sun", "supervisor")
    [row] = (await sun.get(f"{CASES}?verdict=release")).json()["rows"]
    assert [(one["stage"], one["reviewer"]) for one in row["decisions"]] == [(1, "lin"), (2, "wang")]
    [row] = (await sun.get(f"{CASES}?verdict=release&limit=1")).json()["rows"]
    assert row["state"] == "closed"


async def test_cases__odd_questions_are_refused_or_find_nothing(centre: Centre) -> None:
    """No input is a crash, and a reviewer may not search at all."""
    sun = await centre.person("sun", "supervisor")
    for query in ("number='--", "port=%F0%9F%9A%9A", f"before_id={2**63 - 1}"):
        answer = await sun.get(f"{CASES}?{query}")
        assert (answer.status_code, answer.json()["rows"]) == (200, []), query
    for query in (
        "port=%00",
        "state=x",
        "since=yesterday",
        "since=2026-01-01T00:00:00",
        "reviewer=-1",
        "limit=0",
    ):
        assert (await sun.get(f"{CASES}?{query}")).status_code == 422, query
    lin = await centre.person("lin", "reviewer")
    for path in (CASES, f"{CASES}/1/history", "/api/v1/escalations", "/api/v1/board/figures"):
        assert (await lin.get(path)).status_code == 403


async def test_history__tells_all_that_was_thought_of_a_case(centre: Centre) -> None:
    """Screenings and decisions of an open case are told; a case that is not there is a 404."""
    sun, cases = await worked(centre)
    history = (await sun.get(f"{CASES}/{cases['escalated'].case_id}/history")).json()
    assert (history["case"]["state"], history["case"]["scan_id"]) == ("waiting", cases["escalated"].scan_id)
    assert [one["n_findings"] for one in history["screenings"]] == [2]
    assert [(one["verdict"], one["note"]) for one in history["decisions"]] == [("escalate", "why")]
    assert (await sun.get(f"{CASES}/999999/history")).status_code == 404


async def test_escalations__are_listed_with_why_and_who_has_them(centre: Centre) -> None:
    """An escalated and a disagreed case wait; the one that a supervisor has taken comes first."""
    lin, wang = await centre.person("lin", "reviewer"), await centre.person("wang", "reviewer")
    escalated = await centre.open_case(risk=0.6)
    await decide(centre, lin, "escalate")
    disputed = await centre.open_case(risk=0.95)
    await decide(centre, lin, "release")
    await decide(centre, wang, "inspect")
    sun = await centre.person("sun", "supervisor")
    await catch_up(centre.pool)
    page = (await sun.get("/api/v1/escalations")).json()
    assert (page["n"], [(row["case_id"], row["why"], row["held_by"]) for row in page["rows"]]) == (
        2,
        [(disputed.case_id, "disagreed", None), (escalated.case_id, "escalated", None)],
    )
    await sun.post("/api/v1/review/next")
    rows = (await sun.get("/api/v1/escalations")).json()["rows"]
    assert [(row["case_id"], row["held_by"]) for row in rows] == [
        (disputed.case_id, "sun"),
        (escalated.case_id, None),
    ]
    assert [one["verdict"] for one in rows[0]["decisions"]] == ["release", "inspect"]


async def test_figures__count_each_decision_once(centre: Centre) -> None:
    """Counted bit by bit or all anew, the hour says the same, and the board has it for one port too."""
    lin, wang = await centre.person("lin", "reviewer"), await centre.person("wang", "reviewer")
    await count_reviews(centre.pool)
    for risk, verdict in ((0.3, "release"), (0.3, "inspect"), (0.3, "escalate")):
        await centre.open_case(risk=risk)
        await decide(centre, lin, verdict)
        await count_reviews(centre.pool)
    await centre.open_case(risk=0.95, port="SKZ")
    for client in (lin, wang):
        await decide(centre, client, "release")
    sun = await centre.person("sun", "supervisor")
    hour = (await sun.get("/api/v1/board/figures")).json()["hours"][-1]
    expected = {
        "n_primary": 4,
        "n_second": 1,
        "n_supervisor": 0,
        "n_closed": 3,
        "n_on_time": 3,
        "n_inspect": 1,
        "n_flag_inspect": 1,
        "n_flag_release": 2,
        "n_clear_inspect": 0,
        "n_clear_release": 0,
        "n_second_agreed": 1,
    }
    assert {name: hour[name] for name in FIGURES} == expected
    at_skz = (await sun.get("/api/v1/board/figures?port=SKZ")).json()["hours"][-1]
    assert (at_skz["n_primary"], at_skz["n_closed"], at_skz["n_second_agreed"]) == (1, 1, 1)
    await centre.pool.execute("DELETE FROM review_hours_state")
    await count_reviews(centre.pool)
    assert await summed(centre) == expected
    await count_reviews(centre.pool, max_new_rows=0)
    assert await summed(centre) == expected


async def summed(centre: Centre) -> dict[str, Any]:
    """Return the sums over all hours and ports."""
    row = await centre.pool.fetchrow(
        f"SELECT {', '.join(f'sum({name})::integer AS {name}' for name in FIGURES)} FROM review_hours"
    )
    assert row is not None
    return dict(row)


async def test_figures__show_who_is_at_work_and_what_is_due(centre: Centre) -> None:
    """A reviewer with a case is reviewing; waiting cases are in the span of their due time."""
    lin = await centre.person("lin", "reviewer")
    await centre.open_case(risk=0.3)
    await decide(centre, lin, "inspect")
    await centre.open_case()
    await lin.post("/api/v1/review/next")
    await centre.open_case(risk=0.95)
    await catch_up(centre.pool)
    sun = await centre.person("sun", "supervisor")
    figures = (await sun.get("/api/v1/board/figures")).json()
    [reviewer] = figures["reviewers"]
    assert (reviewer["name"], reviewer["is_reviewing"], reviewer["n_last_hour"]) == ("lin", True, 1)
    assert sum(bucket["n"] for bucket in figures["due"]) == 1
    assert next(bucket for bucket in figures["due"] if bucket["n"])["from_s"] in (0, 300)


def found(**changes: Any) -> dict[str, Any]:
    """A report that a gun was found."""
    return {"result": "found", "kinds": ["gun"], "inspected_at": datetime.now(UTC).isoformat(), **changes}


async def test_inspection__is_in_the_history_and_makes_the_hit_rate(centre: Centre) -> None:
    """A supervisor reports, corrects, and reads who said what; the board counts opened boxes, each once."""
    lin, sun = await centre.person("lin", "reviewer"), await centre.person("sun", "supervisor")
    cases = []
    for verdict in ("inspect", "inspect", "release", "inspect"):
        await centre.open_case(risk=0.3)
        cases.append(await decide(centre, lin, verdict))
    for case_id in cases[:3]:
        answer = await sun.put(f"{CASES}/{case_id}/inspection", json=found())
        assert (answer.status_code, answer.json()["reporter_name"]) == (201, "sun")
    same = answer.json()
    again = await sun.put(f"{CASES}/{cases[2]}/inspection", json=found(inspected_at=same["inspected_at"]))
    assert (again.status_code, again.json()) == (200, same)
    await sun.put(f"{CASES}/{cases[1]}/inspection", json=found(result="nothing", kinds=[], note="empty"))
    history = (await sun.get(f"{CASES}/{cases[1]}/history")).json()
    assert [(one["revision"], one["result"], one["note"]) for one in history["inspections"]] == [
        (1, "found", ""),
        (2, "nothing", "empty"),
    ]
    hour = (await sun.get("/api/v1/board/figures")).json()["hours"][-1]
    assert (hour["n_opened"], hour["n_found"]) == (2, 1), "a released box that was opened is no hit"
    elsewhere = (await sun.get("/api/v1/board/figures?port=MWB")).json()["hours"][-1]
    assert (elsewhere["n_opened"], elsewhere["n_found"]) == (0, 0)
    auditor = await centre.person("wu", "auditor")
    read = (await auditor.get(f"/api/v1/audit/cases/{cases[0]}")).json()
    assert [one["result"] for one in read["inspections"]] == ["found"]
    assert "inspection_reported" in [event["event"] for event in read["events"]]


async def test_inspection__refusals(centre: Centre) -> None:
    """An open case, one that does not exist, a contradiction, and whoever is no supervisor."""
    lin, sun = await centre.person("lin", "reviewer"), await centre.person("sun", "supervisor")
    case = await centre.open_case(risk=0.3)
    for client, case_id, body, status, code in (
        (sun, case.case_id, found(), 409, "scan_not_disposed"),
        (sun, 999, found(), 404, "case_not_found"),
        (sun, case.case_id, found(result="nothing"), 422, "inspection_invalid"),
        (sun, case.case_id, found(inspected_at="2026-11-29T10:00:00"), 422, "request_invalid"),
        (sun, case.case_id, found(inspected_at="0001-01-01T00:00:00+14:00"), 422, "inspection_invalid"),
        (lin, case.case_id, found(), 403, "role_not_allowed"),
    ):
        answer = await client.put(f"{CASES}/{case_id}/inspection", json=body)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
