"""What the program's settings make of the engine that screens."""

from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from app.settings import Settings
from app.wiring import engine_options
from inference.metrics import InferenceMetrics
from inference.settings import EngineKind, ScreeningSettings


def test_engine_options__batches_are_counted_and_kept_in_the_data_folder(tmp_path: Path) -> None:
    """A forced number of images reaches the engine, and its batches reach Prometheus."""
    registry = CollectorRegistry()
    settings = Settings(data=tmp_path, engine=EngineKind.TORCH_CPU, engine_batch=4)
    options = engine_options(settings, ScreeningSettings(n_runners=2), InferenceMetrics(registry))
    assert (options.n_images, options.measured_in, options.may_batch) == (4, tmp_path / "batch-sizes", True)
    assert options.count_batch is not None
    options.count_batch(3)
    assert registry.get_sample_value("shenxiang_engine_batch_size_sum") == 3


@pytest.mark.parametrize(
    ("engine", "n_images", "n_runners", "batches"),
    [
        (EngineKind.TORCH_CUDA_BF16, 0, 2, True),
        (EngineKind.ONNXRUNTIME_CUDA, 1, 2, False),
        (EngineKind.ONNXRUNTIME_CUDA, 0, 1, False),  # nobody to share a batch with
        (EngineKind.ONNXRUNTIME_CPU, 0, 2, False),
        (EngineKind.TORCH_CPU, 0, 2, False),
        (EngineKind.OPENVINO, 2, 2, True),
    ],
)
def test_engine_options__gpus_make_batches_and_processors_do_when_told(
    engine: EngineKind, n_images: int, n_runners: int, batches: bool
) -> None:
    """On a processor decoding and running stay fused in each thread."""
    options = engine_options(
        Settings(engine=engine, engine_batch=n_images),
        ScreeningSettings(n_runners=n_runners),
        InferenceMetrics(),
    )
    assert options.may_batch is batches
