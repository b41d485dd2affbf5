"""``verify_trail`` on a real database: silent about honest work, and whatever is tampered with is named."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from app.database import open_pool
from app.signing_key import public_keys_of
from review_queue import claim_statements, statements
from review_queue.cases import Decision, Marks, Reviewer, Role, Verdict
from review_queue.inspections import InspectionOutcome, InspectionResult, report_inspection
from review_queue.ranking import reveal_secrets
from review_queue.verification.findings import FindingCode
from review_queue.verification.run import verify_trail
from review_ui.accounts import create_account
from tests.integration.queue.conftest import MakeRoom, QueueRoom
from tests.integration.queue.sealing import Notary, tampering
from tests.integration.queue.test_concurrency import N_TASKS, Crowd

LAST_SEAL = "(SELECT max(seal_no) FROM seals)"


@pytest.fixture
def notary(pool: asyncpg.Pool, tmp_path: Path) -> Notary:
    """Who seals and verifies the room's database."""
    return Notary(pool=pool, folder=tmp_path)


async def work(room: QueueRoom, notary: Notary) -> None:
    """Let cases go through every kind of move, some still waiting or on a seat; three seals."""
    li, wang = await room.hire("li"), await room.hire("wang", port="SKZ")
    head = await room.hire("head", Role.SUPERVISOR)
    for n in range(9):
        await room.open(port="SKZ" if n % 3 == 0 else "YTN", risk=0.95 if n % 4 == 0 else 0.5)
    await notary.seal()
    for reviewer in (li, wang, li, wang):
        lease = await room.claim(reviewer)
        await room.queue.prefetch_case(reviewer)
        await room.decide(reviewer, lease, Verdict.RELEASE)
        await room.queue.release_leases(reviewer)
    await notary.seal()
    await room.decide(li, await room.claim(li), Verdict.ESCALATE)
    lease = await room.claim(head)
    marks = Marks(
        annotations=[{"box": [10.5, -0.0, 30.0, 1e300], "kind": "gun", "note": "枪"}],
        finding_votes=[{"finding_id": 0, "accepted": False}],
    )
    marked = Decision(
        case_id=lease.case_id, token=lease.token, verdict=Verdict.INSPECT, note="see mark", marks=marks
    )
    await room.queue.decide(head, marked)
    for note in ("under the floor", "above the door"):
        await report(room.pool, lease.scan_id, note)
    await room.claim(wang)
    await room.expire_all()
    await room.queue.sweep_expired()
    await room.claim(wang)
    await notary.seal()


async def report(pool: asyncpg.Pool, scan_id: str, note: str) -> None:
    """Report that a gun was found."""
    outcome = InspectionOutcome(
        result=InspectionResult.FOUND, kinds=["gun"], note=note, inspected_at=datetime.now(UTC)
    )
    async with pool.acquire() as conn:
        await report_inspection(conn, scan_id, outcome, actor="station:YTN-01")


async def test_verify_trail__honest_work_is_good(room: QueueRoom, notary: Notary) -> None:
    """Every move, seal and assignment of honest work holds, before and after the secrets are revealed."""
    await work(room, notary)
    report = await notary.verify()
    assert report.findings == []
    assert report.n_assignments >= 8
    assert (report.n_ranks, report.n_unsealed, report.n_unexplained) == (0, 0, 0)
    assert report.n_ranks_unrevealed > 9
    assert len(await reveal_secrets(room.pool, grace_s=-172_800)) == 2
    revealed = await notary.verify()
    assert revealed.findings == []
    assert (revealed.n_ranks, revealed.days_unrevealed) == (report.n_ranks_unrevealed, [])
    assert revealed.n_unsealed == 2


