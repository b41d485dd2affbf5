"""A port to listen on, and the web server over it: bounded, and leaving signals to its caller."""

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp
from uvicorn.config import LifespanType

from app.errors import PortTakenError
from app.http_protocol import BoundedHttpProtocol


class QuietServer(uvicorn.Server):
    """A server that leaves signals to its caller.

    uvicorn raises a signal again when it is done, which would end the process before the database and the
    decoding children are closed.
    """

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def make_server(
    app: ASGIApp,
    *,
    lifespan: LifespanType = "auto",
    proxy_headers: bool = True,
) -> QuietServer:
    """Make the server of an application; the options are uvicorn's."""
    return QuietServer(
        uvicorn.Config(
            app,
            http=BoundedHttpProtocol,
            lifespan=lifespan,
            ws="none",
            log_config=None,
            access_log=False,
            proxy_headers=proxy_headers,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=5,
            server_header=False,
            date_header=False,
        )
    )


def listen(host: str, port: int) -> socket.socket:
    """Bind a port; 0 takes a free one.

    Raises:
        PortTakenError: It cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        if error.errno in (errno.EADDRINUSE, errno.EACCES, errno.EADDRNOTAVAIL):
            raise PortTakenError(
                f"cannot listen on {host}:{port} ({error.strerror}); set SHENXIANG_PORT to another port"
            ) from error
        raise
    return listener
