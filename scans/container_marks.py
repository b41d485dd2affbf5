"""What is painted on a container: its number and its size and type code, among all the text of a photo.

Every other word, plates included, is left where it was found. A number counts only with the right check
digit, so one that was misread is, ten times out of eleven, no number at all.

Source: ISO 6346:2022, clauses 4 (number) and 5 (size and type code), and the layouts of its annex C: the
number in one row, or its owner code above its digits.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from scans.iso6346 import is_valid, normalise

N_DIGITS = 7  # six of the serial number and the check digit
MAX_GAP = 3.0  # between two parts of a number, in heights of its letters; the boxed check digit stands apart
MAX_SLOPE = 0.6  # how far the next part may stand off the row, likewise

_OWNER = re.compile(r"[A-Z]{3}[UJZ](?=[0-9OIQSBZG]*$)")
_SIZE_TYPE = re.compile(r"[1-4LM][0-9CDEFLMNP][A-Z][0-9]")
_DIGITS = str.maketrans("OQISZBG", "0015286")  # letters that are read where only figures stand
_LETTERS = str.maketrans("0156824", "OISGBZA")  # and the reverse


@dataclass(frozen=True, kw_only=True)
class TextLine:
    """A line of text in a photo.

    Attributes:
        text: As read.
        score: The reader's confidence, in [0, 1].
        corners: Four points (x, y) in pixels: from where the text begins at its top, clockwise.
    """

    text: str
    score: float
    corners: tuple[tuple[float, float], ...]


@dataclass(frozen=True, kw_only=True)
class ContainerMarks:
    """A container's number, valid by its check digit, and its size and type code if that was legible.

    ``score`` is the least confidence among the lines that hold the number, in [0, 1].
    """

    number: str
    size_type: str | None
    score: float


def find_marks(lines: Sequence[TextLine]) -> list[ContainerMarks]:
    """Find the containers whose marks are legible, each once, the surest first."""
    size_type = next((code for line in lines if (code := _size_type_in(line.text))), None)
    found: dict[str, ContainerMarks] = {}
    for line in lines:
        for parts in _numbers_from(line, lines):
            number = _joined(parts)
            if not is_valid(number):
                continue
            score = min(part.score for part in parts)
            if number not in found or found[number].score < score:
                found[number] = ContainerMarks(number=number, size_type=size_type, score=score)
    return sorted(found.values(), key=lambda marks: -marks.score)


def _numbers_from(line: TextLine, lines: Sequence[TextLine]) -> list[list[TextLine]]:
    """Return what may be a number that begins on ``line``: alone, with the row's rest, with the row below."""
    if not _OWNER.search(normalise(line.text)):
        return []
    figures = [other for other in lines if other is not line and _is_figures(other.text)]
    row = _row_after(line, figures)
    below = [other for other in figures if _is_below(line, other)]
    return [
        [line],
        *([line, *row[:n]] for n in (1, 2)),
        *([line, other, *_row_after(other, figures)[:1]] for other in below),
        *([line, other] for other in below),
    ]


def _joined(parts: Sequence[TextLine]) -> str:
    text = "".join(normalise(part.text) for part in parts)
    owner = _OWNER.search(text)
    if owner is None:
        return ""
    # A line's box often takes in the frame of the check digit, read as one more figure: what follows is cut.
    return owner.group() + text[owner.end() :].translate(_DIGITS)[:N_DIGITS]


def _is_figures(text: str) -> bool:
    return bool(re.fullmatch(r"[0-9OIQSBZG]{1,8}", normalise(text)))


def _size_type_in(text: str) -> str | None:
    for word in text.upper().split():
        candidate = word[:2] + word[2:3].translate(_LETTERS) + word[3:]
        if len(word) == 4 and _SIZE_TYPE.fullmatch(candidate):
            return candidate
    return None


def _row_after(line: TextLine, others: Sequence[TextLine]) -> list[TextLine]:
    """Return the lines that go on in the row of ``line``, in reading order."""
    row: list[TextLine] = []
    while True:
        last = row[-1] if row else line
        ahead = [
            (gap, other) for other in others if other not in row and (gap := _gap(last, other)) is not None
        ]
        if not ahead:
            return row
        row.append(min(ahead, key=lambda pair: pair[0])[1])


def _gap(line: TextLine, other: TextLine) -> float | None:
    """Return how far ``other`` begins behind the end of ``line``, in its heights; None if not in its row."""
    (along, across), _ = _offset(line, other)
    is_next = -0.5 <= along <= MAX_GAP and abs(across) <= MAX_SLOPE
    return along if is_next else None


def _is_below(line: TextLine, other: TextLine) -> bool:
    (_, across), begins = _offset(line, other)
    return 0.7 <= across <= 2.0 and abs(begins) <= MAX_GAP


def _offset(line: TextLine, other: TextLine) -> tuple[tuple[float, float], float]:
    """Return where ``other`` begins: behind the end of ``line`` and below it, and behind its beginning.

    All in heights of ``line``, along and across its own direction: containers are seen at a slant.
    """
    (x0, y0), (x1, y1), _, (x3, y3) = line.corners
    length = math.hypot(x1 - x0, y1 - y0) or 1.0
    height = math.hypot(x3 - x0, y3 - y0) or 1.0
    ux, uy = (x1 - x0) / length, (y1 - y0) / length
    begin_x, begin_y = (x0 + x3) / 2, (y0 + y3) / 2
    dx = (other.corners[0][0] + other.corners[3][0]) / 2 - begin_x
    dy = (other.corners[0][1] + other.corners[3][1]) / 2 - begin_y
    along, across = dx * ux + dy * uy, dy * ux - dx * uy
    return ((along - length) / height, across / height), along / height