async def test_verify_trail__a_crowd_is_good(database_url: str, tmp_path: Path) -> None:
    """Twelve tasks of two processes, with batches, returns and expiry: nothing is accused wrongly."""
    async with open_pool(database_url, max_connections=N_TASKS + 4) as pool:
        notary = Notary(pool=pool, folder=tmp_path)
        crowd = Crowd(pool, seed=7)
        await crowd.seed()
        tasks = asyncio.gather(*(crowd.act(60) for _ in range(N_TASKS)))
        while not tasks.done():
            await notary.seal()
            await asyncio.sleep(0.02)
        await tasks
        await notary.seal()
        await reveal_secrets(pool, grace_s=-172_800)
        report = await notary.verify()
        assert report.findings == []
        assert report.n_seals > 3
        assert report.n_assignments > 150
        assert report.n_ranks > 150
        # Tabs of one reviewer that claim at once roll each other back, and a claim that was rolled back
        # leaves no trace of what it had locked: this crowd has more of that than people have.
        assert report.n_unexplained < report.n_assignments / 4


SqlTampering = tuple[str, FindingCode, str | None]
# What is done, what it is called, and a query for the row that must be named (run before it is done).
ROWS: dict[str, SqlTampering] = {
    "edit": (
        "UPDATE audit SET verdict = 'inspect'"
        " WHERE seq = (SELECT min(seq) FROM audit WHERE verdict = 'release')",
        FindingCode.ROW_EDITED,
        "SELECT min(seq) FROM audit WHERE verdict = 'release'",
    ),
    "edit of a time": (
        "UPDATE audit SET at = at + interval '1 microsecond' WHERE seq = 7",
        FindingCode.ROW_EDITED,
        "SELECT 7",
    ),
    "edit of a snapshot": (
        "UPDATE audit SET seen = '1:1:' WHERE seq = (SELECT min(seq) FROM audit WHERE seen IS NOT NULL)",
        FindingCode.ROW_EDITED,
        "SELECT min(seq) FROM audit WHERE seen IS NOT NULL",
    ),
    "deletion": ("DELETE FROM audit WHERE seq = 9", FindingCode.ROW_DELETED, "SELECT 9"),
    "swap": (
        "UPDATE audit a SET actor = b.actor, event = b.event, case_id = b.case_id, rank = b.rank,"
        " detail = b.detail, scan_id = b.scan_id FROM audit b"
        " WHERE (a.seq, b.seq) IN ((4, 6), (6, 4))",
        FindingCode.ROW_EDITED,
        "SELECT 4",
    ),
    "exchange of places": (
        "UPDATE audit SET xid = (SELECT xid FROM audit b WHERE b.seq = 10 - audit.seq) WHERE seq IN (4, 6)",
        FindingCode.ROW_MOVED,
        "SELECT 4",
    ),
    "insertion": (
        "INSERT INTO audit (actor, event, xid, seq) OVERRIDING SYSTEM VALUE"
        " SELECT 'system:test', 'invented', xid, 100000 FROM audit WHERE seq = 5",
        FindingCode.ROW_INSERTED,
        "SELECT 100000",
    ),
    "tail cut": (
        "DELETE FROM audit WHERE seq >= (SELECT max(seq) - 3 FROM audit)",
        FindingCode.ROW_DELETED,
        "SELECT max(seq) - 3 FROM audit",
    ),
    "row pushed out of its seal": (
        "UPDATE audit SET xid = pg_current_xact_id() WHERE seq = 8",
        FindingCode.ROW_DELETED,
        "SELECT 8",
    ),
}


@pytest.mark.parametrize("name", ROWS)
async def test_verify_trail__tampered_row_is_named(make_room: MakeRoom, notary: Notary, name: str) -> None:
    """Whatever is done to a sealed row, the first finding names the first row it was done to."""
    statement, code, row = ROWS[name]
    await work(make_room(), notary)
    seq = await notary.pool.fetchval(row or "")
    async with tampering(notary.pool) as conn:
        await conn.execute(statement)
    assert await notary.first_found() == (code, seq)


SEALS: dict[str, SqlTampering] = {
    "other root": (
        "UPDATE seals SET root = sha256(root) WHERE seal_no = 2",
        FindingCode.SEAL_SIGNATURE_INVALID,
        None,
    ),
    "other time": (
        "UPDATE seals SET sealed_at = now() WHERE seal_no = 2",
        FindingCode.SEAL_SIGNATURE_INVALID,
        None,
    ),
    "deleted": ("DELETE FROM seals WHERE seal_no = 2", FindingCode.SEAL_MISSING, None),
    "leaves": (
        "UPDATE seals SET leaves = set_byte(leaves, 19, 255 - get_byte(leaves, 19)) WHERE seal_no = 1",
        FindingCode.SEAL_LEAVES_ALTERED,
        "SELECT seq FROM audit ORDER BY xid, seq LIMIT 1",
    ),
}


