"""Turns a described scan into a durable one: decoded, stored, screened next, and acknowledged last.

Order: images known → decoded in a guarded child → px16 durable in the store → one transaction with the scan,
its screening job and the audit row → wake a screening worker → answer. A crash at any point leaves either
an acknowledged scan or one that the station's retry makes.
"""

from collections.abc import Mapping

import orjson
import structlog

from inference.admission import WorkSlots
from inference.database_errors import Connection, Pool, connect
from inference.errors import ChannelsInvalidError, ImageUnknownError
from inference.idempotency import InFlight, find_replay, request_digest
from inference.images import KnownImage, find_images
from inference.metrics import InferenceMetrics
from inference.scan_status import read_scan
from inference.schemas import ScanIn, ScanOut
from inference.settings import IntakeSettings
from inference.stations import Station
from inference.tracing import NO_TRACER, Tracer, span
from review_queue import audit
from review_queue.notify import Notifier
from scans.errors import ObjectCorruptError, ObjectMissingError
from scans.guard import GuardedDecoder, PreparedScan
from scans.iso6346 import is_valid, normalise
from scans.modality import Modality
from scans.store import ScanStore

log = structlog.get_logger()

INSERT_SCAN = """
INSERT INTO scans (station_id, port, idempotency_key, request_sha256, modality, direction, container_nos,
    container_no_valid, scanned_at, width_px, height_px, n_channels, bit_depth, pixel_pitch_mm,
    image_digests, px16_full, px16_preview, gate_photos, declaration)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
    $18::text::jsonb, $19::text::jsonb)
ON CONFLICT (station_id, idempotency_key) DO NOTHING
RETURNING scan_id
"""


class ScanIntake:
    """Accepts scans.

    Args:
        pool: Database.
        store: Holds the originals and receives the px16 objects.
        decoder: Decodes untrusted bytes in children.
        notifier: Wakes screening workers.
        settings: Limits.
        metrics: Counts new scans.
        tracer: Takes the spans.
    """

    def __init__(
        self,
        pool: Pool,
        store: ScanStore,
        decoder: GuardedDecoder,
        notifier: Notifier,
        settings: IntakeSettings,
        *,
        metrics: InferenceMetrics | None = None,
        tracer: Tracer = NO_TRACER,
    ) -> None:
        self._pool = pool
        self._store = store
        self._decoder = decoder
        self._notifier = notifier
        self._settings = settings
        self._metrics = metrics or InferenceMetrics()
        self._tracer = tracer
        self._in_flight = InFlight()
        self._slots = WorkSlots(n_running=settings.concurrent_scans, n_waiting=settings.waiting_scans)

    async def accept(self, scan: ScanIn, *, station: Station, key: str) -> tuple[ScanOut, bool]:
        """Make a scan durable, or find the one that the same request made before.

        Args:
            scan: What the station says; its images are uploaded already.
            station: Who says it.
            key: Idempotency key.

        Returns:
            The scan's state and whether it is new.

        Raises:
            IdempotencyKeyReusedError: The key belongs to another body.
            RequestInFlightError: The same request is being handled.
            ImageUnknownError: An image is not stored here.
            ChannelsInvalidError: Files and channels contradict each other.
            ScanError: The pixels cannot be decoded, or the store is full or away.
            BusyError: Too many scans are waiting.
            DatabaseUnavailableError: Nothing was acknowledged.
        """
        request_sha256 = request_digest(scan)
        with self._in_flight.hold(station_id=station.station_id, key=key):
            async with connect(self._pool, timeout_s=self._settings.database_timeout_s) as conn:
                known = await find_replay(
                    conn, station_id=station.station_id, key=key, request_sha256=request_sha256
                )
                if known is not None:
                    return await read_scan(conn, known, station=station), False
                images = await find_images(
                    conn, [*(image.digest for image in scan.images), *scan.gate_photos]
                )
            digests = order_channels(scan, images)
            async with self._slots.hold():
                prepared = await self._prepare(digests)
                return await self._store_scan(
                    scan, prepared, digests, station=station, key=key, request_sha256=request_sha256
                )

    async def _prepare(self, digests: list[str]) -> PreparedScan:
        try:
            originals = [await self._store.get(digest) for digest in digests]
        except (ObjectMissingError, ObjectCorruptError) as error:  # uploading again mends both
            raise ImageUnknownError(f"{error} Upload the image again.") from error
        with span(self._tracer, "decode", n_files=len(originals)):
            return await self._decoder.prepare(originals[0], originals[1] if len(originals) == 2 else None)

    async def _store_scan(
        self,
        scan: ScanIn,
        prepared: PreparedScan,
        digests: list[str],
        *,
        station: Station,
        key: str,
        request_sha256: bytes,
    ) -> tuple[ScanOut, bool]:
        with span(self._tracer, "store", size_bytes=len(prepared.px16_full)):
            full = await self._store.put(prepared.px16_full)
            preview = await self._store.put(prepared.px16_preview)
        async with connect(self._pool, timeout_s=self._settings.database_timeout_s) as conn:
            async with conn.transaction():
                scan_id = await conn.fetchval(
                    INSERT_SCAN,
                    station.station_id,
                    station.port,
                    key,
                    request_sha256,
                    *scan_columns(scan, prepared),
                    prepared.width_px,
                    prepared.height_px,
                    prepared.n_channels,
                    prepared.bit_depth,
                    scan.pixel_pitch_mm,
                    [bytes.fromhex(digest) for digest in digests],
                    bytes.fromhex(full),
                    bytes.fromhex(preview),
                    orjson.dumps(scan.gate_photos).decode(),
                    scan.declaration.model_dump_json() if scan.declaration else None,
                )
                if scan_id is not None:
                    await self._enqueue(conn, scan_id, station=station)
            if scan_id is None:  # another process was faster with the same request
                known = await find_replay(
                    conn, station_id=station.station_id, key=key, request_sha256=request_sha256
                )
                assert known is not None  # scans are never deleted
                return await read_scan(conn, known, station=station), False
            self._metrics.count_scan(station.port)
            self._notifier.publish("screening", scan_id)
            log.info("scan_accepted", scan_id=scan_id, station_id=station.station_id)
            return await read_scan(conn, scan_id, station=station), True

    async def _enqueue(self, conn: Connection, scan_id: str, *, station: Station) -> None:
        await conn.execute("INSERT INTO screening_jobs (scan_id) VALUES ($1)", scan_id)
        await audit.record(
            conn, actor=f"station:{station.station_id}", event="scan_accepted", scan_id=scan_id
        )


