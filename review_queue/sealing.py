"""Seals the audit trail: called every second, by one process at a time, waiting for nobody.

Rows of transactions below the oldest running one are final: nothing can appear among them or vanish. A seal
(``review_queue.seals``) covers all of those that no seal covers yet; after the commit it is appended to this
process's anchor file, and so are the seals that other processes made.
"""

import asyncio
from dataclasses import replace
from typing import Final

import asyncpg

from review_queue.anchor import AnchorFile
from review_queue.audit import Connection
from review_queue.errors import AnchorAheadError, TrailRestoredError
from review_queue.seals import NO_HASH, Seal, Signer, hashes_of, merkle_root
from review_queue.trail import LEAVES_SQL

MAX_ROWS: Final = 50_000
MAX_ANCHORED_AT_ONCE: Final = 1_000

SEAL_COLUMNS: Final = "seal_no, prev_hash, from_xid, to_xid, n_rows, root, sealed_at, key_id, signature"

# The lock is named after the table.
LOCK: Final = "SELECT pg_try_advisory_xact_lock('seals'::regclass::oid::bigint)"

# A statement of its own behind LOCK: it must see the last holder's seal. ``next_xid`` is above every
# transaction that this statement can see.
STATE: Final = """
SELECT pg_snapshot_xmin(pg_current_snapshot()) AS final_xid,
    pg_snapshot_xmax(pg_current_snapshot()) AS next_xid,
    (SELECT max(xid) FROM audit) AS last_xid, clock_timestamp() AS now
"""
LAST_SEAL: Final = f"SELECT {SEAL_COLUMNS} FROM seals ORDER BY seal_no DESC LIMIT 1"
SEALS: Final = f"SELECT {SEAL_COLUMNS} FROM seals WHERE seal_no >= $1 ORDER BY seal_no LIMIT $2"

# The first transaction of a seal that begins at $1, and the one behind $3 rows, if it is below $2.
ENDS: Final = """
SELECT (SELECT xid FROM audit WHERE xid >= $1 AND xid < $2 ORDER BY xid, seq LIMIT 1) AS first,
    (SELECT xid FROM audit WHERE xid >= $1 AND xid < $2 ORDER BY xid, seq OFFSET $3 LIMIT 1) AS cut
"""

INSERT: Final = f"""
INSERT INTO seals ({SEAL_COLUMNS}, leaves) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""


class Sealer:
    """Seals what is final. Any number of processes may each have one.

    Args:
        pool: The database.
        signer: Signs the seals made here.
        anchor: Gets every seal, whoever made it.
        max_rows: About the most rows in one seal; a transaction is never divided.
    """

    def __init__(
        self, pool: asyncpg.Pool, *, signer: Signer, anchor: AnchorFile, max_rows: int = MAX_ROWS
    ) -> None:
        self._pool = pool
        self._signer = signer
        self._anchor = anchor
        self._max_rows = max_rows

    async def seal(self) -> int:
        """Seal what is final and not sealed, and bring the anchor up to date.

        Returns:
            How many rows were sealed here; 0 while another process is at it.

        Raises:
            TrailRestoredError: If the trail came from another server.
            AnchorAheadError: If the database lacks seals that the anchor has, or has other ones.
            AnchorUnreadableError: If the anchor cannot be read.
        """
        await self._catch_up()
        n_sealed = 0
        while seal := await self._seal_some():
            n_sealed += seal.n_rows
            await self._catch_up()
            # With a few rows left there is time: following each commit would make a seal of each.
            if seal.n_rows < self._max_rows // 2:
                break
        return n_sealed

    async def _seal_some(self) -> Seal | None:
        async with self._pool.acquire() as conn, conn.transaction(isolation="read_committed"):
            if not await conn.fetchval(LOCK):
                return None
            return await self._seal_next(conn)

    async def _seal_next(self, conn: Connection) -> Seal | None:
        state = await conn.fetchrow(STATE)
        assert state is not None
        row = await conn.fetchrow(LAST_SEAL)
        previous = None if row is None else Seal(**row)
        from_xid = previous.to_xid if previous else 0
        newest = max(from_xid, -1 if state["last_xid"] is None else state["last_xid"] + 1)
        if newest > state["next_xid"]:
            message = (
                f"the audit trail goes on to transaction {newest - 1}, the server is at {state['next_xid']}: "
                "it was restored from another server; see docs/reference/audit.md before anything is sealed"
            )
            raise TrailRestoredError(message)
        if newest == from_xid or state["final_xid"] <= from_xid:
            return None
        ends = await conn.fetchrow(ENDS, from_xid, state["final_xid"], self._max_rows)
        assert ends is not None
        if ends["first"] is None:
            return None
        to_xid = state["final_xid"] if ends["cut"] is None else max(ends["cut"], ends["first"] + 1)
        found = await conn.fetchrow(LEAVES_SQL, from_xid, to_xid)
        assert found is not None
        unsigned = Seal(
            seal_no=previous.seal_no + 1 if previous else 1,
            prev_hash=previous.hash if previous else NO_HASH,
            from_xid=from_xid,
            to_xid=to_xid,
            n_rows=found["n_rows"],
            root=await asyncio.to_thread(lambda: merkle_root(hashes_of(found["leaves"]))),
            sealed_at=state["now"],
            key_id=self._signer.key_id,
            signature=b"",
        )
        seal = replace(unsigned, signature=self._signer.sign(unsigned.message))
        values = [getattr(seal, name) for name in SEAL_COLUMNS.split(", ")]
        await conn.execute(INSERT, *values, found["leaves"])
        return seal

    async def _catch_up(self) -> None:
        """Append to the anchor what the table has beyond it, if it has what the anchor ends with."""
        while True:
            last = await asyncio.to_thread(self._anchor.last)
            first_no = last.seal_no if last else 1
            rows = await self._pool.fetch(SEALS, first_no, MAX_ANCHORED_AT_ONCE + 1)
            seals = [Seal(**row) for row in rows]
            if last is not None and (not seals or seals[0].hash != last.hash):
                what = "another" if seals and seals[0].seal_no == last.seal_no else "no"
                message = (
                    f"{self._anchor.path} ends with seal {last.seal_no}, the database has {what} such seal: "
                    "the newest of the trail was cut off or replaced; run shenxiang audit verify"
                )
                raise AnchorAheadError(message)
            newer = [seal for seal in seals if last is None or seal.seal_no > last.seal_no]
            if newer:
                await asyncio.to_thread(self._anchor.append, newer)
            if len(rows) <= MAX_ANCHORED_AT_ONCE:
                return
