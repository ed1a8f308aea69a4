"""The catalogue: every kind of part by name, built for a set of parameters."""

from __future__ import annotations

import hashlib
import inspect
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from typing import Any

import numpy as np

from assets.geometry.solid import require
from assets.kinds import (
    castings,
    clutter,
    containers,
    drives,
    fasteners,
    goods,
    holes,
    inspection,
    line,
    machine,
    meshes,
    packing,
    plates,
    room,
    seam,
    standards,
    stock,
    workholding,
    workpieces,
)
from assets.materials import finish
from assets.part import Box, Cylinder, Part, PartError
from episodes.errors import unknown

THINNEST, LONGEST = 0.1, 20_000.0  # [mm]
MAY_BE_ZERO = (
    "chamfer_mm",
    "journal_left_mm",
    "journal_right_mm",
    "mushroom_mm",
    "chip_mm",
    "scratch_mm",
)


@dataclass(frozen=True)
class Kind:
    """group: "workpiece" (handled), "fixture" (holds work) or "scenery".
    sizes: the parameters that a name such as "M12" stands for. finishes: what it is made of where
    that is not open to choice, the usual first. holds: whether things are said to lie in it."""

    make: Callable[..., Part]
    group: str
    sizes: standards.Sizes = field(default_factory=dict)
    finishes: tuple[str, ...] = ()
    holds: bool = False


