"""Who may get which case, and who of several gets which: pure, and used again to verify assignments."""

from collections.abc import Sequence
from dataclasses import dataclass

from review_queue.cases import Reviewer
from review_queue.states import stages_of


@dataclass(frozen=True, kw_only=True)
class ReadyCase:
    """A waiting case as far as it decides who may get it."""

    case_id: int
    rank: int
    port: str
    qual_mask: int
    stage: int
    first_reviewer: int | None


def is_eligible(reviewer: Reviewer, case: ReadyCase) -> bool:
    """Return whether a case may be given to a reviewer; the same rule as in ``claim_statements.CLAIM``.

    Raises:
        RoleNotAllowedError: If the role takes no cases.
    """
    return (
        case.port != reviewer.port
        and not case.qual_mask & ~reviewer.quals
        and case.first_reviewer != reviewer.account_id
        and case.stage in stages_of(reviewer.role)
    )


def match(askers: Sequence[Reviewer], cases: Sequence[ReadyCase]) -> list[ReadyCase | None]:
    """Give each asker in turn the first case they may get that nobody before them got.

    Args:
        askers: In the order in which they asked.
        cases: In the order of rank.

    Returns:
        One entry per asker; ``None`` where no case is left for them.
    """
    left = list(cases)
    given: list[ReadyCase | None] = []
    for asker in askers:
        found = next((n for n, case in enumerate(left) if is_eligible(asker, case)), None)
        given.append(None if found is None else left.pop(found))
    return given
