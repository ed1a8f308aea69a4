"""Poses, kinematics, contact and clearance against what physics and geometry say."""

from contextlib import closing

import numpy as np
import pybullet
import pytest

from sim.bullet.world import GRAVITY, World
from sim.motion import boxes
from sim.motion.moves import Failed, Grip, Open, Reach, top_down
from sim.pose import Pose, matrix_to_rotvec, quat_to_matrix, rotvec_to_matrix
from sim.robots import robot
from sim.robots.kinematics import Unreachable
from sim.spec import Cell, RecordedGoal
from sim.station import Station, action_bounds
from tests.cells import BENCH, PANDA, block, cell, work


def test_rotations_agree_with_each_other(rng):
    for _ in range(200):
        rotvec = rng.normal(size=3)
        rotvec *= rng.uniform(0.0, np.pi - 1e-3) / np.linalg.norm(rotvec)
        matrix = rotvec_to_matrix(rotvec)
        assert matrix @ matrix.T == pytest.approx(np.eye(3), abs=1e-12)
        assert matrix_to_rotvec(matrix) == pytest.approx(rotvec, abs=1e-7)
        pose = Pose.at(rng.normal(size=3), matrix)
        assert quat_to_matrix(pose.quaternion) == pytest.approx(matrix, abs=1e-12)
        assert (pose @ pose.inverse()).matrix() == pytest.approx(np.eye(4), abs=1e-12)


def test_kinematics_agree_with_pybullet(rng):
    """Kinematics and RobotModel against PyBullet's own forward kinematics of the untouched URDF."""
    model = robot.load("panda")
    chain = model.kinematics
    client = pybullet.connect(pybullet.DIRECT)
    body = pybullet.loadURDF(str(model.urdf), useFixedBase=True, physicsClientId=client)
    info = [pybullet.getJointInfo(body, i, physicsClientId=client) for i in range(12)]
    ids = {entry[1].decode(): entry[0] for entry in info}
    hand = next(entry[0] for entry in info if entry[12].decode() == PANDA.tcp.link)
    for _ in range(20):
        joints = rng.uniform(PANDA.arm.lower, PANDA.arm.upper)
        for name, value in zip(PANDA.arm.joints, joints, strict=True):
            pybullet.resetJointState(body, ids[name], value, physicsClientId=client)
        link = pybullet.getLinkState(body, hand, computeForwardKinematics=1, physicsClientId=client)
        truth = Pose(link[4], link[5]) @ PANDA.tcp.pose
        assert chain.tcp(joints).matrix() == pytest.approx(truth.matrix(), abs=1e-5)
    pybullet.disconnect(client)


def test_inverse_kinematics_stay_within_limits_and_say_what_is_out_of_reach(rng):
    chain = robot.load("panda").kinematics
    for _ in range(50):
        place = (rng.uniform(0.35, 0.65), rng.uniform(-0.3, 0.3), rng.uniform(0.02, 0.35))
        goal = top_down(place, rng.uniform(-1.5, 1.5))
        joints = chain.solve(goal, chain.home)
        assert (joints >= chain.lower).all()
        assert (joints <= chain.upper).all()
        assert chain.tcp(joints).position == pytest.approx(goal.position, abs=1e-4)
    with pytest.raises(Unreachable, match=r"x=1\.500"):
        chain.solve(top_down((1.5, 0.0, 0.2), 0.0), chain.home)


def test_a_part_in_free_fall_falls_as_galilei_says():
    falling = block(at=Pose((0.5, 0.0, 2.0)))
    with World(cell(falling)) as world:
        targets = np.array([*PANDA.home, 0.0], np.float32)
        for _ in range(10):
            world.step(targets)
        fallen = 2.0 - world.pose("part").position[2]
        # half a physics step more than g t^2 / 2: semi-implicit Euler, 360 or 240 steps a second
        least, most = (GRAVITY * 0.5 * (0.5 + dt) / 2 for dt in (1 / 360, 1 / 240))
        assert least - 1e-6 < fallen < most + 1e-6


def test_a_part_at_rest_presses_with_its_weight():
    with World(cell(BENCH, block(), settle_s=1.0)) as world:
        world.step(np.array([*PANDA.home, 0.0], np.float32))
        assert world.force_between("part", "bench") == pytest.approx(0.3 * GRAVITY, rel=0.05)
        assert world.pose("part").position[2] == pytest.approx(0.0, abs=2e-4)


def test_a_gripped_part_stays_in_the_jaws_by_friction_alone():
    with closing(Station(cell(BENCH, block()))) as station:
        world = station.world
        down = top_down((0.5, 0.1, 0.015), 0.0)
        work(station, Reach(down.shifted(z=0.1)), Reach(down, 0.2), Grip(0.03))
        held = station.sensed_tcp().inverse() @ world.pose("part")
        work(station, Reach(down.shifted(z=0.3)), Reach(down.shifted(y=-0.3, z=0.2), 0.6))
        after = station.sensed_tcp().inverse() @ world.pose("part")
        assert np.linalg.norm(np.subtract(after.position, held.position)) < 0.002
        assert pybullet.getNumConstraints(physicsClientId=world.client) == 1  # the jaws' own gear
        # the squeeze times friction must carry the weight
        assert world.force_between("panda", "part") * 0.8 > 0.3 * GRAVITY
        work(station, Open())
        assert "panda" not in world.touching("part")


