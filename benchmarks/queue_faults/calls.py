"""The review API as a simulated person sees it; every call is written into the history."""

import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from benchmarks.queue_faults.history import NOT_SENT, History, Op, Operation, Outcome, Shown
from benchmarks.queue_faults.wire import NoAnswerError, NotSentError, Wire

TIMEOUT_S = 2.0
HEADERS = (
    b"host: 127.0.0.1\r\nx-requested-with: shenxiang\r\ncontent-type: application/json\r\n"
    b"cookie: sx_session=%b\r\n"
)


@dataclass(frozen=True, kw_only=True)
class Account:
    """Who asks, and the cookie that proves it."""

    account_id: int
    cookie: str


@dataclass(kw_only=True)
class Tally:
    """How often each operation and each outcome has been."""

    operations: dict[str, int] = field(default_factory=dict)
    outcomes: dict[str, int] = field(default_factory=dict)
    n_sent: int = 0

    def count(self, one: Operation) -> None:
        """Count an operation; one that was never sent is no operation."""
        self.n_sent += one.code != NOT_SENT
        self.operations[one.op] = self.operations.get(one.op, 0) + 1
        outcome = f"{one.outcome} {one.code}".strip()
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1


class Calls:
    """Asks workers, each time another one, and remembers what they said.

    Args:
        wires: The ways to the workers.
        history: Where every operation is written down.
        rng: Chooses the worker.
    """

    def __init__(self, wires: Sequence[Wire], history: History, rng: random.Random) -> None:
        self._wires = wires
        self._history = history
        self._rng = rng
        self._n_begun = 0
        self.tally = Tally()

    async def next(self, account: Account) -> Operation:
        """Ask for the case to look at."""
        return await self._call(account, Op.NEXT)

    async def prefetch(self, account: Account) -> Operation:
        """Ask for the case to wait in slot 1."""
        return await self._call(account, Op.PREFETCH)

    async def heartbeat(self, account: Account, leases: Sequence[Shown]) -> Operation:
        """Keep leases alive; two at most."""
        refs = [{"case_id": lease.case_id, "token": lease.token} for lease in leases]
        return await self._call(account, Op.HEARTBEAT, {"leases": refs}, named=tuple(leases))

    async def decide(self, account: Account, lease: Shown, verdict: str) -> Operation:
        """Decide a case under a lease, one's own or not."""
        body = {"case_id": lease.case_id, "token": lease.token, "verdict": verdict}
        return await self._call(account, Op.DECIDE, body, named=(lease,), verdict=verdict)

    async def pause(self, account: Account) -> Operation:
        """Give both seats' cases back."""
        return await self._call(account, Op.PAUSE)

    async def _call(
        self,
        account: Account,
        op: Op,
        body: Mapping[str, Any] | None = None,
        *,
        named: tuple[Shown, ...] = (),
        verdict: str = "",
    ) -> Operation:
        worker = self._rng.randrange(len(self._wires))
        head = b"POST /api/v1/review/%b HTTP/1.1\r\n" % op.encode() + HEADERS % account.cookie.encode()
        number, self._n_begun = self._n_begun, self._n_begun + 1
        invoked_at = time.monotonic()
        answer: dict[str, Any] = {}
        try:
            status, received = await self._wires[worker].ask(
                head, orjson.dumps(body) if body else b"", timeout_s=TIMEOUT_S
            )
        except NotSentError:
            outcome, code = Outcome.FAIL, NOT_SENT
        except NoAnswerError as error:
            outcome, code = Outcome.UNKNOWN, str(error)
        else:
            answer = orjson.loads(received) if received else {}
            outcome, code = _outcome(status), str(answer.get("code", ""))
        ended_at = time.monotonic()
        is_ok = outcome is Outcome.OK
        operation = Operation(
            number=number,
            op=op,
            reviewer=account.account_id,
            worker=worker,
            invoked_at=invoked_at,
            ended_at=ended_at,
            outcome=outcome,
            code=code,
            named=named,
            verdict=verdict,
            shown=_shown(op, answer) if is_ok else None,
            decision_id=answer["decision_id"] if is_ok and op is Op.DECIDE else None,
            is_closed=bool(is_ok and answer.get("case_closed")),
            lost=tuple(answer.get("lost", ())) if is_ok else (),
            ttl_s=float(answer["ttl_s"]) if is_ok and op is Op.HEARTBEAT else 0.0,
        )
        self._history.add(operation)
        self.tally.count(operation)
        return operation


def _outcome(status: int) -> Outcome:
    """Return what an answer says; where a server failed, something may have been done all the same."""
    if status < 400:
        return Outcome.OK
    return Outcome.FAIL if status < 500 else Outcome.UNKNOWN


def _shown(op: Op, answer: Mapping[str, Any]) -> Shown | None:
    """Return the lease in an answer, by the names that every version of it has."""
    lease = answer.get("next") if op is Op.DECIDE else answer
    if not lease or "token" not in lease:
        return None
    return Shown(
        case_id=lease["case_id"],
        cycle=lease["cycle"],
        stage=lease["stage"],
        slot=lease["slot"],
        token=lease["token"],
        ttl_s=lease["ttl_s"],
    )
