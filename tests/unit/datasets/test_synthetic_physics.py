"""The physics of synthetic scans against published numbers."""

import numpy as np
import pytest

from datasets.synthetic.physics import (
    ALUMINIUM,
    ENERGY_PAIRS_MEV,
    LEAD,
    ORGANIC,
    STEEL,
    Material,
    attenuation,
)


def _log_attenuation(material: Material, areal_g_cm2: float, channel: int) -> float:
    planes = np.array([[[areal_g_cm2 * material.organic]], [[areal_g_cm2 * material.iron]]], dtype=np.float32)
    return float(attenuation(planes, ENERGY_PAIRS_MEV[0][channel])[0, 0])


@pytest.mark.parametrize(("channel", "per_mm"), [(0, 0.031), (1, 0.0345)])
def test_attenuation__thin_steel_matches_real_scans(channel: int, per_mm: float) -> None:
    """One millimetre of steel attenuates as measured at 6 and 4 MeV, within 2 %."""
    assert _log_attenuation(STEEL, 0.786, channel) == pytest.approx(per_mm, rel=0.02)


def test_attenuation__air_is_zero() -> None:
    """No matter, no attenuation."""
    assert _log_attenuation(STEEL, 0.0, 0) == pytest.approx(0, abs=1e-6)


def test_attenuation__hardens_with_thickness() -> None:
    """The hundredth gram of iron attenuates less than the first."""
    first = _log_attenuation(STEEL, 1, 0)
    assert _log_attenuation(STEEL, 101, 0) - _log_attenuation(STEEL, 100, 0) < first


def test_attenuation__ratio_falls_with_atomic_number() -> None:
    """Low over high energy tells organic goods from metals: that is what dual energy is for."""
    ratios = [
        _log_attenuation(m, 30, 1) / _log_attenuation(m, 30, 0) for m in (ORGANIC, ALUMINIUM, STEEL, LEAD)
    ]
    assert ratios == sorted(ratios, reverse=True)
    assert ratios[0] - ratios[2] > 0.02
