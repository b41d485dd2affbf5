"""Verifies a database: reads the trail twice in one snapshot, and changes nothing.

The first reading is in the order of ``(xid, seq)``, in which rows are sealed, the second in the order of
``seq``, in which they were written; see ``moves``.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime
from typing import Final

import asyncpg

from review_queue.anchor import AnchorFile
from review_queue.audit import Connection
from review_queue.cases import Reviewer, Role
from review_queue.reprioritizing import REASSESSED
from review_queue.sealing import SEAL_COLUMNS
from review_queue.seals import PublicKeys, Seal
from review_queue.states import Move, Place
from review_queue.trail import COLUMNS, TrailRow
from review_queue.verification import tables
from review_queue.verification.accounts import CREATED, Accounts
from review_queue.verification.chain import SealChain, SealedRows
from review_queue.verification.draws import COMMITTED, REVEALED, Draws, StoredSecret
from review_queue.verification.findings import Finding, Findings, Report
from review_queue.verification.moves import BEGINNINGS, MOVES, PLACE_AFTER, CaseBook, CaseState
from review_queue.verification.progress import Meter, Part, Progress
from review_queue.verification.replay import Replay

N_AT_ONCE: Final = 5_000
N_SEALS_AT_ONCE: Final = 50

ASSIGNMENTS: Final = frozenset({Move.LEASED, Move.PREFETCHED})

SEALS: Final = f"SELECT {SEAL_COLUMNS}, leaves FROM seals ORDER BY seal_no"
# Rows of which no seal that is looked at knows come too. $1 first transaction.
SEALED_ROWS: Final = f"SELECT {COLUMNS} FROM audit WHERE xid >= $1 ORDER BY xid, seq"
# With the port and the qualification mask of the case, where a case begins.
WRITTEN_ROWS: Final = f"""
SELECT {", ".join(f"a.{name}" for name in COLUMNS.split(", "))}, c.port, c.qual_mask
FROM audit a LEFT JOIN cases c ON c.case_id = a.case_id AND a.event IN ('{Move.OPENED}', '{Move.REOPENED}')
ORDER BY a.seq
"""
SECRETS: Final = (
    "SELECT day::text, secret, commitment, revealed_at IS NOT NULL AS is_revealed FROM rank_secrets"
)
ACCOUNTS: Final = "SELECT account_id, role, port, quals FROM accounts"


async def verify_trail(
    conn: asyncpg.Connection | asyncpg.pool.PoolConnectionProxy,
    *,
    keys: PublicKeys,
    anchor: AnchorFile | None = None,
    since: datetime | None = None,
    tell: Callable[[Progress], None] | None = None,
) -> Report:
    """Check everything the trail can prove.

    Args:
        conn: A connection outside a transaction.
        keys: Whose seals count.
        anchor: The anchor file of a data folder, if there is one.
        since: Rows and seals before it are followed, but not judged.
        tell: Is told how far it has come, every few thousand rows.

    Returns:
        What was found, and how much was looked at.
    """
    findings = Findings(since=since)
    # Read before the snapshot is taken: afterwards more seals may be made and anchored.
    size = anchor.size() if anchor else 0
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        anchored = anchor.read(size) if anchor else None
        n_total = 2 * await conn.fetchval("SELECT count(*) FROM audit") if tell else 0
        meter = Meter(findings=findings, n_total=n_total, tell=tell)
        n_seals, n_unsealed = await _check_seals(conn, findings, keys=keys, anchored=anchored, meter=meter)
        meter.n_read = n_total // 2
        draws = Draws(findings=findings, stored=await _secrets(conn))
        replay = Replay(
            findings=findings,
            accounts=Accounts(findings=findings, stored=await _accounts(conn)),
            next_xid=await conn.fetchval("SELECT pg_snapshot_xmax(pg_current_snapshot())"),
        )
        book = CaseBook(findings=findings, draws=draws)
        n_rows = 0
        async for row, port, qual_mask in _written_rows(conn, meter):
            n_rows += 1
            follow_row(row, port, qual_mask, book=book, replay=replay)
        draws.end()
        replay.end()
        meter.add(Part.TABLES)
        await tables.check_places(conn, book, findings)
        await tables.check_decisions(conn, findings, since=since)
        await tables.check_contents(conn, findings, since=since)
        await tables.check_dispositions(conn, findings, since=since)
        await tables.check_inspections(conn, findings, since=since)
    return Report(
        findings=findings.kept,
        counts=findings.counts,
        n_rows=n_rows,
        n_unsealed=n_unsealed,
        n_seals=n_seals,
        n_moves=book.n_moves,
        n_ranks=draws.n_ranks,
        days_unrevealed=sorted(draws.unrevealed),
        n_ranks_unrevealed=draws.n_unrevealed,
        n_assignments=replay.n_assignments,
        n_unprovable=replay.n_unprovable,
        n_unexplained=replay.unexplained.total(),
        unexplained_by_account=dict(replay.unexplained),
    )


def follow_row(
    row: TrailRow, port: str | None, qual_mask: int | None, *, book: CaseBook, replay: Replay
) -> None:
    """Take one row of the trail, in the order of ``seq``.

    Args:
        row: The row.
        port: Of the case, where one begins.
        qual_mask: The same.
        book: Follows the cases.
        replay: Follows the assignments.
    """
    replay.note(row)
    move = MOVES.get(row.event)
    if move is not None and row.case_id is not None:
        state = book.state_of(row.case_id)
        if move in BEGINNINGS:
            state.port, state.qual_mask = port, qual_mask or 0
        _move(row, move, state, book=book, replay=replay)
        return
    if row.reach is not None:
        replay.lock(row)
    if row.event == REASSESSED:
        book.reassess(row)
    elif row.event == CREATED:
        replay.accounts.create(row)
    elif row.event == COMMITTED:
        book.draws.commit(row)
    elif row.event == REVEALED:
        book.draws.reveal(row)


def _move(row: TrailRow, move: Move, state: CaseState, *, book: CaseBook, replay: Replay) -> None:
    was_ready = state.place is Place.READY
    book.follow(state, row, move)
    if move in ASSIGNMENTS:
        replay.assign(row, state.case_id)
    elif PLACE_AFTER[move] is Place.READY:
        replay.enter(row, state)
    elif was_ready:
        replay.leave(state.case_id)


async def _check_seals(
    conn: Connection,
    findings: Findings,
    *,
    keys: PublicKeys,
    anchored: Iterator[Seal] | None,
    meter: Meter,
) -> tuple[int, int]:
    """Check the chain of seals and the rows under it; return how many seals, and unsealed rows, there are."""
    chain = SealChain(findings, keys=keys, anchored=anchored)
    rows = SealedRowReader(conn, meter)
    n_seals, end_xid = 0, 0
    cursor = await conn.cursor(SEALS)
    while records := await cursor.fetch(N_SEALS_AT_ONCE):
        for record in records:
            *fields, leaves = record
            seal = Seal(**dict(zip(SEAL_COLUMNS.split(", "), fields, strict=True)))
            chain.follow(seal)
            n_seals, end_xid = n_seals + 1, max(end_xid, seal.to_xid)
            if findings.covers(seal.sealed_at):
                finding = await rows.compare(SealedRows(seal, leaves))
                if finding is not None:
                    findings.add(finding)
    chain.end()
    n_unsealed = await conn.fetchval("SELECT count(*) FROM audit WHERE xid >= $1", end_xid)
    return n_seals, n_unsealed


class SealedRowReader:
    """Hands the rows of the trail to one seal after the other."""

    def __init__(self, conn: Connection, meter: Meter) -> None:
        self._conn = conn
        self._meter = meter
        self._rows: Iterator[TrailRow] = iter(())
        self._cursor: asyncpg.cursor.Cursor | None = None
        self._next: TrailRow | None = None

    async def compare(self, sealed: SealedRows) -> Finding | None:
        """Compare a seal with its rows; the seals come in the order of their transactions."""
        seal = sealed.seal
        if self._cursor is None:
            self._cursor = await self._conn.cursor(SEALED_ROWS, seal.from_xid)
            await self._advance()
        while self._next is not None and self._next.xid < seal.to_xid:
            if self._next.xid >= seal.from_xid:
                sealed.add(self._next)
            await self._advance()
        return sealed.finish()

    async def _advance(self) -> None:
        self._next = next(self._rows, None)
        if self._next is None:
            assert self._cursor is not None
            records = await self._cursor.fetch(N_AT_ONCE)
            self._meter.add(Part.SEALS, len(records))
            self._rows = iter([TrailRow(*record) for record in records])
            self._next = next(self._rows, None)


async def _written_rows(
    conn: Connection, meter: Meter
) -> AsyncIterator[tuple[TrailRow, str | None, int | None]]:
    cursor = await conn.cursor(WRITTEN_ROWS)
    while records := await cursor.fetch(N_AT_ONCE):
        for record in records:
            yield TrailRow(*record[:-2]), record[-2], record[-1]
        meter.add(Part.MOVES, len(records))


async def _secrets(conn: Connection) -> dict[str, StoredSecret]:
    return {
        row["day"]: StoredSecret(
            secret=row["secret"], commitment=row["commitment"], is_revealed=row["is_revealed"]
        )
        for row in await conn.fetch(SECRETS)
    }


async def _accounts(conn: Connection) -> dict[int, Reviewer]:
    return {
        row["account_id"]: Reviewer(
            account_id=row["account_id"], role=Role(row["role"]), port=row["port"], quals=row["quals"]
        )
        for row in await conn.fetch(ACCOUNTS)
    }
