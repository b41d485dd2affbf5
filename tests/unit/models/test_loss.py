"""The loss: who is positive, and what learning means."""

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor

from models.loss import NOBODY, UNSURE, LevelOutput, detection_loss, outline_loss, overlap

BOX = torch.tensor([[40.0, 24.0, 80.0, 56.0]])
KIND = torch.tensor([1])


def _outputs(logit: float = -9.0, *, n: int = 1, height: int = 64, width: int = 128) -> list[LevelOutput]:
    outputs = []
    for stride in (4, 8, 16, 32):
        h, w = height // stride, width // stride
        outputs.append(
            LevelOutput(
                logits=torch.full((n, 2, h, w), logit),
                distances=torch.full((n, 4, h, w), 3.0),
                quality=torch.zeros(n, 1, h, w),
                stride=stride,
            )
        )
    return outputs


def _answer(output: LevelOutput, box: Tensor) -> None:
    """Let every cell of a level name the box exactly, and be sure of it."""
    _, _, height, width = output.logits.shape
    x, y = (torch.arange(width) + 0.5) * output.stride, (torch.arange(height) + 0.5) * output.stride
    flat_x, flat_y = torch.zeros_like(x)[None], torch.zeros_like(y)[:, None]
    sides = [x[None] - box[0] + flat_y, y[:, None] - box[1] + flat_x]
    sides += [box[2] - x[None] + flat_y, box[3] - y[:, None] + flat_x]
    output.distances[0] = torch.stack(sides) / output.stride
    output.quality.fill_(12.0)


def _what(boxes: Sequence[Tensor], outputs: list[LevelOutput] | None = None) -> float:
    kinds = [torch.ones(len(b), dtype=torch.int64) for b in boxes]
    return float(detection_loss(outputs or _outputs(n=len(boxes)), boxes, kinds).what)


def test_detection_loss__right_answer_costs_little() -> None:
    """High at the object's centre on the levels of its size, exact sides: next to nothing."""
    outputs = _outputs()
    outputs[0].logits[0, 1, 8:12, 13:17] = 9.0
    outputs[1].logits[0, 1, 3:7, 6:9] = 9.0
    for output in outputs[:2]:
        _answer(output, BOX[0])
    loss = detection_loss(outputs, [BOX], [KIND])
    assert float(loss.what) < 0.01
    assert float(loss.where) < 0.01
    assert _what([BOX]) > 5


def test_detection_loss__wrong_kind_costs() -> None:
    """The same cells for another kind are false alarms."""
    outputs = _outputs()
    outputs[0].logits[0, 0, 8:12, 13:17] = 9.0
    assert _what([BOX], outputs) > _what([BOX]) + 20


def test_detection_loss__objects_weigh_alike() -> None:
    """A missed small object costs as much as a missed large one."""
    small, large = torch.tensor([[40.0, 24.0, 52.0, 34.0]]), torch.tensor([[2.0, 2.0, 50.0, 60.0]])
    assert abs(_what([small]) - _what([large])) < 0.1


@pytest.mark.parametrize("sides", [(3, 3), (2, 60), (9, 7), (44, 40), (60, 20), (120, 6), (127, 63)])
def test_detection_loss__object_of_any_size_is_learned(sides: tuple[int, int]) -> None:
    """No size falls between the levels or between the cells."""
    box = torch.tensor([[0.3, 0.3, 0.3 + sides[0], 0.3 + sides[1]]])
    assert _what([box]) > 5


def test_detection_loss__large_object_is_learned_at_the_coarsest_level() -> None:
    """A car of 900 by 350 pixels has exact sides at stride 32, and only there."""
    outputs = _outputs(height=512, width=1024)
    car = torch.tensor([[60.0, 80.0, 960.0, 430.0]])
    outputs[3].logits[0, 1, 6:9, 14:17] = 9.0
    _answer(outputs[3], car[0])
    loss = detection_loss(outputs, [car], [KIND])
    assert float(loss.what) < 0.01
    assert float(loss.where) < 0.01


def test_detection_loss__edge_of_an_object_is_a_negative_and_its_middle_is_not() -> None:
    """A second answer beside the right one costs more, the further it is from the centre."""
    car = torch.tensor([[0.0, 0.0, 128.0, 64.0]])
    costs = []
    for column in (5, 6, 7):
        outputs = _outputs()
        outputs[2].logits[0, 1, 1:3, column] = 9.0
        costs.append(_what([car], outputs) - _what([car]))
    assert 0.1 < costs[1] < costs[2]


