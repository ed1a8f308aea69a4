"""Any task as a gymnasium.Env."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Dict
from numpy.typing import NDArray

from episodes.array_types import AnyArray, Singles
from episodes.errors import BadValue, unknown
from sim import eyes, state_layout
from sim.render import NO_PIXELS, open_renderer
from sim.robots import robot
from sim.spec import Camera, Cell
from sim.station import Station, action_bounds, as_action

RENDER_MODES = ("rgb_array",)
OPTIONS = ("index",)


class JudgedStep(Protocol):
    """What a task says about a station: reached, out of reach for good, and why; the reward of the
    step that led here; and how far the work is (0 .. 1), where the task tells that."""

    @property
    def success(self) -> bool: ...
    @property
    def failure(self) -> str: ...
    @property
    def over(self) -> bool: ...
    @property
    def reward(self) -> float: ...
    @property
    def progress(self) -> float | None: ...


@dataclass(frozen=True)
class Start:
    """How an episode begins. seed, index: which one it is; judge: called once before the first step
    and once after each; noise: where its pictures have their noise from."""

    cell: Cell
    instruction: str
    seed: int
    index: int
    judge: Callable[[Station], JudgedStep]
    noise: np.random.Generator


class CellEnv(gymnasium.Env[dict[str, AnyArray], Singles]):
    """Steps the same Station, with the same actions (7,), as the episodes that `generate` records.

    draw: (seed, index) -> the start of that episode. reset(seed=s) starts the sequence of seed s at
    episode 0, every further reset() takes the next one, and reset(options={"index": i}) any other:
    the episodes of a library with that seed. Without a seed, here or there, it is drawn by chance;
    `info` has it.

    cameras: those of every cell, as far as they are alike. renderer: "none" gives joint, tool and
    wrist readings; any other adds "{camera}_{channel}" of every camera for each of `channels`
    (`sim.eyes.CHANNELS`): image (H, W, 3) u1, depth (H, W) u2 [0.1 mm], segmentation (H, W) u2,
    intrinsics (3, 3) [px], camera_to_world (4, 4); with the noise and the rate of the recorded
    ones. shows: the renderer of render() where `renderer` is "none".

    info holds instruction, seed, index, success, failure, and progress where it is known. step
    raises BadValue, a ValueError, for an action that is not 7 finite numbers.
    """

    metadata = {"render_modes": list(RENDER_MODES), "render_fps": 20}  # noqa: RUF012

    def __init__(
        self,
        draw: Callable[[int, int], Start],
        *,
        card: str,
        cameras: Sequence[Camera],
        control_hz: int,
        max_seconds: float,
        channels: Sequence[str] = ("image",),
        renderer: str = NO_PIXELS,
        shows: str = "tiny",
        render_mode: str | None = None,
        seed: int | None = None,
    ) -> None:
        _check_render_mode(render_mode)
        if seed is not None and (not isinstance(seed, int) or isinstance(seed, bool) or seed < 0):
            raise BadValue(f"seed={seed!r}: give a whole number of 0 or more, or None for chance")
        self.metadata = {"render_modes": list(RENDER_MODES), "render_fps": control_hz}
        self.render_mode = render_mode
        self._draw, self._last = draw, int(max_seconds * control_hz)
        self._root, self._next = seed, 0
        self._sees = renderer != NO_PIXELS
        self._renderer_name = renderer if self._sees else shows
        self._renderer: Any = None
        self._eyes: eyes.Eyes | None = None
        self._station: Station | None = None
        self.action_space = Box(*action_bounds(control_hz))
        channels = eyes.chosen(channels)
        pictures = eyes.spaces(cameras, channels) if self._sees else {}
        self._pictures = frozenset(pictures)
        self.observation_space = Dict(_readings(card) | pictures)  # type: ignore[assignment]

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, AnyArray], dict[str, Any]]:
        index = _index(options)
        super().reset(seed=seed)
        if seed is not None:
            self._root, self._next = seed, 0
        if self._root is None:
            self._root = int(self.np_random.integers(2**32))
        index = self._next if index is None else index
        self._next = index + 1
        start = self._draw(self._root, index)
        if self._station is not None:
            self._station.close()
        self._station = Station(start.cell)
        self._judge, self._steps = start.judge, 0
        self._about = {
            "instruction": start.instruction, "seed": start.seed, "index": start.index,
        }  # fmt: skip
        self._eyes = None
        if self._sees or self.render_mode:
            if self._renderer is None:
                self._renderer = open_renderer(self._renderer_name)
            self._eyes = eyes.Eyes(self._renderer, start.cell, start.noise)
        verdict = self._judge(self._station)
        return self._observe(), self._info(verdict)

    def step(
        self, action: Singles
    ) -> tuple[dict[str, AnyArray], float, bool, bool, dict[str, Any]]:
        self.station.step(as_action(action))
        self._steps += 1
        verdict = self._judge(self.station)
        ended = verdict.success or verdict.over
        late = not ended and self._steps >= self._last
        info = self._info(verdict) | ({"failure": "timeout"} if late else {})
        return self._observe(), verdict.reward, ended, late, info

    @property
    def station(self) -> Station:
        """The running cell. Raises RuntimeError before the first reset."""
        if self._station is None:
            raise RuntimeError("call reset() before step()")
        return self._station

    @property
    def segment_names(self) -> Mapping[int, str]:
        """What each id of a segmentation is, in the running cell; 0 is the background."""
        segments = state_layout.segments(self.station.world.cell)
        return {number: name for name, number in segments.items()}

    def render(self) -> NDArray[np.uint8] | None:
        """With render_mode="rgb_array" what all cameras see now, side by side, (H, W, 3)."""
        if self.render_mode is None:
            return None
        if self._eyes is None:
            raise RuntimeError("call reset() before render()")
        if not self._sees:
            self._eyes.look(all_of_them=True)
        return self._eyes.mosaic()

    def close(self) -> None:
        if self._station is not None:
            self._station.close()
            self._station = None
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = self._eyes = None

    def __reduce__(self) -> NoReturn:
        """A copy would drive, and close, this environment's world."""
        raise TypeError(
            "a running environment cannot be copied or pickled: make another one, "
            'reset(seed=info["seed"], options={"index": info["index"]}) and take the same steps, '
            "which leads to the same state bit for bit"
        )

    def _observe(self) -> dict[str, AnyArray]:
        out: dict[str, AnyArray] = dict(self.station.observe())
        if self._eyes is not None:
            self._eyes.advance(self.station.world.state())
        if self._eyes is not None and self._sees:
            self._eyes.look()
            out |= self._eyes.shown(self._pictures)
        return out

    def _info(self, verdict: JudgedStep) -> dict[str, Any]:
        known = {} if verdict.progress is None else {"progress": verdict.progress}
        return {**self._about, "success": verdict.success, "failure": verdict.failure, **known}


