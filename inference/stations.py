"""Stations and their keys: ``sx_<key_id>_<secret>``, of whose secret only the sha256 is stored.

Invariant: a key speaks for its own station and port only. The operator's side (create, rotate, revoke) takes
a connection; ``StationKeys`` is the request's side and keeps each key for a moment, so that a request is
not a query, yet a revoked key is refused within seconds, in every process.
"""

import base64
import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import asyncpg
import httpx

from inference.database_errors import Connection, Pool, connect
from inference.errors import (
    PortInvalidError,
    PortUnknownError,
    StationExistsError,
    StationInvalidError,
    StationKeyInvalidError,
    StationUnknownError,
)
from review_queue import audit

MAX_CACHED_KEYS = 4096
OPERATOR = "system:operator"
REFUSED = "This request carries no valid station key. Send 'Authorization: Bearer sx_…' with a current key."
BEARER = re.compile(r"(?i:bearer) +sx_(?P<key_id>[A-Za-z0-9-]{1,40})_(?P<secret>[A-Za-z0-9_-]{16,200}) *")

STATION_ID = re.compile(r"[A-Za-z0-9_-]{1,40}")

# xmax is 0 in a row that was inserted, and not in one that was updated.
ADD_PORT = """
INSERT INTO ports (code, name_zh, name_en) VALUES ($1, $2, $3)
ON CONFLICT (code) DO UPDATE SET name_zh = excluded.name_zh, name_en = excluded.name_en
RETURNING xmax = 0 AS is_new
"""
FIND_KEY = """
SELECT k.key_sha256, s.station_id, s.port
FROM station_keys k JOIN stations s USING (station_id)
WHERE k.key_id = $1 AND s.disabled_at IS NULL
  AND (k.revoked_at IS NULL OR k.revoked_at > clock_timestamp())
"""


@dataclass(frozen=True, kw_only=True)
class Station:
    """Who is speaking: a scanner and the port it stands at."""

    station_id: str
    port: str


@dataclass(frozen=True, kw_only=True)
class StationCredentials:
    """What a new station is given, once; neither can be read back.

    Attributes:
        key: For ``Authorization: Bearer``.
        webhook_secret: Signs what we send to the station (``whsec_…``), or None without a webhook.
    """

    key: str = field(repr=False)
    webhook_secret: str | None = field(default=None, repr=False)


def new_key() -> tuple[str, str, bytes]:
    """Make a key from the system's random source: (key id, whole key, what is stored of it)."""
    key_id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    return key_id, f"sx_{key_id}_{secret}", hash_secret(secret)


def hash_secret(secret: str) -> bytes:
    """Return the sha256 of a key's secret part. A fast hash is enough: it has 256 random bits."""
    return hashlib.sha256(secret.encode("ascii")).digest()


def parse_bearer(header: str | None) -> tuple[str, str] | None:
    """Split an Authorization header into (key id, secret); None if it is not of our form."""
    match = BEARER.fullmatch(header or "")
    return (match["key_id"], match["secret"]) if match else None


async def add_port(conn: Connection, *, code: str, name_zh: str, name_en: str, actor: str = OPERATOR) -> None:
    """Add a port, or rename it.

    Raises:
        PortInvalidError: The code cannot be used.
    """
    try:
        async with conn.transaction():
            is_new = await conn.fetchval(ADD_PORT, code, name_zh, name_en)
            event = "port_added" if is_new else "port_renamed"
            await audit.record(conn, actor=actor, event=event, detail=f"port={code}")
    except asyncpg.CheckViolationError as error:
        raise PortInvalidError(
            f"{code[:40]!r} is no code of a port: 2 to 12 capital letters and digits"
        ) from error


async def create_station(
    conn: Connection,
    *,
    station_id: str,
    port: str,
    name: str,
    webhook_url: str | None = None,
    actor: str = OPERATOR,
) -> StationCredentials:
    """Register a scanner and give it its first key.

    Args:
        conn: A connection; the rows are written in its transaction if it has one.
        station_id: 1 to 40 letters, digits, ``_`` or ``-``.
        port: Code of a known port.
        name: For people.
        webhook_url: Where dispositions are sent; None if the station asks for them.
        actor: Who does it, for the audit log.

    Raises:
        StationExistsError: The id is taken.
        PortUnknownError: No such port.
        StationInvalidError: The id or the webhook address cannot be used.
    """
    _check_station(station_id, webhook_url)
    webhook_secret = _new_webhook_secret() if webhook_url else None
    try:
        async with conn.transaction():
            await conn.execute(
                "INSERT INTO stations (station_id, port, name, webhook_url, webhook_secret)"
                " VALUES ($1, $2, $3, $4, $5)",
                station_id,
                port,
                name,
                webhook_url,
                webhook_secret,
            )
            key_id, key = await _add_key(conn, station_id)
            detail = f"station={station_id} port={port} key={key_id}"
            await audit.record(conn, actor=actor, event="station_created", detail=detail)
    except asyncpg.UniqueViolationError as error:
        raise StationExistsError(
            f"Station {station_id} exists already; use `rotate` for a new key."
        ) from error
    except asyncpg.ForeignKeyViolationError as error:
        raise PortUnknownError(f"There is no port {port}; add it first.") from error
    return StationCredentials(key=key, webhook_secret=webhook_secret)


