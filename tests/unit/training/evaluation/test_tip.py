"""Real scans, crops and pairs; the scans here are made up."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from datasets.errors import DatasetUnreadableError
from models.contract import KindSpec, ModelContract
from tests.unit.inference.tiny_onnx import build_tiny_model
from training.evaluation.backgrounds import Background, list_scans, read_background
from training.evaluation.tip_benchmark import measure_tip, pixels_of, read_backgrounds, run_tip
from training.evaluation.tip_crops import CROP_PX, make_pair, plan_crops


def _scan(height: int = 200, width: int = 300) -> np.ndarray:
    rng = np.random.default_rng(0)
    return (50_000 + 200 * rng.standard_normal((2, height, width))).astype(np.uint16)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A dual-energy array, a pair of 16-bit files, an 8-bit file, a thumbnail."""
    folder = tmp_path / "real"
    folder.mkdir()
    scan = _scan()
    np.save(folder / "a.npy", np.moveaxis(scan, 0, 2))
    cv2.imwrite(str(folder / "b_high.png"), scan[0])
    cv2.imwrite(str(folder / "b_low.png"), scan[1])
    cv2.imwrite(str(folder / "c.png"), (scan[0] // 257).astype(np.uint8))
    cv2.imwrite(str(folder / "small.png"), np.zeros((60, 100), np.uint8))
    return folder


def test_read_backgrounds__every_layout(folder: Path) -> None:
    """Channels first, high energy first, depth known; what is unusable is named, not fatal."""
    backgrounds, skipped = read_backgrounds(folder)
    assert [(b.name, b.pixels.shape, b.is_8bit) for b in backgrounds] == [
        ("a.npy", (2, 200, 300), False),
        ("b_high.png", (2, 200, 300), False),
        ("c.png", (1, 200, 300), True),
    ]
    assert (backgrounds[0].pixels == backgrounds[1].pixels).all()
    assert len(skipped) == 1
    assert "small.png" in skipped[0]


def test_read_background__refuses_floats(tmp_path: Path) -> None:
    """Logarithms or shares are not taken for counts."""
    np.save(tmp_path / "a.npy", np.ones((200, 200)))
    with pytest.raises(DatasetUnreadableError, match="float64"):
        read_background(tmp_path, list_scans(tmp_path)[0])


def test_list_scans__an_empty_folder(tmp_path: Path) -> None:
    """Says what to do."""
    with pytest.raises(DatasetUnreadableError, match="holds no scan"):
        list_scans(tmp_path)


def test_plan_crops__inside_and_repeatable() -> None:
    """Crops lie inside their scan, rounds are shifted, the same seed gives the same crops."""
    sizes = [(675, 1442), (400, 2000)]
    spots = plan_crops(sizes, n_crops=40)
    assert len(spots) >= 40
    assert spots == plan_crops(sizes, n_crops=40)
    assert len({(s.background, s.x, s.y) for s in spots}) > len(spots) // 2
    for spot in spots:
        height, width = sizes[spot.background]
        assert spot.width <= CROP_PX
        assert spot.x + spot.width <= width
        assert spot.y + spot.height <= height


@pytest.mark.parametrize("is_8bit", [False, True])
def test_make_pair__differs_only_around_the_threat(is_8bit: bool) -> None:
    """The pair is one background; the threat darkens its box and nothing far from it; depth is kept."""
    pixels = _scan()
    if is_8bit:
        pixels = pixels // 257 * np.uint16(257)
    background = Background(name="a", pixels=pixels, is_8bit=is_8bit)
    spot = plan_crops([(200, 300)], n_crops=1)[0]
    pair = make_pair(background, spot, pitch_mm=5.0)
    assert pair is not None
    assert pair.truth.kind == spot.kind
    x0, y0, x1, y1 = (int(edge) for edge in pair.truth.box_xyxy)
    drop = pair.without.astype(int) - pair.with_threat
    assert drop[0, y0:y1, x0:x1].mean() > 0
    drop[:, max(y0 - 12, 0) : y1 + 12, max(x0 - 12, 0) : x1 + 12] = 0
    assert not drop.any()
    assert not is_8bit or not (pair.with_threat % 257).any()


def test_make_pair__nothing_can_be_seen_in_the_dark() -> None:
    """A crop that no ray comes through is left out."""
    background = Background(name="a", pixels=np.zeros((2, 200, 300), np.uint16), is_8bit=False)
    assert make_pair(background, plan_crops([(200, 300)], n_crops=1)[0], pitch_mm=5.0) is None


def test_tip__from_folder_to_numbers(folder: Path, tmp_path: Path) -> None:
    """Pairs are counted by scan, both numbers are there, and a crop can be made again."""
    kinds = (KindSpec(kind="gun", threshold=0.5), KindSpec(kind="blade", threshold=0.9))
    model = tmp_path / "tiny.onnx"
    model.write_bytes(build_tiny_model(contract=ModelContract(name="tiny", version="1", kinds=kinds)))
    results = run_tip(model, folder, pitch_mm=5.0, n_crops=9, workers=1)
    document = measure_tip(results, model)
    assert document["details"]["n_pairs"] == len(results.benign) == len(results.threats) == 9
    assert 0 <= document["real_pd_at_fa5"] <= 1
    assert 0 <= document["real_pd_gun_at_fa5"] <= 1
    assert [row["n_pairs"] for row in document["details"]["by_scan"]] == [3, 3, 3]
    assert (pixels_of(results, results.threats[0]) != pixels_of(results, results.benign[0])).any()
