"""What a scoring child refuses before it says that it is ready."""

import pytest

from inference.errors import EngineError
from inference.score_child import _check_room


def test_check_room__limit_that_the_engine_fills_is_refused() -> None:
    """It would make every scan seem too large; the error names the setting."""
    _check_room(1 << 50, "torch-cpu")
    with pytest.raises(EngineError, match=r"torch-cpu .* SHENXIANG_SCORING_MEMORY_MB"):
        _check_room(1 << 20, "torch-cpu")
