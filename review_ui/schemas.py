"""What the reviewer's browser sends and receives: the JSON of the review API.

The TypeScript types of the web application are generated from these (``make api-types``).
Boxes are ``[x0, y0, x1, y1]`` in pixels of the original scan.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from review_queue.inspections import InspectionResult
from scans.modality import Modality


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("contains a NUL character, which the database cannot hold")
    return text


Verdict = Literal["release", "inspect", "escalate", "rescan"]
Role = Literal["reviewer", "supervisor", "auditor", "admin"]
Stage = Literal[1, 2, 3]
Text = Annotated[str, AfterValidator(_without_nul)]
Pixel = Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)]
Box = Annotated[list[Pixel], Field(min_length=4, max_length=4)]
RowId = Annotated[int, Field(ge=0, le=2**63 - 1)]


class Strict(BaseModel):
    """Refuses unknown fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Problem(BaseModel):
    """What every refused or failed request answers (RFC 9457, ``application/problem+json``)."""

    type: str
    title: str
    status: int
    code: str = Field(description="Stable; the page chooses its words by it")
    detail: str


class LoginIn(Strict):
    """Credentials."""

    login: str = Field(min_length=1, max_length=40)
    password: str = Field(min_length=1, max_length=200)


class AccountOut(BaseModel):
    """Who is logged in."""

    account_id: int
    login: str
    display_name: str
    role: Role
    port: str | None


class FindingOut(BaseModel):
    """What a model saw. ``box`` is null when a finding is about the whole scan."""

    finding_id: int = Field(description="Index within its screening")
    kind: str
    score: float
    threshold: float
    box: Box | None
    text: str | None = Field(description="What was read, if the finding is about something written")


class ScreeningOut(BaseModel):
    """One model run, as the reviewer sees it."""

    model_name: str
    model_version: str
    outcome: Literal["clear", "flag"]
    risk: float
    findings: list[FindingOut]
    line_checks: list[Literal["agrees", "disagrees", "unknown"]] | None = Field(
        description="Whether the cargo agrees with each line of the declaration; null if that was not checked"
    )


class Px16Level(BaseModel):
    """One resolution of a scan in px16. Strip ``i`` is at ``url`` with ``{strip}`` replaced by ``i``."""

    level: Literal[0, 2]
    width_px: int
    height_px: int
    n_channels: int
    strip_rows: int
    n_strips: int
    url: str


class LeaseOut(BaseModel):
    """A case on this reviewer's seat; ``GET /review/cases/{case_id}`` tells what it looks like."""

    model_config = ConfigDict(from_attributes=True)

    case_id: int
    scan_id: str
    cycle: int
    stage: Stage
    slot: Literal[0, 1]
    token: int
    ttl_s: float = Field(description="Seconds from the server's answer until the lease ends unless extended")
    due_in_s: float = Field(description="Seconds until the case is overdue; negative when it is")
    reason: str
    risk: float
    screening_id: int | None


class ScanView(BaseModel):
    """The scan of a case."""

    scan_id: str
    port: str
    port_name_zh: str
    port_name_en: str
    station_id: str
    modality: Modality
    direction: Literal["import", "export", "transit"] | None
    container_nos: list[str]
    container_no_valid: bool | None
    scanned_at: datetime
    received_at: datetime
    pixel_pitch_mm: float | None
    bit_depth: int
    levels: list[Px16Level] = Field(description="Coarsest first")
    photos: list[str] = Field(description="Addresses of the gate photos that a browser can show")
    declaration: dict[str, Any] | None = Field(
        description="As the station sent it (inference.schemas.Declaration)"
    )


class Annotation(Strict):
    """What a person drew."""

    box: Box
    kind: Text = Field(max_length=60)
    note: Text = Field(default="", max_length=500)


class FindingVote(Strict):
    """A person's word on a finding."""

    finding_id: int = Field(ge=0, le=100_000)
    accepted: bool


class PriorDecision(BaseModel):
    """An earlier decision of the case."""

    cycle: int
    stage: Stage
    reviewer: str
    verdict: Verdict
    reason_codes: list[str]
    note: str
    annotations: list[Annotation]
    finding_votes: list[FindingVote]
    decided_at: datetime


class CaseView(BaseModel):
    """What the page shows of a case: as its holder sees it on their seat.

    A second reviewer sees nothing of the first decision: ``escalation`` is filled at stage 3 only, with the
    earlier decisions of the cycle.
    """

    case_id: int
    cycle: int
    stage: Stage
    reason: str
    risk: float
    scan: ScanView
    screening: ScreeningOut | None
    n_earlier: int = Field(description="Earlier scans of the container, also those that may not be seen yet")
    escalation: list[PriorDecision]


class InspectionBrief(BaseModel):
    """What opening a box found, as it stands now."""

    result: InspectionResult
    kinds: list[str]
    inspected_at: datetime


