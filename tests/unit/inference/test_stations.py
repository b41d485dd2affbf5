"""Station keys: their form, and how long an answer about one is believed."""

import hashlib
from typing import Any

import pytest

from inference.errors import StationInvalidError, StationKeyInvalidError
from inference.stations import Station, StationKeys, create_station, hash_secret, new_key, parse_bearer


class FakePool:
    """Answers the key query from a dictionary and counts how often it is asked."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Any]] = {}
        self.n_queries = 0

    async def acquire(self, *, timeout: float) -> "FakePool":
        return self

    async def release(self, connection: "FakePool") -> None:
        return

    async def fetchrow(self, _sql: str, key_id: str) -> dict[str, Any] | None:
        self.n_queries += 1
        return self.rows.get(key_id)

    def add(self, station_id: str) -> tuple[str, str]:
        """Register a station; returns its key id and the header that it sends."""
        key_id, key, digest = new_key()
        self.rows[key_id] = {"key_sha256": digest, "station_id": station_id, "port": "YTN"}
        return key_id, f"Bearer {key}"


class Clock:
    """Seconds that pass when told to."""

    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def pool() -> FakePool:
    return FakePool()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(pool: FakePool, clock: Clock) -> StationKeys:
    return StationKeys(pool, cache_s=2.0, clock_s=clock)  # type: ignore[arg-type]


def test_new_key__only_the_secrets_sha256_is_kept() -> None:
    """What is stored does not give the key back, and two keys never meet."""
    key_id, key, stored = new_key()
    prefix, middle, secret = key.split("_", 2)
    assert (prefix, middle) == ("sx", key_id)
    assert len(secret) >= 43
    assert stored == hashlib.sha256(secret.encode()).digest() == hash_secret(secret)
    assert new_key()[1] != key


def test_parse_bearer__reads_its_own_keys() -> None:
    """A secret may itself hold underscores and hyphens."""
    assert parse_bearer("Bearer sx_ab12_" + "s_-x" * 8) == ("ab12", "s_-x" * 8)
    assert parse_bearer("bearer  sx_ab12_" + "x" * 32) == ("ab12", "x" * 32)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Basic sx_ab12_" + "x" * 32,
        "Bearer sk_ab12_" + "x" * 32,
        "Bearer sx_ab12_short",
        "Bearer sx_a\x00b_" + "x" * 32,
        "Bearer sx_ab12_" + "é" * 32,
        "Bearer sx_ab12_" + "x" * 201,
    ],
)
def test_parse_bearer__anything_else_is_none(header: str | None) -> None:
    """Only the exact form reaches the database."""
    assert parse_bearer(header) is None


@pytest.mark.parametrize(
    ("station_id", "webhook_url"),
    [
        ("", None),
        ("a b", None),
        ("x" * 41, None),
        ("ST-1", "station.example/in"),
        ("ST-1", "file:///etc/passwd"),
        ("ST-1", "http://"),
        ("ST-1", "https://a\x07b/"),
    ],
)
async def test_create_station__unusable_id_or_address(station_id: str, webhook_url: str | None) -> None:
    """A typing mistake is told at once, not when the first word cannot be delivered."""
    with pytest.raises(StationInvalidError):
        await create_station(
            None,  # type: ignore[arg-type]
            station_id=station_id,
            port="YTN",
            name="",
            webhook_url=webhook_url,
        )


async def test_authenticate__key_speaks_for_its_station(keys: StationKeys, pool: FakePool) -> None:
    """The station and its port come from the key, never from the request."""
    _, header = pool.add("ST-1")
    assert await keys.authenticate(header) == Station(station_id="ST-1", port="YTN")


async def test_authenticate__right_id_with_another_secret_is_refused(
    keys: StationKeys, pool: FakePool
) -> None:
    """The id alone is no key, also while the right key is remembered."""
    key_id, header = pool.add("ST-1")
    await keys.authenticate(header)
    with pytest.raises(StationKeyInvalidError):
        await keys.authenticate(f"Bearer sx_{key_id}_" + "x" * 43)


async def test_authenticate__asks_once_in_a_while_and_sees_a_revocation(
    keys: StationKeys, pool: FakePool, clock: Clock
) -> None:
    """A request is not a query, and a revoked key is refused as soon as the memory ends."""
    key_id, header = pool.add("ST-1")
    for _ in range(5):
        await keys.authenticate(header)
    assert pool.n_queries == 1
    del pool.rows[key_id]
    clock.now_s += 2.0
    with pytest.raises(StationKeyInvalidError):
        await keys.authenticate(header)


async def test_authenticate__unknown_ids_are_remembered_too(keys: StationKeys, pool: FakePool) -> None:
    """Guessing one id over and over does not reach the database each time."""
    for _ in range(5):
        with pytest.raises(StationKeyInvalidError):
            await keys.authenticate("Bearer sx_nobody_" + "x" * 43)
    assert pool.n_queries == 1
