"""Diffusion Policy's replay buffer: data/*, all steps one after another, and meta/episode_ends.

Source: diffusion_policy, diffusion_policy/common/replay_buffer.py. Real recordings have
data/timestamp in seconds (real_world/real_env.py).
"""

from episodes.formats.arrays.layout import ArrayLayout

LAYOUT = ArrayLayout(
    name="replay_buffer",
    marks=("meta/episode_ends", "data/action"),
    episodes="data",
    ends="meta/episode_ends",
    actions=("action",),
    obs=("",),
    time="timestamp",
)
