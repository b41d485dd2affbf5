"""Results on disk."""

import json

from tests.unit.training.evaluation.hand_made import hidden, image, said
from training.evaluation.document import to_plain
from training.evaluation.results import ImageResult


def test_image_result__survives_json() -> None:
    """What is written is what is read, within the stated rounding."""
    before = image(
        said("gun", 0.123456, (1.0, 2.0, 3.5, 4.0), overlying=1.25), truth=(hidden("blade", unseen=True),)
    )
    assert ImageResult.from_row(json.loads(json.dumps(before.to_row()))) == before


def test_to_plain__no_number_is_null() -> None:
    """JSON has no NaN and no infinity."""
    assert to_plain({"a": [float("nan"), 1.0000004], "b": float("inf")}) == {"a": [None, 1.0], "b": None}
