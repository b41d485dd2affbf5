"""One re-scoring run on disk: which model, which policy, which scans, in which order.

    run.json           model, filters, policy, and the digest of scans.parquet; written once, before any part
    scans.parquet      the scans of the run in order of arrival, each with its stored primary screening
    part-00000.parquet the results of the first ``part_scans`` scans, and so on
    result.parquet     all parts
    summary.json       the comparison

Every file appears whole or not at all. None holds a time of day or a duration, so that the same run repeated
gives the same bytes.
"""

import asyncio
import hashlib
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from inference.database_errors import Connection, Pool, connect
from inference.errors import RescoreError, RescoreMismatchError
from inference.scorer import ScorerInfo
from inference.triage import StoredPolicy, TriagePolicy, current_policy
from review_queue.anchor import fsync_folder

FORMAT = 3
RUN_FILE, PLAN_FILE = "run.json", "scans.parquet"

BOX = pa.list_(pa.float64())
FINDING = pa.struct(
    [
        ("kind", pa.string()),
        ("score", pa.float64()),
        ("threshold", pa.float64()),
        ("box_xyxy", BOX),
        ("model_digest", pa.string()),
        ("text", pa.string()),
    ]
)
"""All of a stored finding; see ``screening_store.finding_json`` for when the last two are null."""
PLAN_FIELDS: "list[pa.Field[Any]]" = [
    pa.field("scan_id", pa.string()),
    pa.field("px16_full", pa.string()),
    pa.field("modality", pa.string()),
    pa.field("was_flagged", pa.bool_()),
    pa.field("old_risk", pa.float64()),
    pa.field("old_findings", pa.list_(FINDING)),
]
PLAN_SCHEMA = pa.schema(PLAN_FIELDS)

# The primary screening is the first one; later ones belong to earlier re-scoring runs.
SELECT_SCANS = """
SELECT s.scan_id, encode(s.px16_full, 'hex') AS px16_full, s.modality, p.reason, p.risk,
    p.findings::text AS findings
FROM scans s
LEFT JOIN LATERAL (
    SELECT reason, risk, findings FROM screenings WHERE scan_id = s.scan_id ORDER BY screening_id LIMIT 1
) p ON true
WHERE ($1::timestamptz IS NULL OR s.received_at >= $1)
  AND ($2::timestamptz IS NULL OR s.received_at < $2)
  AND ($3::text IS NULL OR s.port = $3)
  AND ($4::text IS NULL OR s.station_id = $4)
ORDER BY s.received_at, s.scan_id
"""
PLAN_BATCH = 2000


