"""Findings and policy → clear or flag, with a reason and a risk. Pure but for ``ensure_policy``.

Invariants: a scan is cleared only when no rule speaks against it; poor or odd input can raise the risk and
never lower it; the random sample of clears is a keyed hash of the scan's id, so that it can be recomputed
by an auditor and predicted by nobody who does not know the salt.
"""

import hashlib
import hmac
import math
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from inference.database_errors import Connection
from inference.errors import PolicyInvalidError
from models.finding import Finding
from review_queue import audit
from review_queue.cases import CaseReason
from scans.modality import Modality

Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]

POLICY_LOCK = 0x5348_504F  # any constant; keeps two starting processes from both writing the first policy


class Outcome(StrEnum):
    """What the machine concludes. Everything but ``CLEAR`` needs a person."""

    CLEAR = "clear"
    FLAG = "flag"


class ModalityPolicy(BaseModel):
    """What is different for one modality; what is None is as for all.

    Attributes:
        thresholds: By kind; a kind not named keeps the policy's own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    thresholds: dict[str, Fraction] = {}
    audit_sample: Fraction | None = None
    flag_invalid_container_no: bool | None = None
    ai_unavailable_risk: Fraction | None = None


class TriagePolicy(BaseModel):
    """The body of a row of ``policies``: how findings become an outcome.

    Attributes:
        thresholds: Least score of a finding that flags, by kind; a kind not named keeps the model's own.
        audit_sample: Part of the clears that a person looks at nevertheless, chosen at random.
        audit_salt: Secret of that choice.
        flag_invalid_container_no: Whether a container number with a wrong check digit flags. If not, it
            only raises the risk of a scan that is flagged for something else.
        invalid_container_no_risk: Least risk of a scan with such a number.
        sampled_risk: Least risk of a sampled clear.
        ai_unavailable_risk: Risk of a scan that no model has screened in time.
        unscreenable_risk: Risk of a scan that cannot be screened at all.
        by_modality: What is different for cargo, passenger vehicles and undersides.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    thresholds: dict[str, Fraction] = {}
    audit_sample: Fraction = 0.05
    audit_salt: str = Field(default="", max_length=200, repr=False)
    flag_invalid_container_no: bool = True
    invalid_container_no_risk: Fraction = 0.3
    sampled_risk: Fraction = 0.05
    ai_unavailable_risk: Fraction = 0.5
    unscreenable_risk: Fraction = 0.6
    by_modality: dict[Modality, ModalityPolicy] = {}

    def for_modality(self, modality: str) -> "TriagePolicy":
        """Return the policy as it is for one modality."""
        own = self.by_modality.get(Modality(modality))
        if own is None:
            return self
        changes = own.model_dump(exclude={"thresholds"}, exclude_none=True)
        return self.model_copy(update={**changes, "thresholds": {**self.thresholds, **own.thresholds}})


@dataclass(frozen=True, kw_only=True)
class StoredPolicy:
    """A policy and the version that screenings name."""

    version: int
    policy: TriagePolicy

    def for_modality(self, modality: str) -> "StoredPolicy":
        """Return it as it is for one modality."""
        return replace(self, policy=self.policy.for_modality(modality))


@dataclass(frozen=True, kw_only=True)
class Triage:
    """The machine's conclusion about one scan.

    Attributes:
        outcome: Clear or flag.
        reason: Why a person has to look; None if and only if the outcome is clear.
        risk: In [0, 1]; orders the queue.
    """

    outcome: Outcome
    reason: CaseReason | None
    risk: float


