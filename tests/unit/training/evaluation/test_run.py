"""Looking at scans, and going on after an interruption, with a tiny model in this process."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from datasets.synthetic.hiding import HiddenThreat
from datasets.synthetic.kinds import ThreatKind
from datasets.synthetic.scene import SyntheticScan
from models.contract import KindSpec, ModelContract
from tests.unit.inference.tiny_onnx import build_tiny_model
from tests.unit.training.evaluation.hand_made import empty_scan
from training.evaluation.frozen import QUICK, Benchmark, Part
from training.evaluation.looking import Channels
from training.evaluation.run import Look, run_looks

TINY = Benchmark(
    name="tiny",
    parts={part: (first, 2) for part, (first, _) in QUICK.parts.items()},
    height_px=64,
    width_px=160,
)
BOX = (10.0, 10.0, 30.0, 30.0)


@pytest.fixture(autouse=True)
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Draw at once: air with noise of the seed, and a threat where there shall be one. Lists the seeds."""
    seeds: list[int] = []

    def _draw(benchmark: Benchmark, part: Part, seed: int) -> SyntheticScan:
        seeds.append(seed)
        threat = HiddenThreat(
            kind=ThreatKind.GUN, shape_name="derringer", box_xyxy=BOX, overlying=1 / 3, mean_drop=0.1
        )
        noise = np.random.default_rng(seed).integers(0, 60_000, (2, 64, 160)).astype(np.uint16)
        return replace(empty_scan(), pixels=noise, threats=(threat,) if part.has_threats else ())

    monkeypatch.setattr("training.evaluation.run.draw_scan", _draw)
    return seeds


@pytest.fixture
def model(tmp_path: Path) -> Path:
    kinds = (KindSpec(kind="gun", threshold=0.5), KindSpec(kind="blade", threshold=0.9))
    path = tmp_path / "tiny.onnx"
    path.write_bytes(build_tiny_model(contract=ModelContract(name="tiny", version="1", kinds=kinds)))
    return path


def test_run_looks__sees_every_seed_and_the_compared_ones(model: Path, tmp_path: Path) -> None:
    """The whole look sees all seeds in order, a compared one the test threats and every fifth benign."""
    whole = Look(model=model)
    lone = Look(model=model, channels=Channels.HIGH_ONLY, compared=True)
    seen = run_looks(TINY, [whole, lone], cache=tmp_path / "seen", workers=1)
    assert [(s.part, s.result.number) for s in seen[whole]] == TINY.seeds()
    assert [s.part for s in seen[lone]] == [Part.BENIGN, Part.THREATS, Part.THREATS]
    assert all(s.result.boxes for s in seen[whole])
    assert all(bool(s.result.truth) == s.part.has_threats for s in seen[whole])


def test_run_looks__goes_on_where_it_stopped(model: Path, tmp_path: Path, drawn: list[int]) -> None:
    """A line cut off in the middle is looked at again; the others are not drawn again."""
    look = Look(model=model)
    before = run_looks(TINY, [look], cache=tmp_path, workers=1)[look]
    file = next(tmp_path.glob("*.jsonl"))
    file.write_bytes(file.read_bytes()[:-20])
    drawn.clear()
    after = run_looks(TINY, [look], cache=tmp_path, workers=1)[look]
    assert drawn == [TINY.seeds()[-1][1]]
    assert [s.result for s in after] == [s.result for s in before]
    run_looks(TINY, [look], cache=tmp_path, workers=1)
    assert len(drawn) == 1


def test_run_looks__another_model_starts_anew(model: Path, tmp_path: Path) -> None:
    """What one file said is never taken for what another says."""
    cache = tmp_path / "seen"
    run_looks(TINY, [Look(model=model)], cache=cache, workers=1)
    model.write_bytes(build_tiny_model())
    seen = run_looks(TINY, [Look(model=model)], cache=cache, workers=1)[Look(model=model)]
    assert {box.kind for s in seen for box in s.result.boxes} == {"dark", "pitch_black"}


def test_run_looks__another_size_starts_anew(model: Path, tmp_path: Path) -> None:
    """Results of smaller pictures are not those of larger ones."""
    look = Look(model=model)
    run_looks(TINY, [look], cache=tmp_path, workers=1)
    run_looks(replace(TINY, width_px=224), [look], cache=tmp_path, workers=1)
    assert len(list(tmp_path.glob("*.jsonl"))) == 2
