"""Small files laid out as other people's tools lay them out, made with numbers of ours."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray
from PIL import Image

STEPS = 8
Rng = np.random.Generator
# a plain colour survives JPEG but for a value or two
RED = np.full((STEPS, 16, 24, 3), (200, 40, 20), np.uint8)


def encoded(frames: NDArray[Any], kind: str = "JPEG") -> list[bytes]:
    out = []
    for frame in frames:
        data = io.BytesIO()
        Image.fromarray(frame).save(data, kind)
        out.append(data.getvalue())
    return out


def strings(data: list[bytes]) -> NDArray[Any]:
    return np.array(data, dtype=f"S{max(map(len, data))}")


def padded(data: list[bytes]) -> NDArray[np.uint8]:
    width = max(map(len, data))
    return np.stack([np.frombuffer(one.ljust(width, b"\0"), np.uint8) for one in data])


def lengths(group: h5py.Group, name: str, data: list[bytes]) -> None:
    """Bytes of any length a row."""
    item = group.create_dataset(name, (len(data),), dtype=h5py.vlen_dtype(np.uint8))
    for row, one in enumerate(data):
        item[row] = np.frombuffer(one, np.uint8)


def minari(folder: Path, rng: Rng) -> Path:
    path = folder / "reach" / "data" / "main_data.hdf5"
    path.parent.mkdir(parents=True)
    with h5py.File(path, "w") as file:
        for number in range(2):
            one = file.create_group(f"episode_{number}")
            one.attrs["seed"] = 7
            one["observations/observation"] = rng.normal(size=(STEPS + 1, 10))
            one["observations/mission"] = ["go to the red ball"] * (STEPS + 1)
            one["actions"] = rng.normal(size=(STEPS, 4)).astype("f4")
            one["rewards"] = rng.normal(size=STEPS)
            one["terminations"] = np.zeros(STEPS, bool)
            one["truncations"] = np.arange(STEPS) == STEPS - 1
            one["infos/is_success"] = np.arange(STEPS + 1) > STEPS - number
    told = {"env_spec": json.dumps({"id": "FetchReach-v3"})}
    (path.parent / "metadata.json").write_text(json.dumps(told))
    return path


def aloha(folder: Path, rng: Rng, pictures: str = "raw") -> Path:
    folder = folder / "pick_nut"
    folder.mkdir(exist_ok=True)
    for number in (2, 10):
        with h5py.File(folder / f"episode_{number}.hdf5", "w") as file:
            file.attrs["sim"] = False
            file["action"] = np.full((STEPS, 14), number) + rng.normal(size=(STEPS, 14)) / 10
            file["base_action"] = rng.normal(size=(STEPS, 2))
            for name in ("qpos", "qvel", "effort"):
                file[f"observations/{name}"] = rng.normal(size=(STEPS, 14))
            rows = RED if pictures == "raw" else padded(encoded(RED))
            file["observations/images/cam_high"] = rows
            if pictures != "raw":
                file["compress_len"] = np.full((1, STEPS), 100)
    return folder


def robotwin(folder: Path, rng: Rng) -> Path:
    """Its pictures are RGB that OpenCV was given as BGR."""
    path = folder / "beat_block" / "data" / "episode0.hdf5"
    path.parent.mkdir(parents=True)
    with h5py.File(path, "w") as file:
        file["observation/head_camera/rgb"] = strings(encoded(RED[..., ::-1]))
        file["observation/head_camera/intrinsic_cv"] = np.tile(np.eye(3), (STEPS, 1, 1))
        file["joint_action/vector"] = np.arange(STEPS * 14).reshape(STEPS, 14) / 10
        file["joint_action/left_arm"] = file["joint_action/vector"][:, :6]
        file["endpose/left_endpose"] = rng.normal(size=(STEPS, 7))
    side = folder / "beat_block" / "instructions"
    side.mkdir()
    (side / "episode0.json").write_text(json.dumps({"seen": ["hit it"], "unseen": ["bang it"]}))
    return folder / "beat_block"


def d4rl(folder: Path, rng: Rng) -> Path:
    path = folder / "door-human-v1.hdf5"
    with h5py.File(path, "w") as file:
        file["observations"] = rng.normal(size=(STEPS, 39))
        file["actions"] = rng.normal(size=(STEPS, 28))
        file["rewards"] = np.arange(STEPS)
        file["terminals"] = np.arange(STEPS) == 2
        file["timeouts"] = np.arange(STEPS) == 6
        file["infos/qpos"] = rng.normal(size=(STEPS, 30))
    return path


def robomind(folder: Path, rng: Rng) -> Path:
    path = folder / "bread" / "success_episodes" / "1017_163121" / "data" / "trajectory.hdf5"
    path.parent.mkdir(parents=True)
    deep = np.tile(np.arange(384, dtype=np.uint16).reshape(1, 16, 24), (STEPS, 1, 1)) * 100
    with h5py.File(path, "w") as file:
        lengths(file, "observations/rgb_images/camera_top", encoded(RED))
        lengths(file, "observations/depth_images/camera_top", encoded(deep, "PNG"))
        file["master/joint_position"] = rng.normal(size=(STEPS, 8))
        file["puppet/joint_position"] = rng.normal(size=(STEPS, 8))
        file["language_raw"] = np.array([b"put the bread on the table"])
    return folder / "bread"


def laboratory(folder: Path, rng: Rng) -> Path:
    """Groups by hand: axes as torch has them, time stamps, a label of each step, calibration."""
    path = folder / "all.h5"
    with h5py.File(path, "w") as file:
        for number in range(12):
            one = file.create_group(f"episodes/run_{number}")
            one.attrs["instruction"] = "pick the nut"
            one["action"] = np.full((STEPS, 4), number)
            one["state"] = rng.normal(size=(STEPS, 5))
            one["front"] = np.moveaxis(RED, -1, 1)
            one["timestamp"] = 1.7e9 + np.arange(STEPS) / 8
            one["subtask"] = ["reach"] * 3 + ["grasp"] * 5
            one["calibration"] = np.eye(3)
            one["notes"] = np.zeros(STEPS, [("a", "f4"), ("b", "i4")])
    return path


def unnamed(folder: Path, rng: Rng) -> Path:
    """Names that say nothing."""
    path = folder / "takes.h5"
    with h5py.File(path, "w") as file:
        for number in range(3):
            file[f"take{number:02d}/cmd_joint"] = rng.normal(size=(STEPS, 6))
            file[f"take{number:02d}/q"] = rng.normal(size=(STEPS, 6))
            file[f"take{number:02d}/video"] = RED
    return path


def robosuite_raw(folder: Path, rng: Rng) -> Path:
    """As robosuite and LIBERO record it: states and actions, numbered from 1."""
    path = folder / "demo.hdf5"
    with h5py.File(path, "w") as file:
        data = file.create_group("data")
        data.attrs["env"] = "Lift"
        data.attrs["env_info"] = json.dumps({"env_name": "Lift", "robots": ["Panda"]})
        for number in (1, 2):
            demo = data.create_group(f"demo_{number}")
            demo.attrs["model_file"] = "<mujoco/>"
            demo["states"] = rng.normal(size=(STEPS, 32))
            demo["actions"] = rng.normal(size=(STEPS, 7))
    return path


def maniskill_raw(folder: Path, rng: Rng) -> Path:
    path = folder / "trajectory.h5"
    with h5py.File(path, "w") as file:
        one = file.create_group("traj_0")
        one["actions"] = rng.normal(size=(STEPS, 8))
        one["env_states/actors/cube"] = rng.normal(size=(STEPS + 1, 13))
        one["success"] = np.ones(STEPS, bool)
        one.create_group("obs")
    told = {"env_info": {"env_id": "PickCube-v1"}, "episodes": [{"episode_id": 0}]}
    path.with_suffix(".json").write_text(json.dumps(told))
    return path


def isaac_lab(folder: Path, rng: Rng) -> Path:
    path = folder / "dataset.hdf5"
    with h5py.File(path, "w") as file:
        data = file.create_group("data")
        sim = {"dt": 0.01, "decimation": 5}
        data.attrs["env_args"] = json.dumps({"env_name": "Stack", "type": 2, "sim_args": sim})
        demo = data.create_group("demo_0")
        demo["actions"] = rng.normal(size=(STEPS, 7))
        demo["processed_actions"] = np.ones((STEPS, 7))
        demo["obs/policy/joint_pos"] = rng.normal(size=(STEPS, 9))
        demo["obs/policy/table_cam"] = RED
        demo["initial_state/robot/root_pose"] = np.zeros((1, 7))
    return path


MADE: dict[str, Callable[[Path, Rng], Path]] = {
    "minari": minari,
    "aloha": aloha,
    "robotwin": robotwin,
    "d4rl": d4rl,
    "robomind": robomind,
    "plain": laboratory,
    "robomimic": isaac_lab,
}
