"""Measure a model file on held-out seeds.

Seeds below ``HELD_OUT_SEEDS`` belong to nobody, training scenes start at 1,000,000; validation (thresholds
are chosen there) and test (nothing is chosen there) have ranges of their own.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

import cv2
import onnxruntime
from rich.progress import Progress

from datasets.synthetic.scene import SyntheticScan, make_scan
from models.contract import INPUT_NAME, OUTPUT_NAMES, ModelContract
from models.postprocess import to_findings
from models.preprocess import to_input
from training.metrics import (
    ImageResult,
    choose_thresholds,
    detection_rate,
    false_alarm_rate,
    mean_average_precision,
)

VALIDATION_SEED: Final = 2_000_000
TEST_SEED: Final = 3_000_000
_FLOOR: Final = 0.01


def evaluate(
    model_path: Path,
    *,
    n_images: int = 200,
    validation_images: int = 200,
    height_px: int = 1000,
    width_px: int = 2500,
    threads: int = 2,
    dual_energy: bool = True,
) -> dict[str, Any]:
    """Choose thresholds on validation seeds and measure on test seeds.

    Args:
        model_path: An ONNX file with a contract; it need not be pinned.
        n_images: Test scans without threats, and as many with one to three.
        validation_images: Scans without threats that set the thresholds.
        height_px: Of the scans.
        width_px: Of the scans.
        threads: Of ONNX Runtime.
        dual_energy: False: single-energy scans.

    Returns:
        JSON-ready: thresholds, false-alarm rate and localised detection at 5 % and 1 % false alarms per
        image (value and 95 % interval, all kinds and each), mAP50, and the same at the contract's own
        thresholds.
    """
    model = _Model(model_path.read_bytes(), threads=threads)
    kinds = [spec.kind for spec in model.contract.kinds]
    size = {"height_px": height_px, "width_px": width_px, "dual_energy": dual_energy}
    validation = list(_results(model, VALIDATION_SEED, validation_images, threats=False, size=size))
    benign = list(_results(model, TEST_SEED, n_images, threats=False, size=size))
    threats = list(_results(model, TEST_SEED + n_images, n_images, threats=True, size=size))
    points = {f"fa_{rate:g}": choose_thresholds(validation, kinds, rate=rate) for rate in (0.05, 0.01)}
    points["contract"] = {spec.kind: spec.threshold for spec in model.contract.kinds}
    report: dict[str, Any] = {
        "model": model.contract.name,
        "version": model.contract.version,
        "n_validation": validation_images,
        "n_benign": n_images,
        "n_threat_images": n_images,
        "n_threats": sum(len(r.truth) for r in threats),
        "dual_energy": dual_energy,
        "size_px": [width_px, height_px],
        "map50": mean_average_precision([*benign, *threats], kinds),
        "points": {},
    }
    for name, thresholds in points.items():
        report["points"][name] = {
            "thresholds": thresholds,
            "false_alarms_per_image": asdict(false_alarm_rate(benign, thresholds)),
            "detection": asdict(detection_rate(threats, thresholds)),
            "by_kind": {k: asdict(detection_rate(threats, thresholds, kind=k)) for k in kinds},
        }
    return report


class _Model:
    def __init__(self, data: bytes, *, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        self.contract = ModelContract.from_metadata(self._session.get_modelmeta().custom_metadata_map)

    def look(self, scan: SyntheticScan) -> ImageResult:
        tensor = to_input(scan.pixels, stride=self.contract.stride, min_side_px=self.contract.min_side_px)
        boxes, scores = self._session.run(list(OUTPUT_NAMES), {INPUT_NAME: tensor})
        findings = to_findings(
            boxes[0],
            scores[0],
            self.contract,
            width_px=scan.pixels.shape[2],
            height_px=scan.pixels.shape[1],
            thresholds=dict.fromkeys((spec.kind for spec in self.contract.kinds), _FLOOR),
        )
        return ImageResult(truth=scan.boxes, findings=tuple(findings))


def _results(
    model: _Model, first_seed: int, count: int, *, threats: bool, size: dict[str, Any]
) -> Iterator[ImageResult]:
    jobs = [(first_seed + i, threats, size) for i in range(count)]
    # One process draws while this one looks.
    # Spawned, not forked: a fork of a process with threads (ours has torch's) may never wake up.
    with (
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool,
        Progress(transient=True) as progress,
    ):
        for scan in progress.track(
            _drawn(pool, jobs), total=count, description="threats" if threats else "benign"
        ):
            yield model.look(scan)


def _drawn(
    pool: ProcessPoolExecutor, jobs: Sequence[tuple[int, bool, dict[str, Any]]]
) -> Iterator[SyntheticScan]:
    ahead = [pool.submit(_draw, job) for job in jobs[:3]]
    for i in range(len(jobs)):
        scan = ahead.pop(0).result()
        if i + 3 < len(jobs):
            ahead.append(pool.submit(_draw, jobs[i + 3]))
        yield scan


def _draw(job: tuple[int, bool, dict[str, Any]]) -> SyntheticScan:
    seed, threats, size = job
    cv2.setNumThreads(1)
    return make_scan(seed, threat_probability=1.0 if threats else 0.0, **size)