KINDS: Mapping[str, Kind] = {
    "block": Kind(workpieces.block, "workpiece", standards.BLOCKS),
    "shaft": Kind(workpieces.shaft, "workpiece", standards.SHAFTS),
    "stepped_shaft": Kind(workpieces.stepped_shaft, "workpiece", standards.STEPPED_SHAFTS),
    "peg": Kind(workpieces.peg, "workpiece", standards.PEGS),
    "bushing": Kind(workpieces.bushing, "workpiece", standards.BUSHINGS),
    "l_bracket": Kind(workpieces.l_bracket, "workpiece", standards.L_BRACKETS),
    "washer": Kind(fasteners.washer, "workpiece", standards.WASHERS),
    "hex_nut": Kind(fasteners.hex_nut, "workpiece", standards.HEX_NUTS),
    "hex_bolt": Kind(fasteners.hex_bolt, "workpiece", standards.HEX_BOLTS),
    "socket_screw": Kind(castings.socket_screw, "workpiece", standards.SOCKET_SCREWS),
    "standoff": Kind(
        castings.standoff, "workpiece", standards.STANDOFFS, finishes=("brass", "zinc_plated")
    ),
    "t_slot_nut": Kind(plates.t_slot_nut, "workpiece", standards.T_SLOT_NUTS),
    "dowel_pin": Kind(drives.dowel_pin, "workpiece", standards.DOWEL_PINS),
    "parallel_key": Kind(drives.parallel_key, "workpiece", standards.PARALLEL_KEYS),
    "retaining_ring": Kind(drives.retaining_ring, "workpiece", standards.RETAINING_RINGS),
    "bearing": Kind(drives.bearing, "workpiece", standards.BEARINGS, finishes=("brushed_steel",)),
    "bearing_housing": Kind(castings.bearing_housing, "workpiece", standards.BEARING_HOUSINGS),
    "spur_gear": Kind(drives.spur_gear, "workpiece", standards.SPUR_GEARS),
    "v_pulley": Kind(drives.v_pulley, "workpiece", standards.V_PULLEYS),
    "coupling": Kind(drives.coupling, "workpiece", standards.COUPLINGS),
    "flange": Kind(plates.flange, "workpiece", standards.FLANGES),
    "drilled_plate": Kind(plates.drilled_plate, "workpiece"),
    "elbow": Kind(
        castings.elbow, "workpiece", standards.ELBOWS, finishes=("cast_iron", "zinc_plated")
    ),
    "u_channel": Kind(castings.u_channel, "workpiece", standards.U_CHANNELS),
    "slot_profile": Kind(plates.slot_profile, "workpiece"),
    "round_blank": Kind(stock.round_blank, "workpiece", standards.ROUND_BLANKS),
    "turned_part": Kind(stock.turned_part, "workpiece"),
    "housing": Kind(castings.housing, "workpiece"),
    "knob": Kind(castings.knob, "workpiece", standards.KNOBS, finishes=("pom", "polypropylene")),
    "bow_handle": Kind(castings.bow_handle, "workpiece"),
    "connector": Kind(goods.connector, "workpiece", finishes=("pom", "polypropylene")),
    "pcb": Kind(goods.pcb, "workpiece", finishes=("fr4",)),
    "bottle": Kind(goods.bottle, "workpiece", standards.BOTTLES, finishes=("polypropylene", "pom")),
    "carton": Kind(goods.carton, "workpiece", standards.CARTONS, finishes=("cardboard",)),
    "brick_pack": Kind(goods.brick_pack, "workpiece", finishes=("polypropylene",)),
    "tote_lid": Kind(goods.tote_lid, "workpiece", finishes=("polypropylene",)),
    "mesh": Kind(meshes.mesh, "workpiece"),
    "tray": Kind(containers.tray, "fixture", holds=True),
    "bin": Kind(containers.bin, "fixture", standards.BINS, holds=True),
    "tote": Kind(containers.tote, "fixture", standards.TOTES, holds=True),
    "hole_plate": Kind(holes.hole_plate, "fixture"),
    "peg_nest": Kind(holes.peg_nest, "fixture"),
    "pallet": Kind(room.pallet, "fixture", standards.PALLETS),
    "conveyor_frame": Kind(line.conveyor_frame, "fixture"),
    "conveyor_belt": Kind(line.conveyor_belt, "fixture"),
    "chute": Kind(line.chute, "fixture"),
    "machine_body": Kind(machine.machine_body, "fixture"),
    "machine_door": Kind(machine.machine_door, "fixture"),
    "button_box": Kind(machine.button_box, "fixture"),
    "push_button": Kind(machine.push_button, "fixture"),
    "signal_lamp": Kind(machine.signal_lamp, "fixture"),
    "vise_base": Kind(workholding.vise_base, "fixture"),
    "vise_jaw": Kind(workholding.vise_jaw, "fixture"),
    "chuck_body": Kind(workholding.chuck_body, "fixture"),
    "chuck_jaw": Kind(workholding.chuck_jaw, "fixture"),
    "inspection_stand": Kind(inspection.inspection_stand, "fixture"),
    "vision_camera": Kind(inspection.vision_camera, "fixture"),
    "shipping_carton": Kind(packing.shipping_carton, "fixture", standards.SHIPPING_CARTONS),
    "carton_flap": Kind(packing.carton_flap, "fixture"),
    "seam_plate": Kind(seam.seam_plate, "fixture"),
    "nozzle_wipe": Kind(seam.nozzle_wipe, "fixture"),
    "guard_fence": Kind(line.guard_fence, "scenery"),
    "bench_top": Kind(room.bench_top, "scenery"),
    "bench_frame": Kind(room.bench_frame, "scenery"),
    "floor": Kind(room.floor, "scenery"),
    "wall": Kind(room.wall, "scenery"),
    "machine_cabinet": Kind(room.machine_cabinet, "scenery"),
    "control_panel": Kind(room.control_panel, "scenery"),
    "tool_cart": Kind(clutter.tool_cart, "scenery"),
    "crate": Kind(clutter.crate, "scenery"),
    "cable_box": Kind(clutter.cable_box, "scenery"),
    "signboard": Kind(room.signboard, "scenery"),
    "fixture_clamp": Kind(clutter.fixture_clamp, "scenery"),
    "screw_box": Kind(clutter.screw_box, "scenery"),
    "cup": Kind(clutter.cup, "scenery"),
}


def kinds(group: str = "") -> list[str]:
    """Every kind, or those of one group: "workpiece", "fixture", "scenery"."""
    return [name for name, kind in KINDS.items() if group in ("", kind.group)]


def defaults(kind: str) -> dict[str, Any]:
    """The parameters of a kind and their values when not given. Lengths end in _mm."""
    return dict(_defaults(_kind(kind).make))


@cache  # looked up for every body of every cell, many times
def _defaults(make: Callable[..., Part]) -> tuple[tuple[str, Any], ...]:
    found = inspect.signature(make).parameters
    return tuple((name, parameter.default) for name, parameter in found.items())


