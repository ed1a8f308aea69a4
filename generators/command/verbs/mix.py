"""mix: libraries in exact proportions, as a small file; or what such a file delivers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from episodes.array_types import AnyArray, Floats
from episodes.errors import Exit, UserError
from episodes.mix import mix
from sim.pose import matrix_to_quat
from sim.robots import robot

Config = Mapping[str, Any]
AUDITED = 100_000  # draws, where no other number is asked for


@dataclass(frozen=True)
class TcpToBase:
    """Joint positions (N, J) [rad] of a robot to its TCP poses (N, 7) in the base frame."""

    card: str

    def __call__(self, joints: AnyArray) -> Floats:
        model = robot.load(self.card)
        all_joints = np.zeros((len(joints), len(model.movable)))
        all_joints[:, model.arm_columns] = joints
        links = model.link_to_base(all_joints)[:, model.link_index(model.tcp.link)]
        tcp = links @ model.tcp.pose.matrix()
        return np.array([[*m[:3, 3], *matrix_to_quat(m[:3, :3])] for m in tcp])


def run(config: Config) -> Exit:
    if config["audit"] is not None:
        return _audit(config)
    if config["out"] is None or config["sources"] is None:
        raise UserError('mix needs out=FILE and "sources=[...]"; `cellwright mix --help` shows how')
    out = config["out"]
    asked = {key: value for key, value in config.items() if key not in ("out", "audit")}
    known = {name: TcpToBase(name) for name in robot.cards()}
    print(mix.table(mix.build(out, asked, known)))
    print(f"written to {out}")
    return Exit.DONE


def _audit(config: Config) -> Exit:
    draws = AUDITED if config["draws"] is None else config["draws"]
    counted = mix.audit(config["audit"], draws)
    print(counted)
    return Exit.DONE if counted.exact else Exit.FOUND
