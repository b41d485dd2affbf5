"""Reads container numbers on gate photos and compares them with those that the scan was posted with.

It runs beside the detector, in a thread and with a time limit of its own, and can only add a finding. Photos
that show no legible number, or a reader that fails, hangs or is not installed, say nothing: the scan goes the
way it would have gone without photos. Of what a photo says only a container number that contradicts the
scan's, with the type code beside it, is kept; plates and all other text are dropped unstored and unlogged.
"""

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from importlib.resources import files
from typing import Any, Final, Protocol

import numpy as np
import structlog
from numpy.typing import NDArray

from inference.engine_threads import EngineThreads
from inference.errors import EngineError
from inference.metrics import InferenceMetrics
from inference.scorer import ScoreResult
from models.errors import ModelError, ModelNotPinnedError
from models.finding import Finding
from scans.container_marks import ContainerMarks, TextLine, find_marks
from scans.guard import GuardedDecoder
from scans.iso6346 import normalise
from scans.store import ScanStore

log = structlog.get_logger()

CONTAINER_NUMBER_MISMATCH: Final = "container_number_mismatch"
THRESHOLD = 0.5  # RapidOCR's own least confidence of a line; the check digit is the harder test

# PP-OCRv6 small, as rapidocr 3.10.0 carries them.
MODELS: Final = {
    "Det": ("PP-OCRv6_det_small.onnx", "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f"),
    "Rec": ("PP-OCRv6_rec_small.onnx", "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884"),
}


class PhotoOutcome(StrEnum):
    """What came of a scan's photos."""

    AGREES = "agrees"
    MISMATCH = "mismatch"
    UNREAD = "unread"
    FAILED = "failed"


class PhotoReader(Protocol):
    """Reads all text of a photo; called from threads."""

    @property
    def digest(self) -> str:
        """Sha256 of the file that reads the letters, hex."""

    def read(self, pixels: NDArray[np.uint8]) -> list[TextLine]:
        """Read a photo, ``(H, W, 3)`` RGB.

        Raises:
            EngineError: The engine failed.
        """


class RapidReader:
    """RapidOCR on ONNX Runtime, one thread per call. Opens files of the package only; nothing is downloaded.

    Raises:
        EngineError: RapidOCR is not installed, or cannot load its models.
        ModelNotPinnedError: The installed package carries other models than those pinned here.
    """

    def __init__(self) -> None:
        try:
            from rapidocr import RapidOCR
        except ImportError as error:
            raise EngineError("rapidocr is not installed; see docs/howto/gate-photos.md") from error
        one_thread = {f"EngineConfig.onnxruntime.{pool}_op_num_threads": 1 for pool in ("intra", "inter")}
        # Text stands upright on a container at a gate, so the classifier of upside-down lines stays out.
        chosen: dict[str, Any] = {"Global.use_cls": False, "Global.log_level": "critical", **one_thread}
        for part, (name, digest) in MODELS.items():
            chosen[f"{part}.model_path"] = _pinned_path(name, digest)
        try:
            self._ocr = RapidOCR(params=chosen)
            self.read(np.zeros((64, 64, 3), np.uint8))
        except EngineError:
            raise
        except Exception as error:  # the package's errors share no other base
            raise EngineError(f"RapidOCR cannot be loaded: {error}") from error

    @property
    def digest(self) -> str:
        """See ``PhotoReader.digest``."""
        return MODELS["Rec"][1]

    def read(self, pixels: NDArray[np.uint8]) -> list[TextLine]:
        """See ``PhotoReader.read``."""
        try:
            seen: Any = self._ocr(np.ascontiguousarray(pixels[..., ::-1]))  # it takes BGR, as OpenCV does
        except Exception as error:  # see __init__
            raise EngineError(f"RapidOCR failed: {type(error).__name__}") from error
        if seen.txts is None or seen.boxes is None or seen.scores is None:
            return []
        return [
            TextLine(text=text, score=float(score), corners=tuple((float(x), float(y)) for x, y in corners))
            for text, score, corners in zip(seen.txts, seen.scores, seen.boxes, strict=True)
        ]


