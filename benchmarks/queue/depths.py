"""Parts (e) and (g): the same reviewers on a shallow and a deep queue, and behind a head they cannot take."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

from benchmarks.queue.orders import Order
from benchmarks.queue.parts import Ours, Result, Setting, open_ours
from benchmarks.queue.people import everybody, outsiders
from benchmarks.queue.population import open_population
from benchmarks.queue.rounds import Round, describe_rounds, interleave, joined, median_ratio


async def measure_depths(setting: Setting) -> Result:
    """Compare our API at two depths, in slices short beside the shallow one."""
    workload, cluster = setting.workload, setting.cluster
    shallow = await cluster.create("shallow")
    async with open_population(shallow) as population:
        await population.add_people()
    deep = await cluster.copy(setting.base, "deep")
    async with AsyncExitStack() as stack:
        runs = {
            name: _sliced(
                setting,
                await stack.enter_async_context(open_ours(setting, database, everybody(), depth=depth)),
            )
            for name, database, depth in (
                ("1k", shallow, workload.shallow_depth),
                ("1m", deep, workload.deep_depth),
            )
        }
        rounds = await interleave(runs, n_rounds=workload.n_rounds)

    def ratio(figure: Callable[[Round], float]) -> float:
        return median_ratio(rounds, "1m", "1k", figure)

    return Result(
        keys={
            "p50_1m_vs_1k": ratio(lambda one: one.cycle_percentile("p50")),
            "cpu_1m_vs_1k": ratio(lambda one: one.cpu_us),
            "p99_1m_vs_1k": ratio(lambda one: one.cycle_percentile("p99")),
        },
        details={
            "depths": describe_rounds(rounds),
            "depth_1k": workload.shallow_depth,
            "depth_1m": workload.deep_depth,
        },
        rounds=[one for its in rounds.values() for one in its],
    )


async def measure_head(setting: Setting) -> Result:
    """Compare claims of reviewers who may not have the first cases with their claims without those cases."""
    workload, cluster = setting.workload, setting.cluster
    normal = await cluster.copy(setting.base, "normal")
    headed = await cluster.copy(setting.base, "headed")
    async with open_population(headed) as population:
        await population.add_head(workload.n_head)
    depths: list[tuple[str, Any, int]] = [
        ("normal", normal, workload.depth),
        ("headed", headed, workload.depth + workload.n_head),
    ]
    async with AsyncExitStack() as stack:
        runs = {
            name: _sliced(
                setting,
                await stack.enter_async_context(open_ours(setting, database, outsiders(), depth=depth)),
            )
            for name, database, depth in depths
        }
        rounds = await interleave(runs, n_rounds=workload.n_rounds)
    ratio = median_ratio(rounds, "headed", "normal", lambda one: one.claim_percentile("p99"))
    return Result(
        keys={"adversarial_p99_ratio": ratio},
        details={"head": describe_rounds(rounds)},
        rounds=[one for its in rounds.values() for one in its],
    )


def _sliced(setting: Setting, ours: Ours) -> Callable[[], Awaitable[Round]]:
    """Return a round in slices, before each of which the cases that the last one took are added again."""
    workload = setting.workload
    order = Order(n_cycles=workload.slice_cycles)

    async def run() -> Round:
        await ours.contestant.prepare()
        # Not measured: what the first claims after a pause have to find out.
        await ours.contestant.run(order)
        slices = []
        for _ in range(workload.n_slices):
            await ours.population.add_cases(workload.slice_cycles)
            slices.append(await ours.contestant.run(order))
        return joined(slices)

    return run
