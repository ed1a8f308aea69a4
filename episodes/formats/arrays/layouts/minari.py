"""Minari: episode_N/{observations (T + 1), actions, rewards, terminations, truncations, infos}.

Source: Minari, minari/dataset/_storages/hdf5_storage.py and docs "Dataset Standards": a Dict space
is a group, a Tuple space one of _index_N, a Text space strings; infos have T + 1 rows; what
describes the set is metadata.json beside it or, before 0.5, attributes of the file.
"""

from episodes.formats.arrays.layout import ArrayLayout

LAYOUT = ArrayLayout(
    name="minari",
    marks=("episode_*/observations", "episode_*/terminations", "episode_*/truncations"),
    episodes="episode_*",
    actions=("actions",),
    obs=("observations",),
    rewards="rewards",
    notes="metadata.json",
    dones=("terminations", "truncations"),
    success=("infos/success", "infos/is_success"),
    left={"infos": "what the environment tells beside the observations"},
)
