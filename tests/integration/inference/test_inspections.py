"""What opening a box found, reported by a station's key: of its own port's scans, every word kept."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.integration.inference.centre import Centre, grey_scan, png, post_scan, problem_of
from tests.seed import seed_station

OPENED_AT = "2026-11-29T10:00:00+08:00"


async def disposed_scan(centre: Centre, station: httpx.AsyncClient, disposition: str = "inspect") -> str:
    """A scan with its final word; returns its id."""
    scan_id = str((await post_scan(station, png(grey_scan())))["scan_id"])
    await centre.pool.execute(
        "INSERT INTO dispositions (scan_id, cycle, disposition, source) VALUES ($1, 1, $2, 'review')",
        scan_id,
        disposition,
    )
    return scan_id


async def report(client: httpx.AsyncClient, scan_id: str, **fields: Any) -> httpx.Response:
    body = {"result": "found", "kinds": ["gun"], "inspected_at": OPENED_AT, **fields}
    return await client.put(f"/api/v1/scans/{scan_id}/inspection", json=body)


async def trail(centre: Centre) -> list[tuple[str, str]]:
    rows = await centre.pool.fetch(
        "SELECT actor, detail FROM audit WHERE event = 'inspection_reported' ORDER BY seq"
    )
    return [(row["actor"], row["detail"].partition(" content=")[0]) for row in rows]


async def test_put_inspection__first_word_repetition_and_correction(
    centre: Centre, station: httpx.AsyncClient
) -> None:
    """A repetition is harmless; a correction is another revision, and both stay."""
    scan_id = await disposed_scan(centre, station)
    first = await report(station, scan_id, note="under the floor")
    assert (first.status_code, first.json()["revision"], first.json()["cycle"]) == (201, 1, 1)
    again = await report(station, scan_id, note="under the floor")
    assert (again.status_code, again.json()) == (200, first.json())
    corrected = await report(station, scan_id, result="nothing", kinds=[])
    assert (corrected.status_code, corrected.json()["revision"]) == (201, 2)
    rows = await centre.pool.fetch("SELECT result, kinds, note FROM inspection_outcomes ORDER BY revision")
    assert [tuple(row) for row in rows] == [("found", ["gun"], "under the floor"), ("nothing", [], "")]
    assert await trail(centre) == [
        ("station:ST-1", "result=found revision=1"),
        ("station:ST-1", "result=nothing revision=2"),
    ]


async def test_put_inspection__of_another_port_is_not_there(
    centre: Centre, station: httpx.AsyncClient
) -> None:
    """A key speaks for its port: another station of it may report, one of another port sees no scan."""
    scan_id = await disposed_scan(centre, station)
    async with centre.pool.acquire() as conn:
        same = centre.client(await seed_station(conn, "FIELD-1", "YTN"))
        other = centre.client(await seed_station(conn, "FIELD-2", "SKZ"))
    assert problem_of(await report(other, scan_id)) == (404, "scan_not_found")
    assert problem_of(await report(same, "XR-1")) == (404, "scan_not_found")
    assert (await report(same, scan_id)).status_code == 201
    assert problem_of(await report(centre.client("sx_0_nokey"), scan_id)) == (401, "station_key_invalid")


async def test_put_inspection__before_the_final_word_is_refused(
    centre: Centre, station: httpx.AsyncClient
) -> None:
    """Nothing has said yet that it should be opened."""
    scan_id = str((await post_scan(station, png(grey_scan())))["scan_id"])
    assert problem_of(await report(station, scan_id)) == (409, "scan_not_disposed")
    assert await trail(centre) == []


async def test_put_inspection__belongs_to_the_last_cycle(centre: Centre, station: httpx.AsyncClient) -> None:
    """After a second final word, a new report does not correct the one about the first."""
    scan_id = await disposed_scan(centre, station, "release")
    assert (await report(station, scan_id)).json()["cycle"] == 1
    await centre.pool.execute(
        "INSERT INTO dispositions (scan_id, cycle, disposition, source) VALUES ($1, 2, 'inspect', 'review')",
        scan_id,
    )
    second = (await report(station, scan_id)).json()
    assert (second["cycle"], second["revision"]) == (2, 1)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"result": "nothing"}, "inspection_invalid"),
        ({"kinds": ["Gun!"]}, "inspection_invalid"),
        ({"kinds": ["gun", "gun"]}, "inspection_invalid"),
        ({"inspected_at": (datetime.now(UTC) + timedelta(days=1)).isoformat()}, "inspection_invalid"),
        ({"result": "perhaps"}, "request_invalid"),
        ({"inspected_at": "2026-11-29T10:00:00"}, "request_invalid"),
        ({"inspected_at": "0001-01-01T00:00:00Z"}, "request_invalid"),
        ({"note": "a\x00b"}, "request_invalid"),
        ({"note": "x" * 2001}, "request_invalid"),
        ({"kinds": ["gun"] * 21}, "request_invalid"),
        ({"officer": "Li"}, "request_invalid"),
    ],
)
async def test_put_inspection__bad_input_is_the_senders(
    fields: dict[str, Any], code: str, centre: Centre, station: httpx.AsyncClient
) -> None:
    """Each is refused with its code, and nothing is stored."""
    scan_id = await disposed_scan(centre, station)
    assert problem_of(await report(station, scan_id, **fields)) == (422, code)
    assert await centre.pool.fetchval("SELECT count(*) FROM inspection_outcomes") == 0


async def test_inspection_outcomes__refuse_change(centre: Centre, station: httpx.AsyncClient) -> None:
    """What was reported stays, in the database too."""
    scan_id = await disposed_scan(centre, station)
    await report(station, scan_id)
    for statement in ("UPDATE inspection_outcomes SET note = 'x'", "DELETE FROM inspection_outcomes"):
        with pytest.raises(Exception, match="append-only"):
            await centre.pool.execute(statement)
