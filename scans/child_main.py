"""The inside of a child process: limits first, then job after job until the parent is gone.

Talks over inherited descriptors: a connection for short messages, one file for the bytes in and one for the
bytes out.
"""

import faulthandler
import json
import resource
import signal
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from typing import Any

import imagecodecs

CODECS = (
    "png_decode", "lzw_decode", "deflate_decode", "zstd_decode", "blosc2_decode", "jpeg8_decode",
    "jpegxl_encode_jpeg",
)  # fmt: skip
"""Loaded before the first job; imagecodecs loads each on first use, which costs time and address space."""


def serve_jobs(
    connection_fd: int,
    input_fd: int,
    answer: Callable[[int, Mapping[str, Any]], bytes],
    *,
    memory_limit_bytes: int,
) -> None:
    """Serve jobs until the parent closes the connection.

    Args:
        connection_fd: To the parent.
        input_fd: Holds a job's files one after another.
        answer: Does one job, given ``input_fd`` and what ``ChildProcess.send_job`` said (``sizes`` of the
            files and more), and returns the reply; whatever goes wrong with the files is a reply, too.
        memory_limit_bytes: Address space from now on, what is loaded included.
    """
    faulthandler.enable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in CODECS:
        getattr(imagecodecs, name)
    resource.setrlimit(resource.RLIMIT_AS, (memory_limit_bytes,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    connection = Connection(connection_fd)
    try:
        connection.send_bytes(b"{}")
        while True:
            job = json.loads(connection.recv_bytes())
            # Should the parent be gone, nobody else ends a decoder that hangs.
            signal.alarm(job["alarm_s"])
            reply = answer(input_fd, job)
            signal.alarm(0)
            connection.send_bytes(reply)
    except (EOFError, ConnectionError):
        return
