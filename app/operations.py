"""What the operator's and the analyst's commands do, over the same database as the running system.

Each opens the database (attaching to the embedded server of a running system), does one thing and closes.
"""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, assert_never

from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

import inference.stations
import review_ui.accounts
from app.database import open_database, schema_status
from app.queue_policy import open_policy
from app.settings import Settings
from inference.cargo_scorer import load_pinned_cargo
from inference.database_errors import Pool
from inference.errors import PolicyInvalidError
from inference.placing import PlaceReport, place_scans
from inference.rescore import rescore
from inference.rescore_parts import PartScorer, ThreadScorer
from inference.rescore_ray import ModelFile, RayScorer, StoreAccess
from inference.rescore_run import RescoreFilters
from inference.scorer import load_scorer_file, read_model_file
from inference.scrub import Damage, ScrubReport, scrub
from inference.settings import RayOptions, RescoreEngine
from inference.triage import TriagePolicy, current_policy, store_policy
from models.errors import ModelNotPinnedError
from models.registry import load_manifest
from review_queue.queue import ReviewQueue
from scans.store import ScanStore, open_store


@asynccontextmanager
async def _connection(settings: Settings) -> AsyncIterator[Any]:
    async with (
        open_database(settings.dsn, settings.data, max_connections=2, attach=True) as database,
        database.pool.acquire() as connection,
    ):
        yield connection


@asynccontextmanager
async def _archive(settings: Settings) -> AsyncIterator[tuple[Pool, ScanStore]]:
    async with open_database(settings.dsn, settings.data, max_connections=4, attach=True) as database:
        store = open_store(settings.store, s3=settings.s3_access)
        try:
            yield database.pool, store
        finally:
            await store.close()


async def show_schema_status(settings: Settings) -> dict[str, Any]:
    """Tell the schema version of the database and of this program."""
    async with open_database(
        settings.dsn, settings.data, max_connections=1, attach=True, upgrade=False
    ) as database:
        status = await schema_status(database.dsn)
    return {"database": status.revision, "program": status.expected, "state": str(status.state)}


async def add_port(settings: Settings, *, code: str, name_zh: str, name_en: str) -> None:
    """Add a port, or rename it."""
    async with _connection(settings) as connection:
        await inference.stations.add_port(connection, code=code, name_zh=name_zh, name_en=name_en)


async def create_station(
    settings: Settings, *, station_id: str, port: str, name: str, webhook: str | None
) -> dict[str, Any]:
    """Register a station; the answer holds its key and webhook secret, which are shown this once."""
    async with _connection(settings) as connection:
        given = await inference.stations.create_station(
            connection, station_id=station_id, port=port, name=name or station_id, webhook_url=webhook
        )
    return {"station_id": station_id, "key": given.key, "webhook_secret": given.webhook_secret}


async def rotate_station_key(settings: Settings, *, station_id: str, grace_s: float) -> dict[str, Any]:
    """Give a station a new key and end its others after ``grace_s``."""
    async with _connection(settings) as connection:
        given = await inference.stations.rotate_key(connection, station_id, grace_s=grace_s)
    return {"station_id": station_id, "key": given.key}


async def revoke_station_key(settings: Settings, *, key_id: str) -> bool:
    """End one key; False when there is no live key of this id."""
    async with _connection(settings) as connection:
        return await inference.stations.revoke_key(connection, key_id)


async def create_account(
    settings: Settings, *, login: str, role: str, name: str, port: str | None, quals: int, password: str
) -> int:
    """Create an account and return its id."""
    async with _connection(settings) as connection:
        return await review_ui.accounts.create_account(
            connection,
            login=login,
            display_name=name,
            role=role,
            port=port,
            quals=quals,
            password=password,
        )


async def set_password(settings: Settings, *, login: str, password: str) -> None:
    """Set a password and end the account's sessions."""
    async with _connection(settings) as connection:
        await review_ui.accounts.set_password(connection, login=login, password=password)


async def disable_account(settings: Settings, *, login: str) -> None:
    """Disable an account and end its sessions; its leases end by themselves."""
    async with _connection(settings) as connection:
        await review_ui.accounts.disable_account(connection, login=login)


async def show_policy(settings: Settings) -> dict[str, Any]:
    """Return the triage policy in force and its version; without the salt of its random choice."""
    async with _connection(settings) as connection:
        stored = await current_policy(connection)
    return {"version": stored.version, **stored.policy.model_dump(exclude={"audit_salt"})}


