"""The review queue: who gets which case, for how long, and what their verdict does.

Invariants, each checked by tests/property: a case is in exactly one of ready, one seat, closed; there are
never two live leases on it; each case, cycle and stage has at most one decision; each decision has its audit
row. The queue publishes nothing: whoever called ``decide``, ``clear_scan`` or ``open_case`` tells the
``Notifier`` after the commit.
"""

from collections.abc import Sequence

import asyncpg

from review_queue import statements as sql
from review_queue.audit import Connection
from review_queue.cases import CaseReason, Decision, DecisionOutcome, Lease, NewCase, Reviewer
from review_queue.claims import CURRENT_SLOT, NEXT_SLOT, Ask, Claimer
from review_queue.decisions import Decider
from review_queue.leases import Heartbeat, LeaseKeeper, LeaseReturner
from review_queue.opening import CaseOpener
from review_queue.policy import QueuePolicy
from review_queue.policy_store import PolicyHolder
from review_queue.ranking import DailySecrets
from review_queue.reprioritizing import Reprioritizer


class ReviewQueue:
    """The queue of one database. Any number of processes may each have one."""

    def __init__(self, pool: asyncpg.Pool, policy: QueuePolicy | PolicyHolder) -> None:
        holder = policy if isinstance(policy, PolicyHolder) else PolicyHolder(policy)
        secrets = DailySecrets(pool)
        self._pool = pool
        self._policy = holder
        self._opener = CaseOpener(holder, secrets)
        self._reprioritizer = Reprioritizer(pool, holder, secrets)
        self._returner = LeaseReturner(pool, holder, secrets)
        self._keeper = LeaseKeeper(pool, holder)
        self._decider = Decider(pool, holder, secrets)
        self._claimer = Claimer(pool, holder, self._returner, self._decider.remember)

    @property
    def policy(self) -> QueuePolicy:
        """The rules in force."""
        return self._policy.current

    async def open_case(self, conn: Connection, new_case: NewCase) -> int:
        """Put a screened scan into the queue, in the caller's transaction.

        Returns:
            The case's id.

        Raises:
            ScanUnknownError: If there is no such scan.
            CaseExistsError: If the scan has a case already.
            ScanDisposedError: If the scan was cleared; ``reopen_case`` is for that.
        """
        return await self._opener.open_case(conn, new_case)

    async def clear_scan(self, conn: Connection, scan_id: str) -> None:
        """Release a scan by its screening, in the caller's transaction.

        Raises:
            ScanUnknownError: If there is no such scan.
            CaseExistsError: If a person has to decide it.
            ScanDisposedError: If it has its final word already.
            ScreeningMissingError: If the latest stored screening does not clear it.
        """
        await self._opener.clear_scan(conn, scan_id)

    async def reopen_case(
        self,
        conn: Connection,
        scan_id: str,
        *,
        reason: CaseReason = CaseReason.REOPENED,
        risk: float,
        screening_id: int | None,
        actor: str,
    ) -> int:
        """Put a scan that has its final word into the queue again, in the caller's transaction.

        The time limit counts from now. A scan that screening had cleared gets its first case, at cycle 2.

        Returns:
            The new cycle.

        Raises:
            ScanUnknownError: If there is no such scan.
            CaseExistsError: If its case is open.
            ScanNotDisposedError: If it has no final word yet.
        """
        return await self._opener.reopen_case(
            conn, scan_id, reason=reason, risk=risk, screening_id=screening_id, actor=actor
        )

    async def reprioritize_case(
        self,
        conn: Connection,
        scan_id: str,
        *,
        reason: CaseReason,
        risk: float,
        screening_id: int | None,
        actor: str,
        may_lower: bool = False,
    ) -> bool:
        """Change how urgent the open case of a scan is, in the caller's transaction: one case in each.

        Without ``may_lower`` it can only become more urgent. A case on a seat stays there, with the screening
        that its reviewer sees. The due time is counted from the same start, and never gets later.

        Args:
            conn: In a transaction.
            scan_id: The scan.
            reason: Why it needs a person, by the new assessment.
            risk: In [0, 1], likewise.
            screening_id: The screening that says so; ``None`` leaves the one that is there.
            actor: For the audit trail.
            may_lower: Whether the new assessment counts even where it is less urgent.

        Returns:
            Whether anything has changed; not if the scan has no open case.

        Raises:
            ScanUnknownError: If there is no such scan.
        """
        return await self._reprioritizer.reprioritize_case(
            conn,
            scan_id,
            reason=reason,
            risk=risk,
            screening_id=screening_id,
            actor=actor,
            may_lower=may_lower,
        )

    async def reprioritize_waiting(self, *, actor: str, may_lower: bool = False) -> int:
        """Rank all waiting cases by the policy in force; without ``may_lower`` only those that come sooner.

        Returns:
            How many cases were moved.
        """
        return await self._reprioritizer.reprioritize_waiting(actor=actor, may_lower=may_lower)

    async def claim_next_case(self, reviewer: Reviewer) -> Lease | None:
        """Return the case the reviewer has to look at now; ``None`` when there is nothing for them.

        That is the live lease in slot 0 if there is one, else the case waiting in slot 1, else the best
        eligible case of the queue.

        Raises:
            RoleNotAllowedError: If the role takes no cases.
            RestDueError: If the reviewer has to rest.
        """
        return await self._claimer.fill(Ask(reviewer=reviewer, slot=CURRENT_SLOT))

    async def prefetch_case(self, reviewer: Reviewer) -> Lease | None:
        """Return the case that waits in slot 1, taking one from the queue if the slot is empty.

        ``None`` when there is nothing eligible, when a rest is due, or while slot 0 is empty: nobody hoards
        what they do not see.

        Raises:
            RoleNotAllowedError: If the role takes no cases.
        """
        return await self._claimer.fill(Ask(reviewer=reviewer, slot=NEXT_SLOT))

    async def extend_leases(
        self, reviewer: Reviewer, leases: Sequence[tuple[int, int]]
    ) -> tuple[float, list[int]]:
        """Keep leases alive, no longer than the policy's longest hold.

        Args:
            reviewer: Whose leases.
            leases: Pairs of case and token. A case that has got another token meanwhile (it was shown) is
                neither extended nor lost.

        Returns:
            Seconds until the first extended lease ends, and the cases this reviewer no longer holds.
        """
        return await self._keeper.extend(Heartbeat(reviewer=reviewer, leases=tuple(leases)))

    async def decide(self, reviewer: Reviewer, decision: Decision) -> DecisionOutcome:
        """Record a verdict on the case in slot 0, and show the case that waits in slot 1.

        The same verdict under the same token may be sent again when its answer was lost: the answer is that
        of the first time, with the case that is in slot 0 now.

        Raises:
            LeaseLostError: If the lease ended or the token has been replaced.
            CaseNotHeldError: If this reviewer was not shown this case.
            AlreadyDecidedError: If the lease has been used for another verdict.
            RoleNotAllowedError: If the role takes no part in the case's stage.
            VerdictNotAllowedError: If a supervisor escalates.
            ReasonCodeUnknownError: If the policy in force does not offer a reason for the verdict.
        """
        return await self._decider.decide(reviewer, decision)

    async def release_leases(self, reviewer: Reviewer) -> None:
        """Give both seats' cases back to the queue: the reviewer pauses or logs out."""
        await self._returner.release(reviewer)

    async def sweep_expired(self) -> int:
        """Give the cases of expired leases back to the queue; call it every second.

        Also shortens leases that a clock set back has made too long, and makes tomorrow's secret in advance.

        Returns:
            How many cases went back.
        """
        return await self._returner.sweep_all()

    async def holds_case(self, account_id: int, case_id: int) -> bool:
        """Tell whether an account has a live lease on a case, on either seat."""
        return bool(await self._pool.fetchval(sql.HOLDS, account_id, case_id))
