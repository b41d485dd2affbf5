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


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("app.model_server", ("numpy", "onnxruntime", "fastapi", "asyncpg")),
        ("inference.score_child", ("pydantic", "fastapi", "httpx", "openvino")),
    ],
)
def test_model_server__keeps_its_processes_small(module: str, unwanted: tuple[str, ...]) -> None:
    """Neither its parent nor a child imports what would only take memory there."""
    import subprocess
    import sys

    code = f"import {module}, sys; print(*sys.modules.keys() & set({unwanted!r}))"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    assert ran.stdout.split() == []
