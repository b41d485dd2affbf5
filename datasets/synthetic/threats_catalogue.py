"""Every shape a threat can have. About a third of each kind is held out: evaluated on, never trained on."""

from collections.abc import Sequence
from typing import Final

from datasets.synthetic import shapes_ammunition as ammunition
from datasets.synthetic import shapes_blades as blades
from datasets.synthetic import shapes_dense as dense
from datasets.synthetic import shapes_goods as goods
from datasets.synthetic import shapes_guns as guns
from datasets.synthetic import shapes_hidden as hidden
from datasets.synthetic import shapes_vehicles as vehicles
from datasets.synthetic.kinds import ThreatKind
from datasets.synthetic.shapes import Build, Place, Shape


def _shapes(kind: ThreatKind, place: Place, seen: Sequence[Build], held_out: Sequence[Build]) -> list[Shape]:
    return [
        Shape(name=build.__name__, kind=kind, is_held_out=build in held_out, build=build, place=place)
        for build in (*seen, *held_out)
    ]


SHAPES: Final[tuple[Shape, ...]] = (
    *_shapes(
        ThreatKind.GUN,
        Place.ANYWHERE,
        [
            guns.pistol_1911,
            guns.pistol_polymer,
            guns.pistol_long_barrel,
            guns.machine_pistol,
            guns.pistol_suppressed,
            guns.revolver_snub,
            guns.derringer,
        ],
        [guns.pistol_compact, guns.pistol_tokarev, guns.revolver_service],
    ),
    *_shapes(
        ThreatKind.RIFLE,
        Place.ANYWHERE,
        [guns.rifle_ak, guns.rifle_carbine, guns.rifle_bolt, guns.shotgun_sawn_off, guns.submachine_gun],
        [guns.rifle_bullpup, guns.shotgun_pump],
    ),
    *_shapes(
        ThreatKind.BLADE,
        Place.ANYWHERE,
        [
            blades.kitchen_knife,
            blades.machete,
            blades.throwing_star,
            blades.folding_knife,
            blades.knife_bundle,
            blades.scissors,
            blades.hatchet,
            blades.sword,
        ],
        [blades.dagger, blades.throwing_star_round, blades.cleaver],
    ),
    *_shapes(
        ThreatKind.AMMUNITION,
        Place.ANYWHERE,
        [
            ammunition.boxes_of_rounds,
            ammunition.magazines,
            ammunition.mortar_shells,
            ammunition.loose_rounds,
            ammunition.ammunition_can,
        ],
        [ammunition.belt, ammunition.grenades],
    ),
    *_shapes(
        ThreatKind.BRICK,
        Place.CARGO,
        [goods.brick_single, goods.brick_stack, goods.brick_pallet, goods.brick_bag],
        [goods.brick_row, goods.brick_slabs],
    ),
    *_shapes(
        ThreatKind.CIGARETTES,
        Place.CARGO,
        [
            goods.cigarette_cartons,
            goods.cigarette_cartons_flat,
            goods.cigarette_cartons_row,
            goods.cigarette_master_case,
        ],
        [goods.cigarette_master_cases, goods.cigarette_packs_loose],
    ),
    *_shapes(
        ThreatKind.BOTTLES,
        Place.CARGO,
        [goods.bottles_case, goods.bottles_row, goods.bottles_small, goods.jerrycans],
        [goods.bottles_cases, goods.bottles_lying],
    ),
    *_shapes(
        ThreatKind.GAS_CYLINDER,
        Place.CARGO,
        [dense.gas_industrial, dense.gas_lpg, dense.gas_small, dense.gas_diving],
        [dense.gas_rack, dense.gas_extinguisher],
    ),
    *_shapes(
        ThreatKind.DENSE_BLOCK,
        Place.CARGO,
        [dense.gold_bars, dense.lead_box, dense.steel_safe, dense.tungsten_rods],
        [dense.lead_cask, dense.uranium_block],
    ),
    *_shapes(
        ThreatKind.TUSK,
        Place.CARGO,
        [dense.tusk_curved, dense.tusk_bundle, dense.tusk_pieces, dense.tusk_cut],
        [dense.tusk_pair, dense.horn],
    ),
    *_shapes(
        ThreatKind.ELECTRONICS,
        Place.CARGO,
        [goods.phones, goods.circuit_boards, goods.laptops, goods.hard_disks],
        [goods.phones_on_edge, goods.processors],
    ),
    *_shapes(
        ThreatKind.VEHICLE,
        Place.FLOOR,
        [vehicles.sedan, vehicles.pickup, vehicles.van, vehicles.motorcycle],
        [vehicles.suv, vehicles.scooter],
    ),
    *_shapes(
        ThreatKind.PERSON,
        Place.FLOOR,
        [hidden.person_standing, hidden.person_sitting, hidden.person_lying, hidden.person_curled],
        [hidden.person_crouching, hidden.people],
    ),
    *_shapes(ThreatKind.FALSE_WALL, Place.END, [hidden.end_wall], [hidden.end_wall_packed]),
    *_shapes(ThreatKind.FALSE_WALL, Place.UNDER_FLOOR, [hidden.floor_compartment], []),
    *_shapes(ThreatKind.FALSE_WALL, Place.UNDER_ROOF, [], [hidden.roof_compartment]),
    *_shapes(ThreatKind.FALSE_WALL, Place.FLOOR, [hidden.hollow_pallet], []),
    *_shapes(ThreatKind.FALSE_WALL, Place.CARGO, [hidden.hollow_box], []),
)


def shapes_of(kind: ThreatKind, *, held_out: bool) -> list[Shape]:
    """The shapes of a kind on one side of the division."""
    return [shape for shape in SHAPES if shape.kind is kind and shape.is_held_out is held_out]
