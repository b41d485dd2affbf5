"""The words of the queue: cases, leases, decisions. Plain values without behaviour."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any


class Verdict(StrEnum):
    """What a person says about a case."""

    RELEASE = "release"
    INSPECT = "inspect"
    ESCALATE = "escalate"
    RESCAN = "rescan"


class Disposition(StrEnum):
    """The final word on a scan."""

    RELEASE = "release"
    INSPECT = "inspect"
    RESCAN = "rescan"


class CaseReason(StrEnum):
    """Why a scan needs a person."""

    FINDING = "finding"
    SAMPLED = "sampled"
    AI_UNAVAILABLE = "ai_unavailable"
    UNSCREENABLE = "unscreenable"
    DECLARATION_MISMATCH = "declaration_mismatch"
    REOPENED = "reopened"


class Role(StrEnum):
    """What an account may do."""

    REVIEWER = "reviewer"
    SUPERVISOR = "supervisor"
    AUDITOR = "auditor"
    ADMIN = "admin"


class Stage(IntEnum):
    """Which look at the case it is. ``SECOND`` is blind to the first; ``SUPERVISOR`` is final."""

    PRIMARY = 1
    SECOND = 2
    SUPERVISOR = 3


@dataclass(frozen=True, kw_only=True)
class NewCase:
    """A scan about to enter the queue. ``risk`` is in [0, 1].

    ``qual_mask`` holds the qualification bits needed; ``None`` leaves them to the policy. They are fixed when
    a scan gets its first case: later cycles need the same.
    """

    scan_id: str
    port: str
    modality: str
    reason: CaseReason
    risk: float
    screening_id: int | None = None
    qual_mask: int | None = None


@dataclass(frozen=True, kw_only=True)
class Reviewer:
    """Who asks. Cases of the account's own ``port`` are never assigned; ``quals`` are the bits held."""

    account_id: int
    role: Role
    port: str | None
    quals: int


@dataclass(frozen=True, kw_only=True)
class Lease:
    """A case on a seat. ``slot`` 0 is being looked at, 1 waits; ``token`` fences the decision.

    ``ttl_s`` and ``due_in_s`` count from the database's answer; an overdue case has a negative ``due_in_s``.
    """

    case_id: int
    scan_id: str
    cycle: int
    stage: Stage
    slot: int
    token: int
    ttl_s: float
    due_in_s: float
    reason: CaseReason
    risk: float
    screening_id: int | None


@dataclass(frozen=True, kw_only=True)
class Marks:
    """What a person drew and thought of each finding: JSON values, stored as they are."""

    annotations: Sequence[Mapping[str, Any]] = ()
    finding_votes: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, kw_only=True)
class Decision:
    """A verdict on the case in slot 0."""

    case_id: int
    token: int
    verdict: Verdict
    reason_codes: Sequence[str] = ()
    note: str = ""
    marks: Marks = Marks()


@dataclass(frozen=True, kw_only=True)
class DecisionOutcome:
    """A recorded decision. ``disposition`` is ``None`` when another stage follows."""

    decision_id: int
    scan_id: str
    port: str
    disposition: Disposition | None
    next_lease: Lease | None
