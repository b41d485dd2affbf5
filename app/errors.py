"""The errors a command may end with in one line, without a traceback.

AppError
├── PortTakenError        port_taken         something else listens there
├── AuditKeyError         audit_key_invalid  the key that signs or checks seals cannot be used
└── SelftestError         selftest_failed    the throwaway system did not come up
"""

from app.database.errors import DatabaseError
from datasets.errors import DatasetError
from inference.errors import InferenceError
from models.errors import ModelError
from review_queue.errors import QueueError
from review_ui.errors import ReviewError
from scans.errors import ScanError
from training.errors import TrainingError


class AppError(Exception):
    """Base of this package's errors."""

    code: str = "app_error"


class PortTakenError(AppError):
    """Something else listens on the address."""

    code = "port_taken"


class AuditKeyError(AppError):
    """A key that should sign or check seals cannot be used."""

    code = "audit_key_invalid"


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
    TrainingError,
)
