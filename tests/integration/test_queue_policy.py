"""The operator's commands on the queue's policy, and that a running process follows them."""

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import structlog.testing

from app import queue_policy
from app.queue_policy import follow_policy, open_policy
from app.settings import Settings
from review_queue.cases import CaseReason, NewCase
from review_queue.policy import QueuePolicy
from review_queue.policy_proposals import NOTICED_WITHIN_S
from review_queue.queue import ReviewQueue
from tests.seed import seed_ports, seed_scan

ROOT = Path(__file__).parents[2]


async def shenxiang(dsn: str, *arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command of the group on a database."""
    return await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "app.cli", "queue-policy", *arguments],
        cwd=ROOT,
        env={**os.environ, "SHENXIANG_DATABASE_URL": dsn},
        input=text,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


async def open_cases(pool: asyncpg.Pool) -> list[int]:
    """Open a case of the same risk at each of two ports, Yantian first."""
    queue = ReviewQueue(pool, QueuePolicy())
    opened = []
    async with pool.acquire() as conn:
        await seed_ports(conn)
        for port in ("YTN", "SKZ"):
            scan_id = await seed_scan(conn, port=port)
            new = NewCase(scan_id=scan_id, port=port, modality="cargo", reason=CaseReason.FINDING, risk=0.6)
            opened.append(await queue.open_case(conn, new))
    return opened


async def test_queue_policy__is_shown_changed_checked_and_stored(
    pool: asyncpg.Pool, database_url: str, tmp_path: Path
) -> None:
    """What show prints, changed in one place, check explains and set puts in force, for what waits too."""
    yantian, shekou = await open_cases(pool)
    shown = await shenxiang(database_url, "show")
    assert "version 0" in shown.stderr
    policy: dict[str, Any] = json.loads(shown.stdout)
    assert QueuePolicy.from_json(policy) == QueuePolicy()
    file = tmp_path / "policy.json"
    file.write_text(json.dumps({**policy, "shift_by_port": {"SKZ": -2}}))
    checked = await shenxiang(database_url, "check", str(file), "--json")
    assert json.loads(checked.stdout) == {
        "n_waiting": 2,
        "n_sooner": 1,
        "n_later": 0,
        "bands": [{"from": 5, "to": 3, "n": 1}],
    }
    assert (await shenxiang(database_url, "check", str(file))).stdout.splitlines() == [
        "2 cases wait; 1 sooner, 0 later",
        "  band 5 -> 3: 1",
    ]
    assert await pool.fetchval("SELECT count(*) FROM queue_policies") == 0
    done = await shenxiang(database_url, "set", str(file), "--reprioritize")
    assert (done.returncode, done.stdout.strip()) == (0, "1"), done.stderr
    assert "ranked anew: 1" in done.stderr
    queue = await pool.fetch("SELECT case_id FROM ready ORDER BY rank")
    assert [row["case_id"] for row in queue] == [shekou, yantian]
    again = await shenxiang(database_url, "show")
    assert "version 1 by system:cli" in again.stderr
    assert json.loads(again.stdout)["shift_by_port"] == {"SKZ": -2}


@pytest.mark.parametrize(
    ("text", "status", "told"),
    [
        ('{"sla": 5}', 1, "queue_policy_invalid"),
        ('{"shift_by_port": {"XXX": 1}}', 1, "queue_policy_invalid"),
        ("{", 2, "not JSON"),
    ],
)
async def test_queue_policy__nonsense_is_not_stored(
    pool: asyncpg.Pool, database_url: str, text: str, status: int, told: str
) -> None:
    """A policy that could not work ends in one line with its code, and the old rules stay."""
    done = await shenxiang(database_url, "set", "-", text=text)
    assert (done.returncode, done.stdout) == (status, "")
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert await pool.fetchval("SELECT count(*) FROM queue_policies") == 0


async def test_follow_policy__notices_a_change_within_two_seconds(
    pool: asyncpg.Pool, database_url: str
) -> None:
    """A running process orders by the rules that another process has stored, and keeps its lease time."""
    async with pool.acquire() as conn:
        await seed_ports(conn)
    holder = await open_policy(pool, Settings(lease_ttl_s=40))
    stop = asyncio.Event()
    following = asyncio.create_task(follow_policy(holder, pool, stop))
    done = await shenxiang(database_url, "set", "-", text='{"max_tries": 9, "shift_by_port": {"SKZ": 2}}')
    assert done.returncode == 0, done.stderr
    stored = time.monotonic()
    while holder.version == 0:
        assert time.monotonic() < stored + NOTICED_WITHIN_S
        await asyncio.sleep(0.02)
    stop.set()
    await following
    expected = QueuePolicy(max_tries=9, shift_by_port={"SKZ": 2}, lease_ttl_s=40)
    assert holder.current == expected
    assert (await open_policy(pool, Settings(lease_ttl_s=40))).current == expected, "at the start as well"


async def test_follow_policy__an_unusable_version_is_logged_once(
    pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old rules stay, the log names the version once, and the next good one is taken over."""
    monkeypatch.setattr(queue_policy, "FOLLOW_EVERY_S", 0.01)
    await pool.execute("""INSERT INTO queue_policies (body, author) VALUES ('{"moon": 1}', 'x')""")
    with structlog.testing.capture_logs() as logs:
        holder = await open_policy(pool, Settings())
        stop = asyncio.Event()
        following = asyncio.create_task(follow_policy(holder, pool, stop))
        await asyncio.sleep(0.3)
        await pool.execute("""INSERT INTO queue_policies (body, author) VALUES ('{"max_tries": 4}', 'x')""")
        async with asyncio.timeout(5):
            while holder.version == 0:
                await asyncio.sleep(0.01)
        stop.set()
        await following
    assert holder.current.max_tries == 4
    assert [entry["event"] for entry in logs] == [
        "queue_policy_unusable",
        "queue_policy_not_followed",
        "queue_policy_changed",
    ]
