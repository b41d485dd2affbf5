"""Searching all cases there ever were, newest first, without a slow query.

A search walks one index, the best for what is asked, and looks at ``WALK`` entries at most. Whatever else was
asked is checked on the way. If so many entries hold too few hits, the page is short and tells where to go on:
a question that matches nothing costs as little as any other. Closing a case touches none of these indexes but
the one of decisions by reviewer.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

import asyncpg

from review_ui.database import Connection, Pool, from_jsonb
from review_ui.errors import CaseNotFoundError
from review_ui.supervision_schemas import CaseCursor, CasePage, CaseRow, ReviewerOption

WALK: Final = 5_000

# Whatever the statistics say: along the index, row by row, until the page is full.
PLAN: Final = """
SELECT set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),
    set_config('enable_mergejoin', 'off', true), set_config('plan_cache_mode', 'force_custom_plan', true)
"""

ROW: Final = """
    c.case_id, c.scan_id, c.port, s.container_nos, c.modality, c.reason, c.risk, c.band, c.cycle, c.opened_at,
    c.due_at, c.closed_at, c.disposition, CASE WHEN c.closed_at IS NOT NULL THEN 'closed'
        WHEN EXISTS (SELECT FROM ready r WHERE r.case_id = c.case_id) THEN 'waiting' ELSE 'held'
    END AS state, (
        SELECT json_agg(json_build_object('cycle', e.cycle, 'stage', e.stage, 'verdict', e.verdict,
            'reviewer', a.display_name) ORDER BY e.decision_id)
        FROM decisions e JOIN accounts a ON a.account_id = e.reviewer WHERE e.case_id = c.case_id
    ) AS decisions
"""
ONE: Final = f"SELECT {ROW} FROM cases c JOIN scans s USING (scan_id) WHERE c.case_id = $1"
REVIEWERS: Final = """
SELECT account_id, display_name AS name, port, disabled_at IS NOT NULL AS is_disabled
FROM accounts WHERE role IN ('reviewer', 'supervisor') ORDER BY disabled_at IS NOT NULL, display_name
"""


@dataclass(frozen=True, kw_only=True)
class CaseQuery:
    """What is searched for; everything given has to be true.

    Attributes:
        number: A container number or a scan id, whole.
        port: Where the scan was made.
        reason: Why it needs a person; likewise ``modality``.
        modality: See ``reason``.
        state: ``waiting``, ``held`` or ``closed``.
        disposition: How it was closed.
        reviewer: Who decided it, at any stage ...
        verdict: ... and how. Of both, one decision has to be so.
        since: Opened at or after; with ``reviewer`` or ``verdict``: decided. Likewise ``until``.
        until: Before.
    """

    number: str | None = None
    port: str | None = None
    reason: str | None = None
    modality: str | None = None
    state: str | None = None
    disposition: str | None = None
    reviewer: int | None = None
    verdict: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def asks_for_decisions(self) -> bool:
        """Whether a decision is described."""
        return self.reviewer is not None or self.verdict is not None


@dataclass
class Statement:
    """SQL that is put together, and its arguments: every value is one, none is text."""

    arguments: list[Any] = field(default_factory=list)

    def given(self, value: object) -> str:
        """Add an argument and return its place."""
        self.arguments.append(value)
        return f"${len(self.arguments)}"


class CaseSearch:
    """Finds cases."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def find(self, query: CaseQuery, *, after: CaseCursor | None, limit: int) -> CasePage:
        """Return a page of the cases that a query describes."""
        async with self._pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
            await conn.execute(PLAN)
            statement = Statement()
            sql = page_sql(statement, query, after=after, limit=limit + 1)
            found = await conn.fetch(sql, *statement.arguments)
            if len(found) > limit:
                last = found[limit - 1]
                return CasePage(
                    rows=[case_row(row) for row in found[:limit]],
                    next=CaseCursor(at=last["walked_at"], id=last["walked_id"]),
                    is_cut=False,
                )
            end = await _end_of_walk(conn, query, after=after)
        rows = [case_row(row) for row in found]
        return CasePage(rows=rows, next=end, is_cut=end is not None)

    async def one(self, case_id: int) -> CaseRow:
        """Return one case.

        Raises:
            CaseNotFoundError: If there is none.
        """
        row = await self._pool.fetchrow(ONE, case_id)
        if row is None:
            raise CaseNotFoundError(f"there is no case {case_id}")
        return case_row(row)

    async def reviewers(self) -> list[ReviewerOption]:
        """Return all who may have decided a case, those who still can first."""
        return [ReviewerOption(**dict(row)) for row in await self._pool.fetch(REVIEWERS)]


def page_sql(statement: Statement, query: CaseQuery, *, after: CaseCursor | None, limit: int) -> str:
    """Return the statement that finds a page."""
    walk = walk_sql(statement, query, after=after)
    conditions = " AND ".join(["true", *_conditions(statement, query)])
    return f"""
SELECT w.walked_at, w.walked_id, {ROW}
FROM ({walk} LIMIT {WALK}) AS w JOIN cases c ON c.case_id = w.case_id JOIN scans s ON s.scan_id = c.scan_id
WHERE {conditions}
ORDER BY w.walked_at DESC, w.walked_id DESC LIMIT {limit}
"""


