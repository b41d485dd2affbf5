"""What the auditor's page receives: rows of the trail, a case's whole history, how a verification goes."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from review_ui.schemas import PriorDecision, Verdict
from review_ui.supervision_schemas import InspectionRow


class TrailRowOut(BaseModel):
    """One audit event with every column that a person reads. Times are the database's."""

    seq: int
    xid: int = Field(description="The transaction of the action")
    at: datetime
    actor: str = Field(description="account:<id>, station:<id> or system:<part>")
    actor_name: str | None = Field(description="Display name, when the actor is an account")
    event: str
    scan_id: str | None
    case_id: int | None
    cycle: int | None
    stage: int | None
    slot: int | None
    verdict: Verdict | None
    detail: str | None


class TrailPageOut(BaseModel):
    """Rows, newest first. A page may have few rows or none and yet go on: a look is bounded."""

    rows: list[TrailRowOut]
    next_before: str | None = Field(
        description="Continues the search; null when the trail's beginning is reached"
    )
    looked_to: datetime | None = Field(description="The time of the oldest row that was looked at")


class SealOut(BaseModel):
    """The seal that covers a row."""

    seal_no: int
    sealed_at: datetime
    key_id: str
    n_rows: int
    root: str = Field(description="Merkle root, hex")


class SealedRowOut(TrailRowOut):
    """An audit event and what its seal says of it, checked when it was asked for."""

    seal: SealOut | None = Field(description="Null while the row is not sealed yet")
    fault: str | None = Field(description="A finding's code when row or seal are not as they were sealed")


class ScreeningRow(BaseModel):
    """One screening of the case's scan."""

    screening_id: int
    model_name: str
    model_version: str
    sha256: str
    engine: str
    policy_version: int
    outcome: Literal["clear", "flag"]
    reason: str
    risk: float
    n_findings: int
    created_at: datetime


class DispositionRow(BaseModel):
    """A final word, and when the station had it."""

    cycle: int
    disposition: Literal["release", "inspect", "rescan"]
    source: Literal["screening", "review"]
    decided_at: datetime
    delivered_at: datetime | None = Field(description="By webhook; null without one, or until it arrives")


class CaseHistoryOut(BaseModel):
    """All that is known of a case but its pixels."""

    case_id: int
    scan_id: str
    port: str
    station_id: str
    container_nos: list[str]
    modality: str
    cycle: int
    reason: str
    risk: float
    received_at: datetime
    opened_at: datetime
    closed_at: datetime | None
    disposition: Literal["release", "inspect", "rescan"] | None
    screenings: list[ScreeningRow]
    decisions: list[PriorDecision]
    dispositions: list[DispositionRow]
    inspections: list[InspectionRow]
    events: list[SealedRowOut] = Field(description="Oldest first, those of its scan included")
