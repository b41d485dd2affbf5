"""Recipes: everything that decides a training run, in one TOML file."""

import hashlib
import json
import tomllib
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from datasets.synthetic.kinds import ThreatKind
from models.architectures import ARCHITECTURES, CASCADES
from training.errors import RecipeError

R = TypeVar("R")

STRICT: Final = ConfigDict(extra="forbid")
"""An unknown key is a mistake."""
_SIDE_MULTIPLE: Final = 32


@dataclass(frozen=True, kw_only=True, config=STRICT)
class SceneRecipe:
    """Benign scenes to draw and cache.

    Attributes:
        n_scenes: How many.
        first_seed: Their seeds run from it.
        height_px: Of a scene, at least; finer ones are as high as they must be to show a whole vehicle.
        width_px: Of a scene.
        other_pitch_share: Scenes drawn as finer or coarser scanners would see them, instead of at the
            generator's own pitch.
        pitch_mm: From the finest to the coarsest of those.
    """

    n_scenes: int = Field(ge=1)
    first_seed: int
    height_px: int
    width_px: int
    other_pitch_share: float = Field(ge=0, le=1)
    pitch_mm: tuple[float, float]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class CropSize:
    """One size of crop.

    Attributes:
        height_px: A multiple of 32, no larger than the scenes.
        width_px: Likewise.
        share: Of the steps, relative to the other sizes.
        max_threats: In one crop with threats, at least one is tried.
        more_threats: Put beside them, at most, from the recipe's bank.
        loads: Crops with threats that are kept and shown again by other scanners (``training.loads``); 0:
            every one is new.
        weights: By kind, how often it is hidden in crops of this size; empty: as all sizes do. A kind left
            out is not hidden: cars do not fit into small crops.
    """

    height_px: int
    width_px: int
    share: float = Field(gt=0)
    max_threats: int = Field(ge=1)
    more_threats: int = Field(ge=0, default=0)
    loads: int = Field(ge=0, default=0)
    weights: dict[str, float] = Field(default_factory=dict)

    @property
    def n_pixels(self) -> int:
        return self.height_px * self.width_px


@dataclass(frozen=True, kw_only=True, config=STRICT)
class CropRecipe:
    """How training crops are made; shares are probabilities.

    Attributes:
        sizes: All crops of a step have one size, drawn by the sizes' shares.
        threat_share: Crops in which something is hidden.
        single_energy_share: Crops that know one energy only.
        eight_bit_share: Crops that went through an 8-bit export.
        fittings_share: Crops with harmless bits of metal in them.
        clutter_share: Crops with irregular goods over them (``datasets.practice.clutter``).
        weights: By kind, how often it is hidden, relatively; empty: all alike.
        practice: Kinds of which the shapes that only training shows are hidden, too; None: all kinds.
    """

    sizes: tuple[CropSize, ...] = Field(min_length=1)
    threat_share: float = Field(ge=0, le=1)
    single_energy_share: float = Field(ge=0, le=1)
    eight_bit_share: float = Field(ge=0, le=1)
    fittings_share: float = Field(ge=0, le=1)
    clutter_share: float = Field(ge=0, le=1, default=0.0)
    weights: dict[str, float] = Field(default_factory=dict)
    practice: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True, config=STRICT)
class CocoRecipe:
    """An annotated dataset beside the synthetic scenes.

    Attributes:
        folder: Any that ``shenxiang dataset check`` accepts; relative to the recipe.
        share: Of crops cut from it, as a probability.
    """

    folder: str
    share: float = Field(gt=0, le=1)


@dataclass(frozen=True, kw_only=True, config=STRICT)
class VehicleRecipe:
    """Whole vehicles beside the scenes that are cached (``training.vehicles``); they need ``start``.

    Attributes:
        n_vehicles: How many.
        first_seed: Their seeds run from it.
        n_threats: Tried in each.
        n_mistakes: Harmless places kept of each, at most.
        share: Of the crops, with threats and without, that are cut from them, as a probability.
    """

    n_vehicles: int = Field(ge=1)
    first_seed: int
    n_threats: int = Field(ge=1)
    n_mistakes: int = Field(ge=0)
    share: float = Field(gt=0, le=1)


