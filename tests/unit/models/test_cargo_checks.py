"""What is seen against what is declared, and the contract that travels with the model."""

from dataclasses import replace

import numpy as np
import pytest

from models.cargo_checks import (
    CargoAnswer,
    DeclaredCargo,
    LineCheck,
    check_cargo,
    check_lines,
    mismatch_score,
    read_answer,
)
from models.cargo_contract import METADATA_KEY, CargoContract
from models.cargo_statistics import NAMES
from models.errors import ModelContractError, ModelOutputError
from models.mismatch import Blocks, Goods, fit_goods

N_FEATURES = 2 + len(NAMES)
CONTRACT = CargoContract(
    name="c", version="1", headings=("4011200000", "2204210000"), mismatch_scale=0.1, mismatch_middle=1.0
)


def draw(heading: int, n: int, seed: int) -> np.ndarray:
    values = np.random.default_rng(seed).normal(size=(n, N_FEATURES)).astype(np.float32)
    values[:, heading] += 8
    return values


GOODS: Goods = fit_goods(
    np.concatenate([draw(0, 300, 1), draw(1, 300, 2)]), np.repeat([0, 1], 300), n_headings=2
)


def answer(heading: int | None) -> CargoAnswer:
    """Six blocks of a heading, or an empty vehicle."""
    found = draw(heading, 6, 3) if heading is not None else np.zeros((0, N_FEATURES), np.float32)
    blocks = Blocks(features=found, x_cells=np.zeros((len(found), 2), np.int64), has_material=True)
    return CargoAnswer(empty=0.01 if heading is not None else 0.99, blocks=blocks)


def findings(heading: int | None, *codes: str, is_empty: bool = False) -> dict[str, bool]:
    """Kinds looked for, and whether each is an alarm."""
    declared = DeclaredCargo(is_empty=is_empty, hs_codes=codes)
    found = check_cargo(answer(heading), declared, CONTRACT, GOODS)
    assert all(f.box_xyxy is None and 0 <= f.score <= 1 for f in found)
    return {f.kind: f.score >= f.threshold for f in found}


def test_check_cargo__goods_as_declared() -> None:
    """Nothing speaks against tyres that are declared as tyres."""
    assert findings(0, "4011200000") == {"found_empty": False, "goods_mismatch": False}
    assert findings(0, "4011") == {"found_empty": False, "goods_mismatch": False}


def test_check_cargo__other_goods_than_declared() -> None:
    """Tyres are no wine, nor are they tyres and wine."""
    assert findings(0, "2204210000")["goods_mismatch"]
    assert findings(0, "2204210000", "4011")["goods_mismatch"]


def test_check_cargo__declared_empty() -> None:
    """An empty box may be; a full one may not."""
    assert findings(None, is_empty=True) == {"declared_empty": False}
    assert findings(1, is_empty=True) == {"declared_empty": True}


def test_check_cargo__declared_full_found_empty() -> None:
    """And without cargo there are no goods to compare."""
    assert findings(None, "4011200000") == {"found_empty": True}


def test_check_cargo__nothing_declared_nothing_compared() -> None:
    """No declaration, or one without lines that does not say that it is empty."""
    assert check_cargo(answer(0), None, CONTRACT, GOODS) == []
    assert findings(0) == {}


def test_check_cargo__unknown_heading_is_not_compared() -> None:
    """The model cannot say that goods are not what it has never seen."""
    assert findings(0, "4011200000", "9701910000") == {"found_empty": False}


TYRES, WINE = "4011200000", "2204210000"
AGREES, DISAGREES, UNKNOWN = LineCheck


def mixed(n_tyres: int, n_wine: int) -> CargoAnswer:
    """Blocks of both headings."""
    found = np.concatenate([draw(0, n_tyres, 3), draw(1, n_wine, 4)])
    blocks = Blocks(features=found, x_cells=np.zeros((len(found), 2), np.int64), has_material=True)
    return CargoAnswer(empty=0.01, blocks=blocks)


def lines(seen: CargoAnswer, *codes: str, **thresholds: float) -> list[LineCheck]:
    """What is said of the lines of a declaration."""
    declared = DeclaredCargo(is_empty=False, hs_codes=codes)
    return check_lines(seen, declared, CONTRACT, GOODS, thresholds=thresholds)


