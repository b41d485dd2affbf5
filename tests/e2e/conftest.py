"""End-to-end tests: a real server process, a real browser where there is one."""

import shutil
from pathlib import Path

import pytest

DIST = Path(__file__).parents[2] / "review_ui" / "web" / "dist" / "index.html"


@pytest.fixture
def chromium() -> str:
    """Path of a Chromium; the test is skipped by name without one."""
    path = next((found for name in ("chromium", "chromium-browser") if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    if not DIST.exists():
        pytest.skip("the web application is not built (make web)")
    return path