@dataclass(frozen=True, kw_only=True, config=STRICT)
class BankRecipe:
    """Threats drawn once and put into crops beside what these hide (``training.threat_bank``).

    Attributes:
        variants: Of each shape.
        benchmark_share: Of the threats of a practised kind, those in a shape that the benchmark has, too.
    """

    variants: int = Field(ge=1)
    benchmark_share: float = Field(ge=0, le=1)


@dataclass(frozen=True, kw_only=True, config=STRICT)
class MiningRecipe:
    """Looking for harmless places that the detector takes for threats.

    Attributes:
        every: Steps from one look to the next.
        batches: Looked at each time, in every process.
        pool: Places kept, the worst ones.
        share: Of the crops without threats that show a kept place.
    """

    every: int = Field(ge=1)
    batches: int = Field(ge=1)
    pool: int = Field(ge=1)
    share: float = Field(ge=0, le=1)


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ScheduleRecipe:
    """The optimiser and its schedule.

    Attributes:
        learning_rate: Of AdamW, at its peak.
        kernel_rate: Of Muon, at its peak (``training.optimizers``).
        ema_decay: How much of the weights' average stays at every step.
        checkpoint_every: Steps.
        bfloat16: Convolutions in bfloat16: about half the time on GPUs and on CPUs that have it (AVX-512
            BF16, AMX), many times slower on other CPUs.
        threads: Of torch, on the CPU.
        workers: Processes that make what is learned from.
    """

    steps: int = Field(ge=1)
    learning_rate: float = Field(gt=0)
    kernel_rate: float = Field(gt=0)
    weight_decay: float = Field(ge=0)
    warmup_steps: int = Field(ge=0)
    ema_decay: float = Field(ge=0, lt=1)
    checkpoint_every: int = Field(ge=1)
    threads: int = Field(ge=1)
    workers: int = Field(ge=0)
    bfloat16: bool = False


@dataclass(frozen=True, kw_only=True, config=STRICT)
class FitRecipe(ScheduleRecipe):
    """The detector's.

    Attributes:
        batch_px: Pixels of a step and process; a step has as many crops as fit, at least one.
    """

    batch_px: int = Field(ge=1)


