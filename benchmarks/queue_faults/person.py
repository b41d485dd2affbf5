"""A simulated person at a desk: works as people do, and as they should not."""

import asyncio
import contextlib
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from benchmarks.queue_faults.calls import Account, Calls
from benchmarks.queue_faults.history import NOT_SENT, Operation, Outcome, Shown
from review_queue.cases import Stage, Verdict

T = TypeVar("T")


class Habit(StrEnum):
    """What a person does with a case they were shown."""

    DECIDE = "decide"
    DECIDE_TWICE = "decide_twice"
    CONTRADICT = "contradict"
    HOLD = "hold"
    WALK_AWAY = "walk_away"
    LEAVE = "leave"
    PAUSE = "pause"
    TWO_TABS = "two_tabs"
    LAPSE = "lapse"
    OLD_TOKEN = "old_token"
    FOREIGN_TOKEN = "foreign_token"


WEIGHTS = {
    Habit.DECIDE: 50,
    Habit.DECIDE_TWICE: 8,
    Habit.CONTRADICT: 3,
    Habit.HOLD: 7,
    Habit.WALK_AWAY: 9,
    Habit.LEAVE: 3,
    Habit.PAUSE: 6,
    Habit.TWO_TABS: 8,
    Habit.LAPSE: 3,
    Habit.OLD_TOKEN: 4,
    Habit.FOREIGN_TOKEN: 4,
}
VERDICTS = {Verdict.RELEASE: 60, Verdict.INSPECT: 30, Verdict.ESCALATE: 6, Verdict.RESCAN: 4}
PREFETCH_SHARE = 0.6
N_TRIES = 4
N_KEPT = 8
# After an unanswered request nothing that its account holds is certain any more, so another takes its place.
REPLACED_SHARE = 0.4
RETIRED_SHARE = 0.01
EMPTY_WAIT_S = (0.2, 0.8)
RETRY_WAIT_S = (0.2, 1.2)


@dataclass(frozen=True, kw_only=True)
class Office:
    """What all desks share.

    Attributes:
        calls: The way to the workers.
        hire: Returns an account that nobody works with.
        ttl_s: How long a lease lasts that is not extended.
        on_closed: Told of each cycle that was closed.
        closing: Set when everybody should go home.
        in_use: A few leases that others were shown lately.
    """

    calls: Calls
    hire: Callable[[], Account]
    ttl_s: float
    on_closed: Callable[[int, int], None]
    closing: asyncio.Event
    in_use: list[Shown]


