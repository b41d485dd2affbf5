"""Threat image projection into scans that exist already."""

import numpy as np
import pytest

from datasets.errors import ThreatOutsideScanError
from datasets.synthetic.hiding import Patch
from datasets.synthetic.physics import attenuation
from datasets.tip import project_threat, visible_box

ENDPOINTS = (6.0, 4.0)
STEEL_MM = 0.786


def slab(mm: float = 20, *, height: int = 30, width: int = 40) -> Patch:
    planes = np.zeros((2, height, width), dtype=np.float32)
    planes[1] = mm * STEEL_MM
    return Patch(planes=planes, x_px=0, y_px=0)


def scan16(level: float = 0.5) -> np.ndarray:
    return np.full((2, 120, 160), round(level * 65535), dtype=np.uint16)


def test_project_threat__multiplies_each_channel_by_its_own_transmission() -> None:
    """Inside the threat each channel falls by Beer-Lambert at its energy; far from it nothing changes."""
    scan, patch = scan16(), slab()
    result = project_threat(scan, patch, ENDPOINTS, (60, 40))
    for channel, endpoint in enumerate(ENDPOINTS):
        through = float(np.exp(-attenuation(patch.planes, endpoint))[0, 0])
        assert result[channel, 55, 80] == pytest.approx(scan[channel, 55, 80] * through, abs=1)
    assert result[0, 55, 80] > result[1, 55, 80]
    assert np.array_equal(result[:, :, :50], scan[:, :, :50])
    assert result.dtype == np.uint16


def test_project_threat__leaves_its_inputs_alone() -> None:
    """The scan that was given is not changed."""
    scan = scan16()
    before = scan.copy()
    assert project_threat(scan, slab(), ENDPOINTS, (60, 40)) is not scan
    assert np.array_equal(scan, before)


def test_project_threat__blurs_edges_as_the_scanner_does() -> None:
    """A wider point spread makes the step at the threat's side less steep."""
    steps = []
    for sigma in (0.3, 1.5):
        result = project_threat(scan16(), slab(), ENDPOINTS, (60, 40), blur_px=(0.5, sigma))
        steps.append(np.abs(np.diff(result[0, 55].astype(float))).max())
    assert steps[1] < 0.5 * steps[0]


def test_project_threat__undoes_gamma_first() -> None:
    """In an 8-bit export of gamma 0.5 the stored value falls by the square root of the transmission."""
    patch = slab(40)
    scan = np.full((1, 120, 160), 200, dtype=np.uint8)
    result = project_threat(scan, patch, (6.0,), (60, 40), gamma=0.5)
    through = float(np.exp(-attenuation(patch.planes, 6.0))[0, 0])
    assert result.dtype == np.uint8
    assert result[0, 55, 80] == pytest.approx(200 * through**0.5, abs=1)


def test_project_threat__adds_the_noise_of_fewer_quanta() -> None:
    """With quanta given, the noise inside the threat is what a scanner would have there."""
    photons, patch = 5_000.0, slab(60, height=60, width=60)
    rng = np.random.default_rng(1)
    clean = np.full((1, 120, 160), 0.5, dtype=np.float32)
    noisy = clean + (np.sqrt(clean / photons) * rng.standard_normal(clean.shape)).astype(np.float32)
    result = project_threat(noisy, patch, (6.0,), (50, 30), photons=(photons,), rng=rng)[0, 40:80, 60:100]
    assert result.std() == pytest.approx(np.sqrt(result.mean() / photons), rel=0.08)


@pytest.mark.parametrize("top_left", [(-1, 0), (125, 40), (60, 95)])
def test_project_threat__over_the_edge_is_an_error(top_left: tuple[int, int]) -> None:
    """A threat that leaves the scan is refused with its size and place."""
    with pytest.raises(ThreatOutsideScanError, match=r"40×30 px at .* 160×120") as refused:
        project_threat(scan16(), slab(), ENDPOINTS, top_left)
    assert refused.value.code == "threat_outside_scan"


def test_project_threat__at_the_very_edge_it_fits() -> None:
    """The margin of the blur is cut at the scan's border."""
    result = project_threat(scan16(), slab(), ENDPOINTS, (0, 90))
    assert result[0, 119, 0] < 0.7 * 0.5 * 65535


def test_project_threat__channels_need_their_energies() -> None:
    """Two channels and one end point do not go together."""
    with pytest.raises(ValueError, match="one end point per channel"):
        project_threat(scan16(), slab(), (6.0,), (60, 40))


def test_visible_box__is_the_threat() -> None:
    """In a scan with little noise the box is the slab's own rectangle."""
    noise = np.random.default_rng(2).normal(0, 100, (2, 120, 160))
    scan = (scan16() + noise).astype(np.uint16)
    result = project_threat(scan, slab(), ENDPOINTS, (60, 40))
    assert visible_box(scan, result, slab(), (60, 40)) == (60, 40, 100, 70)


def test_visible_box__none_in_the_noise() -> None:
    """A thin plate is not visible where the noise is larger than its contrast."""
    noise = np.random.default_rng(2).normal(0, 6000, (2, 120, 160))
    scan = np.clip(scan16() + noise, 0, 65535).astype(np.uint16)
    patch = slab(1.5)
    result = project_threat(scan, patch, ENDPOINTS, (60, 40))
    assert visible_box(scan, result, patch, (60, 40)) is None
    assert visible_box(scan, result, patch, (60, 40), noise_sigma=0.001) is not None


def test_visible_box__eight_bits_need_twice_the_contrast() -> None:
    """A mean drop between the two limits counts in a 16-bit scan only."""
    scan, patch = scan16(0.12), slab(1.2)
    result = project_threat(scan, patch, ENDPOINTS, (60, 40))
    assert visible_box(scan, result, patch, (60, 40)) is not None
    assert visible_box(scan, result, patch, (60, 40), is_8bit=True) is None
