"""Every arm with every tool: kinematics, limits, and what each kind of tool can hold."""

from contextlib import closing

import gymnasium
import numpy as np
import pybullet
import pytest

from assets import catalogue
from episodes.errors import UserError
from generators.command import hydra_app
from scenes.cameras import cameras
from sim.motion import boxes, grasping
from sim.motion.moves import Carry, Failed, Grip, Open, Reach, top_down
from sim.pose import Pose, rotvec_to_matrix
from sim.robots import robot, urdf
from sim.robots.physics_urdf import robot_urdf
from sim.spec import Body, Cell, Robot
from sim.station import Station

ALL = robot.cards()
JAWS = [name for name in ALL if robot.load(name).tool.kind == "jaws"]
CUPS = [name for name in ALL if robot.load(name).tool.kind == "vacuum"]
HERE = Pose((0.45, 0.1, 0.0))
BENCH = Body("bench", "bench_top", {"thickness_mm": 40.0}, Pose((0.4, 0.0, -0.04)), fixed=True)


@pytest.fixture(scope="module")
def config() -> dict:
    return hydra_app.composed("generate", ["task=bench_place", "out=x"])


def station(name: str, *bodies: Body) -> Station:
    found = robot.load(name)
    arm = Robot(found.arm.name, name, Pose(), found.home)
    return Station(Cell(robots=(arm,), bodies=(BENCH, *bodies)))


def block(length: float, width: float, height: float, mass: float) -> Body:
    size = {"length_mm": length, "width_mm": width, "height_mm": height}
    return Body("part", "block", size, HERE, mass=mass)


def work(at: Station, *moves) -> None:
    for move in moves:
        for command in move.commands(at):
            at.step(at.encode(command.tcp_to_world, command.gripper))
            assert not at.unreachable


@pytest.mark.parametrize("name", ALL)
def test_kinematics_agree_with_physics(name, rng):
    """The chain and every link's frame against PyBullet's, at random joints within the limits."""
    model = robot.load(name)
    chain, tcp = model.kinematics, model.tcp
    client = pybullet.connect(pybullet.DIRECT)
    body = pybullet.loadURDF(
        str(robot_urdf(model, visuals=False)), useFixedBase=True, physicsClientId=client
    )
    info = [
        pybullet.getJointInfo(body, i, physicsClientId=client)
        for i in range(pybullet.getNumJoints(body, physicsClientId=client))
    ]
    for _ in range(10):
        arm = rng.uniform(model.arm.lower, model.arm.upper)
        joints = np.zeros(len(model.movable))
        joints[model.arm_columns] = arm
        for entry in info:
            if entry[1].decode() in model.movable:
                value = joints[model.movable.index(entry[1].decode())]
                pybullet.resetJointState(body, entry[0], value, physicsClientId=client)
        ours = model.link_to_base(joints)
        for entry in info:
            state = pybullet.getLinkState(
                body, entry[0], computeForwardKinematics=1, physicsClientId=client
            )
            truth = Pose(state[4], state[5]).matrix()
            assert ours[model.link_index(entry[12].decode())] == pytest.approx(truth, abs=1e-5)
        expected = ours[model.link_index(tcp.link)] @ tcp.pose.matrix()
        assert chain.tcp(arm).matrix() == pytest.approx(expected, abs=1e-9)
    pybullet.disconnect(client)


@pytest.mark.parametrize("name", ALL)
def test_the_home_posture_is_ready_over_a_bench(name):
    model = robot.load(name)
    chain = model.kinematics
    home = chain.tcp(chain.home)
    x, y, z = home.position
    assert 0.35 < x < 0.5
    assert abs(y) < 0.03
    assert 0.25 < z < 0.55
    # pointing down, the jaws closing along y
    assert np.arccos(np.clip(-home.rotation[2, 2], -1, 1)) < 0.02
    assert abs(home.rotation[1, 1]) > 0.999
    room = np.minimum(chain.home - chain.lower, chain.upper - chain.home)
    assert (room > np.radians(10)).all()
    # and the work before it is in reach, whichever way the tool is turned
    for place in [(x, y, 0.05) for x in (0.34, 0.5, 0.66) for y in (-0.3, 0.0, 0.3)]:
        for yaw in (-1.0, 0.0, 1.0):
            if np.hypot(*place[:2]) < 0.72:
                goal = top_down(place, yaw)
                joints = chain.solve(goal, chain.solve(goal.shifted(z=0.1), chain.home))
                assert (joints >= chain.lower).all()
                assert (joints <= chain.upper).all()
    assert model.arm.reach > 0.6


