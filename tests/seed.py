"""Rows that tests need before they can begin. Import as ``from tests.seed import seed_ports``."""

import hashlib
import itertools
import json
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import asyncpg

Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy

PORTS = (
    ("YTN", "盐田", "Yantian"),
    ("SKZ", "蛇口", "Shekou"),
    ("MWB", "文锦渡", "Man Kam To"),
)
DEFAULT_POLICY = {"thresholds": {}, "audit_sample": 0.0}
# Not a password hash: nobody logs in with it.
NO_PASSWORD = "!"

_numbers = itertools.count(1)


def digest(text: str) -> bytes:
    """Return 32 bytes that look like a sha256 of something stored."""
    return hashlib.sha256(text.encode()).digest()


async def seed_ports(conn: Connection) -> None:
    """Insert the ports YTN, SKZ and MWB; harmless when they are there."""
    await conn.executemany("INSERT INTO ports VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", PORTS)


async def seed_station(
    conn: Connection,
    station_id: str,
    port: str,
    *,
    webhook_url: str | None = None,
    webhook_secret: str | None = None,
) -> str:
    """Insert a station with one key and return the key in plain, ``sx_<key_id>_<secret>``.

    The stored digest is the sha256 of the secret part's ASCII bytes.
    """
    key_id = secrets.token_hex(8)
    secret = secrets.token_hex(24)
    await conn.execute(
        "INSERT INTO stations (station_id, port, name, webhook_url, webhook_secret)"
        " VALUES ($1, $2, $3, $4, $5)",
        station_id,
        port,
        f"Station {station_id}",
        webhook_url,
        webhook_secret,
    )
    await conn.execute(
        "INSERT INTO station_keys (key_id, station_id, key_sha256) VALUES ($1, $2, $3)",
        key_id,
        station_id,
        digest(secret),
    )
    return f"sx_{key_id}_{secret}"


async def seed_account(
    conn: Connection,
    login: str,
    role: str,
    port: str | None = None,
    quals: int = 0,
    *,
    password_hash: str = NO_PASSWORD,
) -> int:
    """Insert an account and return its id."""
    account_id = await conn.fetchval(
        "INSERT INTO accounts (login, display_name, role, port, quals, password_hash)"
        " VALUES ($1, $1, $2, $3, $4, $5) RETURNING account_id",
        login,
        role,
        port,
        quals,
        password_hash,
    )
    return int(account_id)


async def seed_scan(
    conn: Connection,
    *,
    port: str = "YTN",
    station_id: str | None = None,
    modality: str = "cargo",
    idempotency_key: str | None = None,
    container_nos: Sequence[str] = ("CSQU3054383",),
    scanned_at: datetime | None = None,
    width_px: int = 64,
    height_px: int = 48,
    n_channels: int = 2,
    bit_depth: int = 16,
    px16_full: bytes | None = None,
    px16_preview: bytes | None = None,
    declaration: dict[str, Any] | None = None,
) -> str:
    """Insert a scan whose digests name nothing, unless given, and return its id.

    Without ``station_id`` a station ``seed-<port>`` is made once per database.
    """
    if station_id is None:
        station_id = f"seed-{port}"
        await conn.execute(
            "INSERT INTO stations (station_id, port, name) VALUES ($1, $2, $1) ON CONFLICT DO NOTHING",
            station_id,
            port,
        )
    key = idempotency_key or f"seed-{next(_numbers)}"
    scan_id = await conn.fetchval(
        """
        INSERT INTO scans (station_id, port, idempotency_key, request_sha256, modality, direction,
            container_nos, container_no_valid, scanned_at, width_px, height_px, n_channels, bit_depth,
            pixel_pitch_mm, image_digests, px16_full, px16_preview, declaration)
        VALUES ($1, $2, $3, $4, $5, 'import', $6, CASE WHEN $6::text[] <> '{}' THEN true END, $7, $8, $9,
            $10, $11, 5.0, $12, $13, $14, $15::jsonb)
        RETURNING scan_id
        """,
        station_id,
        port,
        key,
        digest(f"request {key}"),
        modality,
        list(container_nos),
        scanned_at or datetime.now(UTC),
        width_px,
        height_px,
        n_channels,
        bit_depth,
        [digest(f"image {key}")],
        px16_full or digest(f"full {key}"),
        px16_preview or digest(f"preview {key}"),
        None if declaration is None else json.dumps(declaration),
    )
    return str(scan_id)


async def seed_policy(conn: Connection, body: dict[str, Any] | None = None) -> int:
    """Insert a triage policy and return its version."""
    version = await conn.fetchval(
        "INSERT INTO policies (body, author) VALUES ($1::jsonb, 'seed') RETURNING version",
        json.dumps(DEFAULT_POLICY if body is None else body),
    )
    return int(version)


async def seed_screening(
    conn: Connection,
    scan_id: str,
    policy_version: int,
    *,
    outcome: str = "flag",
    reason: str = "finding",
    risk: float = 0.5,
    findings: list[dict[str, Any]] | None = None,
    line_checks: list[str] | None = None,
) -> int:
    """Insert a screening of a scan by a model that does not exist and return its id."""
    screening_id = await conn.fetchval(
        """
        INSERT INTO screenings (scan_id, model_name, model_version, model_digest, engine, policy_version,
            outcome, reason, risk, findings, timings_ms, line_checks)
        VALUES ($1, 'seed', '0', $2, 'none', $3, $4, $5, $6, $7::jsonb, '{}', $8)
        RETURNING screening_id
        """,
        scan_id,
        digest("seed model"),
        policy_version,
        outcome,
        reason,
        risk,
        json.dumps(findings or []),
        line_checks,
    )
    return int(screening_id)
