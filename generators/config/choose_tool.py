"""Which tool an arm gets: the one that the user asks for, else the task's, else its usual one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from episodes.errors import UserError


def equipped(config: dict[str, Any]) -> dict[str, Any]:
    """The config with `robot.card` naming arm and tool, as a Cell does: "ur5+vacuum".

    The user's `robot.tool` comes before `task.tool`, and that before the arm's own. A config that
    names no robot stays as it is. UserError for a tool that is unknown, or that the task (its
    `task.tools`: kinds) has no use for.
    """
    robot = config.get("robot")
    if not isinstance(robot, Mapping) or "card" not in robot:
        return config
    from sim.robots import card  # heavy: not for verbs that only read

    task = config.get("task") or {}
    arm, _, own = str(robot["card"]).partition("+")
    tool = robot.get("tool") or own or task.get("tool") or card.arm(arm).tool
    name, kind = card.name_of(arm, tool), card.tool(tool).tool.kind
    kinds = task.get("tools")
    if kinds and kind not in kinds:
        fit = [name for name in card.tools() if card.tool(name).tool.kind in kinds]
        raise UserError(
            f"robot.tool={tool}: {task['name']} needs {' or '.join(kinds)}; tools: {', '.join(fit)}"
        )
    return {**config, "robot": {**robot, "card": name, "tool": tool}}
