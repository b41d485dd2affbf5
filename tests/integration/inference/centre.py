"""A whole intake and screening side over a real database and store, for tests to post to."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import cv2
import httpx
import numpy as np
from fastapi import FastAPI
from numpy.typing import NDArray

from app.problems import install_problem_handlers
from inference.cargo_scorer import CargoScorer
from inference.gate_photos import GatePhotos
from inference.intake import build_intake_router
from inference.pinned_models import ModelLoader, PinnedModels
from inference.scorer import EngineScorer, ScoreItem, Scorer, ScoreResult, ScorerInfo, open_scorer
from inference.screening import ScreeningWorker
from inference.settings import IntakeSettings, ScreeningSettings
from inference.tracing import NO_TRACER, Tracer
from review_queue.notify import Notifier
from review_queue.policy import QueuePolicy
from review_queue.queue import ReviewQueue
from scans.guard import GuardedDecoder
from scans.modality import Modality
from scans.store import FolderStore, ScanStore
from tests.unit.inference.tiny_onnx import Flaw, build_tiny_model

VALID_CONTAINER_NO = "CSQU3054383"
QUICK = ScreeningSettings(
    n_runners=2, lease_s=5.0, poll_s=0.1, run_timeout_s=5.0, retry_base_s=0.05, deadline_s=30.0, drain_s=2.0
)


@dataclass(kw_only=True)
class Centre:
    """What a test needs: the parts, and an HTTP client per key."""

    pool: "asyncpg.Pool[asyncpg.Record]"
    store: ScanStore
    decoder: GuardedDecoder
    notifier: Notifier
    queue: ReviewQueue
    settings: IntakeSettings
    tracer: Tracer = NO_TRACER
    clients: list[httpx.AsyncClient] = field(default_factory=list)

    def app(self, *, stopping: asyncio.Event | None = None) -> FastAPI:
        """The intake routes with our problem responses, as another process of the same centre would serve."""
        app = FastAPI()
        install_problem_handlers(app)
        app.include_router(
            build_intake_router(
                pool=self.pool,
                store=self.store,
                decoder=self.decoder,
                notifier=self.notifier,
                settings=self.settings,
                stopping=stopping,
                tracer=self.tracer,
            )
        )
        return app

    def client(self, key: str, *, app: FastAPI | None = None) -> httpx.AsyncClient:
        """A station's HTTP client. Errors of ours are answers (500), not exceptions, as on a real server."""
        transport = httpx.ASGITransport(app=app or self.app(), raise_app_exceptions=False)
        client = httpx.AsyncClient(
            transport=transport, base_url="http://centre", headers={"Authorization": f"Bearer {key}"}
        )
        self.clients.append(client)
        return client

    @asynccontextmanager
    async def screening(
        self,
        load_scorer: Callable[[], Scorer] | None = None,
        *,
        load_others: Callable[[], Mapping[Modality, Scorer | None]] = dict,
        find_digests: Callable[[], tuple[str | None, ...]] = tuple,
        load_cargo: Callable[[], CargoScorer | None] = lambda: None,
        load_photos: Callable[[], GatePhotos | None] | None = None,
        settings: ScreeningSettings = QUICK,
    ) -> AsyncIterator[ScreeningWorker]:
        """Run a screening worker for the length of the block."""
        loader = ModelLoader(
            load_scorer=load_scorer or tiny_scorer,
            load_others=load_others,
            load_cargo=load_cargo,
            find_digests=find_digests,
        )
        worker = ScreeningWorker(
            models=PinnedModels(loader, self.pool),
            pool=self.pool,
            store=self.store,
            queue=self.queue,
            notifier=self.notifier,
            load_photos=load_photos,
            settings=settings,
            tracer=self.tracer,
        )
        stop = asyncio.Event()
        running = asyncio.create_task(worker.run(stop))
        try:
            yield worker
        finally:
            stop.set()
            await asyncio.wait_for(running, 10)


