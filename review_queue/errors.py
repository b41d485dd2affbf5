"""What can go wrong in the queue.

    QueueError
    ├── LeaseLostError           lease_lost           the lease ended, or another took its place
    ├── CaseNotHeldError         case_not_held        this reviewer has not been shown this case
    ├── AlreadyDecidedError      already_decided      the lease has been used for another verdict
    ├── RestDueError             rest_due             the reviewer has to rest before the next case
    ├── RoleNotAllowedError      role_not_allowed     this role takes no part in this stage
    ├── VerdictNotAllowedError   verdict_not_allowed  this stage does not know this verdict
    ├── ReasonCodeUnknownError   reason_code_unknown  the policy has no such reason for this verdict
    ├── CaseExistsError          case_exists          the scan has an open case already
    ├── ScanUnknownError         scan_unknown         there is no such scan
    ├── ScanDisposedError        scan_disposed        the scan has its final word; re-open it instead
    ├── ScanNotDisposedError     scan_not_disposed    the scan has no final word that could be re-opened
    ├── InspectionInvalidError   inspection_invalid   an inspection outcome contradicts itself
    ├── ScreeningMissingError    screening_missing    no stored screening clears the scan
    ├── QueuePolicyInvalidError  queue_policy_invalid a queue policy has an unknown or impossible value
    ├── ProposalUnknownError     proposal_unknown     there is no such proposal to change the policy
    ├── ProposalOpenError        proposal_open        another proposal has to be decided first
    ├── ProposalClosedError      proposal_closed      the proposal is decided already
    ├── ProposalOutdatedError    proposal_outdated    another policy than the one it changes is in force
    ├── SameAccountError         same_account         nobody approves what they have proposed themselves
    └── SealingRefusedError      sealing_refused      the trail is not as it was left, so nothing is sealed
        ├── TrailRestoredError     trail_restored     the trail holds transactions that are yet to come
        ├── AnchorAheadError       anchor_ahead       the anchor file has seals that the database lacks
        └── AnchorUnreadableError  anchor_unreadable  the anchor file does not end with a seal

An empty queue is not an error.
"""


class QueueError(Exception):
    """Base of this package's errors."""

    code: str = "queue_error"


class LeaseLostError(QueueError):
    """The lease ended, or the token is one that has been replaced."""

    code = "lease_lost"


class CaseNotHeldError(QueueError):
    """This reviewer has not been shown this case."""

    code = "case_not_held"


class AlreadyDecidedError(QueueError):
    """The same lease has been used for another verdict."""

    code = "already_decided"


class RestDueError(QueueError):
    """The reviewer has looked at cases for too long without a break, which lasts ``retry_after_s``."""

    code = "rest_due"

    def __init__(self, *, retry_after_s: float) -> None:
        super().__init__(f"a rest is due; the next case comes in {retry_after_s:.0f} s")
        self.retry_after_s = retry_after_s


class RoleNotAllowedError(QueueError):
    """This role takes no part in this stage."""

    code = "role_not_allowed"


class VerdictNotAllowedError(QueueError):
    """This stage does not know this verdict."""

    code = "verdict_not_allowed"


class ReasonCodeUnknownError(QueueError):
    """The policy in force does not offer this reason for this verdict."""

    code = "reason_code_unknown"


class CaseExistsError(QueueError):
    """The scan has an open case already."""

    code = "case_exists"


class ScanUnknownError(QueueError):
    """There is no such scan."""

    code = "scan_unknown"


class ScanDisposedError(QueueError):
    """The scan has its final word already."""

    code = "scan_disposed"


class ScanNotDisposedError(QueueError):
    """The scan has no final word yet."""

    code = "scan_not_disposed"


class InspectionInvalidError(QueueError):
    """An inspection outcome contradicts itself, or tells of what is yet to come."""

    code = "inspection_invalid"


class ScreeningMissingError(QueueError):
    """No stored screening clears the scan."""

    code = "screening_missing"


class QueuePolicyInvalidError(QueueError):
    """A queue policy names something unknown, or has a value that could not work."""

    code = "queue_policy_invalid"


class ProposalUnknownError(QueueError):
    """There is no such proposal."""

    code = "proposal_unknown"


class ProposalOpenError(QueueError):
    """Another proposal has to be approved, refused or withdrawn first."""

    code = "proposal_open"


class ProposalClosedError(QueueError):
    """The proposal was approved, refused or withdrawn before."""

    code = "proposal_closed"


class ProposalOutdatedError(QueueError):
    """The policy in force is not the one that the proposal changes."""

    code = "proposal_outdated"


class SameAccountError(QueueError):
    """It takes two persons: one who proposes, another who approves or refuses."""

    code = "same_account"


class SealingRefusedError(QueueError):
    """The audit trail is not as it was left; until somebody has looked, nothing is sealed."""

    code = "sealing_refused"


class TrailRestoredError(SealingRefusedError):
    """The trail holds transaction numbers that the server has not reached: it came from another server."""

    code = "trail_restored"


class AnchorAheadError(SealingRefusedError):
    """The anchor file has seals that the database lacks, or other ones."""

    code = "anchor_ahead"


class AnchorUnreadableError(SealingRefusedError):
    """The anchor file does not end with a seal."""

    code = "anchor_unreadable"
