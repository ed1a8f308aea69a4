"""A picture that loses its sharpness for a while."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from episodes.check import tamper
from episodes.check.kind import Check, Limits, Threshold
from episodes.check.recording import Recording
from episodes.check.wording import ranges, runs
from episodes.episode import Episode
from episodes.finding import Finding


def find(seen: Recording, limits: Limits) -> Iterator[Finding]:
    for name, camera in seen.scans():
        sharpness = camera.sharpness
        if sharpness is None or np.isnan(sharpness).all():
            continue
        usual = float(np.nanmedian(sharpness))
        soft = sharpness < limits["blur_share"] * usual
        found = [(a, b) for a, b in runs(soft) if b - a >= limits["blur_frames"]]
        if found:
            yield seen.origin.warn(
                f"the picture is blurred: {ranges(found)}",
                found[0],
                f"obs/{name}_image",
                measured=float(np.nanmin(sharpness)) / usual,
                threshold=limits["blur_share"],
            )


def blur(rgb: NDArray[np.uint8], radius: int) -> NDArray[np.uint8]:
    """Each pixel the mean of those around it; (T, H, W, 3)."""
    out = rgb.astype(np.float32)
    for axis in (1, 2):
        width = [(0, 0)] * 4
        width[axis] = (radius, radius)
        padded = np.pad(out, width, mode="edge")
        length = out.shape[axis]
        out = np.mean(
            [padded.take(range(k, k + length), axis) for k in range(2 * radius + 1)], axis=0
        )
    return out.round().astype(np.uint8)


def _out_of_focus(episode: Episode, rng: Generator) -> Episode | None:
    return tamper.frames(episode, rng, "rgb", 10, lambda sharp: blur(sharp, 3))


CHECK = Check(
    name="blurred",
    reads="pictures",
    finds="stretches in which a picture is much less sharp than in the rest of its episode",
    reason="an autofocus that hunts, or a drop of coolant: small parts cannot be seen",
    source="the Laplacian as a measure of focus: Pech-Pacheco et al., 2000",
    find=find,
    faults={"out of focus for a while": _out_of_focus},
    thresholds=[
        Threshold("blur_share", 0.4, "of the episode's usual sharpness", 1),
        Threshold("blur_frames", 5, "frames in a row"),
    ],
)
