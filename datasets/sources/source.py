"""What a reader is, and what readers share."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from datasets.coco import KindOf
from datasets.records import Category, RecordSet
from datasets.synthetic.kinds import ThreatKind

Classes = Mapping[str, ThreatKind | None]
"""A dataset's labels, as it spells them, and our kind for each; None where there is no counterpart."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """A dataset or a layout that can be read.

    Attributes:
        name: As given to ``--source``.
        licence: In a few words; None when each folder has its own.
        matches: Whether a folder looks like it; cheap.
        read: Makes records; raises ``DatasetUnreadableError`` when the folder is not of this layout.
    """

    name: str
    licence: str | None
    matches: Callable[[Path], bool]
    read: Callable[[Path], RecordSet]


def normalise(label: str) -> str:
    """A label without case, blanks and punctuation: copies of one dataset spell it differently."""
    return "".join(letter for letter in label.lower() if letter.isalnum())


def kinds_from(classes: Classes) -> KindOf:
    """Look labels up in ``classes`` however they are spelt."""
    kinds = {normalise(label): kind for label, kind in classes.items()}
    return lambda label: kinds.get(normalise(label))


def categories_from(classes: Classes) -> tuple[Category, ...]:
    """Categories of all labels, numbered from 1."""
    return tuple(
        Category(id=number, label=label, kind=kind)
        for number, (label, kind) in enumerate(classes.items(), start=1)
    )


def categories_of(labels: Iterable[str], kind_of: KindOf) -> tuple[Category, ...]:
    """Categories of the labels that occur, in the order of the alphabet."""
    return categories_from({label: kind_of(label) for label in sorted(set(labels))})