async def rotate_key(
    conn: Connection, station_id: str, *, grace_s: float = 0.0, actor: str = OPERATOR
) -> StationCredentials:
    """Give a station a new key and end its other keys after ``grace_s``, those that end sooner excepted.

    Raises:
        StationUnknownError: No such station.
    """
    async with conn.transaction():
        known = await conn.fetchval("SELECT 1 FROM stations WHERE station_id = $1 FOR UPDATE", station_id)
        if known is None:
            raise StationUnknownError(f"There is no station {station_id}.")
        await conn.execute(
            "UPDATE station_keys"
            " SET revoked_at = least(revoked_at, clock_timestamp() + make_interval(secs => $2))"
            " WHERE station_id = $1 AND (revoked_at IS NULL OR revoked_at > clock_timestamp())",
            station_id,
            grace_s,
        )
        key_id, key = await _add_key(conn, station_id)
        detail = f"station={station_id} key={key_id} grace_s={grace_s:g}"
        await audit.record(conn, actor=actor, event="station_key_rotated", detail=detail)
        return StationCredentials(key=key)


async def revoke_key(conn: Connection, key_id: str, *, actor: str = OPERATOR) -> bool:
    """End a key at once. Returns whether there was a live key of this id."""
    async with conn.transaction():
        station_id = await conn.fetchval(
            "UPDATE station_keys SET revoked_at = clock_timestamp()"
            " WHERE key_id = $1 AND (revoked_at IS NULL OR revoked_at > clock_timestamp())"
            " RETURNING station_id",
            key_id,
        )
        if station_id is None:
            return False
        detail = f"station={station_id} key={key_id}"
        await audit.record(conn, actor=actor, event="station_key_revoked", detail=detail)
        return True


def _check_station(station_id: str, webhook_url: str | None) -> None:
    if not STATION_ID.fullmatch(station_id):
        raise StationInvalidError(f"A station's id is 1 to 40 letters, digits, _ or -, not {station_id!r}.")
    if webhook_url is None:
        return
    try:
        url = httpx.URL(webhook_url)
    except httpx.InvalidURL as error:
        raise StationInvalidError(f"The webhook address cannot be read: {error}.") from error
    if url.scheme not in ("http", "https") or not url.host:
        raise StationInvalidError("A webhook address looks like https://station.example/path.")


async def _add_key(conn: Connection, station_id: str) -> tuple[str, str]:
    key_id, key, digest = new_key()
    await conn.execute(
        "INSERT INTO station_keys (key_id, station_id, key_sha256) VALUES ($1, $2, $3)",
        key_id,
        station_id,
        digest,
    )
    return key_id, key


def _new_webhook_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


@dataclass(frozen=True, kw_only=True)
class _CachedKey:
    key_sha256: bytes | None
    station: Station | None
    expires_at_s: float


class StationKeys:
    """Checks the key of each request, with a short memory of keys and of ids that do not exist.

    Args:
        pool: Database.
        cache_s: How long an answer of the database is believed.
        timeout_s: How long to wait for a database connection.
        clock_s: Monotonic seconds; passed in so that tests need not sleep.
    """

    def __init__(
        self,
        pool: Pool,
        *,
        cache_s: float,
        timeout_s: float = 5.0,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pool = pool
        self._cache_s = cache_s
        self._timeout_s = timeout_s
        self._clock_s = clock_s
        self._cache: dict[str, _CachedKey] = {}

    async def authenticate(self, authorization: str | None) -> Station:
        """Return the station that an Authorization header speaks for.

        Raises:
            StationKeyInvalidError: Missing, malformed, unknown, wrong, revoked, or a disabled station's.
            DatabaseUnavailableError: The key could not be looked up.
        """
        parsed = parse_bearer(authorization)
        if parsed is None:
            raise StationKeyInvalidError(REFUSED)
        key_id, secret = parsed
        known = self._cache.get(key_id)
        if known is None or known.expires_at_s <= self._clock_s():
            known = await self._look_up(key_id)
        matches = hmac.compare_digest(hash_secret(secret), known.key_sha256 or bytes(32))
        if not matches or known.station is None:
            raise StationKeyInvalidError(REFUSED)
        return known.station

    async def _look_up(self, key_id: str) -> _CachedKey:
        asked_at_s = self._clock_s()
        async with connect(self._pool, timeout_s=self._timeout_s) as conn:
            row = await conn.fetchrow(FIND_KEY, key_id)
        found = _CachedKey(
            key_sha256=row["key_sha256"] if row else None,
            station=Station(station_id=row["station_id"], port=row["port"]) if row else None,
            expires_at_s=asked_at_s + self._cache_s,
        )
        self._cache.pop(key_id, None)
        if len(self._cache) >= MAX_CACHED_KEYS:
            del self._cache[next(iter(self._cache))]  # the one that was looked up longest ago
        self._cache[key_id] = found
        return found
