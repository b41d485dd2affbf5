"""Lookalikes: decided scans of other containers, and their pixels for whoever was shown them."""

import hashlib
from typing import Any

import asyncpg
import httpx
import numpy as np
import pytest

from review_ui.lookalikes import NEAR_SQL, ONE_SQL, PLACE_SQL
from scans import px16
from tests.integration.review_ui.centre import Centre, Opened, decision
from tests.integration.review_ui.test_earlier import DECIDE, NEXT, close_next

MODEL = hashlib.sha256(b"a cargo model").digest()
FIELDS = {
    *("scan_id", "port", "station_id", "modality", "scanned_at", "pixel_pitch_mm", "bit_depth", "levels"),
    *("inspection", "likeness", "shares_heading", "declared"),
}
NUMBERS = ["MSCU6639870", "CSQU3054383", "TGHU1234560", "OOLU1111112", "HLXU2222220"]


def url(case_id: int, scan_id: str = "", strip: str = "0/0") -> str:
    """Return the address of the list, or of a strip."""
    base = f"/api/v1/review/cases/{case_id}/lookalikes"
    return f"{base}/{scan_id}/px16/{strip}" if scan_id else base


async def place(
    pool: asyncpg.Pool,
    scan_id: str,
    degrees: float,
    *,
    model: bytes = MODEL,
    headings: tuple[str, ...] = ("3924",),
) -> None:
    """Put a scan on a circle, so that its likeness to another is the cosine of the angle between them."""
    point = np.zeros(128)
    point[:2] = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    await pool.execute(
        "INSERT INTO scan_embeddings VALUES ($1, $2, $3, $4)", scan_id, model, point.tolist(), list(headings)
    )


async def decided(centre: Centre, container_no: str, degrees: float, **more: Any) -> Opened:
    """Open and decide a case of another container."""
    opened = await centre.open_case(container_nos=[container_no])
    await place(centre.pool, opened.scan_id, degrees, **more)
    count = await centre.pool.fetchval("SELECT count(*) FROM accounts")
    assert await close_next(centre, await centre.person(f"first-{count}", "reviewer")) == opened.case_id
    return opened


async def held(centre: Centre, degrees: float | None = 0.0, **more: Any) -> tuple[httpx.AsyncClient, Opened]:
    """Open a case and have a reviewer hold it."""
    now = await centre.open_case(container_nos=["MSKU9070323"])
    if degrees is not None:
        await place(centre.pool, now.scan_id, degrees, **more)
    client = await centre.person("lin", "reviewer")
    assert (await client.post(NEXT)).json()["case_id"] == now.case_id
    return client, now


async def test_lookalikes__nearest_first_with_goods_and_outcome(centre: Centre) -> None:
    """In the order of the angles, with what was declared and found; no finding, no verdict, no name."""
    far = await decided(centre, NUMBERS[0], 80)
    near = await decided(centre, NUMBERS[1], -10, headings=("4011",))
    sun = await centre.person("sun", "supervisor")
    said = {"result": "found", "kinds": ["gun"], "inspected_at": "2026-11-23T10:00:00Z"}
    assert (await sun.put(f"/api/v1/cases/{near.case_id}/inspection", json=said)).status_code == 201
    client, now = await held(centre)
    answer = (await client.get(url(now.case_id))).json()
    assert answer["state"] == "searched"
    assert [scan["scan_id"] for scan in answer["scans"]] == [near.scan_id, far.scan_id]
    first, second = answer["scans"]
    assert set(first) == FIELDS
    assert first["likeness"] == pytest.approx(np.cos(np.radians(10)), abs=1e-5)
    assert (first["shares_heading"], second["shares_heading"]) == (False, True)
    assert first["declared"] == [{"hs_code": "392410", "description": "塑料餐具"}]
    assert (first["inspection"], second["inspection"]) == (said, None)
    only = (await client.get(url(now.case_id), params={"same_heading": "true"})).json()
    assert [scan["scan_id"] for scan in only["scans"]] == [far.scan_id]


async def test_lookalikes__every_pixel_of_what_was_shown(centre: Centre) -> None:
    """The strips decode to the scan; the trail knows who looked, once."""
    before = await decided(centre, NUMBERS[0], 20)
    client, now = await held(centre)
    [scan] = (await client.get(url(now.case_id))).json()["scans"]
    full = scan["levels"][-1]
    header = px16.read_header(before.full)
    plain = {"accept-encoding": "gzip"}
    answers = [
        await client.get(full["url"].format(strip=strip), headers=plain) for strip in range(full["n_strips"])
    ]
    rows = [px16.decode_strip(answer.content, header, i) for i, answer in enumerate(answers)]
    assert np.array_equal(np.concatenate(rows, axis=1), before.pixels)
    [seen] = await centre.pool.fetch("SELECT * FROM audit WHERE event = 'lookalike_viewed'")
    assert (seen["scan_id"], seen["case_id"]) == (before.scan_id, now.case_id)


