"""The engines that a detector can run in, behind one interface. ``settings.EngineKind`` names them.

An engine knows a model's tensors and nothing of scans, kinds or thresholds. One suite runs the same tests
against every engine: tests/conformance/test_engines.py.
"""

from typing import Protocol, assert_never

import numpy as np
from numpy.typing import NDArray

from inference.settings import EngineKind, EngineOptions
from models.contract import ModelContract

Tensor = NDArray[np.float32]


class Engine(Protocol):
    """One loaded model. Whoever holds it calls it from several threads; it is freed when nobody does."""

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

            return TorchEngine(data, kind=options.kind)
        case EngineKind.KSERVE:
            from inference.engine_kserve import KserveEngine

            return KserveEngine(data, contract, digest, options)
        case _:
            assert_never(options.kind)