@dataclass(frozen=True, kw_only=True, config=STRICT)
class CloseupRecipe:
    """What a cascade's second network learns from, after the first has learned.

    Attributes:
        passes: Whole scans with threats that the first network looks at.
        benign_passes: And without.
        n_threats: Tried in each of the former; many, so that few passes show many.
        passes_per_step: Passes that a step takes some places of.
        benign_per_step: Likewise.
        find_hard_every: Steps after which the benign passes' places are judged anew.
        hard: How many of them, the worst ones, are shown most often.
        fit: The second network's optimiser.
    """

    passes: int = Field(ge=1)
    benign_passes: int = Field(ge=1)
    n_threats: int = Field(ge=1)
    passes_per_step: int = Field(ge=1)
    benign_per_step: int = Field(ge=1)
    find_hard_every: int = Field(ge=1)
    hard: int = Field(ge=1)
    fit: ScheduleRecipe


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Recipe:
    """A whole run.

    Attributes:
        architecture: A name in ``models.architectures``.
        start: Weights of another run to begin with, relative to the recipe, of the same architecture, of a
            shallower one, or of the first network alone; None: from scratch.
        fit: For a cascade, of its first network.
        closeups: Of a cascade.
    """

    name: str
    version: str
    seed: int
    kinds: tuple[str, ...] = Field(min_length=1)
    scenes: SceneRecipe
    crops: CropRecipe
    fit: FitRecipe
    architecture: str = "cpu"
    start: str | None = None
    vehicles: VehicleRecipe | None = None
    bank: BankRecipe | None = None
    mining: MiningRecipe | None = None
    coco: CocoRecipe | None = None
    closeups: CloseupRecipe | None = None

    @property
    def digest(self) -> str:
        """Of everything that changes the weights (not the threads, workers and checkpoint interval)."""
        fields = asdict(self)
        for fit in (fields["fit"], (fields["closeups"] or {}).get("fit", {})):
            for name in ("threads", "workers", "checkpoint_every"):
                fit.pop(name, None)
        return digest_of(fields)

    @property
    def first(self) -> "Recipe":
        """Without what only a cascade's second network learns from."""
        return replace(self, closeups=None)

    @property
    def crops_digest(self) -> str:
        """Of everything that decides what a kept crop with threats holds, before anything is laid over it."""
        fields = asdict(self)
        del fields["crops"]["threat_share"], fields["crops"]["clutter_share"]
        for size in fields["crops"]["sizes"]:
            del size["more_threats"]
        return digest_of({name: fields[name] for name in ("seed", "kinds", "scenes", "crops")})

    @property
    def practised(self) -> frozenset[str]:
        """Kinds of which training shows shapes of its own, too."""
        return frozenset(self.kinds if self.crops.practice is None else self.crops.practice)

    def crops_per_batch(self, size: CropSize) -> int:
        return max(self.fit.batch_px // size.n_pixels, 1)

    def weights(self, size: CropSize) -> list[float]:
        """How often each kind is hidden in crops of a size; sums to 1."""
        wanted = size.weights or self.crops.weights or dict.fromkeys(self.kinds, 1.0)
        values = [max(wanted.get(kind, 0.0), 0.0) for kind in self.kinds]
        return [value / sum(values) for value in values]


def load_recipe(path: Path) -> Recipe:
    """Read and check a recipe.

    Raises:
        RecipeError: If it is missing, not TOML, has unknown or missing keys, or breaks a rule.
    """
    recipe = read_recipe(path, Recipe)
    _check(recipe, path)
    return recipe


def read_recipe(path: Path, form: type[R]) -> R:
    """Read a TOML file into a recipe's form.

    Raises:
        RecipeError: If it is missing, not TOML, or has unknown, missing or bad values.
    """
    try:
        fields: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        return TypeAdapter(form).validate_python(fields)
    except (OSError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise RecipeError(f"recipe {path} cannot be read ({error}); correct it") from error


def digest_of(fields: dict[str, Any]) -> str:
    """SHA-256 of fields, in whatever order."""
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()


def _check(recipe: Recipe, path: Path) -> None:
    kinds = set(recipe.kinds)
    unknown = kinds - {kind.value for kind in ThreatKind}
    if unknown or len(kinds) != len(recipe.kinds):
        raise RecipeError(
            f"recipe {path} names kinds twice, or {sorted(unknown)}, which no generator draws; correct them"
        )
    if recipe.architecture not in ARCHITECTURES:
        raise RecipeError(
            f"recipe {path}: no architecture {recipe.architecture!r}; choose of {', '.join(ARCHITECTURES)}"
        )
    if (recipe.closeups is not None) != (recipe.architecture in CASCADES):
        raise RecipeError(
            f"recipe {path}: {' and '.join(CASCADES)} need [closeups], and nothing else has them"
        )
    if recipe.vehicles is not None and recipe.start is None:
        raise RecipeError(f"recipe {path}: [vehicles] need weights that make mistakes; name them in start")
    if (recipe.bank is None) != (not any(size.more_threats for size in recipe.crops.sizes)):
        raise RecipeError(f"recipe {path}: more_threats are of a [bank], and a bank is for these; have both")
    if not 0 < recipe.scenes.pitch_mm[0] <= recipe.scenes.pitch_mm[1]:
        raise RecipeError(f"recipe {path}: pitch_mm must be two lengths, the finer one first")
    for size in recipe.crops.sizes:
        if size.height_px % _SIDE_MULTIPLE or size.width_px % _SIDE_MULTIPLE:
            raise RecipeError(f"recipe {path}: crop sides must be multiples of {_SIDE_MULTIPLE}")
        if size.height_px > recipe.scenes.height_px or size.width_px > recipe.scenes.width_px:
            raise RecipeError(f"recipe {path}: crops must not be larger than the scenes")
        wanted = size.weights or recipe.crops.weights
        if wanted and (set(wanted) - kinds or sum(wanted.values()) <= 0 or min(wanted.values()) < 0):
            raise RecipeError(
                f"recipe {path}: weights must name the recipe's kinds, be at least 0, and not all be 0"
            )