class GatePhotos:
    """The photos' check of one screening worker.

    Args:
        store: Holds the photos as they were sent.
        decoder: Decodes them in a child: they are as untrusted as scans.
        reader: Reads them.
        timeout_s: For all photos of a scan together, waiting for the reader included.
        metrics: Counts what came of them.
    """

    def __init__(
        self,
        *,
        store: ScanStore,
        decoder: GuardedDecoder,
        reader: PhotoReader,
        timeout_s: float,
        metrics: InferenceMetrics | None = None,
    ) -> None:
        self._store = store
        self._decoder = decoder
        self._reader = reader
        self._timeout_s = timeout_s
        self._metrics = metrics or InferenceMetrics()
        self._threads = EngineThreads(1, timeout_s=timeout_s)

    async def beside(
        self,
        screening: Awaitable[ScoreResult],
        photos: Sequence[str],
        container_nos: Sequence[str],
        *,
        thresholds: Mapping[str, float],
    ) -> ScoreResult:
        """Read while a model screens the same scan, and append what is found to the model's findings.

        Args:
            screening: The model's run; what it raises is raised here.
            photos: Store digests.
            container_nos: The numbers that the scan was posted with, in any spelling.
            thresholds: The policy's, by kind.
        """
        threshold = thresholds.get(CONTAINER_NUMBER_MISMATCH, THRESHOLD)
        posted = frozenset(map(normalise, container_nos))
        reading = asyncio.create_task(self._check(photos, posted, threshold))
        try:
            result = await screening
            checked = await reading
        finally:
            reading.cancel()
        return replace(
            result,
            findings=[*result.findings, *checked.findings],
            timings_ms={**result.timings_ms, **checked.timings_ms},
        )

    async def _check(self, photos: Sequence[str], posted: frozenset[str], threshold: float) -> ScoreResult:
        began_s = time.perf_counter()
        seen: dict[str, ContainerMarks] = {}
        n_failed = 0
        try:
            async with asyncio.timeout(self._timeout_s):
                for digest in photos:
                    try:
                        seen |= {marks.number: marks for marks in await self._read(digest)}
                    except Exception as error:  # noqa: BLE001 - no photo keeps a scan from being screened
                        n_failed += 1
                        # Its code or type only: a message might repeat what stands on the photo.
                        reason = getattr(error, "code", type(error).__name__)
                        log.warning("gate_photo_not_read", photo=digest[:12], error=reason)
                    if posted & seen.keys():
                        break
        except TimeoutError:
            n_failed += 1
            log.warning("gate_photos_not_read_in_time", n_photos=len(photos), timeout_s=self._timeout_s)
        outcome, findings = self._conclude(seen, posted, threshold, has_failed=n_failed > 0)
        self._metrics.count_photos(outcome)
        return ScoreResult(
            findings=findings, timings_ms={"photos": round((time.perf_counter() - began_s) * 1000, 3)}
        )

    async def _read(self, digest: str) -> list[ContainerMarks]:
        pixels = await self._decoder.decode_photo(await self._store.get(digest))
        return find_marks(await self._threads.run(self._reader.read, pixels))

    def _conclude(
        self,
        seen: Mapping[str, ContainerMarks],
        posted: frozenset[str],
        threshold: float,
        *,
        has_failed: bool,
    ) -> tuple[PhotoOutcome, list[Finding]]:
        """Compare. One photo with a right number is enough: another may show the neighbouring container."""
        if posted & seen.keys():
            return PhotoOutcome.AGREES, []
        if not seen:
            return PhotoOutcome.FAILED if has_failed else PhotoOutcome.UNREAD, []
        surest = max(seen.values(), key=lambda marks: marks.score)
        finding = Finding(
            kind=CONTAINER_NUMBER_MISMATCH,
            score=surest.score,
            threshold=threshold,
            box_xyxy=None,
            model_digest=self._reader.digest,
            text=" ".join(filter(None, (surest.number, surest.size_type))),
        )
        return PhotoOutcome.MISMATCH, [finding]


def load_gate_photos(
    *, store: ScanStore, decoder: GuardedDecoder, timeout_s: float, metrics: InferenceMetrics
) -> GatePhotos | None:
    """Load RapidOCR; None if it cannot be used, which is logged: scans are screened without their photos."""
    try:
        reader = RapidReader()
    except (ModelError, EngineError) as error:
        log.error("photo_reader_not_loaded", code=error.code, error=str(error))
        return None
    return GatePhotos(store=store, decoder=decoder, reader=reader, timeout_s=timeout_s, metrics=metrics)


def _pinned_path(name: str, digest: str) -> str:
    path = files("rapidocr") / "models" / name
    try:
        data = path.read_bytes()
    except OSError as error:
        raise EngineError(f"rapidocr carries no {name}; install the pinned version") from error
    if hashlib.sha256(data).hexdigest() != digest:
        raise ModelNotPinnedError(f"rapidocr's {name} is not the pinned one; install the pinned version")
    return str(path)
