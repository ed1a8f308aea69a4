"""What is known of Open X-Embodiment data sets that their files do not say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from episodes.array_types import AnyArray, Floats

# Control rate [Hz] by TFDS name. The format has no field for it. From the overview table of Open
# X-Embodiment (O'Neill et al. 2023, robotics-transformer-x.github.io) as it is kept in machine
# form by RDT (Liu et al. 2024, thu-ml/RoboticsDiffusionTransformer,
# configs/dataset_control_freq.json).
RATES: Mapping[str, float] = {
    "asu_table_top_converted_externally_to_rlds": 12.5,
    "austin_buds_dataset_converted_externally_to_rlds": 20,
    "austin_sailor_dataset_converted_externally_to_rlds": 20,
    "austin_sirius_dataset_converted_externally_to_rlds": 20,
    "bc_z": 10,
    "berkeley_autolab_ur5": 5,
    "berkeley_cable_routing": 10,
    "berkeley_fanuc_manipulation": 10,
    "bridge": 5,
    "bridge_dataset": 5,
    "bridge_orig": 5,
    "columbia_cairlab_pusht_real": 10,
    "droid": 15,
    "fmb": 10,
    "fractal20220817_data": 3,
    "furniture_bench_dataset_converted_externally_to_rlds": 10,
    "iamlab_cmu_pickup_insert_converted_externally_to_rlds": 20,
    "jaco_play": 10,
    "kuka": 10,
    "language_table": 10,
    "maniskill_dataset_converted_externally_to_rlds": 20,
    "nyu_door_opening_surprising_effectiveness": 3,
    "nyu_franka_play_dataset_converted_externally_to_rlds": 3,
    "stanford_hydra_dataset_converted_externally_to_rlds": 10,
    "stanford_kuka_multimodal_dataset_converted_externally_to_rlds": 20,
    "taco_play": 15,
    "toto": 30,
    "utaustin_mutex": 20,
    "viola": 20,
}


@dataclass(frozen=True)
class Meaning:
    """What the columns of a data set's action and state are.

    convert: actions (T, A) -> what of FORMAT.md's action/ they say exactly.
    columns: array of the episode -> names of its columns. lineage: array that stands under a name
    of the format -> how its meaning is known (see formats/gate.py).
    """

    robot: str
    convert: Callable[[AnyArray], dict[str, AnyArray]]
    columns: Mapping[str, Sequence[str]]
    lineage: Mapping[str, str]


def rotation_vector(rpy: AnyArray) -> Floats:
    """(T, 3) rotation vectors [rad] of roll, pitch, yaw about fixed axes: Rz(y) Ry(p) Rx(r)."""
    half = np.asarray(rpy, np.float64) / 2
    sr, sp, sy = np.sin(half).T
    cr, cp, cy = np.cos(half).T
    vector = np.stack(
        [
            sr * cp * cy - cr * sp * sy,
            cr * sp * cy + sr * cp * sy,
            cr * cp * sy - sr * sp * cy,
        ],
        axis=1,
    )
    scalar = cr * cp * cy + sr * sp * sy
    length = np.linalg.norm(vector, axis=1)
    # The shorter of the two turns; near zero, 2 is the limit of angle / length.
    angle = 2 * np.arctan2(length * np.where(scalar < 0, -1, 1), np.abs(scalar))
    scale = np.divide(angle, length, out=np.full_like(length, 2.0), where=length > 1e-12)
    rotvecs: Floats = vector * scale[:, None]
    return rotvecs


def _bridge(actions: AnyArray) -> dict[str, AnyArray]:
    if actions.ndim != 2 or actions.shape[1] != 7:
        return {}
    delta = np.concatenate([actions[:, :3], rotation_vector(actions[:, 3:6])], axis=1)
    return {
        "ee_delta": delta.astype(np.float32),
        "gripper": (1 - actions[:, 6:7]).astype(np.float32),
    }


def _nothing(actions: AnyArray) -> dict[str, AnyArray]:
    return {}


# droid-dataset/droid, droid/franka/robot.py: joints as libfranka has them, the gripper's position
# 1 - width / its largest width.
_DROID = Meaning(
    robot="panda+robotiq_2f85",
    convert=_nothing,
    columns={},
    lineage={
        "obs/joint_position": "joint positions of libfranka [rad]",
        "obs/gripper_position": "1 - width / largest width: 0 open .. 1 closed",
    },
)

# Columns and base frame: rail-berkeley/bridge_data_v2 issue 26 (features.json describes them
# wrongly). Rotation: rail-berkeley/bridge_data_robot, widowx_envs/utils/transformation_utils.py:
# about the end effector, along the axes of the base, Rz(yaw) Ry(pitch) Rx(roll). Gripper 1 = open.
_BRIDGE = Meaning(
    robot="widowx_250",
    convert=_bridge,
    columns={
        "actions": ("dx", "dy", "dz", "droll", "dpitch", "dyaw", "gripper_open"),
        "obs/state": ("x", "y", "z", "roll", "pitch", "yaw", "gripper_open"),
    },
    lineage={
        "action/ee_delta": "actions[:3] as it is; actions[3:6], fixed-axis roll pitch yaw in the "
        "base frame, as a rotation vector",
        "action/gripper": "1 - actions[6], which is 1 open .. 0 closed",
    },
)

MEANINGS: Mapping[str, Meaning] = {
    "bridge_dataset": _BRIDGE,
    "bridge_orig": _BRIDGE,
    "droid": _DROID,
}
