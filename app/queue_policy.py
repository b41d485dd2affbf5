"""The queue's policy in a running process, and what the operator's commands do with the stored one."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import structlog

from app.database import open_database
from app.settings import Settings
from review_queue.errors import QueuePolicyInvalidError
from review_queue.policy import QueuePolicy
from review_queue.policy_effect import find_effect
from review_queue.policy_proposals import NOTICED_WITHIN_S, move_as_approved
from review_queue.policy_store import (
    PolicyHolder,
    StoredPolicy,
    latest_policy,
    policy_in_force,
    store_policy,
)
from review_queue.queue import ReviewQueue

log = structlog.get_logger()

FOLLOW_EVERY_S = 1.0
AUTHOR = "system:cli"


async def open_policy(pool: asyncpg.Pool, settings: Settings) -> PolicyHolder:
    """Return the policy in force, with the program's own ``lease_ttl_s``; an unusable one is logged."""
    holder = PolicyHolder(QueuePolicy(lease_ttl_s=settings.lease_ttl_s))
    try:
        await holder.refresh(pool)
    except QueuePolicyInvalidError as error:
        log.error("queue_policy_unusable", error=str(error))
    return holder


async def follow_policy(holder: PolicyHolder, pool: asyncpg.Pool, stop: asyncio.Event) -> None:
    """Take over each newly stored version within a second; log a failure once, not every second."""
    failure = ""
    while not stop.is_set():
        try:
            if await holder.refresh(pool):
                log.info("queue_policy_changed", version=holder.version)
            failure = ""
        except Exception as error:
            if repr(error) != failure:
                log.exception("queue_policy_not_followed", version=holder.version)
            failure = repr(error)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), FOLLOW_EVERY_S)


async def carry_out_proposals(queue: ReviewQueue, pool: asyncpg.Pool, stop: asyncio.Event) -> None:
    """Rank waiting cases anew where supervisors have approved that; see ``move_as_approved``."""
    while not stop.is_set():
        try:
            n_moved = await move_as_approved(queue, pool)
            if n_moved is not None:
                log.info("approved_policy_moved_cases", n=n_moved)
        except Exception:
            log.exception("approved_policy_not_carried_out")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), FOLLOW_EVERY_S)


async def show_policy(settings: Settings) -> StoredPolicy | None:
    """Return the newest stored version; ``None`` while the defaults are in force."""
    async with _pool(settings) as pool, pool.acquire() as conn:
        return await latest_policy(conn)


async def check_policy(settings: Settings, policy: QueuePolicy) -> dict[str, Any]:
    """Tell how many waiting cases a policy would put into another band."""
    async with _pool(settings) as pool, pool.acquire() as conn:
        effect = await find_effect(conn, policy, before=await policy_in_force(conn))
    moves = [{"from": old, "to": new, "n": n} for (old, new), n in sorted(effect.bands.items()) if old != new]
    return {
        "n_waiting": effect.n_waiting,
        "n_sooner": effect.n_sooner,
        "n_later": effect.n_later,
        "bands": moves,
    }


async def change_policy(
    settings: Settings, policy: QueuePolicy, *, reprioritize: bool, may_lower: bool
) -> dict[str, Any]:
    """Store a policy; it is in force within two seconds.

    Args:
        settings: Of the program.
        policy: The rules.
        reprioritize: Whether cases that wait already come sooner where the new rules say so. That begins when
            every process has noticed the change.
        may_lower: Whether others come later.

    Returns:
        ``version`` and, with ``reprioritize``, ``n_reprioritized``.
    """
    async with _pool(settings) as pool:
        async with pool.acquire() as conn, conn.transaction():
            version = await store_policy(conn, policy, author=AUTHOR)
        if not reprioritize:
            return {"version": version}
        await asyncio.sleep(NOTICED_WITHIN_S)
        queue = ReviewQueue(pool, await open_policy(pool, settings))
        n_moved = await queue.reprioritize_waiting(actor=AUTHOR, may_lower=may_lower)
        return {"version": version, "n_reprioritized": n_moved}


@asynccontextmanager
async def _pool(settings: Settings) -> AsyncIterator[asyncpg.Pool]:
    async with open_database(settings.dsn, settings.data, max_connections=3, attach=True) as database:
        yield database.pool
