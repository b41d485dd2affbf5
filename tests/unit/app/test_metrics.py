"""The page on metrics and the program name the same ones."""

import re
from pathlib import Path

from app.metrics import Metrics

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "metrics.md"


def test_reference__lists_every_metric_with_its_type() -> None:
    """What is scraped is documented, under the name and type that a scraper sees, and nothing else is."""
    metrics = Metrics()
    metrics.watch_model(lambda: None)
    told = {
        (family.name + ("_total" if family.type == "counter" else ""), family.type)
        for family in metrics.registry.collect()
    }
    rows = re.findall(r"^\| `(shenxiang_\w+)` \| (\w+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(rows) == told
