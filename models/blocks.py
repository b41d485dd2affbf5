"""Convolutional blocks that the networks share."""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its usual name


class ConvBlock(nn.Sequential):
    """Convolution, batch normalisation, rectifier; pads so that only the stride changes the size."""

    def __init__(
        self, n_in: int, n_out: int, *, kernel: int = 3, stride: int | tuple[int, int] = 1, dilation: int = 1
    ) -> None:
        padding = dilation * (kernel // 2)
        super().__init__(
            nn.Conv2d(n_in, n_out, kernel, stride, padding, dilation, bias=False),
            nn.BatchNorm2d(n_out),
            nn.ReLU(),
        )


class Residual(nn.Module):
    """Two 3 × 3 convolutions beside the identity; the first may look further."""

    def __init__(self, n: int, *, dilation: int = 1) -> None:
        super().__init__()
        self.first = ConvBlock(n, n, dilation=dilation)
        self.second = nn.Sequential(nn.Conv2d(n, n, 3, 1, 1, bias=False), nn.BatchNorm2d(n))

    def do_nothing(self) -> None:
        """Become the identity of what a rectifier has left, from which learning goes on."""
        nn.init.zeros_(cast(Tensor, self.second[1].weight))

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.second(self.first(x)))


def in_float32(block: nn.Module, x: Tensor) -> Tensor:
    """Under autocast, too: bfloat16 has steps of 0.8 %, more than a faint threat takes from the beam."""
    kind = x.device.type
    if not torch.is_autocast_enabled(kind):
        return cast(Tensor, block(x))
    with torch.autocast(kind, enabled=False):
        return cast(Tensor, block(x))