@pytest.mark.parametrize("name", SEALS)
async def test_verify_trail__tampered_seal_is_named(make_room: MakeRoom, notary: Notary, name: str) -> None:
    """A seal that was changed or removed is found."""
    statement, code, row = SEALS[name]
    await work(make_room(), notary)
    async with tampering(notary.pool) as conn:
        await conn.execute(statement)
    assert await notary.first_found() == (code, None if row is None else await notary.pool.fetchval(row))


async def test_verify_trail__newest_seals_cut_off_with_their_rows_are_noticed(
    make_room: MakeRoom, notary: Notary
) -> None:
    """What is left is a good chain; the anchor file tells that it went on."""
    room = make_room()
    await work(room, notary)
    async with tampering(room.pool) as conn:
        await conn.execute("DELETE FROM audit WHERE xid >= (SELECT from_xid FROM seals WHERE seal_no = 3)")
        await conn.execute("DELETE FROM seals WHERE seal_no = 3")
    codes = [finding.code for finding in (await notary.verify()).findings]
    assert codes[0] is FindingCode.TRAIL_CUT
    without = {finding.code for finding in (await notary.verify(with_anchor=False)).findings}
    # The tables that went on without the trail tell too.
    assert without >= {FindingCode.PLACE_DIFFERS, FindingCode.DECISION_UNAUDITED}
    assert FindingCode.TRAIL_CUT not in without


async def test_verify_trail__forged_with_another_key_is_named(make_room: MakeRoom, notary: Notary) -> None:
    """An edited row that was sealed again with another key: key and anchor give it away."""
    room = make_room()
    await work(room, notary)
    async with tampering(room.pool) as conn:
        await conn.execute("DELETE FROM seals WHERE seal_no = 3")
        await conn.execute("UPDATE audit SET detail = 'x' WHERE seq = (SELECT max(seq) FROM audit)")
    forger = Notary(pool=room.pool, folder=notary.folder / "forger")
    assert await forger.seal() > 0
    codes = [finding.code for finding in (await notary.verify()).findings]
    assert codes[:2] == [FindingCode.SEAL_KEY_UNKNOWN, FindingCode.ANCHOR_DIFFERS]


