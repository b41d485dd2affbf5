"""Jobs that several processes share."""

import os
from collections.abc import Callable
from functools import partial

import pytest
import torch

from training.jobs import run_jobs


def _open(note: str) -> Callable[[int], tuple[int, str, int, int]]:
    opened = os.getpid()
    return partial(_do, note, opened)


def _do(note: str, opened: int, job: int) -> tuple[int, str, int, int]:
    return job, note, opened, os.getpid()


@pytest.mark.parametrize("workers", [1, 2])
def test_run_jobs__gives_results_in_order_from_where_the_worker_was_opened(workers: int) -> None:
    rows = list(run_jobs(partial(_open, "seed"), range(20), workers=workers, description="numbers"))
    assert [row[:2] for row in rows] == [(number, "seed") for number in range(20)]
    assert all(opened == did for *_, opened, did in rows)
    assert (os.getpid() in {did for *_, did in rows}) == (workers == 1)


def _open_count() -> Callable[[int], int]:
    return _threads


def _threads(_: int) -> int:
    return torch.get_num_threads()


def test_run_jobs__processes_have_one_thread_and_this_one_keeps_its_own() -> None:
    """A run that learns with two threads still does after it has made the one vehicle that was missing."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        assert list(run_jobs(_open_count, [1], workers=2, description="one")) == [2]
        assert list(run_jobs(_open_count, [1, 2], workers=2, description="two")) == [1, 1]
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_run_jobs__opens_nothing_for_nothing() -> None:
    def fail() -> Callable[[int], int]:
        raise AssertionError

    assert list(run_jobs(fail, [], workers=1, description="none")) == []


def test_run_jobs__starts_no_process_for_a_single_job() -> None:
    [(*_, did)] = run_jobs(partial(_open, "alone"), [7], workers=4, description="one")
    assert did == os.getpid()
