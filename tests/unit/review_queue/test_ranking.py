"""Ranks order by band, then due minute, then chance that can be computed again."""

from datetime import UTC, datetime, timedelta

from review_queue.cases import Stage
from review_queue.ranking import RANDOM_BITS, draw_random, draw_share, pack_rank

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECRET = bytes(range(32))
LAST = (1 << RANDOM_BITS) - 1


def test_pack_rank__band_before_due_minute_before_chance() -> None:
    """No random bits outweigh a minute, and no minutes a band."""
    minute_later = NOON + timedelta(minutes=1)
    assert pack_rank(band=3, due_at=NOON, random=LAST) < pack_rank(band=3, due_at=minute_later, random=0)
    far = NOON + timedelta(days=20_000)
    assert pack_rank(band=3, due_at=far, random=LAST) < pack_rank(band=4, due_at=NOON, random=0)


def test_pack_rank__cases_due_in_one_minute_are_equals() -> None:
    """Within a minute only chance decides."""
    later = NOON + timedelta(seconds=59)
    assert pack_rank(band=1, due_at=NOON, random=7) == pack_rank(band=1, due_at=later, random=7)


def test_pack_rank__fits_a_positive_bigint_whatever_the_date() -> None:
    """The largest rank is below 2**62; dates outside the 26 bits are held at their ends."""
    largest = pack_rank(band=15, due_at=datetime(9999, 1, 1, tzinfo=UTC), random=LAST)
    smallest = pack_rank(band=0, due_at=datetime(1900, 1, 1, tzinfo=UTC), random=0)
    assert largest == 2**62 - 1
    assert smallest == 0


def test_draw_random__is_fixed_by_its_message() -> None:
    """The bits are those that ``openssl dgst -mac HMAC`` gives; stored ranks depend on this staying so."""
    assert draw_random(SECRET, case_id=1, cycle=1, stage=Stage.PRIMARY, tries=0) == 0x67B56077


def test_draw_random__every_part_of_the_message_counts() -> None:
    """Another case, cycle, stage or try, or another day's secret, draws other bits."""
    base = {"case_id": 1, "cycle": 1, "stage": Stage.PRIMARY, "tries": 0}
    drawn = {draw_random(SECRET, **base)}  # type: ignore[arg-type]
    for change in ({"case_id": 2}, {"cycle": 2}, {"stage": Stage.SECOND}, {"tries": 1}):
        drawn.add(draw_random(SECRET, **{**base, **change}))  # type: ignore[arg-type]
    drawn.add(draw_random(bytes(32), **base))  # type: ignore[arg-type]
    assert len(drawn) == 6


def test_draw_share__is_spread_over_the_unit_interval() -> None:
    """Of 4000 cases about a tenth draw below 0.1 (five standard deviations allowed)."""
    shares = [draw_share(SECRET, case_id=n, cycle=1) for n in range(4000)]
    assert all(0 <= share < 1 for share in shares)
    assert 305 < sum(share < 0.1 for share in shares) < 495
