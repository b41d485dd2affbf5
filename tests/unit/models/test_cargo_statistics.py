"""The physics statistics say how much, of what, and how it is structured."""

import numpy as np

from models.cargo_statistics import MATERIAL, NAMES, block_statistics


def block(level: float, *, ratio: float = 1.08, stripes: int = 0) -> np.ndarray:
    """The lower half of a block filled to a level, with upright stripes of so many cells."""
    high = np.zeros((100, 48), np.float32)
    high[50:] = level
    if stripes:
        high[50:, (np.arange(48) // stripes) % 2 == 1] *= 0.5
    return np.stack([high, high * np.float32(ratio)])


def named(values: np.ndarray) -> dict[str, float]:
    return dict(zip(NAMES, values.tolist(), strict=True))


def test_block_statistics__more_mass_is_more_attenuation_at_the_same_fill() -> None:
    """Twice the goods: the quantiles rise by log 2 and the fill stays."""
    light, heavy = named(block_statistics(block(1.0))), named(block_statistics(block(2.0)))
    assert np.isclose(heavy["attenuation_q50"] - light["attenuation_q50"], np.log(2), atol=1e-5)
    assert light["filled"] == heavy["filled"] == 0.5


def test_block_statistics__material_is_seen_in_the_ratio() -> None:
    """Organic goods and steel differ in the ratio only."""
    organic, steel = (
        block_statistics(block(1.0, ratio=1.04)),
        block_statistics(block(1.0, ratio=1.12)),
    )
    assert (np.abs(organic - steel)[MATERIAL] > 0.05).all()
    assert np.allclose(organic[~MATERIAL], steel[~MATERIAL])


def test_block_statistics__texture_is_found_at_its_scale() -> None:
    """Stripes of one cell are gone at 40 mm; stripes of four cells are not; neither is seen upright."""
    fine, coarse, plain = (named(block_statistics(block(1.0, stripes=n))) for n in (1, 4, 0))
    assert fine["texture_along_20mm"] > coarse["texture_along_20mm"] + 1
    assert coarse["texture_along_40mm"] > fine["texture_along_40mm"] + 1
    assert fine["texture_upright_20mm"] < plain["texture_upright_20mm"] + 1


def test_block_statistics__air_gives_finite_numbers() -> None:
    """A block without matter describes itself, too."""
    assert np.isfinite(block_statistics(np.zeros((2, 64, 8), np.float32))).all()
