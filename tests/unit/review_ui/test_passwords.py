"""Passwords are hashed with argon2id and verified in the same way for names that do not exist."""

import pytest

from review_ui import passwords
from review_ui.errors import PasswordTooWeakError
from review_ui.passwords import PasswordVerifier, check_password, hash_password


@pytest.mark.parametrize("password", ["", "short", "1234567", "reviewer1", "Reviewer1", "reviewer1reviewer1"])
def test_check_password__weak_is_refused(password: str) -> None:
    """Seven characters or the login itself are no password."""
    with pytest.raises(PasswordTooWeakError):
        check_password(password, login="reviewer1")


def test_check_password__length_is_enough() -> None:
    """Nothing is demanded of the kinds of characters."""
    check_password("马到成功马到成功", login="reviewer1")


async def test_verify__only_the_right_password_passes() -> None:
    """The hash is argon2id, salted, and matches its own password only."""
    stored = hash_password("correct horse")
    verifier = PasswordVerifier()
    assert stored.startswith("$argon2id$")
    assert stored != hash_password("correct horse")
    assert await verifier.verify(stored, "correct horse")
    assert not await verifier.verify(stored, "Correct horse")
    assert not await verifier.verify("not a hash", "correct horse")


async def test_verify__unknown_login_costs_a_verification(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an account a password is still hashed, so that timing does not tell which names exist."""
    verified: list[str] = []
    real = passwords._hasher

    class Counting:
        def hash(self, password: str) -> str:
            return real.hash(password)

        def verify(self, password_hash: str, password: str) -> bool:
            verified.append(password_hash)
            return True

    passwords._nobodys_hash.cache_clear()
    monkeypatch.setattr(passwords, "_hasher", Counting())
    assert not await PasswordVerifier().verify(None, "anything")
    assert verified[0].startswith("$argon2id$")
    passwords._nobodys_hash.cache_clear()
