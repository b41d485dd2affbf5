"""DICOS DX files as a scanner's own software would write them: by pydicom, without our writer."""

import io
from typing import Any

import numpy.typing as npt
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

DX_FOR_PROCESSING = UID("1.2.840.10008.5.1.4.1.1.501.2.2")
STUDY = "2.25.301"


def dicos_dx(pixels: npt.NDArray[Any], **changes: Any) -> bytes:
    """Write one energy.

    Args:
        pixels: Shape ``(H, W)``, uint8 or uint16.
        changes: DICOM keywords with other values; None leaves the element out. ``TransferSyntaxUID`` too.
    """
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(changes.get("SOPClassUID", DX_FOR_PROCESSING))
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = UID(changes.pop("TransferSyntaxUID", ExplicitVRLittleEndian))
    file = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    depth = 8 * pixels.dtype.itemsize
    values: dict[str, Any] = {
        "SpecificCharacterSet": "ISO_IR 192",
        "SOPClassUID": DX_FOR_PROCESSING,
        "SOPInstanceUID": meta.MediaStorageSOPInstanceUID,
        "Modality": "XRAY",
        "PatientID": "CSQU3054383",
        "OtherPatientIDsSequence": [],
        "StudyInstanceUID": STUDY,
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "Rows": pixels.shape[0],
        "Columns": pixels.shape[1],
        "BitsAllocated": depth,
        "BitsStored": depth,
        "HighBit": depth - 1,
        "PixelRepresentation": 0,
        "PixelIntensityRelationship": "LIN",
        "PixelIntensityRelationshipSign": 1,
        "OOIType": "CARGO",
        "PixelData": pixels.tobytes() + b"\0" * (pixels.nbytes % 2),
    }
    for keyword, value in {**values, **changes}.items():
        if value is not None:
            setattr(file, keyword, value)
    file["PixelData"].VR = "OW"
    buffer = io.BytesIO()
    file.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def nested(n_levels: int, *, is_undefined_length: bool) -> list[Dataset]:
    """A sequence in a sequence, ``n_levels`` deep; for elements such as ``RequestAttributesSequence``."""
    item = Dataset()
    item.StudyID = "1"
    for _ in range(n_levels - 1):
        item.is_undefined_length_sequence_item = is_undefined_length
        outer = Dataset()
        outer.RequestAttributesSequence = [item]
        outer["RequestAttributesSequence"].is_undefined_length = is_undefined_length
        item = outer
    item.is_undefined_length_sequence_item = is_undefined_length
    return [item]
