"""Compares the tables with the trail: where each case is, decisions, dispositions, inspection outcomes."""

import json
from datetime import datetime
from typing import Final

import asyncpg

from review_queue.audit import Connection
from review_queue.contents import content_of, decision_content, inspection_content
from review_queue.ranking import MINUTE_BITS
from review_queue.states import Place
from review_queue.verification.findings import Finding, FindingCode, Findings
from review_queue.verification.moves import CaseBook

N_AT_ONCE: Final = 5_000

# Where each case is. The due minute and the band are those of its ranks; a case on no seat, not ready and not
# closed is nowhere.
CASES: Final = f"""
SELECT c.case_id, c.cycle, c.port, c.qual_mask,
    (c.band::bigint << {MINUTE_BITS}) | least(greatest(floor(extract(epoch FROM c.due_at) / 60), 0),
        {(1 << MINUTE_BITS) - 1})::bigint AS due,
    c.closed_at IS NOT NULL AS is_closed, r.case_id IS NOT NULL AS is_ready,
    s.slot, s.reviewer, s.token, r.rank, coalesce(r.stage, s.stage) AS stage,
    coalesce(r.first_reviewer, s.first_reviewer) AS first_reviewer, coalesce(r.tries, s.tries) AS tries,
    r.port AS ready_port, r.qual_mask AS ready_qual_mask
FROM cases c LEFT JOIN ready r USING (case_id) LEFT JOIN seats s ON s.case_id = c.case_id
"""

# Both: what only one side has. $1 the time before which nothing is judged, or null.
DECISIONS: Final = """
SELECT d.decision_id AS made, a.seq, coalesce(d.case_id, a.case_id) AS case_id
FROM (
    SELECT *, 'account:' || reviewer AS actor FROM decisions
) AS d FULL JOIN (
    SELECT * FROM audit WHERE event IN ('case_closed', 'case_forwarded')
) AS a USING (case_id, cycle, stage, token, verdict, actor)
WHERE (d.decision_id IS NULL OR a.seq IS NULL)
    AND coalesce(a.at, d.decided_at) >= coalesce($1::timestamptz, '-infinity')
ORDER BY a.seq, d.decision_id
"""

# Decisions with their rows in the trail, as far as those vouch for more than the verdict. $1 as above.
CONTENTS: Final = """
SELECT a.seq, a.detail, d.case_id, d.decision_id, d.reason_codes, d.note,
    m.annotations::text AS annotations, m.finding_votes::text AS finding_votes
FROM audit a JOIN decisions d USING (case_id, cycle, stage, token, verdict)
    LEFT JOIN decision_marks m USING (case_id, cycle, stage)
WHERE a.event IN ('case_closed', 'case_forwarded') AND a.actor = 'account:' || d.reviewer
    AND a.at >= coalesce($1::timestamptz, '-infinity')
"""

# Both, as above.
INSPECTIONS: Final = r"""
SELECT o.result, o.kinds, o.note, o.inspected_at, o.scan_id AS made, a.seq, a.detail,
    coalesce(o.scan_id, a.scan_id) AS scan_id, coalesce(o.revision, a.revision) AS revision
FROM (SELECT *, reported_by AS actor FROM inspection_outcomes) AS o FULL JOIN (
    SELECT seq, at, scan_id, cycle, actor, detail,
        substring(detail FROM '\mrevision=(\d{1,4})\M')::smallint AS revision
    FROM audit WHERE event = 'inspection_reported'
) AS a USING (scan_id, cycle, revision, actor)
WHERE coalesce(a.at, o.reported_at) >= coalesce($1::timestamptz, '-infinity')
ORDER BY a.seq, scan_id, revision
"""

DISPOSITIONS: Final = r"""
SELECT d.scan_id AS made, a.seq, coalesce(d.scan_id, a.scan_id) AS scan_id
FROM dispositions d FULL JOIN (
    SELECT seq, at, scan_id, cycle,
        CASE event WHEN 'case_closed' THEN 'review' ELSE 'screening' END AS source,
        CASE event WHEN 'case_closed' THEN substring(detail FROM '\mdisposition=([a-z]+)') ELSE 'release' END
            AS disposition
    FROM audit WHERE event IN ('case_closed', 'scan_cleared')
) AS a USING (scan_id, cycle, source, disposition)
WHERE (d.scan_id IS NULL OR a.seq IS NULL)
    AND coalesce(a.at, d.decided_at) >= coalesce($1::timestamptz, '-infinity')
ORDER BY a.seq, d.scan_id
"""


async def check_places(conn: Connection, book: CaseBook, findings: Findings) -> None:
    """Compare where the database holds each case with where its moves end; in the trail's own snapshot."""
    n_known = 0
    cursor = await conn.cursor(CASES)
    while rows := await cursor.fetch(N_AT_ONCE):
        for row in rows:
            case_id = row["case_id"]
            n_known += case_id in book.open or case_id in book.closed
            said, held = _said(book, case_id), _held(row)
            if said != held:
                message = f"case {case_id} is {held} in the database, {said} by its moves"
                findings.add(Finding(code=FindingCode.PLACE_DIFFERS, message=message, case_id=case_id))
    if n_known != len(book.open) + len(book.closed):
        stored = {row["case_id"] for row in await conn.fetch("SELECT case_id FROM cases")}
        for case_id in sorted((book.open.keys() | book.closed.keys()) - stored):
            message = f"case {case_id} has moves in the trail and is not in the database"
            findings.add(Finding(code=FindingCode.PLACE_DIFFERS, message=message, case_id=case_id))


