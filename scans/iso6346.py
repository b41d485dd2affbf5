"""Container numbers: three letters of owner, one of category, six digits, one check digit.

A number that fails the check is flagged, never dropped: a misread box is still a box.

Source: ISO 6346:2022, clauses 4 and annex A. Letters count 10 to 38, leaving out the multiples of 11; the
sum of value × 2^position modulo 11 modulo 10 is the check digit.
"""

import re
import unicodedata

_SEPARATORS = re.compile(r"[\s\-_./·]+")
_BODY = re.compile(r"[A-Z]{3}[UJZ][0-9]{6}")
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LETTER_VALUES = dict(zip(_LETTERS, (n for n in range(10, 39) if n % 11), strict=True))


def normalise(text: str) -> str:
    """Return the usual spelling: capitals without separators, full-width forms made plain."""
    return _SEPARATORS.sub("", unicodedata.normalize("NFKC", text)).upper()


def is_valid(text: str) -> bool:
    """Say whether ``text``, in any spelling, is a container number with the right check digit."""
    number = normalise(text)
    return len(number) == 11 and bool(_BODY.match(number)) and number[10] == str(check_digit(number))


def check_digit(text: str) -> int:
    """Compute the check digit from the first ten characters of a number, in any spelling.

    Raises:
        ValueError: If these are not four letters, the last U, J or Z, and six digits.
    """
    body = normalise(text)[:10]
    if not _BODY.fullmatch(body):
        raise ValueError(
            f"{text[:40]!r} does not begin with a container number's four letters and six digits"
        )
    values = (_LETTER_VALUES[c] if c in _LETTER_VALUES else int(c) for c in body)
    return sum(value << position for position, value in enumerate(values)) % 11 % 10