@pytest.mark.parametrize("name", ALL)
def test_a_wrist_camera_has_the_tip_in_view(name, config, rng):
    model = robot.load(name)
    camera = next(c for c in cameras(config, rng, (0.5, 0.0, 0.0), model.wrist) if c.parent)
    links = model.link_to_base(np.zeros(len(model.movable)))
    tcp_to_base = links[model.link_index(model.tcp.link)] @ model.tcp.pose.matrix()
    _, _, link = camera.parent.partition("/")
    camera_to_base = links[model.link_index(link)] @ camera.pose.matrix()
    tip = np.linalg.inv(camera_to_base) @ tcp_to_base[:, 3]
    u, v, w = camera.intrinsics() @ tip[:3]
    assert 0.2 * camera.width < u / w < 0.8 * camera.width
    assert 0.5 * camera.height < v / w < camera.height
    assert 0.05 < w < 0.15


@pytest.mark.parametrize("name", JAWS)
def test_jaws_close_on_a_part_and_hold_it_by_friction(name):
    with closing(station(name, block(50, 30, 30, 0.3))) as at:
        # the boxes that clearance is judged by are where the jaws are
        jaws = boxes.of_tool(at.model, 0.03)
        assert len(jaws) > 3
        down = top_down((0.45, 0.1, 0.015), 0.0)
        work(at, Reach(down.shifted(z=0.1)), Open(0.05), Reach(down, 0.2), Grip(0.03))
        held = at.sensed_tcp().inverse() @ at.world.pose("part")
        work(at, Carry(down.shifted(z=0.25)), Carry(down.shifted(y=-0.3, z=0.2), 0.6))
        after = at.sensed_tcp().inverse() @ at.world.pose("part")
        assert np.linalg.norm(np.subtract(after.position, held.position)) < 0.002
        assert at.holding()
        assert at.world.push_on_arm(at.robot.name) == 0.0  # only the pads touch
        gears = pybullet.getNumConstraints(physicsClientId=at.world.client)
        assert gears == 1  # the jaws' own: nothing ties the part to them
        work(at, Open())
        assert at.robot.name not in at.world.touching("part")


@pytest.mark.parametrize("name", CUPS)
def test_a_cup_holds_a_smooth_box_and_puts_it_down(name):
    cups = robot.load(name).tool
    area = len(cups.centres) * np.pi * cups.radius**2
    mass = min(0.8, 0.1 * cups.pressure * area / 9.81)  # a tenth of what the vacuum carries
    with closing(station(name, block(120, 120, 60, mass))) as at:
        down = top_down((0.45, 0.1, 0.06 - max(cups.press, 0.0005)), 0.0)
        work(at, Reach(down.shifted(z=0.1)), Reach(down, 0.2))
        assert not at.holding()
        assert at.observe()["gripper_position"] == 0.0
        work(at, Grip(0.0))
        assert at.holding("part")
        assert at.observe()["gripper_position"] == 1.0
        tilted = rotvec_to_matrix([0.0, 0.3, 0.0]) @ down.rotation
        work(at, Carry(down.shifted(z=0.2)), Carry(Pose.at(down.shifted(z=0.25).position, tilted)))
        work(at, Carry(down.shifted(y=-0.3, z=0.1), 0.6), Carry(down.shifted(y=-0.3), 0.2))
        assert at.world.pose("part").position == pytest.approx((0.45, -0.2, 0.0), abs=2e-3)
        work(at, Open(), Reach(down.shifted(y=-0.3, z=0.1)))
        assert not at.holding()
        assert at.world.touching("part") == {"bench"}


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        (
            Body("part", "shaft", {"diameter_mm": 30.0, "length_mm": 80.0}, HERE, mass=0.2),
            "no seal",
        ),
        (block(80, 24, 60, 0.2), "no seal"),  # the lip hangs over its sides
        (block(80, 80, 60, 9.0), "empty"),  # more than the vacuum carries
    ],
    ids=["rod", "narrow", "heavy"],
)
def test_what_a_cup_cannot_hold(body, cause):
    with closing(station("panda+vacuum", body)) as at:
        top = catalogue.build(body.kind, body.params).height
        down = top_down((0.45, 0.1, top - 0.001), 0.0)
        with pytest.raises(Failed, match=cause):
            work(
                at, Reach(down.shifted(z=0.1)), Reach(down, 0.2), Grip(0.0),
                Carry(down.shifted(z=0.1)),
            )  # fmt: skip
        assert at.world.pose("part").position[2] < 0.02


