"""What an auditor does in the browser: search, export, verify, a case with its seals."""

import asyncio
import contextlib
import csv
import io
import json
import os
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from app.audit_trail import audit_key, make_sealer
from app.settings import Settings
from app.trail_office import TrailOffice
from review_queue.seals import PublicKeys
from review_queue.trail import leaf
from review_queue.trail_search import TrailFilter, read_trail, search_trail
from tests.integration.queue.sealing import tampering
from tests.integration.review_ui.centre import Centre, decision


async def decided_case(centre: Centre) -> int:
    """Open a case and decide it as lin."""
    case = await centre.open_case()
    client = await centre.person("lin", "reviewer")
    lease = (await client.post("/api/v1/review/next")).json()
    answer = await client.post("/api/v1/review/decide", json=decision(lease, note="开箱"))
    assert answer.status_code == 200, answer.text
    return case.case_id


async def seal(centre: Centre) -> None:
    """Seal what is there with the key of the centre's data folder."""
    await make_sealer(centre.pool, Settings(data=centre.store_path)).seal()


async def write_events(centre: Centre, n: int) -> None:
    """Write events by three actors in turn."""
    await centre.pool.execute(
        "INSERT INTO audit (actor, event, detail)"
        " SELECT 'system:' || i % 3, 'counted', i::text FROM generate_series(1, $1::integer) i",
        n,
    )


async def pages(client: httpx.AsyncClient, query: str) -> list[dict[str, Any]]:
    """Search to the beginning of the trail."""
    rows: list[dict[str, Any]] = []
    before = ""
    while True:
        answer = await client.get(f"/api/v1/audit/events?{query}{before}")
        assert answer.status_code == 200, answer.text
        rows += answer.json()["rows"]
        if answer.json()["next_before"] is None:
            return rows
        before = f"&before={answer.json()['next_before']}"


async def test_search__finds_by_case_actor_event_and_scan(centre: Centre) -> None:
    """Each filter narrows, together they narrow further, and actors that are accounts have names."""
    case_id = await decided_case(centre)
    await write_events(centre, 30)
    auditor = await centre.person("wu", "auditor")
    story = await pages(auditor, f"case_id={case_id}")
    assert [row["event"] for row in story] == ["case_closed", "case_leased", "case_opened"]
    assert (story[0]["actor_name"], story[0]["verdict"]) == ("lin", "inspect")
    by_lin = await pages(auditor, f"actor={story[0]['actor']}")
    assert [row["event"] for row in by_lin] == ["case_closed", "case_leased", "logged_in"]
    assert len(await pages(auditor, "event=counted&actor=system:1&limit=3")) == 10
    leased = await pages(auditor, f"event=case_leased&scan_id={story[1]['scan_id']}")
    assert [row["event"] for row in leased] == ["case_leased"]
    for query in ("actor=nobody", "scan_id='", f"case_id={2**62}"):
        assert await pages(auditor, query) == []
    assert len(await pages(auditor, "event=%00")) == len(await pages(auditor, "")) > 30
    for query in ("limit=0", "limit=501", "before=x", "before=1", f"case_id={2**63}", "since=yesterday"):
        answer = await auditor.get(f"/api/v1/audit/events?{query}")
        assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid"), query


async def test_search__pages_join_without_gap_or_repetition(centre: Centre) -> None:
    """However small the page and the look, every row comes once, newest first."""
    await write_events(centre, 100)
    for n_rows, n_looked_at in ((7, 1000), (100, 9), (3, 4), (1, 1)):
        seen: list[int] = []
        before = None
        while True:
            async with centre.pool.acquire() as conn:
                page = await search_trail(
                    conn,
                    TrailFilter(actor="system:2"),
                    before=before,
                    n_rows=n_rows,
                    n_looked_at=n_looked_at,
                )
            seen += [row.seq for row in page.rows]
            assert len(page.rows) <= n_rows
            if page.goes_on_at is None:
                break
            before = page.goes_on_at
        assert seen == sorted(set(seen), reverse=True)
        assert len(seen) == 33


async def test_search__by_time_uses_the_seals_and_loses_nothing(centre: Centre) -> None:
    """What was written from one moment to another is found, whether or not seals were made in between."""
    moments = []
    for _ in range(3):
        moments.append(await centre.pool.fetchval("SELECT clock_timestamp()"))
        await write_events(centre, 5)
        await seal(centre)
    async with centre.pool.acquire() as conn:
        for since, until, n in ((0, 1, 5), (1, None, 10), (None, 2, 10), (2, None, 5), (None, None, 15)):
            sought = TrailFilter(
                event="counted",
                since=None if since is None else moments[since],
                until=None if until is None else moments[until],
            )
            page = await search_trail(conn, sought, before=None, n_rows=100)
            exported = [row async for rows in read_trail(centre.pool, sought) for row in rows]
            assert len(page.rows) == len(exported) == n
        # Three seals ago cannot be where a search from the last moment on begins.
        first = await conn.fetchval("SELECT to_xid FROM seals ORDER BY seal_no LIMIT 1")
        page = await search_trail(conn, TrailFilter(since=moments[2]), before=None, n_rows=100)
    assert page.looked_to is not None
    assert page.looked_to >= moments[2]
    assert all(row.xid >= first for row in page.rows)


