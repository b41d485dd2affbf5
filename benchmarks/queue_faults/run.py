"""Runs people under faults, on the real program or with planted bugs."""

import time
from collections.abc import Callable, Sequence

from benchmarks.queue_faults.cluster import Cluster, open_cluster
from benchmarks.queue_faults.plants import PLANTS
from benchmarks.queue_faults.report import FaultReport, PlantedReport, PlantedResult, count_rules
from benchmarks.queue_faults.scene import TTL_S, Plan, Run, run_plan
from benchmarks.queue_faults.violations import Rule

N_WORKERS = 3
N_PEOPLE = 250
FAULT_EVERY_S = 2.0
# How slow it may get before it is not worth waiting for.
LEAST_RATE = 60.0

PLANTED_FAULT_EVERY_S = 1.5
PLANTED_LIMIT_S = 15.0
# A bug that only the drain shows has to happen first.
PLANTED_WORK_S = 8.0
UNLIMITED = 10**9

Say = Callable[[str], None]


async def run_faults(
    *,
    n_operations: int,
    seed: int,
    n_workers: int = N_WORKERS,
    n_people: int = N_PEOPLE,
    fault_every_s: float = FAULT_EVERY_S,
) -> FaultReport:
    """Let people work while everything breaks, then check what they were told.

    A cluster of its own and the workers are started for it, and are gone when it returns or is cancelled.

    Args:
        n_operations: Requests until people go home.
        seed: Decides what people want and what breaks; not when.
        n_workers: Server processes; two at least, as the last one is never broken.
        n_people: Who work at the same time.
        fault_every_s: Mean seconds between two faults.

    Raises:
        WorkerError: If a worker does not come up.
        DatabaseError: If the server does not.
    """
    plan = Plan(
        n_operations=n_operations,
        limit_s=60.0 + n_operations / LEAST_RATE,
        seed=seed,
        n_workers=n_workers,
        n_people=n_people,
        fault_every_s=fault_every_s,
    )
    async with open_cluster() as cluster:
        return await _run_faults(cluster, "faults", plan)


async def run_planted(
    *,
    seed: int,
    names: Sequence[str] = tuple(PLANTS),
    with_control: bool = True,
    say: Say = lambda _line: None,
) -> PlantedReport:
    """Plant one bug after the other and see whether the checker finds it; then run without any.

    Args:
        seed: See ``run_faults``.
        names: Which bugs of ``plants.PLANTS``.
        with_control: Whether to run without any bug, too.
        say: Told of each result.

    Raises:
        WorkerError: If a worker does not come up, as when what a plant replaces is not there any more.
        DatabaseError: If the server does not.
    """
    async with open_cluster() as cluster:
        results = []
        for name in names:
            results.append(await _run_plant(cluster, name, seed))
            say(_line(results[-1]))
        control = None
        if with_control:
            control = await _run_faults(cluster, "control", _short_plan(seed, limit_s=PLANTED_WORK_S))
            say(f"control: {control.n_violations} violations in {control.n_operations} operations")
    return PlantedReport(seed=seed, results=results, control=control)


async def _run_faults(cluster: Cluster, name: str, plan: Plan) -> FaultReport:
    started = time.monotonic()
    run = await run_plan(cluster, name, plan)
    assert run.end is not None
    return FaultReport(
        seed=plan.seed,
        n_workers=plan.n_workers,
        n_people=plan.n_people,
        lease_ttl_s=TTL_S,
        n_operations=run.tally.n_sent,
        operations=run.tally.operations,
        outcomes=run.tally.outcomes,
        faults={str(fault): n for fault, n in run.faults.items()},
        n_ended_alone=run.n_ended_alone,
        seconds={"work": round(run.seconds, 1), "all": round(time.monotonic() - started, 1)},
        n_cycles=sum(map(len, run.end.dispositions.values())),
        n_decisions=len(run.end.decisions),
        violations=run.violations,
    )


async def _run_plant(cluster: Cluster, name: str, seed: int) -> PlantedResult:
    plant = PLANTS[name]
    started = time.monotonic()
    plan = _short_plan(
        seed,
        plant=name,
        limit_s=PLANTED_WORK_S if plant.needs_drain else PLANTED_LIMIT_S,
        weights=plant.weights,
        end_at=plant.caught_by,
    )
    run: Run = await run_plan(cluster, f"plant_{name}", plan)
    rules = count_rules(run.violations)
    return PlantedResult(
        name=name,
        what=plant.what,
        is_caught=any(rule in plant.caught_by for rule in map(Rule, rules)),
        rules=rules,
        n_operations=run.tally.n_sent,
        seconds=round(time.monotonic() - started, 1),
        violations=run.violations,
    )


def _short_plan(seed: int, *, limit_s: float, **more: object) -> Plan:
    return Plan(
        n_operations=UNLIMITED,
        limit_s=limit_s,
        seed=seed,
        n_workers=N_WORKERS,
        n_people=N_PEOPLE,
        fault_every_s=PLANTED_FAULT_EVERY_S,
        **more,  # type: ignore[arg-type]
    )


def _line(result: PlantedResult) -> str:
    found = ", ".join(f"{rule} {n}" for rule, n in result.rules.items()) or "nothing"
    caught = "caught" if result.is_caught else "MISSED"
    return f"{result.name}: {caught} ({found}) in {result.n_operations} operations, {result.seconds} s"
