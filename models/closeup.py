"""Close-ups: square pieces of an image about boxes of any size, at one resolution.

A close-up is read from the level of a pyramid of means whose pixels are nearest in size to its own, so that
nothing is aliased. All levels lie in one picture, because reading is then one operation of the graph.
"""

from typing import Final

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its usual name

_LEVELS: Final = 6
"""From full size to a thirty-second; the sides of an input are multiples of that."""


def cut_closeups(
    transmission: Tensor, boxes: Tensor, *, context: float, margin_px: float, side: int
) -> Tensor:
    """Square close-ups about boxes.

    Args:
        transmission: Shape ``(N, 2, H, W)`` in (0, 1], sides multiples of 32.
        boxes: Shape ``(N, M, 4)``, xyxy pixels.
        context: Side of the square, as a multiple of the box's longer side.
        margin_px: Added to that side.
        side: P, pixels of a close-up's side.

    Returns:
        Shape ``(N, M, 2, P, P)``, transmission; the image's border goes on outside of it.
    """
    n, _, height, width = transmission.shape
    m = boxes.shape[1]
    centre = (boxes[..., :2] + boxes[..., 2:]) / 2
    longest = (boxes[..., 2:] - boxes[..., :2]).amax(dim=2)
    square = longest * context + margin_px
    level = torch.log2(square / side).round().clamp(0, _LEVELS - 1)
    shrink = 2.0**level
    steps = (torch.arange(side, device=boxes.device, dtype=boxes.dtype) + 0.5) / side - 0.5
    # Pixel coordinates in the level, (N, M, P), then in the picture of all levels.
    x = (centre[..., :1] + steps * square[..., None]) / shrink[..., None] - 0.5
    y = (centre[..., 1:] + steps * square[..., None]) / shrink[..., None] - 0.5
    x = torch.minimum(x.clamp(min=0), (width / shrink)[..., None] - 1)
    y = torch.minimum(y.clamp(min=0), (height / shrink)[..., None] - 1)
    picture = _all_levels(1 - transmission)
    is_small = (level > 0).to(boxes.dtype)
    # Levels 1, 2, 3 … stand beside each other below level 0.
    x = x + (width * is_small * (1 - 2 / shrink))[..., None]
    y = y + (height * is_small)[..., None]
    grid = torch.stack(
        [
            ((2 * x + 1) / picture.shape[3] - 1)[:, :, None, :].expand(n, m, side, side),
            ((2 * y + 1) / picture.shape[2] - 1)[:, :, :, None].expand(n, m, side, side),
        ],
        dim=4,
    )
    seen = F.grid_sample(picture, grid.reshape(n, m * side, side, 2), align_corners=False)
    return 1 - seen.view(n, 2, m, side, side).transpose(1, 2)


def _all_levels(image: Tensor) -> Tensor:
    levels = [image]
    for _ in range(_LEVELS - 1):
        levels.append(F.avg_pool2d(levels[-1], 2))
    height, width = levels[1].shape[2], image.shape[3]
    below = [F.pad(level, (0, 0, 0, height - level.shape[2])) for level in levels[1:]]
    strip = torch.cat(below, dim=3)
    return torch.cat([image, F.pad(strip, (0, width - strip.shape[3]))], dim=2)
