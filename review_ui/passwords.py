"""Passwords: argon2id with the library's defaults (RFC 9106, second recommendation), hashed off the loop."""

import asyncio
import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from review_ui.errors import PasswordTooWeakError

MIN_LENGTH = 8
"""NIST SP 800-63B 5.1.1.2 and ASVS 5.0 6.2.1: length decides, no rules of composition."""

LEGIBLE = "abcdefghijkmnpqrstuvwxyz23456789"
_hasher = PasswordHasher()
N_AT_ONCE = 2
"""One verification takes 64 MiB and four threads' work; a flood of logins must not take the machine."""


def check_password(password: str, *, login: str) -> None:
    """Refuse a password that is too short or that is the login.

    Raises:
        PasswordTooWeakError: With the rule that was broken.
    """
    if len(password) < MIN_LENGTH:
        raise PasswordTooWeakError(f"the password for {login!r} has fewer than {MIN_LENGTH} characters")
    if password.casefold() in (login.casefold(), login.casefold() * 2):
        raise PasswordTooWeakError(f"the password for {login!r} repeats the login")


def make_password() -> str:
    """Return a password to hand to a person: 80 random bits, without letters that look like digits."""
    return "-".join("".join(secrets.choice(LEGIBLE) for _ in range(4)) for _ in range(4))


def hash_password(password: str) -> str:
    """Return the argon2id hash to store; takes some 50 ms."""
    return _hasher.hash(password)


class PasswordVerifier:
    """Verifies passwords in threads, a few at a time, in the same time whether or not the login exists."""

    def __init__(self) -> None:
        self._slots = asyncio.Semaphore(N_AT_ONCE)

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Return whether ``password`` is the one; None (an unknown login) costs as much and is False."""
        async with self._slots:
            return await asyncio.to_thread(_verify, password_hash, password)


def _verify(password_hash: str | None, password: str) -> bool:
    try:
        _hasher.verify(password_hash or _nobodys_hash(), password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


@cache
def _nobodys_hash() -> str:
    return _hasher.hash(secrets.token_urlsafe())
