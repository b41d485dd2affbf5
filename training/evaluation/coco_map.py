"""Average precision as COCO defines it, computed by pycocotools.

Average precision counts false alarms against the number of threats, so a subset with fewer threats has a
lower one at the same skill. Sizes and overlying attenuation therefore divide findings as well as threats;
seen and unseen shapes, which a false alarm has none of, are compared at equal numbers of threats per kind.
"""

import contextlib
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from training.evaluation.detection import Interval
from training.evaluation.results import ImageResult, ScoredBox, Truth

Float64 = NDArray[np.float64]
Range = tuple[float, float]

SIZES: Final[Mapping[str, Range]] = {
    "small": (0, 32**2),
    "medium": (32**2, 96**2),
    "large": (96**2, 1e10),
}
"""Of boxes, square pixels; COCO's."""
OVERLYING: Final[Mapping[str, Range]] = {
    "T above 0.37": (0, 1),
    "T 0.37 to 0.14": (1, 2),
    "T 0.14 to 0.03": (2, 3.5),
    "T below 0.03": (3.5, 1e3),
}
"""-ln T around the box; 1, 2 and 3.5 are about 32, 65 and 113 mm of steel at 6 MeV."""
_EVERYTHING: Final[Range] = (0, 1e10)
_OUTSIDE: Final = 1e12
_MAX_FINDINGS: Final = 100
_IOUS: Final = np.linspace(0.5, 0.95, 10)
_ROUNDS: Final = 200

Value = float | None


@dataclass(frozen=True, kw_only=True)
class Precision:
    """Mean average precision; None where there is no threat.

    Attributes:
        map50: At an intersection over union of 0.5.
        map: Mean over 0.5 to 0.95 in steps of 0.05.
        by_kind: Both for every kind with threats.
    """

    map50: Value
    map: Value
    by_kind: Mapping[str, tuple[float, float]]


@dataclass(frozen=True, kw_only=True)
class Overall:
    """Precision of a whole benchmark.

    Attributes:
        precision: The means.
        map50: With the percentile interval of drawing images with replacement.
        curves: Of every kind with threats, precision at recall 0, 0.01, … 1; intersection over union 0.5.
    """

    precision: Precision
    map50: Interval
    curves: Mapping[str, list[float]]


def mean_average_precision(results: Sequence[ImageResult], kinds: Sequence[str]) -> Precision:
    """Over all images and every kind that has threats."""
    return _summarise(_evaluate(results, kinds, ranges={"all": _EVERYTHING}), kinds, 0)


def by_size(results: Sequence[ImageResult], kinds: Sequence[str]) -> dict[str, Precision]:
    """For COCO's three sizes of boxes."""
    return _divide(results, kinds, SIZES, lambda box: _area(box.box_xyxy))


def by_overlying(results: Sequence[ImageResult], kinds: Sequence[str]) -> dict[str, Precision]:
    """For bands of the attenuation over the threat, and around the finding."""
    return _divide(results, kinds, OVERLYING, lambda box: box.overlying)


def compare_unseen(results: Sequence[ImageResult], kinds: Sequence[str]) -> tuple[Value, Value]:
    """mAP50 of shapes never trained on, and of trained ones, at equal numbers of threats per kind.

    Kinds that lack one or the other are left out. Seen threats are drawn three times, by a fixed seed; those
    not drawn are ignored, neither found nor missed.
    """
    places: dict[str, tuple[list[tuple[int, int]], list[tuple[int, int]]]] = {k: ([], []) for k in kinds}
    for image, result in enumerate(results):
        for place, truth in enumerate(result.truth):
            if truth.kind in places:
                places[truth.kind][truth.is_unseen].append((image, place))
    both = [kind for kind in kinds if all(places[kind])]
    if not both:
        return None, None
    rng = np.random.default_rng(0)
    known: dict[frozenset[tuple[int, int]], float] = {}  # the rarer group is the same in every draw
    values: tuple[list[float], list[float]] = ([], [])
    for _ in range(3):
        drawn: tuple[set[tuple[int, int]], set[tuple[int, int]]] = (set(), set())
        for kind in both:
            n = min(len(places[kind][0]), len(places[kind][1]))
            for group, chosen in zip(places[kind], drawn, strict=True):
                chosen.update(group[int(i)] for i in rng.permutation(len(group))[:n])
        for chosen, means in zip(drawn, values, strict=True):
            key = frozenset(chosen)
            if key not in known:
                known[key] = _map50_of(results, both, chosen)
            means.append(known[key])
    return float(np.mean(values[1])), float(np.mean(values[0]))


def measure_overall(results: Sequence[ImageResult], kinds: Sequence[str]) -> Overall:
    """As ``mean_average_precision``, with the interval of mAP50 and the curves behind it."""
    evaluation = _evaluate(results, kinds, ranges={"all": _EVERYTHING})
    curves = evaluation.eval["precision"][0, :, :, 0, 0]
    ranked = [_rank(evaluation, k, len(results)) for k in range(len(kinds))]
    ranked = [kind for kind in ranked if kind is not None]
    rng = np.random.default_rng(0)
    draws = (rng.integers(0, len(results), len(results)) for _ in range(_ROUNDS))
    values = [_weighted_map(ranked, np.bincount(draw, minlength=len(results))) for draw in draws]
    low, high = np.nanquantile(values, [0.025, 0.975])
    value = _weighted_map(ranked, np.ones(len(results)))
    return Overall(
        precision=_summarise(evaluation, kinds, 0),
        map50=Interval(value=value, low=float(low), high=float(high)),
        curves={kind: curves[:, k].tolist() for k, kind in enumerate(kinds) if curves[0, k] >= 0},
    )


