"""Every shape a threat can have. About a third of each kind is held out: evaluated on, never trained on."""

from collections.abc import Sequence
from typing import Final

from datasets.synthetic import (
    shapes_ammunition,
    shapes_blades,
    shapes_dense,
    shapes_goods,
    shapes_guns,
    shapes_large,
)
from datasets.synthetic.kinds import ThreatKind
from datasets.synthetic.shapes import Build, Place, Shape


def _shapes(kind: ThreatKind, place: Place, seen: Sequence[Build], held_out: Sequence[Build]) -> list[Shape]:
    return [
        Shape(name=build.__name__, kind=kind, is_held_out=build in held_out, build=build, place=place)
        for build in (*seen, *held_out)
    ]


_g, _b, _a, _d, _o, _l = (
    shapes_guns,
    shapes_blades,
    shapes_ammunition,
    shapes_dense,
    shapes_goods,
    shapes_large,
)

SHAPES: Final[tuple[Shape, ...]] = (
    *_shapes(
        ThreatKind.GUN,
        Place.ANYWHERE,
        [
            _g.pistol_1911,
            _g.pistol_polymer,
            _g.pistol_long_barrel,
            _g.machine_pistol,
            _g.pistol_suppressed,
            _g.revolver_snub,
            _g.derringer,
        ],
        [_g.pistol_compact, _g.pistol_tokarev, _g.revolver_service],
    ),
    *_shapes(
        ThreatKind.RIFLE,
        Place.ANYWHERE,
        [_g.rifle_ak, _g.rifle_carbine, _g.rifle_bolt, _g.shotgun_sawn_off, _g.submachine_gun],
        [_g.rifle_bullpup, _g.shotgun_pump],
    ),
    *_shapes(
        ThreatKind.BLADE,
        Place.ANYWHERE,
        [
            _b.kitchen_knife,
            _b.machete,
            _b.throwing_star,
            _b.folding_knife,
            _b.knife_bundle,
            _b.scissors,
            _b.hatchet,
            _b.sword,
        ],
        [_b.dagger, _b.throwing_star_round, _b.cleaver],
    ),
    *_shapes(
        ThreatKind.AMMUNITION,
        Place.ANYWHERE,
        [_a.boxes_of_rounds, _a.magazines, _a.mortar_shells, _a.loose_rounds, _a.ammunition_can],
        [_a.belt, _a.grenades],
    ),
    *_shapes(
        ThreatKind.BRICK,
        Place.CARGO,
        [_o.brick_single, _o.brick_stack, _o.brick_pallet, _o.brick_bag],
        [_o.brick_row, _o.brick_slabs],
    ),
    *_shapes(
        ThreatKind.CIGARETTES,
        Place.CARGO,
        [_o.cigarette_cartons, _o.cigarette_cartons_flat, _o.cigarette_master_case],
        [_o.cigarette_master_cases, _o.cigarette_packs_loose],
    ),
    *_shapes(
        ThreatKind.BOTTLES,
        Place.CARGO,
        [_o.bottles_case, _o.bottles_row, _o.jerrycans],
        [_o.bottles_cases, _o.bottles_lying],
    ),
    *_shapes(
        ThreatKind.GAS_CYLINDER,
        Place.CARGO,
        [_d.gas_industrial, _d.gas_lpg, _d.gas_small],
        [_d.gas_rack, _d.gas_extinguisher],
    ),
    *_shapes(
        ThreatKind.DENSE_BLOCK,
        Place.CARGO,
        [_d.gold_bars, _d.lead_box, _d.steel_safe, _d.tungsten_rods],
        [_d.lead_cask, _d.uranium_block],
    ),
    *_shapes(
        ThreatKind.TUSK,
        Place.CARGO,
        [_d.tusk_curved, _d.tusk_bundle, _d.tusk_pieces],
        [_d.tusk_pair, _d.horn],
    ),
    *_shapes(
        ThreatKind.ELECTRONICS,
        Place.CARGO,
        [_o.phones, _o.circuit_boards, _o.laptops, _o.hard_disks],
        [_o.phones_on_edge, _o.processors],
    ),
    *_shapes(ThreatKind.VEHICLE, Place.FLOOR, [_l.sedan, _l.pickup, _l.motorcycle], [_l.suv, _l.scooter]),
    *_shapes(
        ThreatKind.PERSON,
        Place.FLOOR,
        [_l.person_standing, _l.person_sitting, _l.person_lying],
        [_l.person_crouching, _l.people],
    ),
    *_shapes(ThreatKind.FALSE_WALL, Place.END, [_l.end_wall], [_l.end_wall_packed]),
    *_shapes(ThreatKind.FALSE_WALL, Place.UNDER_FLOOR, [_l.floor_compartment], []),
    *_shapes(ThreatKind.FALSE_WALL, Place.UNDER_ROOF, [], [_l.roof_compartment]),
    *_shapes(ThreatKind.FALSE_WALL, Place.CARGO, [_l.hollow_box], []),
)


def shapes_of(kind: ThreatKind, *, held_out: bool) -> list[Shape]:
    """The shapes of a kind on one side of the division."""
    return [shape for shape in SHAPES if shape.kind is kind and shape.is_held_out is held_out]