async def test_export__json_lines_are_the_sealed_rows_exactly(centre: Centre) -> None:
    """Whoever has the file can compute every leaf again; reading the trail leaves a trace."""
    await decided_case(centre)
    auditor = await centre.person("wu", "auditor")
    answer = await auditor.get("/api/v1/audit/export?format=jsonl")
    assert answer.headers["content-disposition"] == 'attachment; filename="audit-trail.jsonl"'
    lines = [json.loads(line) for line in answer.text.splitlines()]
    rows = [row async for found in read_trail(centre.pool, TrailFilter()) for row in found]
    assert len(lines) == len(rows) > 5
    for line, row in zip(lines, rows, strict=True):
        assert (line["xid"], line["seq"], line["detail"]) == (row.xid, row.seq, row.detail)
        assert set(line) == set(row._fields)
        assert len(leaf(row)) == 40
    [assigned] = [line for line in lines if line["event"] == "case_leased"]
    stored = await centre.pool.fetchval("SELECT seen::text FROM audit WHERE event = 'case_leased'")
    assert assigned["seen"] == stored
    [trace] = await pages(auditor, "event=trail_exported")
    assert trace["actor_name"] == "wu"
    assert trace["detail"] == "format=jsonl"


async def test_export__csv_opens_in_a_spreadsheet_without_running(centre: Centre) -> None:
    """The same rows with a head; a text that would be a formula is none; filters apply."""
    await centre.pool.execute(
        "INSERT INTO audit (actor, event, detail)"
        " VALUES ('system:x', 'noted', '=1+1'), ('system:x', 'noted', $1)",
        'a "quoted", 中文\nline',
    )
    await write_events(centre, 2500)
    auditor = await centre.person("wu", "auditor")
    answer = await auditor.get("/api/v1/audit/export?format=csv&actor=system:x")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.content.startswith("\ufeffxid,seq,at,".encode())
    found = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [row["detail"] for row in found] == ["'=1+1", 'a "quoted", 中文\nline']
    everything = await auditor.get("/api/v1/audit/export?format=csv")
    assert len(list(csv.DictReader(io.StringIO(everything.text.removeprefix("\ufeff"))))) > 2500


async def test_case_history__events_carry_their_seals(centre: Centre) -> None:
    """Every event of the case is compared with its seal; one that was edited is named, others are good."""
    case_id = await decided_case(centre)
    await seal(centre)
    auditor = await centre.person("wu", "auditor")
    path = f"/api/v1/audit/cases/{case_id}"
    history = (await auditor.get(path)).json()
    assert [event["event"] for event in history["events"]] == ["case_opened", "case_leased", "case_closed"]
    assert {event["fault"] for event in history["events"]} == {None}
    assert {event["seal"]["seal_no"] for event in history["events"]} == {1}
    assert history["decisions"][0]["note"] == "开箱"
    assert (history["screenings"][0]["model_name"], history["screenings"][0]["n_findings"]) == ("seed", 2)
    assert (history["disposition"], history["dispositions"][0]["source"]) == ("inspect", "review")
    async with tampering(centre.pool) as conn:
        await conn.execute("UPDATE audit SET verdict = 'release' WHERE event = 'case_closed'")
    events = (await auditor.get(path)).json()["events"]
    assert [event["fault"] for event in events] == [None, None, "row_edited"]
    async with tampering(centre.pool) as conn:
        await conn.execute("UPDATE seals SET root = sha256(root)")
    events = (await auditor.get(path)).json()["events"]
    assert {event["fault"] for event in events} == {"seal_signature_invalid"}


async def test_case_history__not_sealed_yet_and_not_there(centre: Centre) -> None:
    """An event younger than the last seal says so; a case that does not exist is not found."""
    case = await centre.open_case()
    auditor = await centre.person("wu", "auditor")
    history = (await auditor.get(f"/api/v1/audit/cases/{case.case_id}")).json()
    assert [(event["seal"], event["fault"]) for event in history["events"]] == [(None, None)]
    assert history["closed_at"] is None
    answer = await auditor.get("/api/v1/audit/cases/999999")
    assert (answer.status_code, answer.json()["code"]) == (404, "case_not_found")


async def verify(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    """Verify as the page does and return the lines."""
    answer = await client.post("/api/v1/audit/verify", timeout=120)
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines() if line]


