"""The queue's errors have stable codes, each its own."""

import review_queue.errors as errors
from review_queue.errors import QueueError


def test_queue_errors__each_has_its_own_code_and_is_drawn_in_the_tree() -> None:
    """A new error must get a code and a line in the tree atop the module."""
    classes = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, QueueError)]
    codes = [one.code for one in classes]
    assert len(set(codes)) == len(codes)
    for one in classes:
        assert one.__name__ in (errors.__doc__ or "")
        assert one is QueueError or one.code in (errors.__doc__ or "")
