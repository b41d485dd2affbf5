"""The figures of the supervisor's board and of a reviewer's header, each counted by one statement.

Nothing here is counted per request: see ``review_ui.feeds``.
"""

from collections import OrderedDict
from collections.abc import Callable
from time import monotonic

from review_queue.ranking import MINUTE_BITS, RANDOM_BITS
from review_ui.database import Pool, from_jsonb
from review_ui.feeds import Feed
from review_ui.schemas import BoardOut, PortBoard, QueueGlance

BOARD_SQL = """
WITH waiting AS (
    SELECT c.port, count(*) AS n, min(c.opened_at) AS oldest,
           count(*) FILTER (WHERE c.due_at < now()) AS overdue
    FROM ready r JOIN cases c USING (case_id) GROUP BY c.port
), held AS (
    SELECT c.port, count(*) AS n, count(*) FILTER (WHERE c.due_at < now()) AS overdue
    FROM seats s JOIN cases c USING (case_id) GROUP BY c.port
), decided AS (
    SELECT c.port, count(*) AS n
    FROM decisions d JOIN cases c USING (case_id)
    WHERE d.decided_at > now() - interval '1 hour' GROUP BY c.port
), being_screened AS (
    SELECT s.port, count(*) AS n FROM screening_jobs j JOIN scans s USING (scan_id) GROUP BY s.port
), by_port AS (
    SELECT p.code AS port, p.name_zh, p.name_en,
           coalesce(w.n, 0) AS ready,
           coalesce(h.n, 0) AS leased,
           extract(epoch FROM now() - w.oldest)::float8 AS oldest_s,
           coalesce(w.overdue, 0) + coalesce(h.overdue, 0) AS overdue,
           coalesce(d.n, 0) AS decided_last_hour,
           coalesce(b.n, 0) AS screening
    FROM ports p
    LEFT JOIN waiting w ON w.port = p.code
    LEFT JOIN held h ON h.port = p.code
    LEFT JOIN decided d ON d.port = p.code
    LEFT JOIN being_screened b ON b.port = p.code
)
SELECT now() AS at,
       (SELECT coalesce(json_agg(b ORDER BY b.port), '[]') FROM by_port b) AS ports,
       (SELECT count(*) FROM seats WHERE slot = 0 AND until > now()) AS reviewers_active,
       (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM decided_at - shown_at)::float8)
        FROM decisions WHERE decided_at > now() - interval '1 hour') AS median_handling_s,
       (SELECT avg((closed_at <= due_at)::int)::float8
        FROM cases WHERE closed_at > now() - interval '1 hour') AS on_time_ratio
"""

# A rank holds its case's due minute, so that what is overdue is counted, to the minute, without the cases.
DUE_MINUTE = f"((rank >> {RANDOM_BITS}) & {2**MINUTE_BITS - 1})"
GLANCE_SQL = f"""
WITH mine AS (
    SELECT reviewer, count(*) AS n,
           percentile_cont(0.5) WITHIN GROUP (
               ORDER BY extract(epoch FROM decided_at - shown_at)::float8) AS median_s
    FROM decisions
    WHERE decided_at >= date_trunc('day', now() AT TIME ZONE $2) AT TIME ZONE $2 AND reviewer = ANY($1)
    GROUP BY reviewer
)
SELECT count(*) AS ready,
       count(*) FILTER (WHERE {DUE_MINUTE} < (SELECT extract(epoch FROM now())::bigint / 60)) AS overdue,
       (SELECT coalesce(json_object_agg(reviewer, json_build_array(n, median_s)), '{{}}') FROM mine) AS mine
FROM ready
"""

ASKED_RECENTLY_S = 30.0


def board_feed(pool: Pool, *, period_s: float) -> Feed[BoardOut]:
    """Return the feed of the supervisor's board."""

    async def count() -> BoardOut:
        row = await pool.fetchrow(BOARD_SQL)
        assert row is not None
        return BoardOut(
            at=row["at"],
            ports=[PortBoard(**port) for port in from_jsonb(row["ports"])],
            reviewers_active=row["reviewers_active"],
            median_handling_s=row["median_handling_s"],
            on_time_ratio=row["on_time_ratio"],
        )

    return Feed(count, period_s=period_s, name="board")


class GlanceFeed:
    """The figures of every reviewer who has asked lately, counted together."""

    def __init__(
        self, pool: Pool, *, period_s: float, time_zone: str, clock: Callable[[], float] = monotonic
    ) -> None:
        self._pool = pool
        self._time_zone = time_zone
        self._clock = clock
        self._asked_at: OrderedDict[int, float] = OrderedDict()
        self.feed: Feed[dict[int, QueueGlance]] = Feed(
            self._count, period_s=period_s, name="glance", clock=clock
        )

    async def of(self, account_id: int) -> QueueGlance:
        """Return one reviewer's figures, at most one period old."""
        self.keep(account_id)
        glances = await self.feed.current()
        if account_id not in glances:
            self.feed.invalidate()
            glances = await self.feed.current()
        return glances[account_id]

    def keep(self, account_id: int) -> None:
        """Note that someone wants this reviewer's figures, so that the next counts include them."""
        self._asked_at[account_id] = self._clock()
        self._asked_at.move_to_end(account_id)

    async def _count(self) -> dict[int, QueueGlance]:
        oldest = self._clock() - ASKED_RECENTLY_S
        while self._asked_at and next(iter(self._asked_at.values())) < oldest:
            self._asked_at.popitem(last=False)
        account_ids = list(self._asked_at)
        row = await self._pool.fetchrow(GLANCE_SQL, account_ids, self._time_zone)
        assert row is not None
        mine = from_jsonb(row["mine"])
        return {
            account_id: QueueGlance(
                ready=row["ready"],
                overdue=row["overdue"],
                mine_today=mine.get(str(account_id), (0, None))[0],
                my_median_s=mine.get(str(account_id), (0, None))[1],
            )
            for account_id in account_ids
        }
