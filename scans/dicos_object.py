"""What every DICOS object that we write has in common: identity, inspected object, times, file form.

Uids come from ids of ours by uuid5, so that exporting a scan again gives the same objects. Attributes that
pydicom's dictionary lacks are written by their tag.

Source: NEMA IIC 1 v03 (DICOS); attribute types as an independent DICOS toolkit demands them when it reads.
"""

import io
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.tag import Tag
from pydicom.uid import UID, ExplicitVRLittleEndian

from scans.dicos import ISSUER_OF_SCAN_IDS
from scans.modality import Modality

IMPLEMENTATION_UID = UID("2.25.95163917349873526841126306180837240531")
MANUFACTURER = "shenxiang"
DICOS_VERSION_OF_FILE = Tag(0x0002, 0x0004)
_NAMESPACE = uuid.UUID("4795c4d3-6f01-4c0c-9be0-5ab0a8a1d2f3")


@dataclass(frozen=True, kw_only=True)
class ExportedScan:
    """What an object says about the scan that it belongs to.

    Attributes:
        container_nos: As stored, the first of them first; without one, the scan's id names the inspected
            object.
        modality: What was scanned. DICOS knows cargo; the study's description says what else it was.
        pixel_pitch_mm: None where the station did not say.
    """

    scan_id: str
    station_id: str
    port: str
    container_nos: Sequence[str]
    modality: Modality
    scanned_at: datetime
    pixel_pitch_mm: float | None
    software_version: str


def make_uid(*names: object) -> UID:
    """Return the one uid that belongs to these names."""
    return UID(f"2.25.{uuid.uuid5(_NAMESPACE, '/'.join(map(str, names))).int}")


def begin_object(
    scan: ExportedScan, *, sop_class: UID, instance: UID, series: UID, made_at: datetime
) -> FileDataset:
    """Begin an object of a scan.

    Args:
        scan: What was scanned.
        sop_class: Which kind of object.
        instance: Its uid.
        series: Uid of what it belongs to within the scan's study.
        made_at: When its content came to be.
    """
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = sop_class
    meta.MediaStorageSOPInstanceUID = instance
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.add_new(DICOS_VERSION_OF_FILE, "CS", "V03")
    meta.ImplementationClassUID = IMPLEMENTATION_UID
    meta.ImplementationVersionName = MANUFACTURER
    made = FileDataset("", {}, file_meta=meta, preamble=bytes(128))
    made.SpecificCharacterSet = "ISO_IR 192"
    made.TimezoneOffsetFromUTC = "+0000"
    made.SOPClassUID, made.SOPInstanceUID, made.SeriesInstanceUID = sop_class, instance, series
    made.StudyInstanceUID = make_uid(scan.scan_id)
    made.StudyID = scan.scan_id[:16]
    made.StudyDescription = str(scan.modality)
    made.FrameOfReferenceUID, made.PositionReferenceIndicator = make_uid(scan.scan_id, "frame"), ""
    made.AccessionNumber = ""
    made.ReferringPhysicianName = ""
    _add_times(made, scan, made_at)
    _add_object_of_inspection(made, scan)
    _add_equipment(made, scan)
    return made


def write_object(made: FileDataset) -> bytes:
    """Return the bytes of a finished object."""
    buffer = io.BytesIO()
    made.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def dicos_time(at: datetime) -> str:
    """Return a moment as a value of type DT, in UTC."""
    return at.astimezone(UTC).strftime("%Y%m%d%H%M%S.%f+0000")


def _add_times(made: FileDataset, scan: ExportedScan, made_at: datetime) -> None:
    scanned_at, made_at = scan.scanned_at.astimezone(UTC), made_at.astimezone(UTC)
    for kind, at in (
        ("Study", scanned_at), ("Series", scanned_at), ("Content", made_at), ("InstanceCreation", made_at)
    ):  # fmt: skip
        setattr(made, f"{kind}Date", at.strftime("%Y%m%d"))
        setattr(made, f"{kind}Time", at.strftime("%H%M%S.%f"))


def _add_object_of_inspection(made: FileDataset, scan: ExportedScan) -> None:
    made.PatientName = ""
    first, *others = scan.container_nos or (scan.scan_id,)
    _identify(made, first, issuer=scan.port if scan.container_nos else ISSUER_OF_SCAN_IDS)
    made.PatientSex = "U"
    made.PatientBirthDate = ""
    made.OtherPatientIDsSequence = [_identify(Dataset(), other, issuer=scan.port) for other in others]
    made.OOIType = "CARGO" if scan.modality is Modality.CARGO else "OTHER"
    made.DICOSVersion = "V03"
    made.ScanType = "OPERATIONAL"
    made.AcquisitionStatus = "SUCCESSFUL"


def _identify(made: Dataset, number: str, *, issuer: str) -> Dataset:
    """Name an inspected object."""
    made.PatientID, made.IssuerOfPatientID, made.TypeOfPatientID = number, issuer, "TEXT"
    return made


def _add_equipment(made: FileDataset, scan: ExportedScan) -> None:
    made.Manufacturer = MANUFACTURER
    made.ManufacturerModelName = MANUFACTURER
    made.SoftwareVersions = scan.software_version
    made.DeviceSerialNumber = scan.station_id
    made.StationName = scan.station_id[:16]
    made.InstitutionName = scan.port
    made.InstitutionAddress = ""
    made.DateOfLastCalibration = made.TimeOfLastCalibration = ""
