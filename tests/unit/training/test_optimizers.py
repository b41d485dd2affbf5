"""What changes the weights."""

import torch
from torch import nn

from models.architectures import build_model
from tests.unit.training.recipes import TINY
from training.optimizers import Muon, Optimizers, orthogonal


def test_orthogonal__all_directions_alike() -> None:
    """Singular values that differ three hundredfold come out near one, wide or tall."""
    torch.manual_seed(0)
    left, right = (torch.linalg.qr(torch.randn(n, n))[0] for n in (12, 40))
    matrix = left @ torch.diag(torch.logspace(0, -2.5, 12)) @ right[:12]
    for one in (matrix, matrix.T):
        values = torch.linalg.svdvals(orthogonal(one))
        assert 0.5 < float(values.min()) <= float(values.max()) < 1.3
    assert torch.linalg.matrix_norm(orthogonal(matrix) - left @ right[:12], ord=2) < 0.5


def test_muon__step_does_not_depend_on_the_gradient_s_size() -> None:
    """A gradient a thousand times smaller moves a kernel as far, and against itself."""
    torch.manual_seed(0)
    gradient = torch.randn(8, 4, 3, 3)
    moved = []
    for size in (1.0, 1e-3):
        kernel = nn.Parameter(torch.zeros(8, 4, 3, 3))
        kernel.grad = gradient * size
        Muon([kernel], lr=0.1, weight_decay=0.0).step()
        moved.append(kernel.detach())
    torch.testing.assert_close(moved[0], moved[1], rtol=0.02, atol=1e-3)
    assert float((moved[0] * gradient).sum()) < 0
    assert 0.05 < float(torch.linalg.matrix_norm(moved[0].flatten(1), ord=2)) < 0.13


def test_optimizers__every_weight_moves_once() -> None:
    """Kernels before a normalisation follow Muon, all else AdamW; nothing is left behind or moved twice."""
    for architecture in ("cpu", "fcos-mobilenet"):
        model = build_model(architecture, n_kinds=2)
        optimizers = Optimizers(model, TINY.fit)
        muon, adam = optimizers.state_dict()
        counts = [sum(len(group["params"]) for group in state["param_groups"]) for state in (muon, adam)]
        assert sum(counts) == sum(p.requires_grad for p in model.parameters())
        assert min(counts) > 5
