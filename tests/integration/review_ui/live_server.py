"""A real server of the review API in a process of its own, which counts the statements it sends."""

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

SERVER = """
import asyncio, sys
import asyncpg, uvicorn
from fastapi import FastAPI
import inference.stations
from app.settings import Settings
from app.trail_office import TrailOffice
from review_queue.notify import Notifier
from review_queue.policy import QueuePolicy
from review_queue.queue import ReviewQueue
from review_ui.review import build_review_router
from review_ui.settings import ReviewSettings
from scans.folder_store import FolderStore

async def main():
    dsn, folder, port, keepalive_s = sys.argv[1:]
    n_statements = 0

    async def count(connection):
        def note(query):
            nonlocal n_statements
            n_statements += 1
        connection.add_query_logger(note)

    async with asyncpg.create_pool(dsn, min_size=1, max_size=4, init=count) as pool:
        app = FastAPI()
        app.include_router(build_review_router(
            pool=pool, store=FolderStore(folder), queue=ReviewQueue(pool, QueuePolicy()),
            stations=inference.stations, trail_office=TrailOffice(Settings()),
            notifier=Notifier(dsn), is_stopping=lambda: server.should_exit, settings=ReviewSettings(
                board_refresh_s=0.2, glance_refresh_s=0.2, keepalive_s=float(keepalive_s))))
        app.get("/statements")(lambda: n_statements)
        server = uvicorn.Server(uvicorn.Config(app, port=int(port), log_level="warning"))
        await server.serve()

asyncio.run(main())
"""


@dataclass(frozen=True, kw_only=True)
class LiveServer:
    """A server that answers."""

    port: int
    process: asyncio.subprocess.Process

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"


@asynccontextmanager
async def live_server(dsn: str, folder: Path, *, keepalive_s: float = 15.0) -> AsyncIterator[LiveServer]:
    """Start a server and kill it at the end of the block, if it still runs."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        SERVER,
        dsn,
        str(folder),
        str(port),
        str(keepalive_s),
        env={**os.environ, "PYTHONPATH": os.getcwd()},
    )
    server = LiveServer(port=port, process=process)
    try:
        await _wait_until_up(server)
        yield server
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _wait_until_up(server: LiveServer) -> None:
    async with asyncio.timeout(60), httpx.AsyncClient() as client:
        while True:
            with contextlib.suppress(httpx.TransportError):
                await client.get(f"{server.url}/api/v1/ui-config")
                return
            await asyncio.sleep(0.1)
