"""Qualifications: a mask in the database, the numbers of its bits in JSON, whose numbers end at 2^53."""

from collections.abc import Collection


def bits_of(mask: int) -> list[int]:
    """Return the numbers of a mask's bits, ascending."""
    return [bit for bit in range(mask.bit_length()) if mask >> bit & 1]


def mask_of(bits: Collection[int]) -> int:
    """Return the mask with these bits; one that is named twice counts once."""
    return sum(1 << bit for bit in set(bits))
