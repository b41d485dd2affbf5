"""Runs the cargo network beside the detector: what a scan holds, against what was declared.

An answer that is not finite or not of the contract's shape raises, as a detector's does. A deployment
without a cargo model screens without these checks.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import structlog
from numpy.typing import NDArray

from inference.errors import EngineError
from inference.scorer import Embedding, ScoreResult, ScorerInfo
from models.cargo_checks import CargoAnswer, DeclaredCargo, LineCheck, check_cargo, check_lines, read_answer
from models.cargo_contract import INPUT_NAME, OUTPUT_NAMES, CargoContract
from models.cargo_view import MIN_SIDE, to_view
from models.finding import Finding
from models.lookalike import embed_cargo
from models.manifest_signature import PROGRAM_KEY
from models.registry import DEFAULT_MANIFEST, load_manifest, read_pinned_model
from models.session import open_session

log = structlog.get_logger()

Pixels = NDArray[np.uint16]


@dataclass(frozen=True, kw_only=True)
class ScanFacts:
    """What a scan's record says that the checks need.

    Attributes:
        pixel_pitch_mm: As the station sent it.
        declaration: As the station sent it, JSON of ``inference.schemas.Declaration``; None without one.
    """

    pixel_pitch_mm: float | None
    declaration: str | None

    def declared(self) -> DeclaredCargo | None:
        """The part of the declaration that pixels can be compared with."""
        if self.declaration is None:
            return None
        fields: dict[str, Any] = orjson.loads(self.declaration)
        return DeclaredCargo(
            is_empty=fields["declared_empty"], hs_codes=tuple(line["hs_code"] for line in fields["lines"])
        )


@dataclass(frozen=True, kw_only=True)
class CargoCheck:
    """What speaks against a declaration, with the cargo model's digest, and a word on each of its lines.

    Without a declaration there are no findings, and ``lines`` is None.
    """

    findings: list[Finding]
    lines: list[LineCheck] | None
    embedding: Embedding


class CargoScorer:
    """The cargo network in ONNX Runtime on the CPU, one thread per call; called from several threads at once.

    Args:
        data: The model file.
        digest: Its sha256, hex, already compared with the manifest.

    Raises:
        EngineError: ONNX Runtime cannot load it.
        ModelContractError: It carries no usable contract.
        ModelOutputError: Its answer to an empty scan is not what the contract promises.
    """

    def __init__(self, data: bytes, digest: str) -> None:
        try:
            self._session = open_session(data)
        except Exception as error:  # the runtime's errors share no other base
            raise EngineError(f"ONNX Runtime cannot load cargo model {digest[:12]}: {error}") from error
        self.contract, self.goods = CargoContract.from_metadata(
            self._session.get_modelmeta().custom_metadata_map
        )
        self.info = ScorerInfo(
            name=self.contract.name, version=self.contract.version, digest=digest, engine="onnxruntime-cpu"
        )
        self._look_at_view(np.zeros((2, MIN_SIDE, MIN_SIDE), np.float32))

    def look(self, pixels: Pixels, *, pitch_mm: float | None = None) -> CargoAnswer:
        """Say what a scan holds.

        Args:
            pixels: Shape ``(C, H, W)``, uint16, C 1 or 2, 65535 is air.
            pitch_mm: Size of a pixel, if it is known.

        Raises:
            ModelOutputError: The answer is not finite or not of the contract's shape.
            EngineError: The engine failed.
        """
        return self._look_at_view(to_view(pixels, pitch_mm=pitch_mm))

    def place(self, pixels: Pixels, *, pitch_mm: float | None = None) -> Embedding:
        """Say where a scan is among others; see ``look``."""
        return self._place(self.look(pixels, pitch_mm=pitch_mm))

    def _place(self, answer: CargoAnswer) -> Embedding:
        return Embedding(values=embed_cargo(answer.blocks, self.goods), model_digest=self.info.digest)

    def _look_at_view(self, view: NDArray[np.float32]) -> CargoAnswer:
        try:
            outputs: list[Any] = self._session.run(list(OUTPUT_NAMES), {INPUT_NAME: view[None]})
        except Exception as error:  # see __init__
            raise EngineError(f"ONNX Runtime failed on the cargo model: {error}") from error
        return read_answer(view, outputs)

    def check(
        self, pixels: Pixels, facts: ScanFacts, *, thresholds: Mapping[str, float] | None = None
    ) -> CargoCheck:
        """Compare a scan with its declaration; see ``look`` for errors.

        Args:
            pixels: Shape ``(C, H, W)``.
            facts: Of the scan.
            thresholds: Least score by kind, in place of the model's own.
        """
        answer = self.look(pixels, pitch_mm=facts.pixel_pitch_mm)
        embedding = self._place(answer)
        declared = facts.declared()
        if declared is None:
            return CargoCheck(findings=[], lines=None, embedding=embedding)
        chosen = thresholds or {}
        found = [
            replace(
                finding,
                threshold=chosen.get(finding.kind, finding.threshold),
                model_digest=self.info.digest,
            )
            for finding in check_cargo(answer, declared, self.contract, self.goods)
        ]
        return CargoCheck(
            findings=[finding for finding in found if finding.score >= finding.threshold],
            lines=check_lines(answer, declared, self.contract, self.goods, thresholds=chosen),
            embedding=embedding,
        )

    def add_to(
        self,
        result: ScoreResult,
        pixels: Pixels,
        facts: ScanFacts,
        *,
        thresholds: Mapping[str, float] | None = None,
    ) -> ScoreResult:
        """Append the checks' findings and the embedding to a detector's result, and their time."""
        began_s = time.perf_counter()
        checked = self.check(pixels, facts, thresholds=thresholds)
        timings_ms = {**result.timings_ms, "cargo": round((time.perf_counter() - began_s) * 1000, 3)}
        return replace(
            result,
            findings=[*result.findings, *checked.findings],
            timings_ms=timings_ms,
            line_checks=checked.lines,
            embedding=checked.embedding,
        )


def load_pinned_cargo(
    manifest: Path = DEFAULT_MANIFEST, *, keys: Sequence[Path] = (PROGRAM_KEY,)
) -> CargoScorer | None:
    """Load the manifest's cargo model; None if it names none.

    Raises:
        ModelError: It cannot be used; likewise EngineError.
    """
    name = load_manifest(manifest, keys=keys).cargo
    if name is None:
        log.info("cargo_checks_off", reason="the manifest names no cargo model")
        return None
    pinned = read_pinned_model(name, manifest_path=manifest, keys=keys)
    return CargoScorer(pinned.data, pinned.digest)