def triage_scan(
    findings: Sequence[Finding],
    *,
    scan_id: str,
    container_no_valid: bool | None,
    policy: TriagePolicy,
) -> Triage:
    """Conclude from a finished screening.

    Args:
        findings: Everything the model reported, also below the thresholds.
        scan_id: Decides the random sample.
        container_no_valid: Whether the check digit fits; None without a number.
        policy: The current policy.
    """
    bad_number = container_no_valid is False
    least_risk = policy.invalid_container_no_risk if bad_number else 0.0
    risk = max([least_risk, *(finding_risk(finding, policy) for finding in findings)])
    if any(is_alarm(finding, policy) for finding in findings):
        return Triage(outcome=Outcome.FLAG, reason=CaseReason.FINDING, risk=risk)
    if bad_number and policy.flag_invalid_container_no:
        return Triage(outcome=Outcome.FLAG, reason=CaseReason.DECLARATION_MISMATCH, risk=risk)
    if is_sampled(scan_id, policy):
        return Triage(outcome=Outcome.FLAG, reason=CaseReason.SAMPLED, risk=max(risk, policy.sampled_risk))
    return Triage(outcome=Outcome.CLEAR, reason=None, risk=risk)


def threshold_of(finding: Finding, policy: TriagePolicy) -> float:
    """Return the score from which this finding flags: the policy's for its kind, else the model's."""
    return policy.thresholds.get(finding.kind, finding.threshold)


def is_alarm(finding: Finding, policy: TriagePolicy) -> bool:
    """Whether a finding is enough to need a person. A score that is no number is (never below)."""
    return not finding.score < threshold_of(finding, policy)


def finding_risk(finding: Finding, policy: TriagePolicy) -> float:
    """Put a score on a scale that kinds share: [0, 0.5) below its threshold, [0.5, 1] from there.

    Scores of different kinds have thresholds far apart, so the score itself would order the queue by kind.
    """
    threshold = threshold_of(finding, policy)
    if is_alarm(finding, policy):
        above = (finding.score - threshold) / (1 - threshold) if threshold < 1 else 1.0
        return 1.0 if math.isnan(above) else 0.5 + 0.5 * min(1.0, max(0.0, above))
    return 0.5 * max(0.0, finding.score) / threshold


def is_sampled(scan_id: str, policy: TriagePolicy) -> bool:
    """Whether a clear of this scan is among those that a person looks at nevertheless."""
    digest = hmac.digest(policy.audit_salt.encode(), scan_id.encode(), hashlib.sha256)
    return int.from_bytes(digest[:8], "big") < policy.audit_sample * 2**64


def parse_policy(body: str | bytes, *, version: int) -> StoredPolicy:
    """Read the JSON of a policies row.

    Raises:
        PolicyInvalidError: It breaks the schema.
    """
    try:
        return StoredPolicy(version=version, policy=TriagePolicy.model_validate_json(body))
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        raise PolicyInvalidError(
            f"Policy version {version} is unusable ({fault['loc']}: {fault['msg']}); store a corrected one."
        ) from error


async def current_policy(conn: Connection) -> StoredPolicy:
    """Read the newest policy.

    Raises:
        PolicyInvalidError: There is none, or it is unusable.
    """
    row = await conn.fetchrow(
        "SELECT version, body::text AS body FROM policies ORDER BY version DESC LIMIT 1"
    )
    if row is None:
        raise PolicyInvalidError(
            "There is no triage policy; restart the server, which stores the default one."
        )
    return parse_policy(row["body"], version=row["version"])


async def ensure_policy(conn: Connection, *, author: str = "system:setup") -> int:
    """Store the first policy, with a salt of its own, unless there is one. Returns the version in force.

    The first policy sends every clear to a person too: no model is trusted before an operator says so.
    """
    async with conn.transaction():
        await conn.execute("SELECT pg_advisory_xact_lock($1)", POLICY_LOCK)
        newest: int | None = await conn.fetchval("SELECT max(version) FROM policies")
        if newest is not None:
            return newest
        first = TriagePolicy(audit_sample=1.0, audit_salt=secrets.token_hex(16))
        return await store_policy(conn, first, author=author)


async def store_policy(conn: Connection, policy: TriagePolicy, *, author: str) -> int:
    """Store a policy in the caller's transaction; it is in force from the commit on. Returns its version."""
    version: int = await conn.fetchval(
        "INSERT INTO policies (body, author) VALUES ($1::text::jsonb, $2) RETURNING version",
        policy.model_dump_json(),
        author,
    )
    await audit.record(conn, actor=author, event="policy_stored", detail=f"version={version}")
    return version
