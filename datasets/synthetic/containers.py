"""Dry freight containers: corrugated walls, frame, castings, floor, roof and doors.

Sizes follow ISO 668 and ISO 1496-1; plates and sections are usual ones, drawn at random around them.
A front end is at the left, doors at the right: the box rides behind a tractor.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from datasets.synthetic import solids
from datasets.synthetic.beam import FanBeam, Float64
from datasets.synthetic.hold import Hold
from datasets.synthetic.physics import PLASTIC, RUBBER, STEEL, WOOD
from datasets.synthetic.plates import add_plates, circle, rectangle, repeat, upright_sheet
from datasets.synthetic.projection import Projection, Span
from datasets.synthetic.solids import Paths

Rng = np.random.Generator


class ContainerType(StrEnum):
    """Size and type as painted on the box (ISO 6346)."""

    DRY_20 = "22G1"
    DRY_40 = "42G1"
    DRY_40HC = "45G1"
    DRY_45HC = "L5G1"
    REEFER_20 = "22R1"
    REEFER_40HC = "45R1"
    TANK_20 = "22T1"


WIDTH_MM: Final = 2438.0
_20, _40, _45 = 6058.0, 12192.0, 13716.0
SIZE_MM: Final = {
    ContainerType.DRY_20: (_20, 2591.0),
    ContainerType.DRY_40: (_40, 2591.0),
    ContainerType.DRY_40HC: (_40, 2896.0),
    ContainerType.DRY_45HC: (_45, 2896.0),
    ContainerType.REEFER_20: (_20, 2591.0),
    ContainerType.REEFER_40HC: (_40, 2896.0),
    ContainerType.TANK_20: (_20, 2591.0),
}
_FLOOR_MM: Final = 170.0
_CASTING_MM: Final = (178.0, 118.0, 162.0)


@dataclass(frozen=True, kw_only=True)
class Wear:
    """How a box was built and how a beam that is not quite square to it sees it.

    Attributes:
        sheet_mm: Thickness of the side walls.
        period_mm: Of their corrugation.
        smear_mm: Along the scan, of a plate that spans the whole width.
        post_mm: Length of the corner posts along the scan.
    """

    sheet_mm: float
    period_mm: float
    smear_mm: float
    post_mm: float


def draw_wear(rng: Rng) -> Wear:
    """One box's own numbers; usual sheets are 1.6 to 2 mm with a period of 278 mm."""
    usual = rng.random() < 0.7
    return Wear(
        sheet_mm=rng.uniform(1.5, 2.2) if usual else rng.uniform(1.0, 5.0),
        period_mm=rng.uniform(260, 300) if usual else rng.uniform(95, 310),
        smear_mm=rng.uniform(10, 45),
        post_mm=rng.uniform(110, 190) if usual else rng.uniform(70, 420),
    )


def outer(kind: ContainerType, *, x0: float, bottom: float) -> Hold:
    """The outside of a box of a type whose base is at ``bottom``."""
    length, height = SIZE_MM[kind]
    return Hold(x=(x0, x0 + length), y=(bottom - height, bottom), z=(-WIDTH_MM / 2, WIDTH_MM / 2))


def draw_dry(projection: Projection, rng: Rng, body: Hold) -> Hold:
    """Draw a dry container; its loadable space."""
    wear = draw_wear(rng)
    draw_side_walls(projection, rng, body, wear)
    draw_roof(projection, rng, body)
    draw_frame(projection, rng, body, wear)
    draw_base(projection, rng, body, wear)
    _plywood(projection, rng, body)
    _front_wall(projection, rng, body, wear)
    draw_doors(projection, rng, body, wear)
    _lashings(projection, rng, body)
    _marks(projection, rng, body)
    floor = body.y[1] - _FLOOR_MM
    inner = body.height - 198.0
    return Hold(x=(body.x[0] + 65, body.x[1] - 95), y=(floor - inner, floor), z=(-1176, 1176))


def corrugated(beam: FanBeam, rng: Rng, x0: float, *, sheet_mm: float, period_mm: float) -> Float64:
    """Thickness along the rays, per column, of a sheet pressed into trapezes: more where it slopes."""
    x = (np.arange(beam.width_px * 4) + 0.5) * beam.pitch_mm / 4 - x0
    phase = ((x + rng.uniform(0, period_mm)) / period_mm) % 1.0
    sloped = ((phase > 0.26) & (phase < 0.5)) | (phase > 0.76)
    bend = np.minimum(np.abs(phase - 0.26), np.abs(phase - 0.76)) < 0.02
    mm = sheet_mm * (1.0 + rng.uniform(0.08, 0.3) * sloped + rng.uniform(0, 0.5) * bend)
    return np.asarray(mm.reshape(-1, 4).mean(axis=1))