@dataclass(frozen=True, kw_only=True)
class RescoreFilters:
    """Which scans: received at or after ``since`` and before ``until`` (both aware), of a port or station."""

    since: datetime | None = None
    until: datetime | None = None
    port: str | None = None
    station_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class RescoreRun:
    """A run that is ready to be worked on.

    Attributes:
        run_id: From what the run consists of; the same run in another folder has the same id.
        plan: ``PLAN_SCHEMA``, in order.
    """

    folder: Path
    run_id: str
    policy: StoredPolicy
    part_scans: int
    plan: pa.Table

    @property
    def n_parts(self) -> int:
        """How many part files the run has."""
        return -(-self.plan.num_rows // self.part_scans)

    def part_path(self, index: int) -> Path:
        """Where a part lies."""
        return self.folder / f"part-{index:05d}.parquet"

    def part_plan(self, index: int) -> pa.Table:
        """The scans of a part."""
        return self.plan.slice(index * self.part_scans, self.part_scans)


async def open_run(
    pool: Pool, folder: Path, *, model: ScorerInfo, filters: RescoreFilters, part_scans: int
) -> RescoreRun:
    """Begin a run in an empty or new folder, or take up the one that is there.

    Raises:
        RescoreMismatchError: The folder holds a run with another model or filters.
        RescoreError: The folder's files are damaged.
    """
    wanted = {"format": FORMAT, "model": asdict(model), "filters": _filters_json(filters)}
    if await asyncio.to_thread(_is_new, folder):
        async with connect(pool, timeout_s=30.0) as conn, conn.transaction(isolation="repeatable_read"):
            policy = await current_policy(conn)
            plan = await _select_scans(conn, filters)
        await asyncio.to_thread(_begin, folder, plan, policy, wanted=wanted, part_scans=part_scans)
    return await asyncio.to_thread(_take_up, folder, wanted=wanted)


def _is_new(folder: Path) -> bool:
    """Whether a run can begin in a folder. One that stopped while beginning may begin again."""
    if (folder / RUN_FILE).exists():
        return False
    folder.mkdir(parents=True, exist_ok=True)
    others = [path.name for path in folder.iterdir() if path.name not in (PLAN_FILE, f".{PLAN_FILE}.tmp")]
    if any(name != f".{RUN_FILE}.tmp" for name in others):
        raise RescoreMismatchError(f"{folder} is not empty and holds no run; use another folder.")
    return True


def _begin(
    folder: Path, plan: pa.Table, policy: StoredPolicy, *, wanted: dict[str, Any], part_scans: int
) -> None:
    write_table(plan, folder / PLAN_FILE)
    run = {
        **wanted,
        "part_scans": part_scans,
        "policy_version": policy.version,
        "policy": policy.policy.model_dump(mode="json", exclude={"audit_salt"}),
        "plan_sha256": hashlib.sha256((folder / PLAN_FILE).read_bytes()).hexdigest(),
    }
    run["run_id"] = hashlib.sha256(orjson.dumps(run, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]
    write_json(run, folder / RUN_FILE)


def _take_up(folder: Path, *, wanted: dict[str, Any]) -> RescoreRun:
    try:
        found = orjson.loads((folder / RUN_FILE).read_bytes())
        differing = [name for name, value in wanted.items() if found[name] != value]
        if differing:
            raise RescoreMismatchError(
                f"{folder} holds a run with another {', '.join(differing)}; use another folder for this one."
            )
        plan_bytes = (folder / PLAN_FILE).read_bytes()
        if hashlib.sha256(plan_bytes).hexdigest() != found["plan_sha256"]:
            raise RescoreError(f"{folder / PLAN_FILE} is not the run's own; begin again in another folder.")
        return RescoreRun(
            folder=folder,
            run_id=found["run_id"],
            policy=StoredPolicy(
                version=found["policy_version"], policy=TriagePolicy.model_validate(found["policy"])
            ),
            part_scans=found["part_scans"],
            plan=pq.read_table(pa.BufferReader(plan_bytes), schema=PLAN_SCHEMA),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RescoreError(
            f"{folder} holds a damaged run ({error}); begin again in another folder."
        ) from error


async def _select_scans(conn: Connection, filters: RescoreFilters) -> pa.Table:
    cursor = conn.cursor(
        SELECT_SCANS,
        filters.since,
        filters.until,
        filters.port,
        filters.station_id,
        prefetch=PLAN_BATCH,
    )
    batches: list[pa.RecordBatch] = []
    rows: list[dict[str, Any]] = []
    async for row in cursor:
        rows.append(
            {
                "scan_id": row["scan_id"],
                "px16_full": row["px16_full"],
                "modality": row["modality"],
                "was_flagged": None if row["reason"] is None else row["reason"] == "finding",
                "old_risk": row["risk"],
                "old_findings": None if row["findings"] is None else orjson.loads(row["findings"]),
            }
        )
        if len(rows) == PLAN_BATCH:
            batches.append(pa.RecordBatch.from_pylist(rows, schema=PLAN_SCHEMA))
            rows.clear()
    batches.append(pa.RecordBatch.from_pylist(rows, schema=PLAN_SCHEMA))
    return pa.Table.from_batches(batches, schema=PLAN_SCHEMA)


def _filters_json(filters: RescoreFilters) -> dict[str, Any]:
    loaded: dict[str, Any] = orjson.loads(orjson.dumps(asdict(filters)))
    return loaded


def read_part(run: RescoreRun, index: int, schema: pa.Schema) -> pa.Table | None:
    """Return a finished part, or None if it is missing or not the part of this run."""
    try:
        part = pq.read_table(run.part_path(index))
    except (OSError, pa.ArrowInvalid):
        return None
    expected = run.part_plan(index)
    if part.schema != schema or part.column("scan_id").to_pylist() != expected.column("scan_id").to_pylist():
        return None
    return part


def finished_parts(run: RescoreRun, schema: pa.Schema) -> Iterator[int]:
    """Yield the indexes of the parts that are done."""
    return (index for index in range(run.n_parts) if read_part(run, index, schema) is not None)


def write_table(table: pa.Table, path: Path) -> None:
    """Write a Parquet file so that it appears whole; the same rows give the same bytes."""
    sink = pa.BufferOutputStream()
    pq.write_table(table.combine_chunks(), sink, compression="zstd", store_schema=True)
    write_whole(sink.getvalue().to_pybytes(), path)


def write_json(value: object, path: Path) -> None:
    """Write a JSON file so that it appears whole."""
    write_whole(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n", path)


def write_whole(data: bytes, path: Path) -> None:
    """Write a file beside its place, make it durable, then rename it there."""
    temporary = path.with_name(f".{path.name}.tmp")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    fsync_folder(path.parent)
