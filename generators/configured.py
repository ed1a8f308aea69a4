"""How a task comes by its numbers: read once from its config, in SI units."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from functools import lru_cache
from typing import Any, Self, get_args, get_origin, get_type_hints

import numpy as np

from episodes.errors import UserError
from episodes.value_types import is_number
from scenes.arm import Arm
from sim.robots import robot
from sim.robots.robot import RobotModel

# how a key's name ends -> its value in SI units
_UNITS: Mapping[str, Callable[[float], float]] = {
    "_mm": lambda value: value / 1000,
    "_mm_s": lambda value: value / 1000,
    "_deg": lambda value: float(np.deg2rad(value)),
}


def key(name: str, *, least: float | None = 0.0) -> Any:
    """A field whose value is `task.NAME` of the config: in m, m/s or rad where the name ends in
    _mm, _mm_s or _deg, else as it stands there. A float, or a pair of them, the lower one first.

    least: what a value must be at the least, in the unit of the config.
    """
    return field(metadata={"key": name, "least": least})


@dataclass(frozen=True, kw_only=True)
class Configured:
    """A task made from a resolved config; the fields of a subclass are its numbers.

    config: of scene, robot and all; max_seconds: see `generators.task.Task`.
    """

    config: Mapping[str, Any] = field(repr=False)
    max_seconds: float = key("max_seconds")

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """UserError for a number that is missing or cannot be."""
        if any(isinstance(value, Field) for value in vars(cls).values()):
            raise UserError(
                f"{cls.__module__}: {cls.__name__} needs @dataclass(frozen=True, kw_only=True)"
            )
        hints = get_type_hints(cls)
        numbers = {
            f.name: _read(config["task"], hints[f.name], f.metadata["key"], f.metadata["least"])
            for f in fields(cls)
            if "key" in f.metadata
        }
        return cls(config=config, **numbers)

    @property
    def robot(self) -> RobotModel:
        """The robot that the config names."""
        return robot.load(self.config["robot"]["card"])

    @property
    def arm(self) -> Arm:
        """What scenes have to know of that robot."""
        return _arm(self.config["robot"]["card"])


@lru_cache
def _arm(name: str) -> Arm:
    model, arm = robot.load(name), robot.load(name).arm
    return Arm(model.home, model.wrist, arm.reach, model.kinematics.fold(), arm.foot, model.jaw)


def _read(task: Mapping[str, Any], kind: Any, name: str, least: float | None) -> Any:
    if name not in task:
        raise UserError(f"task={task.get('name')} has no task.{name}; its file must give it")
    value, place = task[name], f"task.{name}"
    if get_origin(kind) is not tuple:
        return _number(value, place, name, least, f"try {place}={least or 1:g}")
    remedy = f'try "{place}=[{_low(least):g},{_low(least) + 1:g}]"'
    if not isinstance(value, list | tuple) or len(value) != len(get_args(kind)):
        raise UserError(f"{place} must be [low, high], not {value!r}; {remedy}")
    low, high = (_number(one, place, name, least, remedy) for one in value)
    if not low < high:
        raise UserError(f"{place}={value} must be [low, high] with low < high; {remedy}")
    return low, high


def _number(value: Any, place: str, name: str, least: float | None, remedy: str) -> float:
    if not is_number(value):
        raise UserError(f"{place} must be a number, not {value!r}; {remedy}")
    if least is not None and value < least:
        raise UserError(f"{place}={value} is too small: it must be {least:g} or more")
    for ending, in_si in _UNITS.items():
        if name.endswith(ending):
            return in_si(value)
    return float(value)


def _low(least: float | None) -> float:
    return 0.0 if least is None else least
