"""What an administrator does in the browser: accounts, stations and keys, models."""

from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from inference.errors import StationKeyInvalidError
from inference.stations import StationKeys
from models.registry import DEFAULT_MANIFEST, load_manifest
from review_ui.accounts import create_account, disable_account
from review_ui.errors import LastAdminError
from review_ui.model_routes import read_models
from review_ui.settings import ReviewSettings
from tests.integration.review_ui.centre import PASSWORD, Centre

NEW = {"login": "li.wei", "display_name": "李伟", "role": "reviewer", "port": "SKZ", "quals": [0, 3]}


async def events(centre: Centre, event: str) -> list[asyncpg.Record]:
    return await centre.pool.fetch("SELECT * FROM audit WHERE event = $1 ORDER BY seq", event)


async def refused(client: httpx.AsyncClient, path: str, body: Any) -> tuple[int, str]:
    answer = await client.post(path, json=body)
    return answer.status_code, answer.json()["code"]


async def test_accounts__are_made_and_told_their_password_once(centre: Centre) -> None:
    """The new person logs in with the password shown; the trail names the administrator, never a password."""
    admin_id = await centre.account("root", "admin")
    admin = await centre.log_in("root")
    made = await admin.post("/api/v1/admin/accounts", json=NEW)
    assert made.status_code == 201, made.text
    password = made.json()["password"]
    assert len(password) == 19
    person = await centre.browser().post("/api/v1/session", json={"login": "li.wei", "password": password})
    assert (person.status_code, person.json()["role"]) == (200, "reviewer")
    [row] = [row for row in (await admin.get("/api/v1/admin/accounts")).json() if row["login"] == "li.wei"]
    assert (row["port"], row["quals"], row["n_sessions"], row["disabled_at"]) == ("SKZ", [0, 3], 1, None)
    assert password not in (await admin.get("/api/v1/admin/accounts")).text
    [event] = await events(centre, "account_created")
    assert event["actor"] == f"account:{admin_id}"
    assert event["detail"] == f"account={row['account_id']} role=reviewer port=SKZ quals=9"


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"role": "reviewer,admin"}, 422, "request_invalid"),
        ({"role": ["admin", "auditor"]}, 422, "request_invalid"),
        ({"login": "Li Wei"}, 422, "account_invalid"),
        ({"login": "root"}, 409, "login_taken"),
        ({"port": "NOPE"}, 422, "account_invalid"),
        ({"quals": [63]}, 422, "request_invalid"),
        ({"display_name": "a\0b"}, 422, "request_invalid"),
        ({"password": "chosen by somebody else"}, 422, "request_invalid"),
    ],
)
async def test_accounts__what_cannot_be_is_refused(
    centre: Centre, change: dict[str, Any], status: int, code: str
) -> None:
    """No account with two roles, with a taken login or a port that is not there; nothing is left behind."""
    admin = await centre.person("root", "admin")
    assert await refused(admin, "/api/v1/admin/accounts", NEW | change) == (status, code)
    assert await centre.pool.fetchval("SELECT count(*) FROM accounts") == 1
    assert await events(centre, "account_created") == []


async def test_disable__ends_sessions_at_once_and_gives_cases_back(centre: Centre) -> None:
    """The next request of the disabled account is refused although its process had just looked it up."""
    notifier = centre.notifier
    await notifier.start()
    try:
        centre.restart(session_cache_s=60.0)
        case = await centre.open_case()
        reviewer_id = await centre.account("lin", "reviewer")
        reviewer = await centre.log_in("lin")
        lease = (await reviewer.post("/api/v1/review/next")).json()
        assert lease["case_id"] == case.case_id
        admin = await centre.person("root", "admin")
        assert (await admin.post("/api/v1/admin/accounts/lin/disable")).status_code == 204
        await notifier.wait_for("session", "", 0.2)
        assert (await reviewer.get("/api/v1/session")).status_code == 401
        assert (await reviewer.post("/api/v1/review/next")).status_code == 401
        assert await centre.pool.fetchval("SELECT count(*) FROM ready") == 1
        assert (await admin.get("/api/v1/session")).status_code == 200
    finally:
        await notifier.close()
    [event] = await events(centre, "account_disabled")
    assert event["detail"] == f"account={reviewer_id}"


