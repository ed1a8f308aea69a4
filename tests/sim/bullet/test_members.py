"""Members of devices on their joints, belts, and the cell's own controller."""

from __future__ import annotations

from contextlib import closing

import numpy as np
import pytest

from scenes.cameras import look_at
from sim import state_layout
from sim.bullet.tiny import TinyRenderer
from sim.bullet.world import World
from sim.pose import Pose
from sim.spec import Body, Camera, Cell, Joint, Light, Physics, Rule

BLOCK = {"length_mm": 60.0, "width_mm": 40.0, "height_mm": 30.0}
NOTHING = np.zeros(0, np.float32)  # no robot, no targets


def block(name: str, at: tuple[float, float, float], **about: object) -> Body:
    return Body(name, "block", BLOCK, Pose(at), **{"mass": 0.2, **about})  # type: ignore[arg-type]


def base(name: str = "base") -> Body:
    return block(name, (0.0, 0.0, -0.5), fixed=True, mass=0.0)


def slide(lower: float, upper: float, **about: object) -> Joint:
    return Joint("slide", (1.0, 0.0, 0.0), lower, upper, "base", **about)  # type: ignore[arg-type]


def run(world: World, seconds: float) -> None:
    for _ in range(round(seconds * world.cell.physics.control_hz)):
        world.step(NOTHING)


def test_a_member_hangs_on_its_joint_and_friction_holds_it() -> None:
    door = block("door", (0.0, 0.0, 1.0), joint=slide(0.0, 0.3, force=5.0))
    turned = Pose.turned((0.0, 1.0, 1.0), (0, 0, 1), 0.7)
    flap = Body(
        "flap", "block", BLOCK, turned, mass=0.1,
        joint=Joint("hinge", (0.0, 1.0, 0.0), -1.0, 1.0, "base", at=(-0.03, 0.0, 0.0), force=1.0),
    )  # fmt: skip
    with World(Cell(bodies=(base(), door, flap))) as world:
        run(world, 1.0)
        assert world.pose("door").position == pytest.approx((0.0, 0.0, 1.0), abs=1e-4)
        assert world.pose("flap").array() == pytest.approx(turned.array(), abs=1e-3)


@pytest.mark.parametrize("angle", [-0.8, 0.5])
def test_a_driven_hinge_turns_about_its_own_axis(angle: float) -> None:
    at = (-0.03, 0.0, 0.015)
    start = Pose.turned((0.2, 0.1, 1.0), (0, 0, 1), 0.4)
    joint = Joint("hinge", (0.0, 1.0, 0.0), -1.0, 1.0, "base", at=at, force=1.0)
    flap = Body("flap", "block", BLOCK, start, mass=0.1, joint=joint)
    go = Rule("go", when={"key": -0.002}, then={"flap": angle}, force=5.0, speed=2.0)
    key = block("key", (0.0, 1.0, 1.0), joint=slide(-0.003, 0.0, force=0.1))
    push = Rule("push", when={"flap": 0.0}, then={"key": -0.003})  # at once: it starts at 0
    with World(Cell(bodies=(base(), flap, key), rules=(go, push))) as world:
        run(world, 2.0)
        wanted = start @ Pose(at) @ Pose.turned((0, 0, 0), (0, 1, 0), angle) @ Pose(at).inverse()
        assert world.fired == ["push", "go"]
        assert world.travel("flap") == pytest.approx(angle, abs=2e-3)
        assert world.pose("flap").array() == pytest.approx(wanted.array(), abs=2e-3)
        state = world.state()
        world.show(state)
        assert world.state()[:7] == pytest.approx(state[:7], abs=1e-6)


def test_a_member_is_touched_where_it_is_seen() -> None:
    """A block dropped on a slide's member comes to rest on its top, not on its joint's frame."""
    table = block("table", (0.1, 0.0, 0.5), joint=slide(0.0, 0.1, force=50.0, at=(0.02, 0.01, 0.0)))
    dropped = block("dropped", (0.1, 0.0, 0.55))
    camera = Camera("eye", look_at((0.1, -0.5, 0.56), (0.1, 0.0, 0.53)), 64, 48, 0.5)
    lights = (Light("lamp"), Light("sky", "sky"))
    cell = Cell(bodies=(base(), table, dropped), cameras=(camera,), lights=lights)
    with World(cell) as world:
        run(world, 1.0)
        assert world.pose("dropped").position[2] == pytest.approx(0.53, abs=1e-3)
        states = world.state()[None]
    with closing(TinyRenderer()) as renderer:
        frame = next(renderer.frames(cell, states, ["eye"]))["eye"]
    ids = state_layout.segments(cell)
    low = np.nonzero(frame.segmentation == ids["table"])[0].min()
    high = np.nonzero(frame.segmentation == ids["dropped"])[0].max()
    assert abs(int(low) - int(high)) <= 1  # they are seen one on the other


def test_limits_stop_a_member_and_a_button_springs_back() -> None:
    down = Joint("slide", (0.0, 0.0, 1.0), -0.006, 0.0, "base", force=3.0, springs_back=True)
    button = block("button", (0.0, 0.0, 0.5), joint=down, mass=0.02)
    weight = block("weight", (0.0, 0.0, 0.531), mass=1.0)
    with World(Cell(bodies=(base(), button, weight))) as world:
        run(world, 0.5)
        assert world.travel("button") == pytest.approx(-0.006, abs=5e-4)
    with World(Cell(bodies=(base(), button))) as world:
        run(world, 0.5)
        assert world.travel("button") == pytest.approx(0.0, abs=5e-4)


