"""``shenxiang audit`` beside a running system."""

import asyncio
import json
from pathlib import Path

from app.demo import prepare_demo
from app.throwaway import throwaway_system
from tests.e2e.attach import attached_pool
from tests.e2e.test_commands import shenxiang
from tests.integration.queue.sealing import tampering

N_TRIES = 100


async def test_audit_verify__beside_a_running_system(tmp_path: Path) -> None:
    """The server seals by itself; verify says good with the public key, and names what was tampered with."""
    async with throwaway_system() as system:
        data = str(system.data)
        async with attached_pool(system) as pool:
            await prepare_demo(pool)
            for _ in range(N_TRIES):
                if await pool.fetchval("SELECT coalesce(sum(n_rows), 0) FROM seals") > 3:
                    break
                await asyncio.sleep(0.2)
            key = await asyncio.to_thread(shenxiang, "audit", "key", data=data)
            public = tmp_path / "public.pem"
            public.write_text(key.stdout)
            arguments = ("audit", "verify", "--json", "--public-key", str(public))
            good = await asyncio.to_thread(shenxiang, *arguments, data=data)
            assert good.returncode == 0, good.stdout + good.stderr
            report = json.loads(good.stdout)
            assert (report["ok"], report["findings"]) == (True, [])
            assert report["n_seals"] > 0
            assert report["n_rows"] > 3
            async with tampering(pool) as conn:
                seq = await conn.fetchval("SELECT min(seq) FROM audit WHERE event = 'account_created'")
                await conn.execute("UPDATE audit SET actor = 'account:1' WHERE seq = $1", seq)
            bad = await asyncio.to_thread(shenxiang, "audit", "verify", data=data)
        log = system.log.read_text()
    assert bad.returncode == 1
    assert f"row_edited: row {seq} was edited" in bad.stdout
    assert "NOT GOOD" in bad.stdout
    assert "sealing_failed" not in log
    assert (
        await asyncio.to_thread(shenxiang, "audit", "verify", "--anchor", "/none", data=data)
    ).returncode == 2
