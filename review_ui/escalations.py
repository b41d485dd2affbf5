"""Cases that have gone up to the supervisors: a list to watch, not one to pick from."""

from review_ui.cases import PRIOR_COLUMNS, prior_decision
from review_ui.database import Pool, from_jsonb
from review_ui.supervision_schemas import EscalationPage, EscalationRow

LIMIT = 200

# Waiting ones along the index of lanes, held ones from the few seats. Marks are left out: a list needs none.
# $1 how many.
ESCALATIONS_SQL = f"""
WITH waiting AS (
    SELECT case_id, rank, ready_at, NULL::bigint AS reviewer FROM ready WHERE stage = 3 ORDER BY rank LIMIT $1
), held AS (
    SELECT case_id, 0::bigint AS rank, leased_at AS ready_at, reviewer FROM seats
    WHERE stage = 3 AND case_id IS NOT NULL
)
SELECT c.case_id, c.scan_id, c.port, s.container_nos, c.reason, c.risk, c.band, c.due_at, w.ready_at,
    a.display_name AS held_by, p.decisions
FROM (SELECT * FROM held UNION ALL SELECT * FROM waiting) AS w
JOIN cases c ON c.case_id = w.case_id
JOIN scans s ON s.scan_id = c.scan_id
LEFT JOIN accounts a ON a.account_id = w.reviewer
LEFT JOIN LATERAL (
    SELECT json_agg(row_to_json(one)) AS decisions FROM (
        SELECT {PRIOR_COLUMNS}, NULL AS annotations, NULL AS finding_votes
        FROM decisions d JOIN accounts a ON a.account_id = d.reviewer
        WHERE d.case_id = c.case_id AND d.cycle = c.cycle AND d.stage < 3 ORDER BY d.decision_id
    ) AS one
) AS p ON true
ORDER BY w.rank, c.case_id
"""
N_WAITING_SQL = "SELECT coalesce(sum(n), 0)::integer FROM queue_depths WHERE stage = 3"


async def list_escalations(pool: Pool) -> EscalationPage:
    """Return what supervisors have before them and what waits for them, the most urgent first."""
    rows = await pool.fetch(ESCALATIONS_SQL, LIMIT)
    return EscalationPage(
        n=await pool.fetchval(N_WAITING_SQL),
        rows=[_row(dict(row)) for row in rows],
    )


def _row(values: dict[str, object]) -> EscalationRow:
    decisions = [prior_decision(one) for one in from_jsonb(values.pop("decisions")) or []]
    ready_at = values.pop("ready_at")
    verdicts = [decision.verdict for decision in decisions]
    return EscalationRow(
        **values,
        since=decisions[-1].decided_at if decisions else ready_at,
        why="escalated" if "escalate" in verdicts else "disagreed" if len(verdicts) > 1 else "expired",
        decisions=decisions,
    )
