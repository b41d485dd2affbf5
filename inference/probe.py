"""Whether an engine gives the answers of a model file: compared with ONNX Runtime on a made-up input.

For engines that do not run the file itself, or not in a runtime of others' making.
"""

from typing import Final

import numpy as np

from inference.engine_onnxruntime import OnnxRuntimeEngine
from inference.engines import Engine, Tensor

PROBE_LOGIT: Final = 0.15
"""Largest mean difference of the logits of all scores in the answer to the probe. Measured with the default
model on such probes: bf16 0.01, its int8 twin in OpenVINO instead of ONNX Runtime 0.04. Logits, because most
scores of a probe are small."""
PROBE_BLOCKS: Final = (12, 16)
BLOCK_PX: Final = 16


def answers_alike(engine: Engine, data: bytes) -> bool:
    """Say whether an engine answers the probe as a model file does in ONNX Runtime on the processor.

    Raises:
        EngineError: One of the two gives no answer.
    """
    probe = _make_probe()
    _, expected = OnnxRuntimeEngine(data).run(probe)
    _, scores = engine.run(probe)
    # A useless model answers NaN in both; that is for the warm-up to find.
    if scores.shape != expected.shape or (np.isnan(scores) != np.isnan(expected)).any():
        return False
    return _logit_difference(scores, expected) <= PROBE_LOGIT


def _make_probe() -> Tensor:
    """Return an input of bright noisy blocks, ``(1, 2, 192, 256)``."""
    rng = np.random.default_rng(0)
    blocks = np.kron(rng.uniform(0.6, 1, (1, 2, *PROBE_BLOCKS)), np.ones((BLOCK_PX, BLOCK_PX)))
    return np.clip(blocks * rng.normal(1, 0.01, blocks.shape), 0.6, 1).astype(np.float32)


def _logit_difference(scores: Tensor, others: Tensor) -> float:
    """Return the mean absolute difference of two answers' logits, where they are numbers."""
    one, other = (np.nan_to_num(s, nan=0.5) for s in (scores, others))
    one, other = (np.log(p / (1 - p)) for p in (np.clip(s, 1e-4, 1 - 1e-4) for s in (one, other)))
    return float(np.abs(one - other).mean())
