"""RoboTwin 2: a file an episode, observation/CAMERA/rgb as JPEG, joint_action, endpose.

Source: RoboTwin, envs/utils/pkl2hdf5.py: pictures that are RGB go through OpenCV's encoder, which
takes them for BGR, so that a JPEG shows red and blue exchanged. envs/robot/robot.py: joint_action
holds the targets of the drives, which are commands; those of a row were in force before it was
seen, and RoboTwin's own converters (policy/*/process_data*.py) take the next row's for its action.
Instructions: {"seen": [...], "unseen": [...]} in ../instructions.
"""

from episodes.formats.arrays.layout import ArrayLayout

LAYOUT = ArrayLayout(
    name="robotwin",
    marks=("joint_action/vector", "observation/*/rgb"),
    actions=("joint_action/vector",),
    ahead=1,
    obs=("observation", "endpose", "pointcloud", "third_view_rgb"),
    sim=("joint_action/vector",),
    repeats=("joint_action",),
    bgr=True,
    instructions="../instructions/{stem}.json",
)
