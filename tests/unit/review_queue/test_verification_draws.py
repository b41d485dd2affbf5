"""What was left to chance: uncommitted secrets, and ranks and samples that were not drawn, are named."""

import hashlib
from typing import Any

import pytest

from review_queue.cases import Verdict
from review_queue.ranking import draw_share
from review_queue.verification.findings import FindingCode
from tests.unit.review_queue.trails import DAY, SECRET, TrailWriter, follow_trail, write_busy_day

OTHER = bytes(32)


@pytest.fixture
def trail() -> TrailWriter:
    """A trail with the commitment and one reviewer."""
    writer = TrailWriter()
    writer.hire()
    return writer


def test_draws__every_rank_of_a_busy_day_is_computed_again() -> None:
    """Ranks of openings, returns and forwardings all come out the same."""
    trail = write_busy_day(200, seed=4)
    verified = follow_trail(trail)
    n_entries = sum(row.rank is not None and row.event != "case_leased" for row in trail.rows)
    assert verified.found == []
    assert verified.book.draws.n_ranks == n_entries > 200


def test_draws__chosen_random_bits_are_named(trail: TrailWriter) -> None:
    """A case put in front of its equals by other random bits is named."""
    trail.open()
    trail.open(random=0)
    assert follow_trail(trail).found == [(FindingCode.RANK_WRONG, 3)]


def test_draws__unrevealed_day_is_counted(trail: TrailWriter) -> None:
    """While the secret of a day is not revealed its ranks are counted, and nothing is wrong."""
    trail.open(random=0)
    verified = follow_trail(trail, is_revealed=False)
    assert verified.found == []
    assert (verified.book.draws.n_ranks, verified.book.draws.n_unrevealed) == (0, 1)
    assert verified.book.draws.unrevealed == {DAY}


def test_draws__exchanged_secret_is_named(trail: TrailWriter) -> None:
    """A secret that is not the one committed to, tried until it suited, is named at its commitment."""
    trail.open()
    assert follow_trail(trail, secret=OTHER).found == [(FindingCode.SECRET_WRONG, 1)]


def test_draws__second_commitment_is_named(trail: TrailWriter) -> None:
    """A day has one secret."""
    commitment = hashlib.sha256(OTHER).hexdigest()
    detail = f"day={DAY} commitment={commitment}"
    trail.write(event="rank_secret_committed", actor="system:queue", detail=detail)
    assert follow_trail(trail).found == [(FindingCode.SECRET_COMMITTED_TWICE, 2)]


def test_draws__commitment_after_the_first_use_is_named(trail: TrailWriter) -> None:
    """The commitment comes before the first rank of its day."""
    trail.open()
    rows = [trail.rows[1], trail.rows[0]]
    assert follow_trail(trail, rows).found == [(FindingCode.SECRET_UNCOMMITTED, 2)]


def test_draws__secret_without_commitment_is_found() -> None:
    """A stored secret that the trail does not know is found though nothing used it."""
    assert follow_trail(TrailWriter(), []).codes == [FindingCode.SECRET_UNCOMMITTED]


def test_draws__secret_of_another_day_is_named(trail: TrailWriter) -> None:
    """A rank is drawn by the secret of its own day; none can be chosen for what it gives."""
    trail.open()
    row = trail.rows[1]
    trail.rows[1] = row._replace(at=row.at.replace(day=25))
    assert follow_trail(trail).found == [(FindingCode.RANK_WRONG, 2)]
    trail.rows[1] = row._replace(at=row.at.replace(day=24, hour=0, minute=1))
    assert follow_trail(trail).found == []


@pytest.mark.parametrize(
    ("secret", "codes"),
    [(SECRET.hex(), []), (OTHER.hex(), [FindingCode.SECRET_WRONG]), ("x", [FindingCode.ROW_MALFORMED])],
)
def test_draws__revealed_secret_is_compared(trail: TrailWriter, secret: str, codes: list[Any]) -> None:
    """The secret in the trail is the one committed to."""
    detail = f"day={DAY} secret={secret}"
    trail.write(event="rank_secret_revealed", actor="system:queue", detail=detail)
    assert follow_trail(trail).codes == codes


@pytest.mark.parametrize("is_drawn", [True, False])
@pytest.mark.parametrize("is_sampled", [True, False])
def test_draws__second_review_against_its_draw_is_named(
    trail: TrailWriter, is_drawn: bool, is_sampled: bool
) -> None:
    """Where a primary decision tells the share, whoever was drawn is sampled and nobody else."""
    li, case_id = trail.people[1], trail.open()
    share = draw_share(SECRET, case_id=case_id, cycle=1)
    sample = share + 0.001 if is_drawn else share - 0.001
    trail.lease(li, case_id)
    trail.decide(li, case_id, Verdict.RELEASE, stage=2 if is_sampled else None)
    why = " why=sample" if is_sampled else ""
    row = trail.rows[-1]
    trail.rows[-1] = row._replace(detail=f"{row.detail}{why} sample={sample:.9f}")
    expected = [] if is_drawn == is_sampled else [(FindingCode.DRAW_WRONG, row.seq)]
    assert follow_trail(trail).found == expected
