"""Errors of the review API.

ReviewError (review_error)
├── NotLoggedInError (not_logged_in)
├── LoginRefusedError (login_refused)
├── LoginThrottledError (login_throttled), with ``retry_after_s``
├── CsrfRefusedError (csrf_refused)
├── CaseNotFoundError (case_not_found)
├── EarlierScanNotFoundError (earlier_scan_not_found)
├── LookalikeNotFoundError (lookalike_not_found)
├── PhotoNotFoundError (photo_not_found)
├── StationKeyNotFoundError (station_key_not_found)
├── VerificationRunningError (verification_running)
├── ExportsRunningError (exports_running), with ``retry_after_s``
└── AccountError (account_error)
    ├── AccountInvalidError (account_invalid)
    ├── AccountNotFoundError (account_not_found)
    ├── LastAdminError (last_admin)
    ├── LoginTakenError (login_taken)
    └── PasswordTooWeakError (password_too_weak)

A role that may not do something is ``review_queue.errors.RoleNotAllowedError`` here too: one code,
one class. Statuses are in ``review_ui.problems``.
"""


class ReviewError(Exception):
    """Base of every error of the review API."""

    code = "review_error"


class NotLoggedInError(ReviewError):
    """No session, or one that has ended."""

    code = "not_logged_in"


class LoginRefusedError(ReviewError):
    """Unknown login, disabled account or wrong password; which of them is not told."""

    code = "login_refused"


class LoginThrottledError(ReviewError):
    """Too many failed logins of one name from one address."""

    code = "login_throttled"

    def __init__(self, message: str, *, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class CsrfRefusedError(ReviewError):
    """An unsafe request that our own page did not send."""

    code = "csrf_refused"


class CaseNotFoundError(ReviewError):
    """No such case, or none that this account may see; which of them is not told."""

    code = "case_not_found"


class EarlierScanNotFoundError(ReviewError):
    """No earlier scan of the container of a case that this account holds; which of them is not told."""

    code = "earlier_scan_not_found"


class LookalikeNotFoundError(ReviewError):
    """No scan that was shown as a lookalike for a case that this account holds; which of them is not told."""

    code = "lookalike_not_found"


class PhotoNotFoundError(ReviewError):
    """The case has no such gate photo, or none that can be shown."""

    code = "photo_not_found"


class StationKeyNotFoundError(ReviewError):
    """No station key of this id is alive."""

    code = "station_key_not_found"


class VerificationRunningError(ReviewError):
    """This process verifies the trail already; one at a time."""

    code = "verification_running"


class ExportsRunningError(ReviewError):
    """As many exports run in this process as may."""

    code = "exports_running"
    retry_after_s = 10.0


class AccountError(ReviewError):
    """Base of what can be wrong with creating or changing an account."""

    code = "account_error"


class AccountInvalidError(AccountError):
    """A login, role, port or qualification that the accounts table cannot hold."""

    code = "account_invalid"


class AccountNotFoundError(AccountError):
    """No account with this login."""

    code = "account_not_found"


class LastAdminError(AccountError):
    """The only administrator would be disabled."""

    code = "last_admin"


class LoginTakenError(AccountError):
    """Another account has this login. A login is never given to a second person."""

    code = "login_taken"


class PasswordTooWeakError(AccountError):
    """A password that is too short or says no more than the login."""

    code = "password_too_weak"
