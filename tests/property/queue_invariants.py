"""What must be true of the queue's tables at every moment, as SQL and a replay of the audit trail."""

import re
from collections import defaultdict

import asyncpg

from review_queue.cases import Stage
from review_queue.ranking import RANDOM_BITS, commitment_of, draw_random
from review_queue.statements import URGENCY
from review_queue.states import Move, Place, follow

# Each query names the rows that break the rule.
RULES = {
    "a case is in exactly one of ready, one seat, closed": """
        SELECT c.case_id FROM cases c
        WHERE (SELECT count(*) FROM ready r WHERE r.case_id = c.case_id)
            + (SELECT count(*) FROM seats s WHERE s.case_id = c.case_id)
            + (c.closed_at IS NOT NULL)::int <> 1
    """,
    "an empty seat is empty in every column": """
        SELECT reviewer FROM seats
        WHERE num_nonnulls(case_id, stage, tries, n_expired, leased_at, until) NOT IN (0, 6)
            OR (case_id IS NULL AND (token <> 0 OR shown_at IS NOT NULL OR first_reviewer IS NOT NULL))
    """,
    "a waiting case is ranked by the band and the due time that it has": f"""
        SELECT r.case_id FROM ready r JOIN cases c USING (case_id) WHERE r.rank >> {RANDOM_BITS} <> {URGENCY}
    """,
    "only slot 0 is shown": """
        SELECT reviewer FROM seats WHERE case_id IS NOT NULL AND (shown_at IS NOT NULL) <> (slot = 0)
    """,
    "a decision has exactly one audit row": """
        SELECT decision_id FROM decisions d
        WHERE 1 <> (
            SELECT count(*) FROM audit a
            WHERE a.case_id = d.case_id AND a.cycle = d.cycle AND a.stage = d.stage AND a.token = d.token
                AND a.verdict = d.verdict AND a.actor = 'account:' || d.reviewer
                AND a.event IN ('case_forwarded', 'case_closed')
        )
    """,
    "an audited verdict has its decision": """
        SELECT seq FROM audit a
        WHERE a.verdict IS NOT NULL AND NOT EXISTS (
            SELECT FROM decisions d WHERE d.case_id = a.case_id AND d.cycle = a.cycle AND d.stage = a.stage
        )
    """,
    "a token decides once": """
        SELECT token FROM decisions GROUP BY token HAVING count(*) > 1
    """,
    "a token is given once": """
        SELECT token FROM audit WHERE event IN ('case_leased', 'case_prefetched', 'case_shown')
        GROUP BY token HAVING count(*) > 1
    """,
    "the second reviewer is not the first": """
        SELECT b.decision_id FROM decisions a JOIN decisions b USING (case_id, cycle)
        WHERE a.stage < b.stage AND a.reviewer = b.reviewer
        UNION ALL
        SELECT case_id FROM seats WHERE reviewer = first_reviewer
    """,
    "nobody gets a case of their own port": """
        SELECT a.seq FROM audit a
            JOIN accounts x ON a.actor = 'account:' || x.account_id
            JOIN cases c USING (case_id)
        WHERE a.event IN ('case_leased', 'case_prefetched') AND c.port = x.port
    """,
    "nobody gets a case they are not qualified for": """
        SELECT a.seq FROM audit a
            JOIN accounts x ON a.actor = 'account:' || x.account_id
            JOIN cases c USING (case_id)
        WHERE a.event IN ('case_leased', 'case_prefetched') AND (c.qual_mask & ~x.quals) <> 0
    """,
    "reviewers see stages 1 and 2, supervisors 3": """
        SELECT a.seq FROM audit a JOIN accounts x ON a.actor = 'account:' || x.account_id
        WHERE a.event IN ('case_leased', 'case_prefetched', 'case_shown', 'case_closed', 'case_forwarded')
            AND (a.stage = 3) <> (x.role = 'supervisor')
    """,
    "a closed case has one disposition for its cycle, an open one none": """
        SELECT c.case_id FROM cases c LEFT JOIN dispositions d ON d.scan_id = c.scan_id AND d.cycle = c.cycle
        WHERE c.disposition IS DISTINCT FROM d.disposition OR (c.closed_at IS NULL) <> (c.disposition IS NULL)
    """,
    "a disposition by review follows a decision that says so": """
        SELECT d.scan_id FROM dispositions d
        WHERE d.source = 'review' AND d.disposition IS DISTINCT FROM (
            SELECT x.verdict FROM decisions x JOIN cases c USING (case_id)
            WHERE c.scan_id = d.scan_id AND x.cycle = d.cycle ORDER BY x.stage DESC LIMIT 1
        )
    """,
    "a disposition of a station with a webhook has one message": """
        SELECT d.scan_id FROM dispositions d JOIN scans USING (scan_id) JOIN stations t USING (station_id)
        WHERE (t.webhook_url IS NOT NULL) <> EXISTS (
            SELECT FROM outbox o WHERE o.scan_id = d.scan_id AND o.cycle = d.cycle
        )
    """,
}

