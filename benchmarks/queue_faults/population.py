"""Fills a database with accounts and cases, and tells the history of both."""

import asyncio
import contextlib
import random
from datetime import UTC, date, datetime, timedelta

import asyncpg

from benchmarks.queue_faults.calls import Account
from benchmarks.queue_faults.history import CaseCycle, History, KnownCase
from review_queue.audit import Connection
from review_queue.cases import CaseReason, Reviewer, Role, Stage
from review_queue.errors import QueueError
from review_queue.policy import QueuePolicy
from review_queue.policy_store import store_policy
from review_queue.queue import ReviewQueue
from review_queue.ranking import DailySecrets, draw_random, pack_rank
from review_queue.states import Move
from review_ui.sessions import token_hash

PORTS = ("FLTA", "FLTB", "FLTC", "FLTD")
QUALS = (0, 1, 2, 3)
SUPERVISOR_EVERY = 6
HONEST = (*[Role.REVIEWER] * 6, *[Role.SUPERVISOR] * 2)
# Few kinds of cases, so that a case that comes back is soon taken again.
RISKS = (0.2, 0.95)
QUAL_MASKS = (0, 0, 0, 1, 2)
REOPENED_SHARE = 0.15
BATCH = 25
RETRY_S = 0.2
AWAY = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError)

SEED = """
INSERT INTO ports SELECT code, code, code FROM unnest($1::text[]) AS code
"""
STATION = "INSERT INTO stations (station_id, port, name) VALUES ('faults', $1, 'Faults')"
ACCOUNTS = """
INSERT INTO accounts (account_id, login, display_name, role, port, quals, password_hash)
    OVERRIDING SYSTEM VALUE
SELECT id, 'faults-' || id, 'Faults ' || id, role, port, quals, '!'
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[]) AS a (id, role, port, quals)
"""
SESSIONS = """
INSERT INTO sessions (token_sha256, account_id, expires_at)
SELECT token_sha256, account_id, now() + interval '12 hours'
FROM unnest($1::bytea[], $2::bigint[]) AS s (token_sha256, account_id)
"""
SCANS = """
INSERT INTO scans (scan_id, station_id, port, idempotency_key, request_sha256, modality, scanned_at, width_px,
    height_px, n_channels, bit_depth, image_digests, px16_full, px16_preview)
SELECT 'XR-FAULTS-' || id, 'faults', port, id::text, sha256(id::text::bytea), 'cargo', now(), 100, 100, 1, 16,
    ARRAY[sha256(id::text::bytea)], sha256(id::text::bytea), sha256(id::text::bytea)
FROM unnest($1::bigint[], $2::text[]) AS s (id, port)
"""
CASES = """
INSERT INTO cases (case_id, scan_id, port, modality, reason, risk, band, due_at, qual_mask)
    OVERRIDING SYSTEM VALUE
SELECT id, 'XR-FAULTS-' || id, port, 'cargo', $6, risk, band, $7, qual_mask
FROM unnest($1::bigint[], $2::text[], $3::real[], $4::smallint[], $5::bigint[])
    AS c (id, port, risk, band, qual_mask)
"""
READY = """
INSERT INTO ready (case_id, rank, port, qual_mask, stage)
SELECT case_id, rank, port, qual_mask, 1
FROM unnest($1::bigint[], $2::bigint[]) AS r (case_id, rank) JOIN cases USING (case_id)
"""
NOTED = """
INSERT INTO audit (actor, event, scan_id, case_id, cycle, stage, rank, detail)
SELECT 'system:screening', $3, scan_id, case_id, 1, 1, rank, $4
FROM unnest($1::bigint[], $2::bigint[]) AS r (case_id, rank) JOIN cases USING (case_id)
"""
N_OPENED = "SELECT count(*) FROM cases WHERE case_id = ANY ($1::bigint[])"


def rules(*, ttl_s: float) -> QueuePolicy:
    """Return the policy of a run: everything that can happen, happens within seconds."""
    return QueuePolicy(
        lease_ttl_s=ttl_s,
        prefetch_ttl_s=ttl_s,
        second_review_sample=0.2,
        pause_after_s=20.0,
        rest_s=0.5,
    )


