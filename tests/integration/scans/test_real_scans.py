"""Real scans and sidecars of the sample folder go the same way as synthetic ones; skipped without it."""

import os
from pathlib import Path

import pytest

from inference.scorer import load_pinned_scorer, score_px16
from scans import px16
from scans.guard import GuardedDecoder
from scans.sidecar import read_sidecar

FOLDER = os.environ.get("SHENXIANG_REAL_DATA")
needs_real_data = pytest.mark.skipif(not FOLDER, reason="SHENXIANG_REAL_DATA names no folder of real scans")


@needs_real_data
async def test_real_scans__are_decoded_and_screened() -> None:
    """Every real 8-bit cargo scan becomes px16 of its own size, and the model answers with finite scores."""
    files = sorted((Path(FOLDER or "") / "cargo_ajna_docs" / "images").glob("scan_*.png"))
    assert files, "the sample folder holds no real cargo scans"
    scorer = load_pinned_scorer()
    decoder = GuardedDecoder(n_workers=1)
    try:
        for file in files:
            prepared = await decoder.prepare(file.read_bytes(), None)
            assert px16.decode(prepared.px16_full).shape == (1, prepared.height_px, prepared.width_px)
            assert all(0 <= f.score <= 1 for f in score_px16(scorer, prepared.px16_full).findings)
    finally:
        await decoder.close()


@needs_real_data
async def test_real_dual_energy__keeps_both_channels() -> None:
    """The dual-energy phantom's two 16-bit files become one scan with two channels, high energy first."""
    folder = Path(FOLDER or "") / "dual_energy_phantom_semiZ"
    high, low = ((folder / f"im_{name}_transmission16.png").read_bytes() for name in ("H", "L"))
    decoder = GuardedDecoder(n_workers=1)
    try:
        prepared = await decoder.prepare(high, low)
    finally:
        await decoder.close()
    pixels = px16.decode(prepared.px16_full)
    assert (prepared.n_channels, prepared.bit_depth) == (2, 16)
    assert pixels[0].mean() > pixels[1].mean(), "the high-energy beam penetrates better"


@needs_real_data
def test_real_sidecars__say_when_what_and_which_files() -> None:
    """Every real sidecar, of three dialects and several encodings, gives all that a scan needs."""
    files = sorted((Path(FOLDER or "") / "scanner_metadata_xml").glob("*.xml"))
    assert files, "the sample folder holds no real sidecars"
    sidecars = {file: read_sidecar(file.read_bytes()) for file in files}
    assert {sidecar.dialect for sidecar in sidecars.values()} == {
        "DataForm V01.07",
        "DataForm V01.20",
        "manifest",
    }
    for file, sidecar in sidecars.items():
        assert sidecar.warnings == ()
        assert [container.is_valid for container in sidecar.containers] == [True]
        assert sidecar.scan_no == file.stem
        assert sidecar.scanned_at is not None
        assert sidecar.scanned_at.strftime("%Y%m%d") == file.stem[:8]
        assert any(name.name.endswith(".jpg") and not name.is_preview for name in sidecar.files)
        assert "TST0" not in repr(sidecar)
        assert "OPERATOR" not in repr(sidecar)
