"""How a bug is planted: in a worker's memory, before its server starts, in place of some SQL or a method.

What is to be replaced must be there, else the worker does not start: a plant cannot quietly miss.
"""

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import ModuleType

import asyncpg

from benchmarks.queue_faults.nemesis import Fault
from benchmarks.queue_faults.violations import Rule


class PlantError(Exception):
    """What a plant wants to replace is not there (any more)."""


@dataclass(frozen=True, kw_only=True)
class Plant:
    """A bug to be found.

    Attributes:
        what: What is wrong, in a few words.
        plant: Makes it so in this process; gets the worker's number.
        caught_by: The rules of which one must find it.
        weights: The faults under which it shows.
        needs_drain: Whether it shows only when everything has been drained.
    """

    what: str
    plant: Callable[[int], None]
    caught_by: frozenset[Rule]
    weights: Mapping[Fault, int] = field(default_factory=lambda: {Fault.BACKENDS_TERMINATED: 1})
    needs_drain: bool = False


def swap(module: ModuleType, name: str, old: str, new: str) -> None:
    """Replace a piece of a statement, wherever it occurs in it.

    Raises:
        PlantError: If it does not occur.
    """
    text: str = getattr(module, name)
    if old not in text:
        raise PlantError(f"{module.__name__}.{name} does not contain {old!r}")
    setattr(module, name, text.replace(old, new))


def put(owner: object, name: str, value: object) -> None:
    """Replace a function or a method.

    Raises:
        PlantError: If the owner has none of this name.
    """
    if not hasattr(owner, name):
        raise PlantError(f"{owner} has no {name}")
    setattr(owner, name, value)


def run_sql(statement: str) -> None:
    """Run a statement on the worker's database; every worker runs it, at each start."""

    async def run() -> None:
        connection = await asyncpg.connect(os.environ["SHENXIANG_DATABASE_URL"])
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(run())