def draw_side_walls(projection: Projection, rng: Rng, body: Hold, wear: Wear) -> None:
    """Near and far wall; weld seams every panel, some dents and patches."""
    edge = body.y[0] + 55, body.y[1] - 155
    plain = rng.random() < 0.15
    for z in (body.z[0] + 18, body.z[1] - 18):
        mm = corrugated(projection.beam, rng, body.x[0], sheet_mm=wear.sheet_mm, period_mm=wear.period_mm)
        if plain:
            mm[:] = wear.sheet_mm
        for seam in np.arange(body.x[0] + rng.uniform(300, 1100), body.x[1], rng.uniform(1050, 1180)):
            column = int(seam / projection.beam.pitch_mm)
            if 0 <= column < len(mm):
                mm[column] += rng.uniform(0.5, 2.0)
        span = body.x[0] + 60, body.x[1] - 60
        projection.add(upright_sheet(projection.beam, span, edge, z, mm), STEEL)
        for _ in range(int(rng.integers(0, 4))):
            x, y = rng.uniform(*span), rng.uniform(*edge)
            size = rng.uniform(80, 500, 2)
            patch = rectangle((x, x + size[0]), (y, min(y + size[1], edge[1])))
            add_plates(projection, patch, z, rng.uniform(0.8, 2.5), STEEL)
    if rng.random() < 0.2:
        pitch = rng.uniform(260, 1300)
        width, thickness = rng.uniform(20, 70), rng.uniform(2, 7)
        posts = np.arange(body.x[0] + pitch, body.x[1] - 100, pitch)
        repeat(projection, posts, 80, lambda p, x: _post(p, x, width, edge, thickness))


def _post(projection: Projection, x: float, width: float, y: Span, mm: float) -> None:
    add_plates(projection, rectangle((x - width / 2, x + width / 2), y), 1180, mm, STEEL)
    add_plates(projection, rectangle((x - width / 2, x - width / 2 + 5), y), 1165, 35, STEEL)


def draw_roof(projection: Projection, rng: Rng, body: Hold) -> None:
    """A thin sheet pressed crosswise, seen nearly edge on, and its side rails."""
    x, top = (body.x[0] + 60, body.x[1] - 60), body.y[0]
    y = top + rng.uniform(6, 18)
    sheet = solids.box(projection.beam, x, (y, y + rng.uniform(1.8, 2.4)), (-1170, 1170))
    period = rng.uniform(180, 300)
    columns = (np.arange(sheet.mm.shape[1]) + sheet.x_px + 0.5) * projection.beam.pitch_mm
    wave = 1 + rng.uniform(0.1, 0.3) * np.sign(np.sin(2 * np.pi * columns / period))
    projection.add(
        Paths(mm=sheet.mm * wave.astype(np.float32)[None, :], x_px=sheet.x_px, y_px=sheet.y_px), STEEL
    )
    rail = rng.uniform(50, 75)
    for z in ((body.z[0], body.z[0] + 60), (body.z[1] - 60, body.z[1])):
        projection.shell(
            (body.x[0] + 150, body.x[1] - 150), (top + 6, top + 6 + rail), z, rng.uniform(3, 4.5), STEEL
        )
    if rng.random() < 0.5:
        bows = np.arange(body.x[0] + 900, body.x[1] - 400, rng.uniform(900, 1500))
        height = rng.uniform(20, 45)
        repeat(
            projection,
            bows,
            60,
            lambda p, at: p.box((at - 20, at + 20), (y, y + height), (-1150, 1150), STEEL, share=0.07),
        )


def draw_frame(projection: Projection, rng: Rng, body: Hold, wear: Wear) -> None:
    """Corner posts, end rails and the eight corner castings."""
    (x0, x1), (top, bottom) = body.x, body.y
    post = wear.post_mm
    wall = rng.uniform(4, 7)
    inset = rng.uniform(90, 125)
    for z in ((body.z[0] + 4, body.z[0] + inset), (body.z[1] - inset, body.z[1] - 4)):
        projection.shell((x0 + 4, x0 + post), (top + 100, bottom - 100), z, wall, STEEL)
        projection.shell((x1 - post, x1 - 4), (top + 100, bottom - 100), z, wall, STEEL)
        projection.box((x1 - 60, x1 - 48), (top + 100, bottom - 100), z, STEEL, share=0.8)
    across = body.z[0] + 160, body.z[1] - 160
    for x in ((x0 + 8, x0 + rng.uniform(55, 90)), (x1 - rng.uniform(80, 120), x1 - 25)):
        smear = wear.smear_mm
        for y in ((top + 4, top + rng.uniform(70, 120)), (bottom - rng.uniform(110, 160), bottom - 10)):
            projection.box(x, y, across, STEEL, share=0.05)
            projection.box((x[0], x[0] + smear), y, across, STEEL, share=4 / smear)
            projection.box((x[1] - smear, x[1]), y, across, STEEL, share=4 / smear)
    for upper in (top, bottom - _CASTING_MM[1]):
        repeat(projection, (x0 + 89, x1 - 89), 100, lambda p, x, upper=upper: draw_casting(p, x, upper))  # type: ignore[misc]


