"""The training loop on a recipe of seconds."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from models.architectures import build_model
from tests.unit.training.recipes import CASCADE_TOML, TINY, TINY_CASCADE, TINY_TOML
from training import fit
from training.crops import CropMaker, collate
from training.devices import Process
from training.errors import CheckpointError, DivergedError, RecipeError
from training.fit import load_weights, train
from training.optimizers import Optimizers
from training.progress_log import read_log
from training.scenes import CachedScene
from training.schedule import keep_share, rate_share


@pytest.fixture
def recipe_path(tmp_path: Path, scenes: list[CachedScene], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A recipe whose scenes are the hand-made ones."""
    monkeypatch.setattr(fit, "prepare_scenes", lambda *_, **__: scenes)
    path = tmp_path / "tiny.toml"
    path.write_text(TINY_TOML)
    return path


def test_fit__a_few_steps_learn_one_batch(scenes: list[CachedScene]) -> None:
    """The loss on one batch falls by half in twenty steps: gradients reach everything that matters."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    maker = CropMaker(TINY, scenes)
    batch = collate([maker.draw(np.random.default_rng(i), 0, has_threats=True) for i in range(4)])
    assert sum(map(len, batch.kinds)) > 0
    model = build_model("cpu", n_kinds=3).train()
    optimizers = Optimizers(model, TINY.fit)
    losses = []
    for _ in range(20):
        loss = batch.loss(model)
        model.zero_grad()
        torch.autograd.backward(loss.total)
        optimizers.step(1.0)
        losses.append(float(loss.total.detach()))
    assert losses[-1] < 0.5 * losses[0]


def test_train__resumed_run_ends_with_the_same_weights(recipe_path: Path, tmp_path: Path) -> None:
    """Stopping and going on changes nothing, whether before or after a look for hard places."""
    whole = train(recipe_path, tmp_path / "whole", device="cpu")
    for stop in (1, 2):
        stopped = train(recipe_path, tmp_path / "parts", device="cpu", stop_after=stop)
        assert stopped is not None
        assert stopped.name == "checkpoint.pt"
    resumed = train(recipe_path, tmp_path / "parts", device="cpu")
    assert whole is not None
    assert resumed is not None
    first, second = (torch.load(path, weights_only=True) for path in (whole, resumed))
    assert all(torch.equal(first[name], second[name]) for name in first)
    state = torch.load(tmp_path / "parts" / "checkpoint.pt", weights_only=True)
    assert state["hard"]
    assert state["mined_at"] == 4
    losses = [[row["loss"] for row in read_log(tmp_path / run / "log.csv")] for run in ("whole", "parts")]
    assert losses[0] == losses[1]
    assert len(losses[0]) == 5
    assert (tmp_path / "whole" / "curves.png").stat().st_size > 1000
    assert load_weights(whole, TINY).n_kinds == 3


def test_fit__bfloat16_is_for_all_but_the_stem(scenes: list[CachedScene]) -> None:
    """Where the recipe asks for it convolutions are in bfloat16, the first one never, and the loss agrees."""
    torch.manual_seed(0)
    maker = CropMaker(TINY, scenes)
    batch = collate([maker.draw(np.random.default_rng(i), 0, has_threats=True) for i in range(4)])
    model = build_model("cpu", n_kinds=3).train()
    seen: dict[str, torch.dtype] = {}
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Conv2d):
            module.register_forward_hook(lambda _m, _x, y, name=name: seen.update({name: y.dtype}))
    losses = []
    for bfloat16 in (False, True):
        with Process(device=torch.device("cpu")).autocast(bfloat16=bfloat16):
            losses.append(float(batch.loss(model).total.detach()))
        assert {seen[name] for name in seen if not name.startswith("stem")} == {
            torch.bfloat16 if bfloat16 else torch.float32
        }
        assert seen["stem.0"] == torch.float32
    assert losses[1] == pytest.approx(losses[0], rel=0.02)


def test_train__steps_after_the_checkpoint_are_done_again(recipe_path: Path, tmp_path: Path) -> None:
    """A killed run may have logged steps that no checkpoint has; they appear once in the end."""
    train(recipe_path, tmp_path / "run", device="cpu", stop_after=2)
    log = tmp_path / "run" / "log.csv"
    rows = log.read_text().splitlines()
    log.write_text("\n".join([*rows, rows[-1].replace("2,", "3,", 1), "4,0.1"]) + "\n")
    train(recipe_path, tmp_path / "run", device="cpu")
    assert [row["step"] for row in read_log(log)] == [1, 2, 3, 4, 5]


def test_train__begins_with_the_weights_of_another_run(recipe_path: Path, tmp_path: Path) -> None:
    """A run that hardly learns ends where the other one did; weights that do not fit are an error."""
    first = train(recipe_path, tmp_path / "first", device="cpu")
    assert first is not None
    slow = TINY_TOML.replace("2e-3", "1e-12").replace("kernel_rate = 0.02", "kernel_rate = 1e-12")
    recipe_path.write_text(f'start = "{first}"\n{slow}')
    second = train(recipe_path, tmp_path / "second", device="cpu")
    assert second is not None
    before, after = (torch.load(path, weights_only=True) for path in (first, second))
    for name in before:
        if name.endswith(("weight", "bias")):
            torch.testing.assert_close(after[name], before[name], rtol=1e-4, atol=1e-6)
    first.write_bytes(b"cut off")
    with pytest.raises(RecipeError, match="cannot be used"):
        train(recipe_path, tmp_path / "third", device="cpu")


def test_train__cascade_learns_in_two_parts_and_resumes(recipe_path: Path, tmp_path: Path) -> None:
    """The second part begins with the first's weights and leaves them; stopping in either changes nothing."""
    recipe_path.write_text(CASCADE_TOML)
    whole = train(recipe_path, tmp_path / "whole", device="cpu")
    stopped = [train(recipe_path, tmp_path / "parts", device="cpu", stop_after=n) for n in (1, 2, 2)]
    resumed = train(recipe_path, tmp_path / "parts", device="cpu")
    parts = tmp_path / "parts"
    assert stopped == [parts / "first" / "checkpoint.pt", parts / "checkpoint.pt", parts / "checkpoint.pt"]
    assert whole is not None
    assert resumed == parts / "weights.pt"
    ours, theirs = (torch.load(path, weights_only=True) for path in (whole, resumed))
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    first = torch.load(tmp_path / "whole" / "first" / "weights.pt", weights_only=True)
    assert all(torch.equal(ours[f"first.{name}"], first[name]) for name in first)
    fresh = build_model("cpu-cascade", n_kinds=3).state_dict()
    assert not torch.equal(ours["second.hidden.weight"], fresh["second.hidden.weight"])
    state = torch.load(parts / "checkpoint.pt", weights_only=True)
    assert 0 < len(state["hard"]) <= 5
    assert load_weights(whole, TINY_CASCADE).n_kinds == 3