def _said(book: CaseBook, case_id: int) -> str:
    """Describe where a case is by its moves."""
    closed = book.closed.get(case_id)
    if closed is not None:
        return f"{Place.CLOSED} (cycle {closed.cycle}, due {closed.due})"
    state = book.open.get(case_id)
    if state is None:
        return str(Place.NOWHERE)
    return _describe(
        state.place,
        cycle=state.cycle,
        due=state.due,
        stage=state.stage,
        tries=state.tries,
        first_reviewer=state.first_reviewer,
        more=(state.rank, state.port, state.qual_mask)
        if state.place is Place.READY
        else (state.holder, state.token),
    )


def _held(row: asyncpg.Record) -> str:
    """Describe where a row of ``CASES`` is, in the same words."""
    more: tuple[object, ...]
    if row["is_closed"] + row["is_ready"] + (row["slot"] is not None) > 1:
        return "in several places"
    if row["is_closed"]:
        return f"{Place.CLOSED} (cycle {row['cycle']}, due {row['due']})"
    if row["is_ready"]:
        place, more = Place.READY, (row["rank"], row["ready_port"], row["ready_qual_mask"])
    elif row["slot"] is not None:
        place = Place.NEXT if row["slot"] else Place.CURRENT
        more = (row["reviewer"], row["token"])
    else:
        return str(Place.NOWHERE)
    return _describe(
        place,
        cycle=row["cycle"],
        due=row["due"],
        stage=row["stage"],
        tries=row["tries"],
        first_reviewer=row["first_reviewer"],
        more=more,
    )


def _describe(
    place: Place,
    *,
    cycle: int,
    due: int,
    stage: int,
    tries: int,
    first_reviewer: int | None,
    more: tuple[object, ...],
) -> str:
    what = "rank, port, qualifications" if place is Place.READY else "reviewer, token"
    values = ", ".join(str(value) for value in more)
    return (
        f"{place} (cycle {cycle}, due {due}, stage {stage}, try {tries}, first reviewer {first_reviewer}, "
        f"{what} {values})"
    )


async def check_decisions(conn: Connection, findings: Findings, *, since: datetime | None) -> None:
    """Check that every decision has its audit row and every audited verdict its decision."""
    for row in await conn.fetch(DECISIONS, since):
        if row["seq"] is None:
            code = FindingCode.DECISION_UNAUDITED
            message = f"decision {row['made']} on case {row['case_id']} is not in the trail as it stands"
        else:
            code = FindingCode.DECISION_MISSING
            message = f"row {row['seq']} tells of a decision on case {row['case_id']} that is not there"
        findings.add(Finding(code=code, message=message, seq=row["seq"], case_id=row["case_id"]))


async def check_dispositions(conn: Connection, findings: Findings, *, since: datetime | None) -> None:
    """Check that every final word has its audit row and every audited one is there."""
    for row in await conn.fetch(DISPOSITIONS, since):
        if row["seq"] is None:
            code = FindingCode.DISPOSITION_UNAUDITED
            message = f"the disposition of scan {row['scan_id']} is not in the trail as it stands"
        else:
            code = FindingCode.DISPOSITION_MISSING
            message = f"row {row['seq']} tells of a disposition of scan {row['scan_id']} that is not there"
        findings.add(Finding(code=code, message=message, seq=row["seq"]))


async def check_contents(conn: Connection, findings: Findings, *, since: datetime | None) -> None:
    """Check reasons, notes, marks and votes against the digests in the trail; old rows have none."""
    cursor = await conn.cursor(CONTENTS, since)
    while rows := await cursor.fetch(N_AT_ONCE):
        for row in rows:
            said = content_of(row["detail"])
            if said is None:
                continue
            stored = decision_content(
                reason_codes=row["reason_codes"],
                note=row["note"],
                annotations=json.loads(row["annotations"] or "[]"),
                finding_votes=json.loads(row["finding_votes"] or "[]"),
            )
            if stored != said:
                message = (
                    f"reasons, note or marks of decision {row['decision_id']} on case {row['case_id']} "
                    f"are not those that row {row['seq']} vouches for"
                )
                code = FindingCode.DECISION_EDITED
                findings.add(Finding(code=code, message=message, seq=row["seq"], case_id=row["case_id"]))


async def check_inspections(conn: Connection, findings: Findings, *, since: datetime | None) -> None:
    """Check that every inspection outcome is in the trail as it stands, and every audited one is there."""
    for row in await conn.fetch(INSPECTIONS, since):
        named = f"inspection outcome {row['revision']} of scan {row['scan_id']}"
        if row["made"] is None:
            code = FindingCode.INSPECTION_MISSING
            message = f"row {row['seq']} tells of {named}, which is not there"
        elif row["seq"] is None or content_of(row["detail"]) != inspection_content(
            result=row["result"], kinds=row["kinds"], note=row["note"], inspected_at=row["inspected_at"]
        ):
            code = FindingCode.INSPECTION_UNAUDITED
            message = f"{named} is not in the trail as it stands"
        else:
            continue
        findings.add(Finding(code=code, message=message, seq=row["seq"]))
