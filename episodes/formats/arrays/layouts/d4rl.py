"""D4RL: all steps of a set one after another, terminals and timeouts where an episode ends.

Source: D4RL, d4rl/__init__.py (qlearning_dataset) and d4rl/offline_env.py. Sets before v1 have no
`timeouts`; where such a set was cut off is not told by the file.
"""

from episodes.formats.arrays.layout import ArrayLayout

LAYOUT = ArrayLayout(
    name="d4rl",
    marks=("observations", "actions", "terminals"),
    flags=("terminals", "timeouts"),
    actions=("actions",),
    obs=("observations",),
    rewards="rewards",
    dones=("terminals", "timeouts"),
    sim=("infos/qpos", "metadata/algorithm"),
    left={"infos": "what the environment tells beside the observations"},
    repeats=("next_observations",),
)
