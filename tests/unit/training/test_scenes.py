"""The cache of scenes."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from datasets.synthetic.beam import FanBeam
from datasets.synthetic.hold import Hold
from training import scenes
from training.recipe import SceneRecipe
from training.scenes import prepare_scenes

BEAM = FanBeam(height_px=20, width_px=30, pitch_mm=4.5, source_distance_mm=4000.0, source_y_mm=50.0)
HOLD = Hold(x=(10.0, 90.0), y=(5.0, 70.0), z=(-20.0, 20.0))


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Replaces the drawing; lists what was drawn."""
    made: list[float] = []

    def make_scene(
        rng: np.random.Generator, *, height_px: int, width_px: int, pixel_pitch_mm: float | None
    ) -> SimpleNamespace:
        value = rng.uniform(0, 9)
        made.append(value)
        planes = np.full((2, height_px, width_px), value, np.float32)
        planes[0, 0, 0] = -1.0
        return SimpleNamespace(planes=planes, beam=BEAM, hold=None if len(made) == 2 else HOLD)

    monkeypatch.setattr(scenes, "make_scene", make_scene)
    return made


def _recipe(other_pitch_share: float) -> SceneRecipe:
    return SceneRecipe(
        n_scenes=3,
        first_seed=7,
        height_px=20,
        width_px=30,
        other_pitch_share=other_pitch_share,
        pitch_mm=(100.0, 400.0),
    )


def test_prepare_scenes__other_pitches_show_as_much(tmp_path: Path, drawn: list[float]) -> None:
    """A finer scene has more rows; scenes of another recipe are not taken for these."""
    prepare_scenes(_recipe(0.0), tmp_path, workers=1)
    heights = [scene.planes().shape[1] for scene in prepare_scenes(_recipe(1.0), tmp_path, workers=1)]
    assert len(drawn) == 6
    assert all(20 <= height <= 45 for height in heights)
    assert max(heights) > 20


def test_prepare_scenes__draws_what_is_missing_once(tmp_path: Path, drawn: list[float]) -> None:
    """Geometry and hold come back as they were; a scene without its JSON was cut off and is drawn again."""
    recipe = _recipe(0.0)
    first = prepare_scenes(recipe, tmp_path, workers=1)
    assert [scene.hold for scene in first] == [HOLD, None, HOLD]
    assert all(scene.beam == BEAM for scene in first)
    planes = first[0].planes()
    assert planes.shape == (2, 20, 30)
    assert float(planes.max()) == pytest.approx(drawn[0], rel=1e-3)
    assert float(planes.min()) == 0
    assert prepare_scenes(recipe, tmp_path, workers=1) == first
    assert len(drawn) == 3
    first[2].path.with_suffix(".json").unlink()
    prepare_scenes(recipe, tmp_path, workers=1)
    assert drawn[3] == drawn[2]
