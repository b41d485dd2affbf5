"""False alarms and detection at one set of thresholds, in all the divisions that are reported."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.evaluation.coco_map import OVERLYING
from training.evaluation.detection import false_alarm_rate, false_alarms_per_image, score_threats, share
from training.evaluation.results import ImageResult


def measure_point(
    benign: Sequence[ImageResult],
    threats: Sequence[ImageResult],
    kinds: Sequence[str],
    thresholds: NDArray[np.float64],
) -> dict[str, Any]:
    """Measure at given thresholds.

    Args:
        benign: Images without threats.
        threats: Images with.
        kinds: That count, as alarms and as threats.
        thresholds: Shape ``(K,)``, in their order.

    Returns:
        JSON-ready shares with 95 % intervals over groups of images; ``n`` counts threats.
    """
    scores = score_threats(threats, kinds)
    truth = [threats[image].truth[place] for image, place in scores.places]
    hits = scores.hits(thresholds)
    over = np.array([t.overlying for t in truth])

    def _of(chosen: Sequence[bool] | NDArray[np.bool_]) -> dict[str, float]:
        mask = np.asarray(chosen, dtype=bool)
        return {**asdict(share(hits[mask], scores.groups[mask])), "n": int(mask.sum())}

    return {
        "thresholds": dict(zip(kinds, thresholds.tolist(), strict=True)),
        "false_alarms": asdict(false_alarm_rate(benign, kinds, thresholds)),
        "false_findings_per_image": false_alarms_per_image(benign, kinds, thresholds),
        "detection": _of(np.ones(len(hits), dtype=bool)),
        "detection_of_any_kind": asdict(share(scores.hits(thresholds, any_kind=True), scores.groups)),
        "by_kind": {
            kind: _of(scores.kinds == k) for k, kind in enumerate(kinds) if (scores.kinds == k).any()
        },
        "by_overlying": {name: _of((over >= low) & (over < high)) for name, (low, high) in OVERLYING.items()},
        "unseen_shapes": _of([t.is_unseen for t in truth]),
        "seen_shapes": _of([not t.is_unseen for t in truth]),
    }
