"""What happens to a station, row by row, and the Episode that it becomes."""

from __future__ import annotations

from typing import Any

import numpy as np

from episodes.array_types import Singles
from episodes.episode import Episode
from episodes.episode import Subtask as Span
from sim import state_layout
from sim.motion.moves import BeginSubtask
from sim.pose import in_step
from sim.station import Station


class Recorder:
    """Steps a station and keeps what FORMAT.md asks for. Row t of obs is read before action t."""

    def __init__(self, station: Station) -> None:
        self.station = station
        self.actions: list[Singles] = []
        self.rewards: list[float] = []
        self._targets: list[Singles] = []
        self._commanded: list[Any] = []
        self._obs: list[Any] = []
        self._states = [station.world.state()]
        self._marks: list[tuple[int, BeginSubtask]] = []

    @property
    def steps(self) -> int:
        return len(self.actions)

    def mark(self, subtask: BeginSubtask) -> None:
        self._marks.append((self.steps, subtask))

    def step(self, action: Singles) -> None:
        self._obs.append(self.station.observe())
        self._targets.append(self.station.step(action))
        commanded = self.station.tcp_to_base.array()
        self._commanded.append(in_step(commanded, self._obs[-1]["ee_pose"]))
        self.actions.append(action)
        self._states.append(self.station.world.state())

    def spans(self) -> list[Span]:
        """The marked subtasks that have steps; together they cover the episode."""
        ends = [start for start, _ in self._marks[1:]] + [self.steps]
        return [
            Span(start, end, mark.name, mark.instruction, mark.recovery)
            for (start, mark), end in zip(self._marks, ends, strict=True)
            if end > start
        ]

    def episode(self, **about: Any) -> Episode:
        """The episode without pixels. about: the fields that the station does not know."""
        cell = self.station.world.cell
        hz = cell.physics.control_hz
        states = np.array(self._states)
        actions = np.array(self.actions, np.float32)
        targets = np.array(self._targets, np.float32)
        poses = state_layout.body_poses(cell, states)
        names = [b.name for b in cell.bodies if b.role != "room"]
        steps = self.steps
        rewards = np.array(self.rewards, np.float32)
        dones = np.zeros(steps, np.uint8)
        dones[-1] = 1
        return Episode(
            robot=self.station.robot.card,
            control_hz=float(hz),
            time=np.arange(steps + 1) / hz,
            states=states,
            layout={name: list(span) for name, span in state_layout.columns(cell).items()},
            actions=actions,
            action={
                "joint_position": targets[:, :-1],
                "ee_pose": np.array(self._commanded, np.float32),
                "ee_delta": actions[:, :6],
                "gripper": actions[:, 6:],
            },
            obs={key: np.array([row[key] for row in self._obs]) for key in self._obs[0]},
            rewards=rewards,
            dones=dones,
            objects=np.stack([poses[name] for name in names], axis=1),
            object_names=names,
            subtasks=self.spans(),
            cell=cell.to_json(),
            joint_names=list(self.station.model.arm.joints),
            **about,
        )
