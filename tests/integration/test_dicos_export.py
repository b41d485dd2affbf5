"""``shenxiang dicos export`` over a real database and store."""

import io
import json
from pathlib import Path
from typing import Any

import asyncpg
import numpy as np
import pydicom
import pytest
from typer.testing import CliRunner

from app.cli import app
from app.dicos_export import read_objects
from inference.errors import ScanNotFoundError
from scans import px16
from scans.dicos_dx import Beam, Energy
from scans.formats import decode_image
from scans.store import FolderStore
from tests.seed import seed_account, seed_policy, seed_ports, seed_scan, seed_screening

PIXELS = np.random.default_rng(6).integers(0, 65536, (2, 12, 16)).astype(np.uint16)
FINDINGS = [
    {"kind": "threat", "score": 0.75, "threshold": 0.5, "box_xyxy": [1, 2, 5, 6]},
    {"kind": "anomaly", "score": 0.25, "threshold": 0.5, "box_xyxy": None},
]
INSERT_CASE = """
INSERT INTO cases (scan_id, cycle, port, modality, reason, risk, band, due_at, screening_id)
VALUES ($1, 2, 'YTN', 'cargo', 'finding', 0.5, 1, now(), $2) RETURNING case_id
"""
INSERT_DECISION = """
INSERT INTO decisions (case_id, cycle, stage, reviewer, verdict, token, shown_at)
VALUES ($1, $2, $3, $4, $5, 1, now() - interval '20 s')
"""
INSERT_MARKS = "INSERT INTO decision_marks VALUES ($1, $2, $3, $4::text::jsonb, $5::text::jsonb)"


@pytest.fixture
async def scan_id(pool: asyncpg.Pool, tmp_path: Path) -> str:
    """A stored scan that was screened twice, decided, and re-opened once."""
    store = FolderStore(tmp_path / "store")
    full = await store.put(px16.encode(PIXELS))
    async with pool.acquire() as conn:
        await seed_ports(conn)
        policy = await seed_policy(conn)
        scan_id = await seed_scan(conn, width_px=16, height_px=12, px16_full=bytes.fromhex(full))
        await seed_screening(conn, scan_id, policy, outcome="clear", reason="clear", findings=[])
        screening = await seed_screening(conn, scan_id, policy, findings=FINDINGS)
        case_id = await conn.fetchval(INSERT_CASE, scan_id, screening)
        for number, (cycle, stage, verdict) in enumerate(
            [(1, 1, "release"), (2, 1, "escalate"), (2, 3, "inspect")]
        ):
            reviewer = await seed_account(conn, f"reviewer{number}", "reviewer", "SKZ")
            await conn.execute(INSERT_DECISION, case_id, cycle, stage, reviewer, verdict)
            mark = {"box": [3, 4, 7, 9], "kind": "手枪", "note": "下方"}
            votes = [{"finding_id": 0, "accepted": True}, {"finding_id": 1, "accepted": False}]
            await conn.execute(
                INSERT_MARKS,
                case_id,
                cycle,
                stage,
                json.dumps([mark] if cycle == 2 else []),
                json.dumps(votes),
            )
    return scan_id


async def objects_of(pool: asyncpg.Pool, folder: Path, scan_id: str) -> dict[str, Any]:
    """The exported objects, read by pydicom."""
    async with pool.acquire() as conn:
        beams = {Energy.HIGH: Beam(peak_kv=6000, effective_kev=1800)}
        objects = await read_objects(conn, FolderStore(folder), scan_id, beams=beams)
    return {name: pydicom.dcmread(io.BytesIO(data)) for name, data in objects.items()}


async def test_export__images_and_reports_of_one_study(
    pool: asyncpg.Pool, tmp_path: Path, scan_id: str
) -> None:
    """Both energies, the newest screening, each release and inspection; an escalation is no word."""
    objects = await objects_of(pool, tmp_path / "store", scan_id)
    newest = await pool.fetchval("SELECT max(screening_id) FROM screenings")
    assert list(objects) == ["high", "low", f"screening-{newest}", "decision-1-1", "decision-2-3"]
    assert len({made.StudyInstanceUID for made in objects.values()}) == 1
    assert len({made.SOPInstanceUID for made in objects.values()}) == 5
    assert (objects["high"].KVP, objects["low"].KVP) == (6000, 0)


