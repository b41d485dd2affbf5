"""Readers of public datasets and common layouts, one module each with facts and licence in its docstring.

A folder is recognised by its layout, particular ones before general ones.
"""

from pathlib import Path
from typing import Final

from datasets.errors import DatasetUnreadableError
from datasets.records import RecordSet
from datasets.sources import clcxray, coco_folder, dvxray, hixray, opixray, pidray, sixray, voc
from datasets.sources.source import Source

__all__ = ["SOURCES", "Source", "open_dataset", "recognise"]

SOURCES: Final[tuple[Source, ...]] = (
    pidray.SOURCE,
    sixray.SOURCE,
    opixray.SOURCE,
    hixray.SOURCE,
    clcxray.SOURCE,
    dvxray.SOURCE,
    coco_folder.SOURCE,
    voc.SOURCE,
)


def open_dataset(folder: Path, *, source: str | None = None) -> RecordSet:
    """Read a folder.

    Args:
        folder: Of one dataset.
        source: Name of the reader; default: the first one that recognises the layout.

    Raises:
        DatasetUnreadableError: If there is no such folder or reader, or the layout is another.
    """
    return (recognise(folder) if source is None else _named(source)).read(folder)


def recognise(folder: Path) -> Source:
    """The reader for a folder.

    Raises:
        DatasetUnreadableError: If none recognises it.
    """
    if not folder.is_dir():
        raise DatasetUnreadableError(f"{folder} is no folder; give the folder of a dataset")
    for source in SOURCES:
        if source.matches(folder):
            return source
    raise DatasetUnreadableError(
        f"{folder} has the layout of none of {', '.join(s.name for s in SOURCES)}; compare it with "
        "docs/howto/datasets.md, or choose a folder above or below it"
    )


def _named(name: str) -> Source:
    for source in SOURCES:
        if source.name == name:
            return source
    raise DatasetUnreadableError(
        f"no reader is called {name!r}; there are {', '.join(s.name for s in SOURCES)}"
    )
