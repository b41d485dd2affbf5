"""The top-level packages are this tree's, not those of a library of the same name."""

import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    "name", ["app", "datasets", "inference", "models", "review_queue", "review_ui", "scans", "training"]
)
def test_package__resolves_to_this_tree(name: str) -> None:
    """Importing a package by its bare name gives the folder beside this test."""
    module = importlib.import_module(name)
    assert module.__file__ is not None
    assert Path(module.__file__).parent == ROOT / name


def test_serving__does_not_import_torch() -> None:
    """Importing everything that serves leaves torch out of the process."""
    import subprocess
    import sys

    code = "import app.serve, app.cli, app.simulator, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
