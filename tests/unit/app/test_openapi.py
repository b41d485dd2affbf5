"""The page's API types come from the server's own description."""

import json
from pathlib import Path

from app.wiring import describe_api

WEB = Path(__file__).parents[3] / "review_ui" / "web"


def test_openapi__stored_description_is_current() -> None:
    """The committed OpenAPI document, from which the page's types are made, is what the server says now."""
    stored = json.loads((WEB / "openapi.json").read_text())
    assert stored == json.loads(json.dumps(describe_api())), "run `make api-types`"
