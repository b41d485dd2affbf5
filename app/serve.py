"""Runs the web server over the opened services until it is told to stop."""

import asyncio
import signal
from collections.abc import Awaitable, Callable

import structlog
import uvicorn

from app.listening import QuietServer, listen, make_server
from app.settings import Settings
from app.wiring import Services, build_app, open_services, run_background

log = structlog.get_logger()
OnReady = Callable[[Services, int], Awaitable[None]]


async def run_server(settings: Settings, *, on_ready: OnReady | None = None) -> None:
    """Serve until SIGINT or SIGTERM; a second SIGINT stops without waiting for open requests.

    Args:
        settings: What to run and where.
        on_ready: Awaited beside the server once it answers, with the port it listens on; when the server
            stops first, it is cancelled.

    Raises:
        PortTakenError: Something else listens on the address.
        DatabaseError: The database did not open.
    """
    listener = listen(settings.host, settings.port)
    port: int = listener.getsockname()[1]
    stoppers: list[Callable[[int], None]] = []
    _stop_on_signals(stoppers)
    with listener:
        async with open_services(settings) as services, run_background(services, settings):
            server = make_server(build_app(settings, services))
            stoppers.append(lambda number: _stop(server, services, number))
            beside = asyncio.create_task(_when_ready(server, services, port, on_ready))
            try:
                await server.serve(sockets=[listener])
            finally:
                beside.cancel()
                await asyncio.gather(beside, return_exceptions=True)
    log.info("server_stopped", port=port)


def _stop(server: QuietServer, services: Services, number: int) -> None:
    services.stopping.set()
    server.handle_exit(number, None)


def _stop_on_signals(stoppers: list[Callable[[int], None]]) -> None:
    """Make signals call the stoppers, or, while there is none yet, cancel the task that opens the system."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None

    def stop(number: int) -> None:
        for stopper in stoppers:
            stopper(number)
        if not stoppers:
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop, number)


async def _when_ready(
    server: uvicorn.Server, services: Services, port: int, on_ready: OnReady | None
) -> None:
    while not server.started:
        await asyncio.sleep(0.02)
    log.info("server_started", port=port)
    if on_ready is not None:
        await on_ready(services, port)
