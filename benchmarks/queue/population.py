"""Fills a database: ports, reviewers with seats and sessions, scans, cases, ready rows with true ranks.

Rows go in by COPY and with triggers off, since only the state they make is of interest, not how fast it comes
about. The state is one that the system itself could have made: each case has its scan, its audit rows and,
at stage 2, the first reviewer's decision; each rank is that of ``review_queue.ranking``.
"""

import hashlib
import itertools
import random
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import asyncpg

from benchmarks.queue.cluster import Database
from benchmarks.queue.people import (
    HEAD_MASK,
    HEAD_PORT,
    N_PORTS,
    N_QUALS,
    PORTS,
    everybody,
    reviewer,
    session_token,
)
from benchmarks.queue.workload import N_REVIEWERS
from review_queue.audit import Connection, account_actor
from review_queue.cases import CaseReason, Stage
from review_queue.policy import QueuePolicy
from review_queue.ranking import DailySecrets, draw_random, pack_rank
from review_queue.states import Move

CHUNK = 25_000
STATION = "bench"
# One case in ten waits for its second review; three in ten need one of the qualifications.
SECOND_REVIEW_EVERY = 10
QUALIFIED_SHARE = 0.3
SAMPLED_SHARE = 0.2
ARRIVALS_PER_S = 20
FIRST_BAND = 0

PEOPLE = """
INSERT INTO accounts (account_id, login, display_name, role, port, quals, password_hash)
    OVERRIDING SYSTEM VALUE
SELECT number, 'bench-' || number, 'bench ' || number, 'reviewer', port, quals, '!'
FROM unnest($1::bigint[], $2::text[], $3::bigint[]) AS r (number, port, quals)
"""
SEATS = (
    "INSERT INTO seats (reviewer, slot) SELECT account_id, slot FROM accounts, generate_series(0, 1) AS slot"
)
SESSIONS = """
INSERT INTO sessions (token_sha256, account_id, expires_at)
SELECT token_sha256, account_id, now() + interval '12 hours'
FROM unnest($1::bytea[], $2::bigint[]) AS s (token_sha256, account_id)
"""
SCANS = f"""
INSERT INTO scans (scan_id, station_id, port, idempotency_key, request_sha256, modality, direction,
    scanned_at, received_at, width_px, height_px, n_channels, bit_depth, image_digests, px16_full,
    px16_preview)
SELECT 'XR-BENCH-' || lpad(n::text, 8, '0'), '{STATION}', port, n::text, sha256(n::text::bytea), 'cargo',
    'import', arrived_at, arrived_at, 2500, 1000, 2, 16, ARRAY[sha256(n::text::bytea)],
    sha256(n::text::bytea), sha256(n::text::bytea)
FROM unnest($1::bigint[], $2::text[], $3::timestamptz[]) AS s (n, port, arrived_at)
"""
CASE_COLUMNS = (
    *("case_id", "scan_id", "port", "modality", "reason", "risk", "band", "due_at", "qual_mask", "opened_at"),
)
READY_COLUMNS = ("case_id", "rank", "port", "qual_mask", "stage", "first_reviewer")
# Each case enters ready in a transaction of its own, as after its screening: who put a row there (``xid``) is
# a part of the queue's statistics and of its plans.
STAGE = f"CREATE TEMP TABLE IF NOT EXISTS staged AS SELECT {', '.join(READY_COLUMNS)} FROM ready LIMIT 0"
ENTER = f"""
DO $$
DECLARE one record;
BEGIN
    FOR one IN SELECT * FROM staged LOOP
        INSERT INTO ready ({", ".join(READY_COLUMNS)})
        VALUES ({", ".join(f"one.{name}" for name in READY_COLUMNS)});
        COMMIT;
    END LOOP;
END $$
"""
DECISION_COLUMNS = ("case_id", "cycle", "stage", "reviewer", "verdict", "reason_codes", "token", "shown_at")
AUDIT_COLUMNS = (
    *("actor", "event", "scan_id", "case_id", "cycle", "stage", "slot", "token", "rank", "verdict", "detail"),
)
# Idle time of reviewers is not measured: before each round they come back from a rest.
RESTED = "UPDATE seats SET working_since = NULL, left_at = NULL WHERE working_since IS NOT NULL"


