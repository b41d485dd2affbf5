"""Whole synthetic scans, drawn small."""

import numpy as np
import pytest

from datasets.synthetic import SyntheticScan, make_scan
from datasets.synthetic.chain import Chain
from datasets.synthetic.scene import container_number
from datasets.synthetic.threats import ThreatKind, draw_threat, place_threat

CHAIN = Chain(
    photons=(20_000, 10_000), electronic=1e-4, scatter=1e-3, blur_px=(0.5, 0.5), stripes=(0.001, 0.001)
)


def _small(seed: int, *, threat_probability: float = 0.3, dual_energy: bool = True) -> SyntheticScan:
    return make_scan(
        seed, height_px=128, width_px=320, threat_probability=threat_probability, dual_energy=dual_energy
    )


def test_make_scan__same_seed_same_pixels() -> None:
    """A frozen benchmark is a list of seeds."""
    first, second = _small(7), _small(7)
    assert np.array_equal(first.pixels, second.pixels)
    assert (first.boxes, first.declaration) == (second.boxes, second.declaration)
    assert not np.array_equal(first.pixels, _small(8).pixels)


def test_make_scan__shows_air_and_matter() -> None:
    """16-bit, two channels that differ, air near the top of the range and something dark."""
    pixels = _small(3).pixels
    assert pixels.dtype == np.uint16
    assert pixels.shape == (2, 128, 320)
    assert np.median(pixels[:, :8]) > 64_500
    assert pixels[0].min() < 6_000
    assert not np.array_equal(pixels[0], pixels[1])


def test_make_scan__single_energy_repeats_the_channel() -> None:
    """A single-energy station's two channels are one."""
    pixels = _small(3, dual_energy=False).pixels
    assert np.array_equal(pixels[0], pixels[1])


def test_make_scan__threats_only_when_asked() -> None:
    """Without threats there are no boxes; with them most scans have one, inside the picture."""
    assert all(not _small(seed, threat_probability=0).boxes for seed in range(5))
    scans = [make_scan(seed, threat_probability=1, height_px=400, width_px=1000) for seed in range(6)]
    boxes = [box for scan in scans for _, box in scan.boxes]
    assert len(boxes) >= 3
    assert all(0 <= x0 < x1 <= 1000 and 0 <= y0 < y1 <= 400 for x0, y0, x1, y1 in boxes)


def test_make_scan__too_small_is_refused() -> None:
    """A picture that cannot show a container is a mistake of the caller."""
    with pytest.raises(ValueError, match="too small"):
        make_scan(1, height_px=10, width_px=10)


def test_make_scan__declares_what_is_loaded() -> None:
    """Lines add up to the declared weight; an empty container is declared empty."""
    for seed in range(6):
        declaration = _small(seed).declaration
        weight = sum(line["gross_weight_kg"] for line in declaration["lines"])
        assert declaration["gross_weight_kg"] == weight
        assert declaration["declared_empty"] == (not declaration["lines"])


def test_container_number__passes_iso_6346() -> None:
    """The check digit is right; written here a second time, from the standard's table."""
    letters = dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", [v for v in range(10, 39) if v % 11], strict=True))
    for seed in range(50):
        number = container_number(np.random.default_rng(seed))
        total = sum((letters[c] if c.isalpha() else int(c)) * 2**i for i, c in enumerate(number[:10]))
        assert len(number) == 11
        assert total % 11 % 10 == int(number[10])


@pytest.mark.parametrize("kind", list(ThreatKind))
def test_place_threat__box_holds_what_was_added(kind: ThreatKind) -> None:
    """In air all of a threat is visible, so the box encloses nearly all of its matter."""
    planes = np.zeros((2, 300, 400), dtype=np.float32)
    threat = draw_threat(np.random.default_rng(4), kind, pitch_mm=5.0)
    box = place_threat(planes, threat, x_px=40, y_px=30, chain=CHAIN)
    assert box is not None
    x0, y0, x1, y1 = (int(v) for v in box)
    assert planes[:, y0:y1, x0:x1].sum() > 0.97 * planes.sum()
    assert x1 - x0 <= threat.shape[2]
    assert y1 - y0 <= threat.shape[1]


def test_place_threat__behind_too_much_steel_is_not_placed() -> None:
    """What nobody can see is not labelled, and not drawn either."""
    planes = np.full((2, 300, 400), 400, dtype=np.float32)
    threat = draw_threat(np.random.default_rng(4), ThreatKind.BLADE, pitch_mm=5.0)
    assert place_threat(planes, threat, x_px=40, y_px=30, chain=CHAIN) is None
    assert (planes == 400).all()


def test_place_threat__outside_is_refused() -> None:
    """A threat that does not fit is a mistake of the caller."""
    planes = np.zeros((2, 40, 40), dtype=np.float32)
    with pytest.raises(ValueError, match="leaves the scene"):
        place_threat(planes, np.ones((2, 30, 30), np.float32), x_px=20, y_px=0, chain=CHAIN)