async def test_export__reports_say_what_was_said(pool: asyncpg.Pool, tmp_path: Path, scan_id: str) -> None:
    """Findings count from their threshold, votes from the screening that was seen, marks as drawn."""
    objects = await objects_of(pool, tmp_path / "store", scan_id)
    said = {
        name: (
            made.TDRType,
            made.AlarmDecision,
            [
                (thought.ThreatCategoryDescription, thought.ATDAssessmentFlag)
                for item in made.ThreatSequence
                for thought in item.ATDAssessmentSequence
            ],
        )
        for name, made in objects.items()
        if "-" in name
    }
    assert next(iter(said.values())) == ("MACHINE", "ALARM", [("threat", "THREAT"), ("anomaly", "NO_THREAT")])
    assert said["decision-1-1"] == ("OPERATOR", "CLEAR", [])
    assert said["decision-2-3"] == (
        "OPERATOR",
        "ALARM",
        [("手枪: 下方", "THREAT"), ("threat", "THREAT"), ("anomaly", "NO_THREAT")],
    )
    drawn = objects["decision-2-3"].ThreatSequence[0].PTORepresentationSequence[0].ThreatROIVoxelSequence[0]
    assert (drawn.ThreatROIBase, drawn.ThreatROIExtents) == ([3, 4, 0], [4, 5, 1])


async def test_export__an_alarm_without_findings_is_about_the_whole_scan(
    pool: asyncpg.Pool, tmp_path: Path, scan_id: str
) -> None:
    """A scan flagged for its number, or inspected without a mark, still has an object to look at."""
    async with pool.acquire() as conn:
        policy = await seed_policy(conn)
        screening = await seed_screening(conn, scan_id, policy, reason="container_number_invalid")
        await conn.execute("UPDATE cases SET screening_id = $1", screening)
        reviewer = await seed_account(conn, "one-more", "reviewer", "SKZ")
        case_id = await conn.fetchval("SELECT case_id FROM cases")
        await conn.execute(INSERT_DECISION, case_id, 1, 2, reviewer, "inspect")
    objects = await objects_of(pool, tmp_path / "store", scan_id)
    for name, described, flag in (
        (f"screening-{screening}", "container_number_invalid", "UNKNOWN"),
        ("decision-1-2", "inspect", "THREAT"),
    ):
        (item,) = objects[name].ThreatSequence
        assert item.ATDAssessmentSequence[0].ThreatCategoryDescription == described
        assert item.ATDAssessmentSequence[0].ATDAssessmentFlag == flag
        region = item.PTORepresentationSequence[0].ThreatROIVoxelSequence[0]
        assert region.ThreatROIExtents == [16, 12, 1]


async def test_export__a_scan_that_is_not_there(pool: asyncpg.Pool, tmp_path: Path) -> None:
    """An unknown id is told by its code."""
    with pytest.raises(ScanNotFoundError):
        await objects_of(pool, tmp_path, "XR-20261123-999999")


def test_export__command_writes_the_files(
    database_url: str, tmp_path: Path, scan_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The files are named after the scan, and our own reader takes the images."""
    monkeypatch.setenv("SHENXIANG_DATABASE_URL", database_url)
    monkeypatch.setenv("SHENXIANG_DATA", str(tmp_path))
    arguments = ["dicos", "export", scan_id, "--out", str(tmp_path / "out"), "--beam", "high:6000:1800"]
    result = CliRunner().invoke(app, [*arguments, "--json"])
    assert result.exit_code == 0, result.output
    files = json.loads(result.stdout)
    assert [file["kind"] for file in files] == ["dx", "dx", "tdr", "tdr", "tdr"]
    images = [Path(file["path"]) for file in files[:2]]
    assert [path.name for path in images] == [f"{scan_id}_high.dcs", f"{scan_id}_low.dcs"]
    np.testing.assert_array_equal([decode_image(path.read_bytes())[0] for path in images], PIXELS)
    assert CliRunner().invoke(app, [*arguments, "--beam", "medium:1:1"]).exit_code == 2
