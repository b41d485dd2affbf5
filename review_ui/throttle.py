"""Slows down the guessing of passwords, per login and address.

Held in memory: each process counts for itself, and a restart forgets. That bounds a guesser to a few tries a
minute, which argon2id and eight characters turn into centuries; it is not a lock that an outsider could use
to keep a colleague out, since the address is part of the key.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from review_ui.errors import LoginThrottledError

FREE_TRIES = 5
FIRST_PAUSE_S = 15.0
LONGEST_PAUSE_S = 15 * 60.0
FORGET_S = 60 * 60.0
MAX_KEYS = 10_000


@dataclass(kw_only=True)
class _Failures:
    count: int = 0
    last_at: float = 0.0


class LoginThrottle:
    """Counts failed logins; after five, each further one doubles the pause, from 15 s to 15 min."""

    def __init__(self, *, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._failures: OrderedDict[tuple[str, str], _Failures] = OrderedDict()

    def start(self, login: str, address: str) -> None:
        """Count an attempt as failed before its password is looked at, so that parallel ones count too.

        Raises:
            LoginThrottledError: If the pause after earlier failures is not over.
        """
        now = self._clock()
        key = (login, address)
        failures = self._failures.get(key)
        if failures is None or now - failures.last_at > FORGET_S:
            failures = self._failures[key] = _Failures()
        left_s = failures.last_at + pause_s(failures.count) - now
        if failures.count and left_s > 0:
            raise LoginThrottledError(
                f"too many failed logins for this name; try again in {round(left_s) or 1} s",
                retry_after_s=left_s,
            )
        failures.count += 1
        failures.last_at = now
        self._failures.move_to_end(key)
        while len(self._failures) > MAX_KEYS:
            self._failures.popitem(last=False)

    def succeeded(self, login: str, address: str) -> None:
        """Forget the failures: the person knows the password."""
        self._failures.pop((login, address), None)


def pause_s(n_failures: int) -> float:
    """Return the pause after so many failures in a row, seconds."""
    if n_failures < FREE_TRIES:
        return 0.0
    return float(min(FIRST_PAUSE_S * 2 ** (n_failures - FREE_TRIES), LONGEST_PAUSE_S))