def test_closing_on_nothing_is_a_missed_grasp():
    with closing(Station(cell())) as station, pytest.raises(Failed) as failed:
        work(station, Grip(0.03))
    assert failed.value.cause == "missed_grasp"


def test_an_action_is_a_motion_of_the_commanded_tool(rng):
    with closing(Station(cell())) as station:
        for _ in range(20):
            before = station.tcp_to_base
            action = (rng.uniform(-0.2, 0.2, 7) * station.action_high).astype(np.float32)
            station.step(action)
            moved = np.subtract(station.tcp_to_base.position, before.position)
            turned = matrix_to_rotvec(station.tcp_to_base.rotation @ before.rotation.T)
            assert moved == pytest.approx(action[:3].astype(float), abs=1e-9)
            assert turned == pytest.approx(action[3:6].astype(float), abs=1e-9)


@pytest.mark.parametrize("hz", [5, 20, 60])
def test_an_action_bound_is_a_speed_whatever_the_control_rate(hz):
    low, high = action_bounds(hz)
    assert high[:6] * hz == pytest.approx([1.0] * 3 + [5.0] * 3)
    assert low[:6] == pytest.approx(-high[:6])
    assert (low[6], high[6]) == (0.0, 1.0)


def test_an_action_out_of_reach_moves_nothing_and_says_so():
    with closing(Station(cell())) as station:
        for _ in range(40):
            before = station.tcp_to_base
            targets = station.step(np.array([0.05, 0, 0, 0, 0, 0, 0], np.float32))
            if station.unreachable:
                break
        assert station.unreachable
        assert station.tcp_to_base == before
        assert np.array_equal(targets[:-1], station.joints.astype(np.float32))


def test_states_do_not_depend_on_what_ran_before():
    """A World leaves nothing behind in PyBullet that a later one could feel."""

    def last() -> np.ndarray:
        with World(cell(BENCH, block(at=Pose((0.5, 0.1, 0.02))))) as world:
            for _ in range(10):
                world.step(np.array([*PANDA.home, 0.5], np.float32))
            return world.state()

    first = last()
    other = cell(BENCH, block(at=Pose((0.4, 0.0, 0.3))), hz=240, contact_stiffness=1e5)
    with World(other) as world, World(cell()):
        world.step(np.array([*PANDA.home, 1.0], np.float32))
        assert np.array_equal(last(), first)
    assert np.array_equal(last(), first)


def test_showing_a_state_gives_that_state_back():
    with World(cell(BENCH, block(at=Pose((0.5, 0.1, 0.05))))) as world:
        for _ in range(5):
            world.step(np.array([*PANDA.home, 0.3], np.float32))
        state = world.state()
    with World(cell(BENCH, block())) as world:
        world.show(state)
        shown = world.state()
        for name in ("panda/joint_position", "part/pose"):
            start, stop = world.columns[name]
            assert shown[start:stop] == pytest.approx(state[start:stop], abs=1e-12)


def test_clearance_agrees_with_pybullet(rng):
    """The separating axis test against PyBullet's distances, on random pairs of boxes."""
    client = pybullet.connect(pybullet.DIRECT)

    def make() -> tuple[boxes.Boxes, int]:
        pose = Pose.at(rng.uniform(-0.2, 0.2, 3), rotvec_to_matrix(rng.normal(size=3)))
        half = rng.uniform(0.02, 0.15, 3)
        shape = pybullet.createCollisionShape(pybullet.GEOM_BOX, halfExtents=half.tolist())
        body = pybullet.createMultiBody(0, shape, -1, pose.position, pose.quaternion)
        return boxes.Boxes(np.array([pose.position]), half[None], pose.rotation[None]), body

    told = []
    for _ in range(300):
        (one, a), (two, b) = make(), make()
        gap = min((p[8] for p in pybullet.getClosestPoints(a, b, 1.0)), default=1.0)
        if abs(gap) > 0.001:
            told.append(gap < 0)
            assert bool(boxes.clash(one, two)[0, 0]) == (gap < 0), gap
        pybullet.resetSimulation(client)
    pybullet.disconnect(client)
    assert 50 < sum(told) < 250


def test_a_cell_survives_its_json():
    original = cell(BENCH, block()).replace(
        goal=RecordedGoal({"part": "part", "pose": [0.1, 1 / 3]})
    )
    again = Cell.from_json(original.to_json())
    assert again == original
    assert again.to_json() == original.to_json()
    assert again.bodies[1].pose == original.bodies[1].pose
    with pytest.raises(ValueError, match="unknown fields"):
        Cell.from_json('{"robits": []}')
