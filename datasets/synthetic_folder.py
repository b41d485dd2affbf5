"""Synthetic scans on disk: images, COCO annotations and a manifest that says how to make them again.

    manifest.json        plan, generator, library versions
    scans/SEED.json      facts of one scan, written after its image: a scan without it is made again
    images/SEED.tif      16 bit, two pages, high energy first; or SEED_high.png and SEED_low.png
    annotations.json     COCO; written when all scans are there

Everything in it follows from the manifest, so a folder can be thrown away. Making is resumable: the same call
goes on where it was stopped, a larger number adds scans.
"""

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from enum import StrEnum
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import tifffile

import datasets.practice
import datasets.synthetic
from datasets.coco import write_coco
from datasets.errors import FolderTakenError
from datasets.images import Pixels
from datasets.records import Annotation, Category, Record, RecordSet, Split
from datasets.synthetic import make_scan
from datasets.synthetic.kinds import ThreatKind

FORMAT: Final = 1
SOURCE: Final = "datasets.synthetic"
LICENCE: Final = "free (synthetic)"
_SEED_SPLITS: Final = ((3_000_000, Split.TEST), (2_000_000, Split.VAL), (1_000_000, Split.TRAIN))
"""First seeds; datasets/README.md."""


class ImageFormat(StrEnum):
    """How pixels are stored; both are lossless 16 bit."""

    TIFF = "tiff"
    PNG = "png"


@dataclass(frozen=True, kw_only=True)
class FolderPlan:
    """What is made; scan number n has seed ``first_seed + n``.

    Attributes:
        threat_probability: Chance that a scan has one to three threats.
        dual_energy: False: one channel.
    """

    first_seed: int = 0
    height_px: int = 1000
    width_px: int = 2500
    threat_probability: float = 0.5
    dual_energy: bool = True
    image_format: ImageFormat = ImageFormat.TIFF


def make_folder(
    folder: Path,
    plan: FolderPlan,
    *,
    n_scans: int,
    workers: int = 1,
    on_done: Callable[[int], None] = lambda n_done: None,
) -> RecordSet:
    """Make the scans that are missing, then the annotations.

    Args:
        folder: New, empty, or one that this plan began.
        plan: See there.
        n_scans: How many there shall be; more that are there already stay.
        workers: Processes; 1 works in this one.
        on_done: Told how many scans are there, after each.

    Raises:
        FolderTakenError: If the folder holds something else.
        ValueError: If the pictures are too small; see ``make_scan``.
    """
    n_scans = _claim(folder, plan, n_scans)
    seeds = range(plan.first_seed, plan.first_seed + n_scans)
    missing = [seed for seed in seeds if not _facts_path(folder, seed).exists()]
    n_done = len(seeds) - len(missing)
    on_done(n_done)
    jobs = [(folder, plan, seed) for seed in missing]
    if workers > 1 and len(jobs) > 1:
        with ProcessPoolExecutor(
            min(workers, len(jobs)),
            mp_context=get_context("spawn"),
            initializer=cv2.setNumThreads,
            initargs=(1,),
        ) as pool:
            for number, _ in enumerate(pool.map(_make, jobs), start=1):
                on_done(n_done + number)
    else:
        for number, job in enumerate(jobs, start=1):
            _make(job)
            on_done(n_done + number)
    records = _collect(folder, plan, seeds)
    write_coco(records, folder / "annotations.json", image_root=folder / "images")
    return records


def generator_digest() -> str:
    """Of the generator's source: the same seed makes the same scan only while it is the same."""
    return _digest_of(datasets.synthetic.__path__[0])


def practice_digest() -> str:
    """Of the generator and of the shapes that only training shows."""
    return _digest_of(datasets.synthetic.__path__[0], datasets.practice.__path__[0])


def _digest_of(*folders: str) -> str:
    digest = hashlib.sha256()
    for path in (path for folder in folders for path in sorted(Path(folder).glob("*.py"))):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def split_of_seed(seed: int) -> Split | None:
    """Which split a seed belongs to by the project's convention; None for the seeds that are free."""
    return next((split for first, split in _SEED_SPLITS if seed >= first), None)


