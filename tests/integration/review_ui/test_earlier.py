"""Earlier scans of the same container: their pixels for the holder of the case, and nothing else."""

import asyncpg
import httpx
import numpy as np
import pytest

from review_ui.earlier import LIST_SQL, ONE_SQL
from scans import px16
from tests.integration.review_ui.centre import Centre, Opened, decision

NEXT = "/api/v1/review/next"
DECIDE = "/api/v1/review/decide"
FIELDS = {
    "scan_id",
    "port",
    "station_id",
    "modality",
    "scanned_at",
    "pixel_pitch_mm",
    "bit_depth",
    "levels",
    "inspection",
}


def url(case_id: int, scan_id: str = "", strip: str = "0/0") -> str:
    """Return the address of the list, or of a strip."""
    base = f"/api/v1/review/cases/{case_id}/earlier"
    return f"{base}/{scan_id}/px16/{strip}" if scan_id else base


async def close_next(centre: Centre, client: httpx.AsyncClient, verdict: str = "rescan") -> int:
    """Have a reviewer decide their next case; return it."""
    lease = (await client.post(NEXT)).json()
    answer = await client.post(DECIDE, json=decision(lease, verdict))
    assert answer.status_code == 200, answer.text
    return int(lease["case_id"])


async def scan_twice(centre: Centre, *, risk: float = 0.5) -> tuple[Opened, Opened]:
    """Open and decide a case, then open another one of the same container, of this risk."""
    before = await centre.open_case()
    await close_next(centre, await centre.person("first", "reviewer"))
    return before, await centre.open_case(risk=risk)


async def test_earlier__holder_reads_list_and_every_pixel(centre: Centre) -> None:
    """The list has addresses whose strips decode to the earlier scan; the trail knows who looked, once."""
    before, now = await scan_twice(centre)
    client = await centre.person("lin", "reviewer")
    assert (await client.post(NEXT)).json()["case_id"] == now.case_id
    assert (await client.get(f"/api/v1/review/cases/{now.case_id}")).json()["n_earlier"] == 1
    [scan] = (await client.get(url(now.case_id))).json()["scans"]
    assert set(scan) == FIELDS, "no finding, no verdict, no name"
    assert scan["scan_id"] == before.scan_id
    full = scan["levels"][-1]
    header = px16.read_header(before.full)
    answers = [
        await client.get(full["url"].format(strip=strip), headers={"accept-encoding": "gzip"})
        for strip in range(full["n_strips"])
    ]
    assert {answer.headers["cache-control"] for answer in answers} == {"private, no-store"}
    rows = [px16.decode_strip(answer.content, header, i) for i, answer in enumerate(answers)]
    assert np.array_equal(np.concatenate(rows, axis=1), before.pixels)
    [seen] = await centre.pool.fetch("SELECT * FROM audit WHERE event = 'earlier_scan_viewed'")
    assert (seen["scan_id"], seen["case_id"]) == (before.scan_id, now.case_id)


async def test_earlier__tells_what_the_box_held(centre: Centre) -> None:
    """The newest outcome of the earlier scan, and nothing where nobody opened it."""
    before, now = await scan_twice(centre)
    client = await centre.person("lin", "reviewer")
    await client.post(NEXT)
    assert (await client.get(url(now.case_id))).json()["scans"][0]["inspection"] is None
    sun = await centre.person("sun", "supervisor")
    at = {"inspected_at": "2026-11-23T10:00:00Z"}
    for said in ({"result": "nothing"}, {"result": "found", "kinds": ["gun"], "note": "by Li"}):
        answer = await sun.put(f"/api/v1/cases/{before.case_id}/inspection", json={**said, **at})
        assert answer.status_code == 201, answer.text
    [scan] = (await client.get(url(now.case_id))).json()["scans"]
    assert scan["inspection"] == {
        "result": "found",
        "kinds": ["gun"],
        "inspected_at": "2026-11-23T10:00:00Z",
    }


async def test_earlier__a_strangers_scan_is_refused(centre: Centre) -> None:
    """Another container, a later scan, an undecided one, the case's own, a made-up one: one code for all."""
    other = await centre.open_case(container_nos=["MSCU6639870"])
    await close_next(centre, await centre.person("first", "reviewer"))
    undecided = await centre.open_case()
    await centre.pool.execute("DELETE FROM ready WHERE case_id = $1", undecided.case_id)
    now = await centre.open_case()
    client = await centre.person("lin", "reviewer")
    assert (await client.post(NEXT)).json()["case_id"] == now.case_id
    later = await centre.open_case()
    assert (await client.get(url(now.case_id))).json() == {"scans": []}
    for scan_id in (other.scan_id, undecided.scan_id, later.scan_id, now.scan_id, "XR-1", "%25", "a" * 90):
        answer = await client.get(url(now.case_id, scan_id))
        assert (answer.status_code, answer.json()["code"]) == (404, "earlier_scan_not_found"), scan_id
        assert answer.headers["content-type"] == "application/problem+json"
    assert await centre.pool.fetchval("SELECT count(*) FROM audit WHERE event LIKE 'earlier%'") == 0


