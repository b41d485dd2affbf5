"""The 2,000 reviewers and 12 ports, by formulas of small numbers.

pgbench keeps numbers only, and its script has to know each reviewer's own port and qualifications, as our
server does from the session. So a port's code is a number, an account's id is its reviewer's number, and
``PGBENCH_*`` say the same formulas in pgbench's language.
"""

from collections.abc import Sequence

from benchmarks.queue.workload import N_REVIEWERS
from review_queue.cases import Reviewer, Role

N_PORTS = 12
FIRST_PORT = 101
PORTS: Sequence[str] = tuple(str(FIRST_PORT + number) for number in range(N_PORTS))
N_QUALS = 3
PGBENCH_PORT = f"{FIRST_PORT} + :reviewer % {N_PORTS}"
PGBENCH_QUALS = f"(:reviewer / {N_PORTS}) % {1 << N_QUALS}"


def reviewer(number: int) -> Reviewer:
    """Return a reviewer by their number, 1 to ``N_REVIEWERS``: every port and mix of bits equally often."""
    return Reviewer(
        account_id=number,
        role=Role.REVIEWER,
        port=PORTS[number % N_PORTS],
        quals=(number // N_PORTS) % (1 << N_QUALS),
    )


def everybody() -> list[int]:
    """Return the number of every reviewer."""
    return list(range(1, N_REVIEWERS + 1))


def session_token(number: int) -> str:
    """Return the cookie of a reviewer's session."""
    return f"bench-session-{number}"


def shares(numbers: Sequence[int], n_clients: int) -> list[list[int]]:
    """Deal reviewers out to clients, so that no two clients act as the same one."""
    return [list(numbers[client::n_clients]) for client in range(n_clients)]


# Whom the adversarial head is aimed at: their own port and the bit that they lack are all it has.
HEAD_PORT = PORTS[0]
HEAD_MASK = 1 << (N_QUALS - 1)


def outsiders() -> list[int]:
    """Return the reviewers who are eligible for no case of the adversarial head."""
    return [
        number
        for number in everybody()
        if reviewer(number).port == HEAD_PORT and not reviewer(number).quals & HEAD_MASK
    ]
