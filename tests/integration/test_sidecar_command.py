"""``shenxiang sidecar`` on files."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app.cli import app

FIRST = '{"ContainerId": "CSQU3054384", "ScanTime": "2025-11-12 04:29:10", "files": ["a.png"]}'
SECOND = "<a><箱号>CSQU3054383</箱号><Date>2025-11-12T04:29:10Z</Date></a>"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two sidecars and a file that is none."""
    (tmp_path / "1.json").write_text(FIRST)
    (tmp_path / "2.xml").write_bytes(SECOND.encode("gbk"))
    (tmp_path / "3.txt").write_text("no sidecar")
    return tmp_path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["sidecar", *map(str, arguments)])


def test_sidecar__prints_json(folder: Path) -> None:
    """Each file's fields, with times as ISO 8601 and the offset that was given."""
    result = run(folder / "1.json", folder / "2.xml", "--json", "--utc-offset", "+08:00")
    assert result.exit_code == 0, result.output
    first, second = json.loads(result.stdout)
    assert first == {
        "file": str(folder / "1.json"),
        "dialect": "json",
        "scan_no": None,
        "site": None,
        "scanned_at": "2025-11-12T04:29:10+08:00",
        "modality": None,
        "containers": [{"container_no": "CSQU3054384", "is_valid": False}],
        "files": [{"name": "a.png", "kind": "", "is_preview": False}],
        "warnings": ["container_number_invalid"],
    }
    assert second["containers"] == [{"container_no": "CSQU3054383", "is_valid": True}]
    assert second["scanned_at"] == "2025-11-12T04:29:10+00:00"


def test_sidecar__a_bad_file_does_not_hide_the_others(folder: Path) -> None:
    """Every file has its line; the exit status says that one failed."""
    result = run(folder / "3.txt", folder / "2.xml", folder / "absent.xml")
    bad, good, absent = result.stdout.splitlines()
    assert result.exit_code == 1
    assert "sidecar_malformed" in bad
    assert "CSQU3054383, 2025-11-12T04:29:10+00:00, 0 files" in good
    assert "file_unreadable" in absent


def test_sidecar__a_mistyped_offset_is_bad_usage(folder: Path) -> None:
    """Nothing is read under a clock that nobody meant."""
    assert run(folder / "1.json", "--utc-offset", "8").exit_code == 2
