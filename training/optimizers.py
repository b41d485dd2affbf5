"""What changes the weights: Muon for the kernels that normalisation follows, AdamW for all else.

Muon makes each step of a kernel nearly orthogonal: as large in the directions that rarely get a gradient as
in the common ones. With a few objects in a step that counts: after 450 steps its precision on held-out crops
was three times that of AdamW (LOG.md). Where a normalisation follows, a kernel's own scale has no effect, so
that a step's size is free.

Source: Jordan et al., Muon: an optimizer for hidden layers in neural networks (2024).
"""

from collections.abc import Iterator
from typing import Any, Final, cast

import torch
from torch import Tensor, nn
from torch.optim import AdamW, Optimizer

from training.recipe import ScheduleRecipe

_ITERATIONS: Final = 5
_QUINTIC: Final = (3.4445, -4.7750, 2.0315)
"""Chosen by the source for speed: singular values end between 0.7 and 1.2."""
_MOMENTUM: Final = 0.95
_ADAM_BETAS: Final = (0.9, 0.98)


class Muon(Optimizer):
    """Momentum, made orthogonal.

    Args:
        kernels: Of convolutions; each is taken as a matrix of outputs by all else.
        lr: How far a step goes: its singular values, as shares of one.
        weight_decay: Relative to ``lr``.
    """

    def __init__(self, kernels: list[nn.Parameter], *, lr: float, weight_decay: float) -> None:
        super().__init__(kernels, {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """One step; there is no closure."""
        for group in self.param_groups:
            for kernel in group["params"]:
                if kernel.grad is not None:
                    self._step(kernel, group["lr"], group["weight_decay"])

    def _step(self, kernel: Tensor, lr: float, weight_decay: float) -> None:
        gradient = cast(Tensor, kernel.grad)
        state = self.state[kernel]
        if not state:
            state["momentum"] = torch.zeros_like(gradient)
        momentum = state["momentum"].lerp_(gradient, 1 - _MOMENTUM)
        direction = orthogonal(gradient.lerp(momentum, _MOMENTUM).flatten(1)).view_as(kernel)
        tall = max(1.0, kernel.shape[0] / kernel[0].numel()) ** 0.5
        kernel.mul_(1 - lr * weight_decay).add_(direction, alpha=-lr * tall)


def orthogonal(matrix: Tensor) -> Tensor:
    """The nearest matrix with orthonormal rows or columns, roughly.

    Args:
        matrix: Shape ``(m, n)``.

    Returns:
        The same shape; its singular values are between 0.6 and 1.3, unless they were almost 0.
    """
    is_tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if is_tall else matrix
    x = x / (x.norm() + 1e-7)
    a, b, c = _QUINTIC
    # Every iteration multiplies from the left by a polynomial of x xT, and those commute: the small square
    # matrices are iterated, and the long one is multiplied once.
    square = x @ x.T
    product: Tensor | None = None
    for _ in range(_ITERATIONS):
        factor = torch.addmm(square, square, square, beta=b, alpha=c)
        factor.diagonal().add_(a)
        product = factor if product is None else factor @ product
        square = factor @ square @ factor
    result: Tensor = cast(Tensor, product) @ x
    return result.T if is_tall else result


class Optimizers:
    """Both, as one.

    Args:
        model: Whose weights they change.
        fit: Peak rates and decay.
    """

    def __init__(self, model: nn.Module, fit: ScheduleRecipe) -> None:
        kernels = list(_normalised_kernels(model))
        taken = {id(kernel) for kernel in kernels}
        others = [p for p in model.parameters() if p.requires_grad and id(p) not in taken]
        self._peaks = (fit.kernel_rate, fit.learning_rate)
        self._both: tuple[Optimizer, Optimizer] = (
            Muon(kernels, lr=fit.kernel_rate, weight_decay=fit.weight_decay),
            AdamW(_decaying(others, fit.weight_decay), lr=fit.learning_rate, betas=_ADAM_BETAS),
        )

    def step(self, share: float) -> None:
        """Change the weights.

        Args:
            share: Of the peak rates, in (0, 1].
        """
        for optimizer, peak in zip(self._both, self._peaks, strict=True):
            for group in optimizer.param_groups:
                group["lr"] = peak * share
            optimizer.step()

    def state_dict(self) -> list[dict[str, Any]]:
        return [optimizer.state_dict() for optimizer in self._both]

    def load_state_dict(self, states: list[dict[str, Any]]) -> None:
        for optimizer, state in zip(self._both, states, strict=True):
            optimizer.load_state_dict(state)


def _normalised_kernels(model: nn.Module) -> Iterator[nn.Parameter]:
    """Of convolutions without a bias: the normalisation that follows has one."""
    for module in model.modules():
        if isinstance(module, nn.Conv1d | nn.Conv2d) and module.bias is None and module.weight.requires_grad:
            yield cast(nn.Parameter, module.weight)


def _decaying(parameters: list[nn.Parameter], weight_decay: float) -> list[dict[str, Any]]:
    """Kernels decay; biases and normalisation do not."""
    return [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
