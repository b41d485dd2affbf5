"""Part (f): claims while somebody else's snapshot keeps every dead row from being cleared away."""

import asyncpg

from benchmarks.queue.orders import Order
from benchmarks.queue.parts import Result, Setting, open_ours
from benchmarks.queue.people import everybody
from benchmarks.queue.rounds import describe_rounds, joined, tell


async def measure_held(setting: Setting) -> Result:
    """Measure a slice, take a snapshot and hold it, and compare the last slice under it with the first one.

    The cases that a slice took are added again after it, so that the queue stays as deep as it was.
    """
    workload = setting.workload
    database = await setting.cluster.copy(setting.base, "held")
    order = Order(n_cycles=workload.held_slice_cycles)
    async with open_ours(setting, database, everybody(), depth=workload.depth) as ours:
        await ours.contestant.run(order)
        await ours.contestant.prepare()
        slices = [await ours.contestant.run(order)]
        holder = await asyncpg.connect(database.dsn)
        try:
            await holder.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM ports")
            for _ in range(workload.held_cycles // workload.held_slice_cycles):
                await ours.population.add_cases(workload.held_slice_cycles)
                slices.append(await ours.contestant.run(order))
                tell(f"held snapshot, {len(slices) - 1}: {slices[-1].rate:.0f} cycles/s")
        finally:
            await holder.close()
    first, last = slices[0], slices[-1]
    return Result(
        keys={"held_snapshot_retention": round(last.rate / first.rate, 3)},
        details={
            "held": describe_rounds({"before": [first], "under_snapshot": slices[1:]}),
            "held_cycles": joined(slices[1:]).n_cycles,
        },
        rounds=slices,
    )
