"""Close-ups show what a box is about, at any size, and air beyond the image."""

import math

import pytest
import torch
from torch import Tensor

from models.closeup import cut_closeups


def _image(height: int = 256, width: int = 320) -> Tensor:
    return torch.rand(1, 2, height, width, generator=torch.Generator().manual_seed(3)).clamp(0.01, 1)


def test_cut_closeups__a_square_of_their_own_size_is_copied() -> None:
    """Pixel by pixel, about the middle of the box; its longer side counts."""
    image = _image()
    boxes = torch.tensor([[[100.0, 110, 160, 140]]])
    closeup = cut_closeups(image, boxes, context=1.0, margin_px=4.0, side=64)[0, 0]
    torch.testing.assert_close(closeup, image[0, :, 93:157, 98:162], rtol=0, atol=1e-5)


@pytest.mark.parametrize("shrink", [2, 4, 8, 16, 32])
def test_cut_closeups__a_larger_square_is_made_of_means(shrink: int) -> None:
    """Nothing is skipped: each pixel is the mean of those it covers, whichever level it is read from."""
    image = _image(1024, 1024)
    side = 16 * shrink
    box = torch.tensor([[[256.0, 320, 256 + side, 320 + side]]])
    closeup = cut_closeups(image, box, context=1.0, margin_px=0.0, side=16)[0, 0]
    part = image[0, :, 320 : 320 + side, 256 : 256 + side]
    means = torch.nn.functional.avg_pool2d(part, shrink)
    torch.testing.assert_close(closeup, means, rtol=0, atol=1e-5)


@pytest.mark.parametrize("box", [[-80.0, -80, 80, 80], [240.0, 176, 400, 336], [-400.0, -400, 720, 656]])
def test_cut_closeups__the_border_goes_on_outside(box: list[float]) -> None:
    """At every border and every level, and no other level shines through: a piece of a scan has no edge."""
    shades = torch.arange(320) / 400 + 0.1
    closeup = cut_closeups(
        shades.expand(1, 2, 256, 320), torch.tensor([[box]]), context=1.0, margin_px=0.0, side=32
    )[0, 0]
    step = (box[2] - box[0]) / 32
    x = (torch.arange(32) + 0.5) * step + box[0]
    half = 2.0 ** round(math.log2(max(step, 1))) / 2  # of a pixel of the level
    expected = (x.clamp(half, 320 - half) - 0.5) / 400 + 0.1
    torch.testing.assert_close(closeup, expected.expand(2, 32, 32), rtol=0, atol=1e-4)


def test_cut_closeups__each_image_has_its_own() -> None:
    """The second image's close-ups do not depend on the first."""
    images = torch.cat([_image(), 1 - _image() / 2])
    boxes = torch.tensor([[[10.0, 10, 50, 60]], [[100.0, 90, 180, 120]]])
    both = cut_closeups(images, boxes, context=1.5, margin_px=8.0, side=32)
    alone = cut_closeups(images[1:], boxes[1:], context=1.5, margin_px=8.0, side=32)
    torch.testing.assert_close(both[1:], alone)
