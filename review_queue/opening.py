"""How a scan enters the queue, leaves it unseen, or comes back: always in the caller's transaction."""

from datetime import date, datetime

import asyncpg

from review_queue import statements as sql
from review_queue.audit import Connection, record
from review_queue.cases import CaseReason, Disposition, NewCase, Stage
from review_queue.dispositions import record_disposition
from review_queue.errors import (
    CaseExistsError,
    ScanDisposedError,
    ScanNotDisposedError,
    ScanUnknownError,
    ScreeningMissingError,
)
from review_queue.policy_store import PolicyHolder
from review_queue.ranking import DailySecrets, draw_random, pack_rank
from review_queue.states import Move

SCREENING = "system:screening"


class CaseOpener:
    """Opens cases. One per queue, sharing its policy and secrets."""

    def __init__(self, policy: PolicyHolder, secrets: DailySecrets) -> None:
        self._policy = policy
        self._secrets = secrets

    async def open_case(self, conn: Connection, new: NewCase) -> int:
        """See ``ReviewQueue.open_case``."""
        scan = await _lock_scan(conn, new.scan_id)
        cycles = await conn.fetchrow(sql.CYCLES, new.scan_id)
        assert cycles is not None
        if cycles["case_id"] is not None:
            raise CaseExistsError(
                f"scan {new.scan_id} has case {cycles['case_id']} already; nothing was opened"
            )
        if cycles["last_cycle"] is not None:
            raise ScanDisposedError(f"scan {new.scan_id} has its final word; use reopen_case")
        return await self._open(
            conn,
            new,
            cycle=1,
            since=scan["received_at"],
            move=Move.OPENED,
            actor=SCREENING,
            today=cycles["today"],
        )

    async def clear_scan(self, conn: Connection, scan_id: str) -> None:
        """See ``ReviewQueue.clear_scan``."""
        await _lock_scan(conn, scan_id)
        cycles = await conn.fetchrow(sql.CYCLES, scan_id)
        assert cycles is not None
        if cycles["case_id"] is not None:
            raise CaseExistsError(f"scan {scan_id} has case {cycles['case_id']}; a person will decide")
        if cycles["last_cycle"] is not None:
            raise ScanDisposedError(f"scan {scan_id} has its final word already")
        if cycles["outcome"] != "clear":
            raise ScreeningMissingError(
                f"scan {scan_id} has no screening that clears it; store one, or open a case"
            )
        await record_disposition(
            conn, scan_id=scan_id, cycle=1, disposition=Disposition.RELEASE, source="screening"
        )
        await record(conn, actor=SCREENING, event="scan_cleared", scan_id=scan_id, cycle=1)

    async def reopen_case(
        self,
        conn: Connection,
        scan_id: str,
        *,
        reason: CaseReason,
        risk: float,
        screening_id: int | None,
        actor: str,
    ) -> int:
        """See ``ReviewQueue.reopen_case``."""
        scan = await _lock_scan(conn, scan_id)
        cycles = await conn.fetchrow(sql.CYCLES, scan_id)
        assert cycles is not None
        if cycles["is_open"]:
            raise CaseExistsError(
                f"case {cycles['case_id']} of scan {scan_id} is open; nothing was re-opened"
            )
        if cycles["last_cycle"] is None:
            raise ScanNotDisposedError(f"scan {scan_id} has no final word yet; wait for its screening")
        cycle = int(cycles["last_cycle"]) + 1
        new = NewCase(
            scan_id=scan_id,
            port=scan["port"],
            modality=scan["modality"],
            reason=reason,
            risk=risk,
            screening_id=screening_id,
        )
        await self._open(
            conn, new, cycle=cycle, since=None, move=Move.REOPENED, actor=actor, today=cycles["today"]
        )
        return cycle

    async def _open(
        self,
        conn: Connection,
        new: NewCase,
        *,
        cycle: int,
        since: datetime | None,
        move: Move,
        actor: str,
        today: date,
    ) -> int:
        policy, reason = self._policy.current, CaseReason(new.reason)
        band = policy.band_of(reason, new.risk, port=new.port, modality=new.modality)
        qual_mask = new.qual_mask
        if qual_mask is None:
            qual_mask = policy.quals_needed(reason, modality=new.modality)
        case = await conn.fetchrow(
            sql.OPEN,
            new.scan_id,
            cycle,
            new.port,
            new.modality,
            new.reason,
            new.risk,
            band,
            since,
            policy.sla_s[band],
            qual_mask,
            new.screening_id,
        )
        assert case is not None, "the scan's row is locked"
        case_id = int(case["case_id"])
        secret = await self._secrets.of(conn, today)
        random = draw_random(secret, case_id=case_id, cycle=cycle, stage=Stage.PRIMARY, tries=0)
        rank = pack_rank(band=band, due_at=case["due_at"], random=random)
        detail = f"stage={int(Stage.PRIMARY)} tries=0 day={today}"
        await conn.execute(sql.ENQUEUE, case_id, rank, actor, move, detail)
        return case_id


async def _lock_scan(conn: Connection, scan_id: str) -> asyncpg.Record:
    row = await conn.fetchrow(sql.LOCK_SCAN, scan_id)
    if row is None:
        raise ScanUnknownError(f"there is no scan {scan_id}")
    return row
