"""Every task: its work, its words, its record."""

import json
from contextlib import closing
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise

import numpy as np
import pybullet
import pytest
import shapely
from shapely.geometry import MultiPoint

from assets import catalogue
from generators import run, tasks
from generators.cell_sources.sampled import Sampled
from generators.language.naming import Expression, fits
from generators.language.pockets import fits_pocket
from generators.recorder import Recorder
from generators.reward import Scorer, Verdict
from generators.seeds import Streams
from sim import state_layout, user_folders
from sim.bullet.tiny import TinyRenderer
from sim.engine import Engine
from sim.pose import Pose
from sim.robots import robot
from sim.spec import Cell
from sim.station import Station
from tests.golden import HASHES, numerics
from tests.task_episodes import Maker, config

TASKS = tasks.names()
FAMILIES = ("bench_place", "conveyor_pick", "carton_pack", "machine_load")
# one engine, one renderer for all: each family's task, the others in `make slow`
FAMILY = [t if t in FAMILIES else pytest.param(t, marks=pytest.mark.slow) for t in TASKS]


@lru_cache
def cell_of(task: str, index: int) -> Cell:
    return tasks.make(config(task)).cell(Streams(0, index).rng("cell"))


# what a script does in the first episode is pinned by its golden hash; more of them in `make slow`
@pytest.mark.parametrize("index", [0, *(pytest.param(i, marks=pytest.mark.slow) for i in (1, 2))])
@pytest.mark.parametrize("task", TASKS)
def test_the_script_reaches_the_goal(task, index, episode: Maker):
    made = episode(task, index)
    assert made.success, made.failure


@pytest.mark.parametrize("task", TASKS)
def test_content_is_what_it_was_when_it_was_last_meant_to_change(task, episode: Maker):
    """If this change is meant to alter motions: `python -m tests.golden.make hashes`, and say in
    the commit what changed them."""
    golden = json.loads(HASHES.read_text())
    if any((folder / f"{task}.py").is_file() for folder in user_folders.folders("tasks")):
        pytest.skip("no hash is kept of a user's own task")
    if golden["numerics"] != numerics():
        pytest.skip("this machine rounds otherwise than the one that the hashes are from")
    assert episode(task, 0).content_hash() == golden["content"][task]


@pytest.mark.parametrize("task", FAMILY)
def test_the_record_replays_bit_for_bit(task, episode: Maker):
    """That every task's does, test_envs sees too."""
    told = run.replay(episode(task, 0))
    assert told.same, told


@pytest.mark.parametrize("task", TASKS)
def test_the_record_ends_at_rest(task, episode: Maker):
    """But for what rides on a belt, and what the robot still holds."""
    made = episode(task, 0)
    cell = Cell.from_json(made.cell)
    belts = [b.name for b in cell.bodies if any(b.belt)]
    speeds = np.linalg.norm(np.diff(made.objects[-2:, :, :3], axis=0)[0], axis=-1)
    with closing(Station(cell)) as station:
        station.world.show(made.states[-1])
        for name, moved in zip(made.object_names, speeds, strict=True):
            if moved * made.control_hz > 0.01:
                carriers = [*belts, cell.robots[0].name]
                assert min(station.world.gap(name, c) for c in carriers) < 0.003, name


@pytest.mark.parametrize("task", TASKS)
def test_subtasks_cover_the_episode(task, episode: Maker):
    spans = episode(task, 0).subtasks
    assert spans[0].start == 0
    assert spans[-1].end == episode(task, 0).steps
    assert all(a.end == b.start for a, b in pairwise(spans))
    assert all(span.instruction for span in spans)


@pytest.mark.parametrize("task", TASKS)
def test_the_tool_s_quaternion_never_jumps_to_its_negative(task, episode: Maker):
    made = episode(task, 0)
    achieved, commanded = made.obs["ee_pose"][:, 3:], made.action["ee_pose"][:, 3:]
    assert (np.sum(achieved[1:] * achieved[:-1], axis=1) > 0.9).all()
    assert (np.sum(achieved * commanded, axis=1) > 0.9).all()


