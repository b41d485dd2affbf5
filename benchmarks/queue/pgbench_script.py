"""Our own statements as a pgbench script: what is left when everything around the SQL is taken away.

Per cycle it does what one server process does: the shared head found anew every so many claims, ``CLAIM``,
``HELD`` for a second review (whose first verdict a lease does not tell), ``DECIDE``. ``STEPS`` says which
value stands at each parameter, in pgbench's variables, or as a literal where the process sends a constant;
the statements themselves are those of ``review_queue``.

Two things differ, both in favour of pgbench: its clients cannot share a head, so each keeps its own, with no
end, and refreshes it as rarely as a process does; and a literal tells the planner more than a parameter.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.queue.people import PGBENCH_PORT, PGBENCH_QUALS
from benchmarks.queue.workload import N_REVIEWERS
from review_queue import claim_statements as claim_sql
from review_queue import heads
from review_queue import statements as sql
from review_queue.policy import QueuePolicy
from review_queue.resting import work_before_rest_s
from review_queue.states import Move

PARAMETER = re.compile(r"\$(\d+)")
POLICY = QueuePolicy()
# Variables that outlive a cycle, with their first values.
FIRST_VALUES: Mapping[str, str] = {
    "turn": "0",
    "n_uses": "0",
    "head_rank": "0",
    "head_snapshot": ":".join(str(part) for part in heads.END_OF_TIME[:2]) + ":",
}


@dataclass(frozen=True, kw_only=True)
class Step:
    """One statement: its parameters in order, the prefix of its answer's columns, and when it runs."""

    statement: str
    values: Sequence[str]
    prefix: str
    condition: str | None = None


STEPS: Sequence[Step] = (
    Step(
        statement=claim_sql.HEAD,
        values=(":head_rank", ":head_snapshot", str(heads.WINDOW)),
        prefix="head_",
        condition=f":n_uses % {heads.MAX_USES} = 0",
    ),
    Step(
        statement=claim_sql.CLAIM,
        values=(
            *(":reviewer", ":port", ":quals", "'{1,2}'"),
            *(":head_rank", str(claim_sql.NO_RANK), ":head_snapshot", "0", f"{POLICY.lease_ttl_s}::float8"),
            *("'account:' || :reviewer", f"'{Move.LEASED}'"),
            *(f"{work_before_rest_s(POLICY)}", f"{POLICY.rest_s}"),
        ),
        prefix="lease_",
    ),
    Step(
        statement=sql.HELD,
        values=(":reviewer", ":lease_case_id", ":lease_token"),
        prefix="held_",
        condition=":lease_stage = 2",
    ),
    Step(
        statement=sql.DECIDE,
        values=(
            *("ARRAY[:reviewer]", "ARRAY[:lease_case_id]", "ARRAY[:lease_token]", "ARRAY['inspect']"),
            *("ARRAY['contraband']", "ARRAY['']", "ARRAY['inspect']", "ARRAY[NULL]", "ARRAY[NULL]"),
            *("ARRAY[:lease_today]", f"ARRAY['{Move.CLOSED}']"),
            *("ARRAY['disposition=inspect day=' || :lease_today]", f"{POLICY.lease_ttl_s}::float8"),
            "ARRAY[:lease_risk]",
        ),
        prefix="decided_",
    ),
)


def build_script(n_clients: int) -> str:
    """Return the script for so many clients, each with reviewers of its own whom it takes in turn."""
    lines = [
        f"\\set turn (:turn + 1) % {N_REVIEWERS // n_clients}",
        f"\\set reviewer 1 + :client_id + {n_clients} * :turn",
        f"\\set port {PGBENCH_PORT}",
        f"\\set quals {PGBENCH_QUALS}",
    ]
    for step in STEPS:
        statement = f"{render(step.statement, step.values)} \\gset {step.prefix}"
        lines += [f"\\if {step.condition}", statement, "\\endif"] if step.condition else [statement]
    lines.append("\\set n_uses :n_uses + 1")
    return "\n".join(lines) + "\n"


def render(statement: str, values: Sequence[str]) -> str:
    """Put values in place of the parameters ``$1``, ``$2``, …

    Raises:
        ValueError: If the statement's parameters are not exactly those: the two have drifted apart.
    """
    numbers = {int(number) for number in PARAMETER.findall(statement)}
    if numbers != set(range(1, len(values) + 1)):
        raise ValueError(f"the statement has parameters {sorted(numbers)}, the script {len(values)} values")
    return PARAMETER.sub(lambda found: values[int(found[1]) - 1], statement.strip())
