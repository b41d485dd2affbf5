"""Sends dispositions to stations that gave a webhook address: signed, retried, never redirected.

Signature: Standard Webhooks (https://www.standardwebhooks.com), headers ``webhook-id``, ``webhook-timestamp``
and ``webhook-signature``. Any 2xx is a success. A station that is down is left alone for a while, so that its
backlog does not hold up the others.
"""

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
import structlog
from standardwebhooks import Webhook

from inference.database_errors import Pool
from inference.errors import DatabaseUnavailableError
from inference.outbox import Delivery, Outbox
from inference.settings import WebhookSettings
from review_queue.notify import Notifier
from scans.errors import StoreFullError

log = structlog.get_logger()

MAX_ANSWER_CHARS = 200
MAX_STATION_PAUSE_S = 300.0


def signed_headers(delivery: Delivery, body: bytes, *, secret: str, now: datetime) -> dict[str, str]:
    """Return the headers of one attempt.

    Args:
        delivery: Gives the message id.
        body: What is sent.
        secret: ``whsec_…``.
        now: Time of the attempt, aware.
    """
    return {
        "content-type": "application/json",
        "user-agent": "shenxiang-webhook",
        "webhook-id": delivery.message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(delivery.message_id, now.astimezone(UTC), body.decode()),
    }


def pause_after(tries: int, settings: WebhookSettings, *, draw: Callable[[], float]) -> float:
    """Return the seconds to the next attempt: doubling, capped, and spread so that retries do not meet.

    Args:
        tries: Attempts so far, from 1.
        settings: Base and cap.
        draw: A number in [0, 1).
    """
    full_s = min(settings.retry_cap_s, settings.retry_base_s * 2.0 ** min(tries - 1, 40))
    return full_s * (0.5 + 0.5 * draw())


@dataclass(kw_only=True)
class _StationPause:
    n_failures: int = 0
    until_s: float = 0.0


class WebhookDispatcher:
    """Delivers what is due until it is stopped.

    Args:
        pool: Database.
        notifier: Wakes the dispatcher when a disposition is there.
        settings: Pauses and limits.
        client: HTTP client; made and closed by ``run`` if not given.
        draw: Random source of the jitter.
    """

    def __init__(
        self,
        pool: Pool,
        notifier: Notifier,
        settings: WebhookSettings | None = None,
        *,
        client: httpx.AsyncClient | None = None,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._settings = settings or WebhookSettings()
        self._outbox = Outbox(pool, lease_s=2 * self._settings.timeout_s + 10.0)
        self._notifier = notifier
        self._client = client
        self._draw = draw
        self._paused: dict[str, _StationPause] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until ``stop`` is set. Trouble with the database is logged and waited out."""
        client = self._client or httpx.AsyncClient(follow_redirects=False, trust_env=False)
        awake = asyncio.Event()
        helpers = [
            asyncio.create_task(self._wake_on_disposition(awake)),
            asyncio.create_task(_wake_when(stop, awake)),
        ]
        try:
            while not stop.is_set():
                try:
                    n_attempted = await self.deliver_due(client)
                except (DatabaseUnavailableError, StoreFullError) as error:
                    log.warning("webhooks_delayed", error=str(error))
                    n_attempted = 0
                except Exception as error:  # noqa: BLE001 - the outermost loop ends when it is told to
                    log.error("webhook_loop_failed", error=repr(error))
                    n_attempted = 0
                if n_attempted < self._settings.concurrency:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(self._settings.poll_s):
                            await awake.wait()
                    awake.clear()
        finally:
            for helper in helpers:
                helper.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)
            if self._client is None:
                await client.aclose()

    async def _wake_on_disposition(self, awake: asyncio.Event) -> None:
        async with self._notifier.subscribe("disposition") as keys:
            async for _ in keys:
                awake.set()

    async def deliver_due(self, client: httpx.AsyncClient) -> int:
        """Attempt every delivery that is due now, up to the concurrency. Returns how many were attempted."""
        now_s = time.monotonic()
        paused = [station for station, pause in self._paused.items() if pause.until_s > now_s]
        deliveries = await self._outbox.lease(self._settings.concurrency, but_not=paused)
        results = await asyncio.gather(
            *(self._attempt(client, delivery) for delivery in deliveries), return_exceptions=True
        )
        for result in results:
            if isinstance(result, DatabaseUnavailableError | StoreFullError):
                raise result
            if isinstance(result, BaseException):
                log.error("webhook_attempt_crashed", error=repr(result))
        return len(deliveries)

    async def _attempt(self, client: httpx.AsyncClient, delivery: Delivery) -> None:
        if delivery.webhook_url is None or delivery.webhook_secret is None:
            await self._outbox.abandon(delivery, error="the station has no webhook any more")
            return
        error = await self._send(client, delivery, url=delivery.webhook_url, secret=delivery.webhook_secret)
        if error is None:
            self._paused.pop(delivery.station_id, None)
            await self._outbox.mark_delivered(delivery)
            log.info(
                "webhook_delivered", scan_id=delivery.scan_id, cycle=delivery.cycle, tries=delivery.tries
            )
            return
        self._pause_station(delivery.station_id)
        if delivery.age_s >= self._settings.abandon_after_s:
            await self._outbox.abandon(delivery, error=error)
            log.error("webhook_abandoned", scan_id=delivery.scan_id, cycle=delivery.cycle, error=error)
            return
        pause_s = pause_after(delivery.tries, self._settings, draw=self._draw)
        await self._outbox.postpone(delivery, pause_s=pause_s, error=error)
        log.warning("webhook_failed", scan_id=delivery.scan_id, tries=delivery.tries, error=error)

    async def _send(
        self, client: httpx.AsyncClient, delivery: Delivery, *, url: str, secret: str
    ) -> str | None:
        """Attempt once; None on success, else what went wrong."""
        try:
            body = delivery.body()
            headers = signed_headers(delivery, body, secret=secret, now=datetime.now(UTC))
            async with (
                asyncio.timeout(self._settings.timeout_s),
                client.stream("POST", url, content=body, headers=headers, follow_redirects=False) as response,
            ):
                if response.is_success:
                    return None
                return f"HTTP {response.status_code}: {await _first_chars(response)}"
        except TimeoutError:
            return f"no answer within {self._settings.timeout_s:g} s"
        except Exception as error:  # noqa: BLE001 - a mistyped address or secret can raise anything
            return f"{type(error).__name__}: {error}"[:MAX_ANSWER_CHARS]

    def _pause_station(self, station_id: str) -> None:
        pause = self._paused.setdefault(station_id, _StationPause())
        if pause.until_s > time.monotonic():  # one outage, seen by several deliveries at once
            return
        pause.n_failures += 1
        pause_s = min(MAX_STATION_PAUSE_S, pause_after(pause.n_failures, self._settings, draw=self._draw))
        pause.until_s = time.monotonic() + pause_s


async def _wake_when(stop: asyncio.Event, awake: asyncio.Event) -> None:
    await stop.wait()
    awake.set()


async def _first_chars(response: httpx.Response) -> str:
    """Return the start of an answer. No more of it is read: it may be endless, and it is not ours to keep."""
    async for text in response.aiter_text(chunk_size=MAX_ANSWER_CHARS):
        return "".join(char if char.isprintable() else " " for char in text[:MAX_ANSWER_CHARS])
    return ""
