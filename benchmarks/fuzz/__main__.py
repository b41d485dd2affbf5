"""``python -m benchmarks.fuzz [--cases N] [--seed S] [--json FILE]``: a server under malformed uploads."""

import argparse
import asyncio
import json
from pathlib import Path

from app.database import open_database
from app.throwaway import throwaway_system
from benchmarks.fuzz.attack import READERS, Outcome, attack
from benchmarks.fuzz.cases import Cases
from benchmarks.machine import describe_machine
from inference.stations import create_station

SEED = 20261124


async def attack_throwaway(*, n_cases: int, seed: int) -> Outcome:
    """Start a server of its own, with the role intake, and attack it."""
    async with throwaway_system(roles="intake") as system:
        async with (
            open_database(None, system.data, max_connections=2, attach=True) as database,
            database.pool.acquire() as connection,
        ):
            await connection.execute("INSERT INTO ports VALUES ('FUZ', '测试', 'Fuzz')")
            station = await create_station(connection, station_id="FUZ-1", port="FUZ", name="Fuzzer")
        return await asyncio.to_thread(
            attack, system.port, station.key, system.log, n_cases=n_cases, seed=seed
        )


def main() -> None:
    """Attack and print what came of it, or write one case to a file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument(
        "--write", type=int, metavar="NUMBER", help="write this case's bytes to ./case instead"
    )
    parser.add_argument("--json", type=Path, help="write the result to this file too")
    arguments = parser.parse_args()
    if arguments.write is not None:
        Path("case").write_bytes(Cases(arguments.seed, READERS).make(arguments.write).data)
        return
    machine = describe_machine()
    outcome = asyncio.run(attack_throwaway(n_cases=arguments.cases, seed=arguments.seed))
    text = json.dumps({"machine": machine, "seed": arguments.seed, **outcome.as_json()}, indent=1)
    if arguments.json is not None:
        arguments.json.write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
