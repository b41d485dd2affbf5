"""Lends the trail's keys to the auditor's page, and verifies for it in a process of its own.

The process runs ``shenxiang audit verify --json-lines`` with this program's settings: one implementation. A
verification computes for minutes; so it takes neither this process's interpreter nor, being nicer, its core.
"""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import orjson

from app.audit_trail import audit_key
from app.settings import Settings
from app.signing_key import public_keys_of
from review_queue.seals import PublicKeys

NICENESS = 10
MAX_LINE_BYTES = 16 * 1024 * 1024
N_ERROR_BYTES = 4_000


class TrailOffice:
    """A ``review_ui.audit_routes.TrailOffice``."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def public_keys(self) -> PublicKeys:
        """Return the key that seals here.

        Raises:
            SigningKeyError: If it cannot be used.
        """
        return public_keys_of(audit_key(self._settings))

    async def verify(self) -> AsyncGenerator[bytes, None]:
        """Yield the lines of a verification; a line with ``error`` is the last if it fails."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "app.cli",
            "audit",
            "verify",
            "--json-lines",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=self._environment(),
            cwd=Path(__file__).parent.parent,
            limit=MAX_LINE_BYTES,
        )
        assert process.stdout is not None
        assert process.stderr is not None
        complaints = asyncio.create_task(process.stderr.read())
        try:
            with contextlib.suppress(ProcessLookupError):
                os.setpriority(os.PRIO_PROCESS, process.pid, NICENESS)
            async for line in process.stdout:
                yield line
                if line.startswith(b'{"report"'):
                    break  # whoever reads it may verify again at once: nobody waits for the process to end
            else:
                detail = (await complaints)[-N_ERROR_BYTES:].decode(errors="replace").strip()
                yield orjson.dumps({"error": {"detail": detail}}) + b"\n"
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            complaints.cancel()
            await process.wait()

    def _environment(self) -> dict[str, str]:
        settings = self._settings
        chosen = {"DATA": str(settings.data.resolve()), "DATABASE_URL": settings.dsn, "LOG_LEVEL": "error"}
        if settings.audit_key is not None:
            chosen["AUDIT_KEY"] = str(settings.audit_key.resolve())
        return {**os.environ, **{f"SHENXIANG_{name}": text for name, text in chosen.items() if text}}
