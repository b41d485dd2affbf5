"""Every error that a command ends with in one line; apart from ``app.errors``: it imports everything."""

from app.database.errors import DatabaseError
from app.errors import AppError
from app.station.errors import StationError
from datasets.errors import DatasetError
from inference.errors import InferenceError
from models.errors import ModelError
from review_queue.errors import QueueError
from review_ui.errors import ReviewError
from scans.errors import ScanError
from training.errors import TrainingError

KNOWN_ERRORS = (
    AppError,
    DatabaseError,
    DatasetError,
    InferenceError,
    ModelError,
    QueueError,
    ReviewError,
    ScanError,
    StationError,
    TrainingError,
)
