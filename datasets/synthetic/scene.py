"""A whole scan: vehicle, container, cargo, threats and papers, from one seed."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from datasets.synthetic.bay import Bay
from datasets.synthetic.canvas import Canvas
from datasets.synthetic.cargo import fill_bay
from datasets.synthetic.chain import Chain, digitise, draw_chain, transmission
from datasets.synthetic.goods import CATALOGUE, Goods
from datasets.synthetic.physics import Float32
from datasets.synthetic.threats import BoxXyxy, ThreatKind, draw_threat, place_threat
from datasets.synthetic.vehicle import (
    SIZE_MM,
    Box,
    ContainerType,
    draw_chassis,
    draw_container,
    draw_tractor,
    place_box,
)
from scans.iso6346 import check_digit

Rng = np.random.Generator

PITCH_MM: Final = 5.2
_CAB_MM: Final = 3500.0
_CARGO_G_CM2: Final = 16.0  # walls alone are 3, under the roof up to 14
_OWNERS: Final = (
    "CSQU",
    "TGHU",
    "MSCU",
    "CMAU",
    "OOLU",
    "COSU",
    "TEMU",
    "DFSU",
    "FCIU",
    "HLXU",
    "SEGU",
    "BMOU",
)
_CONSIGNORS: Final = (
    "深圳市华信贸易有限公司",
    "广州南方进出口有限公司",
    "香港恒通物流有限公司",
    "宁波海顺国际货运有限公司",
)
_CONSIGNEES: Final = (
    "佛山市顺景实业有限公司",
    "东莞市宏达电子有限公司",
    "上海东方商贸有限公司",
    "厦门金海供应链有限公司",
)


@dataclass(frozen=True, kw_only=True)
class Load:
    """Goods in a bay and their mass as drawn."""

    goods: Goods
    mass_kg: float


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Matter before the scanner looks at it.

    Attributes:
        planes: Shape ``(2, H, W)``, float32, g/cm² of polyethylene and of iron.
        inside_px: Loadable space, ``xyxy`` in pixels.
        loads: In the order of the bays; empty for an empty container.
    """

    planes: Float32
    pitch_mm: float
    container_type: ContainerType
    inside_px: BoxXyxy
    loads: tuple[Load, ...]


@dataclass(frozen=True, kw_only=True)
class SyntheticScan:
    """A scan with its ground truth and its papers.

    Attributes:
        pixels: Shape ``(2, H, W)``, uint16, high then low energy; 65535 is air.
        boxes: Kind and box (``xyxy``, pixels) of every visible threat.
        declaration: Keys of ``inference.schemas.Declaration``.
        container_no: Valid by ISO 6346.
        container_type: ISO size and type.
        pixel_pitch_mm: Size of one pixel.
    """

    pixels: NDArray[np.uint16]
    boxes: tuple[tuple[str, BoxXyxy], ...]
    declaration: dict[str, Any]
    container_no: str
    container_type: str
    pixel_pitch_mm: float


def make_scan(
    seed: int,
    *,
    height_px: int = 1000,
    width_px: int = 2500,
    threat_probability: float = 0.3,
    dual_energy: bool = True,
    pixel_pitch_mm: float | None = None,
) -> SyntheticScan:
    """Make the scan that belongs to a seed.

    Args:
        seed: The same seed and sizes give the same pixels on the same library versions.
        height_px: At least 64.
        width_px: At least 160. A scan too short for the whole vehicle begins behind the cab.
        threat_probability: Chance of one to three threats.
        dual_energy: False: the low channel repeats the high one.
        pixel_pitch_mm: Default 5.2, or whatever larger pitch shows the whole container.

    Raises:
        ValueError: If the picture is too small.
    """
    if height_px < 64 or width_px < 160:
        raise ValueError(f"a scan of {width_px}×{height_px} px is too small; ask for 160×64 or more")
    rng = np.random.default_rng([0x5CA9, seed])
    scene = make_scene(rng, height_px=height_px, width_px=width_px, pixel_pitch_mm=pixel_pitch_mm)
    chain = draw_chain(rng, dual_energy=dual_energy)
    boxes: list[tuple[str, BoxXyxy]] = []
    if rng.random() < threat_probability:
        boxes = hide_threats(rng, scene, chain, n_threats=int(rng.choice([1, 1, 1, 2, 3])))
    return SyntheticScan(
        pixels=digitise(transmission(scene.planes, chain), chain, rng),
        boxes=tuple(boxes),
        declaration=declare(rng, scene.loads),
        container_no=container_number(rng),
        container_type=scene.container_type.value,
        pixel_pitch_mm=scene.pitch_mm,
    )