TABLES: dict[str, tuple[str, FindingCode]] = {
    "decision deleted": (
        "DELETE FROM decisions WHERE decision_id = (SELECT min(decision_id) FROM decisions)",
        FindingCode.DECISION_MISSING,
    ),
    "decision changed": (
        "UPDATE decisions SET verdict = 'inspect'"
        " WHERE decision_id = (SELECT min(decision_id) FROM decisions)",
        FindingCode.DECISION_MISSING,
    ),
    "decision invented": (
        "INSERT INTO decisions (case_id, cycle, stage, reviewer, verdict, token, shown_at)"
        " SELECT case_id, 7, 1, 1, 'release', 999, now() FROM cases LIMIT 1",
        FindingCode.DECISION_UNAUDITED,
    ),
    "note changed": (
        "UPDATE decisions SET note = 'not me' WHERE decision_id = (SELECT max(decision_id) FROM decisions)",
        FindingCode.DECISION_EDITED,
    ),
    "reason changed": (
        "UPDATE decisions SET reason_codes = '{weapon}'"
        " WHERE decision_id = (SELECT min(decision_id) FROM decisions)",
        FindingCode.DECISION_EDITED,
    ),
    "mark moved": (
        "UPDATE decision_marks SET annotations = jsonb_set(annotations, '{0,box,0}', '11')",
        FindingCode.DECISION_EDITED,
    ),
    "vote turned": (
        "UPDATE decision_marks SET finding_votes = jsonb_set(finding_votes, '{0,accepted}', 'true')",
        FindingCode.DECISION_EDITED,
    ),
    "marks deleted": ("DELETE FROM decision_marks", FindingCode.DECISION_EDITED),
    "marks invented": (
        "INSERT INTO decision_marks SELECT case_id, cycle, stage, '[{}]', '[]' FROM decisions"
        " ORDER BY decision_id LIMIT 1",
        FindingCode.DECISION_EDITED,
    ),
    "outcome changed": (
        "UPDATE inspection_outcomes SET result = 'nothing', kinds = '{}'",
        FindingCode.INSPECTION_UNAUDITED,
    ),
    "outcome's note changed": (
        "UPDATE inspection_outcomes SET note = 'x' WHERE revision = 1",
        FindingCode.INSPECTION_UNAUDITED,
    ),
    "outcome deleted": (
        "DELETE FROM inspection_outcomes WHERE revision = 2",
        FindingCode.INSPECTION_MISSING,
    ),
    "outcome invented": (
        "INSERT INTO inspection_outcomes SELECT scan_id, cycle, 3, result, kinds, note, inspected_at,"
        " reported_by FROM inspection_outcomes LIMIT 1",
        FindingCode.INSPECTION_UNAUDITED,
    ),
    "disposition changed": (
        "UPDATE dispositions SET disposition = 'rescan'"
        " WHERE scan_id = (SELECT min(scan_id) FROM dispositions)",
        FindingCode.DISPOSITION_MISSING,
    ),
    "disposition invented": (
        "INSERT INTO dispositions (scan_id, cycle, disposition, source)"
        " VALUES ('XR-1', 1, 'release', 'screening')",
        FindingCode.DISPOSITION_UNAUDITED,
    ),
    "rank of a waiting case": (
        "UPDATE ready SET rank = 1 WHERE rank = (SELECT max(rank) FROM ready)",
        FindingCode.PLACE_DIFFERS,
    ),
    "port of a waiting case": (
        "UPDATE ready SET port = 'MWB' WHERE rank = (SELECT max(rank) FROM ready)",
        FindingCode.PLACE_DIFFERS,
    ),
    "waiting case lost": (
        "DELETE FROM ready WHERE rank = (SELECT max(rank) FROM ready)",
        FindingCode.PLACE_DIFFERS,
    ),
    "case deleted": (
        "DELETE FROM cases WHERE case_id = (SELECT max(case_id) FROM cases WHERE closed_at IS NOT NULL)",
        FindingCode.PLACE_DIFFERS,
    ),
    "case given to another": (
        "UPDATE seats SET first_reviewer = 99 WHERE slot = 0 AND case_id IS NOT NULL",
        FindingCode.PLACE_DIFFERS,
    ),
    "due time of a case": (
        "UPDATE cases SET due_at = due_at - interval '1 hour' WHERE case_id = 1",
        FindingCode.PLACE_DIFFERS,
    ),
    "secret exchanged": (
        "UPDATE rank_secrets SET secret = sha256('x'), commitment = sha256(sha256('x'))",
        FindingCode.SECRET_WRONG,
    ),
}


async def test_verify_trail__decisions_from_before_their_digests_are_not_accused(
    make_room: MakeRoom, notary: Notary
) -> None:
    """A trail whose rows carry no digest yet says nothing of notes and marks, and is good."""
    room = make_room()
    li = await room.hire("li")
    await room.open()
    await room.decide(li, await room.claim(li), Verdict.RELEASE)
    async with tampering(room.pool) as conn:
        await conn.execute("UPDATE audit SET detail = regexp_replace(detail, ' content=[0-9a-f]+', '')")
        await conn.execute("UPDATE decisions SET note = 'as it was'")
    await notary.seal()
    assert (await notary.verify()).findings == []


@pytest.mark.parametrize("name", TABLES)
async def test_verify_trail__tampered_table_is_found(make_room: MakeRoom, notary: Notary, name: str) -> None:
    """Decisions, dispositions, places, ranks and secrets that are not what the trail says are found."""
    statement, code = TABLES[name]
    await work(make_room(), notary)
    assert await notary.first_found() is None
    async with tampering(notary.pool) as conn:
        assert await conn.execute(statement) not in ("UPDATE 0", "DELETE 0", "INSERT 0 0")
    codes = [finding.code for finding in (await notary.verify()).findings]
    assert codes[0] is code