def sizes(kind: str) -> list[str]:
    """The catalogue sizes of a kind, to be given as params["size"]; may be empty."""
    return list(_kind(kind).sizes)


def finishes(kind: str) -> tuple[str, ...]:
    """The materials that a kind is made of; empty: any."""
    return _kind(kind).finishes


def holds(kind: str) -> bool:
    """Whether things are said to lie in one of that kind: a bin, not a plate with a hole."""
    return _kind(kind).holds


def build(kind: str, params: Mapping[str, Any] | None = None) -> Part:
    """The part of that kind; what `params` leaves out is as in `size`, or the default.

    Raises PartError (one line) for an unknown kind, parameter, size or material, a value of the
    wrong type, and dimensions that make no part.
    """
    _kind(kind)
    given = params or {}
    return _build(kind, tuple(sorted((str(k), _frozen(kind, k, v)) for k, v in given.items())))


def sha256(kind: str, params: Mapping[str, Any] | None = None) -> str:
    """A hash of what a part is to the eye and to physics: mesh, pieces and mass.

    Coordinates count in whole nanometres, so that the last bits of sin and cos do not matter.
    """
    part = build(kind, params)
    digest = hashlib.sha256()
    digest.update(np.rint(np.asarray(part.mesh.vertices) * 1e9).astype("<i8").tobytes())
    digest.update(np.asarray(part.mesh.faces).astype("<i8").tobytes())
    for piece in part.pieces:
        values: Iterable[float]
        if isinstance(piece, Box):
            values = (*piece.half, *piece.at)
        elif isinstance(piece, Cylinder):
            values = (piece.radius, piece.length, *piece.at)
        else:
            values = np.ravel(piece.points)
        digest.update(type(piece).__name__.encode())
        digest.update(np.rint(np.array(list(values)) * 1e9).astype("<i8").tobytes())
    digest.update(np.rint([part.mass * 1e9]).astype("<i8").tobytes())
    return digest.hexdigest()


@lru_cache(maxsize=64)  # those of a cell or two; their sizes hardly ever come again
def _build(kind: str, given: tuple[tuple[str, Any], ...]) -> Part:
    params = dict(given)
    known = defaults(kind)
    size = params.pop("size", None)
    if size is not None:
        table = KINDS[kind].sizes
        if size not in table:
            raise unknown(f"size of {kind}", size, table)
        params = {**table[size], **params}
    for name in params:
        if name not in known:
            options = [*known, "size"] if KINDS[kind].sizes else list(known)
            raise unknown(f"parameter of {kind}", name, options)
    resolved = {**known, **params}
    finish(resolved["material"])
    for name, value in resolved.items():
        if name.endswith("_mm") and name not in MAY_BE_ZERO and isinstance(value, float):
            require(
                THINNEST <= value <= LONGEST,
                f"{kind}: {name}={value:g} is out of range; {THINNEST:g} to {LONGEST:g} mm",
            )
    with np.errstate(invalid="ignore", divide="ignore"):  # judged below
        part = KINDS[kind].make(**resolved)
    require(
        bool(np.isfinite(part.mesh.vertices).all()) and part.mesh.is_watertight and part.volume > 0,
        f"{kind}: no closed solid comes of these dimensions; the defaults are {known}",
    )
    return replace(part, kind=kind, params=resolved if size is None else {"size": size, **resolved})


def _frozen(kind: str, name: str, value: Any) -> Any:
    """The value as hashable data of the type that the parameter has by default."""
    expected = "" if name == "size" else defaults(kind).get(name, value)
    try:
        if isinstance(expected, str):
            if isinstance(value, str):
                return value
        elif isinstance(expected, tuple):
            return tuple(tuple(_number(v) for v in pair) for pair in value)
        elif isinstance(expected, int):
            if int(value) == value:
                return int(value)
        else:
            return _number(value)
    except (TypeError, ValueError, OverflowError):
        pass
    raise PartError(f"{kind}: {name}={value!r} makes no sense; give something like {expected!r}")


def _number(value: Any) -> float:
    if isinstance(value, str) or not (math.isfinite(value) and 0.0 <= value <= 1e5):
        raise ValueError(value)
    return float(value)


def _kind(name: str) -> Kind:
    if name not in KINDS:
        raise unknown("part", name, KINDS)
    return KINDS[name]
