"""What was decided, and the audit trail of one case: read by supervisors and auditors."""

from typing import Literal

import asyncpg

from review_queue import audit
from review_ui.accounts import Account
from review_ui.database import Pool
from review_ui.errors import CaseNotFoundError
from review_ui.pixels import RecentlyUsed
from review_ui.schemas import AuditRow, DecisionPage, DecisionRow

DECISIONS_SQL = """
SELECT d.decision_id, d.case_id, c.scan_id, c.port, s.container_nos, d.cycle, d.stage,
       a.display_name AS reviewer, d.verdict, d.reason_codes, d.note, c.risk, c.reason, x.disposition,
       extract(epoch FROM d.decided_at - d.shown_at)::float8 AS handling_s, d.decided_at
FROM decisions d
JOIN cases c USING (case_id)
JOIN scans s ON s.scan_id = c.scan_id
JOIN accounts a ON a.account_id = d.reviewer
LEFT JOIN dispositions x ON x.scan_id = c.scan_id AND x.cycle = d.cycle
WHERE d.decision_id < $1 AND ($2::text IS NULL OR c.port = $2)
ORDER BY d.decision_id DESC
LIMIT $3
"""

AUDIT_SQL = r"""
SELECT t.seq, t.at, t.actor, a.display_name AS actor_name, t.event, t.case_id, t.stage, t.verdict, t.detail
FROM audit t
LEFT JOIN accounts a ON a.account_id = substring(t.actor FROM '^account:(\d{1,18})$')::bigint
WHERE t.case_id = $1
ORDER BY t.seq
"""

NEWEST = 2**63 - 1
N_REMEMBERED_VIEWS = 10_000


class History:
    """Past decisions, and the trace that reading them leaves."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._viewed: RecentlyUsed[tuple[bytes, int, str], bool] = RecentlyUsed(N_REMEMBERED_VIEWS)

    async def decisions(self, *, before: int | None, port: str | None, limit: int) -> DecisionPage:
        """Return a page of decisions, newest first, older than decision ``before``."""
        rows = await self._pool.fetch(DECISIONS_SQL, NEWEST if before is None else before, port, limit + 1)
        page = [_decision_row(row) for row in rows[:limit]]
        return DecisionPage(rows=page, next_before=page[-1].decision_id if len(rows) > limit else None)

    async def audit_of(self, case_id: int) -> list[AuditRow]:
        """Return a case's audit events, oldest first.

        Raises:
            CaseNotFoundError: If there is no such case.
        """
        rows = await self._pool.fetch(AUDIT_SQL, case_id)
        if not rows and not await self._pool.fetchval("SELECT 1 FROM cases WHERE case_id = $1", case_id):
            raise CaseNotFoundError(f"there is no case {case_id}")
        return [AuditRow(**dict(row)) for row in rows]

    async def record_view(
        self,
        account: Account,
        session: bytes,
        *,
        event: Literal["closed_case_viewed", "earlier_scan_viewed", "lookalike_viewed"],
        case_id: int,
        scan_id: str,
    ) -> None:
        """Leave one audit event per session for who looks at a closed case, or at another scan for a case."""
        if self._viewed.get((session, case_id, scan_id)):
            return
        async with self._pool.acquire() as connection, connection.transaction():
            await audit.record(
                connection,
                actor=audit.account_actor(account.account_id),
                event=event,
                scan_id=scan_id,
                case_id=case_id,
            )
        self._viewed.put((session, case_id, scan_id), True)


def _decision_row(row: asyncpg.Record) -> DecisionRow:
    return DecisionRow(**dict(row))