def walk_sql(statement: Statement, query: CaseQuery, *, after: CaseCursor | None) -> str:
    """Return the walk along one index: ``walked_at``, ``walked_id``, ``case_id``, newest first."""
    if query.number is not None:
        number = statement.given(query.number)
        scans = (
            f"SELECT scan_id FROM (SELECT scan_id FROM scans WHERE container_nos @> ARRAY[{number}]"
            f" ORDER BY received_at DESC LIMIT {WALK}) AS seen UNION SELECT {number}"
        )
        # With a decision described, the times are the decision's, and no bound of the walk.
        timed = replace(query, since=None, until=None) if query.asks_for_decisions else query
        return _walk(statement, timed, after, table="cases", where=[f"scan_id IN ({scans})"])
    if query.asks_for_decisions:
        where = [] if query.reviewer is None else [f"reviewer = {statement.given(query.reviewer)}"]
        return _walk(statement, query, after, table="decisions", where=where)
    if query.state == "waiting":
        return _walk_places(statement, after, table="ready")
    if query.state == "held":
        return _walk_places(statement, after, table="seats")
    where = []
    if query.port is not None:
        where = [f"port = {statement.given(query.port)}"]
    elif query.reason is not None:
        where = [f"reason = {statement.given(query.reason)}"]
    return _walk(statement, query, after, table="cases", where=where)


async def _end_of_walk(conn: Connection, query: CaseQuery, *, after: CaseCursor | None) -> CaseCursor | None:
    """Return the last entry of a walk that was cut; None if it came to the end."""
    statement = Statement()
    sql = f"SELECT walked_at, walked_id FROM ({walk_sql(statement, query, after=after)}) AS w"
    row = await conn.fetchrow(f"{sql} OFFSET {WALK - 1} LIMIT 1", *statement.arguments)
    return None if row is None else CaseCursor(at=row["walked_at"], id=row["walked_id"])


def _walk(
    statement: Statement, query: CaseQuery, after: CaseCursor | None, *, table: str, where: Sequence[str]
) -> str:
    at, key = ("opened_at", "case_id") if table == "cases" else ("decided_at", "decision_id")
    bounds = [*where, *_within(statement, query, at)]
    if after is not None and after.at is not None:
        bounds.append(f"({at}, {key}) < ({statement.given(after.at)}, {statement.given(after.id)})")
    condition = " AND ".join(["true", *bounds])
    more = ", decision_id" if table == "decisions" else ""
    return (
        f"SELECT {at} AS walked_at, {key} AS walked_id, case_id{more} FROM {table} WHERE {condition}"
        f" ORDER BY {at} DESC, {key} DESC"
    )


def _walk_places(statement: Statement, after: CaseCursor | None, *, table: str) -> str:
    """Return the walk over the cases that are in a place, the newest case first."""
    bound = "" if after is None else f"AND case_id < {statement.given(after.id)}"
    return (
        f"SELECT NULL::timestamptz AS walked_at, case_id AS walked_id, case_id FROM {table}"
        f" WHERE case_id IS NOT NULL {bound} ORDER BY case_id DESC"
    )


def _conditions(statement: Statement, query: CaseQuery) -> list[str]:
    """Return what the walk itself does not see to; to check something twice costs next to nothing."""
    conditions = [
        f"c.{name} = {statement.given(value)}"
        for name in ("port", "reason", "modality", "disposition")
        if (value := getattr(query, name)) is not None
    ]
    walks_decisions = query.asks_for_decisions and query.number is None
    walks_places = (
        not query.asks_for_decisions and query.number is None and query.state in ("waiting", "held")
    )
    match query.state:
        case "closed":
            conditions.append("c.closed_at IS NOT NULL")
        case "waiting" if not walks_places:
            conditions.append("EXISTS (SELECT FROM ready r WHERE r.case_id = c.case_id)")
        case "held" if not walks_places:
            conditions.append("c.case_id IN (SELECT t.case_id FROM seats t WHERE t.case_id IS NOT NULL)")
    if walks_places:
        conditions += _within(statement, query, "c.opened_at")
    if query.asks_for_decisions:
        described = ["true"]
        if query.reviewer is not None:
            described.append(f"d.reviewer = {statement.given(query.reviewer)}")
        if query.verdict is not None:
            described.append(f"d.verdict = {statement.given(query.verdict)}")
        if not walks_decisions:
            described += _within(statement, query, "d.decided_at")
        such = f"SELECT FROM decisions d WHERE d.case_id = c.case_id AND {' AND '.join(described)}"
        if walks_decisions:
            # Each case once, at its newest decision that is as described.
            until = "" if query.until is None else f"AND d.decided_at < {statement.given(query.until)}"
            conditions.append(f"EXISTS ({such} AND d.decision_id = w.decision_id)")
            conditions.append(f"NOT EXISTS ({such} AND d.decision_id > w.decision_id {until})")
        else:
            conditions.append(f"EXISTS ({such})")
    return conditions


def _within(statement: Statement, query: CaseQuery, at: str) -> list[str]:
    """Return the bounds of a time."""
    bounds = []
    if query.since is not None:
        bounds.append(f"{at} >= {statement.given(query.since)}")
    if query.until is not None:
        bounds.append(f"{at} < {statement.given(query.until)}")
    return bounds


def case_row(row: asyncpg.Record) -> CaseRow:
    """Return a row of ``ROW`` as the page gets it."""
    values = {name: row[name] for name in CaseRow.model_fields if name != "decisions"}
    return CaseRow(**values, decisions=from_jsonb(row["decisions"]) or [])
