"""The numbers that the review API runs with. ``app.settings`` fills them."""

from dataclasses import dataclass
from pathlib import Path

from models.manifest_signature import PROGRAM_KEY
from models.registry import DEFAULT_MANIFEST


@dataclass(frozen=True, kw_only=True)
class ReviewSettings:
    """How sessions, boards and the page behave.

    Attributes:
        version: The program's version, shown on the page.
        model: The model that screens, by its name in the manifest.
        manifest: Pins the models.
        manifest_keys: One of these public keys must have signed it.
        demo: Whether the login page shows the demo's accounts.
        session_max_s: A login ends at the latest after this.
        session_idle_s: A login ends after this long without a request that a person caused.
        session_cache_s: How long a session is believed without a query; a revoked one dies this soon.
        heartbeat_s: How often the page extends its leases; a third of the lease or less.
        board_refresh_s: How often a watched board is counted again.
        glance_refresh_s: The same for the figures in a reviewer's header.
        figures_refresh_s: The same for the figures beside the board.
        keepalive_s: A silent event stream carries a comment this often.
        time_zone: Where a reviewer's day begins at midnight.
        header_cache_size: px16 headers kept in memory; one takes about 2 KB.
    """

    version: str = "0"
    model: str = "default"
    manifest: Path = DEFAULT_MANIFEST
    manifest_keys: tuple[Path, ...] = (PROGRAM_KEY,)
    demo: bool = False
    session_max_s: float = 12 * 3600.0
    session_idle_s: float = 30 * 60.0
    session_cache_s: float = 5.0
    heartbeat_s: float = 20.0
    board_refresh_s: float = 1.5
    glance_refresh_s: float = 2.0
    figures_refresh_s: float = 10.0
    keepalive_s: float = 15.0
    time_zone: str = "Asia/Shanghai"
    header_cache_size: int = 512
