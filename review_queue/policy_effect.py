"""What a changed policy would do to the cases that wait now: counted, never tried out.

Two policies treat cases alike that agree in port, modality, reason, stage and band, whose risks lie between
the same two floors of theirs, and that had the same time until they were due. So the waiting cases are read
once, by such groups, and both policies are asked about each group.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import asyncpg

from review_queue.audit import Connection
from review_queue.cases import CaseReason, Stage, Verdict
from review_queue.policy import BAND_OF_RISK, QueuePolicy

# How many of the newest primary verdicts tell how verdicts are spread.
N_VERDICTS: Final = 2000

# $1 the floors of risk, ascending. A risk is read as the shortest decimal that stands for it, as when bands
# are given (review_queue.reprioritizing).
GROUPS: Final = """
SELECT c.port, c.modality, c.reason, r.stage, c.band, count(*) AS n,
    width_bucket(c.risk::text::float8, $1::float8[]) AS above,
    round(extract(epoch FROM c.due_at - CASE c.cycle WHEN 1 THEN x.received_at ELSE c.opened_at END))::float8
        AS due_after_s
FROM ready r JOIN cases c USING (case_id) JOIN scans x USING (scan_id)
GROUP BY c.port, c.modality, c.reason, r.stage, c.band, above, due_after_s
"""
REVIEWERS: Final = """
SELECT port, quals, count(*) AS n FROM accounts WHERE role = 'reviewer' AND disabled_at IS NULL
GROUP BY port, quals
"""
# $1 how many.
VERDICTS: Final = """
SELECT verdict, count(*) AS n FROM (
    SELECT verdict FROM decisions WHERE stage = 1 ORDER BY decision_id DESC LIMIT $1
) AS newest GROUP BY verdict
"""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """Waiting cases of one port, modality and reason, and who could review such cases if they came in now.

    A case keeps the qualifications it was opened with, so this is about those to come. ``n_able`` counts the
    reviewers who are not of the port and hold all bits that are needed.
    """

    port: str
    modality: str
    reason: CaseReason
    n: int
    quals: int
    quals_before: int
    n_able: int
    n_able_before: int


@dataclass(frozen=True, kw_only=True)
class PolicyEffect:
    """What would be different.

    Attributes:
        n_waiting: Cases that wait now, at any stage.
        bands: How many of them have one band and would have another, by (now, then); also those that stay.
        n_due_sooner: How many would be due earlier. A due time never gets later.
        second_share: The share of primary reviews that are expected to be looked at twice, of the cases that
            wait at stage 1, for each verdict ...
        second_share_before: ... and by the policy in force.
        verdict_share: How often each verdict was given lately, in [0, 1]; empty if none was.
        kinds: See ``Kind``; the largest first.
    """

    n_waiting: int
    bands: Mapping[tuple[int, int], int]
    n_due_sooner: int
    second_share: Mapping[Verdict, float]
    second_share_before: Mapping[Verdict, float]
    verdict_share: Mapping[Verdict, float]
    kinds: Sequence[Kind]

    @property
    def n_sooner(self) -> int:
        """Cases that would have an earlier band."""
        return sum(n for (old, new), n in self.bands.items() if new < old)

    @property
    def n_later(self) -> int:
        """Cases that would have a later band."""
        return sum(n for (old, new), n in self.bands.items() if new > old)


async def find_effect(conn: Connection, policy: QueuePolicy, *, before: QueuePolicy) -> PolicyEffect:
    """Compare two policies over the cases that wait; reads ``ready`` whole, and changes nothing.

    Args:
        conn: Best in a transaction that only reads.
        policy: The policy in question.
        before: The policy in force.
    """
    floors = sorted(
        {floor for floor, _ in BAND_OF_RISK} | {p.second_review_min_risk for p in (policy, before)} | {0.0}
    )
    groups = await conn.fetch(GROUPS, floors)
    reviewers = await conn.fetch(REVIEWERS)
    verdicts = {Verdict(row["verdict"]): row["n"] for row in await conn.fetch(VERDICTS, N_VERDICTS)}
    bands: Counter[tuple[int, int]] = Counter()
    n_due_sooner = 0
    for group in groups:
        risk = floors[group["above"] - 1]
        band = policy.band_of(
            CaseReason(group["reason"]), risk, port=group["port"], modality=group["modality"]
        )
        bands[group["band"], band] += group["n"]
        if policy.sla_s[min(band, group["band"])] < group["due_after_s"]:
            n_due_sooner += group["n"]
    total = sum(verdicts.values())
    return PolicyEffect(
        n_waiting=bands.total(),
        bands=bands,
        n_due_sooner=n_due_sooner,
        second_share=_second_shares(policy, groups, floors),
        second_share_before=_second_shares(before, groups, floors),
        verdict_share={verdict: n / total for verdict, n in verdicts.items()},
        kinds=_kinds(policy, before, groups, reviewers),
    )


def _second_shares(
    policy: QueuePolicy, groups: Sequence[asyncpg.Record], floors: Sequence[float]
) -> dict[Verdict, float]:
    """Return for each verdict the share of the primary cases that would be looked at twice after it."""
    n_by_floor: Counter[float] = Counter()
    for group in groups:
        if group["stage"] == Stage.PRIMARY:
            n_by_floor[floors[group["above"] - 1]] += group["n"]
    n = n_by_floor.total()
    n_risky = sum(m for floor, m in n_by_floor.items() if floor >= policy.second_review_min_risk)
    shares: dict[Verdict, float] = {}
    for verdict in Verdict:
        if verdict is Verdict.ESCALATE:
            continue  # goes to a supervisor, not to a second review
        risky = n_risky / n if n and verdict in policy.second_review_verdicts else 0.0
        shares[verdict] = risky + (1 - risky) * policy.sample_share(verdict)
    return shares


def _kinds(
    policy: QueuePolicy,
    before: QueuePolicy,
    groups: Sequence[asyncpg.Record],
    reviewers: Sequence[asyncpg.Record],
) -> list[Kind]:
    n_by_kind: Counter[tuple[str, str, CaseReason]] = Counter()
    for group in groups:
        n_by_kind[group["port"], group["modality"], CaseReason(group["reason"])] += group["n"]

    def count_able(port: str, quals: int) -> int:
        return sum(row["n"] for row in reviewers if row["port"] != port and not quals & ~row["quals"])

    kinds = []
    for (port, modality, reason), n in n_by_kind.most_common():
        quals = policy.quals_needed(reason, modality=modality)
        quals_before = before.quals_needed(reason, modality=modality)
        kinds.append(
            Kind(
                port=port,
                modality=modality,
                reason=reason,
                n=n,
                quals=quals,
                quals_before=quals_before,
                n_able=count_able(port, quals),
                n_able_before=count_able(port, quals_before),
            )
        )
    return kinds
