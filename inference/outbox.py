"""The deliveries that are due, in PostgreSQL: leased, delivered, postponed, given up. Database time only.

A row is written with the disposition itself, so none is forgotten; it is leased by moving ``next_at``
into the future, so a dispatcher that dies delays a delivery and loses none. A delivery can therefore happen
twice; its id is the same each time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from inference.database_errors import Pool, connect, storable

LEASE_DUE = """
WITH leased AS (
    UPDATE outbox o
    SET tries = o.tries + 1, next_at = clock_timestamp() + make_interval(secs => $2)
    FROM (
        SELECT outbox_id FROM outbox
        WHERE next_at <= clock_timestamp() AND delivered_at IS NULL AND abandoned_at IS NULL
          AND station_id <> ALL($3::text[])
        ORDER BY next_at
        LIMIT $1
        FOR UPDATE SKIP LOCKED
    ) due
    WHERE o.outbox_id = due.outbox_id
    RETURNING o.outbox_id, o.tries, o.station_id, o.scan_id, o.cycle
)
SELECT l.outbox_id, l.tries, l.station_id, l.scan_id, l.cycle, st.webhook_url, st.webhook_secret,
       s.container_nos, d.disposition, d.source, d.decided_at,
       extract(epoch FROM clock_timestamp() - d.decided_at)::float8 AS age_s
FROM leased l
JOIN stations st USING (station_id)
JOIN scans s USING (scan_id)
JOIN dispositions d ON d.scan_id = l.scan_id AND d.cycle = l.cycle
ORDER BY d.decided_at
"""

DELIVERED = """
UPDATE outbox SET delivered_at = clock_timestamp(), last_error = NULL
WHERE outbox_id = $1 AND delivered_at IS NULL
"""

POSTPONED = """
UPDATE outbox SET next_at = clock_timestamp() + make_interval(secs => $3), last_error = $4
WHERE outbox_id = $1 AND tries = $2 AND delivered_at IS NULL
"""

ABANDONED = """
UPDATE outbox SET abandoned_at = clock_timestamp(), last_error = $3
WHERE outbox_id = $1 AND tries = $2 AND delivered_at IS NULL
"""


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One disposition on its way to one station.

    Attributes:
        tries: Attempts so far, this one included.
        age_s: Seconds since the disposition.
    """

    outbox_id: int
    tries: int
    station_id: str
    scan_id: str
    cycle: int
    webhook_url: str | None
    webhook_secret: str | None
    container_nos: Sequence[str]
    disposition: str
    source: str
    decided_at: datetime
    age_s: float

    @property
    def message_id(self) -> str:
        """The same for every attempt at this disposition; the receiver deduplicates by it."""
        return f"disposition-{self.scan_id}-{self.cycle}"

    def body(self) -> bytes:
        """Return the JSON that is signed and sent; the same bytes for every attempt."""
        data: dict[str, Any] = {
            "scan_id": self.scan_id,
            "container_no": next(iter(self.container_nos), None),
            "other_container_nos": self.container_nos[1:],
            "disposition": self.disposition,
            "source": self.source,
            "cycle": self.cycle,
            "decided_at": self.decided_at,
        }
        return orjson.dumps(
            {"type": "scan.disposition", "timestamp": self.decided_at, "data": data},
            option=orjson.OPT_UTC_Z,
        )


class Outbox:
    """The outbox of one database.

    Args:
        pool: Database.
        lease_s: A delivery whose dispatcher died is due again this soon.
        timeout_s: How long to wait for a database connection.
    """

    def __init__(self, pool: Pool, *, lease_s: float, timeout_s: float = 5.0) -> None:
        self._pool = pool
        self._lease_s = lease_s
        self._timeout_s = timeout_s

    async def lease(self, n_deliveries: int, *, but_not: Sequence[str] = ()) -> list[Delivery]:
        """Lease due deliveries, except those of the stations in ``but_not``."""
        async with connect(self._pool, timeout_s=self._timeout_s) as conn:
            rows = await conn.fetch(LEASE_DUE, n_deliveries, self._lease_s, list(but_not))
        return [Delivery(**row) for row in rows]

    async def mark_delivered(self, delivery: Delivery) -> None:
        """Note that the station took it."""
        async with connect(self._pool, timeout_s=self._timeout_s) as conn:
            await conn.execute(DELIVERED, delivery.outbox_id)

    async def postpone(self, delivery: Delivery, *, pause_s: float, error: str) -> None:
        """Note a failure and when to try again."""
        async with connect(self._pool, timeout_s=self._timeout_s) as conn:
            await conn.execute(POSTPONED, delivery.outbox_id, delivery.tries, pause_s, storable(error))

    async def abandon(self, delivery: Delivery, *, error: str) -> None:
        """Give a delivery up; the station can still ask for the disposition."""
        async with connect(self._pool, timeout_s=self._timeout_s) as conn:
            await conn.execute(ABANDONED, delivery.outbox_id, delivery.tries, storable(error))
