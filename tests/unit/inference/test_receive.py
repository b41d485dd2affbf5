"""Bodies: bounded before they are read, while they are read, and in time."""

import asyncio
from collections.abc import Iterable
from contextlib import ExitStack
from typing import Any

import pytest
from starlette.requests import Request

from inference.errors import (
    BodyTooLargeError,
    BusyError,
    ClientGoneError,
    RequestInvalidError,
    RequestTimeoutError,
)
from inference.receive import ByteBudget, Pace, declared_length, read_body

EASY = Pace(timeout_s=5.0, grace_s=5.0, min_rate_bytes_per_s=1.0)


def request_of(
    chunks: Iterable[bytes], *, headers: dict[str, str] | None = None, ends: str = "end"
) -> Request:
    """A request whose body arrives in pieces; it ``end``s, ``stall``s or the client is ``gone``."""
    messages = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]

    async def receive() -> dict[str, Any]:
        if messages:
            return messages.pop(0)
        if ends == "stall":
            await asyncio.Event().wait()
        if ends == "gone":
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": b"", "more_body": False}

    raw = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
    return Request({"type": "http", "method": "PUT", "path": "/", "headers": raw}, receive)


async def test_read_body__pieces_are_put_together() -> None:
    """What arrives in pieces is what was sent."""
    assert await read_body(request_of([b"ab", b"", b"c"]), max_bytes=3, pace=EASY) == b"abc"


async def test_read_body__limit_holds_without_a_content_length() -> None:
    """A chunked sender is stopped at the limit, not when it has finished."""
    with pytest.raises(BodyTooLargeError):
        await read_body(request_of([b"x" * 10] * 1000, ends="stall"), max_bytes=25, pace=EASY)


async def test_read_body__silent_sender_is_given_up() -> None:
    """A connection that sends nothing more does not hold its memory for ever."""
    pace = Pace(timeout_s=5.0, grace_s=0.02, min_rate_bytes_per_s=1000.0)
    async with asyncio.timeout(1):
        with pytest.raises(RequestTimeoutError):
            await read_body(request_of([b"x"], ends="stall"), max_bytes=100, pace=pace)


async def test_read_body__whole_body_has_a_deadline_too() -> None:
    """Arriving fast does not extend the longest time."""
    pace = Pace(timeout_s=0.02, grace_s=0.01, min_rate_bytes_per_s=0.001)
    async with asyncio.timeout(1):
        with pytest.raises(RequestTimeoutError):
            await read_body(request_of([b"x" * 50], ends="stall"), max_bytes=100, pace=pace)


async def test_read_body__sender_that_hangs_up_is_its_own_error() -> None:
    """A lost connection is no failure of ours."""
    with pytest.raises(ClientGoneError):
        await read_body(request_of([b"x"], ends="gone"), max_bytes=100, pace=EASY)


def test_pace__time_grows_with_what_has_arrived() -> None:
    """A body may take its grace and then as long as the least rate allows, up to the whole time."""
    pace = Pace(timeout_s=60.0, grace_s=10.0, min_rate_bytes_per_s=100.0)
    assert [pace.due_s(n) for n in (0, 1000, 100_000)] == [10.0, 20.0, 60.0]


def test_declared_length__refuses_before_reading() -> None:
    """The announced length is enough to say no."""
    with pytest.raises(BodyTooLargeError):
        declared_length(request_of([], headers={"content-length": "101"}), max_bytes=100)
    assert declared_length(request_of([], headers={"content-length": "100"}), max_bytes=100) == 100


def test_declared_length__unknown_length_counts_as_the_limit() -> None:
    """A chunked body reserves what it might become."""
    assert declared_length(request_of([]), max_bytes=100) == 100


@pytest.mark.parametrize("value", ["-1", "1e3", "", "١", "9" * 30])
def test_declared_length__must_be_a_number(value: str) -> None:
    """A header that is no length is the sender's fault."""
    request = request_of([])
    request.scope["headers"] = [(b"content-length", value.encode())]
    with pytest.raises(RequestInvalidError):
        declared_length(request, max_bytes=100)


def test_budget__refuses_what_does_not_fit_and_recovers() -> None:
    """Bytes in hand are bounded, and are free again when a request ends, however it ends."""
    budget = ByteBudget(100)
    with budget.reserve(60, owner="A"):
        with pytest.raises(BusyError) as refused, budget.reserve(41, owner="B"):
            pass
        assert refused.value.retry_after_s > 0
        with pytest.raises(RuntimeError), budget.reserve(40, owner="B"):
            raise RuntimeError
    assert budget.in_hand_bytes == 0


def test_budget__one_station_leaves_room_for_others() -> None:
    """A station that floods us has at most half, and the next station still gets in."""
    budget = ByteBudget(100)
    with budget.reserve(30, owner="A"):
        with pytest.raises(BusyError), budget.reserve(21, owner="A"):
            pass
        with budget.reserve(20, owner="A"), budget.reserve(50, owner="B"):
            assert budget.in_hand_bytes == 100


def test_budget__one_large_body_is_let_in_alone() -> None:
    """A budget set too small slows intake down but never blocks it."""
    budget = ByteBudget(10)
    with budget.reserve(50, owner="A"), pytest.raises(BusyError), budget.reserve(1, owner="B"):
        pass


def test_byte_budget__an_empty_body_beside_another() -> None:
    """An empty body reserves nothing, and ends whether or not its owner still has something in hand."""
    budget = ByteBudget(10)
    empty, full = budget.reserve(0, owner="a"), budget.reserve(5, owner="a")
    with ExitStack() as outer:
        outer.enter_context(empty)
        with full:
            assert budget.in_hand_bytes == 5
    assert budget.in_hand_bytes == 0