def make_scene(rng: Rng, *, height_px: int, width_px: int, pixel_pitch_mm: float | None = None) -> Scene:
    """Draw vehicle, container and cargo."""
    kind = ContainerType(rng.choice(list(ContainerType), p=[0.4, 0.2, 0.4]))
    length, _ = SIZE_MM[kind]
    pitch = pixel_pitch_mm or max(PITCH_MM, (length + 500) / width_px, 4400 / height_px)
    canvas = Canvas(height_px=height_px, width_px=width_px, pitch_mm=pitch)
    ground = canvas.height_mm - rng.uniform(60, 200)
    x0 = _left_end(rng, canvas.width_mm, length)
    box = place_box(rng, kind, x0=x0, ground=ground)
    draw_tractor(canvas, rng, nose=x0 - _CAB_MM, ground=ground)
    draw_chassis(canvas, rng, box, ground=ground, x1=box.x1 + rng.uniform(40, 250))
    draw_container(canvas, rng, box)
    loads = _load(canvas, rng, box)
    inside = tuple(v / pitch for v in box.inside)
    return Scene(
        planes=canvas.planes,
        pitch_mm=pitch,
        container_type=kind,
        inside_px=(inside[0], inside[1], inside[2], inside[3]),
        loads=loads,
    )


def _left_end(rng: Rng, width_mm: float, length: float) -> float:
    whole = _CAB_MM + length + 350
    if width_mm > whole:
        return _CAB_MM + rng.uniform(0.2, 0.6) * (width_mm - whole) + 50
    return float(max(rng.uniform(0.35, 0.65) * (width_mm - length), 60))


def _load(canvas: Canvas, rng: Rng, box: Box) -> tuple[Load, ...]:
    if rng.random() < 0.06:
        return ()
    left, ceiling, right, floor = box.inside
    n_bays = int(rng.choice([1, 2, 3, 4], p=[0.45, 0.3, 0.17, 0.08]))
    if right - left < 7000:
        n_bays = min(n_bays, 2)
    picks = rng.choice(len(CATALOGUE), size=n_bays, replace=False)
    ends = left + (right - left) * np.concatenate([[0], np.cumsum(rng.dirichlet(np.full(n_bays, 9.0)))])
    if rng.random() < 0.35:
        ends[-1] -= rng.uniform(0.05, 0.3) * (ends[-1] - ends[-2])
    loads: list[Load] = []
    for pick, x0, x1 in zip(picks, ends[:-1], ends[1:], strict=True):
        before = canvas.mass_kg
        bay = Bay(x0=float(x0) + 20, top=ceiling + 60, x1=float(x1) - 20, floor=floor)
        fill_bay(canvas, rng, bay, CATALOGUE[int(pick)])
        loads.append(Load(goods=CATALOGUE[int(pick)], mass_kg=canvas.mass_kg - before))
    return tuple(load for load in loads if load.mass_kg > 1)


def hide_threats(rng: Rng, scene: Scene, chain: Chain, *, n_threats: int) -> list[tuple[str, BoxXyxy]]:
    """Put up to ``n_threats`` visible threats inside the container; ``scene.planes`` changes."""
    boxes: list[tuple[str, BoxXyxy]] = []
    for _ in range(n_threats):
        kind = ThreatKind(rng.choice(list(ThreatKind)))
        for _ in range(16):
            threat = draw_threat(rng, kind, pitch_mm=scene.pitch_mm)
            room = _room(scene, threat)
            if room is None:
                continue
            x, y = int(rng.integers(room[0], room[2] + 1)), int(rng.integers(room[1], room[3] + 1))
            if scene.loads and not _amid_cargo(scene, threat, x, y):
                continue
            box = place_threat(scene.planes, threat, x_px=x, y_px=y, chain=chain)
            if box is not None:
                boxes.append((kind.value, box))
                break
    return boxes


def _room(scene: Scene, threat: Float32) -> tuple[int, int, int, int] | None:
    x0, y0, x1, y1 = (int(v) for v in scene.inside_px)
    x0, y0 = max(x0, 0), max(y0, 0)
    x1 = min(x1, scene.planes.shape[2]) - threat.shape[2]
    y1 = min(y1, scene.planes.shape[1]) - threat.shape[1]
    return (x0, y0, x1, y1) if x1 >= x0 and y1 >= y0 else None


def _amid_cargo(scene: Scene, threat: Float32, x: int, y: int) -> bool:
    """A smuggler hides things among goods, not in the air above them."""
    height, width = threat.shape[1:]
    place = scene.planes[:, y : y + height, x : x + width].sum(axis=0)
    return bool((place > _CARGO_G_CM2).mean() > 0.6)


def declare(rng: Rng, loads: tuple[Load, ...]) -> dict[str, Any]:
    """The declaration an honest trader would make for these loads."""
    lines: list[dict[str, Any]] = []
    for number, load in enumerate(loads, start=1):
        quantity = max(round(load.mass_kg / load.goods.unit_kg), 1)
        lines.append(
            {
                "line_no": number,
                "hs_code": load.goods.hs_code,
                "description": load.goods.description,
                "quantity": float(quantity),
                "unit": load.goods.unit,
                "gross_weight_kg": float(round(load.mass_kg / 10) * 10),
            }
        )
    return {
        "declaration_no": "5301" + "".join(str(d) for d in rng.integers(0, 10, 14)),
        "declared_empty": not lines,
        "gross_weight_kg": float(sum(line["gross_weight_kg"] for line in lines)),
        "consignor": str(rng.choice(_CONSIGNORS)),
        "consignee": str(rng.choice(_CONSIGNEES)),
        "lines": lines,
    }


def container_number(rng: Rng) -> str:
    """Owner code, six digits and the check digit."""
    body = str(rng.choice(_OWNERS)) + f"{int(rng.integers(100_000, 1_000_000))}"
    return f"{body}{check_digit(body)}"
