"""Any task as a gymnasium.Env."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Dict
from numpy.typing import NDArray

from sim.render import open_renderer
from sim.robots import robot
from sim.spec import Cell
from sim.station import Station, action_bounds


class Verdict(Protocol):
    """What a task says about a station: reached, out of reach for good, and why."""

    @property
    def success(self) -> bool: ...
    @property
    def failure(self) -> str: ...
    @property
    def over(self) -> bool: ...


class CellEnv(gymnasium.Env[dict[str, NDArray[Any]], NDArray[np.float32]]):
    """Steps the same Station, with the same actions (7,), as the episodes that `generate` records.

    draw: (seed, index) -> (cell, instruction). reset(seed=s) starts the sequence of seed s at
    episode 0, every further reset() takes the next one, and reset(options={"index": i}) any other:
    the episodes of a library with that seed. The reward is 1 in the step that reaches the goal,
    which ends the episode.

    renderer: "none" gives joint, tool and wrist readings; any other adds `{camera}_image`
    (H, W, 3) u1 of every camera. info holds instruction, success, failure, index.
    """

    def __init__(
        self,
        draw: Callable[[int, int], tuple[Cell, str]],
        judge: Callable[[Station], Verdict],
        *,
        card: str,
        max_seconds: float,
        control_hz: int,
        cameras: dict[str, tuple[int, int]],
        renderer: str = "none",
        render_mode: str | None = None,
        seed: int = 0,
    ) -> None:
        self.metadata = {"render_modes": ["rgb_array"], "render_fps": control_hz}
        self.render_mode = render_mode
        self._draw, self._judge, self._max_seconds = draw, judge, max_seconds
        self._root, self._next = seed, 0
        self._cameras = cameras  # name -> (W, H)
        self._sees = renderer != "none"
        self._renderer_name = renderer if self._sees else "tiny"
        self._renderer: Any = None
        self._held: dict[str, NDArray[np.uint8]] = {}  # what each camera saw last
        self._station: Station | None = None
        self.action_space = Box(*action_bounds(control_hz))
        self.observation_space = Dict(self._spaces(card))  # type: ignore[assignment]

    def _spaces(self, card: str) -> dict[str, gymnasium.Space[Any]]:
        arm = robot.load(card).card
        joints = len(arm.arm_joints)
        slack = 0.1  # a motor may be a little past its limit [rad]
        lower, upper = np.array(arm.lower, np.float32), np.array(arm.upper, np.float32)
        out: dict[str, gymnasium.Space[Any]] = {
            "joint_position": Box(lower - slack, upper + slack),
            "joint_velocity": Box(-50.0, 50.0, (joints,)),
            "ee_pose": Box(-3.0, 3.0, (7,)),
            "gripper_position": Box(-0.5, 1.5, (1,)),
            "wrench": Box(-1e4, 1e4, (6,)),
        }
        if self._sees:
            for name, (width, height) in self._cameras.items():
                out[f"{name}_image"] = Box(0, 255, (height, width, 3), np.uint8)
        return out

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        super().reset(seed=seed)
        if seed is not None:
            self._root, self._next = seed, 0
        index = int((options or {}).get("index", self._next))
        self._next = index + 1
        if self._station is not None:
            self._station.close()
        cell, instruction = self._draw(self._root, index)
        self._station = Station(cell)
        self._steps, self._held = 0, {}
        self._about = {"instruction": instruction, "index": index}
        verdict = self._judge(self._station)
        return self._observe(), self._info(verdict)

    def step(
        self, action: NDArray[np.float32]
    ) -> tuple[dict[str, NDArray[Any]], float, bool, bool, dict[str, Any]]:
        self.station.step(action)
        self._steps += 1
        verdict = self._judge(self.station)
        ended = verdict.success or verdict.over
        late = self._steps >= int(self._max_seconds * self.station.world.cell.physics.control_hz)
        return self._observe(), float(verdict.success), ended, late, self._info(verdict)

    @property
    def station(self) -> Station:
        """The running cell. Raises RuntimeError before the first reset."""
        if self._station is None:
            raise RuntimeError("call reset() before step()")
        return self._station

    def render(self) -> NDArray[np.uint8] | None:
        if self.render_mode != "rgb_array":
            return None
        first = next(iter(self._cameras))
        return self._look([first])[first]

    def close(self) -> None:
        if self._station is not None:
            self._station.close()
            self._station = None
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None

    def _look(self, names: list[str]) -> dict[str, NDArray[np.uint8]]:
        if self._renderer is None:
            self._renderer = open_renderer(self._renderer_name)
        world = self.station.world
        frames = next(iter(self._renderer.frames(world.cell, world.state()[None], names)))
        return {name: frames[name].rgb for name in names}

    def _observe(self) -> dict[str, NDArray[Any]]:
        out: dict[str, NDArray[Any]] = dict(self.station.observe())
        if self._sees:
            cameras = self.station.world.cell.cameras
            self._held |= self._look([c.name for c in cameras if self._steps % c.every == 0])
            out |= {f"{name}_image": image for name, image in self._held.items()}
        return out

    def _info(self, verdict: Verdict) -> dict[str, Any]:
        return {**self._about, "success": verdict.success, "failure": verdict.failure}
