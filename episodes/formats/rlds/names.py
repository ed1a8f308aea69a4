"""Where the rows of an episode go among the steps of an RLDS record."""

from __future__ import annotations


def key_of(name: str) -> str:
    """The key under steps/: "obs/ee_pose" -> "observation/ee_pose"."""
    group, _, rest = name.partition("/")
    if name == "actions":
        return "action"
    if name == "rewards":
        return "reward"
    if group in ("obs", "action"):
        return f"{'observation' if group == 'obs' else 'action_dict'}/{rest}"
    return "cellwright/" + name
