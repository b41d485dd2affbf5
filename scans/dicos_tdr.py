"""Writes a DICOS v3 threat detection report: what a model found in a scan, or what a person decided."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items
from pydicom.tag import Tag
from pydicom.uid import UID

from scans.dicos_dx import DX_FOR_PROCESSING, Energy, dx_instance_uid
from scans.dicos_object import ExportedScan, begin_object, dicos_time, make_uid, write_object

TDR = UID("1.2.840.10008.5.1.4.1.1.501.3")

IMAGE_SCALE = Tag(0x4010, 0x1075)
PROCESSING_BEGAN, PROCESSING_ENDED = Tag(0x4010, 0x1080), Tag(0x4010, 0x1081)
PROCESSING_MS = Tag(0x4010, 0x1082)


class ThreatFlag(StrEnum):
    """Whether an object counts as a threat."""

    THREAT = "THREAT"
    NO_THREAT = "NO_THREAT"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, kw_only=True)
class ReportedObject:
    """One thing that a report points at.

    Attributes:
        description: Our word for its kind, and what else was said of it.
        probability: In [0, 1]; None for a person's mark.
        box_xyxy: In pixels of the scan; None for the whole scan.
    """

    description: str
    flag: ThreatFlag
    probability: float | None
    box_xyxy: tuple[float, float, float, float] | None


@dataclass(frozen=True, kw_only=True)
class MachineAuthor:
    """The model that reports. ``version`` tells apart what has one name."""

    name: str
    version: str


@dataclass(frozen=True, kw_only=True)
class OperatorAuthor:
    """The person who reports: an id that only the centre can resolve, never a name."""

    account: str
    organisation: str


@dataclass(frozen=True, kw_only=True)
class Report:
    """One word on one scan.

    Attributes:
        name: What tells it apart from the scan's other reports, such as ``screening-7``.
        number: Its place among them, from 1.
        objects: At least one with an alarm, if only the whole scan.
        began_at: When the work on the scan began.
        decided_at: When the word fell.
    """

    name: str
    number: int
    author: MachineAuthor | OperatorAuthor
    is_alarm: bool
    objects: Sequence[ReportedObject]
    began_at: datetime
    decided_at: datetime


def write_tdr(scan: ExportedScan, report: Report, *, width_px: int, height_px: int, n_channels: int) -> bytes:
    """Write one report.

    Args:
        scan: What was scanned.
        report: What is said of it.
        width_px: Of the scan; an object without a place fills it.
        height_px: Likewise.
        n_channels: How many DX objects the scan has, which the report refers to.

    Raises:
        ValueError: If it is an alarm about nothing, which other toolkits refuse to read.
    """
    if report.is_alarm and not report.objects:
        raise ValueError(f"report {report.name} is an alarm without an object")
    made = begin_object(
        scan,
        sop_class=TDR,
        instance=make_uid(scan.scan_id, "tdr", report.name),
        series=make_uid(scan.scan_id, "series", "tdr"),
        made_at=report.decided_at,
    )
    images = [_image(scan, energy) for energy in list(Energy)[:n_channels]]
    made.Modality = "TDR"
    made.SeriesNumber, made.InstanceNumber = 9, report.number
    made.ReferencedStudySequence = [_reference_to_study(made.StudyInstanceUID)]
    made.AlarmDecision = "ALARM" if report.is_alarm else "CLEAR"
    made.AlarmDecisionTime = dicos_time(report.decided_at)
    made.AbortFlag = "SUCCESS"
    made.AdditionalScreeningPerformed = "NO"
    made.NumberOfTotalObjects = len(report.objects)
    made.NumberOfAlarmObjects = sum(found.flag is ThreatFlag.THREAT for found in report.objects)
    made.TotalProcessingTime = _processing_ms(report)
    made.add_new(IMAGE_SCALE, "FD", 1.0)
    match report.author:
        case MachineAuthor(name=name, version=version):
            made.TDRType = "MACHINE"
            made.ThreatDetectionAlgorithmAndVersion = [name, version]
        case OperatorAuthor() as operator:
            made.TDRType = "OPERATOR"
            made.OperatorIdentificationSequence = [_operator(operator)]
    whole = (0.0, 0.0, float(width_px), float(height_px))
    made.ThreatSequence = [
        _threat(number, found, found.box_xyxy or whole, report=report, images=images)
        for number, found in enumerate(report.objects, start=1)
    ]
    return write_object(made)


def _threat(
    number: int,
    found: ReportedObject,
    box_xyxy: tuple[float, float, float, float],
    *,
    report: Report,
    images: Sequence[Dataset],
) -> Dataset:
    left, top, right, bottom = box_xyxy
    region = Dataset()
    region.ThreatROIBase = [left, top, 0.0]
    region.ThreatROIExtents = [right - left, bottom - top, 1.0]
    region.ThreatROIBitmap = b""
    place = Dataset()
    place.ReferencedInstanceSequence = Items(images)
    place.ThreatROIVoxelSequence = [region]
    assessment = Dataset()
    assessment.ThreatCategory = "OTHER"
    assessment.ThreatCategoryDescription = found.description
    assessment.ATDAssessmentFlag = found.flag.value
    assessment.ATDAbilityAssessment = "NO_INTERFERENCE"
    assessment.ATDAssessmentProbability = -1.0 if found.probability is None else found.probability
    threat = Dataset()
    threat.PotentialThreatObjectID = number
    threat.PTORepresentationSequence = [place]
    threat.ATDAssessmentSequence = [assessment]
    threat.add_new(PROCESSING_BEGAN, "DT", dicos_time(report.began_at))
    threat.add_new(PROCESSING_ENDED, "DT", dicos_time(report.decided_at))
    threat.add_new(PROCESSING_MS, "FL", _processing_ms(report))
    return threat


def _processing_ms(report: Report) -> float:
    return (report.decided_at - report.began_at).total_seconds() * 1000


def _image(scan: ExportedScan, energy: Energy) -> Dataset:
    image = Dataset()
    image.ReferencedSOPClassUID = DX_FOR_PROCESSING
    image.ReferencedSOPInstanceUID = dx_instance_uid(scan.scan_id, energy)
    return image


def _reference_to_study(study: UID) -> Dataset:
    reference = Dataset()
    reference.ReferencedSOPClassUID = DX_FOR_PROCESSING
    reference.ReferencedSOPInstanceUID = study
    return reference


def _operator(operator: OperatorAuthor) -> Dataset:
    """Return who decided: the id, then how it is written."""
    person = Dataset()
    person.PersonIdentificationCodeSequence = [
        _code(operator.account, meaning="reviewer's account"),
        _code("TEXT", meaning="TEXT"),
    ]
    person.InstitutionName = operator.organisation
    return person


def _code(value: str, *, meaning: str) -> Dataset:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value[:16], "99SHENXIANG", meaning
    return code
