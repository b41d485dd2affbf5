"""The run's log: one CSV row a step, which a resumed run goes on with."""

import csv
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TextIO

_TIMES: Final = ("waited_s", "step_s")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One step.

    Attributes:
        step: Counted from 1.
        loss: ``what`` + ``where`` + ``outline``.
        what: Loss of the kinds.
        where: Loss of the boxes.
        outline: Loss of the outlines, 0 of networks that learn none.
        gradient_norm: Before it was clipped.
        learning_rate: Of this step.
        width_px: Of the crops.
        n_crops: In this process.
        n_objects: Labels in them.
        hardest: Score of the hardest place in the pool, 0 without one.
    """

    step: int
    loss: float
    what: float
    where: float
    outline: float
    gradient_norm: float
    learning_rate: float
    width_px: int
    n_crops: int
    n_objects: int
    hardest: float


class ProgressLog:
    """Appends rows; what was written after the checkpoint that a run resumes from is taken out first.

    Args:
        path: Of the CSV file.
        from_step: Rows of later steps are dropped.
        on: False: writes nothing (processes other than the first).
    """

    def __init__(self, path: Path, *, from_step: int, on: bool) -> None:
        self._file: TextIO | None = None
        if on:
            rows = [row for row in read_log(path) if row["step"] <= from_step]
            names = [*(field.name for field in fields(Row)), *_TIMES]
            with path.open("w", newline="") as file:
                writer = csv.DictWriter(file, names)
                writer.writeheader()
                writer.writerows({k: _short(v) for k, v in row.items()} for row in rows)
            self._file = path.open("a", newline="")
            self._writer = csv.writer(self._file)

    def write(self, row: Row, *, waited_s: float, step_s: float) -> None:
        """Append a row.

        Args:
            row: The step.
            waited_s: For crops.
            step_s: For the whole step.
        """
        if self._file is not None:
            self._writer.writerow([_short(v) for v in (*asdict(row).values(), waited_s, step_s)])
            self._file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()


def read_log(path: Path) -> list[dict[str, float]]:
    """The rows of a log; a row cut off by a kill is left out. Empty if there is no file."""
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return [
            {name: float(value) for name, value in row.items()}
            for row in csv.DictReader(file)
            if None not in row and all(row.values())
        ]


def _short(value: float) -> str:
    return f"{value:.6g}"
