"""Parts: their geometry agrees with itself, with handbooks, and with physics."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pybullet
import pytest
from numpy.typing import NDArray

from assets import catalogue, materials
from assets.frames import to_matrix
from assets.geometry.grasps import PAD_HEIGHT, WIDEST
from assets.geometry.suction import spots
from assets.part import Box, Cylinder, Part, PartError
from episodes.errors import UserError
from tests.part_geometry import first_met, held_span, piece_bounds


def extremes(kind: str) -> list[str]:
    """As it is by default, in its smallest and in its largest catalogue size."""
    sizes = catalogue.sizes(kind)
    return list(dict.fromkeys(["", *sizes[:1], *sizes[-1:]]))


# sizes between the smallest and the largest in `make slow`
EVERY = [
    pytest.param(kind, size, marks=[] if size in extremes(kind) else pytest.mark.slow)
    for kind in catalogue.kinds()
    for size in ["", *catalogue.sizes(kind)]
]
WORK = [(kind, size) for kind in catalogue.kinds("workpiece") for size in extremes(kind)]
FITTED = ("tray", "bin", "tote", "hole_plate", "peg_nest", "shipping_carton", "vise_jaw")
BARRED = ("washer", "hex_nut", "bushing")  # handled as if they had no hole


def made(kind: str, size: str) -> Part:
    return catalogue.build(kind, {"size": size} if size else {})


@pytest.mark.parametrize(("kind", "size"), EVERY)
def test_is_a_solid_on_its_support(kind: str, size: str) -> None:
    """That it is finite, closed and not inside out, the catalogue sees to itself."""
    part = made(kind, size)
    assert part.mesh.is_winding_consistent
    assert float(part.mesh.area_faces.min()) > 0.0
    low, high = part.mesh.bounds
    support = high[2] if kind == "floor" else low[2]
    assert abs(support) < 1e-6
    assert np.linalg.eigvalsh(part.inertia).min() > 0.0
    assert all(low[i] <= part.centre_of_mass[i] <= high[i] for i in range(3))


@pytest.mark.parametrize(("kind", "size"), EVERY)
def test_pieces_fill_the_bounds_of_the_mesh(kind: str, size: str) -> None:
    part = made(kind, size)
    around = np.array([piece_bounds(p) for p in part.pieces])
    low, high = around[:, 0].min(axis=0), around[:, 1].max(axis=0)
    # Scenery is touched at most by accident: handles and cables may stick out of its pieces; of
    # machines and stands, screws, seams and end caps may.
    slack = {"workpiece": 0.0003, "fixture": 0.0022, "scenery": 0.13}[catalogue.KINDS[kind].group]
    slack = 0.0003 if kind in FITTED else slack
    assert np.abs(low - part.mesh.bounds[0]).max() < slack
    assert np.abs(high - part.mesh.bounds[1]).max() < slack


@pytest.mark.parametrize(("kind", "size"), EVERY)
def test_frames_lie_within_the_part(kind: str, size: str) -> None:
    part = made(kind, size)
    # what is to be put onto a fixture may stand before it
    before = 0.03 if catalogue.KINDS[kind].group == "fixture" else 1e-9
    low, high = part.mesh.bounds
    for name, frame in part.frames.items():
        assert np.all(np.array(frame[:3]) >= low - before), name
        assert np.all(np.array(frame[:3]) <= high + before), name
        assert np.linalg.norm(frame[3:]) == pytest.approx(1.0)


# Grams of plain steel washers: the weight column of a DIN 125 A / ISO 7089 trade table (Ajax Bolt).
@pytest.mark.parametrize(
    ("size", "grams"),
    [("M8", 1.83), ("M10", 3.57), ("M12", 6.27), ("M16", 11.3), ("M20", 17.2), ("M30", 53.6)],
)
def test_washers_weigh_what_the_trade_table_says(size: str, grams: float) -> None:
    assert 1000 * made("washer", size).mass == pytest.approx(grams, rel=0.02)


@pytest.mark.parametrize("size", catalogue.sizes("hex_nut"))
def test_nuts_weigh_as_a_hexagon_less_the_pitch_cylinder(size: str) -> None:
    p = catalogue.build("hex_nut", {"size": size}).params
    pitch_diameter = p["diameter_mm"] - 0.6495 * p["pitch_mm"]  # ISO 724
    section = np.sqrt(3) / 2 * p["flats_mm"] ** 2 - np.pi / 4 * pitch_diameter**2
    grams = 7.85e-3 * section * p["height_mm"]
    # The crowned corners and the countersinks take 2 to 4 % off.
    assert 0.95 * grams < 1000 * made("hex_nut", size).mass < grams


@pytest.mark.parametrize("size", catalogue.sizes("hex_bolt"))
def test_bolts_weigh_as_head_shank_and_pitch_cylinder(size: str) -> None:
    p = catalogue.build("hex_bolt", {"size": size}).params
    pitch_diameter = p["diameter_mm"] - 0.6495 * p["pitch_mm"]
    plain = p["length_mm"] - p["thread_mm"]
    volume = np.sqrt(3) / 2 * p["flats_mm"] ** 2 * p["head_mm"]
    volume += np.pi / 4 * (pitch_diameter**2 * p["thread_mm"] + p["diameter_mm"] ** 2 * plain)
    assert 1000 * made("hex_bolt", size).mass == pytest.approx(7.85e-3 * volume, rel=0.02)


def test_solids_weigh_their_handbook_volume() -> None:
    block = catalogue.build("block", {"size": "60x40x25", "material": "machined_aluminium"})
    assert block.mass == pytest.approx(0.06 * 0.04 * 0.025 * 2700, rel=0.02)
    shaft = catalogue.build("shaft", {"size": "20x80", "chamfer_mm": 0.5})
    assert shaft.mass == pytest.approx(np.pi * 0.01**2 * 0.08 * 7850, rel=0.02)
    bush = catalogue.build("bushing", {"bore_mm": 16, "outside_mm": 22, "length_mm": 20})
    assert bush.mass == pytest.approx(np.pi * (0.011**2 - 0.008**2) * 0.02 * 8800, rel=0.03)


@pytest.mark.parametrize(("kind", "size"), WORK)
def test_grasps_hold_the_width_they_say(kind: str, size: str) -> None:
    part = made(kind, size)
    chosen = part.grasps if not size else (part.grasps[:1] + part.grasps[-1:])
    for grasp in chosen:
        low, high = held_span(part, grasp.at)
        assert high - low == pytest.approx(grasp.width, abs=0.0002)
        assert high + low == pytest.approx(0.0, abs=0.0002), "the jaws do not meet in the middle"
        assert grasp.width <= WIDEST


@pytest.mark.parametrize(("kind", "size"), WORK)
def test_can_be_picked_from_above_as_it_usually_lies(kind: str, size: str) -> None:
    part = made(kind, size)
    part_to_support = to_matrix(part.rests[0])
    down = [g for g in part.grasps if (part_to_support @ to_matrix(g.at))[2, 2] < -0.9]
    if part.extents[:2].min() > WIDEST and not down:  # for a cup, then
        cups = [s for s in spots(part.mesh) if (part_to_support @ to_matrix(s.at))[2, 2] < -0.9]
        assert max(s.radius for s in cups) > 0.02
        return
    assert len(down) >= 2
    for grasp in down:
        lowest = (part_to_support @ to_matrix(grasp.at))[2, 3] - PAD_HEIGHT / 2
        assert lowest > 0.0004, "the pads would run into the support"


@pytest.mark.parametrize("kind", catalogue.kinds("workpiece"))
def test_a_cup_finds_a_flat_open_disc_at_every_suction_spot(kind: str) -> None:
    part = made(kind, "")
    angle = np.linspace(0.0, 2 * np.pi, 9)[:8]
    for spot in spots(part.mesh)[:8]:
        rim = 0.98 * spot.radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        met = first_met(part, spot.at, np.concatenate([[[0.0, 0.0]], rim, 0.5 * rim]))
        assert np.abs(met).max() < 1e-4, (spot, met)


def test_cups_come_first_where_they_lift_without_a_lever() -> None:
    block = catalogue.build("block", {"size": "60x40x25"})
    first, second = spots(block.mesh)[:2]
    for spot, height in ((first, 0.0), (second, block.height)):
        assert spot.at[:3] == pytest.approx((0.0, 0.0, height), abs=1e-6)
        assert spot.radius == pytest.approx(0.019, abs=1e-5)  # half the width less the chamfer
    assert to_matrix(second.at)[:3, 2] == pytest.approx((0.0, 0.0, -1.0))
    assert (
        spots(catalogue.build("washer", {"size": "M6"}).mesh) == ()
    )  # a ring too narrow for any cup
    plate = catalogue.build("hole_plate")
    assert all(np.hypot(*s.at[:2]) > plate.dims["hole"] / 2 for s in spots(plate.mesh))


@pytest.fixture
def client() -> Iterator[int]:
    number = pybullet.connect(pybullet.DIRECT)
    pybullet.setGravity(0, 0, -9.81, physicsClientId=number)
    pybullet.setPhysicsEngineParameter(
        fixedTimeStep=1 / 480,
        numSolverIterations=60,
        contactBreakingThreshold=0.02,
        physicsClientId=number,
    )
    yield number
    pybullet.disconnect(number)


def dropped_in(client: int, part: Part, part_to_world: NDArray[np.float64], mass: float) -> int:
    """The part as a body; mass 0 fixes it."""
    boxes = [isinstance(p, Box) for p in part.pieces]
    shape = pybullet.createCollisionShapeArray(
        shapeTypes=[pybullet.GEOM_BOX if b else pybullet.GEOM_CYLINDER for b in boxes],
        halfExtents=[p.half if isinstance(p, Box) else (0, 0, 0) for p in part.pieces],
        radii=[p.radius if isinstance(p, Cylinder) else 0 for p in part.pieces],
        lengths=[p.length if isinstance(p, Cylinder) else 0 for p in part.pieces],
        collisionFramePositions=[p.at[:3] for p in part.pieces if not hasattr(p, "points")],
        collisionFrameOrientations=[p.at[3:] for p in part.pieces if not hasattr(p, "points")],
        physicsClientId=client,
    )
    moments, axes = np.linalg.eigh(part.inertia)
    axes[:, 2] *= np.linalg.det(axes)
    frame = np.eye(4)
    frame[:3, :3], frame[:3, 3] = axes, part.centre_of_mass
    body: int = pybullet.createMultiBody(
        mass,
        shape,
        baseInertialFramePosition=part.centre_of_mass,
        baseInertialFrameOrientation=_quaternion(frame),
        physicsClientId=client,
    )
    start = part_to_world @ frame
    pybullet.resetBasePositionAndOrientation(
        body, start[:3, 3].tolist(), _quaternion(start), physicsClientId=client
    )
    soft = {"contactStiffness": 3e4, "contactDamping": 30.0} if mass else {}
    options = dict(lateralFriction=0.8, spinningFriction=0.001, rollingFriction=0.0005, **soft)
    if mass:
        options["localInertiaDiagonal"] = moments.tolist()
    pybullet.changeDynamics(body, -1, physicsClientId=client, **options)
    return body


def com_to_world(client: int, body: int) -> NDArray[np.float64]:
    position, quaternion = pybullet.getBasePositionAndOrientation(body, physicsClientId=client)
    return to_matrix((*position, *quaternion))


def _quaternion(frame: NDArray[np.float64]) -> list[float]:
    from assets.frames import from_matrix

    return list(from_matrix(frame)[3:])


def resting() -> list[tuple[str, str, int]]:
    chosen = [(k, s) for k, s in WORK if s or not catalogue.sizes(k)]
    return [(k, s, i) for k, s in chosen for i in range(len(made(k, s).rests))]


@pytest.mark.parametrize(("kind", "size", "index"), resting())
def test_stays_where_it_rests(client: int, kind: str, size: str, index: int) -> None:
    part = made(kind, size)
    ground = pybullet.createCollisionShape(pybullet.GEOM_PLANE, physicsClientId=client)
    plane = pybullet.createMultiBody(0, ground, physicsClientId=client)
    pybullet.changeDynamics(plane, -1, lateralFriction=0.8, physicsClientId=client)
    start = to_matrix(part.rests[index])
    points = part.mesh.vertices @ start[:3, :3].T + start[:3, 3]
    assert abs(points[:, 2].min()) < 0.0003
    start[2, 3] += 0.001
    body = dropped_in(client, part, start, part.mass)
    before = com_to_world(client, body)
    for _ in range(480):
        pybullet.stepSimulation(physicsClientId=client)
    after = com_to_world(client, body)
    assert np.linalg.norm(after[:3, 3] - before[:3, 3]) < 0.002
    cosine = (np.trace(before[:3, :3].T @ after[:3, :3]) - 1) / 2
    assert np.degrees(np.arccos(min(1.0, cosine))) < 3.0


@pytest.mark.parametrize("diameter", [10.0, 16.0, 30.0])
@pytest.mark.parametrize(("clearance", "passes"), [(1.0, True), (0.2, True), (-0.2, False)])
def test_a_hole_is_as_wide_as_it_says(
    client: int, diameter: float, clearance: float, passes: bool
) -> None:
    plate = catalogue.build("hole_plate", {"hole_mm": diameter + clearance})
    peg = catalogue.build("peg", {"diameter_mm": diameter})
    dropped_in(client, plate, np.eye(4), 0.0)
    above = np.eye(4)
    above[2, 3] = plate.height + 0.001
    body = dropped_in(client, peg, above, peg.mass)
    for _ in range(240):
        pybullet.stepSimulation(physicsClientId=client)
    fallen = above[2, 3] + peg.centre_of_mass[2] - com_to_world(client, body)[2, 3]
    assert (fallen > plate.height) == passes


@pytest.mark.parametrize("angle", np.linspace(0, 2 * np.pi, 9)[:-1])
def test_a_hole_is_round_enough(client: int, angle: float) -> None:
    """Pushed against the wall in any direction, a peg stops at half the clearance (to 1/50 of the
    hole: the wall is a polygon of 16 sides)."""
    clearance, diameter = 0.001, 0.016
    plate = catalogue.build("hole_plate", {"hole_mm": 1000 * (diameter + clearance)})
    peg = catalogue.build("peg", {"diameter_mm": 1000 * diameter})
    dropped_in(client, plate, np.eye(4), 0.0)
    start = np.eye(4)
    start[2, 3] = -0.01
    body = dropped_in(client, peg, start, peg.mass)
    pybullet.changeDynamics(body, -1, localInertiaDiagonal=[1.0] * 3, physicsClientId=client)
    pybullet.setGravity(2 * np.cos(angle), 2 * np.sin(angle), 0, physicsClientId=client)
    for _ in range(480):
        pybullet.stepSimulation(physicsClientId=client)
    moved = np.linalg.norm(com_to_world(client, body)[:2, 3])
    assert clearance / 2 - 5e-5 < moved < clearance / 2 + 0.02 * diameter


def test_a_peg_stands_in_its_nest(client: int) -> None:
    nest = catalogue.build("peg_nest", {"hole_mm": 17.5})
    peg = catalogue.build("peg", {"diameter_mm": 16.0})
    dropped_in(client, nest, np.eye(4), 0.0)
    start = to_matrix(nest.frames["seat"])
    start[2, 3] += 0.001
    body = dropped_in(client, peg, start, peg.mass)
    pybullet.setGravity(1.5, 0, -9.81, physicsClientId=client)  # as on a bench that is pushed
    for _ in range(480):
        pybullet.stepSimulation(physicsClientId=client)
    axis = com_to_world(client, body)[:3, :3] @ [1.0, 0.0, 0.0]  # least inertia: its length
    assert np.degrees(np.arccos(min(1.0, abs(axis[2])))) < 6.0


def test_tray_slots_take_their_parts_and_no_larger_ones() -> None:
    sizes = ((64.0, 44.0), (40.0, 30.0), (25.0, 25.0))
    tray = catalogue.build("tray", {"slots_mm": sizes, "columns": 2, "wall_height_mm": 6.0})
    walls = [piece_bounds(p) for p in tray.pieces]
    for i, (length, width) in enumerate(sizes):
        assert tray.dims[f"slot_{i}_length"] == pytest.approx(length / 1000)
        x, y, z = tray.frames[f"slot_{i}"][:3]
        assert z == tray.dims["floor"]
        for grow, clear in ((-1e-4, True), (1e-4, False)):
            half = np.array([length / 2000 + grow, width / 2000 + grow])
            low, high = np.array([x, y]) - half, np.array([x, y]) + half
            met = [
                w
                for w in walls
                if np.all(w[0, :2] < high) and np.all(w[1, :2] > low) and w[1, 2] > z + 1e-6
            ]
            assert (not met) == clear


def test_tray_pockets_are_where_the_mesh_has_them() -> None:
    tray = catalogue.build("tray", {"slots_mm": [(50, 40), (30, 20), (30, 30)], "columns": 3})
    up = tray.mesh.face_normals[:, 2] > 0.99
    centres = tray.mesh.triangles_center[up]
    for x, y, z in (f[:3] for f in tray.frames.values()):
        near = np.abs(centres[:, :2] - [x, y]).max(axis=1) < 0.004
        assert not np.any(centres[near, 2] > z + 1e-6)


def test_container_walls_hold_what_is_inside() -> None:
    for kind in ("bin", "tote"):
        part = catalogue.build(kind)
        x, y = part.dims["inner_length"] / 2, part.dims["inner_width"] / 2
        assert part.frames["floor"][2] == part.dims["floor"]
        inside = [b for b in map(piece_bounds, part.pieces) if b[1, 2] > part.dims["floor"] + 1e-9]
        for low, high in inside:
            assert (
                low[0] >= x - 1e-9
                or high[0] <= -x + 1e-9
                or low[1] >= y - 1e-9
                or high[1] <= -y + 1e-9
            )


def test_mass_follows_the_material_and_the_size() -> None:
    steel = catalogue.build("block", {"material": "brushed_steel"})
    light = catalogue.build("block", {"material": "machined_aluminium"})
    assert steel.mass / light.mass == pytest.approx(7850 / 2700)
    assert catalogue.build("block", {"length_mm": 120}).mass > 1.9 * light.mass


def test_size_gives_parameters_and_single_ones_win() -> None:
    assert catalogue.build("hex_nut", {"size": "M16"}).dims["flats"] == pytest.approx(0.024)
    both = catalogue.build("hex_nut", {"size": "M16", "height_mm": 20})
    assert both.height == pytest.approx(0.02)
    assert both.params["size"] == "M16"


def test_hash_tells_geometry_and_mass_apart() -> None:
    plain = catalogue.sha256("block")
    assert plain == catalogue.sha256("block", {})
    assert plain == catalogue.sha256("block", {"length_mm": 60})
    assert plain != catalogue.sha256("block", {"length_mm": 60.01})
    assert plain != catalogue.sha256("block", {"material": "cast_iron"})
    assert len({catalogue.sha256(kind) for kind in catalogue.kinds()}) == len(catalogue.kinds())


def test_parts_are_made_once() -> None:
    assert catalogue.build("peg", {"length_mm": 50}) is catalogue.build("peg", {"length_mm": 50.0})


@pytest.mark.parametrize("name", materials.FINISHES)
def test_every_material_makes_a_part(name: str) -> None:
    assert catalogue.build("block", {"material": name}).mass > 0.0


@pytest.mark.parametrize("kind", ["flange", "drilled_plate"])
def test_defects_are_there_and_where_they_say(kind: str) -> None:
    sound = catalogue.build(kind)
    x, y, z = sound.frames["hole_1"][:3]
    over = (0.0, 0.0, z, 1.0, 0.0, 0.0, 0.0)  # looking down from the upper side
    at = np.array([[x, -y]])
    assert first_met(sound, over, at)[0] > 0.002
    undrilled = catalogue.build(kind, {"missing_hole": 2})
    assert first_met(undrilled, over, at)[0] == pytest.approx(0.0, abs=1e-6)
    assert undrilled.mass > sound.mass
    assert catalogue.build(kind, {"chip_mm": 6}).mass < sound.mass
    scratched = catalogue.build(kind, {"scratch_mm": 15})
    assert scratched.inks
    assert not sound.inks
    assert scratched.extents == pytest.approx(sound.extents, abs=3e-4)
    assert sound.turns > 1
    assert undrilled.turns == scratched.turns == 1


@pytest.mark.parametrize("kind", [k for k in catalogue.kinds() if catalogue.build(k).inks])
def test_no_triangle_has_two_inks(kind: str) -> None:
    part = catalogue.build(kind)
    seen = np.zeros(len(part.mesh.faces), int)
    for ink in part.inks:
        seen[ink.first : ink.last] += 1
        assert ink.first < ink.last <= len(part.mesh.faces)
        assert all(0.0 <= c < 1.0 for c in ink.rgb)
    assert seen.max() == 1


def test_kinds_of_one_material_are_made_of_it() -> None:
    for kind in catalogue.kinds():
        made_of = catalogue.finishes(kind)
        assert not made_of or made_of[0] == catalogue.build(kind).params["material"], kind


def test_there_are_thirty_kinds_to_handle() -> None:
    assert len(catalogue.kinds("workpiece")) >= 30


BAD = [
    ("spur_gear", {"teeth": 21}, "even"),
    ("flange", {"missing_hole": 9}, "missing_hole=9"),
    ("drilled_plate", {"hole_mm": 30}, "leave too little"),
    ("carton", {"code": 7}, "code=7"),
    ("bottle", {"cap_mm": 60}, "cap_mm"),
    ("pcb", {"layout": 5}, "layout=5"),
    ("turned_part", {"base_mm": 60}, "base_mm"),
    ("connector", {"ways": 5}, "even"),
    ("elbow", {"leg_mm": 20}, "leg_mm"),
    ("hex_nt", {}, "did you mean 'hex_nut'"),
    ("block", {"lenght_mm": 5}, "did you mean 'length_mm'"),
    ("hex_nut", {"size": "M13"}, "M12"),
    ("peg", {"material": "stel"}, "unknown material"),
    ("block", {"length_mm": "long"}, "length_mm='long'"),
    ("block", {"length_mm": float("nan")}, "length_mm=nan"),
    ("block", {"length_mm": -5}, "length_mm=-5"),
    ("block", {"length_mm": None}, "length_mm=None"),
    ("block", {"chamfer_mm": 20}, "chamfer_mm=20"),
    ("block", {"length_mm": 0}, "length_mm=0"),
    ("bushing", {"bore_mm": 30, "outside_mm": 20}, "bore_mm"),
    ("washer", {"bore_mm": 30}, "bore_mm"),
    ("hex_nut", {"diameter_mm": 40}, "diameter_mm"),
    ("hex_nut", {"height_mm": 1}, "height_mm"),
    ("hex_bolt", {"thread_mm": 100}, "thread_mm"),
    ("stepped_shaft", {"journal_diameter_mm": 60}, "journal_diameter_mm"),
    ("stepped_shaft", {"journal_left_mm": 60}, "journals"),
    ("l_bracket", {"thickness_mm": 20}, "thickness_mm"),
    ("l_bracket", {"hole_mm": 39}, "hole_mm"),
    ("tray", {"slots_mm": []}, "slots_mm"),
    ("tray", {"slots_mm": [(10, 20, 30)]}, "slots_mm"),
    ("tray", {"slots_mm": 7}, "slots_mm"),
    ("tray", {"columns": 0}, "columns"),
    ("tray", {"columns": 1.5}, "columns"),
    ("bin", {"wall_mm": 100}, "too small"),
    ("hole_plate", {"hole_mm": 80}, "hole of 80 mm"),
    ("peg_nest", {"floor_mm": 30}, "floor_mm"),
    ("tool_cart", {"drawers": 0}, "drawers"),
]


@pytest.mark.parametrize(("kind", "params", "says"), BAD)
def test_bad_input_is_one_clear_line(kind: str, params: dict[str, object], says: str) -> None:
    with pytest.raises(UserError) as caught:
        catalogue.build(kind, params)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("harm", ["open", "inside out", "endless"])
def test_a_maker_of_no_solid_is_refused(harm: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made_by = catalogue.KINDS["block"]

    @functools.wraps(made_by.make)  # its parameters and their defaults
    def spoilt(**params: object) -> Part:
        part = made_by.make(**params)
        mesh = part.mesh.copy()
        if harm == "open":
            mesh.update_faces(np.arange(len(mesh.faces)) > 0)
        elif harm == "endless":
            mesh.vertices[0, 0] = np.inf
        return replace(
            part, mesh=mesh, volume=-part.volume if harm == "inside out" else part.volume
        )

    monkeypatch.setattr(catalogue, "KINDS", {"block": replace(made_by, make=spoilt)})
    with pytest.raises(PartError, match="block: no closed solid comes of these dimensions"):
        catalogue.build("block", {"length_mm": 61.75})  # none that was made before


@pytest.mark.parametrize("kind", catalogue.kinds())
def test_zero_and_huge_lengths_make_a_part_or_a_part_error(kind: str) -> None:
    for name, value in catalogue.defaults(kind).items():
        if not isinstance(value, float):
            continue
        for other in (0.0, 0.001, 1e5):
            try:
                part = catalogue.build(kind, {name: other})
            except PartError:
                continue
            low, high = part.mesh.bounds  # what is made is of that size, and no broken mesh
            assert np.all(high > low), name
            assert part.mass > 0.0, name
