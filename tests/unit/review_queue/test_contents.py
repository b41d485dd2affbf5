"""The digests of what the trail does not repeat."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from review_queue.contents import content_of, decision_content, inspection_content

BOX = [{"box": [1.5, 2, 3.0, 4], "kind": "gun"}]
NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)


def of_marks(annotations: Any) -> str:
    return decision_content(reason_codes=["a"], note="n", annotations=annotations, finding_votes=[])


@pytest.mark.parametrize(
    "stored",
    ['[{"kind": "gun", "box": [1.50, 2.0, 3, 4]}]', '[{"box":[1.5,2,3.0,4e0],"kind":"gun"}]'],
)
def test_decision_content__is_the_same_for_what_a_database_gives_back(stored: str) -> None:
    """The order of keys and the way a number is written mean nothing."""
    assert of_marks(json.loads(stored)) == of_marks(BOX)


@pytest.mark.parametrize(("given", "back"), [(-0.0, "0.0"), (1e300, "1" + "0" * 300), (1e-7, "0.0000001")])
def test_decision_content__numbers_as_jsonb_writes_them(given: float, back: str) -> None:
    """What jsonb cannot keep as it was, it may change."""
    assert of_marks([given]) == of_marks(json.loads(f"[{back}]"))


def test_decision_content__every_part_counts() -> None:
    """Another reason, another note, a moved box, a turned vote, a mark that became a vote."""
    base: dict[str, Any] = {"reason_codes": ["a"], "note": "n", "annotations": BOX, "finding_votes": []}
    changes: list[dict[str, Any]] = [
        {},
        {"reason_codes": ["b"]},
        {"reason_codes": ["a", "a"]},
        {"note": "N"},
        {"annotations": [{"box": [1.5, 2, 3.0, 4.001], "kind": "gun"}]},
        {"annotations": [], "finding_votes": BOX},
        {"finding_votes": [{"finding_id": 0, "accepted": True}]},
        {"finding_votes": [{"finding_id": 0, "accepted": False}]},
    ]
    assert len({decision_content(**{**base, **change}) for change in changes}) == len(changes)


def test_inspection_content__time_zone_means_nothing() -> None:
    """An instant is an instant; a microsecond later is another."""
    fields: dict[str, Any] = {"result": "found", "kinds": ["gun"], "note": ""}
    east = NOON.astimezone(timezone(timedelta(hours=8)))
    later = NOON + timedelta(microseconds=1)
    digests = [inspection_content(**fields, inspected_at=at) for at in (NOON, east, later)]
    assert digests[0] == digests[1] != digests[2]


def test_content_of__reads_a_detail() -> None:
    """A row from before there was one has none, and neither has half of one."""
    digest = of_marks(BOX)
    assert content_of(f"disposition=inspect day=2026-11-29 content={digest}") == digest
    for detail in (None, "", "disposition=inspect", f"content={digest[:-1]}", f"discontent={digest}"):
        assert content_of(detail) is None
