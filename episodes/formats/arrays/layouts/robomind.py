"""RoboMIND: a file an episode, the leader's joints under master/, the robot's under puppet/.

Source: RoboMIND, all_robot_h5_info.md of its repository: pictures under observations/rgb_images and
depth_images, each an encoded file; language_raw. Sets without a leader have puppet/ alone.
"""

from episodes.formats.arrays.layout import ArrayLayout

LAYOUT = ArrayLayout(
    name="robomind",
    marks=("puppet", "observations/rgb_images"),
    actions=("master",),
    obs=("puppet", "observations"),
)
