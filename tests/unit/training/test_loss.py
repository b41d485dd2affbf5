"""The loss: who is positive, and what learning means."""

import torch

from models.detector import Detector, LevelOutput
from training.loss import detection_loss, generalised_iou

BOX = torch.tensor([[40.0, 24.0, 80.0, 56.0]])
KIND = torch.tensor([1])


def _outputs(logit: float = -9.0) -> list[LevelOutput]:
    outputs = []
    for stride in (4, 8, 16):
        shape = (1, 2, 64 // stride, 128 // stride)
        logits = torch.full(shape, logit)
        outputs.append(
            LevelOutput(logits=logits, distances=torch.full((1, 4, *shape[2:]), 3.0), stride=stride)
        )
    return outputs


def test_detection_loss__right_answer_costs_little() -> None:
    """High at the object's centre on the level of its size, exact sides: next to nothing."""
    outputs = _outputs()
    x, y = (torch.arange(32) + 0.5) * 4, (torch.arange(16) + 0.5) * 4
    sides = [x[None] - 40 + 0 * y[:, None], y[:, None] - 24 + 0 * x[None]]
    sides += [80 - x[None] + 0 * y[:, None], 56 - y[:, None] + 0 * x[None]]
    outputs[0].distances[0] = torch.stack(sides) / 4
    outputs[0].logits[0, 1, 7:13, 12:18] = 9.0
    loss = detection_loss(outputs, [BOX], [KIND])
    assert float(loss.what) < 0.01
    assert float(loss.where) < 0.01
    assert float(detection_loss(_outputs(), [BOX], [KIND]).what) > 5


def test_detection_loss__wrong_kind_costs() -> None:
    """The same cells for another kind are false alarms."""
    outputs = _outputs()
    outputs[0].logits[0, 0, 7:13, 12:18] = 9.0
    assert float(detection_loss(outputs, [BOX], [KIND]).what) > 20


def test_detection_loss__objects_weigh_alike() -> None:
    """A missed small object costs as much as a missed large one."""
    small, large = torch.tensor([[40.0, 24.0, 52.0, 34.0]]), torch.tensor([[2.0, 2.0, 50.0, 50.0]])
    costs = [float(detection_loss(_outputs(), [box], [KIND]).what) for box in (small, large)]
    assert abs(costs[0] - costs[1]) < 0.1


def test_detection_loss__empty_batch_is_finite_and_differentiable() -> None:
    """Half of the crops have no threat; a whole batch may have none."""
    detector = Detector(n_kinds=2)
    outputs = detector.levels(torch.rand(2, 2, 64, 64).clamp(0.01, 1))
    none = [torch.zeros(0, 4)] * 2, [torch.zeros(0, dtype=torch.int64)] * 2
    loss = detection_loss(outputs, *none)
    torch.autograd.backward(loss.total)
    assert torch.isfinite(loss.total)


def test_generalised_iou__known_values() -> None:
    """Same box 1, disjoint boxes below 0."""
    a = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 10]])
    b = torch.tensor([[0.0, 0, 10, 10], [20, 0, 30, 10]])
    values = generalised_iou(a, b)
    assert float(values[0]) == 1
    assert abs(float(values[1]) + 1 / 3) < 1e-5
