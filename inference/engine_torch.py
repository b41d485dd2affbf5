"""PyTorch, on the processor or on an NVIDIA GPU; optional, see docs/howto/engines.md.

Runs the pinned file itself: docs/decisions/0014-torch-runs-the-file.md says why and how.
"""

from typing import Final

from inference.engines import Tensor
from inference.errors import EngineError
from inference.probe import answers_alike
from inference.settings import EngineKind
from models.contract import OUTPUT_NAMES

RUNS_ON: Final = {
    EngineKind.TORCH_CPU: ("cpu", False),
    EngineKind.TORCH_CPU_BF16: ("cpu", True),
    EngineKind.TORCH_CUDA: ("cuda", False),
    EngineKind.TORCH_CUDA_BF16: ("cuda", True),
}
"""By engine: the device, and whether the inner convolutions run in bfloat16."""


class TorchEngine:
    """Calls from several threads; on the processor each gets one thread of it.

    Args:
        data: The model file.
        kind: On which device and in which precision.
        threads: Of the processor for one call.

    Raises:
        EngineError: torch or its device is not here, it cannot run the model, or it does not answer as the
            file does in ONNX Runtime.
    """

    def __init__(self, data: bytes, *, kind: EngineKind = EngineKind.TORCH_CPU, threads: int = 1) -> None:
        device, bf16 = RUNS_ON[kind]
        try:
            from models.torch_graph import TorchGraph, set_threads
        except ImportError as error:
            raise EngineError(
                f"torch or onnx is not installed ({error}); see docs/howto/engines.md"
            ) from error
        try:
            set_threads(threads)
            self._graph = TorchGraph(data, device=device, bf16=bf16)
        except Exception as error:  # torch's errors are RuntimeError and whatever its parts raise
            raise EngineError(f"PyTorch cannot load the model: {error}") from error
        if not answers_alike(self, data):
            raise EngineError(
                "PyTorch does not answer as the file does in ONNX Runtime; choose another engine"
            )

    @property
    def runs_on(self) -> str:
        """See ``Engine.runs_on``."""
        return self._graph.runs_on

    def run(self, transmission: Tensor) -> tuple[Tensor, Tensor]:
        """See ``Engine.run``."""
        try:
            outputs = self._graph.run(transmission)
            boxes, scores = (outputs[name] for name in OUTPUT_NAMES)
        except Exception as error:  # see __init__
            raise EngineError(f"PyTorch failed: {error}") from error
        return boxes, scores
