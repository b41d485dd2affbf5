"""Guessing is slowed down per login and address; a person who knows the password is not."""

import pytest

from review_ui import throttle
from review_ui.errors import LoginThrottledError
from review_ui.throttle import FREE_TRIES, LONGEST_PAUSE_S, LoginThrottle, pause_s


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def fail(limiter: LoginThrottle, times: int, address: str = "10.0.0.1") -> None:
    for _ in range(times):
        limiter.start("lin", address)


def test_start__sixth_failure_in_a_row_has_to_wait() -> None:
    """Five tries are free; then the caller is told how long to wait."""
    clock = Clock()
    limiter = LoginThrottle(clock=clock)
    fail(limiter, FREE_TRIES)
    with pytest.raises(LoginThrottledError) as caught:
        limiter.start("lin", "10.0.0.1")
    assert caught.value.retry_after_s == pytest.approx(15)
    clock.now += 15.1
    limiter.start("lin", "10.0.0.1")
    with pytest.raises(LoginThrottledError) as caught:
        limiter.start("lin", "10.0.0.1")
    assert caught.value.retry_after_s == pytest.approx(30)


def test_start__refused_attempts_do_not_lengthen_the_pause() -> None:
    """Hammering while throttled does not keep the owner out for longer."""
    clock = Clock()
    limiter = LoginThrottle(clock=clock)
    fail(limiter, FREE_TRIES)
    for _ in range(100):
        with pytest.raises(LoginThrottledError):
            limiter.start("lin", "10.0.0.1")
    clock.now += 15.1
    limiter.start("lin", "10.0.0.1")


def test_start__another_address_or_login_is_not_affected() -> None:
    """An outsider cannot lock a colleague out."""
    limiter = LoginThrottle(clock=Clock())
    fail(limiter, FREE_TRIES)
    limiter.start("lin", "10.0.0.2")
    limiter.start("chen", "10.0.0.1")


def test_succeeded__starts_afresh() -> None:
    """A right password forgives the wrong ones."""
    limiter = LoginThrottle(clock=Clock())
    for _ in range(3):
        fail(limiter, FREE_TRIES)
        limiter.succeeded("lin", "10.0.0.1")


def test_start__memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Made-up names do not fill the memory."""
    monkeypatch.setattr(throttle, "MAX_KEYS", 10)
    limiter = LoginThrottle(clock=Clock())
    for number in range(100):
        limiter.start(f"name{number}", "10.0.0.1")
    assert len(limiter._failures) == 10


def test_pause_s__doubles_up_to_a_limit() -> None:
    """No pause exceeds the longest, however many failures."""
    pauses = [pause_s(n) for n in range(200)]
    assert pauses[: FREE_TRIES + 2] == [0.0] * FREE_TRIES + [15.0, 30.0]
    assert max(pauses) == LONGEST_PAUSE_S
    assert pauses == sorted(pauses)
