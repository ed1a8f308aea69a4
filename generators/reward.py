"""What the steps of an episode are worth, of what its judge says of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from episodes.errors import UserError, unknown
from generators.task import Gradual, Task, TaskOutcome
from sim.spec import Cell
from sim.station import Station

SPARSE, DENSE = "sparse", "dense"
REWARDS = (SPARSE, DENSE)
UNDONE = 0.9  # what the potential of a goal that is not reached is at most


@dataclass(frozen=True)
class Verdict(TaskOutcome):
    """An outcome, the reward of the step that led to it, and the potential (dense rewards only)."""

    reward: float = 0.0
    progress: float | None = None


class Scorer:
    """Scores one episode by a judge of its own: called once before the first step and once after
    each.

    A sparse reward is 1 in the step that reaches the goal, else 0. A dense one adds the change of a
    potential, which is 1 where the goal is reached and 0.9 times the judge's `progress` elsewhere:
    what is gained on the way there and lost again sums to nothing, so that the best policy stays
    the same (Ng, Harada and Russell, Policy invariance under reward transformations, 1999).

    UserError for a reward that the task cannot give.
    """

    def __init__(self, task: Task, cell: Cell, reward: str) -> None:
        self._judge = task.judge(cell)
        self._gradual: Gradual | None = None
        if reward == DENSE:
            if not isinstance(self._judge, Gradual):
                raise UserError(
                    f"reward=dense: task={task.name} does not tell how far it is; give its judge a "
                    "method `progress`, or reward=sparse"
                )
            self._gradual = self._judge
        self._potential: float | None = None

    def __call__(self, station: Station) -> Verdict:
        outcome = self._judge.update(station)
        reward = float(outcome.success)
        if self._gradual is not None:
            before = self._potential
            self._potential = UNDONE * self._gradual.progress(station)
            if outcome.success:
                self._potential = 1.0
            reward += 0.0 if before is None else self._potential - before
        return Verdict(outcome.success, outcome.failure, outcome.over, reward, self._potential)


def reward_of(config: Mapping[str, Any]) -> str:
    """`reward` of a config. UserError for one that is none."""
    reward = str(config.get("reward", SPARSE))
    if reward not in REWARDS:
        raise unknown("reward", reward, REWARDS)
    return reward
