"""What a detector file promises: its kinds, thresholds and tensors.

The contract travels inside the ONNX file as JSON under ``shenxiang.contract`` in the model's metadata, so
that a file cannot be paired with the wrong thresholds. Reading it needs no runtime.

Tensors of version 1:
    input ``transmission``: float32 ``(N, 2, H, W)``, high and low energy, in (0, 1], 1 is air; H and W are
    multiples of ``stride`` and at least ``min_side_px``.
    output ``boxes``: float32 ``(N, K, M, 4)``, xyxy in input pixels; output ``scores``: float32
    ``(N, K, M)``, falling along M. K counts the kinds in the contract's order; M candidates each, before NMS.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final, Self

from models.errors import ModelContractError
from models.onnx_metadata import read_metadata

METADATA_KEY: Final = "shenxiang.contract"
FORMAT: Final = 1
INPUT_NAME: Final = "transmission"
OUTPUT_NAMES: Final = ("boxes", "scores")


class Precision(StrEnum):
    """Of a file's weights and convolutions."""

    FP32 = "fp32"
    INT8 = "int8"


@dataclass(frozen=True, kw_only=True)
class KindSpec:
    """A kind of thing and the score from which it counts, in [0, 1]."""

    kind: str
    threshold: float


@dataclass(frozen=True, kw_only=True)
class ModelContract:
    """See the module's docstring.

    Attributes:
        name: Of the model, as in the manifest.
        version: Of these weights.
        kinds: In the order of the outputs.
        stride: Input sides are multiples of it.
        min_side_px: Smallest input side.
        max_width_px: A wider scan is cut into tiles of full height.
        n_channels: Always two; a single energy is given twice.
        max_candidates: M, candidates per kind.
        nms_iou: Candidates of one kind overlapping a better one by more are dropped.
        crowding: How much the score of a finding loses by others of its kind (``models.postprocess``).
        recipe: Name of the training recipe.
        seed: Of the training run.
        architecture: Name in ``models.architectures``; empty in files older than the name.
        n_parameters: Numbers learned; 0 in files older than the count.
        precision: Of the weights and the convolutions.
        trained_on: What the training data were, in words.
    """

    name: str
    version: str
    kinds: tuple[KindSpec, ...]
    stride: int = 32
    min_side_px: int = 64
    max_width_px: int = 4096
    n_channels: int = 2
    max_candidates: int = 100
    nms_iou: float = 0.4
    crowding: float = 0.0
    recipe: str = ""
    seed: int = 0
    architecture: str = ""
    n_parameters: int = 0
    precision: Precision = Precision.FP32
    trained_on: str = ""

    def to_json(self) -> str:
        return json.dumps({"format": FORMAT, **asdict(self)}, ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read and check a contract.

        Raises:
            ModelContractError: If it is not JSON, of another format, or breaks a rule.
        """
        try:
            fields: dict[str, Any] = json.loads(text)
            if fields.pop("format") != FORMAT:
                raise ValueError(f"format is not {FORMAT}")
            kinds = tuple(
                KindSpec(kind=k["kind"], threshold=float(k["threshold"])) for k in fields.pop("kinds")
            )
            precision = Precision(fields.pop("precision", Precision.FP32))
            contract = cls(kinds=kinds, precision=precision, **fields)
            contract.check()
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ModelContractError(
                f"the model's contract cannot be read ({error}); export it again with this version"
            ) from error
        return contract

    @classmethod
    def from_file(cls, data: bytes) -> Self:
        """Read the contract out of a model file.

        Raises:
            ModelContractError: If it is no ONNX file, or see ``from_metadata``.
        """
        return cls.from_metadata(read_metadata(data))

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str]) -> Self:
        """Read the contract out of ``session.get_modelmeta().custom_metadata_map``.

        Raises:
            ModelContractError: If there is none or it is invalid.
        """
        text = metadata.get(METADATA_KEY)
        if text is None:
            raise ModelContractError(
                f"the model has no metadata {METADATA_KEY!r}; export it with models.export"
            )
        return cls.from_json(text)

    def check(self) -> None:
        """Raise ValueError when a rule is broken."""
        names = [spec.kind for spec in self.kinds]
        if not names or len(set(names)) != len(names):
            raise ValueError(f"kinds must be one or more distinct names, not {names}")
        if not all(0 <= spec.threshold <= 1 for spec in self.kinds):
            raise ValueError("thresholds must lie in [0, 1]")
        if not 0 <= self.crowding <= 1:
            raise ValueError(f"crowding must lie in [0, 1], not {self.crowding}")
        if self.n_channels != 2:
            raise ValueError(f"n_channels must be 2, not {self.n_channels}")
        if self.stride < 1 or self.min_side_px < 1 or self.max_width_px < self.min_side_px:
            raise ValueError("stride and sizes must be positive, max_width_px at least min_side_px")