@pytest.mark.parametrize("task", TASKS)
def test_the_success_step_is_the_last_and_the_only_one(task, episode: Maker):
    made = episode(task, 0)
    assert made.rewards.tolist() == [0.0] * (made.steps - 1) + [1.0]
    assert made.dones.tolist() == [0] * (made.steps - 1) + [1]


@pytest.mark.parametrize("task", TASKS)
def test_commanded_and_achieved_motion_are_kept_apart_and_in_step(task, episode: Maker):
    """obs row t is states[t]; the tool's commanded motion adds up; the arm follows with a lag."""
    made = episode(task, 0)
    cell = Cell.from_json(made.cell)
    model = robot.load(cell.robots[0].card)
    arm = state_layout.joints(cell, made.states, cell.robots[0].name)[:, model.arm_columns]
    assert np.array_equal(made.obs["joint_position"], arm[:-1].astype(np.float32))
    assert not np.array_equal(made.obs["joint_position"], made.action["joint_position"])
    moved = np.diff(made.action["ee_pose"][:, :3], axis=0)
    assert moved == pytest.approx(made.action["ee_delta"][1:, :3], abs=1e-6)
    # what is commanded in row t is where the arm is one row later, not in the same row
    same = np.abs(made.action["joint_position"] - arm[:-1]).mean()
    next_row = np.abs(made.action["joint_position"] - arm[1:]).mean()
    assert next_row < 0.3 * same


@pytest.mark.parametrize("task", FAMILY)
def test_pictures_belong_to_their_states(task, episode: Maker):
    """Every pixel of the part that moves most lies in the outline that the stored calibration and
    pose of the same row give it; with the poses of the row before or after, some do not."""
    made = episode(task, 0)  # what is simulated does not hang on the look
    plain = tasks.make(config(task, "image_size=[320,240]")).cell(Streams(0, 0).rng("cell"))
    cell = Cell.from_json(made.cell).replace(cameras=plain.cameras, lights=plain.lights)
    travels = np.abs(np.diff(made.objects[..., :3], axis=0)).sum(axis=(0, 2))
    if travels.max() < 0.05:
        pytest.skip("nothing but the robot moves in this task")
    name = made.object_names[int(travels.argmax())]
    poses = made.objects[:, made.object_names.index(name)]
    moved = np.linalg.norm(np.diff(poses[:, :3], axis=0), axis=1)
    rows = [int(t) for t in np.argsort(moved)[::-1][:12] if 0 < t < made.steps - 1]
    part = catalogue.build(cell.body(name).kind, cell.body(name).params)
    number = state_layout.segments(cell)[name]
    camera = cell.camera("front")
    k, to_camera = camera.intrinsics(), np.linalg.inv(camera.pose.matrix())
    with closing(TinyRenderer()) as renderer:
        frames = renderer.frames(cell, made.states[rows], ["front"])
        masks = [frame["front"].segmentation == number for frame in frames]
    assert sum(mask.sum() for mask in masks) > 100

    def inside(shift: int) -> float:
        hits = []
        for t, mask in zip(rows, masks, strict=True):
            points = Pose.from_array(poses[t + shift]).apply(part.mesh.vertices)
            uvw = k @ (to_camera[:3, :3] @ points.T + to_camera[:3, 3:])
            outline = MultiPoint((uvw[:2] / uvw[2]).T).convex_hull.buffer(0.3)
            v, u = np.nonzero(mask)
            shapely.prepare(outline)
            hits.append(shapely.contains_xy(outline, u + 0.5, v + 0.5))
        return float(np.mean(np.concatenate(hits)))

    assert inside(0) == 1.0
    assert inside(1) < 0.98
    assert inside(-1) < 0.98


