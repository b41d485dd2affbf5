"""Writes audit events. Each is written in the transaction of the action it tells of, and never changed.

The queue's own moves write theirs inside their one statement (``review_queue.statements``).
"""

from typing import TypeAlias

import asyncpg

Connection: TypeAlias = "asyncpg.Connection | asyncpg.pool.PoolConnectionProxy"

RECORD = """
INSERT INTO audit (actor, event, scan_id, case_id, cycle, stage, slot, token, rank, verdict, detail)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
RETURNING seq
"""


def account_actor(account_id: int) -> str:
    """Return the actor name of an account."""
    return f"account:{account_id}"


async def record(
    conn: Connection,
    *,
    actor: str,
    event: str,
    scan_id: str | None = None,
    case_id: int | None = None,
    cycle: int | None = None,
    stage: int | None = None,
    slot: int | None = None,
    token: int | None = None,
    rank: int | None = None,
    verdict: str | None = None,
    detail: str | None = None,
) -> int:
    """Write one event in the caller's transaction and return its number.

    Args:
        conn: A connection inside the transaction of the action.
        actor: ``account:<id>``, ``station:<id>`` or ``system:<part>``.
        event: A past-tense fact, such as ``scan_cleared``.
        scan_id: The scan it is about, if any; likewise the case and its cycle, stage, slot, token and rank.
        case_id: See ``scan_id``.
        cycle: See ``scan_id``.
        stage: See ``scan_id``.
        slot: See ``scan_id``.
        token: See ``scan_id``.
        rank: See ``scan_id``.
        verdict: A person's verdict, if the event is a decision.
        detail: More, in words or ``name=value`` pairs; nothing personal.
    """
    seq = await conn.fetchval(
        RECORD, actor, event, scan_id, case_id, cycle, stage, slot, token, rank, verdict, detail
    )
    return int(seq)
