"""ManiSkill 2 and 3: traj_N/{actions, obs (T + 1), env_states, success}, a JSON of the same name.

Source: ManiSkill, docs/source/user_guide/datasets/demos.md; depth is int16 in mm
(docs/source/user_guide/concepts/sensors.md). Published demonstrations have no observations: they
are made with mani_skill.trajectory.replay_trajectory (docs/.../datasets/replay.md).
"""

from episodes.formats.arrays.layout import ArrayLayout

LAYOUT = ArrayLayout(
    name="maniskill",
    marks=("traj_*/actions",),
    unlike=("traj_*/observations",),
    episodes="traj_*",
    actions=("actions",),
    obs=("obs",),
    rewards="rewards",
    notes="{stem}.json",
    dones=("terminated", "truncated"),
    success=("success",),
    sim=("traj_*/env_states",),
    left={
        "env_states": "the simulator's own state",
        "env_init_state": "the simulator's own state",
        "fail": "a verdict of each step",
    },
    depth_m={"obs/sensor_data/*/depth": 1e-3},
    remedy="it is a recording for playback: make observations with "
    "python -m mani_skill.trajectory.replay_trajectory --traj-path FILE -o rgb --save-traj, "
    "then import its file",
)
