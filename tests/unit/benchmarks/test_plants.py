"""Every planted bug still finds what it replaces: statements change, and a plant must not miss."""

from collections.abc import Iterator

import pytest

from benchmarks.queue_faults import plants
from benchmarks.queue_faults.planting import PlantError, put, swap
from benchmarks.queue_faults.plants import PLANTS
from review_queue import claim_statements, matching, statements
from review_queue.claims import Claimer
from review_queue.decisions import Decider

OWNERS = (claim_statements, matching, statements, Claimer, Decider)


@pytest.fixture(autouse=True)
def untouched() -> Iterator[list[dict[str, object]]]:
    """What the owners hold before; put back afterwards."""
    before = [dict(vars(owner)) for owner in OWNERS]
    yield before
    for owner, held in zip(OWNERS, before, strict=True):
        for name, value in held.items():
            if vars(owner)[name] is not value:
                setattr(owner, name, value)


@pytest.mark.parametrize("name", sorted(PLANTS))
def test_plant__changes_something(
    name: str, untouched: list[dict[str, object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each plant can be planted, and changes a statement, a method or the database."""
    sql: list[str] = []
    monkeypatch.setattr(plants, "run_sql", sql.append)
    PLANTS[name].plant(1)
    assert sql or [dict(vars(owner)) for owner in OWNERS] != untouched


def test_client_clock__is_one_workers_only(untouched: list[dict[str, object]]) -> None:
    """Of several workers one has the wrong clock."""
    PLANTS["client_clock"].plant(0)
    assert [dict(vars(owner)) for owner in OWNERS] == untouched


def test_swap__refuses_what_is_not_there() -> None:
    """A piece that a statement does not contain, and a name that nobody has, are errors."""
    with pytest.raises(PlantError, match="does not contain"):
        swap(statements, "DECIDE", "no such text", "")
    with pytest.raises(PlantError, match="has no"):
        put(Claimer, "no_such_method", None)