@pytest.mark.parametrize(
    ("seen", "codes", "said"),
    [
        (answer(0), (TYRES,), [AGREES]),
        (answer(0), (WINE,), [DISAGREES]),
        (mixed(6, 6), (TYRES, WINE, "4011"), [AGREES, AGREES, AGREES]),
        # Nothing but tyres.
        (answer(0), (TYRES, WINE, TYRES), [AGREES, DISAGREES, AGREES]),
        # The tyres are there, and wine that nobody declared.
        (mixed(6, 6), (TYRES, "401110"), [AGREES, AGREES]),
        (answer(None), (TYRES, WINE), [DISAGREES, DISAGREES]),
        (answer(0), (TYRES, "9999"), [UNKNOWN, UNKNOWN]),
        (answer(0), (), []),
    ],
)
def test_check_lines__names_the_line_to_blame(
    seen: CargoAnswer, codes: tuple[str, ...], said: list[LineCheck]
) -> None:
    """One word per line, and only what the calibrated check of the whole can carry."""
    assert lines(seen, *codes) == said


def test_check_lines__go_with_the_findings() -> None:
    """What the policy's thresholds make of the whole declaration is said of its lines too."""
    assert lines(answer(0), WINE, goods_mismatch=1.01) == [UNKNOWN]
    assert lines(mixed(6, 6), TYRES, WINE, goods_mismatch=0.0) != [AGREES, AGREES]
    assert lines(answer(0), TYRES, found_empty=0.0) == [DISAGREES]


def test_check_lines__a_declared_empty_vehicle_has_none_to_check() -> None:
    """Nothing is said of lines beside the word that there is no cargo."""
    declared = DeclaredCargo(is_empty=True, hs_codes=(TYRES,))
    assert check_lines(answer(0), declared, CONTRACT, GOODS, thresholds={}) == [UNKNOWN]


def test_mismatch_score__grows_with_the_distance() -> None:
    """A laxer middle gives a lower score."""
    strict = mismatch_score(answer(0).blocks, ["2204"], replace(CONTRACT, mismatch_scale=50.0), GOODS)
    lax = mismatch_score(
        answer(0).blocks, ["2204"], replace(CONTRACT, mismatch_scale=50.0, mismatch_middle=50.0), GOODS
    )
    assert strict is not None
    assert lax is not None
    assert 0 < lax < strict < 1


def outputs(n_columns: int = 8) -> list[np.ndarray]:
    return [
        np.ones((1, 2), np.float32),
        np.ones((1, 2, n_columns), np.float32),
        np.ones((1, n_columns), np.float32),
        np.zeros(1, np.float32),
    ]


def test_read_answer__fits_its_view() -> None:
    """All columns loaded: the blocks cover the view."""
    blocks = read_answer(np.ones((2, 64, 64), np.float32), outputs()).blocks
    assert (blocks.x_cells.min(), blocks.x_cells.max()) == (0, 64)


def test_read_answer__no_number_or_another_shape_is_no_answer() -> None:
    """NaN never reads as "as declared"."""
    view = np.ones((2, 64, 64), np.float32)
    bad = outputs()
    bad[3][0] = np.nan
    for answered in (bad, outputs(7)):
        with pytest.raises(ModelOutputError):
            read_answer(view, answered)


def test_contract__round_trips_with_its_gaussians() -> None:
    """What a file stores is what is read."""
    contract, goods = CargoContract.from_metadata(CONTRACT.to_metadata(GOODS))
    assert contract == CONTRACT
    assert np.allclose(goods.means, GOODS.means, atol=1e-5)


@pytest.mark.parametrize(
    "change",
    [
        {METADATA_KEY: "{}"},
        {METADATA_KEY: replace(CONTRACT, headings=("1",)).to_metadata(GOODS)[METADATA_KEY]},
        {METADATA_KEY: replace(CONTRACT, mismatch_threshold=0.0).to_metadata(GOODS)[METADATA_KEY]},
        {"shenxiang.cargo.goods": "AAAA"},
        {"shenxiang.cargo.goods": "not base64"},
    ],
)
def test_contract__damaged_is_refused(change: dict[str, str]) -> None:
    """A file that does not say what it promises is not run."""
    with pytest.raises(ModelContractError):
        CargoContract.from_metadata({**CONTRACT.to_metadata(GOODS), **change})
