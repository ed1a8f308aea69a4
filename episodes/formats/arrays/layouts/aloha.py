"""ALOHA, ACT, Mobile ALOHA: a file an episode, action, observations/{qpos, qvel, images/CAMERA}.

Source: act, record_sim_episodes.py; mobile-aloha, aloha_scripts/record_episodes.py (commands are
the leaders' joints, base_action the wheels'). Pictures are raw, or JPEG padded to one length with
`compress_len` beside them. The recorder runs at 50 Hz (constants.py, DT = 0.02); forks run at
others, and the file does not tell.
"""

from episodes.formats.arrays.layout import ArrayLayout

LAYOUT = ArrayLayout(
    name="aloha",
    marks=("action", "observations/qpos"),
    unlike=("puppet",),
    actions=("action", "base_action"),
    commands=("*_action",),  # of forks: relative_action, ee_action
    obs=("observations",),
    rewards="reward",
    repeats=("compress_len",),
)
