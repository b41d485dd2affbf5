"""Pixels over HTTP: exactly the stored strips, and only for whoever holds the case."""

import httpx
import numpy as np
import pytest

from scans import px16
from tests.integration.review_ui.centre import Centre, Opened, decision

NEXT = "/api/v1/review/next"


async def all_strips(
    client: httpx.AsyncClient, case: Opened, level: int, **headers: str
) -> list[httpx.Response]:
    data = case.full if level == 0 else case.preview
    n_strips = len(px16.read_header(data).strips)
    return [
        await client.get(f"/api/v1/cases/{case.case_id}/px16/{level}/{strip}", headers=headers)
        for strip in range(n_strips)
    ]


@pytest.mark.parametrize("level", [0, 2])
async def test_strips__are_the_stored_bytes(centre: Centre, level: int) -> None:
    """Without zstd in the browser each answer is the frame; together they decode to every pixel."""
    case = await centre.open_case()
    client = await centre.person("lin", "reviewer")
    await client.post(NEXT)
    answers = await all_strips(client, case, level, **{"accept-encoding": "gzip, br"})
    assert {answer.status_code for answer in answers} == {200}
    stored = case.full if level == 0 else case.preview
    header = px16.read_header(stored)
    for answer, entry in zip(answers, header.strips, strict=True):
        assert answer.content == stored[entry.offset : entry.offset + entry.size]
        assert answer.headers["content-type"] == "application/x-px16-strip+zstd"
        assert answer.headers["cache-control"] == "private, no-store"
        assert "content-encoding" not in answer.headers
    rows = [px16.decode_strip(answer.content, header, i) for i, answer in enumerate(answers)]
    assert np.array_equal(np.concatenate(rows, axis=1), px16.downscale(case.pixels, level))


async def test_strips__zstd_is_a_content_coding_for_who_names_it(centre: Centre) -> None:
    """A browser with zstd gets the same bytes, labelled so that it decodes them itself."""
    case = await centre.open_case()
    client = await centre.person("lin", "reviewer")
    await client.post(NEXT)
    header = px16.read_header(case.full)
    url = f"/api/v1/cases/{case.case_id}/px16/0/3"
    async with client.stream("GET", url, headers={"accept-encoding": "gzip, zstd"}) as answer:
        raw = b"".join([part async for part in answer.aiter_raw()])
    entry = header.strips[3]
    assert raw == case.full[entry.offset : entry.offset + entry.size]
    assert answer.headers["content-encoding"] == "zstd"
    assert answer.headers["content-type"] == "application/x-px16-strip"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert int(answer.headers["content-length"]) == entry.size


async def test_strips__prefetched_case_is_readable(centre: Centre) -> None:
    """The pixels of seat 1 travel while seat 0 is under review."""
    for _ in range(2):
        await centre.open_case()
    client = await centre.person("lin", "reviewer")
    await client.post(NEXT)
    waiting = (await client.post("/api/v1/review/prefetch")).json()
    assert (await client.get(f"/api/v1/cases/{waiting['case_id']}/px16/0/0")).status_code == 200


@pytest.mark.parametrize("role", ["reviewer", "supervisor", "auditor", "admin"])
async def test_strips__others_do_not_even_learn_that_the_case_exists(centre: Centre, role: str) -> None:
    """An open case by its address is the same 404 as one that does not exist, whatever the role."""
    case = await centre.open_case()
    await (await centre.person("lin", "reviewer")).post(NEXT)
    other = await centre.person("other", role)
    answers = [
        await other.get(f"/api/v1/cases/{case_id}/px16/0/0")
        for case_id in (case.case_id, 999_999, 2**63, 10**30)
    ]
    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (404, "case_not_found")
    assert answers[0].json()["detail"].replace(str(case.case_id), "N") == answers[1].json()["detail"].replace(
        "999999", "N"
    )