@dataclass(frozen=True, kw_only=True)
class NewCase:
    """One case to be: what its rows are made of."""

    number: int
    port: str
    qual_mask: int
    band: int
    risk: float
    reason: CaseReason
    arrived_at: datetime
    due_at: datetime
    first_reviewer: int | None


class Population:
    """Fills one database; its connection stays open between rounds and does nothing during them."""

    def __init__(self, connection: Connection, *, secret: bytes, today: date) -> None:
        self._connection = connection
        self._secret = secret
        self._today = today
        self._midnight = datetime.combine(today, time(), UTC)

    async def add_people(self) -> None:
        """Add the ports, the station, and every reviewer with both seats and a session."""
        connection = self._connection
        await connection.executemany(
            "INSERT INTO ports VALUES ($1, $2, $3)", [(code, f"口岸{code}", f"Port {code}") for code in PORTS]
        )
        await connection.execute(
            "INSERT INTO stations (station_id, port, name) VALUES ($1, $2, 'Benchmark')", STATION, PORTS[0]
        )
        people = [reviewer(number) for number in everybody()]
        await connection.execute(
            PEOPLE, everybody(), [one.port for one in people], [one.quals for one in people]
        )
        await connection.execute(f"SELECT setval('accounts_account_id_seq', {N_REVIEWERS})")
        await connection.execute(SEATS)
        tokens = [hashlib.sha256(session_token(number).encode()).digest() for number in everybody()]
        await connection.execute(SESSIONS, tokens, everybody())

    async def top_up(self, depth: int) -> None:
        """Add cases until ``depth`` are ready."""
        await self.add_cases(depth - int(await self._connection.fetchval("SELECT count(*) FROM ready")))

    async def add_cases(self, n_cases: int) -> None:
        """Add ordinary cases that arrive after all there are."""
        first = await self._next_number()
        rng = random.Random(first)
        policy = QueuePolicy()
        await self._add(self._ordinary(first + k, rng, policy) for k in range(n_cases))

    async def add_head(self, n_cases: int) -> None:
        """Add cases before all others that nobody of ``people.outsiders`` is eligible for."""
        first = await self._next_number()
        await self._add(self._headed(first + k) for k in range(n_cases))

    async def rest(self) -> None:
        """Let every reviewer come back from a rest."""
        await self._connection.execute(RESTED)

    def _ordinary(self, number: int, rng: random.Random, policy: QueuePolicy) -> NewCase:
        port = PORTS[number * 7 % N_PORTS]
        reason = CaseReason.SAMPLED if rng.random() < SAMPLED_SHARE else CaseReason.FINDING
        risk = rng.random() ** 2 if reason is CaseReason.FINDING else rng.random() * 0.3
        arrived_at = self._arrival(number)
        band = policy.band_of(reason, risk)
        qual_mask = 1 << rng.randrange(N_QUALS) if rng.random() < QUALIFIED_SHARE else 0
        is_second = number % SECOND_REVIEW_EVERY == 0
        return NewCase(
            number=number,
            port=port,
            qual_mask=qual_mask,
            band=band,
            risk=risk,
            reason=reason,
            arrived_at=arrived_at,
            due_at=arrived_at + timedelta(seconds=policy.sla_s[band]),
            first_reviewer=_first_reviewer(port, qual_mask, rng) if is_second else None,
        )

    def _headed(self, number: int) -> NewCase:
        """Half of the head is the outsiders' own port, half needs the bit they lack."""
        is_own_port = number % 2 == 0
        arrived_at = self._arrival(number)
        return NewCase(
            number=number,
            port=HEAD_PORT if is_own_port else PORTS[1 + number % (N_PORTS - 1)],
            qual_mask=0 if is_own_port else HEAD_MASK,
            band=FIRST_BAND,
            risk=1.0,
            reason=CaseReason.FINDING,
            arrived_at=arrived_at,
            due_at=arrived_at,
            first_reviewer=None,
        )

    def _arrival(self, number: int) -> datetime:
        return self._midnight + timedelta(seconds=number / ARRIVALS_PER_S)

    async def _next_number(self) -> int:
        return int(await self._connection.fetchval("SELECT coalesce(max(case_id), 0) + 1 FROM cases"))

    async def _add(self, cases: Iterator[NewCase]) -> None:
        while chunk := list(itertools.islice(cases, CHUNK)):
            async with self._connection.transaction():
                await self._add_chunk(chunk)
            await self._connection.execute(ENTER)
            await self._connection.execute("TRUNCATE staged")

    async def _add_chunk(self, cases: Sequence[NewCase]) -> None:
        """Add cases up to the door of the queue."""
        last = cases[-1].number
        columns = [
            [case.number for case in cases],
            [case.port for case in cases],
            [case.arrived_at for case in cases],
        ]
        await self._connection.execute(SCANS, *columns)
        await self._copy("cases", CASE_COLUMNS, (_case_row(case) for case in cases))
        await self._connection.execute(STAGE)
        await self._copy("staged", READY_COLUMNS, (self._ready_row(case) for case in cases))
        await self._copy(
            "decisions", DECISION_COLUMNS, (_decision_row(case) for case in cases if case.first_reviewer)
        )
        await self._copy("audit", AUDIT_COLUMNS, (row for case in cases for row in self._audit_rows(case)))
        await self._connection.execute(f"SELECT setval('cases_case_id_seq', {last})")

    async def _copy(self, table: str, columns: Sequence[str], rows: Iterable[tuple[object, ...]]) -> None:
        await self._connection.copy_records_to_table(table, columns=columns, records=rows)

    def _rank(self, case: NewCase, stage: Stage) -> int:
        bits = draw_random(self._secret, case_id=case.number, cycle=1, stage=stage, tries=0)
        return pack_rank(band=case.band, due_at=case.due_at, random=bits)

    def _ready_row(self, case: NewCase) -> tuple[object, ...]:
        stage = Stage.PRIMARY if case.first_reviewer is None else Stage.SECOND
        rank = self._rank(case, stage)
        return (case.number, rank, case.port, case.qual_mask, int(stage), case.first_reviewer)

    def _audit_rows(self, case: NewCase) -> list[tuple[object, ...]]:
        scan_id, rank = _scan_id(case.number), self._rank(case, Stage.PRIMARY)
        about = (scan_id, case.number, 1, 1)
        opened = f"stage=1 tries=0 day={self._today}"
        rows: list[tuple[object, ...]] = [
            ("system:screening", Move.OPENED, *about, None, None, rank, None, opened)
        ]
        if case.first_reviewer is not None:
            actor, token = account_actor(case.first_reviewer), _past_token(case)
            next_rank = self._rank(case, Stage.SECOND)
            forwarded = f"stage=2 tries=0 day={self._today} why=sample"
            rows += [
                (actor, Move.LEASED, *about, 0, token, rank, None, None),
                (actor, Move.FORWARDED, *about, 0, token, next_rank, "inspect", forwarded),
            ]
        return rows