class Person:
    """Works at one desk, under one account after another.

    Args:
        office: Where.
        rng: Decides what they do; when it happens is up to the machine.
    """

    def __init__(self, office: Office, rng: random.Random) -> None:
        self._office = office
        self._calls = office.calls
        self._rng = rng
        self._account = office.hire()
        self._old: list[Shown] = []
        self._is_doubtful = False

    async def work(self) -> None:
        """Take one case after the other until the office closes."""
        lease: Shown | None = None
        while not self._office.closing.is_set():
            if lease is None:
                lease = await self._next()
            if lease is None:
                await self._wait(*(RETRY_WAIT_S if self._is_doubtful else EMPTY_WAIT_S))
            else:
                lease = await self._handle(lease)
            if self._rng.random() < (REPLACED_SHARE if self._is_doubtful else RETIRED_SHARE):
                # They leave without a word; what they hold comes back by itself.
                self._account, self._old, self._is_doubtful, lease = self._office.hire(), [], False, None

    async def _handle(self, lease: Shown) -> Shown | None:
        """Do something with a case and return the one that is shown next, if any is."""
        waiting = None
        if self._rng.random() < PREFETCH_SHARE:
            waiting = self._noted(await self._calls.prefetch(self._account)).shown
        match self._choose(WEIGHTS):
            case Habit.DECIDE:
                following = await self._decide(lease)
            case Habit.DECIDE_TWICE:
                following = await self._decide_at_once(lease, *[self._verdict(lease)] * 2)
            case Habit.CONTRADICT:
                following = await self._decide_at_once(lease, Verdict.INSPECT, Verdict.RESCAN)
            case Habit.HOLD:
                following = await self._hold(lease, waiting)
            case Habit.WALK_AWAY:
                following = await self._walk_away(lease)
            case Habit.LEAVE:
                self._is_doubtful = True
                following = None
            case Habit.PAUSE:
                self._noted(await self._calls.pause(self._account))
                following = None
            case Habit.TWO_TABS:
                following = await self._use_two_tabs(lease, waiting)
            case Habit.LAPSE:
                following = await self._let_lapse(lease, waiting)
            case Habit.OLD_TOKEN:
                following = await self._decide_wrongly(lease, self._old)
            case Habit.FOREIGN_TOKEN:
                following = await self._decide_wrongly(lease, self._office.in_use)
        return following

    async def _next(self) -> Shown | None:
        """Ask for a case, now and then from several tabs at once."""
        n_tabs = 1 if self._rng.random() < 0.8 else self._rng.randint(2, 4)
        answers = await asyncio.gather(*(self._calls.next(self._account) for _ in range(n_tabs)))
        shown = [self._noted(answer).shown for answer in answers]
        return next((lease for lease in shown if lease is not None), None)

    async def _decide(self, lease: Shown) -> Shown | None:
        """Decide, again and again in the same way while there is no answer."""
        verdict = self._verdict(lease)
        for _ in range(N_TRIES):
            answer = self._noted(await self._calls.decide(self._account, lease, verdict))
            if answer.outcome is not Outcome.UNKNOWN and answer.code != NOT_SENT:
                return answer.shown
            await self._wait(*RETRY_WAIT_S)
        return None

    async def _decide_at_once(self, lease: Shown, *verdicts: Verdict) -> Shown | None:
        """Decide several times at the same moment, as after a double click or in two tabs."""
        answers = await asyncio.gather(
            *(self._calls.decide(self._account, lease, verdict) for verdict in verdicts)
        )
        shown = [self._noted(answer).shown for answer in answers]
        return next((one for one in shown if one is not None), None)

    async def _hold(self, lease: Shown, waiting: Shown | None) -> Shown | None:
        """Look at a case for longer than a lease lasts, kept alive as the page does, then decide."""
        held: Sequence[Shown] = [lease] if waiting is None else [lease, waiting]
        for _ in range(self._rng.randint(2, 5)):
            await self._wait(self._office.ttl_s * 0.3, self._office.ttl_s * 0.8)
            answer = self._noted(await self._calls.heartbeat(self._account, held))
            if lease.case_id in answer.lost:
                return None
            held = [one for one in held if one.case_id not in answer.lost]
        return await self._decide(lease)

    async def _walk_away(self, lease: Shown) -> Shown | None:
        """Come back when the lease is about to end or has just ended, and decide, perhaps in the know."""
        await self._wait(self._office.ttl_s * 0.96, self._office.ttl_s * 1.05)
        if self._rng.random() < 0.5:
            self._noted(await self._calls.heartbeat(self._account, [lease]))
        return await self._decide(lease)

    async def _use_two_tabs(self, lease: Shown, waiting: Shown | None) -> Shown | None:
        """Decide in one tab while another keeps the leases and asks for the next case and one to wait."""
        held = [lease] if waiting is None else [lease, waiting]
        decided, *others = await asyncio.gather(
            self._calls.decide(self._account, lease, self._verdict(lease)),
            self._calls.heartbeat(self._account, held),
            self._calls.next(self._account),
            self._calls.prefetch(self._account),
        )
        for answer in (decided, *others):
            self._noted(answer)
        return decided.shown

    async def _let_lapse(self, lease: Shown, waiting: Shown | None) -> Shown | None:
        """Keep only the waiting case alive until the other is gone, then have it shown in several tabs."""
        if waiting is None:
            return await self._decide(lease)
        for _ in range(3):
            await self._wait(self._office.ttl_s * 0.45, self._office.ttl_s * 0.5)
            self._noted(await self._calls.heartbeat(self._account, [waiting]))
        shown, *others = await asyncio.gather(
            self._calls.next(self._account),
            *(self._calls.heartbeat(self._account, [waiting]) for _ in range(2)),
        )
        for answer in (shown, *others):
            self._noted(answer)
        return shown.shown

    async def _decide_wrongly(self, lease: Shown, leases: Sequence[Shown]) -> Shown | None:
        """Decide under a lease that is over or another's, then go on with the right one."""
        if leases:
            # Best an older token of the very case they hold.
            own = [one for one in leases if one.case_id == lease.case_id and one.token != lease.token]
            wrong = self._rng.choice(own or leases)
            self._noted(await self._calls.decide(self._account, wrong, self._verdict(wrong)))
        return await self._decide(lease)

    def _noted(self, answer: Operation) -> Operation:
        """Remember what an answer brought."""
        self._is_doubtful |= answer.outcome is Outcome.UNKNOWN
        if answer.shown is not None:
            self._keep(self._old, answer.shown)
            self._keep(self._office.in_use, answer.shown)
        if answer.is_closed:
            self._office.on_closed(answer.named[0].case_id, answer.named[0].cycle)
        return answer

    def _keep(self, leases: list[Shown], lease: Shown) -> None:
        if len(leases) < N_KEPT:
            leases.append(lease)
        else:
            leases[self._rng.randrange(N_KEPT)] = lease

    def _verdict(self, lease: Shown) -> Verdict:
        verdict = self._choose(VERDICTS)
        is_final = lease.stage == Stage.SUPERVISOR and verdict is Verdict.ESCALATE
        return Verdict.INSPECT if is_final else verdict

    def _choose(self, weights: Mapping[T, int]) -> T:
        return self._rng.choices(list(weights), weights=list(weights.values()))[0]

    async def _wait(self, least_s: float, most_s: float) -> None:
        """Wait, but not past the end of the day."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._rng.uniform(least_s, most_s)):
                await self._office.closing.wait()
