"""A key, an anchor and a sealer for tests."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.signing_key import SigningKey, public_keys_of
from review_queue.anchor import AnchorFile
from review_queue.sealing import Sealer
from review_queue.verification.findings import FindingCode, Report
from review_queue.verification.run import verify_trail


def make_key() -> SigningKey:
    """Make a key that is in no file."""
    return SigningKey(private=Ed25519PrivateKey.generate())


@dataclass(frozen=True, kw_only=True)
class Notary:
    """Seals and verifies one database."""

    pool: asyncpg.Pool
    folder: Path
    key: SigningKey = field(default_factory=make_key)

    @property
    def anchor(self) -> AnchorFile:
        """The anchor file."""
        return AnchorFile(self.folder / "seals.jsonl")

    def sealer(self, *, max_rows: int = 50_000) -> Sealer:
        """Make a sealer, as another process would have it."""
        return Sealer(self.pool, signer=self.key, anchor=self.anchor, max_rows=max_rows)

    async def seal(self, *, max_rows: int = 50_000) -> int:
        """Seal what is there."""
        return await self.sealer(max_rows=max_rows).seal()

    async def verify(self, *, with_anchor: bool = True) -> Report:
        """Verify the database."""
        anchor = self.anchor if with_anchor and self.anchor.path.exists() else None
        async with self.pool.acquire() as conn:
            return await verify_trail(conn, keys=public_keys_of(self.key), anchor=anchor)

    async def first_found(self, *, with_anchor: bool = True) -> tuple[FindingCode, int | None] | None:
        """Verify and return the first finding's kind and row."""
        findings = (await self.verify(with_anchor=with_anchor)).findings
        return (findings[0].code, findings[0].seq) if findings else None


@asynccontextmanager
async def tampering(pool: asyncpg.Pool) -> AsyncIterator[asyncpg.pool.PoolConnectionProxy]:
    """A connection as somebody has it who owns the database: the append-only triggers are off."""
    async with pool.acquire() as conn:
        await conn.execute("SET session_replication_role = replica")
        try:
            yield conn
        finally:
            await conn.execute("SET session_replication_role = origin")
