"""Screening local files: findings with boxes, and one line of trouble per file that has it."""

from pathlib import Path

import numpy as np
import pytest

import inference.screen_files
from inference.screen_files import screen_files
from tests.integration.inference.centre import grey_scan, png, tiny_scorer


@pytest.fixture(autouse=True)
def _tiny_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inference.screen_files, "load_pinned_scorer", tiny_scorer)


def test_screen_files__each_file_has_its_answer(tmp_path: Path) -> None:
    """Good files are screened, bad ones say what is wrong, and one bad file stops nothing."""
    files = {"clear.png": png(grey_scan()), "dark.png": png(grey_scan(dark=True)), "text.png": b"hello"}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    paths = [tmp_path / name for name in [*files, "missing.png"]]
    clear, dark, text, missing = screen_files(paths)
    assert (clear["outcome"], clear["findings"], clear["width_px"]) == ("clear", [], 120)
    assert dark["outcome"] == "flag"
    assert (dark["findings"][0]["kind"], dark["findings"][0]["box"]) == ("dark", [20.0, 10.0, 40.0, 30.0])
    assert text["error"]["code"] == "image_unsupported"
    assert missing["error"]["code"] == "file_unreadable"


def test_screen_files__low_energy_belongs_to_the_one_file(tmp_path: Path) -> None:
    """Both energies are read, and they have to fit."""
    for name, shape in (("high", (80, 120)), ("low", (80, 120)), ("odd", (80, 121))):
        (tmp_path / f"{name}.png").write_bytes(png(np.full(shape, 50_000, np.uint16)))
    [good] = screen_files([tmp_path / "high.png"], low=tmp_path / "low.png")
    [bad] = screen_files([tmp_path / "high.png"], low=tmp_path / "odd.png")
    assert good["outcome"] == "clear"
    assert bad["error"]["code"] == "channels_differ"
