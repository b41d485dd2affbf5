"""A station simulator: makes synthetic scans and posts them over HTTP as a real station would.

It runs as a process of its own (``shenxiang station simulate``), so that making pictures does not slow
the server that is shown.
"""

import asyncio
import io
import itertools
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import cv2
import numpy as np
import tifffile
from numpy.typing import NDArray

from app.station import ChannelFile, StationClient
from datasets.synthetic import make_scan

Say = Callable[[str], None]
PNG_FAST = [cv2.IMWRITE_PNG_COMPRESSION, 1]


@dataclass(frozen=True, kw_only=True)
class SimulatedStation:
    """One station of the simulation; ``as_tiff`` posts one two-page TIFF instead of two PNG."""

    station_id: str
    key: str
    as_tiff: bool = False


@dataclass(frozen=True, kw_only=True)
class SimulatedScan:
    """A scan ready to be posted."""

    files: list[ChannelFile]
    scan: dict[str, Any]


def end_with_input() -> None:
    """End this process when its standard input ends: whoever holds the other end is gone, killed perhaps."""

    def wait() -> None:
        sys.stdin.read()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True).start()


def encode_channels(pixels: NDArray[np.uint16], *, as_tiff: bool) -> list[ChannelFile]:
    """Write a scan's channels, shape ``(2, H, W)`` uint16, as the files a station would post."""
    if as_tiff:
        buffer = io.BytesIO()
        tifffile.imwrite(buffer, pixels, photometric="minisblack", compression="zlib", rowsperstrip=64)
        return [ChannelFile(channel="dual", data=buffer.getvalue())]
    files = []
    for channel, plane in zip(("high", "low"), pixels, strict=True):
        ok, encoded = cv2.imencode(".png", plane, PNG_FAST)
        if not ok:
            raise RuntimeError("OpenCV could not write a PNG")
        files.append(ChannelFile(channel=channel, data=encoded.tobytes()))
    return files


def simulate_scan(seed: int, *, as_tiff: bool, threat_probability: float) -> SimulatedScan:
    """Make one synthetic pass: pixels, declaration and container number."""
    synthetic = make_scan(seed, threat_probability=threat_probability, dual_energy=True, is_8bit=False)
    return SimulatedScan(
        files=encode_channels(synthetic.pixels, as_tiff=as_tiff),
        scan={
            "scanned_at": datetime.now(UTC).isoformat(),
            "modality": "cargo",
            "direction": ("import", "export")[seed % 2],
            "container_no": synthetic.container_no,
            "pixel_pitch_mm": synthetic.pixel_pitch_mm,
            "declaration": synthetic.declaration,
        },
    )


async def simulate(
    base_url: str,
    stations: list[SimulatedStation],
    *,
    seeds: Iterator[int],
    n_at_once: int,
    every_s: float,
    say: Say,
    threat_probability: float = 0.5,
) -> None:
    """Post scans until ``seeds`` runs out, and tell each disposition as it comes back.

    Args:
        base_url: Address of the centre.
        stations: Who posts, in turn.
        seeds: One number per scan; the same number makes the same picture.
        n_at_once: How many scans are posted without pause at first.
        every_s: Then one scan each so many seconds.
        say: Receives one line of text per event.
        threat_probability: Share of scans with a planted threat.
    """
    clients = {station.station_id: StationClient(base_url, station.key) for station in stations}
    waiting: set[asyncio.Task[None]] = set()
    for number, (seed, station) in enumerate(zip(seeds, itertools.cycle(stations), strict=False)):
        if number >= n_at_once:
            await asyncio.sleep(every_s)
        made = await asyncio.to_thread(
            simulate_scan, seed, as_tiff=station.as_tiff, threat_probability=threat_probability
        )
        client = clients[station.station_id]
        answer = await client.post_scan(made.files, made.scan, idempotency_key=f"{station.station_id}-{seed}")
        say(f"{station.station_id}  posted  {answer['scan_id']}  {answer['container_no']}")
        task = asyncio.create_task(_tell(client, station.station_id, answer["scan_id"], say))
        waiting.add(task)
        task.add_done_callback(waiting.discard)
    await asyncio.gather(*waiting)
    for client in clients.values():
        await client.close()


async def _tell(client: StationClient, station_id: str, scan_id: str, say: Say) -> None:
    started = asyncio.get_running_loop().time()
    word = await client.wait_for_disposition(scan_id, timeout_s=24 * 3600)
    took_s = asyncio.get_running_loop().time() - started
    if word is not None:
        say(f"{station_id}  received  {scan_id}  {word['disposition']} (by {word['source']}, {took_s:.1f} s)")
