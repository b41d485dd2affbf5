"""Writes audit trails by hand, row by row, as the queue would; for tests of what verifies them."""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from review_queue.cases import Reviewer, Role, Stage, Verdict
from review_queue.matching import ReadyCase, is_eligible
from review_queue.ranking import RANDOM_BITS, commitment_of, draw_random
from review_queue.trail import Snapshot, TrailRow
from review_queue.verification.accounts import Accounts
from review_queue.verification.draws import Draws, StoredSecret
from review_queue.verification.findings import FindingCode, Findings
from review_queue.verification.moves import CaseBook
from review_queue.verification.replay import Replay
from review_queue.verification.run import follow_row

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = "2026-11-23"
SECRET = bytes(range(32))
MAX_WAITING = 60
EMPTY = TrailRow(
    xid=0,
    seq=0,
    at=NOON,
    actor="system:test",
    event="tested",
    scan_id=None,
    case_id=None,
    cycle=None,
    stage=None,
    slot=None,
    token=None,
    rank=None,
    verdict=None,
    detail=None,
    seen=None,
    reach=None,
)


def person(
    account_id: int, *, role: Role = Role.REVIEWER, port: str | None = None, quals: int = 0
) -> Reviewer:
    """Make a reviewer."""
    return Reviewer(account_id=account_id, role=role, port=port, quals=quals)


@dataclass(kw_only=True)
class Known:
    """A case as the writer knows it."""

    case_id: int
    port: str
    qual_mask: int
    due: int
    cycle: int = 1
    stage: int = 1
    tries: int = 0
    rank: int = 0
    first: int | None = None
    token: int | None = None

    def ready(self) -> ReadyCase:
        """The case as it waits."""
        return ReadyCase(
            case_id=self.case_id,
            rank=self.rank,
            port=self.port,
            qual_mask=self.qual_mask,
            stage=self.stage,
            first_reviewer=self.first,
        )


@dataclass(kw_only=True)
class TrailWriter:
    """Each action is a transaction of its own that has seen everything before, unless told otherwise."""

    rows: list[TrailRow] = field(default_factory=list)
    people: dict[int, Reviewer] = field(default_factory=dict)
    cases: dict[int, Known] = field(default_factory=dict)
    last_xid: int = 1000
    last_token: int = 0
    cheated: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        detail = f"day={DAY} commitment={commitment_of(SECRET).hex()}"
        self.write(event="rank_secret_committed", actor="system:queue", detail=detail)

    def begin(self) -> int:
        """Give out a transaction number."""
        self.last_xid += 1
        return self.last_xid

    def now(self) -> Snapshot:
        """Return a snapshot with nothing under way."""
        return self.last_xid + 1, self.last_xid + 1, ()

    def write(self, *, xid: int | None = None, **columns: Any) -> TrailRow:
        """Write one row."""
        seq = len(self.rows) + 1
        at = NOON + timedelta(milliseconds=seq)
        row = EMPTY._replace(xid=xid or self.begin(), seq=seq, at=at, **columns)
        self.rows.append(row)
        return row

    def hire(self, **about: Any) -> Reviewer:
        """Make a reviewer."""
        made = person(len(self.people) + 1, **about)
        self.people[made.account_id] = made
        return made

    def open(
        self,
        *,
        due: int = 5,
        port: str = "YTN",
        qual_mask: int = 0,
        random: int | None = None,
        xid: int | None = None,
    ) -> int:
        """Open a case; a smaller ``due`` comes first. ``random`` forges the random bits."""
        case = Known(case_id=len(self.cases) + 1, port=port, qual_mask=qual_mask, due=due)
        self.cases[case.case_id] = case
        self._enter(case, event="case_opened", actor="system:screening", xid=xid, random=random)
        return case.case_id

    def lease(
        self,
        reviewer: Reviewer,
        case_id: int,
        *,
        xid: int | None = None,
        seen: Snapshot | None = None,
        reach: int | None = None,
        slot: int = 0,
    ) -> TrailRow:
        """Give a case to a reviewer."""
        case = self.cases[case_id]
        seen = seen or self.now()
        self.last_token += 1
        case.token = self.last_token
        return self.write(
            xid=xid,
            event="case_prefetched" if slot else "case_leased",
            actor=f"account:{reviewer.account_id}",
            case_id=case_id,
            cycle=case.cycle,
            stage=case.stage,
            slot=slot,
            token=case.token,
            rank=case.rank,
            seen=seen,
            reach=case.rank if reach is None else reach,
        )

    def give_back(self, reviewer: Reviewer, case_id: int, *, xid: int | None = None, slot: int = 0) -> None:
        """Release a case."""
        case = self.cases[case_id]
        case.tries += 1
        columns = {"slot": slot, "token": case.token}
        actor = f"account:{reviewer.account_id}"
        self._enter(case, event="lease_released", actor=actor, xid=xid, **columns)

    def rank_anew(self, case_id: int, *, due: int, xid: int | None = None) -> None:
        """Move a waiting case within the queue."""
        case = self.cases[case_id]
        case.due = due
        case.tries += 1
        self._enter(case, event="case_reprioritized", actor="system:queue", xid=xid)

    def reassess(self, case_id: int, *, due: int, is_held: bool, xid: int | None = None) -> None:
        """Change how urgent a case is where it stays."""
        case = self.cases[case_id]
        case.due = due
        case.tries += is_held
        self.write(
            xid=xid,
            event="case_reassessed",
            actor="system:queue",
            case_id=case_id,
            cycle=case.cycle,
            stage=case.stage,
            detail=f"stage={case.stage} tries={case.tries} urgency={due} reason=finding",
            reach=None if is_held else case.rank,
        )

    def decide(self, reviewer: Reviewer, case_id: int, verdict: Verdict, *, stage: int | None = None) -> None:
        """Decide a case: it is closed, or goes on to a stage."""
        case = self.cases[case_id]
        columns: dict[str, Any] = {"slot": 0, "token": case.token, "verdict": str(verdict)}
        actor = f"account:{reviewer.account_id}"
        if stage is None:
            detail = f"disposition={verdict} day={DAY}"
            self.write(
                event="case_closed",
                actor=actor,
                case_id=case_id,
                cycle=case.cycle,
                stage=case.stage,
                detail=detail,
                **columns,
            )
            return
        said = case.stage
        if case.stage == Stage.PRIMARY:
            case.first = reviewer.account_id
        case.stage, case.tries = stage, 0
        self._enter(case, event="case_forwarded", actor=actor, stage=said, **columns)

    def _enter(
        self,
        case: Known,
        *,
        event: str,
        actor: str,
        xid: int | None = None,
        stage: int | None = None,
        random: int | None = None,
        **columns: Any,
    ) -> None:
        drawn = draw_random(
            SECRET, case_id=case.case_id, cycle=case.cycle, stage=Stage(case.stage), tries=case.tries
        )
        case.rank = (case.due << RANDOM_BITS) | (drawn if random is None else random)
        self.write(
            xid=xid,
            event=event,
            actor=actor,
            case_id=case.case_id,
            cycle=case.cycle,
            stage=stage or case.stage,
            rank=case.rank,
            detail=f"stage={case.stage} tries={case.tries} day={DAY}",
            **columns,
        )