EVENTS = """
SELECT case_id, cycle, stage, event, rank, detail FROM audit
WHERE case_id IS NOT NULL AND event = ANY ($1)
ORDER BY seq
"""

PLACES = """
SELECT c.case_id, CASE
        WHEN c.closed_at IS NOT NULL THEN 'closed'
        WHEN s.slot = 0 THEN 'current'
        WHEN s.slot = 1 THEN 'next'
        WHEN r.case_id IS NOT NULL THEN 'ready'
    END AS place, r.rank
FROM cases c LEFT JOIN ready r USING (case_id) LEFT JOIN seats s USING (case_id)
"""


async def find_violations(conn: asyncpg.Connection | asyncpg.pool.PoolConnectionProxy) -> list[str]:
    """Return what is wrong, in words; nothing when all is well. Reads one snapshot."""
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        query = " UNION ALL ".join(
            f"(SELECT {n} AS rule, id::text FROM ({rule}) AS broken (id) LIMIT 3)"
            for n, rule in enumerate(RULES.values())
        )
        names = list(RULES)
        found = [f"{names[row['rule']]}: {row['id']}" for row in await conn.fetch(query)]
        return found + await _replay(conn)


async def _replay(conn: asyncpg.Connection | asyncpg.pool.PoolConnectionProxy) -> list[str]:
    """Follow each case through its audit rows, and compute each audited rank again."""
    secrets = {}
    found = []
    for row in await conn.fetch("SELECT day, secret, commitment FROM rank_secrets"):
        secrets[str(row["day"])] = bytes(row["secret"])
        if commitment_of(bytes(row["secret"])) != bytes(row["commitment"]):
            found.append(f"the secret of {row['day']} is not the committed one")
    moves = defaultdict(list)
    last_rank: dict[int, int] = {}
    for row in await conn.fetch(EVENTS, list(Move)):
        moves[row["case_id"]].append(row["event"])
        if row["event"] in (Move.LEASED, Move.PREFETCHED):
            if row["rank"] != last_rank.get(row["case_id"]):
                found.append(f"case {row['case_id']} was assigned at a rank it did not have")
        elif row["rank"] is not None:
            is_move = row["event"] == Move.REPRIORITIZED
            if is_move and f" was={last_rank.get(row['case_id'])} " not in row["detail"]:
                found.append(f"case {row['case_id']} was moved from a rank it did not have")
            last_rank[row["case_id"]] = row["rank"]
            found += _check_rank(row, secrets)
    for row in await conn.fetch(PLACES):
        place = follow(moves[row["case_id"]])
        if row["place"] is None or place is not Place(row["place"]):
            found.append(f"case {row['case_id']} is {row['place']}, its audit says {place}")
        if row["rank"] is not None and row["rank"] != last_rank.get(row["case_id"]):
            found.append(f"case {row['case_id']} has a rank that was not audited")
    return found


def _check_rank(row: asyncpg.Record, secrets: dict[str, bytes]) -> list[str]:
    match = re.search(r"stage=(\d) tries=(\d+) day=(\S+)", row["detail"])
    assert match is not None, row["detail"]
    stage, tries, day = match.groups()
    random = draw_random(
        secrets[day], case_id=row["case_id"], cycle=row["cycle"], stage=Stage(int(stage)), tries=int(tries)
    )
    is_right = row["rank"] & ((1 << RANDOM_BITS) - 1) == random
    return [] if is_right else [f"case {row['case_id']}: rank {row['rank']} cannot be computed again"]
