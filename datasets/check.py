"""What is in a dataset, and what is wrong with it."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

from datasets.errors import DatasetUnreadableError
from datasets.images import measure_image
from datasets.records import Problem, ProblemCode, Record, RecordSet

_READERS = 8  # files at once; the disk is waited for, not the processor


@dataclass(frozen=True, kw_only=True)
class CheckReport:
    """Counts of records and annotations, and every problem.

    Attributes:
        n_without_kind: Records without any annotation of a finding kind; not proof that they are harmless.
        kinds: Annotations by finding kind.
        labels: Annotations by the dataset's own label.
        splits: Records by split; "none" for those in none. The same for licences and sources.
        width_px: Smallest and largest. The same for height_px.
        images_opened: Whether the images were compared with what is said of them.
    """

    name: str
    n_records: int
    n_annotations: int
    n_without_kind: int
    n_containers: int
    n_scanners: int
    width_px: tuple[int, int] | None
    height_px: tuple[int, int] | None
    kinds: dict[str, int]
    labels: dict[str, int]
    splits: dict[str, int]
    licences: dict[str, int]
    sources: dict[str, int]
    images_opened: bool
    problems: tuple[Problem, ...]

    def to_document(self) -> dict[str, Any]:
        """As JSON; problem codes are stable names."""
        document = asdict(self)
        document["problems"] = [asdict(problem) for problem in self.problems]
        return document


def check_records(
    records: RecordSet, *, open_images: bool = True, on_done: Callable[[int], None] = lambda n_done: None
) -> CheckReport:
    """Count, and find problems.

    Args:
        records: As read.
        open_images: Read every image file, too, and compare its size with the record's.
        on_done: Told how many images were read.
    """
    problems = records.find_problems()
    if open_images:
        problems += _check_images(records.records, on_done)
    annotations = [annotation for record in records.records for annotation in record.annotations]
    return CheckReport(
        name=records.name,
        n_records=len(records.records),
        n_annotations=len(annotations),
        n_without_kind=sum(all(a.kind is None for a in record.annotations) for record in records.records),
        n_containers=len({record.container_id for record in records.records} - {None}),
        n_scanners=len({record.scanner_id for record in records.records} - {None}),
        width_px=_range(record.width_px for record in records.records),
        height_px=_range(record.height_px for record in records.records),
        kinds=_count(a.kind.value for a in annotations if a.kind is not None),
        labels=_count(a.label for a in annotations),
        splits=_count(record.split for record in records.records),
        licences=_count(record.licence for record in records.records),
        sources=_count(record.source for record in records.records),
        images_opened=open_images,
        problems=tuple(problems),
    )


def _check_images(records: Sequence[Record], on_done: Callable[[int], None]) -> list[Problem]:
    problems: list[Problem] = []
    with ThreadPoolExecutor(_READERS) as pool:
        for number, found in enumerate(pool.map(_check_image, records), start=1):
            problems += found
            on_done(number)
    return problems


def _check_image(record: Record) -> list[Problem]:
    where = f"record {record.id}"
    n_channels = 0
    for path in record.paths:
        if not path.is_file():
            return []  # named by find_problems
        try:
            width_px, height_px, n_file_channels = measure_image(path)
        except DatasetUnreadableError as error:
            return [Problem(code=ProblemCode.IMAGE_UNREADABLE, where=where, detail=str(error))]
        n_channels += n_file_channels
        if (width_px, height_px) != (record.width_px, record.height_px):
            detail = (
                f"{path.name} has {width_px}×{height_px} px, the annotations say "
                f"{record.width_px}×{record.height_px}; correct them, or undo the image's resizing"
            )
            return [Problem(code=ProblemCode.SIZE_DIFFERS, where=where, detail=detail)]
    # Pseudo-coloured sets hold grey files, too; a transmission with other channels than announced is wrong.
    if record.paths and record.n_channels in (1, 2) and n_channels != record.n_channels:
        detail = (
            f"its files have {n_channels} channels, the annotations say {record.n_channels}; correct them"
        )
        return [Problem(code=ProblemCode.CHANNELS_DIFFER, where=where, detail=detail)]
    return []


def _count(values: Iterable[str | None]) -> dict[str, int]:
    counts = Counter("none" if value is None else str(value) for value in values)
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _range(values: Iterable[int]) -> tuple[int, int] | None:
    found = list(values)
    return (min(found), max(found)) if found else None
