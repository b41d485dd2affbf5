"""Where the audit trail's key and anchor are, and what seals and verifies with them."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import asyncpg
import structlog

from app.database import open_database
from app.settings import Settings
from app.signing_key import SigningKey, load_key, load_or_make_key, load_public_keys, public_keys_of
from review_queue.anchor import AnchorFile
from review_queue.errors import SealingRefusedError
from review_queue.ranking import REVEAL_GRACE_S, reveal_secrets
from review_queue.sealing import Sealer
from review_queue.verification.findings import Report
from review_queue.verification.progress import Progress
from review_queue.verification.run import verify_trail

log = structlog.get_logger()

SEAL_EVERY_S = 1.0


def audit_key(settings: Settings) -> SigningKey:
    """Return the key that seals here; the one of the data folder is made if there is none.

    Raises:
        SigningKeyError: If it cannot be used.
    """
    if settings.audit_key is not None:
        return load_key(settings.audit_key)
    return load_or_make_key(settings.data / "keys" / "audit-ed25519.pem")


def anchor_path(settings: Settings) -> Path:
    """Return where the anchor file of the data folder is."""
    return settings.data / "seals.jsonl"


def make_sealer(pool: asyncpg.Pool, settings: Settings) -> Sealer:
    """Make what seals the trail.

    Raises:
        SigningKeyError: If the key cannot be used.
    """
    return Sealer(pool, signer=audit_key(settings), anchor=AnchorFile(anchor_path(settings)))


async def keep_trail(
    pool: asyncpg.Pool, sealer: Sealer, stop: asyncio.Event, *, max_hold_s: Callable[[], float]
) -> None:
    """Seal the trail every second, and reveal the secret of each day when it has ended.

    Args:
        pool: The database.
        sealer: Seals it.
        stop: Ends the loop.
        max_hold_s: Returns the longest a case is held at present.
    """
    refused = ""
    while not stop.is_set():
        try:
            if days := await reveal_secrets(pool, grace_s=max(REVEAL_GRACE_S, max_hold_s() + 3600.0)):
                log.info("rank_secrets_revealed", days=[str(day) for day in days])
            await sealer.seal()
            refused = ""
        except SealingRefusedError as error:
            # Every second the same: said once.
            if str(error) != refused:
                refused = str(error)
                log.error("sealing_refused", code=error.code, reason=refused)
        except Exception:
            log.exception("sealing_failed")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), SEAL_EVERY_S)


async def verify_trail_of(
    settings: Settings,
    *,
    public_keys: Sequence[Path],
    anchor: Path | None,
    since: datetime | None,
    tell: Callable[[Progress], None] | None = None,
) -> Report:
    """Verify the database of the settings.

    Args:
        settings: Which database and data folder.
        public_keys: Files of the keys whose seals count; without any, the key that seals here.
        anchor: An anchor file; ``None`` takes that of the data folder, if there is one.
        since: See ``verify_trail``.
        tell: See ``verify_trail``.

    Raises:
        SigningKeyError: If a key cannot be used.
    """
    keys = load_public_keys(public_keys) if public_keys else public_keys_of(audit_key(settings))
    path = anchor or anchor_path(settings)
    file = AnchorFile(path) if anchor is not None or path.exists() else None
    async with (
        open_database(settings.dsn, settings.data, max_connections=1, attach=True) as database,
        database.pool.acquire() as connection,
    ):
        return await verify_trail(connection, keys=keys, anchor=file, since=since, tell=tell)
