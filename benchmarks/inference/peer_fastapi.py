"""The peer: FastAPI as its documentation has it, the whole body read, a pool of two threads, no limits.

``python -m benchmarks.inference.peer_fastapi MANIFEST MODEL PORT``.
"""

import asyncio
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Request, Response

from inference.score_bytes import score_bytes
from inference.scorer import load_pinned_scorer
from scans.image_info import ImageLimits


def build_app(manifest: Path, model: str) -> FastAPI:
    """Make the application over a loaded model."""
    scorer = load_pinned_scorer(model, manifest=manifest, keys=[manifest.with_name("manifest-key.pem")])
    limits = ImageLimits()
    threads = ThreadPoolExecutor(2)
    app = FastAPI()

    @app.get("/v2/health/ready")
    async def ready() -> dict[str, str]:
        return {"status": "ready"}

    @app.post("/v1/findings")
    async def findings(request: Request) -> Response:
        data = await request.body()
        loop = asyncio.get_running_loop()
        answer = await loop.run_in_executor(threads, lambda: score_bytes(scorer, data, limits=limits))
        return Response(answer, media_type="application/json")

    return app


if __name__ == "__main__":
    uvicorn.run(build_app(Path(sys.argv[1]), sys.argv[2]), port=int(sys.argv[3]), log_level="warning")
