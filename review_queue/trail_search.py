"""Finds rows of the audit trail: by case, scan, actor, event and time, a bounded piece of work at a time.

The trail has no index for its actors and events, because every move of a case would pay for it. A search
reads it in the order of ``(xid, seq)``, at most ``n_looked_at`` rows a call, and says how far it has come:
whoever searches goes on from there. A case has an index. A time is found through the seals: all rows that a
seal covers were written before it was made.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias

import asyncpg

from review_queue.audit import Connection
from review_queue.trail import COLUMNS, TrailRow

Position: TypeAlias = tuple[int, int]
"""xid and seq of a row."""

N_LOOKED_AT: Final = 100_000
N_EXPORTED_AT_ONCE: Final = 1_000
N_SCAN_EVENTS: Final = 1_000
CLOCK_STEP: Final = timedelta(minutes=1)
END: Final = 2**63 - 1

LONGEST_ACTION: Final = timedelta(hours=1)
"""A row older than the given end, of a transaction that was open for longer than this afterwards, may be left
out. Actions take milliseconds."""

# $1 since, $2 until, each may be null. Seals made before ``since`` cover no row that was written at or after
# it. The last number is the first one that may still be running.
BOUNDS: Final = """
SELECT
    (SELECT to_xid FROM seals WHERE sealed_at <= $1 ORDER BY sealed_at DESC LIMIT 1) AS from_xid,
    (SELECT to_xid FROM seals WHERE sealed_at >= $2 ORDER BY sealed_at LIMIT 1) AS to_xid,
    pg_snapshot_xmin(pg_current_snapshot()) AS final_xid
