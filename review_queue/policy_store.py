"""The queue policy in force."""

from review_queue.policy import QueuePolicy


class PolicyHolder:
    """Holds the rules in force; every part asks it anew, so that a change needs no restart."""

    def __init__(self, policy: QueuePolicy) -> None:
        self.current = policy
