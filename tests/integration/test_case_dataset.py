"""Opened boxes become a dataset: what was found is marked, what was not is background."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import numpy as np

from app.case_dataset import write_cases
from datasets.check import check_records
from datasets.sources import open_dataset
from review_queue.inspections import InspectionOutcome, InspectionResult, report_inspection
from scans import px16
from scans.formats import decode_image
from scans.store import FolderStore
from tests.seed import seed_account, seed_policy, seed_ports, seed_scan, seed_screening

PIXELS = np.random.default_rng(3).integers(0, 65536, (2, 24, 32)).astype(np.uint16)
FINDINGS = [
    {"kind": "blade", "score": 0.75, "threshold": 0.5, "box_xyxy": [1, 2, 5, 6]},
    {"kind": "gun", "score": 0.6, "threshold": 0.5, "box_xyxy": [8, 8, 12, 12]},
]
GUN = {"box": [3, 4, 7, 9], "kind": "gun", "note": ""}


class Archive:
    """A store, and closed cases in a database."""

    def __init__(self, conn: asyncpg.pool.PoolConnectionProxy, store: FolderStore) -> None:
        self.conn, self.store = conn, store
        self._reviewer = self._policy = 0

    async def open(self) -> None:
        await seed_ports(self.conn)
        self._policy = await seed_policy(self.conn)
        self._reviewer = await seed_account(self.conn, "lin", "reviewer", "SKZ")

    async def opened_box(
        self, result: str, *kinds: str, marks: list[dict[str, Any]], accepted: tuple[int, ...] = ()
    ) -> str:
        """Store a scan that was to be opened, marks on it, and what was found; return its id."""
        full = await self.store.put(px16.encode(PIXELS))
        scan_id = await seed_scan(self.conn, width_px=32, height_px=24, px16_full=bytes.fromhex(full))
        screening = await seed_screening(self.conn, scan_id, self._policy, findings=FINDINGS)
        case_id = await self.conn.fetchval(
            "INSERT INTO cases (scan_id, port, modality, reason, risk, band, due_at, screening_id, closed_at,"
            " disposition) VALUES ($1, 'YTN', 'cargo', 'finding', 0.5, 1, now(), $2, now(), 'inspect')"
            " RETURNING case_id",
            scan_id,
            screening,
        )
        await self.conn.execute(
            "INSERT INTO decisions (case_id, cycle, stage, reviewer, verdict, token, shown_at)"
            " VALUES ($1, 1, 1, $2, 'inspect', 1, now())",
            case_id,
            self._reviewer,
        )
        await self.conn.execute(
            "INSERT INTO decision_marks VALUES ($1, 1, 1, $2::text::jsonb, $3::text::jsonb)",
            case_id,
            json.dumps(marks),
            json.dumps([{"finding_id": n, "accepted": n in accepted} for n in range(len(FINDINGS))]),
        )
        await self.conn.execute(
            "INSERT INTO dispositions (scan_id, cycle, disposition, source)"
            " VALUES ($1, 1, 'inspect', 'review')",
            scan_id,
        )
        outcome = InspectionOutcome(
            result=InspectionResult(result), kinds=kinds, inspected_at=datetime.now(UTC)
        )
        await report_inspection(self.conn, scan_id, outcome, actor="station:YTN-01")
        return scan_id


async def test_write_cases__what_was_found_is_what_is_marked(pool: asyncpg.Pool, tmp_path: Path) -> None:
    """Drawn and confirmed boxes of the kinds found; our reader takes it, and the pixels are the scan's."""
    store = FolderStore(tmp_path / "store")
    folder = tmp_path / "opened"
    async with pool.acquire() as conn:
        archive = Archive(conn, store)
        await archive.open()
        both = await archive.opened_box("found", "gun", "blade", marks=[GUN], accepted=(0,))
        nothing = await archive.opened_box("nothing", marks=[GUN], accepted=(0, 1))
        unsaid = await archive.opened_box("found", marks=[GUN])
        await archive.opened_box("found", "blade", marks=[GUN])
        await archive.opened_box("found", marks=[])
        done = await write_cases(conn, store, folder=folder)
        again = await write_cases(conn, store, folder=folder)
        later = await write_cases(
            conn, store, folder=tmp_path / "later", since=datetime.now(UTC) + timedelta(hours=1)
        )
    assert (done.n_found, done.n_nothing, done.n_unmarked, done.n_unreadable) == (2, 1, 2, 0)
    assert again == done
    assert (later.n_found, later.n_nothing, later.n_unmarked) == (0, 0, 0)
    records = open_dataset(folder)
    assert check_records(records, open_images=True).problems == ()
    found = {
        record.id: sorted((one.label, one.box_xyxy) for one in record.annotations)
        for record in records.records
    }
    assert found == {
        both: [("blade", (1.0, 2.0, 5.0, 6.0)), ("gun", (3.0, 4.0, 7.0, 9.0))],
        nothing: [],
        unsaid: [("gun", (3.0, 4.0, 7.0, 9.0))],
    }
    assert np.array_equal(decode_image((folder / "images" / f"{both}.tif").read_bytes()), PIXELS)


async def test_write_cases__damaged_pixels_are_left_out(pool: asyncpg.Pool, tmp_path: Path) -> None:
    """A scan whose object is damaged is counted, and the others are written."""
    store = FolderStore(tmp_path / "store")
    async with pool.acquire() as conn:
        archive = Archive(conn, store)
        await archive.open()
        await archive.opened_box("nothing", marks=[])
        [path] = (tmp_path / "store").glob("??/??/*")
        path.write_bytes(b"\0" + path.read_bytes()[1:])
        done = await write_cases(conn, store, folder=tmp_path / "opened")
    assert (done.n_nothing, done.n_unreadable) == (0, 1)
