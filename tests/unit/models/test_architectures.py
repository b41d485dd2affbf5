"""Every architecture behind the one interface."""

import pytest
import torch
from torch import Tensor

from models.architectures import ARCHITECTURES, CASCADES, build_model
from models.detector import Detector
from models.errors import UnknownArchitectureError
from models.loss import NOBODY
from models.physics import physics_features


def _batch() -> tuple[Tensor, list[Tensor], list[Tensor], Tensor]:
    """Two views with discs (kind 0) and squares (kind 1) of 12 to 32 pixels behind noise, and its truth."""
    generator = torch.Generator().manual_seed(7)
    depth = 0.1 * torch.rand(2, 1, 64, 96, generator=generator)
    boxes = [
        torch.tensor([[8.0, 8, 28, 28], [50, 20, 82, 52]]),
        torch.tensor([[30.0, 40, 42, 52], [60, 6, 80, 26]]),
    ]
    kinds = [torch.tensor([0, 1]), torch.tensor([1, 0])]
    outlines = torch.full((2, 16, 24), NOBODY)
    y, x = torch.meshgrid(torch.arange(64) + 0.5, torch.arange(96) + 0.5, indexing="ij")
    for i in range(2):
        objects = zip(boxes[i].tolist(), kinds[i].tolist(), strict=True)
        for number, ((x0, y0, x1, y1), kind) in enumerate(objects):
            off_x, off_y = (x - (x0 + x1) / 2).abs() / (x1 - x0), (y - (y0 + y1) / 2).abs() / (y1 - y0)
            inside = (
                off_x.square() + off_y.square() < 0.25 if kind == 0 else torch.maximum(off_x, off_y) < 0.5
            )
            depth[i, 0] += inside
            outlines[i][inside[2::4, 2::4]] = number
    return torch.exp(-depth * torch.tensor([1.0, 1.1]).view(1, 2, 1, 1)), boxes, kinds, outlines


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_build_model__answers_with_the_contracts_tensors(architecture: str) -> None:
    """Boxes and falling scores of every kind, at the smallest size that the contract allows."""
    model = build_model(architecture, n_kinds=3, max_candidates=20).eval()
    with torch.inference_mode():
        boxes, scores = model(torch.rand(2, 2, 64, 64).clamp(0.01, 1))
    assert boxes.shape == (2, 3, 20, 4)
    assert scores.shape == (2, 3, 20)
    assert bool((scores[..., 1:] <= scores[..., :-1]).all())
    assert bool(((scores >= 0) & (scores <= 1)).all())


@pytest.mark.parametrize("architecture", [name for name in ARCHITECTURES if name not in CASCADES])
def test_build_model__loss_reaches_every_weight(architecture: str) -> None:
    """Also when no image has a label; otherwise several GPUs wait for ever."""
    model = build_model(architecture, n_kinds=2).train()
    images, boxes, kinds, outlines = _batch()
    nothing = ([b[:0] for b in boxes], [k[:0] for k in kinds], torch.full_like(outlines, NOBODY))
    for truth in ((boxes, kinds, outlines), nothing):
        loss = model.loss(images, *truth).total
        assert bool(torch.isfinite(loss))
        model.zero_grad()
        torch.autograd.backward(loss)
        assert all(parameter.grad is not None for parameter in model.parameters())


def test_default_detector__learns_two_views_by_heart() -> None:
    """Thirty steps on one batch: every object is the best of its kind in its view, and its box fits."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    model = build_model("cpu", n_kinds=2).train()
    images, boxes, kinds, outlines = _batch()
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    for _ in range(30):
        optimizer.zero_grad()
        torch.autograd.backward(model.loss(images, boxes, kinds, outlines).total)
        optimizer.step()
    with torch.inference_mode():  # in training mode: thirty steps are few for running statistics
        found, scores = model(images)
    for i in range(2):
        for box, kind in zip(boxes[i], kinds[i], strict=True):
            assert float(scores[i, kind, 0]) > 0.5
            assert float((found[i, kind, 0] - box).abs().max()) < 5


@pytest.mark.parametrize(
    ("before", "after", "added"),
    [
        ("cpu", "cpu-deep", "stages.2.5"),
        ("cpu", "cpu-far", "stages.2.5"),
        ("cpu-deep", "cpu-far", "stages.3.4"),
    ],
)
def test_take_over__a_deeper_detector_begins_where_a_shallower_one_ended(
    before: str, after: str, added: str
) -> None:
    """What is new does nothing yet, whatever the statistics, and learns from the first step on."""
    shallow, deep = build_model(before, n_kinds=2), build_model(after, n_kinds=2)
    assert isinstance(deep, Detector)
    images, boxes, kinds, outlines = _batch()
    with torch.no_grad():
        shallow.train()(images)  # statistics that are not those of the beginning
    deep.take_over(shallow.state_dict())
    with torch.inference_mode():
        for ours, theirs in zip(deep.eval()(images), shallow.eval()(images), strict=True):
            assert torch.equal(ours, theirs)
    torch.autograd.backward(deep.train().loss(images, boxes, kinds, outlines).total)
    assert float(deep.get_parameter(f"{added}.second.1.weight").grad.abs().max()) > 0  # type: ignore[union-attr]


def test_take_over__outlines_may_be_learned_from_nothing() -> None:
    """Weights of before there were any say the same, and their loss is there."""
    model, other = build_model("cpu", n_kinds=2), build_model("cpu", n_kinds=2)
    assert isinstance(other, Detector)
    weights = {k: v for k, v in model.state_dict().items() if not k.startswith("outline.")}
    other.take_over(weights)
    images, boxes, kinds, outlines = _batch()
    with torch.inference_mode():
        for ours, theirs in zip(other.eval()(images), model.eval()(images), strict=True):
            assert torch.equal(ours, theirs)
    assert float(other.train().loss(images, boxes, kinds, outlines).outline.detach()) > 0


@pytest.mark.parametrize("change", ["lost", "added", "resized"])
def test_take_over__nothing_but_whole_blocks_may_be_missing(change: str) -> None:
    """Weights of something else are refused, and of half a block, too."""
    weights = dict(build_model("cpu", n_kinds=2).state_dict())
    if change == "lost":
        del weights["stages.2.1.second.1.weight"]
    elif change == "added":
        weights["stages.9.weight"] = torch.zeros(1)
    else:
        weights["stem.0.weight"] = torch.zeros(1)
    deep = build_model("cpu-deep", n_kinds=2)
    assert isinstance(deep, Detector)
    with pytest.raises(RuntimeError, match="state_dict"):
        deep.take_over(weights)


def test_build_model__unknown_name_is_refused() -> None:
    """A misspelt recipe does not train something else."""
    with pytest.raises(UnknownArchitectureError, match="choose one of cpu"):
        build_model("yolo", n_kinds=2)


def test_physics_features__are_finite_and_tell_materials_apart() -> None:
    """Zero counts have a logarithm; the ratio is 1 in air, and higher where the low energy loses more."""
    transmission = torch.tensor([0.0, 1.0, 0.3, 0.3, 0.0, 1.0, 0.3, 0.2]).view(1, 2, 1, 4)
    features = physics_features(transmission)
    assert bool(torch.isfinite(features).all())
    assert features[0, 3, 0, 1] == 4
    assert features[0, 3, 0, 3] > 1.2 * features[0, 3, 0, 2]
