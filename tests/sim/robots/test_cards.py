"""Cards: parsed once, and what is wrong in one is a line that names file and field."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from assets.part import Box, Cylinder
from episodes.errors import UserError
from generators.command.cli import dispatch
from sim.pose import Pose
from sim.robots import card, compose, robot

ROOT = Path(__file__).parents[3]
ROBOTS, TOOLS = ROOT / "assets" / "robots", ROOT / "assets" / "tools"

ARMS = [  # what is replaced in a copy of ur5.yaml, by what, and what is said of it
    ("reach: 0.85", "reach: 0.85\nroot: x", "line 16: the key 'root' stands there twice"),
    ("reach: 0.85", "", "has no 'reach'"),
    ("reach: 0.85", "reach:", "has no 'reach'"),
    ("reach: 0.85", "reach: far", "reach: give a number, not 'far'"),
    ("reach: 0.85", "reach: 85e-2", "reach: give a number, not '85e-2'; YAML reads 1e-3 as text"),
    ("reach: 0.85", "reach: .nan", "reach: give a finite number, not nan"),
    ("reach: 0.85", "reach: -1", "reach: give more than 0, not -1"),
    ("reach: 0.85", "reach: yes", "reach: give a number, not True"),
    ("reach: 0.85", "raech: 1\nreach: 0.85", "raech: unknown key; did you mean 'reach'?"),
    ("reach: 0.85", "reach: 1" + "0" * 400, "reach: give a finite number, not inf"),
    ("title: Universal Robots UR5", "title: [UR5]", "title: give text, not a list of 1"),
    ("lower: [-3.1416, ", "lower: [", "lower: give 6 numbers, not 5"),
    ("lower: [-3.1416, ", "lower: [left, ", "lower[0]: give a number, not 'left'"),
    ("lower: [-3.1416, ", "lower: [3.2, ", "upper[0]: shoulder_pan_joint has a lower limit of 3.2"),
    ("home: [-0.2566, ", "home: [3.2, ", "home[0]: 3.2 is beyond the limits of shoulder_pan_joint"),
    ("velocity: [3.14, ", "velocity: [0, ", "velocity[0]: 0 is not above 0"),
    ("effort: [150, ", "effort: {a: 1}  # [", "effort: give a list of 6 numbers, not keys"),
    ("elbow_joint, ", "wrist_1_joint, ", "arm_joints: names must differ"),
    ("{link: tool0, ", "{lnk: tool0, ", "flange: has no 'link'"),
    ("{link: tool0, rpy: [0.0, ", "{link: tool0, rpy: [", "flange.rpy: give 3 numbers, not 2"),
    ("flange: {link: tool0, rpy: [0.0, 0.0, -1.5707963]}", "flange: tool0",
     "flange: give keys and values, not 'tool0'"),
    ("tool: robotiq_2f85", "inertia: box\ntool: robotiq_2f85", "inertia: say boxes, or leave it"),
    ("name: ur5", "name: ur6", "name: 'ur6' is not the file's: 'mine'"),
    ("name: ur5", "- ur5", "not plain YAML"),
    ("name: ur5", "1: 2\nname: ur5", "the key 1 is not text"),
]  # fmt: skip

HANDS = [  # the same of robotiq_2f85.yaml
    ("kind: jaws", "kind: claws", "kind: unknown kind of tool 'claws'; did you mean 'jaws'?"),
    ("  open: 0.0425", "  open: 0.0", "gripper.open: is the same as `closed`"),
    ("  force: 25.0", "  force: 0", "gripper.force: give more than 0, not 0"),
    ("couple: true", "couple: 1", "gripper.couple: give true or false, not 1"),
    ("joints: [robotiq_left_joint, ", "joints: [", "gripper.joints: give two that move as one"),
    ("palm: {half: [0.038, 0.070", "palm: {half: [0.038, -0.070", "palm.half: give half extents"),
    ("{half: [0.011, 0.007, 0.0105], centre: [0, 0.007", "{half: [0.011, 0.007], centre: [0, 0.0",
     "pads.robotiq_left_finger[0].half: give 3 numbers, not 2"),
    ("upper: 0.0425, effort", "uper: 0.0425, effort", "links.robotiq_left_finger.slide: has no"),
    ("thick: 0.050", "thick: 0", "links.robotiq_body.shapes[2].thick: give more than 0"),
    ("{box: [0.0265", "{sphere: [0.0265", "links.robotiq_body.shapes[3]: a shape is one"),
    ("parent: robotiq_body", "parent: robotik_body",
     "links.robotiq_left_finger.parent: unknown link 'robotik_body'; did you mean"),
    ("mass: 0.84", "mass: 840 g", "links.robotiq_body.mass: give a number, not '840 g'"),
    ("colour: [0.20, 0.21, 0.22]", "", "links.robotiq_body.shapes[0]: has no 'colour'"),
    ("  robotiq_body:\n", "  robotiq_body:\n    parent: x\n    at: [0, 0, 0]\n",
     "links: give a urdf and its root, or links, of which the first has no parent"),
]  # fmt: skip


def mine(folder: Path, of: Path, old: str, new: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of a card, changed, in a folder of the user's own."""
    text = of.read_text(encoding="utf-8")
    assert old in text
    text = re.sub(rf"^name: {of.stem}$", "name: mine", text.replace(old, new, 1), flags=re.M)
    file = folder / of.parent.name / "mine.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(text, encoding="utf-8")
    monkeypatch.setenv("CELLWRIGHT_PATH", str(folder))
    return file