def _check_render_mode(mode: str | None) -> None:
    if mode is not None and mode not in RENDER_MODES:
        raise BadValue(
            f"render_mode={mode!r}: there is 'rgb_array' (all cameras side by side), which "
            "gymnasium.wrappers.HumanRendering shows in a window and RecordVideo films"
        )


def _index(options: Mapping[str, Any] | None) -> int | None:
    """options["index"]; BadValue for another key or no whole number."""
    for name in options or {}:
        if name not in OPTIONS:
            raise unknown("option of reset:", name, OPTIONS)
    value = (options or {}).get("index")
    if value is None:
        return None
    if not isinstance(value, bool):
        try:
            index = operator.index(value)
        except TypeError:
            index = -1
        if index >= 0:
            return index
    raise BadValue(f"index={value!r}: give the number of an episode, 0 or more")


def _readings(card: str) -> dict[str, gymnasium.Space[Any]]:
    """What `Station.observe` gives."""
    arm = robot.load(card).arm
    joints = len(arm.joints)
    slack = 0.1  # a motor may be a little past its limit [rad]
    lower, upper = np.array(arm.lower, np.float32), np.array(arm.upper, np.float32)
    return {
        "joint_position": Box(lower - slack, upper + slack),
        "joint_velocity": Box(-50.0, 50.0, (joints,)),
        "ee_pose": Box(-3.0, 3.0, (7,)),
        "gripper_position": Box(-0.5, 1.5, (1,)),
        "wrench": Box(-1e4, 1e4, (6,)),
    }