def test_a_belt_carries_what_lies_on_it_and_no_farther_than_its_end() -> None:
    size = {"length_mm": 600.0, "width_mm": 200.0, "height_mm": 40.0}
    pose = Pose.turned((0.0, 0.0, 0.5), (0, 0, 1), 0.6)
    belt = Body("belt", "block", size, pose, fixed=True, friction=0.9, belt=(0.15, 0.0, 0.0))
    rider = Body("rider", "block", BLOCK, pose @ Pose((-0.25, 0.0, 0.0401)), mass=0.3)
    with World(Cell(bodies=(belt, rider))) as world:
        run(world, 0.5)
        before = pose.inverse() @ world.pose("rider")
        run(world, 1.0)
        after = pose.inverse() @ world.pose("rider")
        assert after.position[0] - before.position[0] == pytest.approx(0.15, abs=1e-3)
        assert after.position[1:] == pytest.approx(before.position[1:], abs=1e-3)
        assert world.pose("belt").array() == pytest.approx(pose.array())
        run(world, 3.0)
        assert world.pose("rider").position[2] < 0.4  # off its end


def test_jaws_clamp_what_stands_between_them_and_hold_it() -> None:
    """Two jaws close on a block when a door has been shut; members of one mount do not collide."""
    jaws = [
        block(f"jaw_{i}", (0.075 * sign, 0.0, 0.5), mass=0.5,
              joint=Joint("slide", (-sign, 0.0, 0.0), 0.0, 0.06, "base"))
        for i, sign in enumerate((1.0, -1.0))
    ]  # fmt: skip
    table = Body(
        "table", "block", {**BLOCK, "length_mm": 300.0}, Pose((0.0, 0.0, 0.47)), fixed=True
    )
    part = block("part", (0.004, 0.0, 0.5005))
    shut = block("door", (0.0, 1.0, 1.0), joint=slide(0.0, 0.3))
    pushed = Rule("pushed", when={"jaw_0": 0.0}, then={"door": 0.3}, speed=0.6)
    clamp = Rule("clamp", when={"door": 0.29}, then={"jaw_0": 0.06, "jaw_1": 0.06}, force=60.0)
    cell = Cell(
        bodies=(base(), table, *jaws, part, shut), rules=(pushed, clamp), physics=Physics(hz=240)
    )
    with World(cell) as world:
        run(world, 3.0)
        assert world.fired == ["pushed", "clamp"]
        assert world.force_between("part", "jaw_0") == pytest.approx(60.0, rel=0.2)
        assert world.force_between("part", "jaw_1") == pytest.approx(60.0, rel=0.2)
        assert abs(world.pose("part").position[0]) < 0.005
    with World(cell) as again:
        run(again, 3.0)
        assert again.pose("part") == world_pose(cell)


def world_pose(cell: Cell) -> Pose:
    with World(cell) as world:
        run(world, 3.0)
        return world.pose("part")


@pytest.mark.parametrize(
    ("body", "rules", "says"),
    [
        (block("a", (0, 0, 1), joint=Joint("screw", (1, 0, 0), 0, 1, "base")), (), "kinds: slide"),
        (block("a", (0, 0, 1), joint=slide(0.1, 0.2)), (), "outside its own limits"),
        (block("a", (0, 0, 1)), (Rule("r", when={"a": 1.0}),), "rule 'r': no joint a"),
    ],
)
def test_a_device_that_makes_no_sense_is_refused(body: Body, rules: tuple, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        World(Cell(bodies=(base(), body), rules=rules))


def test_devices_are_exact_in_json() -> None:
    member = block("a", (0.0, 0.0, 1.0), joint=slide(-0.1, 0.1, springs_back=True))
    belt = Body("b", "block", BLOCK, Pose(), fixed=True, belt=(0.1, 0.0, 0.0))
    cell = Cell(bodies=(base(), member, belt), rules=(Rule("r", {"a": 0.05}, {"a": 0.1}),))
    assert Cell.from_json(cell.to_json()) == cell


def test_what_jaws_hold_sleeps_with_them_and_wakes_when_they_are_driven() -> None:
    """Forces are told as they were when it fell asleep, whatever the substeps are now."""
    jaw = Joint("slide", (-1.0, 0.0, 0.0), 0.0, 0.05, "base", force=60.0)
    table = Body(
        "table", "block", {**BLOCK, "length_mm": 300.0}, Pose((0.0, 0.0, 0.47)), fixed=True
    )
    post = block("post", (-0.061, 0.0, 0.5), fixed=True)
    moving = block("jaw", (0.075, 0.0, 0.5), joint=jaw, mass=0.5)
    part = block("part", (0.0, 0.0, 0.5005))
    with World(Cell(bodies=(base(), table, post, moving, part))) as world:
        world.drive("jaw", 0.05, 60.0, 0.1)
        run(world, 2.0)
        assert world.resting.asleep == {"jaw", "part"}
        assert world.resting.calm
        held = world.force_between("jaw", "part")
        assert held == pytest.approx(60.0, rel=0.2)
        run(world, 1.0)
        assert world.force_between("jaw", "part") == held
        world.drive("jaw", 0.0, 60.0, 0.1)
        run(world, 0.5)
        assert world.travel("jaw") < 0.02
        assert world.force_between("jaw", "part") == 0.0
