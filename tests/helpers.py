"""Makers of small, valid data for tests."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from episodes.episode import CameraTrack, Episode, Subtask
from sim.pose import matrix_to_quat, matrix_to_rotvec, quat_to_matrix, rotvec_to_matrix

ARM, MOVABLE = 7, 9  # a seven-axis arm with two finger joints
JOINT_NAMES = tuple(f"joint{i + 1}" for i in range(ARM))


def synthetic_episode(
    index: int,
    rng: np.random.Generator,
    steps: int = 12,
    size: tuple[int, int] = (32, 24),
    cameras: tuple[str, ...] = ("front", "wrist"),
) -> Episode:
    """An episode that keeps every promise of FORMAT.md: an arm moves, a block follows it.

    size: width and height of every camera [px]; `cameras` without "wrist" has fixed ones only.
    """
    time = np.arange(steps + 1) / 20.0
    states, layout = _states(rng, time)
    joints = states[:, layout["panda/joint_position"][0] : layout["panda/joint_position"][1]]
    velocity = states[:, layout["panda/joint_velocity"][0] : layout["panda/joint_velocity"][1]]
    block = states[:, layout["block/pose"][0] : layout["block/pose"][1]]
    tray = np.tile([0.4, -0.2, 0.0, 0.0, 0.0, 0.0, 1.0], (steps + 1, 1))
    tcp = np.concatenate([block[:, :3] + [0.0, 0.0, 0.02], block[:, 3:]], axis=1)
    gripper = np.linspace(0.0, 1.0, steps + 1)[:, None]
    turns = [matrix_to_rotvec(b @ a.T) for a, b in pairwise(quat_to_matrix(tcp[:, 3:]))]
    ee_delta = np.concatenate([np.diff(tcp[:, :3], axis=0), turns], axis=1)
    action = {
        "joint_position": joints[1:, :ARM] + 1e-3,
        "ee_pose": tcp[1:],
        "ee_delta": ee_delta,
        "gripper": gripper[1:],
    }
    action = {name: value.astype(np.float32) for name, value in action.items()}
    obs = {
        "joint_position": joints[:-1, :ARM],
        "joint_velocity": velocity[:-1, :ARM],
        "ee_pose": tcp[:-1],
        "gripper_position": gripper[:-1],
        "wrench": rng.normal(0.0, 1.0, (steps, 6)),
    }
    half = steps // 2
    return Episode(
        index=index,
        seed=0,
        task="bench_place",
        robot="panda",
        domain="sim",
        control_hz=20.0,
        instruction="put the block into the tray",
        success=bool(index % 5 != 4),
        failure="" if index % 5 != 4 else "dropped",
        time=time,
        states=states,
        layout=layout,
        actions=np.concatenate([action["ee_delta"], action["gripper"]], axis=1),
        action=action,
        obs={name: value.astype(np.float32) for name, value in obs.items()},
        rewards=np.eye(1, steps, steps - 1, dtype=np.float32)[0],
        dones=np.eye(1, steps, steps - 1, dtype=np.uint8)[0],
        cameras={name: _camera(name, rng, joints[:-1], tcp[:-1], size) for name in cameras},
        objects=np.stack([block, tray], axis=1),
        object_names=("block", "tray"),
        subtasks=(
            Subtask(0, half, "reach", "reach for the block"),
            Subtask(half, steps, "place", "place it in the tray"),
        ),
        language={
            "en": ("put the block into the tray", "place the block in the tray"),
            "ko": ("블록을 트레이에 넣으세요",),
        },
        cell="{}",
        renderer="tiny-1",
        joint_names=JOINT_NAMES,
        lineage={"generator": "synthetic"},
    )


def _states(
    rng: np.random.Generator, time: NDArray[np.float64]
) -> tuple[NDArray[np.float64], dict[str, tuple[int, int]]]:
    """Smooth joints and a block on a smooth path that turns; (T+1, 31) and its layout."""
    rates = rng.uniform(0.4, 1.2, MOVABLE)
    joints = rng.uniform(-1.0, 1.0, MOVABLE) + np.sin(time[:, None] * rates + rng.uniform(0, 6))
    velocity = np.gradient(joints, time, axis=0)
    spot = rng.uniform([0.3, -0.2, 0.02], [0.6, 0.2, 0.1])
    path = spot + 0.1 * np.sin(time[:, None] * rng.uniform(0.4, 1.0, 3))
    turns = 0.5 * np.sin(time[:, None] * rng.uniform(0.4, 1.0, 3))
    quaternion = [matrix_to_quat(rotvec_to_matrix(turn)) for turn in turns]
    twist = np.gradient(np.concatenate([path, turns], axis=1), time, axis=0)
    blocks = {
        "panda/joint_position": joints,
        "panda/joint_velocity": velocity,
        "block/pose": np.concatenate([path, quaternion], axis=1),
        "block/velocity": twist,
    }
    stops = np.cumsum([v.shape[1] for v in blocks.values()])
    layout = {
        name: (int(stop) - value.shape[1], int(stop))
        for (name, value), stop in zip(blocks.items(), stops, strict=True)
    }
    return np.concatenate(list(blocks.values()), axis=1), layout


def _camera(
    name: str,
    rng: np.random.Generator,
    joints: NDArray[np.float64],
    tcp: NDArray[np.float64],
    size: tuple[int, int],
) -> CameraTrack:
    """A smooth picture with a disc that moves as the block does, its depth and its ids."""
    width, height = size
    steps = len(tcp)
    v, u = np.mgrid[0:height, 0:width] / max(width, height)
    ground = 120 + 80 * np.sin(6 * u + rng.uniform(0, 6)) * np.cos(5 * v)
    rgb = np.repeat(ground[None, :, :, None], 3, axis=3).repeat(steps, axis=0)
    rgb = rgb + rng.uniform(-20, 20, 3) + 20 * joints[:, None, None, :3]
    centre_u = 0.5 + 2 * (tcp[:, 0] - tcp[:, 0].mean())
    centre_v = 0.4 + 2 * (tcp[:, 1] - tcp[:, 1].mean())
    disc = (u - centre_u[:, None, None]) ** 2 + (v - centre_v[:, None, None]) ** 2 < 0.03
    rgb[disc] = [200, 40, 40]
    depth = (np.broadcast_to(9000 + 2000 * v, (steps, height, width))).astype(np.uint16)
    depth[disc] -= 600
    segmentation = np.where(disc, 2, 1).astype(np.uint16)
    segmentation[:, 0] = 0
    focal = height / (2 * np.tan(0.4))
    pose = np.tile(np.diag([1.0, -1.0, -1.0, 1.0]), (steps if name == "wrist" else 1, 1, 1))
    pose[:, :3, 3] = tcp[:, :3] if name == "wrist" else [0.5, 0.0, 1.2]
    return CameraTrack(
        rgb=rgb.clip(0, 255).astype(np.uint8),
        depth=depth,
        segmentation=segmentation,
        intrinsics=np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1.0]]),
        camera_to_world=pose,
        names={1: "bench", 2: "block"},
    )
