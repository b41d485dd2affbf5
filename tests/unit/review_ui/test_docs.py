"""The reference page names every route and every code that a caller can meet."""

from pathlib import Path
from typing import Any, cast

from fastapi import FastAPI

from review_ui.problems import STATUS_BY_CODE
from review_ui.review import build_review_router
from review_ui.settings import ReviewSettings

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "review-api.md"
COMMAND_LINE_ONLY = {
    "account_error",
    "password_too_weak",
    "case_exists",
    "scan_unknown",
    "scan_disposed",
    "screening_missing",
    "sealing_refused",
    "trail_restored",
    "anchor_ahead",
    "anchor_unreadable",
    "review_error",
    "queue_error",
}


def test_reference__names_every_route() -> None:
    """A route that is not on the page cannot be found by another client's author."""
    nothing = cast(Any, None)
    app = FastAPI()
    app.include_router(
        build_review_router(
            pool=nothing,
            store=nothing,
            queue=nothing,
            notifier=nothing,
            is_stopping=lambda: False,
            settings=ReviewSettings(),
            stations=nothing,
            trail_office=nothing,
        )
    )
    page = PAGE.read_text()
    for path, methods in app.openapi()["paths"].items():
        for method in methods:
            assert f"`{method.upper()} {path}`" in page


def test_reference__names_every_code_with_its_status() -> None:
    """The table of codes says what the server says."""
    rows = [line.split("|") for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    told = {
        code.strip(" `"): row[1].strip()
        for row in rows
        if row[1].strip().isdigit()
        for code in row[2].split(",")
    }
    for code, status in STATUS_BY_CODE.items():
        if code not in COMMAND_LINE_ONLY:
            assert told.get(code) == str(status), code