def scan_columns(scan: ScanIn, files: PreparedScan) -> tuple[object, ...]:
    """Return modality, direction, container numbers, their validity and the scan time, as stored.

    A number with a wrong check digit is kept and flagged: it may be the scanner's misreading or a forged one.
    The station's description goes before what its files say.
    """
    first = (scan.container_no or "").strip() or files.container_no or ""
    written = [number for number in (first, *map(str.strip, scan.other_container_nos)) if number]
    numbers = list(dict.fromkeys(normalise(number) or number for number in written))
    valid = all(map(is_valid, numbers)) if numbers else None
    modality = scan.modality or files.modality or Modality.CARGO
    return modality, scan.direction, numbers, valid, scan.scanned_at


def order_channels(scan: ScanIn, images: Mapping[str, KnownImage]) -> list[str]:
    """Return the digests of a scan's files, high energy first.

    Raises:
        ChannelsInvalidError: Not one file (``high`` or ``dual``) or two (``high`` and ``low``), the same
            file twice, or a file whose number of channels contradicts what it is said to show.
    """
    by_channel = {image.channel: image.digest for image in scan.images}
    if set(by_channel) not in ({"high"}, {"dual"}, {"high", "low"}) or len(by_channel) != len(scan.images):
        raise ChannelsInvalidError("A scan is one file (high, or dual with two pages) or two (high and low).")
    if len(set(by_channel.values())) != len(by_channel):
        raise ChannelsInvalidError("High and low energy name the same file.")
    for channel, digest in by_channel.items():
        if (images[digest].n_channels == 2) != (channel == "dual"):
            raise ChannelsInvalidError(
                f"Image {digest} has {images[digest].n_channels} channels, which does not fit '{channel}'."
            )
    return [by_channel[channel] for channel in ("high", "dual", "low") if channel in by_channel]