async def test_strips__end_with_the_lease(centre: Centre) -> None:
    """After the verdict, a pause or an expiry the pixels are out of reach."""
    case = await centre.open_case()
    url = f"/api/v1/cases/{case.case_id}/px16/2/0"
    client = await centre.person("lin", "reviewer")
    assert (await client.get(url)).status_code == 404
    await client.post(NEXT)
    assert (await client.get(url)).status_code == 200
    await client.post("/api/v1/review/pause")
    assert (await client.get(url)).status_code == 404
    lease = (await client.post(NEXT)).json()
    await centre.pool.execute("UPDATE seats SET until = clock_timestamp() - interval '1 ms'")
    assert (await client.get(url)).status_code == 404
    lease = (await client.post(NEXT)).json()
    assert (await client.get(url)).status_code == 200
    await client.post("/api/v1/review/decide", json=decision(lease))
    assert (await client.get(url)).status_code == 404


@pytest.mark.parametrize(
    "path", ["1/0", "0/7", "0/999999", "2/1", "8/0", "0/-1", "x/0", "0/x", "0/" + "9" * 5000]
)
async def test_strips__that_do_not_exist_are_not_found(centre: Centre, path: str) -> None:
    """A level or strip that the scan does not have is a 404, never a crash."""
    case = await centre.open_case()
    client = await centre.person("lin", "reviewer")
    await client.post(NEXT)
    answer = await client.get(f"/api/v1/cases/{case.case_id}/px16/{path}")
    assert answer.status_code == 404
    assert answer.json()["code"] in ("case_not_found", "not_found")


@pytest.mark.parametrize("role", ["supervisor", "auditor"])
async def test_closed_case__pixels_are_for_control_and_leave_a_trace(centre: Centre, role: str) -> None:
    """Control reads the strips of a closed case, nobody else does; who looked is on record, once."""
    case = await centre.open_case()
    reviewer = await centre.person("lin", "reviewer")
    lease = (await reviewer.post(NEXT)).json()
    await reviewer.post("/api/v1/review/decide", json=decision(lease))
    control = await centre.person("control", role)
    answers = await all_strips(control, case, 0)
    assert {answer.status_code for answer in answers} == {200}
    traces = await centre.pool.fetch(
        "SELECT * FROM audit WHERE event = 'closed_case_viewed' AND case_id = $1", case.case_id
    )
    assert len(traces) == 1
    assert traces[0]["actor"] != "account:1"
    for role_without in ("reviewer", "admin"):
        other = await centre.person(role_without, role_without)
        assert (await other.get(f"/api/v1/cases/{case.case_id}/px16/2/0")).status_code == 404


async def test_damaged_strip__is_never_shown(centre: Centre) -> None:
    """A flipped bit in the store answers 503, is audited, and hides no other strip."""
    case = await centre.open_case()
    client = await centre.person("lin", "reviewer")
    await client.post(NEXT)
    entry = px16.read_header(case.full).strips[4]
    [path] = [
        p for p in (centre.store_path / "store").rglob("*") if p.is_file() and p.read_bytes() == case.full
    ]
    path.chmod(0o600)
    data = bytearray(case.full)
    data[entry.offset + entry.size // 2] ^= 0x10
    path.write_bytes(data)
    answers = await all_strips(client, case, 0)
    assert [answer.status_code for answer in answers] == [200] * 4 + [503] + [200] * 2
    assert answers[4].json()["code"] == "object_corrupt"
    row = await centre.pool.fetchrow("SELECT * FROM audit WHERE event = 'object_corrupt'")
    assert row is not None
    assert (row["case_id"], row["scan_id"]) == (case.case_id, case.scan_id)


async def test_lost_object__does_not_lock_its_reviewer_in(centre: Centre) -> None:
    """A case whose pixels are lost is still handed out, without them, so that a rescan can be ordered."""
    case = await centre.open_case()
    for path in (centre.store_path / "store").rglob("*"):
        if path.is_file() and path.read_bytes() == case.full:
            path.unlink()
    client = await centre.person("lin", "reviewer")
    lease = (await client.post(NEXT)).json()
    view = (await client.get(f"/api/v1/review/cases/{case.case_id}")).json()
    assert [level["level"] for level in view["scan"]["levels"]] == [2]
    assert (await client.get(f"/api/v1/cases/{case.case_id}/px16/0/0")).json()["code"] == "object_missing"
    answer = await client.post("/api/v1/review/decide", json=decision(lease, "rescan"))
    assert answer.json()["case_closed"] is True
    assert await centre.pool.fetchval("SELECT count(*) FROM audit WHERE event = 'object_missing'") >= 1
