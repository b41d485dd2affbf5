"""Training crops: a piece of a cached scene, threats, a scanner of its own; or a piece of an annotated scan.

A crop is a pure function of the recipe, the step, its slot in the batch and, when it shows a hard place, of
that place; so a resumed run sees exactly the crops it would have seen. Held-out shapes are never hidden here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any, Final, Protocol

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from datasets.practice.clutter import add_clutter
from datasets.synthetic.beam import FanBeam
from datasets.synthetic.chain import Chain, digitise, draw_chain, transmission
from datasets.synthetic.fittings import add_fittings
from datasets.synthetic.hiding import hide_in_crop
from datasets.synthetic.kinds import ThreatKind
from datasets.synthetic.projection import Projection
from models.detection_model import DetectionModel
from models.loss import Loss
from models.preprocess import to_input
from training.annotated import AnnotatedScan, cut_crop
from training.augment import mirror
from training.loads import Load, LoadBuilder, kept, loads_folder
from training.recipe import CropRecipe, CropSize, Recipe
from training.scenes import CachedScene
from training.shapes import shapes_of_kind
from training.threat_bank import ThreatBank
from training.truth import Truth, truth_of_boxes

Rng = np.random.Generator
Float32 = NDArray[np.float32]
Pixels = NDArray[np.uint16]

_INSIDE_SHARE: Final = 0.8
"""Crops around a point of the hold; the others lie anywhere, cab and air included."""
_EVER_NEW: Final = 2**62


class Stream(IntEnum):
    """What a random stream decides; the recipe's seed comes before it, numbers follow."""

    SIZE = 0
    CROP = 1
    MATTER = 2
    LOOK = 3
    LOOK_SIZE = 4
    THREATS = 5
    LOAD = 6


@dataclass(frozen=True, kw_only=True)
class HardPlace:
    """A harmless place that was taken for a threat.

    Attributes:
        size: Index into the recipe's crop sizes.
        number: Names scene, position and fittings, through the recipe's seed.
        score: Highest that the detector gave to anything there, in [0, 1].
    """

    size: int
    number: int
    score: float


