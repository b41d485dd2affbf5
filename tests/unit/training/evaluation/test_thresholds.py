"""Thresholds under a false-alarm budget."""

import numpy as np
import pytest

from training.evaluation.detection import ThreatScores
from training.evaluation.thresholds import choose_thresholds, equal_thresholds, fit_tail, log_odds


def _threats(kinds: np.ndarray, own: np.ndarray, n_kinds: int) -> ThreatScores:
    scores = np.zeros((len(kinds), n_kinds))
    scores[np.arange(len(kinds)), kinds] = own
    return ThreatScores(kinds=kinds, scores=scores, groups=np.arange(len(kinds)), places=())


def _logistic(rng: np.random.Generator, middle: float, shape: tuple[int, ...]) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-rng.logistic(middle, 1.0, shape))))


def test_choose_thresholds__keep_the_promised_rate() -> None:
    """On scans of the same sort that were not used, alarms are about the budget, at 5 % and at 0.4 %."""
    rng = np.random.default_rng(0)
    benign, test = _logistic(rng, -4, (1000, 14)), _logistic(rng, -4, (50_000, 14))
    kinds = np.repeat(np.arange(14), 40)
    threats = _threats(kinds, _logistic(rng, 1.0, kinds.shape), 14)
    for rate in (0.05, 0.004):
        alarms = (test >= choose_thresholds(benign, threats, rate=rate)).any(axis=1).mean()
        assert 0.6 * rate < alarms < 1.5 * rate


def test_choose_thresholds__spend_where_it_finds_most() -> None:
    """A kind that is told apart gets the budget: more is found than by equal shares."""
    rng = np.random.default_rng(1)
    benign = np.stack([_logistic(rng, -5, (1000,)), _logistic(rng, 0, (1000,))], axis=1)
    kinds = np.repeat([0, 1], 200)
    own = np.concatenate([_logistic(rng, 0.0, (200,)), _logistic(rng, 0.3, (200,))])
    threats = _threats(kinds, own, 2)
    chosen, equal = choose_thresholds(benign, threats, rate=0.05), equal_thresholds(benign, rate=0.05)
    assert threats.hits(chosen).sum() > threats.hits(equal).sum()
    assert (benign >= chosen).any(axis=1).mean() <= 0.05


def test_choose_thresholds__a_kind_without_validation_threats_is_not_switched_off() -> None:
    """It keeps its part of the basis."""
    rng = np.random.default_rng(2)
    benign = _logistic(rng, -4, (1000, 2))
    threats = _threats(np.zeros(50, np.int64), _logistic(rng, 2, (50,)), 2)
    assert choose_thresholds(benign, threats, rate=0.05)[1] < 0.99


def test_equal_thresholds__keep_the_rate_they_were_chosen_at() -> None:
    """On the images they were chosen on, alarms are at most the rate, and not needlessly fewer."""
    benign = np.random.default_rng(0).random((400, 2)) * [1.0, 0.5]
    alarms = (benign >= equal_thresholds(benign, rate=0.05)).any(axis=1).mean()
    assert 0.04 <= alarms <= 0.05


def test_fit_tail__reads_beyond_the_highest_score() -> None:
    """An exponential tail is continued: a rate of 1 in 10,000 is found from 1,000 scores within a factor."""
    rng = np.random.default_rng(3)
    odds = rng.exponential(1.0, 1000) - 3
    tail = fit_tail(1 / (1 + np.exp(-odds)))
    assert log_odds(np.array(tail.threshold(1e-4))) == pytest.approx(-3 + np.log(1e4), abs=1.5)
    assert tail.rate(np.array(tail.threshold(1e-4))) == pytest.approx(1e-4)


def test_fit_tail__no_score_at_all() -> None:
    """A kind never seen in benign scans gets a low threshold, not a crash."""
    assert fit_tail(np.zeros(100)).threshold(0.001) < 0.1
