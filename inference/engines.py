"""The engines that a detector can run in, behind one interface. ``settings.EngineKind`` names them.

An engine knows a model's tensors and nothing of scans, kinds or thresholds. One suite runs the same tests
against every engine: tests/conformance/test_engines.py.
"""

from typing import Final, Protocol, assert_never

import numpy as np
from numpy.typing import NDArray

from inference.settings import EngineKind, EngineOptions
from models.contract import ModelContract

Tensor = NDArray[np.float32]
BATCH_HEIGHT_PX: Final = 1024
BATCH_WIDTH_PX: Final = 2560
"""The image that batches are measured in: a lorry at 5 mm. Of smaller ones as many pixels make a batch."""


class Engine(Protocol):
    """One loaded model. Whoever holds it calls it from several threads; it is freed when nobody does."""

    @property
    def runs_on(self) -> str:
        """The device and the runtime with its version: a measured batch holds for both."""

    def run(self, transmission: Tensor) -> tuple[Tensor, Tensor]:
        """Run the model once.

        Args:
            transmission: As ``models.contract`` says.

        Returns:
            Boxes and scores as they came: nothing is checked here.

        Raises:
            EngineError: There is no answer; likewise ModelOutputError.
        """


def open_engine(data: bytes, contract: ModelContract, digest: str, options: EngineOptions) -> Engine:
    """Load a model into the chosen engine.

    Args:
        data: The model file. Never a path: what was hashed is what runs.
        contract: Of the file.
        digest: Its sha256, hex.
        options: Which engine, and how.

    Raises:
        EngineError: It is not installed here, cannot load the model, or its server does not answer.
    """
    engine = _open(data, contract, digest, options)
    return _batched(engine, digest, options) if options.may_batch else engine


def _open(data: bytes, contract: ModelContract, digest: str, options: EngineOptions) -> Engine:
    # Imported here: each needs packages or libraries that most deployments do not have.
    match options.kind:
        case EngineKind.ONNXRUNTIME_CPU | EngineKind.ONNXRUNTIME_CUDA | EngineKind.ONNXRUNTIME_TENSORRT:
            from inference.engine_onnxruntime import OnnxRuntimeEngine

            return OnnxRuntimeEngine(data, kind=options.kind)
        case EngineKind.OPENVINO | EngineKind.OPENVINO_BF16:
            from inference.engine_openvino import OpenVinoEngine

            return OpenVinoEngine(data, kind=options.kind, n_calls=options.n_calls)
        case (
            EngineKind.TORCH_CPU
            | EngineKind.TORCH_CPU_BF16
            | EngineKind.TORCH_CUDA
            | EngineKind.TORCH_CUDA_BF16
        ):
            from inference.engine_torch import TorchEngine

            # Batches come from one thread, which may take all that the calls would have taken.
            return TorchEngine(data, kind=options.kind, threads=options.n_calls if options.may_batch else 1)
        case EngineKind.KSERVE:
            from inference.engine_kserve import KserveEngine

            return KserveEngine(data, contract, digest, options)
        case _:
            assert_never(options.kind)


def _batched(engine: Engine, digest: str, options: EngineOptions) -> Engine:
    """Put calls together, as many as the options or a measurement say."""
    from inference.batching import BatchingEngine
    from inference.calibration import BatchKey, best_batch

    key = BatchKey(
        engine=options.kind.value,
        runs_on=engine.runs_on,
        model=digest,
        height_px=BATCH_HEIGHT_PX,
        width_px=BATCH_WIDTH_PX,
    )
    n_images = options.n_images or best_batch(engine, key, options.measured_in)
    if n_images == 1:
        return engine
    return BatchingEngine(
        engine,
        max_pixels=n_images * BATCH_HEIGHT_PX * BATCH_WIDTH_PX,
        n_callers=options.n_calls,
        timeout_s=options.timeout_s,
        count=options.count_batch,
    )