def _claim(folder: Path, plan: FolderPlan, n_scans: int) -> int:
    """Write the manifest, or compare it; the number of scans that there shall be."""
    path = folder / "manifest.json"
    wanted = {"format": FORMAT, "generator": generator_digest(), **asdict(plan)}
    if path.exists():
        there = _read_manifest(path)
        differing = sorted(key for key, value in wanted.items() if there.get(key) != value)
        if differing:
            raise FolderTakenError(
                f"{folder} was made with other values of {', '.join(differing)}; choose another "
                "folder or delete it"
            )
    elif folder.exists() and any(folder.iterdir()):
        raise FolderTakenError(f"{folder} is not empty and has no manifest.json; choose another folder")
    for name in ("images", "scans"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    there_are = (int(path.stem) - plan.first_seed + 1 for path in (folder / "scans").glob("*.json"))
    n_scans = max([n_scans, *there_are])
    versions = {"numpy": np.__version__, "opencv": cv2.__version__}
    _write_json(path, {**wanted, "n_scans": n_scans, "versions": versions})
    return n_scans


def _read_manifest(path: Path) -> dict[str, Any]:
    try:
        manifest: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FolderTakenError(
            f"{path} cannot be read ({error}); choose another folder or delete it"
        ) from error
    return manifest if isinstance(manifest, dict) else {}


def _make(job: tuple[Path, FolderPlan, int]) -> None:
    folder, plan, seed = job
    scan = make_scan(
        seed,
        height_px=plan.height_px,
        width_px=plan.width_px,
        threat_probability=plan.threat_probability,
        dual_energy=plan.dual_energy,
        is_8bit=False,
    )
    pixels = scan.pixels if plan.dual_energy else scan.pixels[:1]
    names = _write_image(folder / "images", str(seed), pixels, plan.image_format)
    facts = {
        "files": names,
        "boxes": [[kind, list(box)] for kind, box in scan.boxes],
        "container_id": scan.container_no,
        "extra": {
            "seed": seed,
            "bit_depth": 16,
            "container_type": scan.container_type,
            "pixel_pitch_mm": scan.pixel_pitch_mm,
            "declaration": scan.declaration,
        },
    }
    _write_json(_facts_path(folder, seed), facts)


def _write_image(folder: Path, stem: str, pixels: Pixels, image_format: ImageFormat) -> list[str]:
    """Write the channels, each file whole or not at all; their names, high energy first."""
    if image_format is ImageFormat.TIFF:
        files: Sequence[tuple[str, Pixels]] = [(f"{stem}.tif", pixels)]
    else:
        channels = ("high", "low")[: len(pixels)]
        files = [(f"{stem}_{channel}.png", plane) for channel, plane in zip(channels, pixels, strict=True)]
    for name, plane in files:
        part = folder / f"{name}.part"
        if image_format is ImageFormat.TIFF:
            tifffile.imwrite(part, plane, photometric="minisblack", compression="zlib", metadata=None)
        else:
            ok, encoded = cv2.imencode(".png", plane, [cv2.IMWRITE_PNG_COMPRESSION, 1])
            if not ok:
                raise RuntimeError(f"OpenCV could not write {part}")
            part.write_bytes(encoded.tobytes())
        os.replace(part, folder / name)
    return [name for name, _ in files]


def _collect(folder: Path, plan: FolderPlan, seeds: Sequence[int]) -> RecordSet:
    categories = tuple(
        Category(id=number, label=kind.value, kind=kind) for number, kind in enumerate(ThreatKind, start=1)
    )
    records = []
    for seed in seeds:
        facts: Mapping[str, Any] = json.loads(_facts_path(folder, seed).read_text(encoding="utf-8"))
        records.append(
            Record(
                id=str(seed),
                image=tuple(folder / "images" / name for name in facts["files"]),
                width_px=plan.width_px,
                height_px=plan.height_px,
                n_channels=2 if plan.dual_energy else 1,
                annotations=tuple(
                    Annotation(label=kind, kind=ThreatKind(kind), box_xyxy=(box[0], box[1], box[2], box[3]))
                    for kind, box in facts["boxes"]
                ),
                container_id=facts["container_id"],
                split=split_of_seed(seed),
                source=SOURCE,
                licence=LICENCE,
                extra=facts["extra"],
            )
        )
    info = {"description": "synthetic container scans", "source": SOURCE}
    return RecordSet(
        name=folder.name,
        records=tuple(records),
        categories=categories,
        info=info,
        licences={LICENCE: {}},
    )


def _facts_path(folder: Path, seed: int) -> Path:
    return folder / "scans" / f"{seed}.json"


def _write_json(path: Path, document: object) -> None:
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(document, ensure_ascii=False, default=_plain), encoding="utf-8")
    os.replace(part, path)


def _plain(value: object) -> object:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} has no JSON form")
