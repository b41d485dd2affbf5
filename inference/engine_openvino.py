"""OpenVINO on the processor; optional, see docs/howto/engines.md."""

import io
from queue import Empty, SimpleQueue
from typing import Any

import numpy as np

from inference.engines import Tensor
from inference.errors import EngineError
from inference.settings import EngineKind
from models.contract import INPUT_NAME, OUTPUT_NAMES

PRECISION = {EngineKind.OPENVINO: "f32", EngineKind.OPENVINO_BF16: "bf16"}
"""Of sums and activations. OpenVINO's own choice would be bf16 where the processor has it, unasked."""


class OpenVinoEngine:
    """One stream of one thread for each call at once.

    Args:
        data: The model file.
        kind: In which precision.
        n_calls: Calls at once.

    Raises:
        EngineError: OpenVINO is not installed, or cannot load the model.
    """

    def __init__(self, data: bytes, *, kind: EngineKind = EngineKind.OPENVINO, n_calls: int = 1) -> None:
        try:
            import openvino
        except ImportError as error:
            raise EngineError("openvino is not installed; see docs/howto/engines.md") from error
        settings = {
            "NUM_STREAMS": n_calls,
            "INFERENCE_NUM_THREADS": n_calls,
            "ENABLE_CPU_PINNING": False,  # the decoders and the database use the same cores
            "INFERENCE_PRECISION_HINT": PRECISION[kind],
        }
        try:
            core = openvino.Core()
            self._model = core.compile_model(core.read_model(io.BytesIO(data)), "CPU", settings)
        except Exception as error:  # its errors are RuntimeError and whatever its parts raise
            raise EngineError(f"OpenVINO cannot load the model: {error}") from error
        self._runs_on = f"cpu, OpenVINO {openvino.__version__}"
        self._idle: SimpleQueue[Any] = SimpleQueue()

    @property
    def runs_on(self) -> str:
        """See ``Engine.runs_on``."""
        return self._runs_on

    def run(self, transmission: Tensor) -> tuple[Tensor, Tensor]:
        """See ``Engine.run``. A request holds the buffers of one call, so it serves one at a time."""
        try:
            request = self._idle.get_nowait()
        except Empty:
            request = self._model.create_infer_request()
        try:
            answer = request.infer({INPUT_NAME: transmission}, share_inputs=True)
            boxes, scores = (np.array(answer[name]) for name in OUTPUT_NAMES)  # its buffers are used again
        except Exception as error:  # see __init__; the request is not used again
            raise EngineError(f"OpenVINO failed: {error}") from error
        self._idle.put(request)
        return boxes, scores
