"""The queue policy in force: stored in versions by an operator, followed by every process.

A process asks for a newer version every second and swaps one reference, so a change is in force everywhere
within two seconds and nothing restarts. The commit that stores a version also audits it.
"""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias

import asyncpg

from review_queue import audit
from review_queue.audit import Connection
from review_queue.errors import QueuePolicyInvalidError
from review_queue.policy import QueuePolicy
from review_queue.reason_codes import DEFAULT_REASON_CODES

Source: TypeAlias = "asyncpg.Connection | asyncpg.pool.PoolConnectionProxy | asyncpg.Pool"

LATEST = """
SELECT version, body::text AS body, author, created_at FROM queue_policies
WHERE version > $1 ORDER BY version DESC LIMIT 1
"""
# Whoever stores a version, or decides by the one in force, is alone until their transaction ends.
LOCK_VERSIONS = "SELECT pg_advisory_xact_lock('queue_policies'::regclass::oid::bigint)"
IN_FORCE = "SELECT coalesce(max(version), 0) FROM queue_policies"
INSERT = "INSERT INTO queue_policies (body, author) VALUES ($1::text::jsonb, $2) RETURNING version"
UNKNOWN_PORTS = """
SELECT port FROM unnest($1::text[]) AS named (port)
WHERE NOT EXISTS (SELECT FROM ports WHERE code = port) ORDER BY 1
"""
# Versions that an older program stored had the default reasons.
GIVEN_CODES = """
SELECT DISTINCT jsonb_path_query(body, '$.reason_codes[*].code') #>> '{}' AS code FROM queue_policies
"""


@dataclass(frozen=True, kw_only=True)
class StoredPolicy:
    """One version. Its policy has the default ``lease_ttl_s``, which is a process's own, not the store's."""

    version: int
    author: str
    created_at: datetime
    policy: QueuePolicy


class PolicyHolder:
    """Holds the rules in force; every part asks it anew, so that a change needs no restart.

    ``current`` is the rules, ``version`` their number in the store; 0 until ``refresh`` finds any.
    """

    def __init__(self, policy: QueuePolicy) -> None:
        self.current = policy
        self.version = 0

    async def refresh(self, conn: Source) -> bool:
        """Take over the newest stored policy; the process keeps its own ``lease_ttl_s``.

        Returns:
            Whether there was a newer one.

        Raises:
            QueuePolicyInvalidError: If it cannot be read, as when a newer program wrote it; the old rules
                stay in force.
        """
        stored = await _read(conn, newer_than=self.version)
        if stored is None:
            return False
        self.current = replace(stored.policy, lease_ttl_s=self.current.lease_ttl_s)
        self.version = stored.version
        return True


async def latest_policy(conn: Connection) -> StoredPolicy | None:
    """Return the newest version; ``None`` while nobody has stored any and the defaults are in force.

    Raises:
        QueuePolicyInvalidError: If it cannot be read.
    """
    return await _read(conn, newer_than=0)


async def policy_in_force(conn: Connection) -> QueuePolicy:
    """Return the rules of the newest version, or the defaults; see ``latest_policy``."""
    stored = await latest_policy(conn)
    return QueuePolicy() if stored is None else stored.policy


async def store_policy(conn: Connection, policy: QueuePolicy, *, author: str) -> int:
    """Store a new version and its audit event in the caller's transaction.

    Args:
        conn: In a transaction.
        policy: The rules; all but ``lease_ttl_s`` are stored.
        author: An actor, such as ``account:7`` or ``system:cli``.

    Returns:
        The version.

    Raises:
        QueuePolicyInvalidError: See ``check_against_store``.
    """
    await check_against_store(conn, policy)
    await lock_versions(conn)
    version = int(await conn.fetchval(INSERT, json.dumps(policy.to_json()), author))
    detail = f"version={version} author={author}"
    await audit.record(conn, actor=author, event="queue_policy_stored", detail=detail)
    return version


async def check_against_store(conn: Connection, policy: QueuePolicy) -> None:
    """Check what only the database knows of a policy.

    Raises:
        QueuePolicyInvalidError: If it names a port that does not exist, or leaves out a reason's code that an
            earlier version had: decisions may carry it.
    """
    unknown = [row["port"] for row in await conn.fetch(UNKNOWN_PORTS, list(policy.shift_by_port))]
    if unknown:
        raise QueuePolicyInvalidError(f"shift_by_port names {', '.join(unknown)}; add such a port first")
    kept = {reason.code for reason in policy.reason_codes}
    given = {row["code"] for row in await conn.fetch(GIVEN_CODES)}
    missing = sorted((given | {reason.code for reason in DEFAULT_REASON_CODES}) - kept)
    if missing:
        raise QueuePolicyInvalidError(
            f"reason_codes leaves out {', '.join(missing)}, which decisions may carry; keep each, without "
            "verdicts if it is not to be given any more"
        )


async def lock_versions(conn: Connection) -> int:
    """Return the newest version, 0 if none; no other is stored until the caller's transaction ends."""
    await conn.execute(LOCK_VERSIONS)
    return int(await conn.fetchval(IN_FORCE))


async def _read(conn: Source, *, newer_than: int) -> StoredPolicy | None:
    row = await conn.fetchrow(LATEST, newer_than)
    if row is None:
        return None
    try:
        policy = QueuePolicy.from_json(json.loads(row["body"]))
    except QueuePolicyInvalidError as error:
        message = f"queue policy version {row['version']} cannot be used: {error}; store a corrected one"
        raise QueuePolicyInvalidError(message) from error
    return StoredPolicy(
        version=row["version"], author=row["author"], created_at=row["created_at"], policy=policy
    )
