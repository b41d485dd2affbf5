"""The models that screen: those that the manifest pins, and those that it pins next.

The detectors of a set are used together or not at all, and the audit trail names them before one looks at a
scan. A manifest, file or model that cannot be used leaves the old ones in use; scans in hand finish with the
models that they began with, which are freed with the last of them.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog

from inference.cargo_scorer import CargoScorer
from inference.database_errors import Pool, connect
from inference.errors import EngineError
from inference.scorer import Scorer
from models.errors import ModelError
from review_queue import audit
from scans.modality import Modality

log = structlog.get_logger()

Digests = tuple[str | None, ...]


@dataclass(frozen=True, kw_only=True)
class ModelLoader:
    """How to get the models; each is called in a thread.

    Attributes:
        load_scorer: Loads and warms the detector.
        load_others: Loads the detectors of modalities that have one of their own; None for a modality that no
            model has learnt.
        load_cargo: Loads the model of the checks against the declaration; None: they are not made.
        find_digests: Says which models are pinned now.
    """

    load_scorer: Callable[[], Scorer]
    load_others: Callable[[], Mapping[Modality, Scorer | None]]
    load_cargo: Callable[[], CargoScorer | None]
    find_digests: Callable[[], Digests]


@dataclass(frozen=True, kw_only=True)
class ModelSet:
    """Models that were pinned together.

    Attributes:
        digests: What the loader's ``find_digests`` said before they were loaded.
        detector: For every modality but those of ``others``.
        others: As the loader's ``load_others`` gives them.
        cargo: None: no checks against the declaration.
    """

    digests: Digests
    detector: Scorer
    others: Mapping[Modality, Scorer | None]
    cargo: CargoScorer | None

    def detector_for(self, modality: Modality) -> Scorer | None:
        """None: no model has learnt that modality."""
        return self.others.get(modality, self.detector)

    @property
    def detectors(self) -> list[Scorer]:
        """All of them."""
        return [self.detector, *(other for other in self.others.values() if other is not None)]


class PinnedModels:
    """Keeps the pinned models at hand.

    Args:
        loader: Gets them.
        pool: Database with the audit trail.
    """

    def __init__(self, loader: ModelLoader, pool: Pool) -> None:
        self._loader, self._pool = loader, pool
        self._in_use: ModelSet | None = None
        self._next: ModelSet | None = None

    @property
    def in_use(self) -> ModelSet | None:
        """The set to screen with; None while none could be loaded."""
        return self._in_use

    async def follow(self) -> bool:
        """Use what is pinned by now; whether that is another set than before.

        A set that was loaded but could not be written to the trail is kept for the next call.

        Raises:
            ModelError: A model cannot be used; likewise EngineError.
            DatabaseUnavailableError: The trail cannot be written; likewise StoreFullError.
        """
        digests = await asyncio.to_thread(self._loader.find_digests)
        if self._in_use is not None and digests == self._in_use.digests:
            self._next = None
            return False
        if self._next is None or digests != self._next.digests:
            self._next = await asyncio.to_thread(self._load, digests)
        await self._record(self._next)
        self._in_use, self._next = self._next, None
        return True

    def _load(self, digests: Digests) -> ModelSet:
        return ModelSet(
            digests=digests,
            others=self._loader.load_others(),
            cargo=self._load_cargo(),
            detector=self._loader.load_scorer(),
        )

    def _load_cargo(self) -> CargoScorer | None:
        """Detectors screen without these checks, or with the old ones, rather than not at all."""
        try:
            return self._loader.load_cargo()
        except (ModelError, EngineError) as error:
            log.error("cargo_model_not_loaded", code=error.code, error=str(error))
            return self._in_use.cargo if self._in_use else None

    async def _record(self, models: ModelSet) -> None:
        async with connect(self._pool, timeout_s=5.0) as conn, conn.transaction():
            for info in (detector.info for detector in models.detectors):
                await audit.record(
                    conn,
                    actor="system:screening",
                    event="model_loaded",
                    detail=(
                        f"model={info.name} version={info.version} sha256={info.digest} engine={info.engine}"
                    ),
                )
        info = models.detector.info
        log.info("model_loaded", model=info.name, digest=info.digest, engine=info.engine)
