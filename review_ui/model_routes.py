"""Which models there are, for administrators: read only. Another one is pinned with ``shenxiang pin``."""

import asyncio
import hashlib
from pathlib import Path

from fastapi import APIRouter
from starlette.responses import Response

from models.registry import Manifest, ManifestEntry, load_manifest
from review_ui.admin_schemas import ModelOut, ModelsOut, ScreeningModelOut
from review_ui.database import Pool
from review_ui.guard import allow, json_response
from review_ui.settings import ReviewSettings

AT_WORK_SQL = """
SELECT model_name, model_version, encode(model_digest, 'hex') AS sha256, engine,
    count(*) AS n_screenings, max(created_at) AS last_at
FROM (SELECT * FROM screenings ORDER BY screening_id DESC LIMIT 1000) AS newest
GROUP BY model_name, model_version, model_digest, engine
ORDER BY last_at DESC
"""


class ModelRoutes:
    """``/admin/models``."""

    def __init__(self, *, pool: Pool, settings: ReviewSettings) -> None:
        self._pool = pool
        self._settings = settings

    def add_to(self, router: APIRouter) -> None:
        """Add the route."""
        router.get("/admin/models", response_model=ModelsOut)(self.models)

    @allow("admin")
    async def models(self) -> Response:
        """Return the pinned models with their cards, and those that made the newest screenings."""
        pinned = await asyncio.to_thread(read_models, self._settings)
        rows = await self._pool.fetch(AT_WORK_SQL)
        return json_response(
            ModelsOut(models=pinned, at_work=[ScreeningModelOut(**dict(row)) for row in rows])
        )


def read_models(settings: ReviewSettings) -> list[ModelOut]:
    """Return the models of the settings' manifest; blocks while the files are hashed.

    Raises:
        ModelNotPinnedError: If the manifest cannot be read, or nobody trusted has signed it.
    """
    manifest = load_manifest(settings.manifest, keys=settings.manifest_keys)
    active = {manifest.default if settings.model == "default" else settings.model, manifest.cargo}
    return [_model_out(manifest, entry, is_active=entry.name in active) for entry in manifest.models]


def _model_out(manifest: Manifest, entry: ManifestEntry, *, is_active: bool) -> ModelOut:
    try:
        data = (manifest.folder / entry.file).read_bytes()
    except OSError:
        data = None
    return ModelOut(
        name=entry.name,
        file=entry.file,
        sha256=entry.sha256,
        is_intact=data is not None and hashlib.sha256(data).hexdigest() == entry.sha256,
        size_bytes=None if data is None else len(data),
        is_active=is_active,
        card=_read_card(manifest.folder / entry.card) if entry.card else "",
    )


def _read_card(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""
