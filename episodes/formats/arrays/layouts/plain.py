"""Groups as a laboratory writes them by hand: an episode a file or a group, its commands in
`action` or `actions`, and beside them what was sensed.
"""

from collections.abc import Iterator

from episodes.formats.arrays.layout import ArrayLayout

COMMANDS = ("actions", "action")
REWARDS = ("rewards", "reward")
ENDS = ("dones", "done", "terminated", "truncated", "terminals", "terminations", "truncations")
TIMES = ("timestamp", "timestamps", "time", "t")


def layouts(episodes: str, names: list[str]) -> Iterator[ArrayLayout]:
    """Of an episode's names, each way to read them: one, or several if it has several commands."""
    for command in COMMANDS:
        if command in names:
            yield ArrayLayout(
                name="plain",
                episodes=episodes,
                actions=(command,),
                obs=("",),
                rewards=next((n for n in REWARDS if n in names), ""),
                dones=tuple(n for n in ENDS if n in names),
                success=("success",),
                time=next((n for n in TIMES if n in names), ""),
                repeats=tuple(n for n in names if n.startswith("next_obs")),
            )