async def test_verify__tells_progress_and_the_first_fault(centre: Centre) -> None:
    """A good trail is good; one that was edited is not, and the page is told which row; both are audited."""
    case_id = await decided_case(centre)
    await seal(centre)
    auditor = await centre.person("wu", "auditor")
    lines = await verify(auditor)
    report = lines[-1]["report"]
    assert (report["ok"], report["findings"]) == (True, [])
    steps = [line["progress"] for line in lines[:-1]]
    assert steps
    assert steps[-1]["part"] == "tables"
    assert steps[-1]["n_read"] == steps[-1]["n_total"] == 2 * report["n_rows"]
    async with tampering(centre.pool) as conn:
        seq = await conn.fetchval(
            "UPDATE audit SET detail = 'x' WHERE event = 'case_opened' AND case_id = $1 RETURNING seq",
            case_id,
        )
    lines = await verify(auditor)
    assert lines[-1]["report"]["ok"] is False
    assert lines[-1]["report"]["findings"][0]["code"] == "row_edited"
    assert lines[-1]["report"]["findings"][0]["seq"] == seq
    last_step = lines[-2]["progress"]
    assert (last_step["first"]["seq"], last_step["n_findings"] > 0) == (seq, True)
    told = [row["detail"] for row in await pages(auditor, "event=trail_verified")]
    assert told[1].startswith("ok=true rows=")
    assert told[0].startswith("ok=false")
    assert told[0].endswith(f"first=row_edited row={seq}")


class SlowOffice:
    """A trail office whose verification ends when the test says so."""

    def __init__(self) -> None:
        self.has_begun = asyncio.Event()
        self.may_end = asyncio.Event()
        self.n_ended = 0

    def public_keys(self) -> PublicKeys:
        return {}

    async def verify(self) -> AsyncGenerator[bytes, None]:
        self.has_begun.set()
        try:
            await self.may_end.wait()
            yield b'{"error": {"detail": "none"}}\n'
        finally:
            self.n_ended += 1


async def test_verify__one_at_a_time(centre: Centre) -> None:
    """A second verification is refused while one runs, and let in when it has ended."""
    office = SlowOffice()
    centre.trail_office = office
    centre.restart()
    auditor = await centre.person("wu", "auditor")
    running = asyncio.create_task(verify(auditor))
    await office.has_begun.wait()
    answer = await auditor.post("/api/v1/audit/verify")
    assert (answer.status_code, answer.json()["code"]) == (409, "verification_running")
    assert (await auditor.get("/api/v1/audit/events")).status_code == 200
    office.may_end.set()
    await running
    await verify(auditor)
    assert office.n_ended == 2


def verifying() -> list[str]:
    """Return the processes started here that verify a trail."""
    mine = f"PPid:\t{os.getpid()}\n"
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # one that has ended since
            if (
                b"--json-lines" in (folder / "cmdline").read_bytes()
                and mine in (folder / "status").read_text()
            ):
                found.append(folder.name)
    return found


async def test_verify__process_ends_with_its_page(centre: Centre, database_url: str) -> None:
    """Whoever leaves the page ends the work: closing the steps kills the process that makes them."""
    await write_events(centre, 10)
    steps = TrailOffice(Settings(data=centre.store_path, database_url=SecretStr(database_url))).verify()
    assert (await anext(steps)).startswith(b'{"progress"')
    assert len(verifying()) == 1
    await steps.aclose()
    assert verifying() == []


async def test_verify__says_why_it_cannot(centre: Centre) -> None:
    """Without a usable key there is no report but the reason, and no event that claims a result."""
    audit_key(Settings(data=centre.store_path))
    (centre.store_path / "keys" / "audit-ed25519.pem").write_text("no key")
    auditor = await centre.person("wu", "auditor")
    lines = await verify(auditor)
    assert "signing_key_invalid" in lines[-1]["error"]["detail"]
    assert await pages(auditor, "event=trail_verified") == []


@pytest.mark.parametrize("role", ["reviewer", "supervisor", "admin"])
async def test_audit__is_the_auditors_alone(centre: Centre, role: str) -> None:
    """No other role searches, exports or verifies; a request forged in an auditor's browser fails too."""
    client = await centre.person("someone", role)
    for method, path in (
        ("GET", "events"),
        ("GET", "export"),
        ("POST", "verify"),
        ("GET", "cases/1"),
    ):
        answer = await client.request(method, f"/api/v1/audit/{path}")
        assert (answer.status_code, answer.json()["code"]) == (403, "role_not_allowed"), path
    auditor = await centre.person("wu", "auditor")
    forged = await auditor.post("/api/v1/audit/verify", headers={"origin": "http://evil.example"})
    assert (forged.status_code, forged.json()["code"]) == (403, "csrf_refused")