def draw_casting(projection: Projection, x: float, top: float) -> None:
    """Corner castings (ISO 1161) of the near and the far side, with their oval holes."""
    length, height, depth = _CASTING_MM
    for z in ((-WIDTH_MM / 2, -WIDTH_MM / 2 + depth), (WIDTH_MM / 2 - depth, WIDTH_MM / 2)):
        span = x - length / 2, x + length / 2
        projection.shell(span, (top, top + height), z, 24, STEEL)
        wall = (z[0], z[0] + 24) if z[0] < 0 else (z[1] - 24, z[1])
        for dx in (-18, 18):
            projection.add(
                solids.cylinder_z(projection.beam, x + dx, top + height / 2, wall, 28), STEEL, share=-0.75
            )


def draw_base(projection: Projection, rng: Rng, body: Hold, wear: Wear) -> None:
    """Side rails and cross members; a gooseneck tunnel in long boxes, forklift pockets in short ones."""
    (x0, x1), bottom = body.x, body.y[1]
    y = bottom - 160, bottom - rng.uniform(5, 18)
    for z in (body.z[0] + 12, body.z[1] - 12):
        add = projection.box
        add((x0 + 120, x1 - 120), y, (z - 2.3, z + 2.3), STEEL)
        flange = (z, z + 45) if z < 0 else (z - 45, z)
        add((x0 + 120, x1 - 120), (y[0], y[0] + 5), flange, STEEL)
        add((x0 + 120, x1 - 120), (y[1] - 5, y[1]), flange, STEEL)
    members = np.arange(x0 + rng.uniform(200, 330), x1 - 180, rng.uniform(280, 330))
    members += rng.normal(0, 6, len(members))
    middle, long = (x0 + x1) / 2, body.length > 7000
    if long:
        tunnel = x0 + rng.uniform(3100, 3500)
        repeat(projection, members[members < tunnel], 80, _member(rng, bottom, wear, sides=True))
        members = members[members >= tunnel]
        projection.box((x0 + 100, tunnel), (bottom - 150, bottom - 144), (-515, 515), STEEL)
        for z in (-515, 515):
            projection.box((x0 + 100, tunnel), (bottom - 150, bottom - 12), (z - 3, z + 3), STEEL)
    elif rng.random() < 0.9:
        pockets = (middle - 1025, middle + 1025)
        for pocket in pockets:
            members = members[np.abs(members - pocket) > 200]
        repeat(projection, pockets, 240, lambda p, x: _pocket(p, x, bottom))
    repeat(projection, members, 80, _member(rng, bottom, wear, sides=False))


def _member(rng: Rng, bottom: float, wear: Wear, *, sides: bool) -> Callable[[Projection, float], None]:
    """A channel across the whole width, or beside the gooseneck tunnel only."""
    flange, smear, height = rng.uniform(38, 50), wear.smear_mm, rng.uniform(112, 130)
    spans = ((-1170.0, -520.0), (520.0, 1170.0)) if sides else ((-1170.0, 1170.0),)

    def draw(projection: Projection, x: float) -> None:
        top = bottom - 146
        for z in spans:
            projection.box((x - smear / 2, x + smear / 2), (top, top + height), z, STEEL, share=4 / smear)
            projection.box((x, x + flange), (top, top + 4.5), z, STEEL)
            projection.box((x, x + flange), (top + height - 4.5, top + height), z, STEEL)

    return draw


def _pocket(projection: Projection, x: float, bottom: float) -> None:
    span = x - 180, x + 180
    projection.box(span, (bottom - 150, bottom - 145), (-1170, 1170), STEEL)
    for z in ((-1215.0, -1015.0), (1015.0, 1215.0)):
        projection.box(span, (bottom - 30, bottom - 24), z, STEEL)
    for side in (x - 180, x + 172):
        projection.box((side, side + 8), (bottom - 150, bottom - 20), (-1170, 1170), STEEL, share=0.2)


def _plywood(projection: Projection, rng: Rng, body: Hold) -> None:
    floor = body.y[1] - _FLOOR_MM
    x = body.x[0] + 70, body.x[1] - 100
    sheet = WOOD.packed(rng.uniform(0.6, 0.8))
    projection.box(x, (floor, floor + rng.uniform(24, 29)), (-1170, 1170), sheet)
    if rng.random() < 0.3:
        projection.box(x, (floor - 0.5, floor + 2.5), (-1170, 1170), STEEL)


