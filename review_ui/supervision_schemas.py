"""The JSON of the supervisor's pages: the queue's policy, the search for cases, escalations, figures."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, Field

from review_queue.inspections import InspectionResult
from review_ui.schemas import PriorDecision, ReasonCode, Strict, Text, Verdict
from scans.modality import Modality

Reason = Literal["finding", "sampled", "ai_unavailable", "unscreenable", "declaration_mismatch", "reopened"]
Disposition = Literal["release", "inspect", "rescan"]
CaseState = Literal["waiting", "held", "closed"]
Bits = Annotated[list[Annotated[int, Field(ge=0, le=62)]], Field(max_length=63)]


class PolicyBody(Strict):
    """The rules of ``review_queue.policy.QueuePolicy``; a qualification is the number of its bit, 0 to 62."""

    prefetch_ttl_s: float
    max_hold_s: float
    max_tries: int
    sla_s: list[float] = Field(max_length=16)
    shift_by_port: dict[Text, int] = Field(max_length=1000)
    shift_by_modality: dict[Modality, int]
    shift_by_reason: dict[Reason, int]
    quals_by_modality: dict[Modality, Bits]
    quals_by_reason: dict[Reason, Bits]
    second_review_verdicts: list[Verdict] = Field(max_length=4)
    second_review_min_risk: float
    second_review_sample: float
    second_review_sample_by_verdict: dict[Verdict, float]
    remind_after_s: float
    pause_after_s: float
    rest_s: float
    reason_codes: list[ReasonCode] = Field(max_length=100)


class PolicyIn(Strict):
    """Rules to be looked at."""

    policy: PolicyBody


class ProposalIn(PolicyIn):
    """Rules that a colleague shall approve."""

    based_on: int = Field(ge=0, le=2**31 - 1, description="The version that was changed; 0 for the defaults")
    note: Text = Field(default="", max_length=2000)
    moves_waiting: bool = Field(default=False, description="Rank cases that wait already anew, too")
    may_lower: bool = Field(default=False, description="With moves_waiting: also those that come later by it")


class ProposalOut(BaseModel):
    """A proposal, open or decided."""

    proposal_id: int
    based_on: int
    policy: PolicyBody
    note: str
    moves_waiting: bool
    may_lower: bool
    proposer: int
    proposer_name: str
    proposed_at: datetime
    outcome: Literal["approved", "refused", "withdrawn"] | None
    decided_by_name: str | None
    decided_at: datetime | None
    version: int | None
    n_moved: int | None = Field(description="Waiting cases ranked anew; null while that is not done")


class ProposalRef(BaseModel):
    """Names a proposal."""

    proposal_id: int


class OutcomeIn(Strict):
    """What becomes of an open proposal: its proposer withdraws it, somebody else approves or refuses it."""

    outcome: Literal["approved", "refused", "withdrawn"]


class OutcomeOut(BaseModel):
    """The new version, if the proposal was approved."""

    version: int | None


class PolicyPort(BaseModel):
    """A port that rules may name."""

    port: str
    name_zh: str
    name_en: str


class QueuePolicyOut(BaseModel):
    """The policy in force, and the newest proposals, newest first."""

    version: int = Field(description="0 while nobody has stored any and the defaults are in force")
    author: str | None = Field(description="An actor, such as system:cli")
    author_name: str | None = Field(description="Display name, if it is an account")
    created_at: datetime | None
    policy: PolicyBody
    band_of_reason: dict[Reason, int]
    band_of_risk: list[tuple[float, int]] = Field(description="(least risk, band), the highest risk first")
    ports: list[PolicyPort]
    proposals: list[ProposalOut]


class BandMove(BaseModel):
    """How many waiting cases have one band and would have another."""

    band: int
    band_then: int
    n: int


class SecondReviewShare(BaseModel):
    """How many primary reviews with a verdict would be looked at twice, in [0, 1]."""

    verdict: Verdict
    before: float
    after: float
    verdict_share: float | None = Field(description="How often the verdict was given lately")


class KindEffect(BaseModel):
    """Waiting cases of one kind, and how many reviewers could get such a case if it came in now."""

    port: str
    modality: Modality
    reason: Reason
    n: int
    quals_before: Bits
    quals_then: Bits
    n_able_before: int
    n_able_then: int


class PolicyEffectOut(BaseModel):
    """What rules would do to the cases that wait now, beside those in force."""

    at: datetime
    n_waiting: int
    n_sooner: int
    n_later: int
    n_due_sooner: int
    bands: list[BandMove]
    second_review: list[SecondReviewShare]
    second_share_before: float | None = Field(description="Expected share of all primary reviews")
    second_share_then: float | None
    kinds: list[KindEffect]


class DecisionBrief(BaseModel):
    """One decision in a row of the search."""

    cycle: int
    stage: int
    verdict: Verdict
    reviewer: str


class CaseRow(BaseModel):
    """One case, open or closed: no image, no marks."""

    case_id: int
    scan_id: str
    port: str
    container_nos: list[str]
    modality: Modality
    reason: Reason
    risk: float
    band: int
    cycle: int
    state: CaseState
    opened_at: datetime
    due_at: datetime
    closed_at: datetime | None
    disposition: Disposition | None
    decisions: list[DecisionBrief]


class CaseCursor(BaseModel):
    """Where a search goes on: ``before_at`` and ``before_id`` of the next request."""

    at: datetime | None
    id: int


class CasePage(BaseModel):
    """Newest first. A request looks at so many cases at most; a page may be short, or empty, and go on."""

    rows: list[CaseRow]
    next: CaseCursor | None
    is_cut: bool = Field(description="The page is short because the request had looked at enough")


class ScreeningBrief(BaseModel):
    """One run of a model over the scan."""

    screening_id: int
    model_name: str
    model_version: str
    policy_version: int
    outcome: Literal["clear", "flag"]
    risk: float
    n_findings: int
    created_at: datetime


class InspectionIn(Strict):
    """What opening the box of a case found."""

    result: InspectionResult
    kinds: list[Text] = Field(default=[], max_length=20, description="What was found, as findings name it")
    note: Text = Field(default="", max_length=2000)
    inspected_at: AwareDatetime


class InspectionRow(BaseModel):
    """What opening the box found; the last row of a cycle counts."""

    cycle: int
    revision: int
    result: InspectionResult
    kinds: list[str]
    note: str
    inspected_at: datetime
    reported_by: str = Field(description="An actor, such as station:YTN-01")
    reporter_name: str | None = Field(description="Display name, if it is an account")
    reported_at: datetime


class CaseHistory(BaseModel):
    """All that was thought and decided of a case, of every cycle, oldest first."""

    case: CaseRow
    screenings: list[ScreeningBrief]
    decisions: list[PriorDecision]
    inspections: list[InspectionRow]


class ReviewerOption(BaseModel):
    """Somebody whose decisions can be searched for."""

    account_id: int
    name: str
    port: str | None
    is_disabled: bool


class EscalationRow(BaseModel):
    """A case that waits for a supervisor, or that one has."""

    case_id: int
    scan_id: str
    port: str
    container_nos: list[str]
    reason: Reason
    risk: float
    band: int
    due_at: datetime
    since: datetime | None = Field(description="When it came to stage 3")
    why: Literal["escalated", "disagreed", "expired"]
    held_by: str | None
    decisions: list[PriorDecision]


class EscalationPage(BaseModel):
    """The most urgent first. ``n`` counts all that wait, to the second."""

    n: int
    rows: list[EscalationRow]


class HourFigures(BaseModel):
    """What people decided within an hour, at all ports or at one."""

    hour: datetime
    n_primary: int
    n_second: int
    n_supervisor: int
    n_closed: int
    n_on_time: int
    n_inspect: int
    n_flag_inspect: int
    n_flag_release: int
    n_clear_inspect: int
    n_clear_release: int
    n_second_agreed: int
    n_opened: int = Field(description="Boxes of cases closed with inspect whose outcome came in this hour")
    n_found: int = Field(description="Of these, the ones in which something was found")


class DueBucket(BaseModel):
    """Waiting cases whose due time lies within a span of seconds from now; null is no bound."""

    from_s: int | None
    to_s: int | None
    n: int


class ReviewerAtWork(BaseModel):
    """A reviewer who has a case before them, or had one a moment ago."""

    account_id: int
    name: str
    role: Literal["reviewer", "supervisor"]
    port: str | None
    is_reviewing: bool
    working_s: float | None = Field(description="Without a rest")
    case_s: float | None = Field(description="How long the case at hand has been shown")
    n_last_hour: int


class FiguresOut(BaseModel):
    """Figures beside the live board."""

    at: datetime
    hours: list[HourFigures] = Field(description="The last hours, oldest first; those without a decision too")
    due: list[DueBucket]
    reviewers: list[ReviewerAtWork]
