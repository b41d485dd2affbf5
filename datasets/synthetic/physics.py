"""X-ray physics: from areal density to attenuation at two energies.

Invariants: everything is a pure function of tables in this file; no random numbers here.

A material is described by two numbers, how much polyethylene (``organic``) and how much iron
(``iron``) attenuate like it, in g/cm². At MeV energies attenuation is Compton scattering and pair
production, two functions of energy, so two basis materials span it (Alvarez & Macovski, Phys. Med.
Biol. 21, 733, 1976). Beam hardening follows from integrating a bremsstrahlung spectrum once over a
grid of both; images use that look-up table.

Sources:
    Mass attenuation coefficients: J. H. Hubbell and S. M. Seltzer, NIST "Tables of X-Ray Mass
    Attenuation Coefficients" (NISTIR 5632), polyethylene, aluminium, iron, lead, 0.3 to 10 MeV.
    Spectrum: Kramers' thick-target law, photon number proportional to (E0 - E) / E, behind steel
    filtration; the detector integrates energy (cadmium tungstate). The filtration is chosen so that
    thin steel has 0.031 and 0.0345 per mm at 6 and 4 MeV, as measured on real rail scans.
"""

from dataclasses import dataclass
from functools import cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

_ENERGY_MEV: Final = np.array([0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0])
_MU_CM2_G: Final = {
    "polyethylene": np.array(
        [
            0.1217,
            0.1089,
            0.09947,
            0.09198,
            0.08078,
            0.07262,
            0.06495,
            0.05910,
            0.05064,
            0.04045,
            0.03444,
            0.03045,
            0.02760,
            0.02383,
            0.02145,
        ]
    ),
    "aluminium": np.array(
        [
            0.1042,
            0.09276,
            0.08445,
            0.07802,
            0.06841,
            0.06146,
            0.05496,
            0.05006,
            0.04324,
            0.03541,
            0.03106,
            0.02836,
            0.02655,
            0.02437,
            0.02318,
        ]
    ),
    "iron": np.array(
        [
            0.1099,
            0.09400,
            0.08414,
            0.07704,
            0.06699,
            0.05995,
            0.05350,
            0.04883,
            0.04265,
            0.03621,
            0.03312,
            0.03146,
            0.03057,
            0.02991,
            0.02994,
        ]
    ),
    "lead": np.array(
        [
            0.4031,
            0.2323,
            0.1614,
            0.1248,
            0.08870,
            0.07102,
            0.05876,
            0.05222,
            0.04606,
            0.04234,
            0.04197,
            0.04272,
            0.04391,
            0.04675,
            0.04972,
        ]
    ),
}

ENERGY_PAIRS_MEV: Final = ((6.0, 4.0), (9.0, 6.0))
"""High and low beam energy of the interlaced sources in use, the order of the channels."""

_FILTER_IRON_G_CM2: Final = {4.0: 65.5, 6.0: 56.5, 9.0: 48.0}
_MAX_ORGANIC_G_CM2: Final = 480
_MAX_IRON_G_CM2: Final = 640


@dataclass(frozen=True, kw_only=True)
class Material:
    """A substance in the two-material basis.

    Attributes:
        density_g_cm3: Mass density.
        organic: Grams of polyethylene that attenuate like one gram of it.
        iron: Grams of iron that attenuate like one gram of it, beside ``organic``.
    """

    density_g_cm3: float
    organic: float
    iron: float

    def packed(self, density_g_cm3: float) -> "Material":
        """The same substance at another bulk density (packed goods are mostly air)."""
        return Material(density_g_cm3=density_g_cm3, organic=self.organic, iron=self.iron)


def _mu(name: str, energy_mev: Float64) -> Float64:
    log_mu = np.interp(np.log(energy_mev), np.log(_ENERGY_MEV), np.log(_MU_CM2_G[name]))
    mu: Float64 = np.exp(log_mu)
    return mu