@dataclass(frozen=True, kw_only=True)
class Crop:
    """One training example.

    Attributes:
        image: Shape ``(2, h, w)``, float32 transmission.
        boxes: Shape ``(n, 4)``, float32 xyxy in pixels of the crop.
        kinds: Shape ``(n,)``, int64, index into the recipe's kinds.
        outlines: Shape ``(h / 4, w / 4)``, int64; see ``models.loss.outline_loss``.
    """

    image: Tensor
    boxes: Tensor
    kinds: Tensor
    outlines: Tensor


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Crops of one size: images ``(N, 2, h, w)``, and boxes, kinds and outlines of each."""

    images: Tensor
    boxes: list[Tensor]
    kinds: list[Tensor]
    outlines: Tensor

    @property
    def width_px(self) -> int:
        return self.images.shape[3]

    @property
    def n_objects(self) -> int:
        return sum(len(kinds) for kinds in self.kinds)

    def __len__(self) -> int:
        return len(self.images)

    def loss(self, model: DetectionModel) -> Loss:
        return model.loss(self.images, self.boxes, self.kinds, self.outlines)

    def pin_memory(self) -> "Batch":
        """For `torch.utils.data.DataLoader`."""
        return replace(self, images=self.images.pin_memory())

    def to(self, device: torch.device) -> "Batch":
        return Batch(
            images=self.images.to(device, non_blocking=True, memory_format=torch.channels_last),
            boxes=[b.to(device, non_blocking=True) for b in self.boxes],
            kinds=[k.to(device, non_blocking=True) for k in self.kinds],
            outlines=self.outlines.to(device, non_blocking=True),
        )


@dataclass(frozen=True, kw_only=True)
class Matter:
    """A part of a scene before the scanner looks: planes ``(2, h, w)`` in g/cm² and their geometry."""

    planes: Float32
    beam: FanBeam


class LoadSource(Protocol):
    """Crops from elsewhere than the cached scenes."""

    def draw(self, rng: Rng, size: int, *, has_threats: bool) -> Load | None:
        """One of that size, or None: there is none."""
        ...


class BatchDataset(Dataset[Batch]):
    """Batches by step; see the module's docstring.

    Args:
        recipe: Decides everything.
        scenes: Of ``prepare_scenes``.
        annotated: Of ``read_scans``, if the recipe names a dataset.
        vehicles: Of ``prepare_vehicles``, if the recipe has such.
        bank: Of ``prepare_bank``, likewise.
        hard: Places to come back to.
        rank: Of this process; every process has batches of its own, of the same size.
    """

    def __init__(
        self,
        recipe: Recipe,
        scenes: Sequence[CachedScene],
        *,
        annotated: Sequence[AnnotatedScan] = (),
        vehicles: LoadSource | None = None,
        bank: ThreatBank | None = None,
        hard: Sequence[HardPlace] = (),
        rank: int = 0,
    ) -> None:
        self._maker = CropMaker(recipe, scenes, annotated=annotated, vehicles=vehicles, bank=bank)
        self._recipe = recipe
        self._hard = {i: [place for place in hard if place.size == i] for i in range(len(recipe.crops.sizes))}
        self._rank = rank

    def __len__(self) -> int:
        return self._recipe.fit.steps

    def __getitem__(self, step: int) -> Batch:
        cv2.setNumThreads(1)
        size = draw_size(self._recipe, Stream.SIZE, step)
        count = self._recipe.crops_per_batch(self._recipe.crops.sizes[size])
        slots = range(self._rank * count, (self._rank + 1) * count)
        rngs = [np.random.default_rng((self._recipe.seed, Stream.CROP, step, slot)) for slot in slots]
        threats = spread_threats(self._recipe, step, slots)
        return collate(
            [
                self._maker.draw(rng, size, has_threats=has, hard=self._hard[size])
                for rng, has in zip(rngs, threats, strict=True)
            ]
        )


class CropMaker:
    """Makes crops of a recipe from its scenes."""

    def __init__(
        self,
        recipe: Recipe,
        scenes: Sequence[CachedScene],
        *,
        annotated: Sequence[AnnotatedScan] = (),
        vehicles: LoadSource | None = None,
        bank: ThreatBank | None = None,
    ) -> None:
        self._recipe = recipe
        self._scenes = list(scenes)
        self._loads = loads_folder(recipe, scenes[0].path.parent)
        self._annotated, self._vehicles, self._bank = list(annotated), vehicles, bank
        self._weights = [recipe.weights(size) for size in recipe.crops.sizes]

    def draw(self, rng: Rng, size: int, *, has_threats: bool, hard: Sequence[HardPlace] = ()) -> Crop:
        """One crop: from the dataset, a whole vehicle, a hard place, or anywhere.

        Args:
            rng: Draws everything else.
            size: Index into the recipe's crop sizes.
            has_threats: Whether something is hidden in it; a crop of the dataset shows what it shows.
            hard: Places of that size to come back to.
        """
        coco, options = self._recipe.coco, self._recipe.crops
        if coco is not None and rng.random() < coco.share:
            scan = self._annotated[int(rng.integers(len(self._annotated)))]
            pixels, boxes, kinds = cut_crop(rng, options, options.sizes[size], scan)
            truth = truth_of_boxes(boxes, kinds, height_px=pixels.shape[1], width_px=pixels.shape[2])
            return _finish(rng, pixels, truth)
        load = self._draw_vehicle(rng, size, has_threats=has_threats)
        if load is None and has_threats:
            load = self._draw_load(rng, size)
        if load is not None:
            if has_threats:
                load = self._crowded(rng, size, load)
            return self._show(rng, self._cluttered(rng, load))
        mining = self._recipe.mining
        if hard and mining is not None and rng.random() < mining.share:
            planes = self.hard_planes(size, hard[int(rng.integers(len(hard)))].number)
        else:
            planes = self._harmless_planes(rng, size)
        return _finish(rng, scan_matter(rng, planes, draw_scanner(rng, self._recipe.crops)))

    def look(self, size: int, number: int, step: int) -> Crop:
        """A harmless crop as a scanner, another one at each step, shows it."""
        rng = np.random.default_rng((self._recipe.seed, Stream.LOOK, step, number))
        planes = self.hard_planes(size, number)
        return _finish(rng, scan_matter(rng, planes, draw_scanner(rng, self._recipe.crops)))

    def hard_planes(self, size: int, number: int) -> Float32:
        """The harmless place of that number, shape ``(2, h, w)``, g/cm²."""
        return self._harmless_planes(np.random.default_rng((self._recipe.seed, Stream.MATTER, number)), size)

    def _harmless_planes(self, rng: Rng, size: int) -> Float32:
        planes = self._matter(rng, size).planes
        if rng.random() < self._recipe.crops.clutter_share:
            add_clutter(rng, planes)
        return planes

    def _crowded(self, rng: Rng, size: int, load: Load) -> Load:
        """With threats of the bank beside its own."""
        if self._bank is None:
            return load
        most = self._recipe.crops.sizes[size].more_threats
        return self._bank.add_some(rng, load, chances=self._weights[size], most=most)

    def _cluttered(self, rng: Rng, load: Load) -> Load:
        """Now and then with irregular goods over it; a threat that no longer shows is not labelled."""
        if rng.random() >= self._recipe.crops.clutter_share:
            return load
        planes = load.planes.astype(np.float32)
        add_clutter(rng, planes)
        return replace(load, planes=planes.astype(np.float16))

    def _matter(self, rng: Rng, size: int) -> Matter:
        matter = cut_matter(
            rng, self._scenes[int(rng.integers(len(self._scenes)))], self._recipe.crops.sizes[size]
        )
        if rng.random() < self._recipe.crops.fittings_share:
            projection = Projection(matter.beam)
            projection.planes = matter.planes
            add_fittings(projection, rng, (0, 0, matter.beam.width_px, matter.beam.height_px))
        return matter

    def _draw_vehicle(self, rng: Rng, size: int, *, has_threats: bool) -> Load | None:
        """A part of a vehicle, as often as the recipe says."""
        options = self._recipe.vehicles
        if self._vehicles is None or options is None or rng.random() >= options.share:
            return None
        return self._vehicles.draw(rng, size, has_threats=has_threats)

    def _draw_load(self, rng: Rng, size: int) -> Load:
        """One of the loads that are kept, or a new one."""
        n_kept = self._recipe.crops.sizes[size].loads
        number = int(rng.integers(n_kept or _EVER_NEW))
        if n_kept:
            return kept(self._loads / f"{size}-{number}.npz", lambda: self._make_load(size, number))
        return self._make_load(size, number)

    def _show(self, rng: Rng, load: Load) -> Crop:
        """A load as one scanner shows it."""
        chain = draw_scanner(rng, self._recipe.crops)
        planes, truth = load.seen_by(chain)
        return _finish(rng, scan_matter(rng, planes, chain), truth)

    def _make_load(self, size: int, number: int) -> Load:
        rng = np.random.default_rng((self._recipe.seed, Stream.LOAD, size, number))
        matter, chain = self._matter(rng, size), draw_scanner(rng, self._recipe.crops)
        load = LoadBuilder(matter.planes)
        for _ in range(int(rng.integers(1, self._recipe.crops.sizes[size].max_threats + 1))):
            kind = int(rng.choice(len(self._recipe.kinds), p=self._weights[size]))
            name = self._recipe.kinds[kind]
            shapes = shapes_of_kind(self._recipe, name)
            if hide_in_crop(rng, matter.planes, matter.beam, chain, kind=ThreatKind(name), shapes=shapes):
                load.add(matter.planes, kind)
        return load.build()


def draw_scanner(rng: Rng, options: CropRecipe) -> Chain:
    """One of the scanners that crops are seen by."""
    return draw_chain(
        rng,
        dual_energy=bool(rng.random() >= options.single_energy_share),
        is_8bit=bool(rng.random() < options.eight_bit_share),
    )


def spread_threats(recipe: Recipe, step: int, slots: Iterable[int]) -> list[bool]:
    """Which of a step's crops hide something.

    Spread evenly and not drawn for each crop: a step of two large crops would often have nothing to find.
    """
    start = np.random.default_rng((recipe.seed, Stream.THREATS, step)).random()
    share = recipe.crops.threat_share
    return [int((slot + 1) * share + start) > int(slot * share + start) for slot in slots]


def collate(crops: Sequence[Crop]) -> Batch:
    """Crops of one size as a batch."""
    return Batch(
        images=torch.stack([c.image for c in crops]),
        boxes=[c.boxes for c in crops],
        kinds=[c.kinds for c in crops],
        outlines=torch.stack([c.outlines for c in crops]),
    )


def draw_size(recipe: Recipe, stream: Stream, number: int) -> int:
    """Which of the recipe's sizes a batch has; the same in all processes."""
    shares = np.array([size.share for size in recipe.crops.sizes])
    rng = np.random.default_rng((recipe.seed, stream, number))
    return int(rng.choice(len(shares), p=shares / shares.sum()))


