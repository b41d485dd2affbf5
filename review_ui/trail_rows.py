"""Rows of the trail as they leave the server: for the page, as CSV, as JSON Lines."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from review_queue.trail import COLUMNS, Snapshot, TrailRow
from review_ui.audit_schemas import TrailRowOut
from review_ui.database import Pool

NAMES: Final = tuple(COLUMNS.split(", "))
SHOWN: Final = tuple(name for name in TrailRowOut.model_fields if name != "actor_name")
# A spreadsheet takes a cell that begins so for a formula (OWASP, CSV injection).
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
ACCOUNT: Final = "account:"


def shown_fields(row: TrailRow, names: Mapping[str, str]) -> dict[str, Any]:
    """Return the fields of a ``TrailRowOut``; ``names`` has the display names by actor."""
    fields = {name: getattr(row, name) for name in SHOWN}
    return {**fields, "actor_name": names.get(row.actor)}


async def actor_names(pool: Pool, rows: Sequence[TrailRow]) -> dict[str, str]:
    """Return the display names of the accounts that act in these rows, by actor."""
    texts = {row.actor.removeprefix(ACCOUNT) for row in rows if row.actor.startswith(ACCOUNT)}
    ids = [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 19]
    found = await pool.fetch("SELECT account_id, display_name FROM accounts WHERE account_id = ANY ($1)", ids)
    return {f"{ACCOUNT}{row['account_id']}": row["display_name"] for row in found}


def csv_head() -> bytes:
    """Return the first line of a CSV file, with the mark by which spreadsheets know UTF-8."""
    return ("\ufeff" + _csv_line(NAMES)).encode()


def csv_lines(rows: Sequence[TrailRow]) -> bytes:
    """Return rows as CSV (RFC 4180); an apostrophe before what a spreadsheet would take for a formula."""
    return "".join(_csv_line([_cell(value) for value in _values(row)]) for row in rows).encode()


def json_lines(rows: Sequence[TrailRow]) -> bytes:
    """Return rows as JSON Lines: every column that is sealed, exactly as it is."""
    return b"".join(
        orjson.dumps(dict(zip(NAMES, _values(row), strict=True)), option=orjson.OPT_APPEND_NEWLINE)
        for row in rows
    )


def _values(row: TrailRow) -> list[object]:
    return [_snapshot_text(row.seen) if name == "seen" else getattr(row, name) for name in NAMES]


def _snapshot_text(seen: Snapshot | None) -> str | None:
    """Return a snapshot as PostgreSQL writes it."""
    return None if seen is None else f"{seen[0]}:{seen[1]}:{','.join(str(xid) for xid in seen[2])}"


def _cell(value: object) -> object:
    if isinstance(value, str) and value.startswith(FORMULA):
        return "'" + value
    return value.isoformat() if hasattr(value, "isoformat") else value


def _csv_line(cells: Sequence[object]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(["" if cell is None else cell for cell in cells])
    return line.getvalue()