async def test_lookalikes__only_decided_scans_of_others_by_one_model(centre: Centre) -> None:
    """Not the scan itself, one of its container, an undecided one, nor one that another model placed."""
    await decided(centre, "MSKU9070323", 0)
    await decided(centre, NUMBERS[0], 0, model=bytes(32))
    undecided = await centre.open_case(container_nos=[NUMBERS[2]])
    await place(centre.pool, undecided.scan_id, 0)
    await centre.pool.execute("DELETE FROM ready WHERE case_id = $1", undecided.case_id)
    shown = await decided(centre, NUMBERS[3], 40)
    client, now = await held(centre)
    answer = (await client.get(url(now.case_id))).json()
    assert [scan["scan_id"] for scan in answer["scans"]] == [shown.scan_id]


async def test_lookalikes__pixels_of_what_was_not_shown_are_refused(centre: Centre) -> None:
    """A scan that was not in the list, another person's list, an old lease: none opens the door."""
    before = await decided(centre, NUMBERS[0], 20)
    client, now = await held(centre)
    strip = url(now.case_id, before.scan_id)

    async def code(one: httpx.AsyncClient, path: str) -> str | int:
        answer = await one.get(path)
        return answer.status_code if answer.is_success else str(answer.json()["code"])

    assert await code(client, strip) == "lookalike_not_found", "before the list was asked for"
    assert await code(client, url(now.case_id)) == 200
    assert await code(client, strip) == 200
    assert await code(client, url(now.case_id, now.scan_id)) == "lookalike_not_found"
    chen = await centre.person("chen", "reviewer")
    assert await code(chen, url(now.case_id)) == "case_not_found"
    assert await code(chen, strip) == "lookalike_not_found"
    async with centre.pool.acquire() as conn, conn.transaction():
        await centre.queue.reopen_case(conn, before.scan_id, risk=0.1, screening_id=None, actor="system:test")
    assert await code(client, strip) == "lookalike_not_found", "its case is open again"
    await centre.pool.execute("UPDATE cases SET closed_at = now() WHERE case_id = $1", before.case_id)
    assert await code(client, strip) == 200
    lease = {
        "case_id": now.case_id,
        "token": await centre.pool.fetchval("SELECT token FROM seats WHERE case_id = $1", now.case_id),
    }
    assert (await client.post(DECIDE, json=decision(lease))).status_code == 200
    assert await code(client, strip) == "lookalike_not_found", "the lease is over"


async def test_lookalikes__a_scan_nobody_has_placed(centre: Centre) -> None:
    """Without an embedding there is nothing to search by, and the answer says so."""
    await decided(centre, NUMBERS[0], 20)
    client, now = await held(centre, None)
    assert (await client.get(url(now.case_id))).json() == {"state": "not_placed", "scans": []}


async def test_lookalikes__off_without_pgvector(centre: Centre) -> None:
    """A database without the extension keeps the embeddings, and answers that nothing can be searched."""
    before = await decided(centre, NUMBERS[0], 20)
    client, now = await held(centre)
    await centre.pool.execute("DROP EXTENSION vector CASCADE")
    await place(centre.pool, before.scan_id, 20, model=bytes(32))
    assert (await client.get(url(now.case_id))).json() == {"state": "off", "scans": []}


async def test_lookalikes__are_found_by_an_index(pool: asyncpg.Pool) -> None:
    """The search walks the index of points, and a strip reads no table whole."""
    arguments: tuple[object, ...] = ([0.0] * 128, MODEL, "x", ["X"], "cargo", [], False)
    async with pool.acquire() as conn:
        await conn.execute("SET enable_seqscan = off; SET enable_sort = off")
        near = "\n".join(row[0] for row in await conn.fetch(f"EXPLAIN {NEAR_SQL}", *arguments))
        assert "scan_embeddings_near" in near
        await conn.execute("RESET enable_sort")
        for sql, given in ((PLACE_SQL, (1, 1)), (ONE_SQL, (1, 1, "x"))):
            plan = "\n".join(row[0] for row in await conn.fetch(f"EXPLAIN {sql}", *given))
            assert "Seq Scan" not in plan
