"""The px16 objects of one scan as a page asks for them: which levels there are, and their strips."""

from dataclasses import dataclass
from typing import Literal

import asyncpg
import structlog

from review_queue import audit
from review_ui.database import Pool
from review_ui.errors import CaseNotFoundError
from review_ui.pixels import Px16Reader
from review_ui.schemas import Px16Level
from scans.errors import ObjectCorruptError, ObjectMissingError
from scans.px16 import Px16Header

log = structlog.get_logger()

LEVELS: tuple[Literal[2], Literal[0]] = (2, 0)


@dataclass(frozen=True, kw_only=True)
class ScanFacts:
    """What never changes about a scan, and the case for which it is looked at.

    ``digests`` names the px16 object of each level.
    """

    case_id: int
    scan_id: str
    digests: dict[int, str]
    width_px: int
    height_px: int
    n_channels: int


def scan_facts(case_id: int, row: asyncpg.Record) -> ScanFacts:
    """Return the facts from a row of ``scans``."""
    return ScanFacts(
        case_id=case_id,
        scan_id=row["scan_id"],
        digests={0: row["px16_full"].hex(), 2: row["px16_preview"].hex()},
        width_px=row["width_px"],
        height_px=row["height_px"],
        n_channels=row["n_channels"],
    )


def level_out(level: int, header: Px16Header, url: str) -> Px16Level:
    """Return what the page has to know of a level; ``url`` has ``{strip}`` where a strip's number goes."""
    return Px16Level.model_validate(
        {
            "level": level,
            "width_px": header.width_px,
            "height_px": header.height_px,
            "n_channels": header.n_channels,
            "strip_rows": header.strip_rows,
            "n_strips": len(header.strips),
            "url": url,
        }
    )


class ScanPixels:
    """Reads levels and strips. Who may see them is the routes' concern."""

    def __init__(self, pool: Pool, reader: Px16Reader) -> None:
        self._pool = pool
        self._reader = reader

    async def levels(self, facts: ScanFacts, base: str) -> list[Px16Level]:
        """Return the levels that are there, coarsest first.

        An object that is lost or damaged is no error: its level is left out, so that the reviewer can decide
        on a rescan.

        Args:
            facts: Of the scan.
            base: What the strips' addresses begin with.

        Raises:
            StoreUnavailableError: If the store does not answer.
        """
        levels = []
        for level in LEVELS:
            try:
                header = await self._reader.header(
                    facts.digests[level],
                    width_px=facts.width_px,
                    height_px=facts.height_px,
                    n_channels=facts.n_channels,
                )
            except (ObjectMissingError, ObjectCorruptError) as error:
                await self._record_damage(facts, error)
                continue
            levels.append(level_out(level, header, f"{base}/px16/{level}/{{strip}}"))
        return levels

    async def strip(self, facts: ScanFacts, level: int, index: int) -> bytes:
        """Return one strip's zstd frame.

        Raises:
            CaseNotFoundError: If the scan has no such level or strip.
            ObjectMissingError: If the object is lost, which is recorded.
            ObjectCorruptError: If it is damaged, likewise.
            StoreUnavailableError: If the store does not answer.
        """
        digest = facts.digests.get(level)
        if digest is None:
            raise CaseNotFoundError(f"case {facts.case_id} has no level {level}")
        try:
            header = await self._reader.header(
                digest, width_px=facts.width_px, height_px=facts.height_px, n_channels=facts.n_channels
            )
            if not 0 <= index < len(header.strips):
                raise CaseNotFoundError(f"level {level} of case {facts.case_id} has no strip {index}")
            return await self._reader.strip(digest, header, index)
        except (ObjectMissingError, ObjectCorruptError) as error:
            await self._record_damage(facts, error)
            raise

    async def _record_damage(self, facts: ScanFacts, error: Exception) -> None:
        """Leave a trace of an object that is lost or damaged, for the operator and the auditor."""
        code = getattr(error, "code", "object_corrupt")
        log.error(
            "pixels_unreadable", case_id=facts.case_id, scan_id=facts.scan_id, code=code, error=str(error)
        )
        async with self._pool.acquire() as connection, connection.transaction():
            await audit.record(
                connection,
                actor="system:review",
                event=code,
                scan_id=facts.scan_id,
                case_id=facts.case_id,
                detail=str(error)[:500],
            )