def _front_wall(projection: Projection, rng: Rng, body: Hold, wear: Wear) -> None:
    """Corrugated too, but seen edge on: two dark lines, the inner and outer faces of its folds."""
    y, z = (body.y[0] + 80, body.y[1] - 140), (-1130, 1130)
    x0, depth, mm = body.x[0] + rng.uniform(12, 30), rng.uniform(30, 46), rng.uniform(1.6, 2.5)
    smear = wear.smear_mm
    for x in (x0, x0 + depth):
        projection.box((x - smear / 2, x + smear / 2), y, z, STEEL, share=0.42 * mm / smear)
    projection.box((x0, x0 + depth), y, z, STEEL, share=0.3 * mm / depth)


def draw_doors(projection: Projection, rng: Rng, body: Hold, wear: Wear) -> None:
    """Two leaves at the right end with locking bars, cams, handles, hinges and a gasket."""
    x1, (top, bottom) = body.x[1], body.y
    y, smear = (top + 90, bottom - 140), wear.smear_mm
    x = x1 - rng.uniform(45, 70)
    projection.box(
        (x - smear / 2, x + smear / 2), y, (-1150, 1150), STEEL, share=rng.uniform(1.6, 2.5) / smear
    )
    projection.box((x - 20, x + 22), y, (-1150, 1150), STEEL, share=rng.uniform(0.01, 0.025))
    projection.box((x - 25, x + 10), (y[0], y[0] + 18), (-1150, 1150), RUBBER, share=0.4)
    for z in (-1120.0, -60.0, 60.0, 1120.0):
        projection.shell((x - 22, x + 28), y, (z - 30, z + 30), 3.2, STEEL)
    bar, radius = x1 - rng.uniform(2, 16), rng.uniform(15, 19)
    handle = bottom - rng.uniform(900, 1300)
    for z in (-850.0, -280.0, 280.0, 850.0):
        projection.cylinder_y(bar, (top + 40, bottom - 50), z, radius, STEEL, wall_mm=rng.uniform(2.5, 4))
        for end in (top + 45, bottom - 105):
            projection.box((bar - 28, bar + 22), (end, end + 60), (z - 45, z + 45), STEEL, share=0.45)
        for guide in (0.25, 0.5, 0.75):
            at = top + guide * body.height + rng.uniform(-60, 60)
            projection.box((bar - 24, bar + 20), (at, at + 40), (z - 45, z + 45), STEEL, share=0.25)
        grip = handle + rng.uniform(-40, 40)
        projection.box((bar + 4, bar + 16), (grip, grip + 28), (z, z + 480), STEEL, share=0.6)
    n_hinges = int(rng.integers(4, 6))
    for at in np.linspace(top + 220, bottom - 320, n_hinges):
        for z in (-1195, 1195):
            projection.cylinder_y(x1 - 14, (float(at), float(at) + 90), z, 16, STEEL)
            projection.box((x1 - 60, x1 - 14), (float(at) + 10, float(at) + 80), (z - 8, z + 8), STEEL)


def _lashings(projection: Projection, rng: Rng, body: Hold) -> None:
    """Rings along the top and bottom rails, and bars in the corner posts; both sides."""
    pitch = rng.uniform(600, 1400)
    xs = np.arange(body.x[0] + rng.uniform(250, 900), body.x[1] - 250, pitch)
    radius, wire = rng.uniform(18, 32), rng.uniform(7, 12)
    for y in (body.y[0] + rng.uniform(75, 110), body.y[1] - _FLOOR_MM - rng.uniform(0, 25)):
        if rng.random() < 0.8:
            repeat(projection, xs, 60, lambda p, x, y=y: _ring(p, x, y, radius, wire))  # type: ignore[misc]


def _ring(projection: Projection, x: float, y: float, radius: float, wire: float) -> None:
    hole = [circle(x, y, radius - wire)]
    add_plates(projection, circle(x, y, radius), 1150, wire, STEEL, holes=hole)


def _marks(projection: Projection, rng: Rng, body: Hold) -> None:
    """Vents, the safety-approval plate, a document holder, a seal."""
    for _ in range(int(rng.integers(1, 3))):
        x, y = rng.uniform(body.x[0] + 250, body.x[1] - 400), body.y[0] + rng.uniform(110, 220)
        side = 1205.0 if rng.random() < 0.5 else -1205.0
        projection.box((x, x + 300), (y, y + 90), (side - 8, side + 8), PLASTIC)
    x, y = body.x[1] - rng.uniform(250, 700), body.y[1] - rng.uniform(500, 1300)
    projection.box((x, x + 200), (y, y + 120), (-1212, -1209), STEEL)
