"""Writes one energy of a scan as a DICOS v3 DX object; ``dicos`` reads it back exactly."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
from pydicom.tag import Tag
from pydicom.uid import UID

from scans.dicos_object import ExportedScan, begin_object, make_uid, write_object

DX_FOR_PROCESSING = UID("1.2.840.10008.5.1.4.1.1.501.2.2")

ACQUIRED_BY = Tag(0x0008, 0x0118)
COORDINATE_SYSTEM = Tag(0x0008, 0x2108)
EFFECTIVE_ENERGY = Tag(0x4300, 0x0902)


class Energy(StrEnum):
    """Which energy of the scan; the order is that of the channels."""

    HIGH = "high"
    LOW = "low"


@dataclass(frozen=True, kw_only=True)
class Beam:
    """What the scanner's data sheet says of one energy; 0 where it is not known.

    Attributes:
        peak_kv: Greatest energy of the spectrum.
        effective_kev: Energy of the monochromatic beam that steel weakens as much.
        current_ua: Mean tube current.
    """

    peak_kv: float = 0.0
    effective_kev: float = 0.0
    current_ua: float = 0.0


def dx_instance_uid(scan_id: str, energy: Energy) -> UID:
    """Return the uid by which reports refer to one energy of a scan."""
    return make_uid(scan_id, "dx", energy)


def write_dx(scan: ExportedScan, pixels: npt.NDArray[np.uint16], *, energy: Energy, beam: Beam) -> bytes:
    """Write one energy of a scan.

    Args:
        scan: What was scanned.
        pixels: Shape ``(H, W)``, 65535 is air.
        energy: Which energy this is.
        beam: How it was made.
    """
    made = begin_object(
        scan,
        sop_class=DX_FOR_PROCESSING,
        instance=dx_instance_uid(scan.scan_id, energy),
        series=make_uid(scan.scan_id, "series", energy),
        made_at=scan.scanned_at,
    )
    number = list(Energy).index(energy) + 1
    made.SeriesNumber, made.InstanceNumber, made.AcquisitionNumber = number, 1, 1
    made.SeriesDescription = f"{energy} energy"
    made.Modality = "XRAY"
    made.PresentationIntentType = "FOR PROCESSING"
    made.ImageType = ["ORIGINAL", "INTENSITY"]
    made.AcquisitionDate, made.AcquisitionTime = made.StudyDate, made.StudyTime
    made.add_new(ACQUIRED_BY, "CS", "MACHINE")
    made.add_new(COORDINATE_SYSTEM, "CS", "LHS")
    made.KVP, made.XRayTubeCurrentInuA = f"{beam.peak_kv:g}", f"{beam.current_ua:g}"
    made.add_new(EFFECTIVE_ENERGY, "FL", beam.effective_kev)
    if scan.pixel_pitch_mm is not None:
        made.ImagerPixelSpacing = [f"{scan.pixel_pitch_mm:g}"] * 2
    made.DetectorType = ""
    made.PatientOrientation = ""
    made.ImageOrientationPatient, made.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, 0]
    made.AcquisitionContextSequence = []
    made.ImageLaterality = "U"
    made.BurnedInAnnotation = "NO"
    made.LossyImageCompression = "00"
    made.SamplesPerPixel, made.PhotometricInterpretation, made.PixelRepresentation = 1, "MONOCHROME2", 0
    made.Rows, made.Columns = pixels.shape
    made.BitsAllocated, made.BitsStored, made.HighBit = 16, 16, 15
    made.PixelIntensityRelationship, made.PixelIntensityRelationshipSign = "LIN", 1
    made.RescaleIntercept, made.RescaleSlope, made.RescaleType = "0", "1", "US"
    made.PresentationLUTShape = "IDENTITY"
    made.PixelData = pixels.astype("<u2", copy=False).tobytes()
    made["PixelData"].VR = "OW"
    return write_object(made)
