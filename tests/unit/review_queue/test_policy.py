"""Urgency, time limits and second review."""

import itertools

import pytest

from review_queue.cases import CaseReason, Verdict
from review_queue.policy import LAST_BAND, QueuePolicy


def test_band_of__more_risk_never_waits_longer() -> None:
    """For every reason the band falls, or stays, as the risk grows."""
    policy = QueuePolicy()
    for reason in CaseReason:
        bands = [policy.band_of(reason, risk / 100) for risk in range(101)]
        assert all(later <= earlier for earlier, later in itertools.pairwise(bands))
        assert all(0 <= band <= LAST_BAND for band in bands)


def test_band_of__what_could_not_be_screened_goes_before_a_weak_finding() -> None:
    """What nobody could screen goes before a low-risk finding, a sampled clear scan comes last."""
    policy = QueuePolicy()
    unscreenable = policy.band_of(CaseReason.UNSCREENABLE, 0.0)
    finding = policy.band_of(CaseReason.FINDING, 0.35)
    assert unscreenable < finding < policy.band_of(CaseReason.SAMPLED, 0.0)


def test_second_review__risky_release_always_others_by_lot() -> None:
    """A release of a risky scan is always seen twice; everything else only when drawn."""
    policy = QueuePolicy(second_review_min_risk=0.8, second_review_sample=0.1)
    assert policy.second_review(Verdict.RELEASE, 0.8, draw=0.99) == "risk"
    assert policy.second_review(Verdict.RELEASE, 0.79, draw=0.99) is None
    assert policy.second_review(Verdict.INSPECT, 1.0, draw=0.99) is None
    assert policy.second_review(Verdict.INSPECT, 0.0, draw=0.0999) == "sample"
    assert policy.second_review(Verdict.INSPECT, 0.0, draw=0.1) is None


@pytest.mark.parametrize(
    "broken",
    [
        {"sla_s": (60.0,)},
        {"lease_ttl_s": 0},
        {"max_tries": 0},
        {"second_review_sample": 1.5},
    ],
)
def test_queue_policy__nonsense_is_refused(broken: dict[str, float]) -> None:
    """A policy that could not work is refused when it is made."""
    with pytest.raises(ValueError):  # noqa: PT011 - the message names the field
        QueuePolicy(**broken)  # type: ignore[arg-type]
