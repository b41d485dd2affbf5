"""``shenxiang serve-model``: a model behind HTTP without a database, a store or a queue."""

import asyncio
import signal

import structlog

from app.errors import EngineRemoteError, ModelServerOpenError
from app.listening import listen, make_server
from app.scoring_app import ScoringApp
from app.settings import MiB, Settings
from app.version import VERSION
from inference.receive import pace_of
from inference.score_children import ChildOptions, ScoreChildren
from inference.settings import EngineKind, IntakeSettings
from models.registry import find_pinned_file
from scans.image_info import ImageLimits

log = structlog.get_logger()

LOOPBACK = ("127.0.0.1", "::1", "localhost")


async def run_model_server(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM.

    Args:
        settings: Where to listen, which model and engine, and the limits.

    Raises:
        PortTakenError: Something else listens on the address.
        ModelServerOpenError: See ``find_key``; likewise EngineRemoteError.
        ModelNotPinnedError: The manifest does not pin the model, or nobody trusted has signed it.
    """
    key = find_key(settings, is_reachable=settings.host not in LOOPBACK)
    children = ScoreChildren(settings.n_runners, child_options(settings))
    with listen(settings.host, settings.port) as listener:
        children.start()
        scoring = build_scoring_app(children, settings, key)
        server = make_server(scoring, lifespan="off", proxy_headers=False)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, server.handle_exit, number, None)
        log.info("model_server_started", port=listener.getsockname()[1], n_children=settings.n_runners)
        try:
            await server.serve(sockets=[listener])
        finally:
            children.close()


def find_key(settings: Settings, *, is_reachable: bool) -> str | None:
    """Return the key that senders need, if any, for a model server with these settings.

    Args:
        settings: The program's.
        is_reachable: Whether others than this machine may reach it.

    Raises:
        ModelServerOpenError: It would be open to the network without a key.
        EngineRemoteError: Its engine would be another server.
    """
    if settings.engine is EngineKind.KSERVE:
        raise EngineRemoteError("serve-model runs its model itself; choose another SHENXIANG_ENGINE")
    if settings.scoring_key is not None:
        return settings.scoring_key.get_secret_value()
    if is_reachable:
        raise ModelServerOpenError(
            "off the loopback a model server needs a key; set SHENXIANG_SCORING_KEY, or listen on 127.0.0.1"
        )
    return None


def child_options(settings: Settings) -> ChildOptions:
    """Return what the scoring children get.

    Raises:
        ModelNotPinnedError: See ``find_pinned_file``.
    """
    return ChildOptions(
        model=find_pinned_file(
            None if settings.model == "default" else settings.model,
            manifest_path=settings.manifest.absolute(),
            keys=settings.manifest_keys,
        ),
        engine=settings.engine,
        limits=ImageLimits(
            max_bytes=settings.max_image_mb * MiB, max_pixels=settings.scoring_megapixels * 1_000_000
        ),
        memory_limit_bytes=settings.scoring_memory_mb * MiB,
        timeout_s=settings.decode_timeout_s,
    )


def build_scoring_app(children: ScoreChildren, settings: Settings, key: str | None) -> ScoringApp:
    """Make the web application over started children."""
    return ScoringApp(
        children,
        max_bytes=settings.max_image_mb * MiB,
        in_flight_bytes=settings.intake_in_flight_mb * MiB,
        pace=pace_of(IntakeSettings(receive_timeout_s=settings.receive_timeout_s)),
        wait_s=settings.scoring_wait_s,
        key=key,
        version=VERSION,
    )