def spectrum(endpoint_mev: float) -> tuple[Float64, Float64]:
    """Energies (MeV) and detected energy per bin, summing to 1, of one beam in air.

    Raises:
        KeyError: If there is no source of that energy: 4, 6 or 9 MeV.
    """
    energy = np.linspace(0.3, endpoint_mev, 115)[:-1]
    filtered = np.exp(-_FILTER_IRON_G_CM2[endpoint_mev] * _mu("iron", energy))
    weight = (endpoint_mev - energy) * filtered
    return energy, weight / weight.sum()


def _in_basis(name: str) -> tuple[float, float]:
    energy, weight = spectrum(6.0)
    basis = np.stack([_mu("polyethylene", energy), _mu("iron", energy)], axis=1)
    root = np.sqrt(weight)
    solution = np.linalg.lstsq(basis * root[:, None], _mu(name, energy) * root, rcond=None)[0]
    return float(solution[0]), float(solution[1])


def _material(density_g_cm3: float, **parts: float) -> Material:
    organic = iron = 0.0
    for name, share in parts.items():
        part_organic, part_iron = _in_basis(name)
        organic += share * part_organic
        iron += share * part_iron
    return Material(density_g_cm3=density_g_cm3, organic=organic, iron=iron)


# Real organic goods hold oxygen: 15 % of "aluminium" brings water and sugar near their true Z of 7.5.
PLASTIC: Final = _material(0.95, polyethylene=1.0)
ORGANIC: Final = _material(1.0, polyethylene=0.85, aluminium=0.15)
WOOD: Final = ORGANIC.packed(0.55)
RUBBER: Final = _material(1.15, polyethylene=0.92, iron=0.08)
GLASS: Final = _material(2.5, aluminium=0.9, polyethylene=0.1)
STONE: Final = _material(2.5, aluminium=1.0)
ALUMINIUM: Final = _material(2.70, aluminium=1.0)
STEEL: Final = _material(7.86, iron=1.0)
LEAD: Final = _material(11.34, lead=1.0)
GOLD: Final = LEAD.packed(19.3)


@dataclass(frozen=True, kw_only=True)
class _Beam:
    slopes: tuple[float, float]
    hardening: Float32


@cache
def _beam(endpoint_mev: float) -> _Beam:
    energy, weight = spectrum(endpoint_mev)
    mu_organic, mu_iron = _mu("polyethylene", energy), _mu("iron", energy)
    slopes = (float(weight @ mu_organic), float(weight @ mu_iron))
    organic = np.arange(0, _MAX_ORGANIC_G_CM2 + 1, 4, dtype=np.float64)
    iron = np.arange(0, _MAX_IRON_G_CM2 + 1, 4, dtype=np.float64)
    through = np.exp(-organic[:, None] * mu_organic)[:, None, :] * np.exp(-iron[:, None] * mu_iron)
    attenuation = -np.log(through @ weight)
    linear = organic[:, None] * slopes[0] + iron * slopes[1]
    return _Beam(slopes=slopes, hardening=(linear - attenuation).astype(np.float32))


def attenuation(planes: Float32, endpoint_mev: float) -> Float32:
    """Minus the logarithm of the primary transmission.

    Args:
        planes: Shape ``(2, H, W)``, g/cm² of polyethylene and of iron.
        endpoint_mev: Of the beam: 4, 6 or 9.

    Returns:
        Shape ``(H, W)``, float32, 0 in air; the hardening table ends at 480 and 640 g/cm².
    """
    beam = _beam(endpoint_mev)
    hardening = cv2.remap(
        beam.hardening,
        np.minimum(planes[1] * np.float32(0.25), np.float32(_MAX_IRON_G_CM2 // 4)),
        np.minimum(planes[0] * np.float32(0.25), np.float32(_MAX_ORGANIC_G_CM2 // 4)),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    result: Float32 = planes[0] * np.float32(beam.slopes[0])
    result += planes[1] * np.float32(beam.slopes[1])
    result -= hardening
    np.maximum(result, np.float32(0), out=result)
    return result
