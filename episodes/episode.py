"""One episode in memory: what happened, then what it looked like."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from episodes.array_types import AnyArray
from episodes.footage import Footage


@dataclass(frozen=True)
class Subtask:
    """Steps [start, end) that belong together. recovery: they mend what went wrong just before."""

    start: int
    end: int
    name: str
    instruction: str
    recovery: bool = False


@dataclass(frozen=True)
class CameraTrack:
    """What one camera recorded, and from where. T rows; absent channels are None.

    Colours are in `rgb`, or still in `video`, never in both.

    intrinsics (3, 3) [px]; camera_to_world (T or 1, 4, 4), OpenCV axes; rgb (T, H, W, 3) u1;
    depth (T, H, W) u2 in `unit_m`; segmentation (T, H, W) u2 with `names` id -> name.
    Intrinsics or extrinsics that a real data set does not tell are None, never made up.
    """

    rgb: AnyArray | None = None
    depth: AnyArray | None = None
    segmentation: AnyArray | None = None
    intrinsics: AnyArray | None = None
    camera_to_world: AnyArray | None = None
    unit_m: float = 1e-4
    names: Mapping[int, str] = field(default_factory=dict)
    video: Footage | None = None


@dataclass(frozen=True)
class Episode:
    """The rows of FORMAT.md for one demo; what a source lacks is None or missing, never zeros.

    T = num_samples. time (T+1,) [s]; states (T+1, S); actions (T, A); action, obs: name -> (T,...);
    objects (T+1, N, 7) with object_names; subtasks cover the episode; language: lang -> phrasings,
    the first English one is the instruction. attrs of the demo that have no field here go to
    `extra`.
    """

    index: int
    seed: int
    task: str
    robot: str
    domain: str
    control_hz: float
    instruction: str
    success: bool | None
    failure: str
    time: AnyArray
    actions: AnyArray
    action: Mapping[str, AnyArray]
    obs: Mapping[str, AnyArray]
    states: AnyArray | None = None
    layout: Mapping[str, Sequence[int]] = field(default_factory=dict)  # name -> [start, stop)
    rewards: AnyArray | None = None
    dones: AnyArray | None = None
    cameras: Mapping[str, CameraTrack] = field(default_factory=dict)
    objects: AnyArray | None = None
    object_names: Sequence[str] = ()
    subtasks: Sequence[Subtask] = ()
    language: Mapping[str, Sequence[str]] = field(default_factory=dict)
    cell: str = ""  # JSON of the Cell
    renderer: str = "none"
    joint_names: Sequence[str] = ()
    licence: str = "Apache-2.0"
    lineage: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def steps(self) -> int:
        return len(self.actions)

    @property
    def seconds(self) -> float:
        return self.steps / self.control_hz

    def __repr__(self) -> str:
        views = ", ".join(
            f"{name} {'x'.join(map(str, seen.shape[1:3])) if seen is not None else '-'}"
            for name, c in self.cameras.items()
            for seen in (c.rgb if c.video is None else c.video,)
        )
        return (
            f"Episode({self.index}, {self.task}, {self.robot}, {self.domain}, T={self.steps}, "
            f"success={self.success}{' ' + self.failure if self.failure else ''}, [{views}])"
        )

    def content_hash(self) -> str:
        """sha256 over the decoded `states` and `action/*` in name order: bytes, shape and dtype.

        Neither compression nor the renderer changes it.
        """
        arrays = {f"action/{name}": value for name, value in self.action.items()}
        if self.states is not None:
            arrays["states"] = self.states
        digest = hashlib.sha256()
        for name in sorted(arrays):
            value = np.ascontiguousarray(arrays[name])
            digest.update(f"{name} {value.dtype.str} {value.shape}\n".encode())
            digest.update(value.tobytes())
        return digest.hexdigest()
