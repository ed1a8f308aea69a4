"""Isaac Lab: data/demo_N with nested observations, `states` and `initial_state`, the attribute
success, and sim_args in env_args.

Source: Isaac Lab, isaaclab/utils/datasets/hdf5_dataset_file_handler.py and
isaaclab/managers/recorder_manager.py.
"""

from dataclasses import replace

from episodes.formats.arrays.layouts import robomimic

LAYOUT = replace(
    robomimic.LAYOUT,
    name="isaac_lab",
    marks=("data/demo*/actions", "data/demo*/obs/*/*"),
    unlike=(),
    left={
        **robomimic.LAYOUT.left,
        "processed_actions": "the actions again, as the controller scaled them",
    },
)