async def test_verify_trail__claim_that_takes_the_last_case_is_found(
    make_room: MakeRoom, notary: Notary, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted dishonesty: a claim that walks the queue backwards is found at its first assignment."""
    crooked = claim_statements.CLAIM.replace("ORDER BY rank\n", "ORDER BY rank DESC\n")
    assert crooked != claim_statements.CLAIM
    monkeypatch.setattr(claim_statements, "CLAIM", crooked)
    room = make_room()
    reviewer = await room.hire("li")
    await room.pool.execute(statements.MAKE_SEATS, reviewer.account_id)
    for _ in range(5):
        await room.open()
    await room.claim(reviewer)
    seq = await room.pool.fetchval("SELECT min(seq) FROM audit WHERE event = 'case_leased'")
    assert await notary.first_found() == (FindingCode.CASE_SKIPPED, seq)


@pytest.mark.parametrize(
    ("told", "case"),
    [({"port": None}, {"port": "YTN"}), ({"quals": 7}, {"qual_mask": 4})],
)
async def test_verify_trail__reviewer_who_claims_as_somebody_else_is_found(
    make_room: MakeRoom, notary: Notary, told: dict[str, int | None], case: dict[str, int]
) -> None:
    """A process that leaves out a reviewer's own port, or invents a qualification, is found."""
    room = make_room()
    reviewer = await room.hire("li", port="YTN", quals=1)
    await room.open(**{"port": "SKZ", **case})  # type: ignore[arg-type]
    await room.claim(replace(reviewer, **told))  # type: ignore[arg-type]
    found = await notary.first_found()
    assert found is not None
    assert found[0] is FindingCode.CASE_INELIGIBLE


async def test_verify_trail__account_changed_behind_the_trail_is_found(
    make_room: MakeRoom, notary: Notary
) -> None:
    """An account keeps the port and qualifications that its creation was audited with."""
    room = make_room()
    async with room.pool.acquire() as conn:
        account_id = await create_account(
            conn, login="li.wei", display_name="Li", role="reviewer", password="correct horse", port="YTN"
        )
        assert await notary.first_found() is None
        await conn.execute("UPDATE accounts SET port = NULL WHERE account_id = $1", account_id)
    found = await notary.first_found()
    assert found is not None
    assert found[0] is FindingCode.ACCOUNT_CHANGED
    # The replay uses what was audited: claiming as the table has it does not help.
    await room.open(port="YTN")
    await room.claim(Reviewer(account_id=account_id, role=Role.REVIEWER, port=None, quals=0))
    codes = {finding.code for finding in (await notary.verify()).findings}
    assert FindingCode.CASE_INELIGIBLE in codes


async def test_verify_trail__only_what_happened_since_is_judged(make_room: MakeRoom, notary: Notary) -> None:
    """Older rows and seals are followed without being judged."""
    room = make_room()
    await work(room, notary)
    async with tampering(room.pool) as conn:
        await conn.execute("UPDATE audit SET actor = 'account:1' WHERE seq = 2")
    async with room.pool.acquire() as conn:
        now = await conn.fetchval("SELECT clock_timestamp()")
        keys = public_keys_of(notary.key)
        assert not (await verify_trail(conn, keys=keys)).is_good
        assert (await verify_trail(conn, keys=keys, since=now)).is_good


async def test_verify_trail__while_others_go_on_is_good(room: QueueRoom, notary: Notary) -> None:
    """Verifying a running system sees one moment of it: rows, seals, tables and anchor fit together."""
    await work(room, notary)
    li = await room.hire("zhao")
    stop = asyncio.Event()

    async def go_on() -> None:
        while not stop.is_set():
            await room.open()
            await room.decide(li, await room.claim(li), Verdict.INSPECT)
            await notary.seal()

    going = asyncio.create_task(go_on())
    try:
        for _ in range(10):
            assert (await notary.verify()).findings == []
    finally:
        stop.set()
        await going
