"""The JSON document of a measurement."""

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def write_document(document: Mapping[str, Any], path: Path) -> None:
    """Write it whole or not at all; numbers to five places, what has no number as null."""
    text = json.dumps(to_plain(document), indent=1, ensure_ascii=False, allow_nan=False)
    part = path.with_name(path.name + ".part")
    part.write_text(text + "\n", encoding="utf-8")
    os.replace(part, path)


def to_plain(value: Any) -> Any:
    """Containers of strings, finite numbers and None."""
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain(item) for item in value]
    if isinstance(value, float):
        return round(value, 5) if math.isfinite(value) else None
    return value