async def change_policy(settings: Settings, *, changes: dict[str, Any]) -> int:
    """Store a policy that differs from the one in force by ``changes``; return its version.

    Raises:
        PolicyInvalidError: A field is unknown or out of range.
    """
    async with _connection(settings) as connection, connection.transaction():
        stored = await current_policy(connection)
        unknown = changes.keys() - TriagePolicy.model_fields.keys()
        if unknown:
            raise PolicyInvalidError(f"a triage policy has no {', '.join(sorted(unknown))}")
        try:
            policy = TriagePolicy.model_validate({**stored.policy.model_dump(), **changes})
        except ValidationError as error:
            raise PolicyInvalidError(f"this is no triage policy: {error}") from error
        return await store_policy(connection, policy, author="system:cli")


async def scrub_store(
    settings: Settings, *, since: datetime | None, mb_per_s: float | None, tell: Callable[[Damage], None]
) -> ScrubReport:
    """Read every stored object again; see ``inference.scrub``."""
    async with _archive(settings) as (pool, store):
        return await scrub(
            pool=pool,
            store=store,
            since=since,
            max_bytes_per_s=None if mb_per_s is None else mb_per_s * 1e6,
            tell=tell,
        )


async def place_archive(settings: Settings, *, workers: int, tell: Callable[[str], None]) -> PlaceReport:
    """Look at the archive with the pinned cargo model; see ``inference.placing``.

    Raises:
        ModelNotPinnedError: The manifest names none.
        ModelError: It names one that cannot be used; likewise EngineError.
    """
    cargo = load_pinned_cargo(settings.manifest, keys=settings.manifest_keys)
    if cargo is None:
        raise ModelNotPinnedError(f"model manifest {settings.manifest} gives no cargo model; pin one")
    async with _archive(settings) as (pool, store):
        return await place_scans(
            pool=pool,
            store=store,
            cargo=cargo,
            n_at_once=workers or os.cpu_count() or 1,
            tell=tell,
        )


async def rescore_archive(
    settings: Settings,
    *,
    model: Path,
    out: Path,
    filters: RescoreFilters,
    engine: RescoreEngine,
    workers: int,
    reopen_above: float | None,
    reprioritize: bool,
) -> dict[str, Any]:
    """Score the archive with a model file; see ``inference.rescore``. Shows a bar on stderr.

    Raises:
        ModelNotPinnedError: Cases would be re-opened or moved, and the manifest does not pin the file.
    """
    async with AsyncExitStack() as stack:
        scorer = _open_part_scorer(settings, stack, model=model, engine=engine, workers=workers)
        if reopen_above is not None or reprioritize:
            _require_pinned(settings, model, scorer.info.digest)
        database = await stack.enter_async_context(
            open_database(settings.dsn, settings.data, max_connections=4, attach=True)
        )
        bar = stack.enter_context(
            Progress(
                TextColumn("re-scoring"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
                console=Console(stderr=True),
            )
        )
        task = bar.add_task("scans", total=None)
        return await rescore(
            pool=database.pool,
            queue=ReviewQueue(database.pool, await open_policy(database.pool, settings)),
            scorer=scorer,
            out=out,
            filters=filters,
            reopen_above=reopen_above,
            reprioritize=reprioritize,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )


def _require_pinned(settings: Settings, model: Path, digest: str) -> None:
    """What any file says may be compared; cases change on the word of a trusted one alone."""
    manifest = load_manifest(settings.manifest, keys=settings.manifest_keys)
    if digest not in {entry.sha256 for entry in manifest.models}:
        raise ModelNotPinnedError(
            f"model file {model} has sha256 {digest}, which manifest {settings.manifest} does not pin, and "
            "no other may re-open cases or bring them forward; pin it, or only compare"
        )


def _open_part_scorer(
    settings: Settings, stack: AsyncExitStack, *, model: Path, engine: RescoreEngine, workers: int
) -> PartScorer:
    match engine:
        case RescoreEngine.THREADS:
            n_threads = workers or os.cpu_count() or 1
            scorer = load_scorer_file(model, settings.engine_options(n_calls=n_threads))
            store = open_store(settings.store, s3=settings.s3_access)
            stack.push_async_callback(store.close)
            return ThreadScorer(scorer, store, n_workers=n_threads)
        case RescoreEngine.RAY:
            data, digest = read_model_file(model)
            url = settings.store if "://" in settings.store else os.path.abspath(settings.store)
            return RayScorer(
                ModelFile(data=data, digest=digest, options=settings.engine_options(n_calls=1)),
                StoreAccess(url=url, s3=settings.s3_access),
                RayOptions(address=settings.ray_address, n_workers=workers, gpu_share=settings.ray_gpu_share),
            )
        case _:
            assert_never(engine)
