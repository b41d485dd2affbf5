"""The queue's policy as supervisors see and change it; the rules themselves are ``review_queue``'s."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from review_queue.cases import Verdict
from review_queue.policy import BAND_OF_REASON, BAND_OF_RISK, QueuePolicy
from review_queue.policy_effect import PolicyEffect, find_effect
from review_queue.policy_proposals import (
    Outcome,
    Proposal,
    decide_proposal,
    newest_proposals,
    propose,
)
from review_queue.policy_store import check_against_store, latest_policy, policy_in_force
from review_ui.accounts import Account
from review_ui.database import Pool
from review_ui.qualifications import bits_of, mask_of
from review_ui.supervision_schemas import (
    BandMove,
    KindEffect,
    PolicyBody,
    PolicyEffectOut,
    PolicyPort,
    ProposalIn,
    ProposalOut,
    QueuePolicyOut,
    SecondReviewShare,
)

N_PROPOSALS = 20
# The waiting cases are read whole; a million of them take a few seconds.
EFFECT_LIMIT_MS = 12_000
QUALIFYING = ("quals_by_modality", "quals_by_reason")
AUTHOR_SQL = "SELECT display_name FROM accounts WHERE 'account:' || account_id = $1"
PORTS_SQL = "SELECT code AS port, name_zh, name_en FROM ports ORDER BY code"


class PolicyDesk:
    """Shows the policy, tells what another would do, and takes it from proposal to approval."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._one_effect_at_a_time = asyncio.Lock()

    async def show(self) -> QueuePolicyOut:
        """Return the policy in force and the newest proposals.

        Raises:
            QueuePolicyInvalidError: If a newer program has stored one that this one cannot read.
        """
        async with self._pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
            stored = await latest_policy(conn)
            proposals = await newest_proposals(conn, limit=N_PROPOSALS)
            ports = await conn.fetch(PORTS_SQL)
            author_name = None if stored is None else await conn.fetchval(AUTHOR_SQL, stored.author)
        return QueuePolicyOut(
            version=0 if stored is None else stored.version,
            author=None if stored is None else stored.author,
            author_name=author_name,
            created_at=None if stored is None else stored.created_at,
            policy=policy_body(QueuePolicy() if stored is None else stored.policy),
            band_of_reason={str(reason): band for reason, band in BAND_OF_REASON.items()},
            band_of_risk=list(BAND_OF_RISK),
            ports=[PolicyPort(**dict(port)) for port in ports],
            proposals=[_proposal_out(proposal) for proposal in proposals],
        )

    async def effect(self, body: PolicyBody) -> PolicyEffectOut:
        """Tell what a policy would do to the cases that wait, beside the one in force.

        Raises:
            QueuePolicyInvalidError: If the policy cannot be.
        """
        policy = read_policy(body)
        async with (
            self._one_effect_at_a_time,
            self._pool.acquire() as conn,
            conn.transaction(isolation="repeatable_read", readonly=True),
        ):
            await conn.execute(f"SET LOCAL statement_timeout = {EFFECT_LIMIT_MS}")
            await check_against_store(conn, policy)
            effect = await find_effect(conn, policy, before=await policy_in_force(conn))
            at = await conn.fetchval("SELECT now()")
        return _effect_out(effect, at)

    async def propose(self, account: Account, wanted: ProposalIn) -> int:
        """Propose a policy in an account's name and return the proposal's number; see ``propose``."""
        async with self._pool.acquire() as conn, conn.transaction():
            return await propose(
                conn,
                read_policy(wanted.policy),
                account_id=account.account_id,
                based_on=wanted.based_on,
                note=wanted.note,
                moves_waiting=wanted.moves_waiting,
                may_lower=wanted.moves_waiting and wanted.may_lower,
            )

    async def decide(self, account: Account, proposal_id: int, outcome: str) -> int | None:
        """Approve, refuse or withdraw; return the new version, if there is one. See ``decide_proposal``."""
        async with self._pool.acquire() as conn, conn.transaction():
            return await decide_proposal(conn, proposal_id, Outcome(outcome), account_id=account.account_id)


def policy_body(policy: QueuePolicy) -> PolicyBody:
    """Return a policy as the page shows it."""
    body = policy.to_json()
    for name in QUALIFYING:
        body[name] = {key: bits_of(mask) for key, mask in body[name].items()}
    return PolicyBody.model_validate(body)


def read_policy(body: PolicyBody) -> QueuePolicy:
    """Return the policy that a page has sent.

    Raises:
        QueuePolicyInvalidError: If a value is not allowed.
    """
    document: dict[str, Any] = body.model_dump()
    for name in QUALIFYING:
        document[name] = {key: mask_of(bits) for key, bits in document[name].items()}
    return QueuePolicy.from_json(document)


def _proposal_out(proposal: Proposal) -> ProposalOut:
    return ProposalOut(
        proposal_id=proposal.proposal_id,
        based_on=proposal.based_on,
        policy=policy_body(proposal.policy),
        note=proposal.note,
        moves_waiting=proposal.moves_waiting,
        may_lower=proposal.may_lower,
        proposer=proposal.proposer,
        proposer_name=proposal.proposer_name,
        proposed_at=proposal.proposed_at,
        outcome=None if proposal.outcome is None else proposal.outcome.value,
        decided_by_name=proposal.decided_by_name,
        decided_at=proposal.decided_at,
        version=proposal.version,
        n_moved=proposal.n_moved,
    )


def _effect_out(effect: PolicyEffect, at: datetime) -> PolicyEffectOut:
    shares = [
        SecondReviewShare(
            verdict=verdict.value,
            before=effect.second_share_before[verdict],
            after=after,
            verdict_share=effect.verdict_share.get(verdict, 0.0) if effect.verdict_share else None,
        )
        for verdict, after in effect.second_share.items()
    ]
    return PolicyEffectOut(
        at=at,
        n_waiting=effect.n_waiting,
        n_sooner=effect.n_sooner,
        n_later=effect.n_later,
        n_due_sooner=effect.n_due_sooner,
        bands=[BandMove(band=band, band_then=then, n=n) for (band, then), n in sorted(effect.bands.items())],
        second_review=shares,
        second_share_before=_expected(effect.second_share_before, effect),
        second_share_then=_expected(effect.second_share, effect),
        kinds=[
            KindEffect(
                port=kind.port,
                modality=kind.modality,
                reason=kind.reason.value,
                n=kind.n,
                quals_before=bits_of(kind.quals_before),
                quals_then=bits_of(kind.quals),
                n_able_before=kind.n_able_before,
                n_able_then=kind.n_able,
            )
            for kind in effect.kinds
        ],
    )


def _expected(shares: Mapping[Verdict, float], effect: PolicyEffect) -> float | None:
    """Weigh the shares of the verdicts by how often each was given lately; None if there is no telling."""
    if not effect.verdict_share:
        return None
    return float(sum(effect.verdict_share.get(verdict, 0.0) * share for verdict, share in shares.items()))
