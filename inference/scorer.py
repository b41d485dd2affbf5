"""From a scan's pixels to its findings, with any engine.

No HTTP and no asyncio here: a scorer is called from threads, from several at once. An answer that is not
finite or not of the contract's shape raises; it never reads as "nothing found".
"""

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from inference.engines import Engine, Tensor, open_engine
from inference.settings import EngineOptions
from inference.tiles import Tile, cut_tiles, merge_findings, owned_findings
from models.cargo_checks import LineCheck
from models.contract import ModelContract
from models.errors import ModelNotPinnedError, ModelOutputError, ModelUnreadableError
from models.finding import Finding
from models.manifest_signature import PROGRAM_KEY
from models.postprocess import to_findings
from models.preprocess import AIR, to_input
from models.registry import DEFAULT_MANIFEST, load_manifest, read_pinned_model
from scans import px16
from scans.modality import Modality

Pixels = NDArray[np.uint16]


@dataclass(frozen=True, kw_only=True)
class ScorerInfo:
    """Which model answers: what a screening stores of it. ``digest`` is the sha256 of the file, hex."""

    name: str
    version: str
    digest: str
    engine: str


@dataclass(frozen=True, kw_only=True)
class ScoreItem:
    """A scan ready to run: the model's inputs, each with the columns it shows."""

    width_px: int
    height_px: int
    tiles: tuple[tuple[Tile, NDArray[np.float32]], ...]


@dataclass(frozen=True, kw_only=True)
class Embedding:
    """A scan as a point: of unit length; scans with like cargo are near. Only one model's can be compared."""

    values: NDArray[np.float32] = field(repr=False, compare=False)
    model_digest: str


@dataclass(frozen=True, kw_only=True)
class ScoreResult:
    """What the model saw in one scan, best first, and how long each step took.

    ``line_checks`` has a word on each line of the declaration; None if the lines were not checked.
    ``embedding`` is the cargo model's; None if it did not look.
    """

    findings: list[Finding]
    timings_ms: dict[str, float]
    line_checks: list[LineCheck] | None = None
    embedding: Embedding | None = None


class Scorer(Protocol):
    """A loaded, warm model."""

    @property
    def info(self) -> ScorerInfo:
        """Which model answers."""

    def prepare(self, pixels: Pixels) -> ScoreItem:
        """Make the inputs of a scan, uint16 ``(C, H, W)`` with C 1 or 2 and 65535 for air."""

    def run(
        self, items: Sequence[ScoreItem], *, thresholds: Mapping[str, float] | None = None
    ) -> list[ScoreResult]:
        """Score prepared scans, in their order.

        Args:
            items: From ``prepare``.
            thresholds: Least score by kind, in place of the model's own.

        Raises:
            ModelOutputError: The answer is not finite or not of the contract's shape.
            EngineError: The engine failed.
        """


