"""Pin every dependency with hashes, for every supported Python and platform at once.

Run through ``make requirements``. The files name no index: pip and uv use the one they are set up with.
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
COMMON = [
    "--universal",
    "--python-version=3.11",
    "--generate-hashes",
    "--no-emit-index-url",
    "--no-header",
    "--no-annotate",
    "--quiet",
]


def pin(source: str, target: str, *options: str) -> None:
    """Compile ``source`` into ``requirements/<target>.txt``; pins already there are kept if they fit."""
    command = ["uv", "pip", "compile", source, *COMMON, *options, f"--output-file=requirements/{target}.txt"]
    subprocess.run(command, cwd=HERE.parent, check=True)


if __name__ == "__main__":
    upgrade = ["--upgrade"] if "--upgrade" in sys.argv else []
    pin("requirements/build.in", "build", *upgrade)
    pin("pyproject.toml", "base", *upgrade)
    pin("pyproject.toml", "train", "--extra=dev", "--extra=train", "-crequirements/base.txt", *upgrade)
    pin("pyproject.toml", "ocr", "--extra=ocr", "-crequirements/train.txt", *upgrade)
    pin("pyproject.toml", "openvino", "--extra=openvino", "-crequirements/train.txt", *upgrade)
    pin("pyproject.toml", "ray", "--extra=ray", "-crequirements/train.txt", *upgrade)
    pin("pyproject.toml", "trace", "--extra=trace", "-crequirements/train.txt", *upgrade)
    override = "--override=requirements/gpu.override"
    pin("pyproject.toml", "gpu", "--extra=gpu", override, "-crequirements/train.txt", *upgrade)
    pin("pyproject.toml", "bench", "--extra=bench", "-crequirements/train.txt", *upgrade)
