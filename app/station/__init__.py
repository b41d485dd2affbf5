"""What runs at a station: a client of the intake API, and the agent for scanners that only drop files.

``from app.station import StationClient`` needs httpx and nothing else of what the server needs.
"""

from app.station.client import ChannelFile, DispositionAnswer, ScanAnswer, StationClient
from app.station.errors import (
    CentreUnreachableError,
    DispositionPendingError,
    StationError,
    StationRefusedError,
)

__all__ = [
    "CentreUnreachableError",
    "ChannelFile",
    "DispositionAnswer",
    "DispositionPendingError",
    "ScanAnswer",
    "StationClient",
    "StationError",
    "StationRefusedError",
]