class EngineScorer:
    """A scorer over an engine. It is warm when it is made.

    Args:
        engine: Has the model loaded.
        info: What a screening stores of it.
        contract: Of the model.

    Raises:
        ModelOutputError: Its answer to an empty scan is not what the contract promises.
        EngineError: It gives none.
    """

    def __init__(self, engine: Engine, info: ScorerInfo, contract: ModelContract) -> None:
        self._engine, self._info, self._contract = engine, info, contract
        self._warm_up()

    @property
    def info(self) -> ScorerInfo:
        """Which model answers."""
        return self._info

    @property
    def contract(self) -> ModelContract:
        """What the model promises."""
        return self._contract

    def prepare(self, pixels: Pixels) -> ScoreItem:
        """See ``Scorer.prepare``."""
        contract = self._contract
        _, height_px, width_px = pixels.shape
        tiles = cut_tiles(width_px, max_width_px=contract.max_width_px, stride=contract.stride)
        inputs = tuple(
            (
                tile,
                to_input(
                    pixels[:, :, tile.x0 : tile.x1], stride=contract.stride, min_side_px=contract.min_side_px
                ),
            )
            for tile in tiles
        )
        return ScoreItem(width_px=width_px, height_px=height_px, tiles=inputs)

    def run(
        self, items: Sequence[ScoreItem], *, thresholds: Mapping[str, float] | None = None
    ) -> list[ScoreResult]:
        """See ``Scorer.run``. One scan after the other; batches are made below, of what threads bring."""
        return [self._run_one(item, thresholds) for item in items]

    def run_tensor(self, transmission: Tensor) -> tuple[Tensor, Tensor]:
        """Run the bare model.

        Args:
            transmission: As the contract says.

        Returns:
            Boxes and scores as the contract says: all candidates, before thresholds and NMS.

        Raises:
            ModelOutputError: The answer is not finite or not of the contract's shape.
            EngineError: The engine failed.
        """
        boxes, scores = self._engine.run(transmission)
        expected = (len(transmission), len(self._contract.kinds))
        if scores.shape[:2] != expected or boxes.shape != (*scores.shape, 4):
            raise ModelOutputError(f"the model answered boxes {boxes.shape} and scores {scores.shape}")
        if not (np.isfinite(boxes).all() and np.isfinite(scores).all()):
            raise ModelOutputError("the model's answer is not finite")
        return boxes, scores

    def _run_one(self, item: ScoreItem, thresholds: Mapping[str, float] | None) -> ScoreResult:
        findings: list[Finding] = []
        infer_s = post_s = 0.0
        for tile, tensor in item.tiles:
            began_s = time.perf_counter()
            boxes, scores = self.run_tensor(tensor)
            inferred_s = time.perf_counter()
            seen = to_findings(
                boxes[0],
                scores[0],
                self._contract,
                width_px=tile.x1 - tile.x0,
                height_px=item.height_px,
                x_offset_px=tile.x0,
                thresholds=thresholds,
            )
            findings += owned_findings(seen, tile)
            infer_s += inferred_s - began_s
            post_s += time.perf_counter() - inferred_s
        if len(item.tiles) > 1:
            findings = merge_findings(findings, iou=self._contract.nms_iou)
        return ScoreResult(findings=findings, timings_ms={"infer": _ms(infer_s), "post": _ms(post_s)})

    def _warm_up(self) -> None:
        side_px = self._contract.min_side_px
        self.run([self.prepare(np.full((2, side_px, side_px), AIR, np.uint16))])


def open_scorer(data: bytes, digest: str, options: EngineOptions | None = None) -> EngineScorer:
    """Load a model file and warm it up.

    Args:
        data: The model file.
        digest: Its sha256, hex, already compared with the manifest.
        options: Which engine; ONNX Runtime on the processor by default.

    Raises:
        ModelContractError: It carries no usable contract.
        ModelOutputError: Its answer to an empty scan is not what the contract promises.
        EngineError: See ``open_engine``.
    """
    options = options or EngineOptions()
    contract = ModelContract.from_file(data)
    engine = open_engine(data, contract, digest, options)
    return EngineScorer(engine, info_of(contract, digest, options), contract)


def info_of(contract: ModelContract, digest: str, options: EngineOptions) -> ScorerInfo:
    """Say what ``open_scorer`` would say of a model file, without loading it."""
    return ScorerInfo(name=contract.name, version=contract.version, digest=digest, engine=options.kind.value)


def load_pinned_scorer(
    model: str | Path = "default",
    *,
    manifest: Path = DEFAULT_MANIFEST,
    keys: Sequence[Path] = (PROGRAM_KEY,),
    options: EngineOptions | None = None,
) -> EngineScorer:
    """Load the model that the manifest pins under a name, or a file whose digest it pins.

    Args:
        model: A name in the manifest, a path, or "default".
        manifest: Which manifest.
        keys: One of these must have signed it.
        options: Of the engine.

    Raises:
        ModelNotPinnedError: The manifest does not pin it.
        ModelContractError: See ``open_scorer``; likewise EngineError and ModelOutputError.
    """
    pinned = read_pinned_model(None if model == "default" else model, manifest_path=manifest, keys=keys)
    return open_scorer(pinned.data, pinned.digest, options)


