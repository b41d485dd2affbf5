"""What the practice shapes draw, in words."""

from collections.abc import Sequence
from typing import TypeVar

from datasets.synthetic.meshes import Rng

T = TypeVar("T")


def number(rng: Rng, least: int, most: int) -> int:
    """Both may be drawn."""
    return int(rng.integers(least, most + 1))


def one_of(rng: Rng, things: Sequence[T]) -> T:
    return things[int(rng.integers(len(things)))]


def often(rng: Rng, share: float) -> bool:
    return bool(rng.random() < share)
