"""The second look: where it looks, and what its answer does."""

import torch

from models.architectures import build_model
from models.cascade import Cascade, choose_places, moved, wanted_deltas
from models.loss import LevelOutput


def _level(scores: torch.Tensor, stride: int = 4) -> LevelOutput:
    """One kind more than is needed, always unlikely."""
    logits = torch.stack([scores, torch.full_like(scores, -9)], dim=1)
    n, _, height, width = logits.shape
    return LevelOutput(
        logits=logits,
        distances=torch.ones(n, 4, height, width),
        quality=torch.full((n, 1, height, width), 3.0),
        stride=stride,
    )


def test_choose_places__takes_peaks_of_any_level_best_first() -> None:
    """A cell beside a better one is the same place; other levels compete on equal terms."""
    fine, coarse = torch.full((1, 4, 6), -6.0), torch.full((1, 2, 3), -6.0)
    fine[0, 1, 1], fine[0, 1, 2], coarse[0, 0, 2] = 2.0, 1.9, 1.0
    places = choose_places([_level(fine), _level(coarse, 8)], 2)
    assert places.boxes[0].tolist() == [[2.0, 2.0, 10.0, 10.0], [12.0, -4.0, 28.0, 12.0]]
    assert places.facts.shape == (1, 2, 5)
    torch.testing.assert_close(places.facts[0, :, 0], torch.tensor([2.0, 1.0]))


def test_wanted_deltas__move_a_box_to_the_truth() -> None:
    """One is the reverse of the other."""
    boxes = torch.tensor([[10.0, 20, 50, 40], [0.0, 0, 8, 8]])
    truth = torch.tensor([[14.0, 16, 44, 46], [1.0, -2, 12, 9]])
    torch.testing.assert_close(moved(boxes, wanted_deltas(boxes, truth)), truth)


def test_cascade__each_place_is_a_candidate_of_every_kind() -> None:
    """The second network's answer decides scores and boxes, kind by kind."""
    torch.manual_seed(0)
    model = build_model("cpu-cascade", n_kinds=3, max_candidates=10).eval()
    assert isinstance(model, Cascade)
    image = torch.rand(1, 2, 96, 128).clamp(0.01, 1)
    answer = model.second.answer
    with torch.inference_mode():
        answer.weight.zero_()
        answer.bias.copy_(torch.tensor([2.0, -1, 0, 0, 0, 0, 0]))
        boxes, scores = model(image)
        places = choose_places(model.first.levels(image), 10).boxes[0]
        torch.testing.assert_close(scores[0, :, 0], torch.tensor([2.0, -1, 0]).sigmoid())
        torch.testing.assert_close(boxes[0, 1].sort(dim=0).values, places.sort(dim=0).values)
        answer.bias[5:] = 5 * torch.log(torch.tensor(2.0))
        larger, _ = model(image)
    torch.testing.assert_close(
        (larger[0, 0, :, 2] - larger[0, 0, :, 0]).sort().values,
        2 * (places[:, 2] - places[:, 0]).sort().values,
    )


def test_cascade__second_loss_leaves_the_first_network_alone() -> None:
    """Only the second network gets a gradient from close-ups."""
    model = build_model("cpu-cascade", n_kinds=2).train()
    assert isinstance(model, Cascade)
    logits, deltas = model.second(torch.rand(6, 2, 2, 64, 64).clamp(0.01, 1), torch.zeros(6, 5))
    torch.autograd.backward(logits.sum() + deltas.sum())
    assert all(p.grad is not None for p in model.second.parameters())
    assert all(p.grad is None for p in model.first.parameters())
