"""What a cargo file promises: its headings, thresholds and tensors.

It travels inside the ONNX file: JSON under ``shenxiang.cargo`` and the headings' Gaussians under
``shenxiang.cargo.goods`` (base64), so that a network cannot be paired with another one's distances.

Tensors of version 1:
    input ``view``: float32 ``(N, 2, h, w)``, attenuation on the 20 mm grid (models.cargo_view).
    outputs ``embedding`` ``(N, 128)``, ``columns`` ``(N, 128, w / 8)``, ``loaded`` ``(N, w / 8)`` and
    ``empty`` ``(N,)``, see ``models.cargo.CargoNetwork.forward``.
    Serving does not read the first: see ``models.lookalike``.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

from models.errors import ModelContractError
from models.lookalike import MAX_HEADINGS
from models.mismatch import Goods

METADATA_KEY: Final = "shenxiang.cargo"
GOODS_KEY: Final = "shenxiang.cargo.goods"
FORMAT: Final = 1
INPUT_NAME: Final = "view"
OUTPUT_NAMES: Final = ("embedding", "columns", "loaded", "empty")


@dataclass(frozen=True, kw_only=True)
class CargoContract:
    """See the module's docstring.

    Attributes:
        name: Of the model, as in the manifest.
        version: Of these weights.
        headings: HS codes of ten digits, in the order of the Gaussians.
        declared_empty_threshold: Probability that a vehicle is loaded from which "declared empty" is wrong.
        found_empty_threshold: Probability that a vehicle is empty from which a declaration of goods is wrong.
        mismatch_threshold: Score from which goods do not match.
        mismatch_middle: Doubt (models.doubt) from which a declaration does not match.
        mismatch_scale: The score is a sigmoid of (doubt - ``mismatch_middle``) / this.
        sharpness: What a distance to a heading says (``models.mismatch.Goods.shares``).
        recipe: Name of the training recipe.
        seed: Of the training run.
        n_parameters: Numbers learned by the network.
        trained_on: What the training data were, in words.
    """

    name: str
    version: str
    headings: tuple[str, ...]
    declared_empty_threshold: float = 0.5
    found_empty_threshold: float = 0.5
    mismatch_threshold: float = 0.5
    mismatch_middle: float = 0.0
    mismatch_scale: float = 1.0
    sharpness: float = 10.0
    recipe: str = ""
    seed: int = 0
    n_parameters: int = 0
    trained_on: str = ""

    def to_metadata(self, goods: Goods) -> dict[str, str]:
        """What the ONNX file stores."""
        return {
            METADATA_KEY: json.dumps({"format": FORMAT, **asdict(self)}, ensure_ascii=False, sort_keys=True),
            GOODS_KEY: base64.b64encode(goods.to_bytes()).decode(),
        }

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str]) -> tuple[Self, Goods]:
        """Read contract and Gaussians out of ``session.get_modelmeta().custom_metadata_map``.

        Raises:
            ModelContractError: If they are missing, of another format, or break a rule.
        """
        try:
            fields: dict[str, Any] = json.loads(metadata[METADATA_KEY])
            if fields.pop("format") != FORMAT:
                raise ValueError(f"format is not {FORMAT}")
            contract = cls(headings=tuple(fields.pop("headings")), **fields)
            contract.check()
            packed = base64.b64decode(metadata[GOODS_KEY], validate=True)
        except (KeyError, TypeError, ValueError, AttributeError, binascii.Error) as error:
            raise ModelContractError(
                f"the cargo model's contract cannot be read ({error!r}); export it again with this version"
            ) from error
        return contract, Goods.from_bytes(packed, n_headings=len(contract.headings))

    def check(self) -> None:
        """Raise ValueError when a rule is broken."""
        if not self.headings or len(set(self.headings)) != len(self.headings):
            raise ValueError("headings must be one or more distinct codes")
        if len(self.headings) > MAX_HEADINGS:
            raise ValueError(f"there may be {MAX_HEADINGS} headings at most")
        thresholds = (self.declared_empty_threshold, self.found_empty_threshold, self.mismatch_threshold)
        if not all(0 < threshold <= 1 for threshold in thresholds):
            raise ValueError("thresholds must lie in (0, 1]")
        if not (self.mismatch_scale > 0 and self.sharpness > 0):
            raise ValueError("mismatch_scale and sharpness must be positive")