@pytest.mark.parametrize(("old", "new", "says"), ARMS)
def test_a_wrong_card_of_an_arm_is_one_line(
    old: str, new: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = mine(tmp_path, ROBOTS / "ur5.yaml", old, new, monkeypatch)
    with pytest.raises(UserError) as told:
        card.arm("mine")
    assert str(told.value).startswith(f"{file}: {says}")
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(("old", "new", "says"), HANDS)
def test_a_wrong_card_of_a_tool_is_one_line(
    old: str, new: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = mine(tmp_path, TOOLS / "robotiq_2f85.yaml", old, new, monkeypatch)
    with pytest.raises(UserError) as told:
        card.tool("mine")
    assert str(told.value).startswith(f"{file}: {says}")
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("of", "old", "new", "says"),
    [
        ("robots/xarm7", "xarm_joint3, ", "xarm_joint33, ",
         "has no movable joint 'xarm_joint33'; did you mean 'xarm_joint3'? there are: xarm"),
        ("tools/robotiq_2f85", "joints: [robotiq_left_joint", "joints: [robotiq_l_joint",
         "has no movable joint 'robotiq_l_joint'; did you mean"),
        ("tools/vacuum", "link: vacuum_cup", "link: vacuum_lip", "has no link 'vacuum_lip'; did"),
        ("tools/vacuum", "tcp: {link: vacuum_body", "tcp: {link: body", "has no link 'body'; did"),
        ("robots/xarm7", "xarm_joint7]", "xarm_joint6]", "names must differ"),
        ("robots/xarm7", "flange: {link: xarm_link7", "flange: {link: xarm_link9",
         "xarm7.urdf has no link 'xarm_link9'; did you mean"),
    ],
)  # fmt: skip
def test_a_card_that_does_not_fit_its_urdf_is_one_line_of_the_command(
    of: str, old: str, new: str, says: str,
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    file = mine(tmp_path / "own", ROOT / "assets" / f"{of}.yaml", old, new, monkeypatch)
    if of == "robots/xarm7":
        shutil.copytree(ROBOTS / "xarm7", file.parent / "xarm7")
        conf = tmp_path / "own" / "conf" / "robot" / "mine.yaml"
        conf.parent.mkdir(parents=True)
        conf.write_text("card: mine\ntool: null\nhome_jitter_deg: 3.0\n")
    word = "robot=mine" if of == "robots/xarm7" else "robot.tool=mine"
    out = tmp_path / "lib"
    task = "palletise" if of == "tools/vacuum" else "bench_place"
    code = dispatch(["generate", f"task={task}", word, f"out={out}", "episodes=1"])
    told = capsys.readouterr().err.strip().splitlines()
    assert code == 2
    assert len(told) == 1, told
    assert str(file) in told[0]
    assert says in told[0]
    assert not out.exists()


def test_a_card_is_parsed_into_what_it_says() -> None:
    arm = card.arm("panda")
    assert arm.built_in == card.BuiltIn("panda_hand", "panda_hand_joint")
    assert arm.boxed_inertia
    assert arm.flange == card.Mount("panda_link8", Pose.from_rpy((0, 0, 0), (0, 0, -0.7853982)))
    assert arm.foot == 0.0
    stand = card.arm("iiwa").stand
    assert stand is not None
    assert (card.arm("iiwa").foot, stand.mass, len(stand.shapes)) == (0.3, 30.0, 3)
    nozzle = card.tool("nozzle")
    assert nozzle.links[0].pieces[0] == Box((0.03, 0.03, 0.014), (0, 0, 0.014, 0, 0, 0, 1))
    assert nozzle.links[0].pieces[1] == Cylinder(0.018, 0.08, (0, 0, 0.066, 0, 0, 0, 1))
    finger = card.tool("robotiq_2f85").links[1]
    assert finger.slide is not None
    assert (finger.parent, finger.slide.axis, finger.slide.upper) == (
        "robotiq_body", (0.0, 1.0, 0.0), 0.0425,
    )  # fmt: skip


def test_a_robot_is_put_together_once() -> None:
    assert card.arm("ur5") is card.arm("ur5")
    assert robot.load("ur5") is robot.load("ur5+robotiq_2f85")
    assert robot.load("panda+franka_hand") is robot.load("panda")
    model = robot.load("panda")
    assert not model.merged
    assert (model.wrist, model.wrench_joint) == ("panda/panda_hand", "panda_hand_joint")
    other = robot.load("panda+vacuum")
    assert other.merged
    assert (other.wrist, other.wrench_joint) == (f"panda/{card.CAMERA}", compose.MOUNT)
    assert other.title == "Franka Emika Panda, Suction cup, 40 mm"
