"""Readings that stand still while the picture goes on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from numpy.random import Generator

from episodes.check import tamper
from episodes.check.kind import Check, Limits, Threshold
from episodes.check.pictures.moving import changed
from episodes.check.recording import Recording
from episodes.check.wording import ranges, runs
from episodes.episode import Episode
from episodes.finding import Finding


def find(seen: Recording, limits: Limits) -> Iterator[Finding]:
    """Whether every sensor repeats itself while the picture goes on; told once."""
    rows = changed(seen.episode)
    # Our own arm may wait for a belt; that its readings are those of its states is checked.
    if seen.origin.ours or rows is None:
        return
    least = max(3, round(limits["stopped_s"] * seen.episode.control_hz))
    for _, camera in seen.scans():
        same = camera.same
        if same is None or camera.brightest is None:
            continue
        if (camera.brightest <= limits["black_level"]).all():
            continue
        stuck = [
            (a, b + 1)
            for a, b in runs(~rows)
            if b - a >= least and (~same[a + 1 : b + 1]).mean() > 0.8
        ]
        if stuck:
            yield seen.origin.fault(
                f"every reading stands still while the picture moves: {ranges(stuck)}",
                stuck[0],
                "obs",
                measured=max(b - a for a, b in stuck) / seen.episode.control_hz,
                threshold=limits["stopped_s"],
            )
            return


def _stopped(episode: Episode, rng: Generator) -> Episode | None:
    """A driver of the robot hung; the cameras went on."""
    least = round(1.5 * episode.control_hz)
    steps = tamper.some_steps(episode.steps, rng, least, max(least, episode.steps // 2))
    filmed = any(track.rgb is not None for track in episode.cameras.values())
    if steps is None or not filmed or not episode.obs:
        return None
    still = {n: tamper.put(v, steps, v[steps.start]) for n, v in episode.obs.items()}
    return replace(episode, domain="real", states=None, layout={}, objects=None, obs=still)


CHECK = Check(
    name="stopped",
    reads="pictures",
    finds="readings that all stand still while the picture moves",
    reason="the robot's driver hung: what was done is seen, and not told",
    source="readings of real sensors have noise, and repeat none for long",
    find=find,
    faults={"the readings freeze": _stopped},
    thresholds=[Threshold("stopped_s", 1.0, "[s] for which no reading changes")],
)
