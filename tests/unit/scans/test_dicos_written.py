"""DICOS objects that we write, read back by pydicom; one table says what must be there."""

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from scans.dicos_dx import Beam, Energy, write_dx
from scans.dicos_object import ExportedScan
from scans.dicos_tdr import MachineAuthor, OperatorAuthor, Report, ReportedObject, ThreatFlag, write_tdr
from scans.formats import decode_image, inspect_image
from scans.image_info import ImageLimits
from scans.modality import Modality

SCAN = ExportedScan(
    scan_id="XR-20261123-000001",
    station_id="ST-1",
    port="YTN",
    container_nos=("CSQU3054383",),
    modality=Modality.CARGO,
    scanned_at=datetime(2026, 11, 23, 8, 0, tzinfo=timezone(timedelta(hours=8))),
    pixel_pitch_mm=5.0,
    software_version="0.1.0",
)
PIXELS = np.random.default_rng(4).integers(0, 65536, (6, 9)).astype(np.uint16)
DECIDED_AT = datetime(2026, 11, 23, 0, 1, 2, 345678, tzinfo=UTC)
OBJECTS = [
    ReportedObject(
        description="手枪", flag=ThreatFlag.THREAT, probability=0.75, box_xyxy=(1.0, 2.0, 5.0, 6.5)
    ),
    ReportedObject(description="empty", flag=ThreatFlag.NO_THREAT, probability=None, box_xyxy=None),
]
MODEL = MachineAuthor(name="shenxiang-lite", version="1")
PERSON = OperatorAuthor(account="account:7", organisation="YTN")


def report(author: MachineAuthor | OperatorAuthor, objects: list[ReportedObject] = OBJECTS) -> Report:
    return Report(
        name="r",
        number=1,
        author=author,
        is_alarm=True,
        objects=objects,
        began_at=DECIDED_AT - timedelta(milliseconds=1500),
        decided_at=DECIDED_AT,
    )


def read(data: bytes) -> Dataset:
    return pydicom.dcmread(io.BytesIO(data))


def dx(energy: Energy = Energy.HIGH, scan: ExportedScan = SCAN) -> bytes:
    return write_dx(scan, PIXELS, energy=energy, beam=Beam(peak_kv=6000, effective_kev=1800))


def tdr(author: MachineAuthor | OperatorAuthor, objects: list[ReportedObject] = OBJECTS) -> bytes:
    return write_tdr(SCAN, report(author, objects), width_px=9, height_px=6, n_channels=2)


DX, MACHINE, OPERATOR = read(dx()), read(tdr(MODEL)), read(tdr(PERSON))
EVERY, REPORTS = (DX, MACHINE, OPERATOR), (MACHINE, OPERATOR)
PRESENT = object()
"""It must be there, with a value or with none."""

