"""Makers of small, valid data for tests."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from episodes.episode import CameraTrack, Episode, Subtask
from sim.pose import Pose, matrix_to_rotvec, rotvec_to_matrix

ROOT = Path(__file__).parents[1]
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
    turned = [Pose.from_array(row).rotation for row in tcp]
    turns = [matrix_to_rotvec(b @ a.T) for a, b in pairwise(turned)]
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
        cameras={name: _camera(name, rng, joints[:-1], block[:-1], size) for name in cameras},
        objects=np.stack([block, tray], axis=1),
        object_names=("block", "tray"),
        subtasks=(
            Subtask(0, half, "reach", "reach for the block"),
            Subtask(half, steps, "place", "place it in the tray", recovery=True),
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
    """Smooth joints and a block that goes, turns and rests; (T+1, 31) and its layout."""
    rates = rng.uniform(0.4, 1.2, MOVABLE)
    joints = rng.uniform(-1.0, 1.0, MOVABLE) + np.sin(time[:, None] * rates + rng.uniform(0, 6))
    velocity = np.gradient(joints, time, axis=0)
    spot = rng.uniform([0.3, -0.2, 0.02], [0.6, 0.2, 0.1])
    going = rng.integers(0, 2, len(time)).repeat(4)[: len(time)]
    moved = np.cumsum(2 * going / 20.0)[:, None]  # goes for a while, rests for a while
    path = spot + 0.1 * np.sin(moved * rng.uniform(0.4, 1.0, 3))
    turns = 0.5 * np.sin(moved * rng.uniform(0.4, 1.0, 3))
    poses = [Pose.at(p, rotvec_to_matrix(r)).array() for p, r in zip(path, turns, strict=True)]
    twist = np.gradient(np.concatenate([path, turns], axis=1), time, axis=0)
    blocks = {
        "panda/joint_position": joints,
        "panda/joint_velocity": velocity,
        "block/pose": np.array(poses),
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
    block: NDArray[np.float64],
    size: tuple[int, int],
) -> CameraTrack:
    """A camera that looks down on a bench at z = 0 and a round block, with its depth and its ids.

    The light follows the joints, so no two pictures are alike.
    """
    width, height = size
    steps = len(block)
    rides = name == "wrist"
    focal = height / (2 * np.tan(0.4))
    pose = np.tile(np.diag([1.0, -1.0, -1.0, 1.0]), (steps if rides else 1, 1, 1))
    pose[:, :3, 3] = block[:, :3] + [0.03, 0.02, 0.2] if rides else [0.45, 0.0, 0.7]
    v, u = np.mgrid[0:height, 0:width] + 0.5
    away = (pose[:, 2, 3] - block[:, 2])[:, None, None]  # of the block's top, along the view [m]
    block_u = width / 2 + focal * (block[:, 0] - pose[:, 0, 3])[:, None, None] / away
    block_v = height / 2 - focal * (block[:, 1] - pose[:, 1, 3])[:, None, None] / away
    disc = (u - block_u) ** 2 + (v - block_v) ** 2 < (0.05 * focal / away) ** 2
    ground = 120 + 80 * np.sin(0.2 * u + rng.uniform(0, 6)) * np.cos(0.15 * v)
    rgb = np.where(disc[..., None], [200, 60, 60], ground[..., None])
    rgb = rgb + rng.uniform(-20, 20, 3) + 20 * joints[:, None, None, :3]
    depth = np.where(disc, away, pose[:, 2, 3][:, None, None]) / 1e-4
    return CameraTrack(
        rgb=rgb.clip(0, 255).astype(np.uint8),
        depth=np.rint(depth).astype(np.uint16),
        segmentation=np.where(disc, 2, np.where(v < 1, 0, 1)).astype(np.uint16),
        intrinsics=np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1.0]]),
        camera_to_world=pose,
        names={1: "bench", 2: "block"},
    )
