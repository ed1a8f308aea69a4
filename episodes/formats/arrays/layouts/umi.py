"""UMI: a replay buffer of what hand-held grippers saw and where they were; nothing was commanded.

Source: universal_manipulation_interface, scripts_slam_pipeline/07_generate_replay_buffer.py:
data/cameraN_rgb (JPEG XL), robotN_eef_pos [m], robotN_eef_rot_axis_angle [rad] in the frame of the
map, robotN_gripper_width [m]. Actions are made of the next poses at training time
(diffusion_policy/dataset/umi_dataset.py). GoPro cameras: 59.94 Hz.
"""

from episodes.formats.arrays.layout import ArrayLayout

LAYOUT = ArrayLayout(
    name="umi",
    marks=("meta/episode_ends", "data/robot0_eef_pos"),
    unlike=("data/action",),
    episodes="data",
    ends="meta/episode_ends",
    obs=("",),
)