MANDATORY: list[tuple[tuple[Dataset, ...], int, str, Any]] = [
    (EVERY, 0x00080005, "CS", "ISO_IR 192"),
    (EVERY, 0x00080012, "DA", PRESENT),
    (EVERY, 0x00080013, "TM", PRESENT),
    (EVERY, 0x00080018, "UI", PRESENT),
    (EVERY, 0x00080020, "DA", "20261123"),
    (EVERY, 0x00080021, "DA", "20261123"),
    (EVERY, 0x00080023, "DA", "20261123"),
    (EVERY, 0x00080030, "TM", "000000.000000"),
    (EVERY, 0x00080031, "TM", "000000.000000"),
    (EVERY, 0x00080033, "TM", PRESENT),
    (EVERY, 0x00080070, "LO", "shenxiang"),
    (EVERY, 0x00080201, "SH", "+0000"),
    (EVERY, 0x00081010, "SH", "ST-1"),
    (EVERY, 0x00100010, "PN", ""),
    (EVERY, 0x00100020, "LO", "CSQU3054383"),
    (EVERY, 0x00100021, "LO", "YTN"),
    (EVERY, 0x00100022, "CS", "TEXT"),
    (EVERY, 0x00100040, "CS", "U"),
    (EVERY, 0x00101002, "SQ", []),
    (EVERY, 0x00181000, "LO", "ST-1"),
    (EVERY, 0x00181020, "LO", "0.1.0"),
    (EVERY, 0x00181200, "DA", PRESENT),
    (EVERY, 0x00181201, "TM", PRESENT),
    (EVERY, 0x0020000D, "UI", PRESENT),
    (EVERY, 0x0020000E, "UI", PRESENT),
    (EVERY, 0x00200010, "SH", "XR-20261123-0000"),
    (EVERY, 0x00200011, "IS", PRESENT),
    (EVERY, 0x00200013, "IS", 1),
    (EVERY, 0x00200052, "UI", PRESENT),
    (EVERY, 0x00201040, "LO", PRESENT),
    (EVERY, 0x4010103A, "CS", "V03"),
    (EVERY, 0x40101042, "CS", "CARGO"),
    (EVERY, 0x40101044, "CS", "SUCCESSFUL"),
    (EVERY, 0x40101048, "CS", "OPERATIONAL"),
    ((DX,), 0x00080008, "CS", ["ORIGINAL", "INTENSITY"]),
    ((DX,), 0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.501.2.2"),
    ((DX,), 0x00080060, "CS", "XRAY"),
    ((DX,), 0x00080068, "CS", "FOR PROCESSING"),
    ((DX,), 0x00080118, "CS", "MACHINE"),
    ((DX,), 0x00082108, "CS", "LHS"),
    ((DX,), 0x00180060, "DS", 6000),
    ((DX,), 0x00181164, "DS", [5, 5]),
    ((DX,), 0x00187004, "CS", PRESENT),
    ((DX,), 0x00188151, "DS", 0),
    ((DX,), 0x00200032, "DS", [0, 0, 0]),
    ((DX,), 0x00200037, "DS", [1, 0, 0, 0, 1, 0]),
    ((DX,), 0x00280002, "US", 1),
    ((DX,), 0x00280004, "CS", "MONOCHROME2"),
    ((DX,), 0x00280010, "US", 6),
    ((DX,), 0x00280011, "US", 9),
    ((DX,), 0x00280100, "US", 16),
    ((DX,), 0x00280101, "US", 16),
    ((DX,), 0x00280102, "US", 15),
    ((DX,), 0x00280103, "US", 0),
    ((DX,), 0x00281040, "CS", "LIN"),
    ((DX,), 0x00281041, "SS", 1),
    ((DX,), 0x00281052, "DS", 0),
    ((DX,), 0x00281053, "DS", 1),
    ((DX,), 0x00282110, "CS", "00"),
    ((DX,), 0x00400555, "SQ", []),
    ((DX,), 0x20500020, "CS", "IDENTITY"),
    ((DX,), 0x43000902, "FL", 1800),
    ((DX,), 0x7FE00010, "OW", PIXELS.tobytes()),
    (REPORTS, 0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.501.3"),
    (REPORTS, 0x00080060, "CS", "TDR"),
    (REPORTS, 0x00081110, "SQ", PRESENT),
    (REPORTS, 0x40101011, "SQ", PRESENT),
    (REPORTS, 0x40101024, "CS", "SUCCESS"),
    (REPORTS, 0x4010102B, "DT", "20261123000102.345678+0000"),
    (REPORTS, 0x40101031, "CS", "ALARM"),
    (REPORTS, 0x40101033, "US", 2),
    (REPORTS, 0x40101034, "US", 1),
    (REPORTS, 0x40101069, "FL", 1500),
    (REPORTS, 0x4010106D, "CS", "NO"),
    (REPORTS, 0x40101075, "FD", 1.0),
    ((MACHINE,), 0x40101027, "CS", "MACHINE"),
    ((MACHINE,), 0x40101029, "LO", ["shenxiang-lite", "1"]),
    ((OPERATOR,), 0x40101027, "CS", "OPERATOR"),
    ((OPERATOR,), 0x00081072, "SQ", PRESENT),
]


@pytest.mark.parametrize(
    ("objects", "tag", "vr", "value"), MANDATORY, ids=lambda v: f"{v:08x}" if isinstance(v, int) else ""
)
def test_write__mandatory_attributes_are_there(
    objects: tuple[Dataset, ...], tag: int, vr: str, value: Any
) -> None:
    """Every attribute that DICOS asks for, in every kind of object that needs it, has its type and value."""
    for made in objects:
        element = made[tag]
        assert vr == element.VR
        if value is not PRESENT:
            assert element.value == value


def test_write__the_file_says_that_it_is_dicos() -> None:
    """The header carries the version, and every element's class and uid are those of the file."""
    for made in EVERY:
        meta = made.file_meta
        assert meta[0x00020004].value == "V03"
        assert meta.TransferSyntaxUID == "1.2.840.10008.1.2.1"
        assert (meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID) == (
            made.SOPClassUID,
            made.SOPInstanceUID,
        )


def test_write_dx__both_energies_are_one_study_and_come_back() -> None:
    """What our reader finds is what was written: the pixels, the study and the container."""
    high, low = dx(Energy.HIGH), dx(Energy.LOW)
    for data in (high, low):
        np.testing.assert_array_equal(decode_image(data)[0], PIXELS)
    infos = [inspect_image(data) for data in (high, low)]
    assert infos[0] == infos[1]
    assert (infos[0].study_uid, infos[0].container_no) == (DX.StudyInstanceUID, "CSQU3054383")
    assert read(high).SOPInstanceUID != read(low).SOPInstanceUID
    assert read(high).SeriesInstanceUID != read(low).SeriesInstanceUID


def test_write_dx__a_scan_without_a_number_is_no_container() -> None:
    """The scan's id names the object, and is not taken for a container number when it comes back."""
    nameless = replace(SCAN, container_nos=())
    data = dx(scan=nameless)
    assert (read(data).PatientID, read(data).OOIType) == (SCAN.scan_id, "CARGO")
    assert inspect_image(data).container_no is None


def test_write_dx__further_containers_are_other_objects_of_the_inspection() -> None:
    """Two short boxes on one chassis: the first is the object, the second stands beside it."""
    made = read(dx(scan=replace(SCAN, container_nos=("CSQU3054383", "MSCU6639870"))))
    assert made.PatientID == "CSQU3054383"
    (other,) = made.OtherPatientIDsSequence
    assert (other.PatientID, other.IssuerOfPatientID) == ("MSCU6639870", "YTN")
    assert other.TypeOfPatientID == "TEXT"


def test_write__again_gives_the_same_bytes() -> None:
    """A repeated export is the same objects, not new ones."""
    assert dx() == dx()
    assert tdr(MODEL) == tdr(MODEL)


@pytest.mark.parametrize("made", REPORTS, ids=["machine", "operator"])
def test_write_tdr__objects_have_place_and_assessment(made: Dataset) -> None:
    """Each object refers to both images, has a box in pixels and what is thought of it."""
    assert made.ReferencedStudySequence[0].ReferencedSOPInstanceUID == DX.StudyInstanceUID
    found, whole = made.ThreatSequence
    assert (found.PotentialThreatObjectID, whole.PotentialThreatObjectID) == (1, 2)
    place = found.PTORepresentationSequence[0]
    referred = [image.ReferencedSOPInstanceUID for image in place.ReferencedInstanceSequence]
    assert referred == [read(dx(energy)).SOPInstanceUID for energy in Energy]
    region = place.ThreatROIVoxelSequence[0]
    assert (region.ThreatROIBase, region.ThreatROIExtents) == ([1, 2, 0], [4, 4.5, 1])
    region = whole.PTORepresentationSequence[0].ThreatROIVoxelSequence[0]
    assert (region.ThreatROIBase, region.ThreatROIExtents) == ([0, 0, 0], [9, 6, 1])
    thought = [item.ATDAssessmentSequence[0] for item in made.ThreatSequence]
    assert [t.ThreatCategory for t in thought] == ["OTHER", "OTHER"]
    assert [t.ThreatCategoryDescription for t in thought] == ["手枪", "empty"]
    assert [t.ATDAssessmentFlag for t in thought] == ["THREAT", "NO_THREAT"]
    assert [t.ATDAbilityAssessment for t in thought] == ["NO_INTERFERENCE"] * 2
    assert [t.ATDAssessmentProbability for t in thought] == [0.75, -1]
    assert [found[tag].VR for tag in (0x40101080, 0x40101081, 0x40101082)] == ["DT", "DT", "FL"]
    assert found[0x40101080].value == "20261123000100.845678+0000"
    assert (found[0x40101081].value, found[0x40101082].value) == ("20261123000102.345678+0000", 1500)


def test_write_tdr__an_operator_is_an_account_of_a_port() -> None:
    """Two codes, the id and how it is written; no name."""
    (person,) = OPERATOR.OperatorIdentificationSequence
    codes = person.PersonIdentificationCodeSequence
    assert [code.CodeValue for code in codes] == ["account:7", "TEXT"]
    assert all(code.CodingSchemeDesignator and code.CodeMeaning for code in codes)
    assert person.InstitutionName == "YTN"


def test_write_tdr__nothing_found_is_a_report_too() -> None:
    """A clear scan has an empty list of threats, which must be there; an alarm about nothing is none."""
    nothing = Report(**{**vars(report(MODEL, [])), "is_alarm": False})
    made = read(write_tdr(SCAN, nothing, width_px=9, height_px=6, n_channels=1))
    assert made.AlarmDecision == "CLEAR"
    assert (made.NumberOfTotalObjects, made.NumberOfAlarmObjects) == (0, 0)
    assert list(made.ThreatSequence) == []
    with pytest.raises(ValueError, match="without an object"):
        tdr(MODEL, [])


@pytest.mark.parametrize("modality", list(Modality))
def test_write_dx__what_was_scanned_comes_back(modality: Modality) -> None:
    """DICOS has no word for an underside; the study's description keeps ours."""
    written = dx(scan=replace(SCAN, modality=modality))
    assert inspect_image(written, limits=ImageLimits()).modality is modality
    assert read(written).OOIType == ("CARGO" if modality is Modality.CARGO else "OTHER")