async def test_disable__on_the_command_line_is_heard_by_a_running_server(centre: Centre) -> None:
    """Whoever disables an account beside the server ends its sessions there too, and at once."""
    notifier = centre.notifier
    await notifier.start()
    try:
        centre.restart(session_cache_s=60.0)
        reviewer = await centre.person("lin", "reviewer")
        assert (await reviewer.get("/api/v1/session")).status_code == 200
        async with centre.pool.acquire() as connection:
            await disable_account(connection, login="lin")
        await notifier.wait_for("session", "", 0.5)
        assert (await reviewer.get("/api/v1/session")).status_code == 401
    finally:
        await notifier.close()


async def test_disable__last_administrator_stays(centre: Centre) -> None:
    """Somebody must be able to make accounts: of two administrators one may go, of one none."""
    admin = await centre.person("root", "admin")
    assert await refused(admin, "/api/v1/admin/accounts/root/disable", None) == (409, "last_admin")
    async with centre.pool.acquire() as connection:
        with pytest.raises(LastAdminError):
            await disable_account(connection, login="root")
        await create_account(
            connection, login="second", display_name="second", role="admin", password=PASSWORD
        )
    assert (await admin.post("/api/v1/admin/accounts/root/disable")).status_code == 204
    assert (await admin.get("/api/v1/session")).status_code == 401


async def test_password__is_made_anew_and_ends_the_sessions(centre: Centre) -> None:
    """The old password and its session are worth nothing, the new one works; the trail says who did it."""
    reviewer = await centre.person("lin", "reviewer")
    admin_id = await centre.account("root", "admin")
    admin = await centre.log_in("root")
    given = (await admin.post("/api/v1/admin/accounts/lin/password")).json()
    assert given["login"] == "lin"
    assert (await reviewer.get("/api/v1/session")).status_code == 401
    for password, status in ((PASSWORD, 401), (given["password"], 200)):
        answer = await centre.browser().post("/api/v1/session", json={"login": "lin", "password": password})
        assert answer.status_code == status
    [event] = await events(centre, "password_changed")
    assert event["actor"] == f"account:{admin_id}"
    assert await refused(admin, "/api/v1/admin/accounts/nobody/password", None) == (404, "account_not_found")


async def test_stations__keys_are_made_rotated_with_overlap_and_revoked(centre: Centre) -> None:
    """A key is told once and works for its own port; after a rotation both work, after a revocation one."""
    admin = await centre.person("root", "admin")
    body = {"station_id": "SKZ-9", "port": "SKZ", "name": "九号机", "webhook_url": "https://gate.example/x"}
    made = await admin.post("/api/v1/admin/stations", json=body)
    assert made.status_code == 201, made.text
    first = made.json()["key"]
    assert made.json()["webhook_secret"].startswith("whsec_")
    rotated = await admin.post("/api/v1/admin/stations/SKZ-9/rotate", json={"grace_s": 3600})
    second = rotated.json()["key"]
    keys = StationKeys(centre.pool, cache_s=0.0)
    for key in (first, second):
        station = await keys.authenticate(f"Bearer {key}")
        assert (station.station_id, station.port) == ("SKZ-9", "SKZ")
    listed = await admin.get("/api/v1/admin/stations")
    [shown] = [station for station in listed.json() if station["station_id"] == "SKZ-9"]
    assert [key["state"] for key in shown["keys"]] == ["live", "ending"]
    assert first.split("_", 2)[2] not in listed.text
    revoke = f"/api/v1/admin/station-keys/{first.split('_')[1]}/revoke"
    assert (await admin.post(revoke)).status_code == 204
    with pytest.raises(StationKeyInvalidError):
        await keys.authenticate(f"Bearer {first}")
    await keys.authenticate(f"Bearer {second}")
    assert await refused(admin, revoke, None) == (404, "station_key_not_found")
    names = await centre.pool.fetch("SELECT event, actor FROM audit WHERE event LIKE 'station%' ORDER BY seq")
    assert [row["event"] for row in names] == [
        "station_created",
        "station_key_rotated",
        "station_key_revoked",
    ]
    assert len({row["actor"] for row in names}) == 1


