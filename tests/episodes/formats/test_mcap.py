"""ROS 2 bags, sampled at a control rate by the time of each message."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image

from episodes import Library, formats
from episodes.errors import UserError
from episodes.finding import Report

writer = pytest.importorskip("mcap_ros2.writer", reason="the extra 'mcap' is not installed")

HEADER = "std_msgs/Header header\n"
STAMP = """
================================================================================
MSG: std_msgs/Header
builtin_interfaces/Time stamp
string frame_id
================================================================================
MSG: builtin_interfaces/Time
int32 sec
uint32 nanosec
"""
POSE = """
================================================================================
MSG: geometry_msgs/TransformStamped
std_msgs/Header header
string child_frame_id
geometry_msgs/Transform transform
================================================================================
MSG: geometry_msgs/Transform
geometry_msgs/Vector3 translation
geometry_msgs/Quaternion rotation
================================================================================
MSG: geometry_msgs/Vector3
float64 x
float64 y
float64 z
================================================================================
MSG: geometry_msgs/Quaternion
float64 x
float64 y
float64 z
float64 w
"""
WRENCH = """
================================================================================
MSG: geometry_msgs/Wrench
geometry_msgs/Vector3 force
geometry_msgs/Vector3 torque
================================================================================
MSG: geometry_msgs/Vector3
float64 x
float64 y
float64 z
"""
TYPES = {
    "sensor_msgs/msg/Image": HEADER
    + "uint32 height\nuint32 width\nstring encoding\nuint8 is_bigendian\nuint32 step\nuint8[] data"
    + STAMP,
    "sensor_msgs/msg/CompressedImage": HEADER + "string format\nuint8[] data" + STAMP,
    "sensor_msgs/msg/JointState": HEADER
    + "string[] name\nfloat64[] position\nfloat64[] velocity\nfloat64[] effort"
    + STAMP,
    "geometry_msgs/msg/WrenchStamped": HEADER + "geometry_msgs/Wrench wrench" + WRENCH + STAMP,
    "std_msgs/msg/String": "string data",
    "std_msgs/msg/Float64MultiArray": "float64[] data",
    "tf2_msgs/msg/TFMessage": "geometry_msgs/TransformStamped[] transforms" + POSE + STAMP,
}
SECOND = 10**9
HEAD = {"stamp": {"sec": 0, "nanosec": 0}, "frame_id": "base"}
MAP: dict[str, Any] = {
    "hz": 10,
    "robot": "ur10",
    "task": "valve",
    "instruction": "/say",
    "cameras": {"front": "/front/raw", "wrist": "/wrist/compressed", "deep": "/deep"},
    "joints": {"topic": "/joint_states", "names": ["b", "a"]},
    "tcp": {"parent": "base", "child": "tool"},
    "actions": "/command",
}


def picture(value: int) -> np.ndarray:
    return np.full((4, 6, 3), value, np.uint8)


def put_image(bag: Any, kinds: dict[str, Any], at: float, value: int) -> None:
    rows = np.zeros((4, 20), np.uint8)  # two bytes of padding a row
    rows[:, :18] = picture(value)[..., ::-1].reshape(4, 18)
    raw = {"header": HEAD, "height": 4, "width": 6, "encoding": "bgr8", "is_bigendian": 0}
    message = {**raw, "step": 20, "data": rows.tobytes()}
    bag.write_message("/front/raw", kinds["sensor_msgs/msg/Image"], message, stamp(at), stamp(at))


def stamp(at: float) -> int:
    return round((100 + at) * SECOND)


def make(path: Path, seconds: float = 1.0) -> None:
    """Joints at 100 Hz, pictures at 30 and 20 Hz, commands at 10 Hz, each telling its own time."""
    with open(path, "wb") as stream:
        bag = writer.Writer(stream)
        kinds = {name: bag.register_msgdef(name, text) for name, text in TYPES.items()}

        def put(topic: str, kind: str, at: float, message: dict[str, Any]) -> None:
            bag.write_message(topic, kinds[kind], message, stamp(at), stamp(at))

        put("/say", "std_msgs/msg/String", 0.0, {"data": "turn the valve"})
        turn = {"x": 0.0, "y": 0.0, "z": np.sqrt(0.5), "w": np.sqrt(0.5)}
        mount = {"translation": {"x": 0.0, "y": 0.0, "z": 1.0}, "rotation": turn}
        put(
            "/tf_static",
            "tf2_msgs/msg/TFMessage",
            0.0,
            {"transforms": [{"header": HEAD, "child_frame_id": "arm", "transform": mount}]},
        )
        for k in range(int(seconds * 100) + 1):
            at = k / 100
            joints = {"name": ["a", "b"], "position": [at, -at], "velocity": [1.0, -1.0]}
            put(
                "/joint_states",
                "sensor_msgs/msg/JointState",
                at,
                {"header": HEAD, **joints, "effort": []},
            )
            straight = {"x": 0.0, "y": 0.0, "z": 0.0, "w": 1.0}
            moved = {"translation": {"x": at, "y": 0.0, "z": 0.0}, "rotation": straight}
            head = {**HEAD, "frame_id": "arm"}
            put(
                "/tf",
                "tf2_msgs/msg/TFMessage",
                at,
                {"transforms": [{"header": head, "child_frame_id": "tool", "transform": moved}]},
            )
        for k in range(int(seconds * 30) + 1):
            put_image(bag, kinds, k / 30, int(100 * k / 30))
        for k in range(int(seconds * 20) + 1):
            out = io.BytesIO()
            Image.fromarray(picture(int(100 * k / 20))).save(out, "PNG")
            message = {"header": HEAD, "format": "png", "data": out.getvalue()}
            put("/wrist/compressed", "sensor_msgs/msg/CompressedImage", k / 20, message)
            depth = np.full((4, 6), 1000 + k, "<u2")
            deep = {"header": HEAD, "height": 4, "width": 6, "encoding": "16UC1"}
            deep |= {"is_bigendian": 0, "step": 12, "data": depth.tobytes()}
            put("/deep", "sensor_msgs/msg/Image", k / 20, deep)
        pull = {"force": {"x": 1.0, "y": 2.0, "z": 3.0}, "torque": {"x": 4.0, "y": 5.0, "z": 6.0}}
        for k in range(int(seconds * 10) + 1):
            put(
                "/pull", "geometry_msgs/msg/WrenchStamped", k / 10, {"header": HEAD, "wrench": pull}
            )
            put("/command", "std_msgs/msg/Float64MultiArray", k / 10 + 0.02, {"data": [k, 2.0 * k]})
        bag.finish()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "bags"
    root.mkdir()
    make(root / "one.mcap")
    (root / "topics.yaml").write_text(yaml.safe_dump(MAP))
    return root


def change_map(folder: Path, **values: Any) -> None:
    (folder / "topics.yaml").write_text(yaml.safe_dump(MAP | values))


def read(path: Path, report: Report | None = None, **options: Any) -> list[Any]:
    return list(formats.read("mcap", path, report=report, **options))


def test_each_step_has_what_was_known_then(folder: Path) -> None:
    (found,) = read(folder)
    first = 0.02  # the first command: before it, not every topic has been heard
    times = first + np.arange(found.steps) / 10
    assert found.control_hz == 10
    np.testing.assert_allclose(np.diff(found.time), 0.1, atol=1e-9)
    joints = found.obs["joint_position"]
    np.testing.assert_allclose(joints[:, 1], np.floor(times * 100 + 1e-6) / 100, atol=1e-9)
    np.testing.assert_allclose(joints[:, 0], -joints[:, 1], err_msg="in the order of the map")
    front = found.cameras["front"].rgb[:, 0, 0, 0]
    assert list(front) == [int(100 * np.floor(t * 30 + 1e-6) / 30) for t in times]
    wrist = found.cameras["wrist"].rgb[:, 0, 0, 0]
    assert list(wrist) == [int(100 * np.floor(t * 20 + 1e-6) / 20) for t in times]
    depth = found.cameras["deep"]
    assert depth.rgb is None
    assert depth.unit_m == 1e-3
    assert depth.depth[0, 0, 0] == 1000
    np.testing.assert_array_equal(found.actions[:, 0], np.arange(found.steps))
    np.testing.assert_array_equal(found.actions[:, 1], 2 * np.arange(found.steps))
    assert found.instruction == "turn the valve"
    assert (found.robot, found.task, found.domain) == ("ur10", "valve", "real")
    assert found.joint_names == ("b", "a")


def test_transforms_are_chained(folder: Path) -> None:
    """tool is moved along x in arm, which is turned by 90 degrees about z: along y in base."""
    (found,) = read(folder)
    pose = found.obs["ee_pose"]
    np.testing.assert_allclose(pose[:, 0], 0, atol=1e-9)
    np.testing.assert_allclose(pose[:, 1], found.obs["joint_position"][:, 1], atol=1e-9)
    np.testing.assert_allclose(pose[:, 2], 1, atol=1e-9)
    np.testing.assert_allclose(pose[0, 3:], [0, 0, np.sqrt(0.5), np.sqrt(0.5)], atol=1e-9)


def test_a_type_says_what_its_numbers_mean_and_a_name_in_the_map_does_not(folder: Path) -> None:
    told = {"wrench": "/pull", "gripper_position": "/joint_states", "force": "/pull"}
    change_map(folder, obs=told)
    report = Report()
    (found,) = read(folder, report)
    assert found.obs["wrench"][0].tolist() == [1, 2, 3, 4, 5, 6]
    assert {"joint_position", "joint_velocity", "ee_pose", "force"} <= set(found.obs)
    assert (
        found.lineage["meaning"]["obs/wrench"]
        == "geometry_msgs/msg/WrenchStamped of /pull, [N] and [N m]"
    )
    assert "gripper_position.source" in found.obs
    assert [f.field for f in report] == ["obs/gripper_position"]
    change_map(folder, obs={"wrench": "/joint_states", "joint_velocity": "/pull"})
    (found,) = read(folder)
    assert {"wrench.source", "joint_velocity.source"} <= set(found.obs)


def test_another_rate_and_an_import(folder: Path, tmp_path: Path) -> None:
    make(folder / "two.mcap", seconds=0.5)
    done = formats.import_library(None, folder, tmp_path / "lib", options={"hz": 5})
    assert done.format == "mcap"
    library = Library(tmp_path / "lib")
    assert [row.steps for row in library] == [5, 3]
    assert library.read(1).cameras["front"].rgb.shape == (3, 4, 6, 3)
    rates = [round(library.read(i).control_hz) for i in range(2)]
    assert rates == [5, 5]


def test_silence_is_told(folder: Path) -> None:
    path = folder / "one.mcap"
    make(path, seconds=2.0)
    change_map(folder, hz=100)
    report = Report()
    (found,) = read(folder, report)
    assert found.cameras["wrist"].rgb.shape[0] == found.steps
    assert not len(report), "each topic repeats at its own rate, and that is no silence"
    change_map(folder, tcp={"parent": "base", "child": "nowhere"})
    report = Report()
    read(folder, report)
    assert any("no transform leads from nowhere" in f.message for f in report)
    with pytest.raises(UserError, match="strict"):
        read(folder, strict=True)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"camera": {}}, "unknown key in .*: 'camera'; did you mean 'cameras'"),
        ({"hz": 0}, "hz is 0"),
        ({"joints": {"topic": "/joint_states", "names": ["c"]}}, "no joint 'c'; joints: a, b"),
        (
            {"cameras": {}, "joints": "", "tcp": None, "actions": "/other"},
            "none of the topics of the map",
        ),
        ({"cameras": {}, "joints": "", "actions": ""}, "names no topic"),
    ],
)
def test_a_wrong_map_is_one_clear_line(folder: Path, values: dict[str, Any], message: str) -> None:
    change_map(folder, **values)
    with pytest.raises(UserError, match=message) as caught:
        read(folder)
    assert "\n" not in str(caught.value)


def test_a_broken_bag_is_one_clear_line(folder: Path) -> None:
    path = folder / "one.mcap"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match="not a bag that can be read"):
        read(folder)
    path.write_bytes(b"nothing")
    with pytest.raises(UserError, match="not a bag that can be read"):
        read(folder)
    path.unlink()
    with pytest.raises(UserError, match="no bags here"):
        read(folder)
    (folder / "topics.yaml").unlink()
    with pytest.raises(UserError, match=r"no topics\.yaml"):
        read(folder)


def test_a_map_runs_nothing(folder: Path) -> None:
    (folder / "topics.yaml").write_text("hz: !!python/object/apply:os.system ['true']")
    with pytest.raises(UserError, match="topic map cannot be read"):
        read(folder)
