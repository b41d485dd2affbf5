"""What opening a box found: reported by the field officers' system or by a supervisor, kept for ever.

An outcome belongs to the cycle whose final word was the last one. One that turns out wrong is followed by
another revision; the newest counts, the others stay. Each writes its audit row in its own transaction.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

import asyncpg

from review_queue import audit
from review_queue.audit import Connection
from review_queue.contents import inspection_content
from review_queue.errors import InspectionInvalidError, ScanNotDisposedError, ScanUnknownError

REPORTED: Final = "inspection_reported"
MAX_KINDS: Final = 20
MAX_REVISIONS: Final = 1000
FIRST_DAY: Final = datetime(2000, 1, 1, tzinfo=UTC)
CLOCK_SLACK: Final = timedelta(minutes=10)
"""How far an officer's clock may be ahead of the database's."""
_KIND = re.compile(r"[a-z][a-z0-9_]{0,39}")

# One scan's outcomes are stored one after the other: the scan's row is the lock. $1 scan, $2 a port or null.
LOCK_SCAN: Final = """
SELECT clock_timestamp() AS now, (SELECT case_id FROM cases c WHERE c.scan_id = s.scan_id) AS case_id
FROM scans s WHERE s.scan_id = $1 AND ($2::text IS NULL OR s.port = $2) FOR NO KEY UPDATE
"""
# Behind LOCK_SCAN: the last cycle with a final word, and its newest outcome. $1 scan.
NEWEST: Final = """
SELECT d.cycle, o.revision, o.result, o.kinds, o.note, o.inspected_at, o.reported_by, o.reported_at
FROM (SELECT cycle FROM dispositions WHERE scan_id = $1 ORDER BY cycle DESC LIMIT 1) AS d
LEFT JOIN LATERAL (
    SELECT * FROM inspection_outcomes o
    WHERE o.scan_id = $1 AND o.cycle = d.cycle ORDER BY revision DESC LIMIT 1
) AS o ON true
"""
INSERT: Final = """
INSERT INTO inspection_outcomes (scan_id, cycle, revision, result, kinds, note, inspected_at, reported_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING reported_at
"""


class InspectionResult(StrEnum):
    """Whether there was something in the box that must not be there."""

    FOUND = "found"
    NOTHING = "nothing"


@dataclass(frozen=True, kw_only=True)
class InspectionOutcome:
    """What opening the box found.

    Attributes:
        result: Whether there was anything.
        kinds: What, in the words that findings use where there is one; of something that was found.
        note: In the officer's words.
        inspected_at: When the box was opened.
    """

    result: InspectionResult
    kinds: Sequence[str] = ()
    note: str = ""
    inspected_at: datetime


@dataclass(frozen=True, kw_only=True)
class ReportedInspection:
    """A stored outcome; ``revision`` counts those of its cycle from 1."""

    scan_id: str
    cycle: int
    revision: int
    outcome: InspectionOutcome
    reported_by: str
    reported_at: datetime


async def report_inspection(
    conn: Connection, scan_id: str, outcome: InspectionOutcome, *, actor: str, port: str | None = None
) -> tuple[ReportedInspection, bool]:
    """Store what opening a box found, unless the newest outcome says the same.

    Args:
        conn: A connection; the rows are written in a transaction of their own, or within its transaction.
        scan_id: The scan whose box was opened.
        outcome: What was found.
        actor: Who says so, as in the audit trail.
        port: If given, the scan has to be of this port.

    Returns:
        The newest outcome, and whether it is new.

    Raises:
        ScanUnknownError: There is no such scan, or it is of another port.
        ScanNotDisposedError: No final word about it has been said yet: there was no reason to open it.
        InspectionInvalidError: The outcome contradicts itself, or lies in the future.
    """
    async with conn.transaction():
        scan = await conn.fetchrow(LOCK_SCAN, scan_id, port)
        if scan is None:
            raise ScanUnknownError(
                f"there is no scan {scan_id[:60]!r}" + (f" of port {port}" if port else "")
            )
        _check(outcome, now=scan["now"])
        newest = await conn.fetchrow(NEWEST, scan_id)
        if newest is None:
            raise ScanNotDisposedError(f"scan {scan_id} has no final word yet; nothing says to open it")
        last = None if newest["revision"] is None else _reported(scan_id, newest)
        if last is not None and _content(last.outcome) == _content(outcome):
            return last, False
        revision = 1 if last is None else last.revision + 1
        if revision > MAX_REVISIONS:
            raise InspectionInvalidError(f"scan {scan_id} has {MAX_REVISIONS} outcomes; that is enough")
        reported_at = await conn.fetchval(
            INSERT,
            scan_id,
            newest["cycle"],
            revision,
            outcome.result,
            list(outcome.kinds),
            outcome.note,
            outcome.inspected_at,
            actor,
        )
        await audit.record(
            conn,
            actor=actor,
            event=REPORTED,
            scan_id=scan_id,
            case_id=scan["case_id"],
            cycle=newest["cycle"],
            detail=f"result={outcome.result} revision={revision} content={_content(outcome)}",
        )
    return ReportedInspection(
        scan_id=scan_id,
        cycle=newest["cycle"],
        revision=revision,
        outcome=outcome,
        reported_by=actor,
        reported_at=reported_at,
    ), True


def _check(outcome: InspectionOutcome, *, now: datetime) -> None:
    if outcome.result is InspectionResult.NOTHING and outcome.kinds:
        raise InspectionInvalidError("nothing was found, yet it has kinds; leave them out, or say found")
    unknown = [kind for kind in outcome.kinds if not _KIND.fullmatch(kind)]
    if unknown:
        raise InspectionInvalidError(
            f"{unknown[0][:40]!r} is no kind: 1 to 40 small letters, digits and underscores, a letter first"
        )
    if len(outcome.kinds) > MAX_KINDS or len(set(outcome.kinds)) < len(outcome.kinds):
        raise InspectionInvalidError(f"an outcome has at most {MAX_KINDS} kinds, each once")
    if not FIRST_DAY <= outcome.inspected_at <= now + CLOCK_SLACK:
        raise InspectionInvalidError(f"the box cannot have been opened at {outcome.inspected_at}")


def _content(outcome: InspectionOutcome) -> str:
    return inspection_content(
        result=outcome.result, kinds=outcome.kinds, note=outcome.note, inspected_at=outcome.inspected_at
    )


def _reported(scan_id: str, row: asyncpg.Record) -> ReportedInspection:
    return ReportedInspection(
        scan_id=scan_id,
        cycle=row["cycle"],
        revision=row["revision"],
        outcome=InspectionOutcome(
            result=InspectionResult(row["result"]),
            kinds=tuple(row["kinds"]),
            note=row["note"],
            inspected_at=row["inspected_at"],
        ),
        reported_by=row["reported_by"],
        reported_at=row["reported_at"],
    )
