"""What a station sends and receives: the JSON of the intake API.

Lengths and ranges are limits on untrusted input; a breach answers 422 ``request_invalid``.
"""

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from review_queue.inspections import InspectionResult
from scans.modality import Modality

FIRST_YEAR, LAST_YEAR = 2000, 2099

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="sha256 of a file, lower-case hex")]
Text = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]  # PostgreSQL stores no NUL


ContainerNo = Annotated[Text, Field(max_length=20)]
MAX_CONTAINERS = 4
"""In one picture: two of 20 feet on a truck, four on a double-stacked rail car."""


def _check_year(at: datetime) -> datetime:
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise ValueError(f"the year must be from {FIRST_YEAR} to {LAST_YEAR}")
    return at.astimezone(UTC)


ScanTime = Annotated[AwareDatetime, AfterValidator(_check_year)]


class Strict(BaseModel):
    """Refuses unknown fields: a misspelt one must not be lost silently."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class DeclarationLine(Strict):
    """One line of goods of a customs declaration."""

    line_no: int = Field(ge=1, le=999)
    hs_code: str = Field(pattern=r"^[0-9]{2,10}$", description="HS code, 2 to 10 digits without dots")
    description: Text = Field(max_length=500)
    quantity: float | None = Field(default=None, ge=0)
    unit: Text | None = Field(default=None, max_length=20)
    gross_weight_kg: float | None = Field(default=None, ge=0, le=1e6)


class Declaration(Strict):
    """What the declarant says is inside."""

    declaration_no: Text | None = Field(default=None, max_length=40)
    declared_empty: bool = False
    gross_weight_kg: float | None = Field(default=None, ge=0, le=1e6)
    consignor: Text | None = Field(default=None, max_length=200)
    consignee: Text | None = Field(default=None, max_length=200)
    lines: list[DeclarationLine] = Field(default=[], max_length=500)


class ChannelImage(Strict):
    """Names an uploaded image and says what it shows."""

    digest: Digest
    channel: Literal["high", "low", "dual"] = Field(
        default="high", description="dual: one two-page file, high energy first"
    )


class ScanIn(Strict):
    """One pass of one container or vehicle. The station and its port come from the key."""

    images: list[ChannelImage] = Field(min_length=1, max_length=2)
    scanned_at: ScanTime = Field(description="When the pass began, with its UTC offset")
    modality: Modality | None = Field(default=None, description="Default: what the files say, else cargo")
    direction: Literal["import", "export", "transit"] | None = None
    container_no: ContainerNo | None = None
    other_container_nos: list[ContainerNo] = Field(
        default=[], max_length=MAX_CONTAINERS - 1, description="Further containers in the same picture"
    )
    pixel_pitch_mm: float | None = Field(default=None, gt=0, le=100)
    gate_photos: list[Digest] = Field(default=[], max_length=12)
    declaration: Declaration | None = None


class InspectionIn(Strict):
    """What opening the box found, as the field officers report it."""

    result: InspectionResult
    kinds: list[Text] = Field(
        default=[], max_length=20, description="What was found; the words of findings where there is one"
    )
    note: Text = Field(default="", max_length=2000)
    inspected_at: ScanTime = Field(description="When the box was opened, with its UTC offset")


class InspectionOut(BaseModel):
    """The outcome that counts for a scan's cycle; ``revision`` is 1 until it is corrected."""

    scan_id: str
    cycle: int
    revision: int
    result: InspectionResult
    kinds: list[str]
    note: str
    inspected_at: datetime
    reported_at: datetime


class ImageOut(BaseModel):
    """A durable image."""

    digest: str
    format: str
    width_px: int
    height_px: int
    n_channels: int
    bit_depth: int
    size_bytes: int


class DispositionOut(BaseModel):
    """The final word on a scan's current cycle."""

    disposition: Literal["release", "inspect", "rescan"]
    source: Literal["screening", "review"]
    cycle: int
    decided_at: datetime


class ScanOut(BaseModel):
    """An acknowledged scan and how far it has come.

    ``status``: ``screening`` (the model has not spoken), ``review`` (a person will decide), ``done``.
    ``container_no_valid``: of all numbers. ``warnings``: ``container_number_invalid`` (an ISO 6346 check
    digit does not fit; the number is kept), ``scanned_in_future`` (the station's clock is more than ten
    minutes ahead of ours).
    """

    scan_id: str
    status: Literal["screening", "review", "done"]
    received_at: datetime
    container_no: str | None
    other_container_nos: list[str] = []
    container_no_valid: bool | None
    warnings: list[str] = []
    disposition: DispositionOut | None = None