@asynccontextmanager
async def open_centre(
    database_url: str, pool: "asyncpg.Pool[asyncpg.Record]", folder: Path, decoder: GuardedDecoder
) -> AsyncIterator[Centre]:
    """Open a centre over a database and a folder."""
    notifier = Notifier(database_url)
    await notifier.start()
    centre = Centre(
        pool=pool,
        store=FolderStore(folder),
        decoder=decoder,
        notifier=notifier,
        queue=ReviewQueue(pool, QueuePolicy()),
        settings=IntakeSettings(recheck_s=30.0),
    )
    try:
        yield centre
    finally:
        for client in centre.clients:
            await client.aclose()
        await notifier.close()


def tiny_scorer(flaw: Flaw = "none") -> EngineScorer:
    """The tiny detector, loaded."""
    data = build_tiny_model(flaw=flaw)
    return open_scorer(data, hashlib.sha256(data).hexdigest())


FAKE_INFO = ScorerInfo(name="fake", version="1", digest="ab" * 32, engine="fake")


@dataclass(kw_only=True)
class FakeScorer:
    """A scorer whose ``run`` does what a test says."""

    behave: Callable[[], list[ScoreResult]]
    info: ScorerInfo = FAKE_INFO
    n_runs: int = 0

    def prepare(self, pixels: NDArray[np.uint16]) -> ScoreItem:
        return ScoreItem(width_px=pixels.shape[2], height_px=pixels.shape[1], tiles=())

    def run(
        self, items: Sequence[ScoreItem], *, thresholds: Mapping[str, float] | None = None
    ) -> list[ScoreResult]:
        self.n_runs += 1
        return self.behave()


def grey_scan(*, dark: bool = False, seed: int = 0, shape: tuple[int, int] = (80, 120)) -> NDArray[np.uint16]:
    """A 16-bit picture; with ``dark``, the tiny detector finds something in it."""
    pixels = np.random.default_rng(seed).integers(40_000, 60_000, shape).astype(np.uint16)
    if dark:
        pixels[20:24, 30:34] = 2000
    return pixels


def png(pixels: NDArray[Any]) -> bytes:
    """A PNG file."""
    ok, data = cv2.imencode(".png", pixels)
    assert ok
    return bytes(data)


def digest_of(data: bytes) -> str:
    """sha256, hex."""
    return hashlib.sha256(data).hexdigest()


def scan_json(*digests: str, **changes: Any) -> dict[str, Any]:
    """The description of a scan with one file, or with high and low."""
    channels = ("high", "low")
    return {
        "images": [{"digest": d, "channel": c} for d, c in zip(digests, channels, strict=False)],
        "scanned_at": "2026-01-01T08:00:00+08:00",
        "container_no": VALID_CONTAINER_NO,
        **changes,
    }


async def put_image(client: httpx.AsyncClient, data: bytes) -> str:
    """Upload a file; returns its digest."""
    digest = digest_of(data)
    response = await client.put(f"/api/v1/images/{digest}", content=data)
    assert response.status_code in (200, 201), response.text
    return digest


async def post_scan(
    client: httpx.AsyncClient, data: bytes, *, key: str = "pass-1", **changes: Any
) -> dict[str, Any]:
    """Upload one file and post the scan; returns ScanOut."""
    digest = await put_image(client, data)
    response = await client.post(
        "/api/v1/scans", json=scan_json(digest, **changes), headers={"Idempotency-Key": key}
    )
    assert response.status_code == 201, response.text
    scan: dict[str, Any] = response.json()
    return scan


def form_of(scan: Mapping[str, Any], **files: bytes) -> list[tuple[str, tuple[str | None, bytes, str]]]:
    """A multipart form for httpx."""
    parts: list[tuple[str, tuple[str | None, bytes, str]]] = [
        ("scan", (None, json.dumps(scan).encode(), "application/json"))
    ]
    return parts + [(name, (f"{name}.png", data, "image/png")) for name, data in files.items()]


def problem_of(response: httpx.Response) -> tuple[int, str]:
    """Status and code of a problem response."""
    assert response.headers["content-type"] == "application/problem+json", response.text
    return response.status_code, response.json()["code"]
