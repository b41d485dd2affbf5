"""The models in use: loaded as a set, named in the trail, and taken anew when others are pinned."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import pytest

from inference import pinned_models
from inference.cargo_scorer import CargoScorer
from inference.errors import DatabaseUnavailableError, EngineError
from inference.pinned_models import ModelLoader, PinnedModels
from inference.scorer import EngineScorer
from scans.modality import Modality
from tests.integration.inference.centre import Centre, tiny_scorer
from tests.unit.inference.tiny_cargo import build_tiny_cargo


class _Manifest:
    """What is pinned, and how often it was loaded."""

    def __init__(self) -> None:
        self.digests: tuple[str | None, ...] = ("a",)
        self.n_loaded = 0
        self.cargo: CargoScorer | None = None
        self.is_cargo_broken = False

    def load(self) -> EngineScorer:
        self.n_loaded += 1
        return tiny_scorer()

    def load_cargo(self) -> CargoScorer | None:
        if self.is_cargo_broken:
            raise EngineError("not a model")
        return self.cargo

    def models(self, centre: Centre) -> PinnedModels:
        loader = ModelLoader(
            load_scorer=self.load,
            load_others=dict,
            load_cargo=self.load_cargo,
            find_digests=lambda: self.digests,
        )
        return PinnedModels(loader, centre.pool)


async def _n_named(centre: Centre) -> int:
    count: int = await centre.pool.fetchval("SELECT count(*) FROM audit WHERE event = 'model_loaded'")
    return count


async def test_follow__loads_what_is_pinned_once(centre: Centre) -> None:
    """Until something else is pinned, nothing is loaded, written or changed."""
    manifest = _Manifest()
    models = manifest.models(centre)
    assert models.in_use is None
    assert await models.follow()
    first = models.in_use
    assert not await models.follow()
    assert models.in_use is first
    manifest.digests = ("b",)
    assert await models.follow()
    assert models.in_use is not first
    assert manifest.n_loaded == await _n_named(centre) == 2


async def test_follow__takes_another_cargo_model(centre: Centre) -> None:
    """The checks against the declaration come and go with the manifest, as detectors do."""
    manifest = _Manifest()
    models = manifest.models(centre)
    await models.follow()
    assert models.in_use is not None
    assert models.in_use.cargo is None
    data = build_tiny_cargo()
    manifest.cargo, manifest.digests = CargoScorer(data, hashlib.sha256(data).hexdigest()), ("a", "cargo")
    assert await models.follow()
    assert models.in_use.cargo is manifest.cargo


async def test_follow__a_broken_cargo_model_leaves_the_old_one(centre: Centre) -> None:
    """Detectors are used all the same, at the start without checks; once a sound one is pinned it is used."""
    manifest = _Manifest()
    models = manifest.models(centre)
    manifest.is_cargo_broken = True
    assert await models.follow()
    assert models.in_use is not None
    assert models.in_use.cargo is None
    data = build_tiny_cargo()
    manifest.cargo, manifest.is_cargo_broken = CargoScorer(data, hashlib.sha256(data).hexdigest()), False
    manifest.digests = ("a", "cargo")
    assert await models.follow()
    manifest.is_cargo_broken, manifest.digests = True, ("b", "other cargo")
    assert await models.follow()
    assert models.in_use.cargo is manifest.cargo
    assert manifest.n_loaded == 3


async def test_follow__without_the_trail_keeps_what_it_loaded(centre: Centre) -> None:
    """A model is not used before the trail names it, and not loaded again at every look meanwhile."""
    manifest = _Manifest()
    models = manifest.models(centre)
    await models.follow()
    first = models.in_use
    manifest.digests = ("b",)
    with _no_database():
        for _ in range(3):
            with pytest.raises(DatabaseUnavailableError):
                await models.follow()
    assert models.in_use is first
    assert manifest.n_loaded == 2
    assert await models.follow()
    assert models.in_use is not first
    assert manifest.n_loaded == 2
    assert await _n_named(centre) == 2


async def test_follow__taken_back_before_it_was_used(centre: Centre) -> None:
    """What was loaded for another manifest than the one in force is let go."""
    manifest = _Manifest()
    models = manifest.models(centre)
    await models.follow()
    first, manifest.digests = models.in_use, ("b",)
    with _no_database(), pytest.raises(DatabaseUnavailableError):
        await models.follow()
    manifest.digests = ("a",)
    assert not await models.follow()
    assert models.in_use is first
    manifest.digests = ("b",)
    assert await models.follow()
    assert manifest.n_loaded == 3


async def test_detector_for__modalities_have_their_own(centre: Centre) -> None:
    """One that no model has learnt has none, and the trail names every detector that may look."""
    other = tiny_scorer()
    loader = ModelLoader(
        load_scorer=tiny_scorer,
        load_others=lambda: {Modality.PASSENGER_VEHICLE: other, Modality.UNDER_VEHICLE: None},
        load_cargo=lambda: None,
        find_digests=tuple,
    )
    models = PinnedModels(loader, centre.pool)
    await models.follow()
    assert models.in_use is not None
    assert models.in_use.detector_for(Modality.CARGO) is models.in_use.detector
    assert models.in_use.detector_for(Modality.PASSENGER_VEHICLE) is other
    assert models.in_use.detector_for(Modality.UNDER_VEHICLE) is None
    assert await _n_named(centre) == 2


@contextmanager
def _no_database() -> Iterator[None]:
    with patch.object(pinned_models, "connect", side_effect=DatabaseUnavailableError("away")):
        yield
