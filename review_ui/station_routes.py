"""Stations and their keys, for administrators. What is done to them is another package's: ``StationDesk``."""

from typing import Annotated, Protocol

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from review_ui.admin_schemas import CredentialsOut, RotateIn, StationIn, StationOut
from review_ui.database import Connection, Pool, from_jsonb
from review_ui.errors import StationKeyNotFoundError
from review_ui.guard import allow, json_response, session_of

STATIONS_SQL = """
SELECT s.station_id, s.port, s.name, s.webhook_url, s.created_at, s.disabled_at, coalesce((
    SELECT json_agg(json_build_object(
        'key_id', k.key_id, 'created_at', k.created_at, 'ends_at', k.revoked_at,
        'state', CASE WHEN k.revoked_at IS NULL THEN 'live'
            WHEN k.revoked_at > clock_timestamp() THEN 'ending' ELSE 'ended' END
    ) ORDER BY k.created_at DESC)
    FROM station_keys k WHERE k.station_id = s.station_id
), '[]') AS keys
FROM stations s
ORDER BY s.port, s.station_id
"""

StationId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
KeyId = Annotated[str, Path(pattern=r"^[A-Za-z0-9-]{1,40}$")]


class Credentials(Protocol):
    """What a station is given, once."""

    @property
    def key(self) -> str:
        """For ``Authorization: Bearer``."""

    @property
    def webhook_secret(self) -> str | None:
        """Signs what is sent to the station."""


class StationDesk(Protocol):
    """Makes stations and their keys, each with its audit event in one transaction: ``inference.stations``."""

    async def create_station(
        self,
        conn: Connection,
        *,
        station_id: str,
        port: str,
        name: str,
        webhook_url: str | None = None,
        actor: str = ...,
    ) -> Credentials:
        """Register a station and give it its first key."""

    async def rotate_key(
        self, conn: Connection, station_id: str, *, grace_s: float = 0.0, actor: str = ...
    ) -> Credentials:
        """Give a station a new key and end its others after ``grace_s``."""

    async def revoke_key(self, conn: Connection, key_id: str, *, actor: str = ...) -> bool:
        """End a key at once; False when none of this id is alive."""


class StationRoutes:
    """``/admin/stations`` and ``/admin/station-keys``."""

    def __init__(self, *, pool: Pool, desk: StationDesk) -> None:
        self._pool = pool
        self._desk = desk

    def add_to(self, router: APIRouter) -> None:
        """Add the routes."""
        router.get("/admin/stations")(self.stations)
        router.post("/admin/stations", response_model=CredentialsOut, status_code=201, max_body_size=4096)(
            self.create
        )
        router.post("/admin/stations/{station_id}/rotate", response_model=CredentialsOut, max_body_size=4096)(
            self.rotate
        )
        router.post("/admin/station-keys/{key_id}/revoke", status_code=204)(self.revoke)

    @allow("admin")
    async def stations(self) -> list[StationOut]:
        """Return every station with its keys; no secret can be read back."""
        rows = await self._pool.fetch(STATIONS_SQL)
        return [StationOut(**{**row, "keys": from_jsonb(row["keys"])}) for row in rows]

    @allow("admin")
    async def create(self, request: Request, body: StationIn) -> Response:
        """Register a station and tell its key, once."""
        async with self._pool.acquire() as connection:
            given = await self._desk.create_station(
                connection,
                station_id=body.station_id,
                port=body.port,
                name=body.name,
                webhook_url=body.webhook_url or None,
                actor=session_of(request).actor,
            )
        return json_response(_given_out(body.station_id, given), status=201)

    @allow("admin")
    async def rotate(self, request: Request, station_id: StationId, body: RotateIn) -> Response:
        """Give a station a new key, told once; its others end after ``grace_s``."""
        async with self._pool.acquire() as connection:
            given = await self._desk.rotate_key(
                connection, station_id, grace_s=body.grace_s, actor=session_of(request).actor
            )
        return json_response(_given_out(station_id, given))

    @allow("admin")
    async def revoke(self, request: Request, key_id: KeyId) -> Response:
        """End a key at once."""
        async with self._pool.acquire() as connection:
            if not await self._desk.revoke_key(connection, key_id, actor=session_of(request).actor):
                raise StationKeyNotFoundError(f"no live key has the id {key_id}")
        return Response(status_code=204)


def _given_out(station_id: str, given: Credentials) -> CredentialsOut:
    return CredentialsOut(station_id=station_id, key=given.key, webhook_secret=given.webhook_secret)