async def test_earlier__ends_with_the_lease_and_is_nobody_elses(centre: Centre) -> None:
    """Without the lease there is neither list nor pixel, whoever asks, and also after a reopening."""
    before, now = await scan_twice(centre)
    client = await centre.person("lin", "reviewer")
    strip = url(now.case_id, before.scan_id)

    async def codes(one: httpx.AsyncClient) -> list[str | int]:
        answers = [await one.get(path) for path in (url(now.case_id), strip)]
        return [answer.status_code if answer.is_success else answer.json()["code"] for answer in answers]

    refused = ["case_not_found", "earlier_scan_not_found"]
    assert await codes(client) == refused
    lease = (await client.post(NEXT)).json()
    assert await codes(client) == [200, 200]
    assert await codes(await centre.person("chen", "reviewer")) == refused
    assert await codes(await centre.person("sun", "supervisor")) == refused
    async with centre.pool.acquire() as conn, conn.transaction():
        await centre.queue.reopen_case(conn, before.scan_id, risk=0.1, screening_id=None, actor="system:test")
    assert await codes(client) == [200, "earlier_scan_not_found"], "its case is open again"
    await centre.pool.execute("UPDATE cases SET closed_at = now() WHERE case_id = $1", before.case_id)
    assert await codes(client) == [200, 200]
    await client.post(DECIDE, json=decision(lease))
    assert await codes(client) == refused


async def test_earlier__a_second_review_stays_blind(centre: Centre) -> None:
    """The second reviewer's answers are the first one's to the byte, and hold no word of any decision."""
    await scan_twice(centre, risk=0.95)
    lin = await centre.person("lin", "reviewer")
    lease = (await lin.post(NEXT)).json()
    case_id = lease["case_id"]
    first = (await lin.get(url(case_id))).content
    said = decision(lease, "release", reason_codes=["no_anomaly"], note="first word")
    assert (await lin.post(DECIDE, json=said)).json()["case_closed"] is False
    chen = await centre.person("chen", "reviewer")
    again = (await chen.post(NEXT)).json()
    assert (again["case_id"], again["stage"]) == (case_id, 2)
    second = await chen.get(url(case_id))
    assert second.content == first
    for word in ("release", "rescan", "first", "no_anomaly", "lin", "verdict", "disposition"):
        assert word not in second.text


@pytest.mark.parametrize(("then", "now"), [("CSQU3054383", "MSKU9070323"), ("MSCU6639870", "CSQU3054383")])
async def test_earlier__any_container_of_the_picture_counts(centre: Centre, then: str, now: str) -> None:
    """A truck carries two: each is looked for among all numbers of all scans."""
    before = await centre.open_case(container_nos=["TGHU1234560", then])
    await close_next(centre, await centre.person("first", "reviewer"))
    case = await centre.open_case(container_nos=[now, then])
    client = await centre.person("lin", "reviewer")
    await client.post(NEXT)
    [scan] = (await client.get(url(case.case_id))).json()["scans"]
    assert scan["scan_id"] == before.scan_id


@pytest.mark.parametrize("container_nos", [[], ["MSCU6639870"]])
async def test_earlier__nothing_without_the_number(centre: Centre, container_nos: list[str]) -> None:
    """A case without a container number, or with one never seen before, has no earlier scans."""
    await centre.open_case(container_nos=[])
    await close_next(centre, await centre.person("first", "reviewer"))
    case = await centre.open_case(container_nos=container_nos)
    client = await centre.person("lin", "reviewer")
    await client.post(NEXT)
    assert (await client.get(url(case.case_id))).json() == {"scans": []}


async def test_earlier__is_found_by_the_containers_index(pool: asyncpg.Pool) -> None:
    """Neither the list nor a strip has to read any table whole."""
    async with pool.acquire() as conn:
        await conn.execute("SET enable_seqscan = off")
        plans = [
            "\n".join(row[0] for row in await conn.fetch(f"EXPLAIN {sql}", *arguments))
            for sql, arguments in ((LIST_SQL, (1, 1)), (ONE_SQL, (1, 1, "x")))
        ]
    assert not any("Seq Scan" in plan for plan in plans)
    assert "scans_containers" in plans[0]


async def test_photos__are_shown_as_they_were_sent(centre: Centre) -> None:
    """JPEG and PNG have an address, with their own type; another format has none."""
    photos = [("tiff", b"II*\0 photo"), ("jpeg", b"\xff\xd8 photo"), ("png", b"\x89PNG photo")]
    case = await centre.open_case(photos=photos)
    client = await centre.person("lin", "reviewer")
    await client.post(NEXT)
    view = (await client.get(f"/api/v1/review/cases/{case.case_id}")).json()
    base = f"/api/v1/cases/{case.case_id}/photos"
    assert view["scan"]["photos"] == [f"{base}/1", f"{base}/2"]
    jpeg, png = [await client.get(address) for address in view["scan"]["photos"]]
    assert (jpeg.content, jpeg.headers["content-type"]) == (photos[1][1], "image/jpeg")
    assert (png.content, png.headers["content-type"]) == (photos[2][1], "image/png")
    assert jpeg.headers["cache-control"] == "private, no-store"
    for index in (0, 3, 2**40):
        answer = await client.get(f"{base}/{index}")
        assert (answer.status_code, answer.json()["code"]) == (404, "photo_not_found")
    other = await (await centre.person("chen", "reviewer")).get(f"{base}/1")
    assert (other.status_code, other.json()["code"]) == (404, "case_not_found")
