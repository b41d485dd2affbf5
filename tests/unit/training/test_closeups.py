"""Close-ups of what the first network points at, with what is really there."""

from pathlib import Path

import numpy as np
import pytest
import torch

from models.architectures import build_model
from models.cascade import Cascade
from tests.unit.training.recipes import CLOSEUPS, TINY_CASCADE
from training.closeup_batches import CloseupDataset, find_hard
from training.closeups import (
    HARMLESS,
    Closeups,
    benign_files,
    draw_scan,
    loaded_files,
    make_pass,
    pairwise_iou,
    prepare_closeups,
    read_closeups,
    write_closeups,
)
from training.crops import HardPlace
from training.scenes import CachedScene


@pytest.fixture(scope="module")
def model() -> Cascade:
    torch.manual_seed(0)
    made = build_model("cpu-cascade", n_kinds=3).eval()
    assert isinstance(made, Cascade)
    return made


def _pass(model: Cascade, scenes: list[CachedScene], *, n_threats: int) -> Closeups:
    return make_pass(3, recipe=TINY_CASCADE, scenes=scenes, model=model, n_threats=n_threats)


def _made_up(n: int, *, threat: bool) -> Closeups:
    """Places whose first fact is their number."""
    facts = np.zeros((n, 6), np.float32)
    facts[:, 0] = range(n)
    return Closeups(
        pixels=np.random.default_rng(n).integers(1, 65536, (n, 2, 2, 64, 64)).astype(np.uint16),
        facts=facts,
        kinds=np.full(n, 1 if threat else HARMLESS),
        deltas=np.ones((n, 4), np.float32),
        threats=np.arange(n) if threat else np.full(n, -1),
    )


def test_make_pass__labels_say_what_is_there(model: Cascade, scenes: list[CachedScene]) -> None:
    """Places with a threat's kind move onto that threat; all that the network points at is there."""
    closeups = _pass(model, scenes, n_threats=6)
    rng = np.random.default_rng((TINY_CASCADE.seed, 0xC105, 3))
    scene = scenes[int(rng.integers(len(scenes)))]
    pixels, boxes, kinds = draw_scan(rng, TINY_CASCADE, scene, n_threats=6)
    assert pixels.shape == (2, 300, 700)
    assert len(boxes) > 1
    assert closeups.pixels.shape[1:] == (2, 2, 64, 64)
    assert (closeups.kinds == HARMLESS).sum() > 20
    shown = closeups.threats >= 0
    assert set(closeups.kinds[shown].tolist()) <= set(kinds.tolist())
    assert (closeups.kinds[closeups.threats >= 0] == kinds.numpy()[closeups.threats[shown]]).all()
    assert (closeups.deltas[~shown] == 0).all()


def test_make_pass__is_the_same_again_and_benign_without_threats(
    model: Cascade, scenes: list[CachedScene]
) -> None:
    """A pass is a function of its number."""
    first, second = (_pass(model, scenes, n_threats=0) for _ in range(2))
    assert all(np.array_equal(vars(first)[name], vars(second)[name]) for name in vars(first))
    assert (first.kinds == HARMLESS).all()
    assert len(first.kinds) == model.max_candidates


def test_pairwise_iou__of_known_boxes() -> None:
    """A half, a seventh, nothing."""
    a = torch.tensor([[0.0, 0, 10, 10]])
    b = torch.tensor([[0.0, 0, 10, 5], [5, 5, 15, 15], [20, 20, 30, 30]])
    torch.testing.assert_close(pairwise_iou(a, b)[0], torch.tensor([0.5, 1 / 7, 0.0]))


def test_prepare_closeups__makes_what_is_missing(scenes: list[CachedScene], tmp_path: Path) -> None:
    """A run that goes on makes the rest; another first network makes them all anew."""
    weights = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        weights.append(tmp_path / f"{seed}.pt")
        torch.save(build_model("cpu", n_kinds=3).state_dict(), weights[-1])
    folder = tmp_path / "closeups"
    files = [*loaded_files(folder, CLOSEUPS), *benign_files(folder, CLOSEUPS)]
    prepare_closeups(TINY_CASCADE, scenes, weights[0], folder, workers=1)
    before = [path.read_bytes() for path in files]
    files[1].unlink()
    prepare_closeups(TINY_CASCADE, scenes, weights[0], folder, workers=1)
    again = [read_closeups(path) for path in files]
    assert np.array_equal(again[0].pixels, read_closeups(files[0]).pixels)
    assert [path.stat().st_size for path in files] == [len(content) for content in before]
    assert (again[3].kinds == HARMLESS).all()
    prepare_closeups(TINY_CASCADE, scenes, weights[1], folder, workers=1)
    assert not np.array_equal(read_closeups(files[2]).facts, again[2].facts)


def test_closeup_dataset__shows_hard_places_and_mirrors(tmp_path: Path) -> None:
    """Of a benign pass the hard places come first; mirrored pictures have mirrored corrections."""
    loaded, benign = loaded_files(tmp_path, CLOSEUPS), benign_files(tmp_path, CLOSEUPS)
    for path in loaded:
        write_closeups(path, _made_up(5, threat=True))
    for path in benign:
        write_closeups(path, _made_up(40, threat=False))
    hard = [HardPlace(size=place, number=n, score=0.9) for n in range(2) for place in (31, 7, 18)]
    batches = CloseupDataset(CLOSEUPS, loaded, benign, hard=hard, seed=1)
    signs = set()
    for step in range(6):
        batch = batches[step]
        assert len(batch) == 2 * 4 + 6
        assert batch.n_objects == 8
        harmless = batch.facts[batch.kinds == HARMLESS, 0].tolist()
        assert {31, 7, 18} < set(harmless)
        for place in range(8):
            number, sign = int(batch.facts[place, 0]), float(batch.deltas[place, 0])
            signs.add(sign)
            pixels = torch.from_numpy(_made_up(5, threat=True).pixels[number].astype(np.float32) / 65535)
            wanted = pixels if sign > 0 else pixels.flip(-1)
            torch.testing.assert_close(batch.closeups[place], wanted)
        assert (batch.deltas[:8, 1:] == 1).all()
    assert signs == {-1.0, 1.0}


def test_find_hard__keeps_the_worst(model: Cascade, tmp_path: Path) -> None:
    """By the highest score that any kind gets."""
    benign = benign_files(tmp_path, CLOSEUPS)
    for number, path in enumerate(benign):
        write_closeups(path, _made_up(6 + number, threat=False))
    everything = find_hard(model, benign, keep=100, device=torch.device("cpu"))
    assert len(everything) == 13
    assert everything == sorted(everything, key=lambda place: -place.score)
    assert find_hard(model, benign, keep=4, device=torch.device("cpu")) == everything[:4]