def test_train__cascade_begins_with_a_first_networks_weights(recipe_path: Path, tmp_path: Path) -> None:
    """What a plain detector learned is a start for a cascade, too."""
    plain = train(recipe_path, tmp_path / "plain", device="cpu")
    assert plain is not None
    slow = CASCADE_TOML.replace("2e-3", "1e-12").replace("kernel_rate = 0.02", "kernel_rate = 1e-12")
    recipe_path.write_text(f'start = "{plain}"\n{slow}')
    made = train(recipe_path, tmp_path / "cascade", device="cpu")
    assert made is not None
    before, after = (torch.load(path, weights_only=True) for path in (plain, made))
    for name in before:
        if name.endswith(("weight", "bias")):
            torch.testing.assert_close(after[f"first.{name}"], before[name], rtol=1e-4, atol=1e-6)


def test_train__checkpoint_of_another_recipe_is_refused(recipe_path: Path, tmp_path: Path) -> None:
    """A folder belongs to one recipe."""
    train(recipe_path, tmp_path / "run", device="cpu", stop_after=1)
    recipe_path.write_text(TINY_TOML.replace("seed = 5", "seed = 6"))
    with pytest.raises(CheckpointError, match="another recipe"):
        train(recipe_path, tmp_path / "run", device="cpu")


def test_train__damaged_checkpoint_is_named(recipe_path: Path, tmp_path: Path) -> None:
    """A file that is no checkpoint is not taken for an empty one."""
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "checkpoint.pt").write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(CheckpointError, match="cannot be read"):
        train(recipe_path, tmp_path / "run", device="cpu")


def test_train__infinite_gradients_end_the_run(
    recipe_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step without numbers changes no weight, and too many in a row are an error."""
    broken = torch.tensor(float("nan"))
    monkeypatch.setattr(torch.nn.utils, "clip_grad_norm_", lambda *_: broken)
    train(recipe_path, tmp_path / "run", device="cpu", stop_after=1)
    state = torch.load(tmp_path / "run" / "checkpoint.pt", weights_only=True)
    kernels = [name for name in state["model"] if name.endswith("weight")]
    assert all(torch.equal(state["model"][name], state["average"][name]) for name in kernels)
    monkeypatch.setattr(fit, "_MOST_BROKEN_STEPS", 2)
    with pytest.raises(DivergedError, match="learning rate"):
        train(recipe_path, tmp_path / "run", device="cpu")


def test_rate_share__rises_then_falls() -> None:
    """Warm-up ends at the full rate, the run at a hundredth of it; a young average follows at once."""
    shares = [rate_share(replace(TINY.fit, warmup_steps=2), step) for step in range(TINY.fit.steps + 1)]
    assert shares[:2] == [0.5, 1.0]
    assert max(shares) == 1.0
    assert shares[-1] == pytest.approx(0.01)
    assert keep_share(TINY.fit, 1) < 0.1
    assert keep_share(TINY.fit, 1000) == TINY.fit.ema_decay
