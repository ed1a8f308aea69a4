"""robomimic, MimicGen, Isaac Lab, LIBERO: data/demo_N/{actions, obs, rewards, dones}.

Source: robomimic, docs/datasets/overview.md ("Dataset Structure"). MimicGen adds datagen_info,
LIBERO robot_states (scripts/create_dataset.py: the poses of gripper and hand as sensed). Isaac Lab
nests observations and adds initial_state and processed_actions (isaaclab/utils/datasets/
hdf5_dataset_file_handler.py). DexMimicGen and RoboCasa have the same commands in other forms.

A recording of robosuite itself holds states and actions alone, for playback (robosuite,
docs/algorithms/demonstrations.md): observations are made from it by robomimic's
scripts/dataset_states_to_obs.py, of LIBERO's by its scripts/create_dataset.py.
"""

from episodes.formats.arrays.layout import ArrayLayout

SIMULATOR = "the simulator's own state"

LAYOUT = ArrayLayout(
    name="robomimic",
    marks=("data/demo*/actions",),
    episodes="data/demo*",
    actions=("actions",),
    commands=("actions_abs", "absolute_actions", "processed_actions", "action_dict"),
    obs=("obs", "robot_states"),
    rewards="rewards",
    dones=("dones",),
    left={
        "states": SIMULATOR,
        "initial_state": SIMULATOR,
        "datagen_info": "MimicGen's notes on its objects",
    },
    repeats=("next_obs",),
    remedy="it is a recording for playback: make observations with robomimic's "
    "scripts/dataset_states_to_obs.py (LIBERO's: scripts/create_dataset.py), then import its file",
)
