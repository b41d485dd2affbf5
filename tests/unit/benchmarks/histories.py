"""Histories written by hand: a few lines, each what somebody asked and was told."""

from typing import Any

from benchmarks.queue_faults.checker import check
from benchmarks.queue_faults.final_state import FinalState, Recorded
from benchmarks.queue_faults.history import History, KnownCase, Op, Operation, Outcome, Shown
from benchmarks.queue_faults.violations import Rule
from review_queue.cases import Reviewer, Role

TTL_S = 5.0
LI, WANG, ZHAO, BOSS = 1, 2, 3, 9
PEOPLE = (
    Reviewer(account_id=LI, role=Role.REVIEWER, port="SKZ", quals=0),
    Reviewer(account_id=WANG, role=Role.REVIEWER, port=None, quals=1),
    Reviewer(account_id=ZHAO, role=Role.REVIEWER, port="MWB", quals=3),
    Reviewer(account_id=BOSS, role=Role.SUPERVISOR, port=None, quals=3),
)


def lease(
    token: int, *, case: int = 1, stage: int = 1, slot: int = 0, cycle: int = 1, ttl_s: float = TTL_S
) -> Shown:
    """A lease as an answer shows it."""
    return Shown(case_id=case, cycle=cycle, stage=stage, slot=slot, token=token, ttl_s=ttl_s)


class Story:
    """A history in the making: cases 1 to 3 of port YTN are open, case 3 needs qualification 2.

    Each line begins at a moment and is answered a tenth of a second later, unless it says otherwise.
    """

    def __init__(self) -> None:
        self.history = History(
            people={one.account_id: one for one in PEOPLE},
            cases={case: KnownCase(port="YTN", qual_mask=2 if case == 3 else 0) for case in (1, 2, 3)},
            opened={(1, 1), (2, 1), (3, 1)},
        )

    def tell(self, op: Op, who: int, at: float, outcome: Outcome = Outcome.OK, **more: Any) -> None:
        """Add one line."""
        took = more.pop("took", 0.1)
        self.history.add(
            Operation(
                number=len(self.history.operations),
                op=op,
                reviewer=who,
                worker=0,
                invoked_at=at,
                ended_at=at + took,
                outcome=outcome,
                **more,
            )
        )

    def next(self, who: int, at: float, shown: Shown | None, **more: Any) -> None:
        """Somebody asks for a case and gets this one."""
        self.tell(Op.NEXT, who, at, shown=shown, **more)

    def prefetch(self, who: int, at: float, shown: Shown, **more: Any) -> None:
        """Somebody has a case wait."""
        self.tell(Op.PREFETCH, who, at, shown=shown, **more)

    def decide(
        self, who: int, at: float, held: Shown, decision_id: int, verdict: str = "inspect", **more: Any
    ) -> None:
        """Somebody decides, and it is accepted."""
        self.tell(Op.DECIDE, who, at, named=(held,), decision_id=decision_id, verdict=verdict, **more)

    def refuse(self, who: int, at: float, held: Shown, code: str = "lease_lost", **more: Any) -> None:
        """Somebody decides, and is refused."""
        self.tell(Op.DECIDE, who, at, Outcome.FAIL, named=(held,), code=code, verdict="inspect", **more)

    def heartbeat(self, who: int, at: float, *held: Shown, **more: Any) -> None:
        """Somebody keeps leases alive."""
        self.tell(Op.HEARTBEAT, who, at, named=held, **{"ttl_s": TTL_S, **more})

    def broken(self, end: FinalState | None = None) -> list[Rule]:
        """Return the rules that this history breaks, each once, in alphabetical order."""
        return sorted({one.rule for one in check(self.history, ttl_s=TTL_S, end=end)})


def final_state(
    *decisions: Recorded,
    leases: tuple[tuple[int, int, int], ...] = (),
    audited: tuple[Recorded, ...] | None = None,
    n_cases: int = 1,
) -> FinalState:
    """What the database holds when these decisions, with ids from 1 on, closed cases 1 to ``n_cases``."""
    return FinalState(
        cases=dict.fromkeys(range(1, n_cases + 1), (1, True)),
        dispositions={
            (case, 1): [one.verdict for one in decisions if one.case_id == case][-1:]
            for case in range(1, n_cases + 1)
        },
        decisions=dict(enumerate(decisions, start=1)),
        audited_decisions=decisions if audited is None else audited,
        audited_leases=leases,
    )


def recorded(who: int, token: int, *, case: int = 1, stage: int = 1, verdict: str = "inspect") -> Recorded:
    """A decision as the database has it."""
    return Recorded(case_id=case, cycle=1, stage=stage, reviewer=who, token=token, verdict=verdict)
