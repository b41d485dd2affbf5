"""Folders of files that several runs may make at a time: they appear whole or not at all."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """A new folder to fill, which becomes ``path`` at the end; another run's stays if it was faster."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    yield part
    try:
        part.rename(path)
    except OSError:  # Another run was faster.
        shutil.rmtree(part)
