"""Scenes made by hand: this folder tests what is done with scenes, not how they are drawn."""

from pathlib import Path

import numpy as np
import pytest

from datasets.synthetic.beam import FanBeam
from datasets.synthetic.hold import Hold
from training.scenes import CachedScene


@pytest.fixture
def scenes(tmp_path: Path) -> list[CachedScene]:
    """Two holds of 300 x 700 pixels of 5 mm: walls, and goods that differ from pixel to pixel."""
    made = []
    for number in range(2):
        planes = np.zeros((2, 300, 700), np.float16)
        planes[0, 40:260, 50:650] = np.random.default_rng(number).uniform(5, 20, (220, 600))
        planes[1, 40:260, 50:650] = 2.0
        path = tmp_path / f"scene-{number}.npy"
        np.save(path, planes)
        beam = FanBeam(
            height_px=300, width_px=700, pitch_mm=5.0, source_distance_mm=4000.0, source_y_mm=700.0
        )
        hold = Hold(x=(250.0, 3250.0), y=(200.0, 1300.0), z=(-1150.0, 1150.0))
        made.append(CachedScene(path=path, beam=beam, hold=hold))
    return made