@dataclass(frozen=True, kw_only=True)
class Verified:
    """What came of following a trail."""

    findings: Findings
    replay: Replay
    book: CaseBook

    @property
    def codes(self) -> list[FindingCode]:
        """The kinds of what was found, in order."""
        return [finding.code for finding in self.findings.kept]

    @property
    def found(self) -> list[tuple[FindingCode, int | None]]:
        """What was found and at which row."""
        return [(finding.code, finding.seq) for finding in self.findings.kept]


def follow_trail(
    writer: TrailWriter,
    rows: list[TrailRow] | None = None,
    *,
    secret: bytes = SECRET,
    is_revealed: bool = True,
    since: datetime | None = None,
) -> Verified:
    """Follow the rows of a writer, or others about the same cases and people, as ``verify_trail`` does."""
    findings = Findings(since=since)
    stored = {DAY: StoredSecret(secret=secret, commitment=commitment_of(secret), is_revealed=is_revealed)}
    draws = Draws(findings=findings, stored=stored)
    accounts = Accounts(findings=findings, stored=writer.people)
    replay = Replay(findings=findings, accounts=accounts, next_xid=writer.last_xid + 1)
    book = CaseBook(findings=findings, draws=draws)
    for row in writer.rows if rows is None else rows:
        case = writer.cases.get(row.case_id or 0)
        port, mask = (case.port, case.qual_mask) if case else (None, None)
        follow_row(row, port, mask, book=book, replay=replay)
    draws.end()
    replay.end()
    return Verified(findings=findings, replay=replay, book=book)


def write_busy_day(n_cases: int, *, seed: int, n_people: int = 12, cheat_every: int = 0) -> TrailWriter:
    """Write the trail of a day: cases come, are taken, given back, decided at every stage.

    Args:
        n_cases: How many cases.
        seed: Of its chance.
        n_people: How many reviewers and supervisors.
        cheat_every: Every so many assignments the second best case is given, and noted in ``cheated``.
    """
    chance, writer = random.Random(seed), TrailWriter()
    for n in range(n_people):
        role = Role.SUPERVISOR if n % 6 == 5 else Role.REVIEWER
        writer.hire(role=role, port=("YTN", "SKZ", None)[n % 3], quals=n % 4)
    held: dict[int, int] = {}
    waiting: set[int] = set()
    n_given = 0
    while len(writer.cases) < n_cases or held or waiting:
        if len(writer.cases) < n_cases and len(waiting) < MAX_WAITING and chance.random() < 0.6:
            port, mask = chance.choice(["YTN", "SKZ", "MWB"]), chance.choice([0, 0, 0, 1])
            waiting.add(writer.open(due=len(writer.cases) // 10, port=port, qual_mask=mask))
            continue
        someone = writer.people[chance.randint(1, n_people)]
        case_id = held.pop(someone.account_id, None)
        if case_id is not None:
            if _finish(writer, someone, case_id, chance):
                waiting.add(case_id)
            continue
        ready = [one for n in waiting if is_eligible(someone, one := writer.cases[n].ready())]
        if ready:
            ready.sort(key=lambda one: one.rank)
            n_given += 1
            is_cheat = bool(cheat_every) and len(ready) > 1 and n_given % cheat_every == 0
            case_id = ready[is_cheat].case_id
            row = writer.lease(someone, case_id)
            if is_cheat:
                writer.cheated.append(row.seq)
            waiting.remove(case_id)
            held[someone.account_id] = case_id
    return writer


def _finish(writer: TrailWriter, someone: Reviewer, case_id: int, chance: random.Random) -> bool:
    """Decide a held case or give it back; return whether it waits again."""
    case, x = writer.cases[case_id], chance.random()
    if x < 0.1:
        writer.give_back(someone, case_id)
    elif x < 0.2 and case.stage == Stage.PRIMARY:
        writer.decide(someone, case_id, Verdict.RELEASE, stage=2)
    elif x < 0.3 and case.stage != Stage.SUPERVISOR:
        writer.decide(someone, case_id, Verdict.ESCALATE, stage=3)
    else:
        writer.decide(someone, case_id, Verdict.RELEASE)
        return False
    return True
