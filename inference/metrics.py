"""What intake, screening and the inference protocol count, for Prometheus (docs/reference/metrics.md).

Counting is an addition in memory. Labels come from closed lists or from the ports; never from a request.
"""

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Histogram

STAGE_BUCKETS_S = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0)
BATCH_BUCKETS = (1, 2, 4, 8, 16, 32, 64)


class InferenceMetrics:
    """The counters of one process.

    Args:
        registry: Where they are found; without one they count for nobody.
    """

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self._scans = Counter(
            "shenxiang_scans_received", "Scans accepted, each once.", ["port"], registry=registry
        )
        self._screenings = Counter(
            "shenxiang_screenings", "Scans the model has screened.", ["outcome"], registry=registry
        )
        self._unscreened = Counter(
            "shenxiang_unscreened_scans",
            "Scans given to a person without a screening.",
            ["reason"],
            registry=registry,
        )
        self._photos = Counter(
            "shenxiang_gate_photo_checks",
            "Scans whose gate photos were compared with their container number.",
            ["outcome"],
            registry=registry,
        )
        self._stages = Histogram(
            "shenxiang_screening_stage_seconds",
            "Time of one scan in one step of its screening.",
            ["stage"],
            buckets=STAGE_BUCKETS_S,
            registry=registry,
        )
        self._batches = Histogram(
            "shenxiang_infer_batch_size",
            "Inputs of one call of the inference protocol.",
            buckets=BATCH_BUCKETS,
            registry=registry,
        )
        self._engine_batches = Histogram(
            "shenxiang_engine_batch_size",
            "Images that the engine ran together, where it makes batches.",
            buckets=BATCH_BUCKETS,
            registry=registry,
        )
        self._infers = Histogram(
            "shenxiang_infer_seconds",
            "Time of one call of the inference protocol in the engine, from body to answer.",
            buckets=STAGE_BUCKETS_S,
            registry=registry,
        )

    def count_scan(self, port: str) -> None:
        """Count a scan that is new here."""
        self._scans.labels(port).inc()

    def count_screening(self, outcome: str, timings_ms: Mapping[str, float]) -> None:
        """Count a stored screening and how long its steps took."""
        self._screenings.labels(outcome).inc()
        for stage, time_ms in timings_ms.items():
            self._stages.labels(stage).observe(time_ms / 1000)

    def count_unscreened(self, reason: str) -> None:
        """Count a scan that went to a person without a screening."""
        self._unscreened.labels(reason).inc()

    def count_photos(self, outcome: str) -> None:
        """Count a scan whose gate photos were read, or could not be."""
        self._photos.labels(outcome).inc()

    def count_engine_batch(self, n_images: int) -> None:
        """Count a batch that the engine ran; called from its thread."""
        self._engine_batches.observe(n_images)

    def count_infer(self, n_inputs: int, time_s: float) -> None:
        """Count an answered call of the inference protocol."""
        self._batches.observe(n_inputs)
        self._infers.observe(time_s)
