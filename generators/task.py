"""What a task is. One task is one file in `generators/tasks/`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from sim.motion.moves import BeginSubtask, Move
from sim.spec import Cell
from sim.station import Station


@dataclass(frozen=True)
class TaskOutcome:
    """What physics says of the goal now. failure: why not, by name; over: nothing can mend it."""

    success: bool
    failure: str = ""
    over: bool = False


class Words(Protocol):
    """An instruction: lang -> ways to say it, in at least one language."""

    @property
    def texts(self) -> Mapping[str, Sequence[str]]: ...


def instruction(words: Words) -> str:
    """*The* instruction: the first in English, or in the first language that there is."""
    languages = list(words.texts)
    return words.texts["en" if "en" in languages else languages[0]][0]


class Judge(Protocol):
    """Says of one episode how its goal stands, from physics, the cell and what it has seen before.

    Made anew for each episode; a script never sees it.
    """

    def update(self, station: Station) -> TaskOutcome:
        """Called once before the first step and once after each."""
        ...


@runtime_checkable
class Gradual(Protocol):
    """A judge that can tell how far the work is; what `reward=dense` asks for."""

    def progress(self, station: Station) -> float:
        """0 .. 1, called after `update`; what it is before the goal is reached is for the task to
        say, and goes into its docstring."""
        ...


class Task(Protocol):
    """What episodes are made by; itself it never changes. `generators.configured` makes one."""

    @property
    def name(self) -> str: ...

    @property
    def max_seconds(self) -> float:
        """After this the episode is a failure: `timeout`."""
        ...

    def cell(self, rng: np.random.Generator) -> Cell:
        """A new cell, goal and all."""
        ...

    def instruction(self, cell: Cell, rng: np.random.Generator) -> Words: ...

    def script(self, station: Station, rng: np.random.Generator) -> Iterator[Move | BeginSubtask]:
        """The expert's work, one move after another; it begins a subtask first."""
        ...

    def judge(self, cell: Cell) -> Judge: ...
