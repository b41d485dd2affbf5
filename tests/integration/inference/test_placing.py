"""Older scans are looked at by the cargo model: every one once, and a damaged one does not stop the rest."""

import hashlib
from pathlib import Path

import httpx
import pytest

from inference.cargo_scorer import CargoScorer
from inference.placing import place_scans
from tests.integration.inference.centre import Centre, grey_scan, png, post_scan
from tests.unit.inference.tiny_cargo import build_tiny_cargo

DECLARATION = {
    "declared_empty": False,
    "lines": [{"line_no": 1, "hs_code": "4011200000", "description": "轮胎"}],
}
PLACES = "SELECT scan_id, headings, embedding FROM scan_embeddings ORDER BY scan_id"


@pytest.fixture(scope="module")
def cargo() -> CargoScorer:
    data = build_tiny_cargo()
    return CargoScorer(data, hashlib.sha256(data).hexdigest())


async def test_place__every_cargo_scan_once(
    centre: Centre, station: httpx.AsyncClient, cargo: CargoScorer
) -> None:
    """With the headings of its declaration; undersides are no cargo; a second run finds nothing to do."""
    first = await post_scan(station, png(grey_scan(seed=1)), key="1", declaration=DECLARATION)
    second = await post_scan(station, png(grey_scan(seed=2, dark=True)), key="2")
    await post_scan(station, png(grey_scan(seed=3)), key="3", modality="under_vehicle")
    report = await place_scans(pool=centre.pool, store=centre.store, cargo=cargo, n_at_once=2)
    assert (report.n_placed, report.n_unreadable) == (2, 0)
    rows = await centre.pool.fetch(PLACES)
    assert [row["scan_id"] for row in rows] == [first["scan_id"], second["scan_id"]]
    assert [row["headings"] for row in rows] == [["4011"], []]
    assert rows[0]["embedding"] != rows[1]["embedding"]
    again = await place_scans(pool=centre.pool, store=centre.store, cargo=cargo)
    assert again.n_placed == 0


async def test_place__a_damaged_scan_is_told_and_passed_over(
    centre: Centre, station: httpx.AsyncClient, cargo: CargoScorer, tmp_path: Path
) -> None:
    """More scans than a page holds, one of them lost: the others are placed."""
    scans = [await post_scan(station, png(grey_scan(seed=n)), key=str(n)) for n in range(103)]
    lost = scans[50]["scan_id"]
    digest = (await centre.pool.fetchval("SELECT px16_full FROM scans WHERE scan_id = $1", lost)).hex()
    (tmp_path / "store" / digest[:2] / digest[2:4] / digest).unlink()
    told: list[str] = []
    report = await place_scans(pool=centre.pool, store=centre.store, cargo=cargo, tell=told.append)
    assert (report.n_placed, report.n_unreadable, told) == (102, 1, [lost])