async def test_stations__a_rotation_never_lengthens_a_key(centre: Centre) -> None:
    """A key that ends in a minute still does when a later rotation allows a day."""
    admin = await centre.person("root", "admin")
    await admin.post("/api/v1/admin/stations", json={"station_id": "S", "port": "SKZ", "name": "s"})
    for grace_s in (60, 86_400):
        await admin.post("/api/v1/admin/stations/S/rotate", json={"grace_s": grace_s})
    first_ends_in_s = await centre.pool.fetchval(
        "SELECT extract(epoch FROM min(revoked_at) - clock_timestamp())::float8 FROM station_keys"
    )
    assert 0 < first_ends_in_s <= 60


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("stations", {"station_id": "S 1", "port": "SKZ", "name": "s"}, 422, "station_invalid"),
        ("stations", {"station_id": "S", "port": "XXX", "name": "s"}, 404, "port_unknown"),
        (
            "stations",
            {"station_id": "S", "port": "SKZ", "name": "s", "webhook_url": "ftp://x"},
            422,
            "station_invalid",
        ),
        ("stations/none/rotate", {"grace_s": 0}, 404, "station_unknown"),
        ("stations/none/rotate", {"grace_s": -1}, 422, "request_invalid"),
        ("stations/none/rotate", {"grace_s": 1e9}, 422, "request_invalid"),
    ],
)
async def test_stations__what_cannot_be_is_refused(
    centre: Centre, path: str, body: dict[str, Any], status: int, code: str
) -> None:
    """Odd ids, unknown ports and addresses that are none are the sender's fault, and leave no event."""
    admin = await centre.person("root", "admin")
    assert await refused(admin, f"/api/v1/admin/{path}", body) == (status, code)
    assert await centre.pool.fetchval("SELECT count(*) FROM audit WHERE event LIKE 'station%'") == 0


async def test_models__tell_digests_cards_and_who_is_at_work(centre: Centre) -> None:
    """Default and cargo model are active and intact, and the model of the newest screenings is named."""
    await centre.open_case()
    admin = await centre.person("root", "admin")
    answer = (await admin.get("/api/v1/admin/models")).json()
    manifest = load_manifest()
    active = [model for model in answer["models"] if model["is_active"]]
    assert {model["name"] for model in active} == {manifest.default, manifest.cargo}
    assert all(model["is_intact"] and model["sha256"] in model["card"] for model in active)
    assert [(one["model_name"], one["n_screenings"]) for one in answer["at_work"]] == [("seed", 1)]


def test_read_models__tells_of_a_file_that_is_another(tmp_path: Path) -> None:
    """A model file that was exchanged or is missing is not intact."""
    text = DEFAULT_MANIFEST.read_text()
    (tmp_path / "manifest.json").write_text(text)
    settings = ReviewSettings(manifest=tmp_path / "manifest.json")
    missing, *_ = read_models(settings)
    assert (missing.is_intact, missing.size_bytes, missing.card) == (False, None, "")
    (tmp_path / missing.file).write_bytes(b"another")
    other, *_ = read_models(settings)
    assert (other.is_intact, other.size_bytes) == (False, 7)


async def test_admin__sees_no_images(centre: Centre) -> None:
    """Nothing that shows a case is an administrator's: neither views, nor pixels, nor the trail."""
    case = await centre.open_case()
    admin = await centre.person("root", "admin")
    for path in (
        f"cases/{case.case_id}",
        f"review/cases/{case.case_id}",
        f"cases/{case.case_id}/audit",
        f"audit/cases/{case.case_id}",
        "audit/events",
        "audit/export",
        "decisions",
        "board",
    ):
        answer = await admin.get(f"/api/v1/{path}")
        assert (answer.status_code, answer.json()["code"]) == (403, "role_not_allowed"), path
    assert (await admin.get(f"/api/v1/cases/{case.case_id}/px16/2/0")).status_code == 404
