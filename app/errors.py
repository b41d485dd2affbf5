"""The errors a command may end with in one line, without a traceback.

AppError
├── PortTakenError        port_taken         something else listens there
└── SelftestError         selftest_failed    the throwaway system did not come up
"""

from app.database.errors import DatabaseError
from datasets.errors import DatasetError
from inference.errors import InferenceError
from models.errors import ModelError
from review_queue.errors import QueueError
from review_ui.errors import ReviewError
from scans.errors import ScanError


class AppError(Exception):
    """Base of this package's errors."""

    code: str = "app_error"


class PortTakenError(AppError):
    """Something else listens on the address."""

    code = "port_taken"


class SelftestError(AppError):
    """The throwaway system did not come up; the message ends with its last log lines."""

    code = "selftest_failed"


KNOWN_ERRORS = (
    AppError,
    DatabaseError,
    DatasetError,
    InferenceError,
    ModelError,
    QueueError,
    ReviewError,
    ScanError,
)
