"""ONNX Runtime: on the processor, or on an NVIDIA GPU with the package that has these providers."""

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import onnxruntime

from inference.engines import Tensor
from inference.errors import EngineError
from inference.settings import EngineKind
from models.contract import INPUT_NAME, OUTPUT_NAMES
from models.session import CPU, open_session

CUDA, TENSORRT = "CUDAExecutionProvider", "TensorrtExecutionProvider"
CARDS = Path("/proc/driver/nvidia/gpus")
PROVIDERS = {
    EngineKind.ONNXRUNTIME_CPU: (CPU,),
    EngineKind.ONNXRUNTIME_CUDA: (CUDA, CPU),
    EngineKind.ONNXRUNTIME_TENSORRT: (TENSORRT, CUDA, CPU),
}
"""By engine: the wanted provider, then those that do what it cannot."""


class OnnxRuntimeEngine:
    """One thread per call: as many calls at once as there are cores is fastest on a processor.

    Args:
        data: The model file.
        kind: With which provider.

    Raises:
        EngineError: ONNX Runtime cannot load it, or not with this provider. It never falls back in silence:
            a deployment that pays for a GPU hears that it is not used.
    """

    def __init__(self, data: bytes, *, kind: EngineKind = EngineKind.ONNXRUNTIME_CPU) -> None:
        wanted = PROVIDERS[kind]
        if wanted[0] not in onnxruntime.get_available_providers():
            raise EngineError(
                f"this ONNX Runtime has no {wanted[0]}; install onnxruntime-gpu in place of onnxruntime"
            )
        try:
            self._session = open_session(data, providers=wanted)
        except Exception as error:  # the runtime's errors share no other base
            raise EngineError(f"ONNX Runtime cannot load the model: {error}") from error
        if self._session.get_providers()[0] != wanted[0]:
            raise EngineError(f"ONNX Runtime could not start {wanted[0]}; look for its libraries and driver")
        self._device = "cpu" if wanted[0] == CPU else _name_cards()

    @property
    def runs_on(self) -> str:
        """See ``Engine.runs_on``."""
        return f"{self._device}, ONNX Runtime {onnxruntime.__version__}"

    def run(self, transmission: Tensor) -> tuple[Tensor, Tensor]:
        """See ``Engine.run``."""
        try:
            outputs: list[Any] = self._session.run(list(OUTPUT_NAMES), {INPUT_NAME: transmission})
        except Exception as error:  # see __init__
            raise EngineError(f"ONNX Runtime failed: {error}") from error
        boxes, scores = outputs
        return boxes, scores


def _name_cards() -> str:
    """Name the NVIDIA cards of this machine, and those that this process may use: the runtime does not."""
    names = []
    for path in sorted(CARDS.glob("*/information")):
        with suppress(OSError):
            names += re.findall(r"^Model:\s*(.+)$", path.read_text(errors="replace"), re.MULTILINE)
    return f"{', '.join(names) or 'a card'} ({os.environ.get('CUDA_VISIBLE_DEVICES', 'all')})"
