"""Are the numbers of a camera those of a camera?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from episodes.check import tamper
from episodes.check.kind import Check, Limits, Threshold
from episodes.check.recording import Recording
from episodes.check.wording import share, span
from episodes.episode import CameraTrack, Episode
from episodes.finding import Finding


def find(seen: Recording, limits: Limits) -> Iterator[Finding]:
    most = limits["rigid_motion"]
    for name, track in seen.episode.cameras.items():
        k = track.intrinsics
        if k is not None and not (
            np.isfinite(k).all() and k[0, 0] > 0 and k[1, 1] > 0 and (k[2] == [0, 0, 1]).all()
        ):
            field = f"cameras/{name}/intrinsics"
            yield seen.origin.fault("not the matrix of a camera", field=field)
        pose = track.camera_to_world
        if pose is not None:
            turn = pose[:, :3, :3]
            off = np.abs(turn @ turn.transpose(0, 2, 1) - np.eye(3)).max(axis=(1, 2))
            rows = ~(off < most) | ~np.isfinite(pose).all(axis=(1, 2))
            if rows.any():
                yield seen.origin.fault(
                    f"not a rigid motion in {share(rows)} rows",
                    span(rows),
                    f"cameras/{name}/camera_to_world",
                )


def _intrinsics(track: CameraTrack) -> bool:
    return track.intrinsics is not None


def _placed(track: CameraTrack) -> bool:
    return track.camera_to_world is not None


def _transposed(episode: Episode, rng: Generator) -> Episode | None:
    """Written by columns where rows are meant, as by MATLAB."""
    found = tamper.one_camera(episode, rng, _intrinsics)
    if found is None or found[1].intrinsics is None:
        return None
    return tamper.camera(episode, found[0], intrinsics=found[1].intrinsics.T)


def _scaled(episode: Episode, rng: Generator) -> Episode | None:
    """Millimetres by a factor on the whole matrix."""
    found = tamper.one_camera(episode, rng, _placed)
    if found is None or found[1].camera_to_world is None:
        return None
    return tamper.camera(episode, found[0], camera_to_world=1000 * found[1].camera_to_world)


CHECK = Check(
    name="calibration",
    reads="numbers",
    finds="intrinsics that are no camera's, and poses that are no rigid motion",
    reason="points would be projected to where nothing is",
    source="Hartley and Zisserman, Multiple view geometry, ch. 6",
    find=find,
    faults={"intrinsics transposed": _transposed, "camera pose scaled": _scaled},
    thresholds=[Threshold("rigid_motion", 1e-3, "by which R R^T may differ from the identity")],
)
