"""What a run under faults and a run with planted bugs tell."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.queue_faults.violations import Violation

# Enough to see what is wrong; the counts tell how often it was.
N_TOLD = 5


@dataclass(frozen=True, kw_only=True)
class FaultReport:
    """A run under faults.

    Attributes:
        n_operations: Requests that were sent while things were broken.
        operations: The same by kind; with those that met a closed port.
        outcomes: The same by what became of them.
        faults: What was broken how often.
        n_ended_alone: Workers that were gone in the end whom nobody had killed.
        seconds: How long people worked, and how long everything took with start, drain and check.
        n_cycles: Cycles of cases that were opened; each had to end with one final word.
        n_decisions: Decisions in the database at the end.
        violations: What was broken that must not be.
    """

    seed: int
    n_workers: int
    n_people: int
    lease_ttl_s: float
    n_operations: int
    operations: Mapping[str, int]
    outcomes: Mapping[str, int]
    faults: Mapping[str, int]
    n_ended_alone: int
    seconds: Mapping[str, float]
    n_cycles: int
    n_decisions: int
    violations: Sequence[Violation]

    @property
    def n_violations(self) -> int:
        """How many there are."""
        return len(self.violations)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            **asdict(self),
            "n_violations": self.n_violations,
            "violations": tell(self.violations),
            "violations_by_rule": count_rules(self.violations),
        }


@dataclass(frozen=True, kw_only=True)
class PlantedResult:
    """What became of one planted bug.

    Attributes:
        name: Of the bug; what it does is in ``what``.
        what: See ``name``.
        is_caught: Whether a rule found it that was made for it.
        rules: How often each rule found something.
        n_operations: Requests until then.
        seconds: With start and, where the bug needs it, drain.
        violations: The first of them.
    """

    name: str
    what: str
    is_caught: bool
    rules: Mapping[str, int]
    n_operations: int
    seconds: float
    violations: Sequence[Violation]

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {**asdict(self), "violations": tell(self.violations)}


@dataclass(frozen=True, kw_only=True)
class PlantedReport:
    """All planted bugs, and the control: the same run with none, in which nothing may be found."""

    seed: int
    results: Sequence[PlantedResult]
    control: FaultReport | None

    @property
    def n_planted(self) -> int:
        """How many bugs were planted."""
        return len(self.results)

    @property
    def n_caught(self) -> int:
        """How many of them were caught; none counts if the control is not clean."""
        is_clean = self.control is None or not self.control.n_violations
        return sum(result.is_caught for result in self.results) if is_clean else 0

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "seed": self.seed,
            "n_planted": self.n_planted,
            "n_caught": self.n_caught,
            "results": [result.to_json() for result in self.results],
            "control": None if self.control is None else self.control.to_json(),
        }


def tell(violations: Sequence[Violation]) -> list[dict[str, Any]]:
    """Return the first violations of each rule as JSON values."""
    told: Counter[str] = Counter()
    documents = []
    for violation in violations:
        told[violation.rule] += 1
        if told[violation.rule] <= N_TOLD:
            documents.append(violation.to_json())
    return documents


def count_rules(violations: Sequence[Violation]) -> dict[str, int]:
    """Return how often each rule was broken."""
    return {str(rule): n for rule, n in Counter(violation.rule for violation in violations).items()}
