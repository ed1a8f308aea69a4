"""What `cells=LIBRARY` makes of a config: what is not said is as it was for that library.

A cell that is on record is not drawn again. Of the config's groups, those that draw it (`scene`,
`part`) have no say, and the others only where a word of the command names them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from episodes.errors import UserError

if TYPE_CHECKING:  # h5py is imported where a library is named: completion has to be fast
    from episodes.storage.library import Library

Config = dict[str, Any]
SAMPLED = ("scene", "part")  # what only a scene is drawn with


def resolved(config: Config, words: Iterable[str]) -> Config:
    """The config with its `cells` opened: a library and what is in it.

    words: of the command, `key=value`. UserError for a library that holds no cells of the task, and
    for words that would change nothing.
    """
    if config.get("cells") is None:
        return config
    path = Path(config["cells"])
    given = [word.partition("=")[0].lstrip("+~") for word in words]
    for key in given:
        if key.partition(".")[0] in SAMPLED:
            raise UserError(
                f"{key} changes nothing with cells={path}: what stands and lies in a recorded cell "
                "stays; leave it out"
            )
    from episodes.storage.library import Library

    library = Library(path)
    if Path(config["out"]) == path:
        raise UserError(f"out={path} is the library of the cells itself; choose another folder")
    _held(library, config)
    then = library.info.get("config") or {}
    return {
        **config,
        "cells": {"library": str(path), "content": library.content()},
        "episodes": config["episodes"] if "episodes" in given else len(library.rows),
        "task": _leaves("task", {**config["task"], **_section(then, "task")}, config, given),
        "scene": _section(then, "scene") or config["scene"],
        "robot": _robot(library, config, given),
        "physics": _leaves("physics", {}, config, given),
        "reward": config["reward"] if "reward" in given else then.get("reward", config["reward"]),
        **{
            key: config[key] if _is_named(key, given) else None
            for key in ("camera", "look", "image_size")
        },
    }


def _held(library: Library, config: Config) -> None:
    """UserError where nothing can be made from what the library holds."""
    if not library.rows:
        raise UserError(f"cells={library.path} has no episodes yet")
    asked, there = config["task"]["name"], sorted({row.task for row in library.rows})
    if asked not in there:
        raise UserError(
            f"cells={library.path} has cells of task={', '.join(there)}, with goals of that; "
            f"task={asked} has others"
        )


def _robot(library: Library, config: Config, given: list[str]) -> Config:
    """The robot that is named, or that which was there with what is named of it. How far it starts
    from its home counts where it is not the arm that was there, or where it is named."""
    there = sorted({row.robot for row in library.rows})
    robot = config["robot"]
    if "robot" not in given:
        if len(there) > 1:
            raise UserError(
                f"cells={library.path} has cells of {', '.join(there)}: say which is to work in "
                "them, robot=NAME"
            )
        robot = _leaves("robot", {"card": there[0], "tool": None}, config, given)
    arm = str(robot["card"]).partition("+")[0]
    if "robot.home_jitter_deg" in given or any(c.partition("+")[0] != arm for c in there):
        return {**robot, "home_jitter_deg": config["robot"]["home_jitter_deg"]}
    return {key: value for key, value in robot.items() if key != "home_jitter_deg"}


def _leaves(section: str, then: Config, config: Config, given: list[str]) -> Config:
    """A section as it was, and in it what is named now; all of it where it is named itself."""
    now = config[section]
    if section in given and section != "task":  # a task is always named
        return dict(now)
    names = {key.split(".")[1] for key in given if key.startswith(f"{section}.")}
    return {**then, **{name: now[name] for name in names if name in now}}


def _is_named(section: str, given: list[str]) -> bool:
    return any(key.partition(".")[0] == section for key in given)


def _section(config: Mapping[str, Any], name: str) -> Config:
    found = config.get(name)
    return dict(found) if isinstance(found, Mapping) else {}
