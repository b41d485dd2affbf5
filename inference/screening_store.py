"""How a finished model run is stored: for ever, with the model's digest and the policy's version."""

from typing import Any

import orjson

from inference.database_errors import Connection
from inference.scorer import Embedding, ScoreResult, ScorerInfo
from inference.triage import Triage
from models.finding import Finding
from models.mismatch import HEADING_DIGITS

INSERT_SCREENING = """
INSERT INTO screenings (scan_id, model_name, model_version, model_digest, engine, policy_version, outcome,
    reason, risk, findings, timings_ms, line_checks)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::text::jsonb, $11::text::jsonb, $12)
RETURNING screening_id
"""

INSERT_EMBEDDING = """
INSERT INTO scan_embeddings (scan_id, model_digest, embedding, headings) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING
"""


def finding_json(finding: Finding) -> dict[str, Any]:
    """Return a finding as it is stored; the box is in pixels of the original scan, or null.

    ``model_digest`` is there only if another model than the screening's own found it; ``text``
    only if something was read.
    """
    stored: dict[str, Any] = {
        "kind": finding.kind,
        "score": finding.score,
        "threshold": finding.threshold,
        "box_xyxy": None if finding.box_xyxy is None else list(finding.box_xyxy),
    }
    if finding.model_digest is not None:
        stored["model_digest"] = finding.model_digest
    if finding.text is not None:
        stored["text"] = finding.text
    return stored


async def insert_screening(
    conn: Connection,
    scan_id: str,
    info: ScorerInfo,
    result: ScoreResult,
    triage: Triage,
    *,
    policy_version: int,
) -> int:
    """Store one model run for ever. Findings are kept in the model's order; their index is their id."""
    findings = [finding_json(finding) for finding in result.findings]
    screening_id: int = await conn.fetchval(
        INSERT_SCREENING,
        scan_id,
        info.name,
        info.version,
        bytes.fromhex(info.digest),
        info.engine,
        policy_version,
        str(triage.outcome),
        str(triage.reason or "clear"),
        triage.risk,
        orjson.dumps(findings).decode(),
        orjson.dumps(result.timings_ms).decode(),
        None if result.line_checks is None else [str(one) for one in result.line_checks],
    )
    return screening_id


async def insert_embedding(
    conn: Connection, scan_id: str, embedding: Embedding, *, declaration: str | None
) -> None:
    """Store where a model puts a scan, with the headings of its declaration; the same pixels stay there."""
    await conn.execute(
        INSERT_EMBEDDING,
        scan_id,
        bytes.fromhex(embedding.model_digest),
        embedding.values.tolist(),
        headings_of(declaration),
    )


def headings_of(declaration: str | None) -> list[str]:
    """Return the headings, of four digits, of a declaration as it is stored; shorter codes name none."""
    lines = [] if declaration is None else orjson.loads(declaration)["lines"]
    codes = [line["hs_code"] for line in lines]
    return sorted({code[:HEADING_DIGITS] for code in codes if len(code) >= HEADING_DIGITS})
