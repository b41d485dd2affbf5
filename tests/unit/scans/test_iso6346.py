"""ISO 6346 container numbers."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scans import iso6346

REAL = ["CSQU3054383", "MSCU6639870", "TGHU7599330"]

bodies = st.builds(
    lambda owner, category, serial: f"{owner}{category}{serial:06d}",
    st.text(string.ascii_uppercase, min_size=3, max_size=3),
    st.sampled_from("UJZ"),
    st.integers(0, 999_999),
)


@pytest.mark.parametrize("number", REAL)
def test_is_valid__real_numbers(number: str) -> None:
    """Numbers painted on real boxes, one of them the standard's own example."""
    assert iso6346.is_valid(number)
    assert iso6346.check_digit(number[:10]) == int(number[10])


@pytest.mark.parametrize(
    "spelling",
    ["csqu 305438 3", "CSQU-305438-3", " CSQU3054383\n", "ＣＳＱＵ３０５４３８３", "CSQU 305.438/3"],
)
def test_normalise__spellings_of_one_number(spelling: str) -> None:
    """People and sidecar files write the same box in many ways."""
    assert iso6346.normalise(spelling) == "CSQU3054383"
    assert iso6346.is_valid(spelling)


@pytest.mark.parametrize(
    "number",
    [
        "",
        "CSQU3054384",
        "CSQU305438",
        "CSQU30543831",
        "CSQX3054383",
        "CS1U3054383",
        "CSQUO054383",
        "粤B12345",
    ],
)
def test_is_valid__everything_else_is_not(number: str) -> None:
    """Wrong check digit, length, category or characters."""
    assert not iso6346.is_valid(number)


@given(body=bodies, position=st.integers(0, 9), offset=st.integers(1, 9))
def test_check_digit__finds_every_single_wrong_digit_but_ten_for_zero(
    body: str, position: int, offset: int
) -> None:
    """One misread digit changes the sum modulo 11; only remainder 10, written 0, hides among the digits."""
    if position < 4:
        return
    wrong = str((int(body[position]) + offset) % 10)
    other = body[:position] + wrong + body[position + 1 :]
    if {_remainder(body), _remainder(other)} != {0, 10}:
        assert iso6346.check_digit(other) != iso6346.check_digit(body)


def _remainder(body: str) -> int:
    letters = [n for n in range(10, 39) if n % 11]
    values: list[int] = [letters[ord(c) - 65] if c.isalpha() else int(c) for c in body]
    return sum(value << i for i, value in enumerate(values)) % 11


@pytest.mark.parametrize("text", ["", "CSQU", "3054383", "CSQA305438"])
def test_check_digit__refuses_what_has_none(text: str) -> None:
    """There is no check digit of something that is no number."""
    with pytest.raises(ValueError, match="container number"):
        iso6346.check_digit(text)


@given(text=st.text(max_size=40))
def test_is_valid__never_raises(text: str) -> None:
    """Whatever a sidecar or an OCR yields is judged, not refused."""
    assert iso6346.is_valid(text) in (True, False)
