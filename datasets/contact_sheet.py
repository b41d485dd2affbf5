"""Contact sheets: many records on one picture, with their boxes, to see at a glance what a dataset holds."""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.errors import DatasetUnreadableError, DatasetUnwritableError
from datasets.images import Pixels, read_pixels
from datasets.records import Annotation, Record

Picture = NDArray[np.uint8]
"""Shape ``(H, W, 3)``, blue, green, red."""

_CAPTION_PX: Final = 22
_GAP_PX: Final = 6
_BACKGROUND: Final = 32
_WHITE: Final = (230, 230, 230)


@dataclass(frozen=True, kw_only=True)
class SheetForm:
    """Size of a sheet."""

    columns: int = 4
    rows: int = 6
    cell_width_px: int = 420
    cell_height_px: int = 200

    @property
    def n_cells(self) -> int:
        return self.columns * self.rows


def write_sheets(
    records: Sequence[Record], path: Path, *, n_records: int, form: SheetForm | None = None
) -> list[Path]:
    """Write sheets with records spread evenly over the dataset.

    Args:
        records: Of one dataset.
        path: Of the first sheet, PNG or JPEG; the others get -2, -3 … before the ending.
        n_records: At most so many.
        form: Default: 4 × 6 cells.

    Returns:
        The files.

    Raises:
        DatasetUnreadableError: If there is no record.
        DatasetUnwritableError: If the file cannot be written.
    """
    form = form or SheetForm()
    if not records:
        raise DatasetUnreadableError("there is no record to show; run `shenxiang dataset check` to see why")
    chosen = spread(records, n_records)
    written = []
    for number, first in enumerate(range(0, len(chosen), form.n_cells), start=1):
        place = path if number == 1 else path.with_stem(f"{path.stem}-{number}")
        sheet = draw_sheet(chosen[first : first + form.n_cells], form)
        try:
            ok, encoded = cv2.imencode(place.suffix, sheet)
        except cv2.error:
            ok = False
        if not ok:
            raise DatasetUnwritableError(
                f"{place} is no kind of image that can be written; end it in .png or .jpg"
            )
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(encoded.tobytes())
        written.append(place)
    return written


def spread(records: Sequence[Record], n_records: int) -> list[Record]:
    """So many records at equal distances, the first among them."""
    n = min(max(n_records, 1), len(records))
    return [records[i * len(records) // n] for i in range(n)]


def draw_sheet(records: Sequence[Record], form: SheetForm) -> Picture:
    """One sheet; rows that stay empty are left out."""
    n_rows = -(-len(records) // form.columns)
    step_x, step_y = form.cell_width_px + _GAP_PX, form.cell_height_px + _CAPTION_PX + _GAP_PX
    sheet = np.full((n_rows * step_y, form.columns * step_x, 3), _BACKGROUND, np.uint8)
    for number, record in enumerate(records):
        y, x = (number // form.columns) * step_y, (number % form.columns) * step_x
        cell = draw_record(record, form)
        sheet[y + _CAPTION_PX : y + _CAPTION_PX + cell.shape[0], x : x + cell.shape[1]] = cell
        _write(sheet, _caption(record), x + 4, y + 16, _WHITE)
    return sheet


def draw_record(record: Record, form: SheetForm) -> Picture:
    """One record within a cell, with its boxes; where its image cannot be read, the cell says so."""
    try:
        picture = to_picture(read_pixels(record))
    except DatasetUnreadableError:
        empty = np.full((form.cell_height_px, form.cell_width_px, 3), _BACKGROUND, np.uint8)
        _write(empty, "image unreadable", 8, form.cell_height_px // 2, (80, 80, 255))
        return empty
    height, width = picture.shape[:2]
    scale = min(form.cell_width_px / width, form.cell_height_px / height)
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST)
    cell = np.ascontiguousarray(small, np.uint8)
    for annotation in record.annotations:
        _draw_box(cell, annotation, scale)
    return cell


def to_picture(pixels: Pixels) -> Picture:
    """Pixels for the eye: the high energy as grey, its square root taken so that dense cargo shows."""
    if pixels.shape[0] == 3:
        return np.ascontiguousarray((pixels[::-1] >> 8).transpose(1, 2, 0).astype(np.uint8))
    grey = np.sqrt(pixels[0].astype(np.float32) / 65535) * 255
    return np.repeat(grey.astype(np.uint8)[:, :, None], 3, axis=2)


def colour_of(label: str) -> tuple[int, int, int]:
    """A bright colour that a label keeps on every sheet."""
    hue = np.array([[[zlib.crc32(label.encode()) % 180, 220, 255]]], np.uint8)
    blue, green, red = cv2.cvtColor(hue, cv2.COLOR_HSV2BGR)[0, 0].tolist()
    return blue, green, red


def _draw_box(cell: Picture, annotation: Annotation, scale: float) -> None:
    x0, y0, x1, y1 = (round(edge * scale) for edge in annotation.box_xyxy)
    colour = colour_of(annotation.label)
    cv2.rectangle(cell, (x0, y0), (max(x1 - 1, x0), max(y1 - 1, y0)), colour, 1)
    _write(cell, annotation.label, x0, y0 - 3 if y0 > 14 else y1 + 11, colour)


def _caption(record: Record) -> str:
    facts: Iterator[str] = (fact for fact in (record.id, record.split, record.container_id) if fact)
    return "  ".join(facts)


def _write(picture: Picture, text: str, x: int, y: int, colour: tuple[int, int, int]) -> None:
    # OpenCV's letters are ASCII.
    plain = text.encode("ascii", "replace").decode()
    cv2.putText(picture, plain, (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.4, colour, 1, cv2.LINE_AA)
