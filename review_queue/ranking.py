"""Random order among equals that nobody can choose and anybody can check afterwards.

``rank`` orders the queue, smallest first: band (4 bits) | due minute (26 bits) | random (32 bits). The random
bits are a keyed hash of case, cycle, stage and tries under the secret of a UTC day. The day's commitment
(sha256 of the secret) is in the audit trail before the secret is first used; once the secret is revealed,
every rank and every second-review draw of that day can be computed again.
"""

import hashlib
import hmac
import secrets
from datetime import date, datetime

import asyncpg

from review_queue import audit
from review_queue.audit import Connection
from review_queue.cases import Stage

SECRET_BYTES = 32
MINUTE_BITS = 26
RANDOM_BITS = 32
# A day's secret is revealed so long after its end: nothing that began on the day is still under way.
REVEAL_GRACE_S = 7_200.0
# A caller holds one connection while it waits for another; waiting for ever could lock the pool up.
ACQUIRE_TIMEOUT_S = 10


def pack_rank(*, band: int, due_at: datetime, random: int) -> int:
    """Pack a rank into a positive bigint. 26 bits count minutes since 1970 until the year 2097."""
    minute = min(max(int(due_at.timestamp()) // 60, 0), (1 << MINUTE_BITS) - 1)
    return (band << (MINUTE_BITS + RANDOM_BITS)) | (minute << RANDOM_BITS) | random


def draw_random(secret: bytes, *, case_id: int, cycle: int, stage: Stage, tries: int) -> int:
    """Return the 32 random bits of a rank."""
    return _hash(secret, f"rank|{case_id}|{cycle}|{int(stage)}|{tries}")


def draw_share(secret: bytes, *, case_id: int, cycle: int) -> float:
    """Return the number in [0, 1) that decides whether a primary review is sampled for a second one."""
    return _hash(secret, f"second|{case_id}|{cycle}") / (1 << RANDOM_BITS)


def commitment_of(secret: bytes) -> bytes:
    """Return what is published of a secret before it is used."""
    return hashlib.sha256(secret).digest()


def _hash(secret: bytes, message: str) -> int:
    return int.from_bytes(hmac.digest(secret, message.encode(), "sha256")[: RANDOM_BITS // 8], "big")


class DailySecrets:
    """The secret of each UTC day, made by whoever needs it first, the same for every process."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._known: dict[date, bytes] = {}

    def known(self, day: date) -> bytes | None:
        """Return the secret of a day if this process has used it lately."""
        return self._known.get(day)

    async def of(self, conn: Connection, day: date) -> bytes:
        """Return the secret of a day as the database counts days.

        Args:
            conn: The caller's connection, in a transaction or not. A missing secret is made and committed on
                another one: if the caller rolled back, other processes would have used another secret.
            day: The UTC date of the database's clock.
        """
        if day not in self._known:
            secret = await conn.fetchval("SELECT secret FROM rank_secrets WHERE day = $1", day)
            self._known = {**dict(sorted(self._known.items())[-2:]), day: secret or await self._make(day)}
        return self._known[day]

    async def _make(self, day: date) -> bytes:
        async with self._pool.acquire(timeout=ACQUIRE_TIMEOUT_S) as conn, conn.transaction():
            secret = secrets.token_bytes(SECRET_BYTES)
            commitment = commitment_of(secret)
            made = await conn.fetchval(
                "INSERT INTO rank_secrets (day, secret, commitment) VALUES ($1, $2, $3)"
                " ON CONFLICT DO NOTHING RETURNING day",
                day,
                secret,
                commitment,
            )
            if made is not None:
                detail = f"day={day} commitment={commitment.hex()}"
                await audit.record(conn, actor="system:queue", event="rank_secret_committed", detail=detail)
            return bytes(await conn.fetchval("SELECT secret FROM rank_secrets WHERE day = $1", day))


# $1 seconds after the end of the day. Another process that reveals too waits for the row and finds it done.
_REVEAL = """
UPDATE rank_secrets SET revealed_at = clock_timestamp()
WHERE revealed_at IS NULL
    AND (day + 1)::timestamp AT TIME ZONE 'UTC' + make_interval(secs => $1) <= clock_timestamp()
RETURNING day, secret
"""


async def reveal_secrets(pool: asyncpg.Pool, *, grace_s: float = REVEAL_GRACE_S) -> list[date]:
    """Reveal the secrets of days that ended long enough ago: into the audit trail, for everybody to check.

    Args:
        pool: The database.
        grace_s: How long after the end of the UTC day; longer than a case may be held.

    Returns:
        The days.
    """
    async with pool.acquire() as conn, conn.transaction():
        rows = sorted(await conn.fetch(_REVEAL, grace_s), key=lambda row: row["day"])
        for row in rows:
            detail = f"day={row['day']} secret={row['secret'].hex()}"
            await audit.record(conn, actor="system:queue", event="rank_secret_revealed", detail=detail)
    return [row["day"] for row in rows]
