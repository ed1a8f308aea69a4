"""Colours whose edges are not where depth and ids have theirs: mirrored, or another camera's."""

from __future__ import annotations

from collections.abc import Iterator

from numpy.random import Generator

from episodes.check import tamper
from episodes.check.kind import Check, Limits, Threshold
from episodes.check.recording import Recording
from episodes.episode import CameraTrack, Episode
from episodes.finding import Finding


def find(seen: Recording, limits: Limits) -> Iterator[Finding]:
    for name, camera in seen.scans():
        if camera.fit is None or camera.fit_mirrored is None:
            continue
        field = f"obs/{name}_image"
        gain = camera.fit_mirrored - camera.fit
        if gain > limits["mirrored_gain"]:
            message = "edges in its pictures are where its ids have theirs once they are mirrored"
            yield seen.origin.warn(message, None, field, gain, limits["mirrored_gain"])
        elif camera.fit < limits["edges_fit"]:
            message = "edges in its pictures are not where its ids have theirs: another camera's?"
            yield seen.origin.warn(message, None, field, camera.fit, limits["edges_fit"])


def _both(track: CameraTrack) -> bool:
    return track.rgb is not None and track.segmentation is not None


def _mirrored(episode: Episode, rng: Generator) -> Episode | None:
    """A driver's setting for video calls."""
    found = tamper.one_camera(episode, rng, _both)
    if found is None or found[1].rgb is None:
        return None
    return tamper.camera(episode, found[0], rgb=found[1].rgb[:, :, ::-1])


def _swapped(episode: Episode, rng: Generator) -> Episode | None:
    """The colours of two cameras in each other's place."""
    names = sorted(name for name, track in episode.cameras.items() if _both(track))
    if len(names) < 2:
        return None
    a, b = (str(name) for name in rng.choice(names, 2, replace=False))
    one, other = episode.cameras[a].rgb, episode.cameras[b].rgb
    assert one is not None
    assert other is not None
    if one.shape != other.shape:
        return None
    return tamper.camera(tamper.camera(episode, a, rgb=other), b, rgb=one)


CHECK = Check(
    name="edges",
    reads="pictures",
    finds="colours that are mirrored, or of another camera, where ids or depth tell",
    reason="masks and points would be those of other things than the picture shows",
    source="things end where their colour does: correlation of the edges of colours and of ids",
    find=find,
    faults={"colours mirrored": _mirrored, "colours of two cameras swapped": _swapped},
    thresholds=[
        Threshold("edges_fit", 0.02, "correlation of the edges", 1),
        Threshold("mirrored_gain", 0.05, "by which they correlate better when mirrored", 1),
    ],
)