def _divide(
    results: Sequence[ImageResult],
    kinds: Sequence[str],
    ranges: Mapping[str, Range],
    measure: Callable[[Truth | ScoredBox], float],
) -> dict[str, Precision]:
    evaluation = _evaluate(results, kinds, ranges=ranges, measure=measure)
    return {name: _summarise(evaluation, kinds, number) for number, name in enumerate(ranges)}


def _map50_of(results: Sequence[ImageResult], kinds: Sequence[str], chosen: set[tuple[int, int]]) -> float:
    evaluation = _evaluate(results, kinds, ranges={"chosen": _EVERYTHING}, ious=_IOUS[:1], chosen=chosen)
    value = _summarise(evaluation, kinds, 0).map50
    return float("nan") if value is None else value


def _evaluate(
    results: Sequence[ImageResult],
    kinds: Sequence[str],
    *,
    ranges: Mapping[str, Range],
    measure: Callable[[Truth | ScoredBox], float] = lambda box: 1.0,
    ious: Float64 = _IOUS,
    chosen: set[tuple[int, int]] | None = None,
) -> Any:
    """Run pycocotools, with ``measure`` in the place of the area; threats not chosen are ignored."""
    with contextlib.redirect_stdout(io.StringIO()):  # it prints its progress
        truth, found = _to_coco(results, kinds, measure, chosen)
        evaluation = COCOeval(truth, found, "bbox")
        evaluation.params.iouThrs = ious
        evaluation.params.areaRng = [list(bounds) for bounds in ranges.values()]
        evaluation.params.areaRngLbl = list(ranges)
        evaluation.params.maxDets = [_MAX_FINDINGS]
        evaluation.evaluate()
        evaluation.accumulate()
    return evaluation


def _to_coco(
    results: Sequence[ImageResult],
    kinds: Sequence[str],
    measure: Callable[[Truth | ScoredBox], float],
    chosen: set[tuple[int, int]] | None,
) -> tuple[COCO, COCO]:
    numbers = {kind: number for number, kind in enumerate(kinds, start=1)}
    images = [{"id": image} for image in range(len(results))]
    categories = [{"id": number, "name": kind} for kind, number in numbers.items()]
    threats = [
        _annotation(image, numbers[t.kind], t)
        | {"area": measure(t) if chosen is None or (image, place) in chosen else _OUTSIDE, "iscrowd": 0}
        for image, result in enumerate(results)
        for place, t in enumerate(result.truth)
        if t.kind in numbers
    ]
    findings = [
        _annotation(image, numbers[b.kind], b) | {"area": measure(b), "score": b.score}
        for image, result in enumerate(results)
        for b in result.boxes
        if b.kind in numbers
    ]
    return _index(images, categories, threats), _index(images, categories, findings)


def _annotation(image: int, category: int, box: Truth | ScoredBox) -> dict[str, Any]:
    x0, y0, x1, y1 = box.box_xyxy
    return {"image_id": image, "category_id": category, "bbox": [x0, y0, x1 - x0, y1 - y0]}


def _index(
    images: list[dict[str, Any]], categories: list[dict[str, Any]], boxes: list[dict[str, Any]]
) -> COCO:
    coco = COCO()
    numbered = [box | {"id": number} for number, box in enumerate(boxes, start=1)]
    coco.dataset = {"info": {}, "images": images, "categories": categories, "annotations": numbered}
    coco.createIndex()
    return coco


def _summarise(evaluation: Any, kinds: Sequence[str], number: int) -> Precision:
    """Read range ``number``; pycocotools marks what has no threats with -1."""
    curves = evaluation.eval["precision"][:, :, :, number, 0]  # IoU, recall, kind
    by_kind = {
        kind: (float(curves[0, :, k].mean()), float(curves[:, :, k].mean()))
        for k, kind in enumerate(kinds)
        if curves[0, 0, k] >= 0
    }
    if not by_kind:
        return Precision(map50=None, map=None, by_kind={})
    map50, map_ = np.mean(list(by_kind.values()), axis=0)
    return Precision(map50=float(map50), map=float(map_), by_kind=by_kind)


def _rank(evaluation: Any, kind: int, n_images: int) -> tuple[Float64, NDArray[np.int64], Float64] | None:
    """One kind's findings, best first: whether each is right, its image; and the threats per image."""
    rows = [row for row in evaluation.evalImgs[kind * n_images : (kind + 1) * n_images] if row is not None]
    threats = np.zeros(n_images)
    for row in rows:
        threats[row["image_id"]] += len(row["gtIds"])
    if not threats.any():
        return None
    scores = np.concatenate([np.asarray(row["dtScores"], float) for row in rows])
    right = np.concatenate([np.asarray(row["dtMatches"][0] > 0, float) for row in rows])
    images = np.concatenate([np.full(len(row["dtScores"]), row["image_id"]) for row in rows]).astype(np.int64)
    order = np.argsort(-scores, kind="mergesort")
    return right[order], images[order], threats


def _weighted_map(ranked: Sequence[Any], weights: NDArray[Any]) -> float:
    """Mean average precision of images counted so many times, by COCO's 101 points of recall."""
    values = []
    for right, images, threats in ranked:
        n_threats = float((threats * weights).sum())
        if n_threats == 0:
            continue
        weight = weights[images]
        true = np.cumsum(right * weight)
        precision = true / np.maximum(np.cumsum(weight), 1e-9)
        envelope = np.append(np.maximum.accumulate(precision[::-1])[::-1], 0.0)
        points = np.searchsorted(true / n_threats, np.linspace(0, 1, 101), side="left")
        values.append(envelope[points].mean())
    return float(np.mean(values)) if values else float("nan")


def _area(box: tuple[float, float, float, float]) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])