class Population:
    """Adds people and cases to one database, through whatever happens to it.

    Args:
        pool: The database.
        history: Is told of every account and of every case.
        policy: The rules in force.
        rng: Chooses what kind of case comes next.
    """

    def __init__(self, pool: asyncpg.Pool, history: History, policy: QueuePolicy, rng: random.Random) -> None:
        self._pool = pool
        self._history = history
        self._policy = policy
        self._rng = rng
        self._secrets = DailySecrets(pool)
        self._queue = ReviewQueue(pool, policy)
        self._closed: list[CaseCycle] = []

    async def prepare(self, n_accounts: int) -> tuple[list[Account], list[Account]]:
        """Add ports, the policy and accounts.

        Returns:
            Accounts of every kind, and those who may together decide every case, for the end.
        """
        people = [_person(number) for number in range(1, n_accounts + 1)]
        honest = [
            Reviewer(account_id=n_accounts + number, role=role, port=None, quals=max(QUALS))
            for number, role in enumerate(HONEST, start=1)
        ]
        async with self._pool.acquire() as conn, conn.transaction():
            await conn.execute(SEED, PORTS)
            await conn.execute(STATION, PORTS[0])
            await store_policy(conn, self._policy, author="system:faults")
            await _add_people(conn, [*people, *honest])
        self._history.people |= {one.account_id: one for one in (*people, *honest)}
        return [_account(one) for one in people], [_account(one) for one in honest]

    def note_closed(self, case_id: int, cycle: int) -> None:
        """Remember a closed cycle: its case may be opened again."""
        self._closed.append((case_id, cycle))

    async def open_cases(self, n_cases: int) -> None:
        """Open cases, new ones or further cycles of closed ones; come what may, until they are open."""
        for _ in range(n_cases):
            if self._closed and self._rng.random() < REOPENED_SHARE:
                await self._reopen(*self._closed.pop(self._rng.randrange(len(self._closed))))
        n_left = n_cases
        while n_left > 0:
            await self._open(min(n_left, BATCH))
            n_left -= BATCH

    async def reassess(self) -> None:
        """Change how urgent some case is, wherever it is; give up if that fails."""
        case_id = self._rng.randint(1, len(self._history.cases))
        # RuntimeError: a planted bug has lost the case, which the end will show.
        with contextlib.suppress(*AWAY, QueueError, RuntimeError):
            async with self._pool.acquire() as conn, conn.transaction():
                await self._queue.reprioritize_case(
                    conn,
                    _scan_id(case_id),
                    reason=CaseReason.FINDING,
                    risk=self._rng.choice(RISKS),
                    screening_id=None,
                    actor="system:faults",
                    may_lower=True,
                )

    async def _open(self, n_cases: int) -> None:
        first = len(self._history.cases) + 1
        ids = list(range(first, first + n_cases))
        known = [KnownCase(port=self._rng.choice(PORTS), qual_mask=self._rng.choice(QUAL_MASKS)) for _ in ids]
        risks = [self._rng.choice(RISKS) for _ in ids]
        # What a failed transaction did is found out, not guessed: a retry must not open a case twice.
        while True:
            try:
                if not await self._pool.fetchval(N_OPENED, ids):
                    await self._insert(ids, known, risks)
                break
            except AWAY:
                await asyncio.sleep(RETRY_S)
        self._history.cases |= dict(zip(ids, known, strict=True))
        self._history.opened |= {(case_id, 1) for case_id in ids}

    async def _insert(self, ids: list[int], known: list[KnownCase], risks: list[float]) -> None:
        now = datetime.now(UTC)
        bands = [self._policy.band_of(CaseReason.FINDING, risk) for risk in risks]
        ports = [case.port for case in known]
        due_at = now + timedelta(seconds=self._policy.sla_s[0])
        async with self._pool.acquire() as conn, conn.transaction():
            ranks = await self._ranks(conn, ids, bands, due_at, now.date())
            await conn.execute(SCANS, ids, ports)
            masks = [case.qual_mask for case in known]
            await conn.execute(CASES, ids, ports, risks, bands, masks, CaseReason.FINDING, due_at)
            await conn.execute(READY, ids, ranks)
            detail = f"stage=1 tries=0 day={now.date()}"
            await conn.execute(NOTED, ids, ranks, Move.OPENED, detail)

    async def _ranks(
        self, conn: Connection, ids: list[int], bands: list[int], due_at: datetime, today: date
    ) -> list[int]:
        secret = await self._secrets.of(conn, today)
        ranks = []
        for case_id, band in zip(ids, bands, strict=True):
            random_bits = draw_random(secret, case_id=case_id, cycle=1, stage=Stage.PRIMARY, tries=0)
            ranks.append(pack_rank(band=band, due_at=due_at, random=random_bits))
        return ranks

    async def _reopen(self, case_id: int, cycle: int) -> None:
        """Open the next cycle of a closed case by the queue's own code; give up if that fails."""
        try:
            async with self._pool.acquire() as conn, conn.transaction():
                opened = await self._queue.reopen_case(
                    conn,
                    _scan_id(case_id),
                    risk=self._rng.choice(RISKS),
                    screening_id=None,
                    actor="system:faults",
                )
        except (*AWAY, QueueError):
            return
        self._history.opened.add((case_id, opened))


async def _add_people(conn: Connection, people: list[Reviewer]) -> None:
    """Insert accounts with a session each; seats are made when they first ask."""
    ids = [one.account_id for one in people]
    await conn.execute(
        ACCOUNTS,
        ids,
        [one.role for one in people],
        [one.port for one in people],
        [one.quals for one in people],
    )
    digests = [token_hash(_account(one).cookie) for one in people]
    await conn.execute(SESSIONS, digests, ids)


def _scan_id(case_id: int) -> str:
    return f"XR-FAULTS-{case_id}"


def _account(one: Reviewer) -> Account:
    return Account(account_id=one.account_id, cookie=f"faults-{one.account_id}")


def _person(number: int) -> Reviewer:
    is_supervisor = number % SUPERVISOR_EVERY == 0
    return Reviewer(
        account_id=number,
        role=Role.SUPERVISOR if is_supervisor else Role.REVIEWER,
        port=(*PORTS, None)[number % (len(PORTS) + 1)],
        quals=QUALS[number // 7 % len(QUALS)],
    )
