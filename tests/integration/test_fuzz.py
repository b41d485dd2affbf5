"""Malformed uploads against a real server process over HTTP."""

from benchmarks.fuzz.__main__ import attack_throwaway


async def test_server__copes_with_malformed_uploads() -> None:
    """No 5xx, no request without an answer, no decoding child that ends; some damaged scans get through."""
    outcome = await attack_throwaway(n_cases=350, seed=3)
    assert outcome.cases == 350
    assert sum(outcome.answers.values()) >= 350
    assert (outcome.n_5xx, outcome.n_crashes) == (0, 0), outcome.examples
    assert outcome.decoded > 0