@asynccontextmanager
async def open_population(database: Database) -> AsyncIterator[Population]:
    """Open the population of a migrated database; an empty one has none yet (``add_people``)."""
    async with (
        asyncpg.create_pool(database.dsn, min_size=1, max_size=2) as pool,
        pool.acquire() as connection,
    ):
        today = await connection.fetchval("SELECT (now() AT TIME ZONE 'UTC')::date")
        secret = await DailySecrets(pool).of(connection, today)
        await connection.execute("SET session_replication_role = replica; SET synchronous_commit = off")
        yield Population(connection, secret=secret, today=today)


def _first_reviewer(port: str, qual_mask: int, rng: random.Random) -> int:
    while True:
        one = reviewer(rng.randint(1, N_REVIEWERS))
        if one.port != port and not qual_mask & ~one.quals:
            return one.account_id


def _scan_id(number: int) -> str:
    return f"XR-BENCH-{number:08}"


def _case_row(case: NewCase) -> tuple[object, ...]:
    return (
        *(case.number, _scan_id(case.number), case.port, "cargo", case.reason, case.risk, case.band),
        *(case.due_at, case.qual_mask, case.arrived_at),
    )


def _decision_row(case: NewCase) -> tuple[object, ...]:
    shown_at = case.arrived_at
    return (case.number, 1, 1, case.first_reviewer, "inspect", ["other"], _past_token(case), shown_at)


def _past_token(case: NewCase) -> int:
    """Return the token of the first review: none that the queue will give."""
    return -case.number
