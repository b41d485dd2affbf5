"""Liveness and readiness, for load balancers and for whoever starts the program."""

import asyncio

import asyncpg
import structlog
from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from scans.errors import ScanError
from scans.store import ScanStore

log = structlog.get_logger()


def build_health_router(*, pool: asyncpg.Pool, store: ScanStore, version: str) -> APIRouter:
    """Build ``/v2/health/live`` (the process answers) and ``…/ready`` (database and store do too)."""
    router = APIRouter(prefix="/v2/health", tags=["health"])

    @router.get("/live")
    async def live() -> dict[str, str]:
        """Answer as long as the process does."""
        return {"status": "live", "version": version}

    @router.get("/ready")
    async def ready() -> Response:
        """Answer 200 when a scan could be taken now, else 503."""
        try:
            async with asyncio.timeout(3):
                await pool.fetchval("SELECT 1")
                await store.check()
        except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError, ScanError) as error:
            log.warning("not_ready", error=repr(error))
            return JSONResponse({"status": "not_ready"}, status_code=503)
        return JSONResponse({"status": "ready"})

    return router
