"""Webhooks: what is signed, and how the pauses grow."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from inference.outbox import Delivery
from inference.settings import WebhookSettings
from inference.webhooks import pause_after, signed_headers

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
DELIVERY = Delivery(
    outbox_id=1,
    tries=1,
    station_id="ST-1",
    scan_id="XR-20260101-000001",
    cycle=1,
    webhook_url="https://station.example/hook",
    webhook_secret=SECRET,
    container_nos=["CSQU3054383", "MSCU6639870"],
    disposition="release",
    source="screening",
    decided_at=datetime(2026, 1, 1, 12, tzinfo=UTC),
    age_s=0.0,
)


def test_signed_headers__receiver_can_verify() -> None:
    """A receiver with the standard library accepts the body, and no other body."""
    body = DELIVERY.body()
    headers = signed_headers(DELIVERY, body, secret=SECRET, now=datetime.now(timezone(timedelta(hours=8))))
    seen = Webhook(SECRET).verify(body, headers)
    assert seen["data"]["scan_id"] == DELIVERY.scan_id
    assert seen["data"]["disposition"] == "release"
    assert (seen["data"]["container_no"], seen["data"]["other_container_nos"]) == (
        "CSQU3054383",
        ["MSCU6639870"],
    )
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(body.replace(b"release", b"inspect"), headers)


def test_message_id__is_the_same_for_every_attempt_and_new_for_a_new_cycle() -> None:
    """The receiver tells repetitions from news by the id alone."""
    again = replace(DELIVERY, tries=5, outbox_id=9)
    assert (again.message_id, again.body()) == (DELIVERY.message_id, DELIVERY.body())
    assert replace(DELIVERY, cycle=2).message_id != DELIVERY.message_id


def test_pause_after__doubles_up_to_the_cap_and_is_spread() -> None:
    """Retries become rare and do not meet."""
    settings = WebhookSettings(retry_base_s=5.0, retry_cap_s=100.0)
    assert [pause_after(n, settings, draw=lambda: 1.0) for n in (1, 2, 3, 6, 500)] == [5, 10, 20, 100, 100]
    assert pause_after(1, settings, draw=lambda: 0.0) == 2.5
