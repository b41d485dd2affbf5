"""What intake, screening, engines and webhooks run with. ``app.settings`` fills it.

Every field has its unit in its name. The defaults suit one machine that serves a few stations.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from scans.image_info import ImageLimits

MIB = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class IntakeSettings:
    """Limits on what stations send.

    Attributes:
        limits: Limits on one image, checked on its structure; ``max_bytes`` also bounds its body.
        in_flight_bytes: Body bytes being received at once; more is refused with ``busy``.
        receive_timeout_s: Longest time one body may take to arrive.
        receive_grace_s: A body may be silent this long at its start before the least rate counts.
        min_rate_bytes_per_s: Least mean rate at which a body has to arrive after the grace.
        max_scan_json_bytes: Largest scan description.
        max_multipart_bytes: Largest multipart body, all parts together.
        max_multipart_parts: Most parts of a multipart body.
        concurrent_scans: Scans being decoded and stored at once; each holds a database connection.
        waiting_scans: Scans that may wait for that; more is refused with ``busy``.
        max_wait_s: Longest ``wait`` of a station for a disposition.
        recheck_s: How often a waiting request looks at the database in case a notification was lost.
        key_cache_s: How long a station key is believed without a query; a revoked key dies this soon.
        database_timeout_s: How long a request waits for a free database connection.
    """

    limits: ImageLimits = field(default_factory=ImageLimits)
    in_flight_bytes: int = 384 * MIB
    receive_timeout_s: float = 60.0
    receive_grace_s: float = 10.0
    min_rate_bytes_per_s: float = 32 * 1024
    max_scan_json_bytes: int = 2 * MIB
    max_multipart_bytes: int = 256 * MIB
    max_multipart_parts: int = 16
    concurrent_scans: int = 4
    waiting_scans: int = 64
    max_wait_s: float = 60.0
    recheck_s: float = 5.0
    key_cache_s: float = 2.0
    database_timeout_s: float = 5.0


class EngineKind(StrEnum):
    """Every engine; its value is what a setting and a stored screening say."""

    ONNXRUNTIME_CPU = "onnxruntime-cpu"
    ONNXRUNTIME_CUDA = "onnxruntime-cuda"
    ONNXRUNTIME_TENSORRT = "onnxruntime-tensorrt"
    OPENVINO = "openvino"
    OPENVINO_BF16 = "openvino-bf16"
    TORCH_CPU = "torch-cpu"
    TORCH_CPU_BF16 = "torch-cpu-bf16"
    TORCH_CUDA = "torch-cuda"
    TORCH_CUDA_BF16 = "torch-cuda-bf16"
    KSERVE = "kserve"


ON_GPU = frozenset(
    {
        EngineKind.ONNXRUNTIME_CUDA,
        EngineKind.ONNXRUNTIME_TENSORRT,
        EngineKind.TORCH_CUDA,
        EngineKind.TORCH_CUDA_BF16,
    }
)


@dataclass(frozen=True, kw_only=True)
class EngineOptions:
    """Which engine, and how.

    Attributes:
        kind: Which.
        n_calls: Calls that are expected at once; each gets one thread of the processor.
        url: Of the server behind ``kserve``.
        key: Bearer token for it, if it wants one.
        timeout_s: Longest time of a call over the network, or of waiting for a batch.
        n_images: Run together, each as large as ``engines.BATCH_HEIGHT_PX`` says; 0 measures it on a GPU,
            and takes one at a time on a processor, where more would gain nothing.
        measured_in: Folder that keeps what was measured.
        count_batch: Told the images of each batch.
    """

    kind: EngineKind = EngineKind.ONNXRUNTIME_CPU
    n_calls: int = 1
    url: str | None = None
    key: str | None = field(default=None, repr=False)
    timeout_s: float = 20.0
    n_images: int = 0
    measured_in: Path | None = None
    count_batch: Callable[[int], None] | None = field(default=None, repr=False, compare=False)

    @property
    def may_batch(self) -> bool:
        """Whether calls may be put together."""
        return self.n_calls > 1 and (self.n_images > 1 or (self.n_images == 0 and self.kind in ON_GPU))


class RescoreEngine(StrEnum):
    """Who scores the archive."""

    THREADS = "threads"
    RAY = "ray"


@dataclass(frozen=True, kw_only=True)
class RayOptions:
    """Where Ray runs, and what it gives a worker of a re-scoring.

    Attributes:
        address: Of a cluster, ``HOST:PORT`` or ``auto``; None starts Ray on this machine for the run.
        n_workers: Workers at most, each with one core; 0 takes as many as there are cores.
        gpu_share: Part of a GPU for each worker; 0 for engines on the processor.
    """

    address: str | None = None
    n_workers: int = 0
    gpu_share: float = 0.0


@dataclass(frozen=True, kw_only=True)
class ScreeningSettings:
    """How scans are screened.

    Attributes:
        n_runners: Threads that decode and infer, one scan each.
        lease_s: A job whose worker died is free again this soon; a live worker extends its leases.
        poll_s: How often to look for jobs when no notification came.
        run_timeout_s: Longest time one scan may spend in the engine.
        max_tries: Attempts at one scan before a person gets it.
        retry_base_s: Pause before the second attempt; it doubles for each further one.
        deadline_s: A scan that could not be screened by then goes to a person.
        reload_s: How often to look whether another model is pinned, or a model loads that did not.
        drain_s: How long a stopping worker lets running scans finish.
        photos_timeout_s: Longest time that the gate photos of a scan may take, beside the detector.
    """

    n_runners: int = field(default_factory=lambda: os.cpu_count() or 1)
    lease_s: float = 15.0
    poll_s: float = 1.0
    run_timeout_s: float = 20.0
    max_tries: int = 3
    retry_base_s: float = 1.0
    deadline_s: float = 30.0
    reload_s: float = 5.0
    drain_s: float = 10.0
    photos_timeout_s: float = 10.0


@dataclass(frozen=True, kw_only=True)
class ModelApiSettings:
    """Limits on clients of the inference protocol.

    Attributes:
        n_runners: Calls in the engine at once, beside those of screening.
        max_requests: Calls in hand, being received or waiting for the engine; more answer ``busy``.
        max_bytes: Largest body with a binary tensor; 64 MiB are 8 million pixels of two energies.
        max_json_bytes: Largest JSON, also of a body with a binary tensor: parsed, numbers take several times
            as much.
        in_flight_bytes: Body bytes in hand at once; more is refused with ``busy``.
        run_timeout_s: Longest time one call may spend in the engine.
    """

    n_runners: int = field(default_factory=lambda: max(1, (os.cpu_count() or 1) // 2))
    max_requests: int = 32
    max_bytes: int = 64 * MIB
    max_json_bytes: int = 8 * MIB
    in_flight_bytes: int = 256 * MIB
    run_timeout_s: float = 20.0


@dataclass(frozen=True, kw_only=True)
class WebhookSettings:
    """How dispositions are delivered.

    Attributes:
        poll_s: How often to look for due deliveries when no notification came.
        timeout_s: Longest time one delivery may take.
        concurrency: Deliveries under way at once.
        retry_base_s: Pause after the first failure; doubles for each further one, with jitter.
        retry_cap_s: Longest pause between two attempts.
        abandon_after_s: A delivery that has not succeeded by then is given up.
    """

    poll_s: float = 1.0
    timeout_s: float = 10.0
    concurrency: int = 16
    retry_base_s: float = 5.0
    retry_cap_s: float = 6 * 3600.0
    abandon_after_s: float = 3 * 24 * 3600.0