"""


@dataclass(frozen=True, kw_only=True)
class TrailFilter:
    """Which rows to find; None does not narrow.

    Attributes:
        case_id: Of this case.
        scan_id: Of this scan.
        actor: By this one: ``account:<id>``, ``station:<id>`` or ``system:<part>``.
        event: Of this kind.
        since: Written at or after.
        until: Written before.
    """

    case_id: int | None = None
    scan_id: str | None = None
    actor: str | None = None
    event: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class TrailPage:
    """What one look has found.

    Attributes:
        rows: In the order of the look.
        goes_on_at: Where to look next; None at the end.
        looked_to: When the last row that was looked at was written; None without any.
    """

    rows: list[TrailRow]
    goes_on_at: Position | None
    looked_to: datetime | None


async def search_trail(
    conn: Connection,
    sought: TrailFilter,
    *,
    before: Position | None,
    n_rows: int,
    n_looked_at: int = N_LOOKED_AT,
) -> TrailPage:
    """Return rows, newest first.

    Args:
        conn: A connection.
        sought: Which rows.
        before: Where an earlier look said that it goes on.
        n_rows: At most so many.
        n_looked_at: And no more than so many are looked at.
    """
    from_xid, to_xid, _ = await _bounds(conn, sought)
    start = before or (END if to_xid is None else to_xid, -1)
    return await _look(
        conn, sought, start=start, end_xid=from_xid, newest_first=True, n_rows=n_rows, n_looked_at=n_looked_at
    )


async def events_of_scan(conn: Connection, scan_id: str, *, since: datetime) -> list[TrailRow]:
    """Return the events of a scan that name no case, such as its acceptance, oldest first.

    Args:
        conn: A connection.
        scan_id: The scan.
        since: When it was received; events within ``N_LOOKED_AT`` rows of it are found.
    """
    sought = TrailFilter(scan_id=scan_id, since=since - CLOCK_STEP)
    from_xid, _, _ = await _bounds(conn, sought)
    page = await _look(
        conn,
        sought,
        start=(from_xid, -1),
        end_xid=END,
        newest_first=False,
        n_rows=N_SCAN_EVENTS,
        n_looked_at=N_LOOKED_AT,
    )
    return [row for row in page.rows if row.case_id is None]


async def read_trail(pool: asyncpg.Pool, sought: TrailFilter) -> AsyncIterator[list[TrailRow]]:
    """Yield rows in the order in which they are sealed, some at a time, as of the moment of the call.

    Rows of transactions that may still be running are left out: what comes is final and whole. It may be read
    for hours, as no snapshot is held meanwhile.
    """
    async with pool.acquire() as conn:
        from_xid, to_xid, final_xid = await _bounds(conn, sought)
    end_xid = final_xid if to_xid is None else min(to_xid, final_xid)
    position: Position | None = (from_xid, -1)
    while position is not None:
        async with pool.acquire() as conn:
            page = await _look(
                conn,
                sought,
                start=position,
                end_xid=end_xid,
                newest_first=False,
                n_rows=N_EXPORTED_AT_ONCE,
                n_looked_at=N_LOOKED_AT,
            )
        yield page.rows
        position = page.goes_on_at


async def _bounds(conn: Connection, sought: TrailFilter) -> tuple[int, int | None, int]:
    until = None if sought.until is None else sought.until + LONGEST_ACTION
    row = await conn.fetchrow(BOUNDS, sought.since, until)
    assert row is not None
    return row["from_xid"] or 0, row["to_xid"], row["final_xid"]


async def _look(
    conn: Connection,
    sought: TrailFilter,
    *,
    start: Position,
    end_xid: int,
    newest_first: bool,
    n_rows: int,
    n_looked_at: int,
) -> TrailPage:
    # The next row tells whether there is one.
    n_fetched = n_rows + 1
    values: list[object] = [*start, end_xid, n_looked_at, n_fetched]
    indexed = {"case_id =": sought.case_id}
    checked = {
        "scan_id =": sought.scan_id,
        "actor =": sought.actor,
        "event =": sought.event,
        "at >=": sought.since,
        "at <": sought.until,
    }
    sql = _look_sql(
        newest_first=newest_first, indexed=_conditions(indexed, values), checked=_conditions(checked, values)
    )
    rows = await conn.fetch(sql, *values)
    if not rows:
        return TrailPage(rows=[], goes_on_at=None, looked_to=None)
    found = [TrailRow(*row[4:]) for row in rows if row["seq"] is not None]
    if len(found) == n_fetched:
        last = found[n_rows - 1]
        return TrailPage(rows=found[:n_rows], goes_on_at=(last.xid, last.seq), looked_to=last.at)
    is_end = rows[0]["n_looked_at"] < n_looked_at
    last_position = (rows[0]["last_xid"], rows[0]["last_seq"])
    return TrailPage(rows=found, goes_on_at=None if is_end else last_position, looked_to=rows[0]["last_at"])


def _conditions(wanted: Mapping[str, object], values: list[object]) -> str:
    parts = ["true"]
    for comparison, value in wanted.items():
        if value is not None:
            values.append(value)
            parts.append(f"{comparison} ${len(values)}")
    return " AND ".join(parts)


def _look_sql(*, newest_first: bool, indexed: str, checked: str) -> str:
    """Return a look: $1 and $2 the start, $3 the end, $4 how many to look at, $5 how many to return."""
    order, back = ("xid DESC, seq DESC", "xid, seq") if newest_first else ("xid, seq", "xid DESC, seq DESC")
    between = "(xid, seq) < ($1, $2) AND xid >= $3" if newest_first else "(xid, seq) > ($1, $2) AND xid < $3"
    return f"""
    WITH looked_at AS MATERIALIZED (
        SELECT {COLUMNS} FROM audit WHERE {between} AND {indexed} ORDER BY {order} LIMIT $4
    ), last AS (
        SELECT count(*) OVER () AS n_looked_at, xid AS last_xid, seq AS last_seq, at AS last_at
        FROM looked_at ORDER BY {back} LIMIT 1
    ), found AS (
        SELECT {COLUMNS} FROM looked_at WHERE {checked} ORDER BY {order} LIMIT $5
    )
    SELECT last.*, found.* FROM last LEFT JOIN found ON true ORDER BY {order}
    """
