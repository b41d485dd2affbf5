"""Whole synthetic scans, drawn small."""

import numpy as np
import pytest

from datasets.synthetic import SyntheticScan, make_scan
from datasets.synthetic.papers import container_number
from datasets.synthetic.threats_catalogue import SHAPES


def _small(seed: int, *, threat_probability: float = 0.3, dual_energy: bool = True) -> SyntheticScan:
    return make_scan(
        seed,
        height_px=128,
        width_px=320,
        threat_probability=threat_probability,
        dual_energy=dual_energy,
        is_8bit=False,
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


def test_make_scan__eight_bit_stations_keep_eight_bits() -> None:
    """An 8-bit export has at most 256 grey levels, spread over 16 bits."""
    pixels = make_scan(3, height_px=128, width_px=320, is_8bit=True).pixels
    assert not (pixels % 257).any()
    assert len(np.unique(pixels)) > 20


def test_make_scan__held_out_shapes_can_be_kept_out() -> None:
    """What training may not see is not drawn when only the other shapes are given."""
    allowed = [shape for shape in SHAPES if not shape.is_held_out]
    scans = [
        make_scan(seed, height_px=250, width_px=600, threat_probability=1.0, shapes=allowed)
        for seed in range(12)
    ]
    names = {threat.shape_name for scan in scans for threat in scan.threats}
    assert len(names) >= 4
    assert names <= {shape.name for shape in allowed}


def test_make_scan__empty_vehicles_hold_no_goods() -> None:
    """Asked for empty ones only tanks have anything to declare; asked for loads, most vehicles have."""
    scans = [
        make_scan(seed, height_px=200, width_px=500, empty_probability=1.0, threat_probability=0)
        for seed in range(8)
    ]
    assert all(scan.is_empty or scan.container_type == "22T1" for scan in scans)
    assert any(scan.is_empty for scan in scans)
    loaded = [make_scan(seed, height_px=200, width_px=500, empty_probability=0.0) for seed in range(8)]
    assert sum(scan.is_empty for scan in loaded) <= 2