def load_scorers_by_modality(
    manifest: Path = DEFAULT_MANIFEST,
    *,
    keys: Sequence[Path] = (PROGRAM_KEY,),
    options: EngineOptions | None = None,
) -> dict[Modality, EngineScorer | None]:
    """Load the models of modalities that have one of their own; None where no model has learnt one.

    Raises:
        ModelNotPinnedError: The manifest names something that is no modality, or does not pin the model.
        ModelContractError: See ``open_scorer``; likewise EngineError and ModelOutputError.
    """
    named = load_manifest(manifest, keys=keys).by_modality
    if unknown := named.keys() - set(Modality):
        raise ModelNotPinnedError(f"{manifest} names modalities that there are not: {sorted(unknown)}")
    return {
        Modality(modality): (
            load_pinned_scorer(name, manifest=manifest, keys=keys, options=options) if name else None
        )
        for modality, name in named.items()
    }


def load_scorer_file(path: Path, options: EngineOptions | None = None) -> EngineScorer:
    """Load a model file that an analyst names, pinned or not; what it finds is stored with its digest.

    Serving never comes here: it loads by name what the manifest pins.

    Raises:
        ModelUnreadableError: The file cannot be read.
        ModelContractError: See ``open_scorer``; likewise EngineError and ModelOutputError.
    """
    return open_scorer(*read_model_file(path), options)


def read_model_file(path: Path) -> tuple[bytes, str]:
    """Return a model file that an analyst names, and its sha256, hex.

    Raises:
        ModelUnreadableError: It cannot be read.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelUnreadableError(f"model file {path} cannot be read ({error.strerror})") from error
    return data, hashlib.sha256(data).hexdigest()


def score_pixels(
    scorer: Scorer, pixels: Pixels, *, thresholds: Mapping[str, float] | None = None
) -> ScoreResult:
    """Prepare and run one scan, and time both."""
    item, prepare_ms = prepare_timed(scorer, pixels)
    return run_timed(scorer, item, prepare_ms, thresholds=thresholds)


def prepare_timed(scorer: Scorer, pixels: Pixels) -> tuple[ScoreItem, float]:
    """Prepare one scan; return it and how long that took, milliseconds."""
    began_s = time.perf_counter()
    item = scorer.prepare(pixels)
    return item, _ms(time.perf_counter() - began_s)


def run_timed(
    scorer: Scorer, item: ScoreItem, prepare_ms: float, *, thresholds: Mapping[str, float] | None = None
) -> ScoreResult:
    """Run one prepared scan; its preparation is among the result's timings."""
    [result] = scorer.run([item], thresholds=thresholds)
    return ScoreResult(findings=result.findings, timings_ms={"prepare": prepare_ms, **result.timings_ms})


def score_px16(scorer: Scorer, data: bytes, *, thresholds: Mapping[str, float] | None = None) -> ScoreResult:
    """Decode a stored px16 object and score it.

    Raises:
        Px16Error: The object is damaged.
        ModelOutputError: See ``Scorer.run``; likewise EngineError.
    """
    return score_decoded(scorer, data, thresholds=thresholds)[0]


def score_decoded(
    scorer: Scorer, data: bytes, *, thresholds: Mapping[str, float] | None = None
) -> tuple[ScoreResult, Pixels]:
    """As ``score_px16``, with the pixels for whoever else looks at them."""
    began_s = time.perf_counter()
    pixels = px16.decode(data)
    decode_ms = _ms(time.perf_counter() - began_s)
    result = score_pixels(scorer, pixels, thresholds=thresholds)
    timings_ms = {"decode": decode_ms, **result.timings_ms}
    return ScoreResult(findings=result.findings, timings_ms=timings_ms), pixels


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)
