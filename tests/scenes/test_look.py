"""Looks change what a cell looks like, wherever their keys say so, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from colorsys import rgb_to_hsv
from copy import deepcopy
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import yaml

from assets import materials
from assets.colour_terms import decoded, term
from episodes.errors import UserError
from scenes import colour, look, seen, viewpoint
from scenes.cameras import look_at
from scenes.goals import ClearGoal, PlaceGoal
from sim import state_layout
from sim.pose import Pose
from sim.render import gl
from sim.spec import Body, Cell, Material
from tests.helpers import ROOT
from tests.raster_cells import bench, body, states

FOLDER = ROOT / "conf" / "look"
LOOKS = {p.stem: yaml.safe_load(p.read_text()) or {} for p in sorted(FOLDER.glob("*.yaml"))}


def cell() -> Cell:
    """A bench whose parts are spoken of by colour, with a room around it."""
    base = bench(96)
    rgb = materials.COLOURS["red"]
    bodies = [
        replace(b, material=Material("painted", rgb), words={"colour": "red"})
        if b.role == "part"
        else b
        for b in base.bodies
    ]
    bodies.append(
        Body("wall", "wall", {}, Pose.turned((-1.5, 0, -0.8), (0, 0, 1), -np.pi / 2),
             Material("painted", (0.3, 0.4, 0.5)), "room", fixed=True)
    )  # fmt: skip
    floor = bodies[0]
    bodies[0] = replace(floor, role="room", material=Material("concrete", (0.5, 0.5, 0.5)))
    goal = PlaceGoal(part="nut", slot="tray/slot_0", pose=Pose())
    return replace(base, bodies=tuple(bodies), goal=goal)


def drawn(name: str, seed: int = 0, **changes: Any) -> Cell:
    return look.redraw(cell(), {**LOOKS[name], **changes}, np.random.default_rng(seed))


def test_there_are_the_three_looks() -> None:
    assert set(LOOKS) == {"plain", "factory", "wild"}


def test_plain_is_the_cell_as_it_was() -> None:
    assert drawn("plain").to_json() == cell().to_json()


@pytest.mark.parametrize("name", ["factory", "wild"])
def test_the_same_seed_is_the_same_look(name: str) -> None:
    assert drawn(name, 3).to_json() == drawn(name, 3).to_json()
    assert drawn(name, 3).to_json() != drawn(name, 4).to_json()


def leaves(tree: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from leaves(value, (*path, key))
    else:
        yield path


AXES = sorted({path for name in ("factory", "wild") for path in leaves(LOOKS[name])})
OTHER = {  # two settings of an axis that differ for sure, where two numbers would not do
    "count": (1, 3), "halls": (1, 4096), "tries": (1, 50), "seen": (0.0, 1.01),
    "finishes": (["rubber"], ["concrete"]), "kinds": (["crate"], ["pallet"]),
    "distance_m": (2.2, 3.0), "temperature_k": (2500, 9000), "sky_temperature_k": (2500, 9000),
    "label": (0.0, 1.0), "hazard": (0.0, 1.0), "oil": (0.0, 1.0), "recolour": (0.0, 1.0),
    "repaint": (0.0, 1.0), "colours": (["blue"], ["green"]),
}  # fmt: skip


@pytest.mark.parametrize("axis", AXES, ids=".".join)
def test_every_key_is_an_axis_that_lands_in_the_cell(axis: tuple[str, ...]) -> None:
    """Turning one key changes the cell, for some seed of a few, and only through that key."""
    name = "wild" if axis not in set(leaves(LOOKS["factory"])) else "factory"
    settings = OTHER.get("finishes" if "finishes" in axis else axis[-1], (0.1, 0.9))
    trees = []
    for value in settings:
        tree = deepcopy(LOOKS[name])
        if "finishes" in axis:
            tree["surfaces"]["fixture"]["recolour"] = 0.0
        if axis[-1] in ("distance_m", "kinds"):
            tree["clutter"]["count"] = 3
        if axis[-1] in ("seen", "tries"):  # first draws often miss
            tree["camera"]["aim_m"] = 0.5
        if axis[-1] == "tries":
            tree["camera"]["seen"] = 1.0
        if axis[-1] == "fill":
            tree["lights"]["count"] = 3
        at = tree
        for key in axis[:-1]:
            at = at[key]
        at[axis[-1]] = value
        trees.append(tree)
    one, other = trees
    told = (_with_kinds(one, seed) != _with_kinds(other, seed) for seed in range(6))
    assert any(told), f"look.{'.'.join(axis)} changes nothing"


def _with_kinds(tree: Any, seed: int) -> Cell:
    """A cell with a body of every kind and role that a look speaks of."""
    more = [
        Body(kind, kind, {}, Pose((0.2, -0.5 - i, 0.0)), Material("painted", (0.5, 0.4, 0.3)),
             "fixture", fixed=True)
        for i, kind in enumerate(("bin", "tote"))
    ]  # fmt: skip
    more.append(replace(body("odd", "washer", Pose((0.7, 0.3, 0.0))), role="distractor"))
    base = cell()
    return look.redraw(
        base.replace(bodies=(*base.bodies, *more)), tree, np.random.default_rng(seed)
    )


def test_one_section_does_not_shift_another() -> None:
    plain, other = drawn("factory", 5), drawn("factory", 5, lights=LOOKS["wild"]["lights"])
    assert plain.bodies == other.bodies
    assert [c.pose for c in plain.cameras] == [c.pose for c in other.cameras]
    assert plain.lights != other.lights


@pytest.mark.parametrize("name", ["factory", "wild"])
def test_nothing_but_looks_changes(name: str) -> None:
    """Poses, masses and what moves stay: one physics run serves every look."""
    before = cell()
    for seed in range(10):
        after = drawn(name, seed)
        assert state_layout.columns(after) == state_layout.columns(before)
        for old, new in zip(before.bodies, after.bodies, strict=False):
            assert replace(new, material=old.material) == old
        assert after.robots == before.robots
        assert after.physics == before.physics


@pytest.mark.parametrize("role", ["part", "distractor", "fixture"])
@pytest.mark.parametrize("name", ["factory", "wild"])
def test_what_is_called_by_a_colour_keeps_it(name: str, role: str) -> None:
    """A bin no less than a part: the word that fits is the one it is called by."""
    for word, rgb in materials.COLOURS.items():
        it = replace(
            body("it", "bin", Pose()),
            material=Material("polypropylene", rgb), role=role, words={"colour": word},
        )  # fmt: skip
        for seed in range(5):
            (new,) = resurfaced(it, name, seed)
            assert term(decoded(new.material.rgb)) == word


@pytest.mark.parametrize("name", ["factory", "wild"])
def test_what_is_called_by_its_material_keeps_its_colour(name: str) -> None:
    """A look with any hue would make a brass plate blue, and a cardboard box green."""
    for finish in ("brass", "bronze", "cardboard", "wood", "fr4"):
        own = materials.finish(finish).rgb
        it = replace(
            body("it", "hole_plate", Pose(), fixed=True),
            material=Material(finish, own), words={"material": finish},
        )  # fmt: skip
        for seed in range(12):
            (new,) = resurfaced(it, name, seed)
            assert term(decoded(new.material.rgb)) == term(decoded(own))


def test_looks_of_looks_do_not_drift() -> None:
    """A library rendered again, and again, has no lime bins for green ones."""
    green = materials.COLOURS["green"]
    it = replace(
        body("it", "bin", Pose(), fixed=True),
        material=Material("polypropylene", green), words={"colour": "green"},
    )  # fmt: skip
    hues = []
    for seed in range(20):
        (it,) = resurfaced(it, "wild", seed)
        assert term(decoded(it.material.rgb)) == "green"
        hues.append(360 * rgb_to_hsv(*it.material.rgb)[0])
    assert all(95 < hue < 170 for hue in hues), hues


def test_looks_still_vary_what_is_called_by_a_colour() -> None:
    it = replace(
        body("it", "bin", Pose(), fixed=True),
        material=Material("polypropylene", materials.COLOURS["blue"]), words={"colour": "blue"},
    )  # fmt: skip
    tints = [resurfaced(it, "wild", seed)[0].material.rgb for seed in range(12)]
    assert len(set(tints)) == 12
    assert np.std([max(rgb) for rgb in tints]) > 0.03


def test_what_is_to_look_black_mirrors_no_lamps() -> None:
    it = replace(
        body("it", "bin", Pose()),
        material=Material("pom", materials.COLOURS["black"], 0.4), words={"colour": "black"},
    )  # fmt: skip
    assert all(resurfaced(it, "wild", seed)[0].material.roughness >= 0.65 for seed in range(30))


def resurfaced(it: Body, name: str, seed: int) -> tuple[Body, ...]:
    surfaces = {"surfaces": LOOKS[name]["surfaces"]}
    return look.redraw(Cell(bodies=(it,)), surfaces, np.random.default_rng(seed)).bodies


@pytest.mark.parametrize("name", ["factory", "wild"])
def test_cameras_and_lamps_leave_a_colour_its_name(name: str) -> None:
    """However a camera errs in exposure and white balance under whatever lamps."""
    for word, rgb in materials.COLOURS.items():
        base, paint = cell(), Material("painted", rgb)
        bodies = tuple(
            replace(b, material=paint, words={"colour": word}) if b.role == "part" else b
            for b in base.bodies
        )
        for seed in range(4):
            new = look.redraw(base.replace(bodies=bodies), LOOKS[name], np.random.default_rng(seed))
            for camera in new.cameras:
                for part in (b for b in new.bodies if b.role == "part"):
                    for light, level in seen.pictured(part.material.rgb, new, camera):
                        assert word in seen.called(light, level)


@pytest.mark.parametrize("name", ["factory", "wild"])
def test_clutter_stays_out_of_reach_and_before_the_walls(name: str) -> None:
    found = 0
    for seed in range(30):
        for new in drawn(name, seed).bodies:
            if new.name.startswith("clutter"):
                found += 1
                assert np.hypot(*new.pose.position[:2]) > 1.3
                assert new.pose.position[0] > -1.5
                assert new.fixed
                assert new.role == "room"
    assert found > 10


def test_the_clutter_of_another_look_takes_the_place_of_the_first() -> None:
    found = 0
    for seed in range(12):
        first = drawn("factory", seed)
        again = look.redraw(first, LOOKS["wild"], np.random.default_rng(seed))
        there = [body.name for body in first.bodies if body.name.startswith("clutter")]
        new = [body.name for body in again.bodies if body.name.startswith("clutter")]
        found += bool(there and new)
        assert len(again.bodies) - len(new) == len(first.bodies) - len(there)
    assert found > 3


def test_an_unknown_key_is_named() -> None:
    with pytest.raises(UserError, match=r"unknown key of look: 'lihgts'; did you mean 'lights'"):
        look.redraw(cell(), {"lihgts": {}}, np.random.default_rng(0))
    with pytest.raises(UserError, match=r"unknown key of look\.surfaces: 'walls'"):
        look.redraw(cell(), {"surfaces": {"walls": {"wear": 1.0}}}, np.random.default_rng(0))


def test_a_range_turned_round_is_refused() -> None:
    lights = {**LOOKS["factory"]["lights"], "strength": [2.0, 1.0]}
    with pytest.raises(UserError, match=r"look\.lights\.strength=\[2\.0, 1\.0\]"):
        look.redraw(cell(), {"lights": lights}, np.random.default_rng(0))


def test_lamps_are_warm_or_cold() -> None:
    warm, day, cold = (colour.lamp(k) for k in (2700.0, 6500.0, 9500.0))
    assert warm[0] == pytest.approx(1.0)
    assert warm[2] < 0.7
    assert min(day) > 0.93  # D65 is sRGB's white; a black body of 6500 K is close to it
    assert cold[2] == pytest.approx(1.0)
    assert cold[0] < 0.9


def test_white_balance_undoes_the_lamp() -> None:
    lit = colour.decoded(colour.lamp(3000.0)) * colour.gains(3000.0, 6500.0)
    np.testing.assert_allclose(lit, colour.decoded(colour.lamp(6500.0)), rtol=1e-9)


def test_grey_has_no_hue_to_turn() -> None:
    np.testing.assert_allclose(colour.shifted((0.4, 0.4, 0.4), hue=1.3), 0.4)
    assert colour.shifted((0.4, 0.4, 0.4), lightness=0.5)[0] == pytest.approx(0.7)


def test_what_stands_in_the_way_hides_a_target() -> None:
    target = body("nut", "hex_nut", Pose(), size="M20")
    screen = Body("screen", "block", {"length_mm": 20.0, "width_mm": 200.0, "height_mm": 200.0},
                  Pose((0.2, 0.0, 0.0)), role="fixture", fixed=True)  # fmt: skip
    camera = replace(bench().camera("front"), pose=look_at((0.8, 0.0, 0.1), (0.0, 0.0, 0.0)))
    free, hidden = Cell(bodies=(target,)), Cell(bodies=(target, screen))
    assert viewpoint.share_seen(free, camera, target) == 1.0
    assert viewpoint.share_seen(hidden, camera, target) == 0.0
    away = replace(camera, pose=look_at((0.8, 0.0, 0.1), (1.6, 0.0, 0.1)))
    assert viewpoint.share_seen(free, away, target) == 0.0


@pytest.mark.skipif(not gl.available()[0], reason=gl.available()[1])
def test_targets_stay_in_view_by_their_pixels() -> None:
    """The check by points and boxes holds against an ids-only rendering."""
    from sim.render.raster import RasterRenderer

    renderer = RasterRenderer()
    shares = []
    for seed in range(12):
        for name in ("factory", "wild"):
            dressed = drawn(name, seed)
            camera, some = dressed.camera("front"), states(dressed)[0]
            bare = dressed.replace(robots=())
            alone = {
                b.name: Cell(bodies=(replace(b, fixed=True),)) for b in viewpoint.targets(bare)
            }
            ids = renderer.segmentation(bare, _without_robot(dressed, some), camera)
            for target, only in alone.items():
                seen = int((ids == state_layout.segments(bare)[target]).sum())
                whole = int((renderer.segmentation(only, np.zeros(0), _wider(camera)) > 0).sum())
                shares.append(seen / max(whole, 1))
    renderer.close()
    assert np.mean(np.array(shares) > 0.5) > 0.95


def _wider(camera: Any) -> Any:
    """The same camera with three times the picture, as sharp: nothing of a target is cut off."""
    fov = 2 * np.arctan(3 * np.tan(camera.fov / 2))
    return replace(camera, width=3 * camera.width, height=3 * camera.height, fov=float(fov))


def _without_robot(dressed: Cell, state: np.ndarray) -> np.ndarray:
    start = min(
        a for name, (a, _) in state_layout.columns(dressed).items() if name.endswith("/pose")
    )
    return state[start:]


def test_lists_of_bodies_in_a_goal_are_targets_too() -> None:
    cell = bench(32)
    names = [b.name for b in cell.bodies][:3]
    goal = ClearGoal(parts=tuple(names[:2]), source=names[2], target="none")
    assert [b.name for b in viewpoint.targets(cell.replace(goal=goal))] == names
    recorded = Cell.from_json(cell.replace(goal=goal).to_json())
    assert [b.name for b in viewpoint.targets(recorded)] == names


def test_a_camera_that_looks_up_is_exposed_for_undersides() -> None:
    """What is held over it is darker than a bench under the same lamps."""
    base = cell()
    housing, seen = base.bodies[0], base.cameras[0]
    up = housing.pose.inverse() @ look_at((0.4, 0.0, 0.1), (0.4, 0.0, 1.0), (1, 0, 0))
    built = replace(seen, name="built", pose=up, parent=housing.name)
    ranges = {**LOOKS["factory"]["camera"], "exposure_ev": 0.0, "metering": 1.0}
    new = look.redraw(
        base.replace(cameras=(seen, built)),
        {**LOOKS["factory"], "camera": ranges},
        np.random.default_rng(0),
    )
    assert new.camera("built").exposure > new.camera(seen.name).exposure + 1.0
