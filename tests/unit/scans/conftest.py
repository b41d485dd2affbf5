"""Fixtures for tests of what untrusted bytes may cost."""

import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest


@contextmanager
def allocating_at_most(n_bytes: int) -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] <= n_bytes
    finally:
        tracemalloc.stop()


@pytest.fixture
def allocation_limit() -> Callable[[int], AbstractContextManager[None]]:
    """``with allocation_limit(n_bytes):`` fails if its block ever holds more than that."""
    return allocating_at_most
