"""A real system with a queue of full-size cases, and people to review them."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from app.database import open_database
from app.demo import DEMO_PASSWORD, prepare_demo
from app.simulator import encode_channels
from app.station import StationClient
from app.throwaway import throwaway_system
from benchmarks.ui.workload import Workload
from datasets.synthetic import make_scan
from inference.triage import TriagePolicy, store_policy
from review_queue.cases import CaseReason, NewCase
from review_queue.policy import QueuePolicy
from review_queue.policy_store import store_policy as store_queue_policy
from review_queue.queue import ReviewQueue
from review_ui.accounts import create_account

PASSWORD = DEMO_PASSWORD
SCREENING_TIMEOUT_S = 600.0
TRIES_A_PICTURE = 5

CROWDED_SCAN = "BENCH-CROWDED"
# Cases are kept apart by qualification: the crowded one is for the account ``boxes`` alone.
ORDINARY, CROWDED = 1, 2
REVIEWERS = {"switcher": ORDINARY, "cold": ORDINARY, "dragger": ORDINARY, "boxes": CROWDED}

# A scan of the same pixels and with the same screening under another name. $1 old name, $2 new name.
COPY_SCAN = """
INSERT INTO scans SELECT (jsonb_populate_record(s, jsonb_build_object(
    'scan_id', $2::text, 'idempotency_key', $2::text))).* FROM scans s WHERE scan_id = $1
RETURNING port, modality
"""
# $3 other findings, or null.
COPY_SCREENING = """
INSERT INTO screenings OVERRIDING SYSTEM VALUE SELECT (jsonb_populate_record(g, jsonb_build_object(
    'scan_id', $2::text,
    'screening_id', nextval(pg_get_serial_sequence('screenings', 'screening_id')),
    'findings', coalesce($3::jsonb, g.findings)))).*
FROM screenings g WHERE scan_id = $1 ORDER BY screening_id LIMIT 1 RETURNING screening_id, risk
"""


@asynccontextmanager
async def prepared_system(workload: Workload) -> AsyncIterator[str]:
    """Run a system whose queue holds ``workload.n_cases`` cases; yields its address.

    A few scans are posted and screened as any other; all cases but theirs are copies under names of their
    own, so that a run spends its time on the page. ``CROWDED_SCAN`` has ``workload.n_boxes`` findings and
    is for the account ``boxes`` alone.
    """
    async with (
        throwaway_system(demo="true") as system,
        open_database(None, system.data, max_connections=2, attach=True) as database,
    ):
        await _fill(system.url, database.pool, workload)
        yield system.url


async def _fill(url: str, pool: asyncpg.Pool, workload: Workload) -> None:
    stations = await prepare_demo(pool)
    async with pool.acquire() as connection:
        await store_policy(connection, TriagePolicy(audit_sample=1.0), author="system:bench")
        for login, quals in REVIEWERS.items():
            await create_account(
                connection, login=login, display_name=login, role="reviewer", password=PASSWORD, quals=quals
            )
    async with pool.acquire() as connection, connection.transaction():
        # Nobody is sent to rest in the middle of a run.
        await store_queue_policy(
            connection, QueuePolicy(remind_after_s=0, pause_after_s=0), author="system:bench"
        )
    client = StationClient(url, stations[0].key)
    scan_ids: list[str] = []
    # On a busy machine a screening may take too long; its scan goes to a person without one.
    for seed in range(TRIES_A_PICTURE * workload.n_pictures):
        scan_id = await _post(client, seed, workload)
        if await _is_screened(pool, scan_id):
            scan_ids.append(scan_id)
        if len(scan_ids) == workload.n_pictures:
            break
    else:
        raise RuntimeError("the model is too slow here and now; try again on a quieter machine")
    await client.close()
    await _copy(pool, scan_ids, workload)


async def _post(client: StationClient, seed: int, workload: Workload) -> str:
    made = await asyncio.to_thread(
        make_scan,
        seed,
        height_px=workload.scan_height_px,
        width_px=workload.scan_width_px,
        threat_probability=1.0,
    )
    scan = {
        "scanned_at": "2026-01-01T00:00:00Z",
        "container_no": made.container_no,
        "pixel_pitch_mm": made.pixel_pitch_mm,
        "declaration": made.declaration,
    }
    files = await asyncio.to_thread(encode_channels, made.pixels, as_tiff=False)
    answer = await client.post_scan(files, scan, idempotency_key=f"bench-{seed}")
    scan_id: str = answer["scan_id"]
    return scan_id


async def _is_screened(pool: asyncpg.Pool, scan_id: str) -> bool:
    """Wait for a scan's case; return whether a model has seen the scan."""
    sql = "SELECT screening_id IS NOT NULL FROM cases WHERE scan_id = $1"
    async with asyncio.timeout(SCREENING_TIMEOUT_S):
        while (screened := await pool.fetchval(sql, scan_id)) is None:
            await asyncio.sleep(0.2)
    return bool(screened)


async def _copy(pool: asyncpg.Pool, scan_ids: Sequence[str], workload: Workload) -> None:
    queue = ReviewQueue(pool, QueuePolicy())
    async with pool.acquire() as connection, connection.transaction():
        crowd = json.dumps(_crowd(workload))
        await _copy_one(connection, queue, scan_ids[0], CROWDED_SCAN, findings=crowd, quals=CROWDED)
        for number in range(workload.n_cases):
            name = f"BENCH-{number:05}"
            await _copy_one(
                connection, queue, scan_ids[number % len(scan_ids)], name, findings=None, quals=ORDINARY
            )


async def _copy_one(
    connection: Any, queue: ReviewQueue, old: str, new: str, *, findings: str | None, quals: int
) -> None:
    scan = await connection.fetchrow(COPY_SCAN, old, new)
    screening = await connection.fetchrow(COPY_SCREENING, old, new, findings)
    case = NewCase(
        scan_id=new,
        port=scan["port"],
        modality=scan["modality"],
        reason=CaseReason.FINDING,
        risk=1.0 if findings else screening["risk"],
        screening_id=screening["screening_id"],
        qual_mask=quals,
    )
    await queue.open_case(connection, case)


def _crowd(workload: Workload) -> list[dict[str, Any]]:
    """Return ``workload.n_boxes`` findings in a grid over the whole scan."""
    columns = 80
    step_x = workload.scan_width_px / columns
    step_y = workload.scan_height_px / -(-workload.n_boxes // columns)
    findings = []
    for number in range(workload.n_boxes):
        x, y = (number % columns) * step_x, (number // columns) * step_y
        findings.append(
            {
                "kind": ("gun", "brick", "bottles", "other")[number % 4],
                "score": round(0.99 - 0.9 * number / workload.n_boxes, 3),
                "threshold": 0.05,
                "box_xyxy": [x + 2, y + 2, x + step_x - 2, y + step_y - 2],
            }
        )
    return findings