@pytest.mark.parametrize("task", ["inspect_views", "dispense_bead"])
def test_a_script_does_the_same_whether_it_is_judged_or_not(task, episode: Maker):
    """Judges that remember most; one that sees nothing takes their place."""
    made, asked = episode(task, 0), config(task)
    task, streams = tasks.make(asked), Streams(0, 0)
    cell = run.cell_for(Sampled(task), asked, streams)
    with closing(Station(cell)) as station:
        recorder = Recorder(station)

        class Blind(Scorer):
            def __call__(self, station):
                return Verdict(recorder.steps == made.steps)

        run.play(task, recorder, streams.rng("script"), Blind(task, cell, "sparse"))
        np.testing.assert_array_equal(recorder.actions, made.actions)


@pytest.mark.parametrize("task", TASKS)
def test_a_shifted_action_does_not_replay(task, episode: Maker):
    made = episode(task, 0)
    late = replace(made, actions=np.roll(made.actions, 1, axis=0))
    assert not run.replay(late).same


@pytest.mark.parametrize("task", TASKS)
def test_two_episodes_are_not_alike(task):
    cells = [cell_of(task, index) for index in (0, 1)]
    heights = {cell.sampled["bench_height_m"] for cell in cells}
    views = {cell.camera("front").pose for cell in cells}
    lamps = {cell.lights[0].direction for cell in cells}
    bodies = {tuple((b.kind, b.pose, b.material.rgb) for b in cell.bodies) for cell in cells}
    assert len(heights) == len(views) == len(lamps) == len(bodies) == len(cells)


@pytest.mark.parametrize("cells", [3, pytest.param(12, marks=pytest.mark.slow)])
@pytest.mark.parametrize("task", TASKS)
def test_what_the_instruction_names_is_one_body(task, cells):
    made = tasks.make(config(task))
    for index in range(cells):
        cell = cell_of(task, index)
        words = made.instruction(cell, Streams(0, index).rng("words"))
        assert words.slots
        for slot, place in words.slots.items():
            for said in words.said[slot]:
                if isinstance(said, Expression):
                    assert fits(cell, said) == [place.partition("/")[0]], (index, said)
                else:
                    assert fits_pocket(cell, said) == [place], (index, said)
        assert all(len(set(texts)) >= 3 for texts in words.texts.values())
        assert set(words.texts) == {"en", "ko"}


@pytest.mark.parametrize("cells", [2, pytest.param(4, marks=pytest.mark.slow)])
@pytest.mark.parametrize("task", TASKS)
def test_parts_start_at_rest_and_apart(task, cells):
    for index in range(cells):
        cell = cell_of(task, index)
        with closing(Station(cell)) as station:
            world = station.world
            movable = [b.name for b in cell.bodies if not b.fixed]
            others = [b.name for b in cell.bodies if b.role != "room"]
            for name in movable:
                apart = [o for o in others if o != name and not one_device(cell, name, o)]
                assert min(distance(world, name, other) for other in apart) > -0.0005, (index, name)
            before = {name: world.pose(name).position for name in at_rest(cell, world)}
            riding = any(any(b.belt) for b in cell.bodies)
            assert before or riding or not movable
            for _ in range(10):
                station.step(station.encode(station.tcp_to_world, 0.0))
            for name, position in before.items():
                assert world.pose(name).position == pytest.approx(position, abs=5e-4), name


def distance(world: Engine, a: str, b: str) -> float:
    """[m] As physics has it where the cell has settled: what Bullet answers for a cylinder that
    stands on something is wrong now and then, by more than what may be."""
    ids = [world.bodies[name].id for name in (a, b)]
    points = pybullet.getContactPoints(*ids, physicsClientId=world.client)
    return min([point[8] for point in points], default=world.gap(a, b, 0.01))


def one_device(cell: Cell, a: str, b: str) -> bool:
    """Whether two bodies belong to one device, whose members may overlap."""
    mounts = [body.joint.mount if body.joint else name for name in (a, b)
              for body in [cell.body(name)]]  # fmt: skip
    return mounts[0] == mounts[1]


def at_rest(cell: Cell, world: Engine) -> set[str]:
    """The movable bodies that no belt carries along."""
    belts = [b.name for b in cell.bodies if any(b.belt)]
    return {b.name for b in cell.bodies
            if not b.fixed and all(world.gap(b.name, belt) > 0.002 for belt in belts)}  # fmt: skip
