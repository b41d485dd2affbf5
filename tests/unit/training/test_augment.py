"""Changes that a scan could have undergone."""

import numpy as np

from training.augment import drop_energy, expose, mirror
from training.truth import Truth


def test_mirror__box_and_outline_stay_on_their_thing() -> None:
    """What they hold is the same after mirroring, the other way round."""
    image = np.arange(2 * 5 * 8, dtype=np.float32).reshape(2, 5, 8)
    outlines = np.array([[0, -1]])
    truth = Truth(boxes=np.array([[1, 2, 4, 5]], np.float32), kinds=[0], outlines=outlines)
    turned, mirrored = mirror(image, truth)
    x0, y0, x1, y1 = mirrored.boxes[0].astype(int)
    assert np.array_equal(turned[:, y0:y1, x0:x1], image[:, 2:5, 1:4][:, :, ::-1])
    assert mirrored.outlines.tolist() == [[-1, 0]]
    again = mirror(turned, mirrored)
    assert np.array_equal(again[0], image)
    assert np.array_equal(again[1].boxes, truth.boxes)


def test_expose__keeps_order_and_range() -> None:
    """A darker pixel stays darker, black stays black, and channels are changed alike."""
    ramp = np.linspace(0, 65535, 1000).astype(np.uint16).reshape(1, 10, 100)
    for seed in range(20):
        pixels = expose(np.random.default_rng(seed), np.concatenate([ramp, ramp]))
        assert pixels.dtype == np.uint16
        assert bool((np.diff(pixels[0].ravel().astype(int)) >= 0).all())
        assert pixels[0, 0, 0] == 0
        assert pixels[0, -1, -1] > 64000
        assert np.array_equal(pixels[0], pixels[1])


def test_drop_energy__leaves_the_high_one() -> None:
    """A scanner of one energy gives one channel."""
    pixels = np.stack([np.full((4, 4), 9, np.uint16), np.full((4, 4), 5, np.uint16)])
    assert np.array_equal(drop_energy(pixels), pixels[:1])
