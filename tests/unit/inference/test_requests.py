"""What a request means: its schema, its digest, its idempotency key."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.errors import (
    IdempotencyKeyInvalidError,
    IdempotencyKeyMissingError,
    RequestInFlightError,
    RequestInvalidError,
)
from inference.idempotency import InFlight, check_key, request_digest
from inference.request_json import parse_scan, scan_request_body

SCAN: dict[str, Any] = {
    "images": [{"digest": "a" * 64}],
    "scanned_at": "2026-01-01T08:00:00+08:00",
    "container_no": "CSQU3054383",
}


def parse(**changes: Any) -> Any:
    """Parse the scan with some fields changed."""
    return parse_scan(json.dumps({**SCAN, **changes}).encode())


def test_request_digest__form_does_not_count() -> None:
    """Key order, space, spelt-out defaults and another offset of the same time are the same request."""
    plain = request_digest(parse_scan(json.dumps(SCAN).encode()))
    spelt = {
        "modality": "cargo",
        "direction": None,
        "other_container_nos": [],
        **dict(reversed(SCAN.items())),
    }
    spelt["scanned_at"] = "2026-01-01T00:00:00Z"
    assert request_digest(parse_scan(json.dumps(spelt, indent=4).encode())) == plain


@pytest.mark.parametrize(
    "changes",
    [
        {"container_no": "CSQU3054384"},
        {"other_container_nos": ["MSCU6639870"]},
        {"images": [{"digest": "b" * 64}]},
        {"declaration": {"lines": [{"line_no": 1, "hs_code": "8703", "description": "cars"}]}},
        {"scanned_at": "2026-01-01T08:00:01+08:00"},
    ],
)
def test_request_digest__content_counts(changes: dict[str, Any]) -> None:
    """Anything else is another request."""
    assert request_digest(parse(**changes)) != request_digest(parse())


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"images": []}, "images"),
        ({"images": [{"digest": "A" * 64}]}, "images.0.digest"),
        ({"containerno": "X"}, "containerno"),
        ({"scanned_at": "2026-01-01T08:00:00"}, "scanned_at"),
        ({"scanned_at": "0001-01-01T00:00:00+14:00"}, "scanned_at"),
        ({"container_no": "a\x00b"}, "container_no"),
        ({"other_container_nos": ["a\x00b"]}, "other_container_nos.0"),
        ({"other_container_nos": ["A", "B", "C", "D"]}, "other_container_nos"),
        ({"pixel_pitch_mm": float("nan")}, "pixel_pitch_mm"),
        ({"declaration": {"gross_weight_kg": float("inf")}}, "declaration.gross_weight_kg"),
        ({"declaration": {"consignee": "\x00"}}, "declaration.consignee"),
        ({"declaration": {"lines": [{"line_no": 1, "hs_code": "١٢", "description": ""}]}}, "lines.0.hs_code"),
    ],
)
def test_parse_scan__names_the_field(changes: dict[str, Any], field: str) -> None:
    """What the database could not store is refused here, and the sender is told where to look."""
    with pytest.raises(RequestInvalidError, match=field.replace(".", r"\.")):
        parse(**changes)


def test_parse_scan__never_repeats_values() -> None:
    """Declarations do not end up in error messages and logs."""
    with pytest.raises(RequestInvalidError) as refused:
        parse(declaration={"consignee": "Secret Trading Co" * 30})
    assert "Secret" not in str(refused.value)


@given(st.binary(max_size=300))
def test_parse_scan__random_bytes_raise_nothing_else(data: bytes) -> None:
    """Untrusted bytes cannot reach an error of ours."""
    with pytest.raises(RequestInvalidError):
        parse_scan(data)


def test_parse_scan__deep_nesting_is_the_senders_fault() -> None:
    """A bomb of brackets does not exhaust the stack."""
    with pytest.raises(RequestInvalidError):
        parse_scan(b'{"images":' + b"[" * 100_000)


def test_scan_request_body__has_no_dangling_references() -> None:
    """The schema can stand in the OpenAPI document as it is."""
    assert "$ref" not in json.dumps(scan_request_body())
    assert "digest" in json.dumps(scan_request_body())


def test_check_key__missing_and_malformed_are_told_apart() -> None:
    """Both are 400, for different reasons."""
    with pytest.raises(IdempotencyKeyMissingError):
        check_key(None)
    for bad in ("", " ", "a b", "é", "x" * 256, "a\x00"):
        with pytest.raises(IdempotencyKeyInvalidError):
            check_key(bad)
    assert check_key("x" * 255) == "x" * 255


def test_in_flight__second_holder_is_refused_until_the_first_ends() -> None:
    """The same key of another station is another key."""
    in_flight = InFlight()
    with in_flight.hold(station_id="A", key="1"):
        with in_flight.hold(station_id="B", key="1"):
            pass
        with pytest.raises(RequestInFlightError), in_flight.hold(station_id="A", key="1"):
            pass
    with in_flight.hold(station_id="A", key="1"):
        pass
