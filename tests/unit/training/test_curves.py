"""The log's picture."""

from pathlib import Path

import cv2
import numpy as np

from training.curves import draw_curves, smooth
from training.progress_log import ProgressLog, Row


def _row(step: int, loss: float) -> Row:
    return Row(
        step=step, loss=loss, what=loss / 2, where=loss / 4, outline=loss / 4,
        gradient_norm=1.0, learning_rate=1e-3, width_px=128, n_crops=4, n_objects=3, hardest=0.0,
    )  # fmt: skip


def _draw(folder: Path, losses: list[float]) -> Path:
    folder.mkdir()
    with ProgressLog(folder / "log.csv", from_step=0, on=True) as log:
        for step, loss in enumerate(losses, start=1):
            log.write(_row(step, loss), waited_s=0.0, step_s=0.5)
    draw_curves(folder / "log.csv", folder / "curves.png")
    return folder / "curves.png"


def test_draw_curves__a_falling_loss_falls_in_the_picture(tmp_path: Path) -> None:
    """The black line of the first panel is higher on the left; infinite values do no harm."""
    picture = cv2.imread(str(_draw(tmp_path / "run", [10.0 - i / 10 for i in range(90)] + [float("nan")])))
    assert picture is not None
    dark = np.asarray(picture[26:235, 80:870], dtype=np.int64) < 120
    ink = np.asarray(dark.all(axis=2), dtype=bool)
    rows = [float(np.nonzero(ink[:, x : x + 20])[0].mean()) for x in (60, 400, 740)]
    assert rows == sorted(rows)
    assert rows[2] - rows[0] > 50


def test_draw_curves__one_row_draws_nothing(tmp_path: Path) -> None:
    """There is no line through one point."""
    assert not _draw(tmp_path / "run", [1.0]).exists()


def test_smooth__mean_of_the_finite() -> None:
    """Means run over what is a number."""
    assert smooth(np.array([1.0, np.nan, 3.0]), 1).tolist() == [1.0, 2.0, 3.0]
