"""Every error of a station's side, one tree.

StationError                      station_error
├── StationRefusedError           the centre's own code    it answered, and not with success
├── CentreUnreachableError        centre_unreachable       it did not answer in any attempt
├── DispositionPendingError       disposition_pending      it is posted, nobody has spoken yet
└── ScanFilesError                scan_files_invalid       these files do not make one scan
    └── ScanIncompleteError       scan_incomplete          a part without which there is none is missing
"""

UNAUTHORIZED = 401
MAY_PASS = frozenset({408, 409, 429})
"""The only refusals (4xx) that the intake API says may end by repeating the request."""
ABOUT_THE_SCAN = frozenset({413, 415, 422})
DAMAGED_ON_THE_WAY = frozenset({"digest_mismatch", "image_unknown"})
"""Sending the same files again mends these."""


class StationError(Exception):
    """Base of this package's errors."""

    code: str = "station_error"
    is_passing: bool = False
    """Whether the same request may succeed later."""


class StationRefusedError(StationError):
    """The centre refused a request, or was still unable to take it at the last attempt.

    Attributes:
        status: Of the HTTP answer.
        code: Of the problem response; ``unknown`` if the answer was none, so not our centre's.
        retry_after_s: How long the centre asked to be left alone, if it did.
    """

    def __init__(self, status: int, code: str, detail: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(f"{status}: {detail}")
        self.status = status
        self.code = code
        self.detail = detail
        self.retry_after_s = retry_after_s
        self.is_passing = status >= 500 or status in MAY_PASS

    @property
    def is_about_key(self) -> bool:
        """Say whether nothing will be taken from this station before it has another key."""
        return self.status == UNAUTHORIZED

    @property
    def is_about_scan(self) -> bool:
        """Say whether this very scan will never be taken; a wrong key or address says nothing about it."""
        return (
            self.status in ABOUT_THE_SCAN and self.code != "unknown" and self.code not in DAMAGED_ON_THE_WAY
        )


class CentreUnreachableError(StationError):
    """The centre did not answer in any attempt."""

    code = "centre_unreachable"
    is_passing = True


class DispositionPendingError(StationError):
    """The scan is durable at the centre, but nobody has spoken about it in the time that was given."""

    code = "disposition_pending"
    is_passing = True


class ScanFilesError(StationError):
    """The files do not make one scan."""

    code = "scan_files_invalid"


class ScanIncompleteError(ScanFilesError):
    """A part without which there is no scan is missing."""

    code = "scan_incomplete"