class OtherScan(BaseModel):
    """A scan to look at beside a case: its pixels, when and where it was made, what the box held."""

    scan_id: str
    port: str
    station_id: str
    modality: Modality
    scanned_at: datetime
    pixel_pitch_mm: float | None
    bit_depth: int
    levels: list[Px16Level] = Field(description="Coarsest first")
    inspection: InspectionBrief | None = Field(description="Null if nobody opened the box, or said so")


class EarlierScanList(BaseModel):
    """The newest earlier scans of the same container, newest first."""

    scans: list[OtherScan]


class DeclaredGoods(BaseModel):
    """One line of another scan's declaration."""

    hs_code: str
    description: str


class Lookalike(OtherScan):
    """A scan of another container whose cargo looks like this one's."""

    likeness: float = Field(description="Cosine of the two embeddings; 1 is the same, below 0.5 is little")
    shares_heading: bool = Field(description="Whether both declare a heading of four digits in common")
    declared: list[DeclaredGoods] = Field(description="The first lines of its declaration")


class LookalikeList(BaseModel):
    """The most alike first."""

    state: Literal["searched", "not_placed", "off"] = Field(
        description="`not_placed`: no cargo model has seen this scan; `off`: the database has no pgvector"
    )
    scans: list[Lookalike]


class ClosedCaseView(CaseView):
    """A closed case, for supervisors and auditors. ``escalation`` has all its decisions, of every cycle."""

    disposition: Literal["release", "inspect", "rescan"]
    closed_at: datetime


class DecideIn(Strict):
    """A verdict on the case in slot 0. ``token`` must be that of the lease."""

    case_id: RowId
    token: RowId
    verdict: Verdict
    reason_codes: list[Text] = Field(default=[], max_length=20)
    note: Text = Field(default="", max_length=2000)
    annotations: list[Annotation] = Field(default=[], max_length=200)
    finding_votes: list[FindingVote] = Field(default=[], max_length=500)


class DecideOut(BaseModel):
    """The recorded decision, and the prefetched case, now current."""

    decision_id: int
    case_closed: bool
    next: LeaseOut | None


class LeaseRef(Strict):
    """Names a lease by its fencing token."""

    case_id: RowId
    token: RowId


class HeartbeatIn(Strict):
    """Leases to keep alive."""

    leases: list[LeaseRef] = Field(max_length=2)


class HeartbeatOut(BaseModel):
    """``lost`` lists the case ids whose lease is gone."""

    ttl_s: float
    lost: list[int]


class PortBoard(BaseModel):
    """The queue of one port."""

    port: str
    name_zh: str
    name_en: str
    ready: int
    by_stage: list[int] = Field(description="``ready`` at stage 1, 2 and 3")
    leased: int
    oldest_s: float | None = Field(description="Since when the longest waiting case has been open, seconds")
    overdue: int = Field(description="Waiting and held cases past their due time, to the minute")
    decided_last_hour: int
    screening: int


class BoardOut(BaseModel):
    """The supervisor's live board."""

    at: datetime
    ports: list[PortBoard]
    by_band: list[int] = Field(description="Waiting cases in each priority band, 0 (first) to 15")
    reviewers_active: int
    median_handling_s: float | None = Field(description="Of the last hour's decisions")
    on_time_ratio: float | None = Field(description="Of the cases closed in the last hour, in [0, 1]")


class QueueGlance(BaseModel):
    """The few figures in a reviewer's header: no list, nothing to pick from."""

    ready: int
    overdue: int
    mine_today: int
    my_median_s: float | None


class DecisionRow(BaseModel):
    """One past decision, for the supervisor's history."""

    decision_id: int
    case_id: int
    scan_id: str
    port: str
    container_nos: list[str]
    cycle: int
    stage: int
    reviewer: str
    verdict: Verdict
    reason_codes: list[str]
    note: str
    risk: float
    reason: str
    disposition: str | None
    handling_s: float
    decided_at: datetime


class DecisionPage(BaseModel):
    """Newest first; ``next_before`` continues the list."""

    rows: list[DecisionRow]
    next_before: int | None


class AuditRow(BaseModel):
    """One audit event. ``actor`` is ``account:<id>``, ``station:<id>`` or ``system:<part>``."""

    seq: int
    at: datetime
    actor: str
    actor_name: str | None = Field(default=None, description="Display name, when the actor is an account")
    event: str
    case_id: int | None
    stage: int | None
    verdict: str | None
    detail: str | None


class ReasonCode(Strict):
    """A reason a reviewer may give; ``verdicts`` says for which it is offered, none once it is retired."""

    code: Text
    zh: Text
    en: Text
    verdicts: list[Verdict] = Field(max_length=4)


class UiConfig(BaseModel):
    """What the page needs to know before anything else."""

    version: str
    demo: bool
    heartbeat_s: float
    remind_after_s: float = Field(description="Continuous review after which the page reminds; 0 is never")
    rest_s: float = Field(description="The break after which continuous review is counted anew")
    reason_codes: list[ReasonCode]
    finding_kinds: dict[str, dict[str, str]] = Field(description="kind → {zh, en}")
