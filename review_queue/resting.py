"""When a reviewer has to rest: after so long without a break, no new case comes for a while.

The case under review, and one that already waits behind it, are still finished. A break is the time since
slot 0 became empty; one that is long enough begins the count anew.
"""

from review_queue.policy import QueuePolicy

# Longer than any working life, and short enough for an interval.
NEVER_S = 1e9


def work_before_rest_s(policy: QueuePolicy) -> float:
    """Return after how many seconds of continuous review no new case comes."""
    return policy.pause_after_s or NEVER_S


def rest_left_s(policy: QueuePolicy, *, working_s: float | None, left_s: float | None) -> float:
    """Return for how many seconds no new case comes; 0 when no rest is due.

    Args:
        policy: The rules.
        working_s: Seconds since the reviewer began to look at cases, ``None`` if they never did.
        left_s: Seconds since they last had one, ``None`` if they never did.
    """
    if working_s is None or left_s is None or working_s < work_before_rest_s(policy):
        return 0.0
    return max(0.0, policy.rest_s - left_s)