def cut_matter(rng: Rng, scene: CachedScene, size: CropSize) -> Matter:
    """A window of a scene, most often about a point of the hold."""
    planes: NDArray[Any] = scene.planes()
    _, height, width = planes.shape
    centre = _centre(rng, scene)
    x = int(np.clip(centre[0] - size.width_px / 2, 0, width - size.width_px))
    y = int(np.clip(centre[1] - size.height_px / 2, 0, height - size.height_px))
    return Matter(
        planes=np.array(planes[:, y : y + size.height_px, x : x + size.width_px], dtype=np.float32),
        beam=scene.beam.window(x, y, width_px=size.width_px, height_px=size.height_px),
    )


def _centre(rng: Rng, scene: CachedScene) -> tuple[float, float]:
    beam, hold = scene.beam, scene.hold
    if hold is None or rng.random() >= _INSIDE_SHARE:
        return rng.uniform(0, beam.width_px), rng.uniform(0, beam.height_px)
    pitch = beam.pitch_mm
    return rng.uniform(*hold.x) / pitch, rng.uniform(*hold.y) / pitch


def scan_matter(rng: Rng, planes: Float32, chain: Chain) -> Pixels:
    """What a scanner makes of planes ``(2, h, w)`` in g/cm²: the same shape, uint16."""
    return digitise(transmission(planes, chain), chain, rng)


def _finish(rng: Rng, pixels: Pixels, truth: Truth | None = None) -> Crop:
    """Mirror half of the crops and make tensors; no truth: nothing is hidden in it."""
    image = to_input(pixels)[0]
    if truth is None:
        nothing = np.zeros((0, 4), dtype=np.float32)
        truth = truth_of_boxes(nothing, [], height_px=pixels.shape[1], width_px=pixels.shape[2])
    if rng.random() < 0.5:
        image, truth = mirror(image, truth)
    return Crop(
        image=torch.from_numpy(image),
        boxes=torch.from_numpy(truth.boxes),
        kinds=torch.tensor(truth.kinds, dtype=torch.int64),
        outlines=torch.from_numpy(truth.outlines),
    )
