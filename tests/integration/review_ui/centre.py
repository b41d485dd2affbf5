"""A review centre for tests: the API on a real database and a folder store, with real px16 objects."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import numpy as np
from fastapi import FastAPI

import inference.stations
from app.problems import answer_error, install_problem_handlers
from review_queue.cases import CaseReason, NewCase
from review_queue.notify import Notifier
from review_queue.queue import ReviewQueue
from review_ui.audit_routes import TrailOffice
from review_ui.hot_routes import HotRoute, HotRoutes, find_hot_routes
from review_ui.review import build_review_router
from review_ui.settings import ReviewSettings
from review_ui.web import mount_web
from scans import px16
from scans.folder_store import FolderStore
from tests.seed import Connection, seed_account, seed_policy, seed_scan, seed_screening

PASSWORD = "a password of the tests"
ORIGIN = "http://review.example"
FINDINGS = [
    {"kind": "gun", "score": 0.91, "threshold": 0.5, "box_xyxy": [10.0, 5.0, 30.0, 20.0]},
    {"kind": "empty_mismatch", "score": 0.2, "threshold": 0.7, "box_xyxy": None, "text": "CSQU3054383"},
]
DECLARATION = {
    "declaration_no": "D-1",
    "declared_empty": False,
    "lines": [{"line_no": 1, "hs_code": "392410", "description": "塑料餐具", "quantity": 1240.0}],
}


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A case in the queue, and what its scan looks like."""

    case_id: int
    scan_id: str
    pixels: np.ndarray[Any, np.dtype[np.uint16]] = field(repr=False)
    full: bytes = field(repr=False)
    preview: bytes = field(repr=False)


@dataclass(kw_only=True)
class Centre:
    """A review centre under test: its parts, and what tests do to it."""

    pool: asyncpg.Pool
    store: FolderStore
    queue: ReviewQueue
    notifier: Notifier
    settings: ReviewSettings
    store_path: Path
    trail_office: TrailOffice
    clients: list[httpx.AsyncClient] = field(default_factory=list)
    password_hash: str = ""
    api: FastAPI = field(init=False)
    hot_routes: dict[str, HotRoute] = field(init=False)
    app: HotRoutes = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self, **changes: Any) -> None:
        """Build the application anew, as another process with other settings would."""
        self.settings = replace(self.settings, **changes)
        self.api = FastAPI()
        install_problem_handlers(self.api)
        router = build_review_router(
            pool=self.pool,
            store=self.store,
            queue=self.queue,
            notifier=self.notifier,
            is_stopping=lambda: False,
            settings=self.settings,
            stations=inference.stations,
            trail_office=self.trail_office,
        )
        self.api.include_router(router)
        mount_web(self.api, self.store_path / "no-dist")
        self.hot_routes = find_hot_routes(router)
        self.app = HotRoutes(self.api, routes=self.hot_routes, answer_error=answer_error)

    def browser(self) -> httpx.AsyncClient:
        """Return a browser with no cookies, on our page."""
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=self.app, raise_app_exceptions=False),
            base_url=ORIGIN,
            headers={"x-requested-with": "shenxiang", "origin": ORIGIN, "sec-fetch-site": "same-origin"},
        )
        self.clients.append(client)
        return client

    async def account(self, login: str, role: str, port: str | None = None) -> int:
        """Make an account with ``PASSWORD``."""
        async with self.pool.acquire() as conn:
            return await seed_account(conn, login, role, port, password_hash=self.password_hash)

    async def log_in(self, login: str) -> httpx.AsyncClient:
        """Return the browser of somebody who has just logged in."""
        client = self.browser()
        answer = await client.post("/api/v1/session", json={"login": login, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        return client

    async def person(self, login: str, role: str, port: str | None = None) -> httpx.AsyncClient:
        """Make an account and log in with it."""
        await self.account(login, role, port)
        return await self.log_in(login)

    async def open_case(
        self,
        *,
        port: str = "YTN",
        risk: float = 0.5,
        reason: CaseReason = CaseReason.FINDING,
        container_nos: Sequence[str] = ("CSQU3054383",),
        photos: Sequence[tuple[str, bytes]] = (),
        findings: Sequence[dict[str, Any]] = FINDINGS,
        line_checks: list[str] | None = None,
    ) -> Opened:
        """Put a scan with real pixels into the queue."""
        number = await self.pool.fetchval("SELECT count(*) FROM scans")
        pixels = np.random.default_rng(number).integers(0, 65536, (2, 49, 70), np.uint16)
        full, preview = px16.encode(pixels), px16.encode(px16.downscale(pixels, 2), level=2)
        async with self.pool.acquire() as conn, conn.transaction():
            scan_id = await seed_scan(
                conn,
                port=port,
                container_nos=container_nos,
                width_px=70,
                height_px=49,
                px16_full=bytes.fromhex(await self.store.put(full)),
                px16_preview=bytes.fromhex(await self.store.put(preview)),
                declaration=DECLARATION,
            )
            await self._add_photos(conn, scan_id, photos)
            policy = await seed_policy(conn)
            screening = await seed_screening(
                conn, scan_id, policy, risk=risk, findings=list(findings), line_checks=line_checks
            )
            case_id = await self.queue.open_case(
                conn,
                NewCase(
                    scan_id=scan_id,
                    port=port,
                    modality="cargo",
                    reason=reason,
                    risk=risk,
                    screening_id=screening,
                ),
            )
        return Opened(case_id=case_id, scan_id=scan_id, pixels=pixels, full=full, preview=preview)

    async def _add_photos(self, conn: Connection, scan_id: str, photos: Sequence[tuple[str, bytes]]) -> None:
        digests = []
        for format_name, data in photos:
            digests.append(await self.store.put(data))
            await conn.execute(
                "INSERT INTO images VALUES ($1, $2, $3, 1, 1, 1, 8) ON CONFLICT DO NOTHING",
                bytes.fromhex(digests[-1]),
                format_name,
                len(data),
            )
        sql = "UPDATE scans SET gate_photos = $2::text::jsonb WHERE scan_id = $1"
        await conn.execute(sql, scan_id, json.dumps(digests))


def decision(lease: dict[str, Any], verdict: str = "inspect", **more: Any) -> dict[str, Any]:
    """Return the body of a decision on a lease."""
    return {"case_id": lease["case_id"], "token": lease["token"], "verdict": verdict, **more}
