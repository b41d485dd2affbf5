"""What every architecture looks at in place of colours."""

from typing import Final

import torch
from torch import Tensor

N_FEATURES: Final = 4


def physics_features(transmission: Tensor) -> Tensor:
    """Four channels of comparable range from two transmissions.

    Args:
        transmission: Shape ``(N, 2, H, W)`` in (0, 1].

    Returns:
        Shape ``(N, 4, H, W)``: T high, -log T high and low, and the ratio of the logs, which depends on the
        material and hardly on the thickness.
    """
    safe = transmission.clamp(1 / 65535, 1.0)
    depths = -torch.log(safe)
    high, low = depths[:, :1], depths[:, 1:]
    # The offset settles the ratio of two noisy zeros, in air, at 1.
    ratio = 4 * ((low + 0.1) / (high + 0.1)).clamp(0.5, 1.5)
    return torch.cat([safe[:, :1], depths, ratio], dim=1)