def test_holds_are_those_of_the_tool():
    part = block(80, 60, 40, 0.3)
    with closing(station("panda+vacuum", part)) as at:
        found = grasping.feasible_grasps(at, "part", around=["bench"])
        assert found
        assert {hold.width for hold in found} == {0.0}
        assert found[0].tcp_to_world.position[2] == pytest.approx(0.039, abs=1e-3)
        work(at, Reach(grasping.approach(found[0], 0.1)), Reach(found[0].tcp_to_world, 0.2))
        work(at, Grip(0.0))
        assert at.holding("part")
    with closing(station("panda", part)) as at:
        assert (
            min(hold.width for hold in grasping.feasible_grasps(at, "part", around=["bench"]))
            > 0.03
        )


def test_the_same_actions_with_suction_give_the_same_states():
    def states() -> np.ndarray:
        with closing(station("panda+vacuum", block(80, 80, 60, 0.5))) as at:
            down = top_down((0.45, 0.1, 0.059), 0.3)
            seen = []
            for move in (Reach(down, 0.8), Grip(0.0), Reach(down.shifted(z=0.1), 0.8), Open()):
                for command in move.commands(at):
                    at.step(at.encode(command.tcp_to_world, command.gripper))
                    seen.append(at.world.state())
            return np.array(seen)

    assert np.array_equal(states(), states())


def test_tools_are_chosen_by_user_then_task_then_arm():
    def chosen(*words: str) -> str:
        return hydra_app.composed("generate", ["out=x", *words])["robot"]["card"]

    assert chosen("task=bench_place") == "panda"
    assert chosen("task=bench_place", "robot=ur5") == "ur5+robotiq_2f85"
    assert chosen("task=bench_place", "robot=ur5", "robot.tool=franka_hand") == "ur5+franka_hand"
    assert chosen("task=bench_place", "+task.tool=robotiq_2f85") == "panda+robotiq_2f85"
    with pytest.raises(UserError, match=r"bench_place needs jaws; tools: franka_hand, robotiq"):
        chosen("task=bench_place", "robot.tool=nozzle")
    with pytest.raises(UserError, match="unknown tool 'magnet'; there are: franka_hand"):
        chosen("task=bench_place", "robot.tool=magnet")
    with pytest.raises(UserError, match=r"unknown robot 'ur6'; did you mean 'ur5'\? there are: "):
        chosen("task=bench_place", "robot.card=ur6")


def test_an_environment_has_as_many_joints_as_its_arm():
    env = gymnasium.make("generators.envs:cellwright/BenchPlace-v0", overrides=["robot=ur5"])
    seen, _ = env.reset(seed=3)
    assert seen["joint_position"].shape == (6,)
    assert env.observation_space.contains(seen)
    seen, *_ = env.step(np.array([0.01, 0, 0, 0, 0, 0, 1], np.float32))
    assert env.observation_space.contains(seen)
    env.close()


def test_a_model_that_is_not_installed_says_what_to_install():
    with pytest.raises(UserError, match="'no-such-models' that is not installed"):
        urdf.resolve("no-such-models:arm.urdf")