def test_detection_loss__shared_cell_belongs_to_the_smaller_object() -> None:
    """One cell cannot name two boxes: a knife on a crate keeps its own."""
    boxes = torch.tensor([[20.0, 12.0, 60.0, 52.0], [36.0, 28.0, 44.0, 36.0]])
    outputs = _outputs()
    outputs[0].logits[0, 0, 6:10, 8:12] = 9.0
    outputs[1].logits[0, 0, 2:6, 3:7] = 9.0
    outputs[0].logits[0, 0, 7:9, 9:11] = -9.0
    outputs[0].logits[0, 1, 7:9, 9:11] = 9.0
    assert float(detection_loss(outputs, [boxes], [torch.tensor([0, 1])]).what) < 0.01


def test_detection_loss__images_of_a_batch_keep_their_objects() -> None:
    """An object is asked for in its own image only, wherever that stands in the batch."""
    none = torch.zeros(0, 4)
    outputs = _outputs(n=3)
    outputs[0].logits[1, 1, 8:12, 13:17] = 9.0
    outputs[1].logits[1, 1, 3:7, 6:9] = 9.0
    assert _what([none, BOX, none], outputs) < 0.01
    assert _what([BOX, none, none], outputs) > 20


def test_detection_loss__empty_batch_is_finite_and_differentiable() -> None:
    """Half of the crops have no threat; a whole batch may have none."""
    outputs = _outputs(-2.0, n=2)
    for output in outputs:
        output.logits.requires_grad_()
    loss = detection_loss(outputs, [torch.zeros(0, 4)] * 2, [torch.zeros(0, dtype=torch.int64)] * 2)
    torch.autograd.backward(loss.total)
    assert torch.isfinite(loss.total)
    assert outputs[0].logits.grad is not None
    assert float(outputs[0].logits.grad.min()) > 0


def test_overlap__known_values() -> None:
    """Same box 1, disjoint boxes 0 and below 0."""
    a = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 10]])
    b = torch.tensor([[0.0, 0, 10, 10], [20, 0, 30, 10]])
    iou, generalised = overlap(a, b)
    assert iou.tolist() == [1, 0]
    assert float(generalised[0]) == 1
    assert abs(float(generalised[1]) + 1 / 3) < 1e-5


def _map(*rows: str) -> Tensor:
    """``.`` is nobody, ``?`` unsure, digits are objects."""
    signs = {".": NOBODY, "?": UNSURE, **{str(i): i for i in range(10)}}
    return torch.tensor([[[signs[sign] for sign in row] for row in rows]])


def _said(outlines: Tensor, kinds: Tensor, *, unsure: float = -9.0) -> Tensor:
    """Logits that name the right kind everywhere, for kinds 0 to 2."""
    logits = torch.full((1, 3, *outlines.shape[1:]), -9.0)
    for number, kind in enumerate(kinds.tolist()):
        logits[0, kind][outlines[0] == number] = 9.0
    logits[0, :, outlines[0] == UNSURE] = unsure
    return logits


def test_outline_loss__right_map_costs_nothing_whatever_it_says_of_the_unsure() -> None:
    """Each object its own kind's cells, two objects of one image apart from another image's."""
    outlines = torch.cat([_map("0?..", "00.1", "...1"), _map("....", ".00.", "....")])
    kinds = [torch.tensor([2, 0]), torch.tensor([1])]
    for unsure in (-9.0, 9.0):
        logits = torch.cat([_said(outlines[i : i + 1], kinds[i], unsure=unsure) for i in range(2)])
        assert float(outline_loss(logits, outlines, kinds)) < 0.01
    assert float(outline_loss(logits.flip(0), outlines, kinds)) > 5


def test_outline_loss__missed_objects_weigh_alike_and_other_kinds_are_mistakes() -> None:
    """One cell or eight; a map that names another kind costs more than one that names none."""
    silent = torch.full((1, 3, 4, 4), -9.0)
    few, many = _map("0...", "....", "....", "...."), _map("0000", "0000", "....", "....")
    kind = [torch.tensor([1])]
    assert float(outline_loss(silent, few, kind)) == pytest.approx(float(outline_loss(silent, many, kind)))
    other = _said(many, torch.tensor([2]))
    assert float(outline_loss(other, many, kind)) > float(outline_loss(silent, many, kind)) + 5


def test_outline_loss__nothing_to_outline_is_finite() -> None:
    """Silence costs nothing, an alarm does."""
    none = [torch.zeros(0, dtype=torch.int64)]
    assert float(outline_loss(torch.full((1, 3, 2, 2), -9.0), _map("..", ".."), none)) < 0.01
    assert float(outline_loss(torch.full((1, 3, 2, 2), 3.0), _map("..", ".."), none)) > 1
