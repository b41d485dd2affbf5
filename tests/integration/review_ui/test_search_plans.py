"""The plans of the search over 200,000 cases: along one index, no table read whole, never far."""

import json
import re
from typing import Any

import asyncpg

from review_ui.case_search import PLAN, WALK, CaseQuery, Statement, page_sql
from review_ui.supervision_schemas import CaseCursor
from tests.seed import seed_account, seed_ports

N = 200_000
FILL = f"""
INSERT INTO scans (scan_id, station_id, port, idempotency_key, request_sha256, modality, container_nos,
    scanned_at, received_at, width_px, height_px, n_channels, bit_depth, image_digests, px16_full,
    px16_preview)
SELECT 'S' || n, 'x', (ARRAY['YTN', 'MWB', 'SKZ'])[1 + (n % 500 = 0)::int + (n % 3 = 0)::int], n::text,
    sha256('x'), 'cargo', ARRAY['CSQU' || n], now(), now() - make_interval(secs => {N} - n), 9, 9, 2, 16,
    '{{}}', sha256('x'), sha256('x')
FROM generate_series(1, {N}) n;
INSERT INTO cases (case_id, scan_id, port, modality, reason, risk, band, due_at, opened_at, closed_at,
    disposition)
OVERRIDING SYSTEM VALUE
SELECT n, 'S' || n, s.port, 'cargo', CASE WHEN n % 1000 = 0 THEN 'reopened' ELSE 'finding' END, 0.5, 8, now(),
    s.received_at, CASE WHEN n <= 190000 THEN now() END, CASE WHEN n <= 190000 THEN 'release' END
FROM generate_series(1, {N}) n JOIN scans s ON s.scan_id = 'S' || n;
INSERT INTO ready (case_id, rank, port, qual_mask, stage)
SELECT n, n, 'YTN', 0, 1 FROM generate_series(190001, {N}) n;
INSERT INTO decisions (case_id, cycle, stage, reviewer, verdict, token, shown_at, decided_at)
SELECT n, 1, 1, 1000 + (n % 50), CASE WHEN n % 20 = 0 THEN 'inspect' ELSE 'release' END, 1, now(),
    now() - make_interval(secs => {N} - n)
FROM generate_series(1, 190000) n;
"""
# Whatever is asked, with what walk it is answered.
QUERIES: dict[str, tuple[CaseQuery, str]] = {
    "all": (CaseQuery(), "cases_opened"),
    "port": (CaseQuery(port="SKZ"), "cases_port_opened"),
    "reason": (CaseQuery(reason="reopened"), "cases_reason_opened"),
    "port and reason": (CaseQuery(port="SKZ", reason="reopened"), "cases_port_opened"),
    "number": (CaseQuery(number="CSQU777"), "scans_containers"),
    "waiting": (CaseQuery(state="waiting", port="YTN"), "ready_pkey"),
    "closed": (CaseQuery(state="closed", disposition="rescan"), "cases_opened"),
    "reviewer": (CaseQuery(reviewer=1007), "decisions_reviewer_time"),
    "reviewer and verdict": (CaseQuery(reviewer=1007, verdict="rescan"), "decisions_reviewer_time"),
    "verdict": (CaseQuery(verdict="rescan"), "decisions_time"),
    "nothing": (CaseQuery(reviewer=5, port="MWB", verdict="escalate"), "decisions_reviewer_time"),
    "modality": (CaseQuery(modality="under_vehicle"), "cases_opened"),
}


async def test_search__walks_one_index_and_never_far(pool: asyncpg.Pool) -> None:
    """No large table is read whole, the index is the one that is meant, and rows and pages are few."""
    async with pool.acquire() as conn:
        await seed_ports(conn)
        await seed_account(conn, "lin", "reviewer")
        await conn.execute("INSERT INTO stations (station_id, port, name) VALUES ('x', 'YTN', 'x')")
        await conn.execute("SET session_replication_role = replica")
        await conn.execute(FILL)
        await conn.execute("SET session_replication_role = origin")
        await conn.execute("ANALYZE")
        middle = await conn.fetchval("SELECT opened_at FROM cases WHERE case_id = $1", N // 2)
        for name, (query, index) in QUERIES.items():
            for after in (None, CaseCursor(at=middle, id=N // 2 if query.state != "waiting" else 195_000)):
                plan = await explain(conn, query, after)
                text = json.dumps(plan)
                assert f'"{index}"' in text, (name, after, text)
                assert not re.search(r'"Seq Scan", [^{}]*"(cases|scans|decisions|ready|audit)"', text), name
                assert rows_walked(plan) <= WALK, (name, rows_walked(plan))
                # A walk to its end touches the case, its scan and its place: a few pages each.
                assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < 12 * WALK, name


async def explain(conn: asyncpg.pool.PoolConnectionProxy, query: CaseQuery, after: CaseCursor | None) -> Any:
    """Run a page's statement and return its plan with what it really did."""
    statement = Statement()
    sql = page_sql(statement, query, after=after, limit=51)
    async with conn.transaction(readonly=True):
        await conn.execute(PLAN)
        answer = await conn.fetchval(
            f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {sql}", *statement.arguments
        )
    return json.loads(answer)[0]["Plan"]


def rows_walked(plan: Any) -> int:
    """Return the rows of the walk: those that came out of its own limit."""
    rows = [
        node["Actual Rows"] * node["Actual Loops"]
        for node in nodes(plan)
        if node["Node Type"] == "Limit" and node is not plan
    ]
    return int(max(rows, default=0))


def nodes(plan: Any) -> list[Any]:
    """Return a plan's nodes."""
    return [plan, *(node for child in plan.get("Plans", ()) for node in nodes(child))]
