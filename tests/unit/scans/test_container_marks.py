"""Marks on a container are found among other text, joined as they are painted, and valid or nothing."""

import math

import pytest

from scans.container_marks import ContainerMarks, TextLine, find_marks

HEIGHT_PX = 20.0
SLANT = math.radians(15)


def line(text: str, x: float, y: float, *, score: float = 0.9, slant: float = SLANT) -> TextLine:
    """A line of 12 pixels a letter that begins at (x, y), turned about the origin."""
    width_px = 12.0 * len(text)
    corners = [(x, y), (x + width_px, y), (x + width_px, y + HEIGHT_PX), (x, y + HEIGHT_PX)]
    cos, sin = math.cos(slant), math.sin(slant)
    turned = tuple((px * cos - py * sin, px * sin + py * cos) for px, py in corners)
    return TextLine(text=text, score=score, corners=turned)


@pytest.mark.parametrize("slant", [0.0, SLANT, -SLANT, math.pi / 2])
@pytest.mark.parametrize(
    "parts",
    [
        [("CSQU3054383", 0, 0)],
        [("CSQU 305438 3", 0, 0)],
        [("CSQU", 0, 0), ("3054383", 70, 0)],
        [("CSQU", 0, 0), ("305438", 70, 2), ("3", 165, -3)],
        [("CSQU305438", 0, 0), ("3", 150, 0)],
        [("CSQU", 0, 0), ("3054383", 0, 28)],
        [("CSQU", 0, 0), ("305438", 0, 28), ("3", 95, 28)],
        [("CSQU30543837", 0, 0)],
        [("CSQU3O54383", 0, 0)],
    ],
    ids=[
        "whole",
        "spaces",
        "two",
        "three",
        "check digit apart",
        "below",
        "below, apart",
        "frame",
        "letter O",
    ],
)
def test_find_marks__a_number_is_joined_as_it_is_painted(
    parts: list[tuple[str, int, int]], slant: float
) -> None:
    """One row, or the owner code above its digits, however the camera is turned; noise after it is cut."""
    lines = [line(text, x, y, slant=slant) for text, x, y in parts]
    assert [marks.number for marks in find_marks(lines)] == ["CSQU3054383"]


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [line("CSQU3054384", 0, 0)],
        [line("CSQU", 0, 0)],
        [line("CSQU", 0, 0), line("3054383", 400, 0)],
        [line("CSQU", 0, 0), line("3054383", 70, 60)],
        [line("京A12345", 0, 0), line("粤Z·F023港", 0, 40), line("MAX.GROSS 30.480KGS", 0, 80)],
    ],
    ids=["nothing", "wrong check digit", "owner only", "far off", "another row", "plates and weights"],
)
def test_find_marks__anything_else_is_no_number(lines: list[TextLine]) -> None:
    """What does not stand together or does not check is not guessed at."""
    assert find_marks(lines) == []


def test_find_marks__the_type_code_and_the_least_score_come_along() -> None:
    """A type code with a figure for its letter is mended; a number is as sure as its worst part."""
    lines = [line("CSQU", 0, 0, score=0.99), line("3054383", 70, 0, score=0.7), line("2261", 60, 30)]
    assert find_marks(lines) == [ContainerMarks(number="CSQU3054383", size_type="22G1", score=0.7)]


def test_find_marks__two_containers_are_two_and_one_painted_twice_is_one() -> None:
    """The surest reading of each comes first."""
    lines = [
        line("CSQU3054383", 0, 0, score=0.6),
        line("CSQU3054383", 0, 200, score=0.8),
        line("MSCU6639870", 0, 400, score=0.9),
    ]
    found = [(marks.number, marks.score) for marks in find_marks(lines)]
    assert found == [("MSCU6639870", 0.9), ("CSQU3054383", 0.8)]
