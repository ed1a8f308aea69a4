"""What was dispensed, and whether it is as asked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from episodes.array_types import Floats
from sim.station import Station

COVERED = 0.006  # a point of the seam is covered if the bead came as near [m]


class Bead:
    """The tip's track while it was on: distance from the seam, height over it, speed."""

    def __init__(self, seam: Floats) -> None:
        self.seam = seam  # (N, 3)
        self.tips: list[Floats] = []
        self.was: Floats | None = None  # the tip in the row before
        self.rows: list[tuple[float, float, float]] = []
        self.on = False

    def add(self, station: Station) -> None:
        """Another row: where the tip is, if it is on."""
        tip = np.array(station.sensed_tcp().position)
        on = station.gripper > 0.5
        if on:
            aside, above = self._from_seam(tip)
            hz = station.world.cell.physics.control_hz
            steady = self.on and self.was is not None
            speed = float(np.linalg.norm(tip - self.was)) * hz if steady else np.nan
            self.rows.append((aside, above, speed))
            self.tips.append(tip)
        self.was, self.on = tip, on

    def fault(self, rms: float, standoff: Sequence[float], speed: Sequence[float]) -> str:
        """What is wrong with the bead, by name; "" for nothing. Lengths in m, speeds in m/s."""
        if not self.rows:
            return "nothing_dispensed"
        gaps = self._gaps()
        aside, above, speeds = np.array(self.rows).T
        if gaps.max() > COVERED:
            return "gap"
        if np.sqrt(np.mean(aside**2)) > rms:
            return "path_error"
        if above.min() < standoff[0] or above.max() > standoff[1]:
            return "standoff"
        if np.nanmin(speeds) < speed[0] or np.nanmax(speeds) > speed[1]:
            return "speed"
        return ""

    def covered(self) -> float:
        """The share of the seam's points that the bead came near, 0 .. 1."""
        return float(np.mean(self._gaps() <= COVERED)) if self.tips else 0.0

    def _gaps(self) -> Floats:
        """(N,) how far the bead is from each point of the seam, from above [m]."""
        aside = self.seam[:, None, :2] - np.array(self.tips)[None, :, :2]
        return np.asarray(np.linalg.norm(aside, axis=2).min(axis=1))

    def _from_seam(self, tip: Floats) -> tuple[float, float]:
        """How far the tip is from the seam's line, and above it [m]."""
        a, b = self.seam[:-1, :2], self.seam[1:, :2]
        along = b - a
        share = np.einsum("ij,ij->i", tip[:2] - a, along) / np.einsum("ij,ij->i", along, along)
        nearest = a + np.clip(share, 0.0, 1.0)[:, None] * along
        away = np.linalg.norm(tip[:2] - nearest, axis=1)
        return float(away.min()), float(tip[2] - self.seam[0, 2])
